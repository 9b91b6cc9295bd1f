//! Claims as each provider documents them, and what its preset makes of them.

use crate::mapped::{HARMFUL, grants_nothing, ids, mapped, mapped_with};
use serde_json::{Value, json};

fn roles_in(access: &wasm_oidc::authz::access::Access, id: &str) -> Vec<String> {
    let found = access.organizations().find(|organization| organization.id == id);
    found.map(|organization| organization.roles.clone()).unwrap_or_default()
}

#[test]
fn authpi_lists_organizations_with_scopes_in_its_own_grammar() {
    let claims = json!({ "sub": "usr_1", "organizations": [
        { "id": "org_x", "title": "X", "scopes": ["admin", "projects:**"], "joined_at": 1_700_000_000 },
        { "id": "org_y", "scopes": [] },
    ] });
    let access = mapped(&json!("authpi"), &claims);
    assert_eq!(ids(&access), ["org_x", "org_y"]);
    assert!(access.is_admin_of("org_x") && access.has_access_in("org_x", "write", "projects.tasks"));
    assert!(access.is_member_of("org_y") && !access.is_admin_of("org_y") && access.roles().is_empty());
    // With organizations the scopes of the token do not count, without them they do.
    assert!(!access.has_access("read", "users"));
    assert!(mapped(&json!("authpi"), &json!({ "sub": "agt_1" })).has_access("read", "users"));
}

#[test]
fn authpi_takes_an_admin_elsewhere_for_nothing() {
    let claims = json!({ "organizations": [{ "id": "org_y", "scopes": ["users:write"], "roles": HARMFUL }],
        "roles": HARMFUL, "groups": HARMFUL, "permissions": HARMFUL, "realm_access": { "roles": HARMFUL } });
    let access = mapped(&json!("authpi"), &claims);
    assert!(!access.is_admin_of("org_x") && !access.is_member_of("org_x") && !access.is_admin_of("org_y"));
    assert!(!access.has_access("read", "users") && !access.has_role("admin"));
    assert_eq!(roles_in(&access, "org_y"), Vec::<String>::new());
}

/// An access token of Keycloak 26 with the scopes `roles` and `organization`.
fn keycloak(organization: Value) -> Value {
    json!({
        "realm_access": { "roles": ["offline_access", "uma_authorization", "auditor"] },
        "resource_access": {
            "spa": { "roles": ["editor"] },
            "account": { "roles": ["manage-account", "editor"] },
        },
        "organization": organization,
    })
}

#[test]
fn keycloak_has_realm_roles_client_roles_and_organizations_by_alias_or_id() {
    let access = mapped(&json!("keycloak"), &keycloak(json!(["testcorp", "othercorp"])));
    assert_eq!(ids(&access), ["testcorp", "othercorp"]);
    assert!(access.has_role("auditor") && access.has_role("editor") && access.has_role("account:manage-account"));
    assert!(!access.has_role("manage-account") && access.has_role("account:editor"));
    assert!(!access.has_access("read", "users"));

    let with_id = json!({ "testcorp": { "id": "42c3e46f-2477-44d7-a85b-d3b43f6b31fa", "attr1": ["value1"] },
        "othercorp": {} });
    let access = mapped(&json!("keycloak"), &keycloak(with_id));
    assert_eq!(ids(&access), ["othercorp", "42c3e46f-2477-44d7-a85b-d3b43f6b31fa"]);
    assert_eq!(access.organizations().last().unwrap().title.as_deref(), Some("testcorp"));
}

#[test]
fn keycloak_counts_a_role_of_another_client_as_ones_own_only_where_the_app_says_which_client_is() {
    let claims = json!({ "resource_access": { "spa": { "roles": ["mine"] }, "account": { "roles": ["theirs"] } } });
    let other = mapped(&json!({ "preset": "keycloak", "clientId": "account" }), &claims);
    assert!(other.has_role("theirs") && other.has_role("spa:mine") && !other.has_role("mine"));
}

#[test]
fn keycloak_takes_an_admin_elsewhere_for_nothing() {
    let claims = json!({ "realm_access": { "roles": HARMFUL },
        "resource_access": { "spa": { "roles": HARMFUL }, "org_x": { "roles": HARMFUL } },
        "organization": { "org_y": { "id": "y", "scopes": HARMFUL, "roles": HARMFUL, "admin": HARMFUL } } });
    let access = mapped(&json!("keycloak"), &claims);
    assert!(grants_nothing(&access) && access.has_role("admin"));
    assert_eq!(ids(&access), ["y"]);
}

#[test]
fn auth0_has_one_organization_and_turns_permissions_round() {
    let claims = json!({ "org_id": "org_9ybsU1dN2dKfDkBi", "org_name": "travelfoo",
        "permissions": ["read:users", "write:projects.tasks"] });
    let access = mapped(&json!("auth0"), &claims);
    assert_eq!(ids(&access), ["org_9ybsU1dN2dKfDkBi"]);
    assert_eq!(access.organizations().next().unwrap().title.as_deref(), Some("travelfoo"));
    assert_eq!(access.scopes_for("org_9ybsU1dN2dKfDkBi"), ["users:read", "projects.tasks:write"]);
    assert!(access.has_access("read", "users") && !access.has_access("users", "read"));
}

#[test]
fn auth0_permissions_without_an_organization_are_those_of_the_token() {
    let permissions = json!({ "permissions": ["read:users"] });
    let access = mapped_with(&json!("auth0"), &permissions, "openid write:users").unwrap().0;
    assert!(access.has_access("read", "users") && !access.has_access("write", "users"));
    assert_eq!(access.organizations().count(), 0);
    // Without the claim the scope of the token says it, in Auth0's order too.
    let (access, warnings) = mapped_with(&json!("auth0"), &json!({}), "openid read:users").unwrap();
    assert!(access.has_access("read", "users") && !access.has_access("users", "read"));
    assert_eq!(warnings, Vec::<&str>::new());
    // An organization without permissions has none, whatever the client asked for.
    let access = mapped_with(&json!("auth0"), &json!({ "org_id": "org_y" }), "read:users").unwrap().0;
    assert!(access.is_member_of("org_y") && grants_nothing(&access));
}

#[test]
fn auth0_permissions_in_a_namespace_are_turned_round_too() {
    let mapping = json!({ "preset": "auth0", "scopes": "https://app.example/permissions",
        "roles": "https://app.example/roles" });
    let claims = json!({ "org_id": "org_y", "https://app.example/permissions": ["read:users"],
        "https://app.example/roles": ["admin"], "permissions": ["write:users"] });
    let access = mapped(&mapping, &claims);
    assert_eq!(access.scopes_for("org_y"), ["users:read"]);
    assert!(access.has_role("admin") && !access.is_admin_of("org_y"));
}

#[test]
fn auth0_takes_an_admin_or_a_wildcard_among_permissions_for_nothing() {
    let wild =
        ["admin", "owner", "member", "org_x", "*:**", "**:*", "*:*", "*:users", "read:*", "**:users", "a:b:c", "read:"];
    for more in [json!({ "org_id": "org_y" }), json!({})] {
        let mut claims = json!({ "permissions": wild, "roles": HARMFUL, "org_name": "org_x" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (access, warnings) = mapped_with(&json!("auth0"), &claims, "*:** admin").unwrap();
        assert!(grants_nothing(&access), "{claims}");
        assert_eq!(warnings, ["permission_ignored"]);
    }
}

const ZITADEL: &str = "urn:zitadel:iam:org:project:roles";

#[test]
fn zitadel_roles_are_roles_of_the_organizations_that_grant_them() {
    let claims = json!({ ZITADEL: {
        "editor": { "178": "acme.zitadel.cloud", "179": "caos.ch" },
        "admin": { "178": "acme.zitadel.cloud" },
        "auditor": {},
    } });
    let access = mapped(&json!("zitadel"), &claims);
    assert_eq!(ids(&access), ["178", "179"]);
    assert_eq!(roles_in(&access, "178"), ["admin", "editor"]);
    assert_eq!(access.organizations().next().unwrap().title.as_deref(), Some("acme.zitadel.cloud"));
    assert!(access.has_role("auditor") && !access.has_role("editor"));
    assert!(!access.is_admin_of("178") && access.is_member_of("178") && grants_nothing(&access));
    // As the documentation shows the claim: a list of such objects.
    let listed = mapped(&json!("zitadel"), &json!({ ZITADEL: [{ "user": { "id1": "acme.zitadel.ch" } }] }));
    assert_eq!(roles_in(&listed, "id1"), ["user"]);
}

#[test]
fn zitadel_roles_of_another_project_carry_its_name() {
    let claims = json!({ "urn:zitadel:iam:org:project:id3:roles": { "user": { "178": "acme.zitadel.cloud" } },
        "urn:zitadel:iam:org:project:id4:roles": { "user": {} }, ZITADEL: { "user": { "178": "acme.zitadel.cloud" } } });
    let access = mapped(&json!("zitadel"), &claims);
    assert_eq!(roles_in(&access, "178"), ["id3:user", "user"]);
    assert!(access.has_role("id4:user") && !access.has_role("user"));
    let own = mapped(&json!({ "preset": "zitadel", "projectId": "id4" }), &claims);
    assert!(own.has_role("user") && !own.has_role("id4:user"));
    assert_eq!(roles_in(&own, "178"), ["id3:user", "user"]);
}

#[test]
fn zitadel_takes_an_admin_elsewhere_for_nothing() {
    let everywhere: Value = HARMFUL.iter().map(|&role| (role.to_owned(), json!({ "org_y": "admin" }))).collect();
    let claims = json!({ ZITADEL: everywhere, "urn:zitadel:iam:org:project:org_x:roles": everywhere,
        "urn:zitadel:iam:org:id": "org_x", "urn:zitadel:iam:user:resourceowner:id": "org_x", "roles": HARMFUL });
    let access = mapped(&json!("zitadel"), &claims);
    assert!(grants_nothing(&access));
    assert_eq!(ids(&access), ["org_y"]);
    let nowhere: Value = HARMFUL.iter().map(|&role| (role.to_owned(), json!({}))).collect();
    assert!(grants_nothing(&mapped(&json!("zitadel"), &json!({ ZITADEL: nowhere }))));
}

/// An ID token of Microsoft Entra ID, version 2.0.
fn entra(more: Value) -> Value {
    let mut claims = json!({ "tid": "833ced3d-cb2e-41de-92f1-29e2af035ddc", "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
        "ver": "2.0", "roles": ["Task.Write"], "wids": ["cf1c38e5-3621-4004-a7cb-879624dced7c"] });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

#[test]
fn entra_has_app_roles_and_groups_and_no_organizations() {
    let groups = json!({ "groups": ["0760b6cf-170e-4a14-91b3-4b78e0739963"] });
    let access = mapped_with(&json!("entra"), &entra(groups), "openid User.Read").unwrap().0;
    assert_eq!(access.roles(), ["Task.Write", "0760b6cf-170e-4a14-91b3-4b78e0739963"]);
    assert_eq!(access.organizations().count(), 0);
    assert!(!access.is_member_of("833ced3d-cb2e-41de-92f1-29e2af035ddc") && grants_nothing(&access));
}

#[test]
fn entra_with_too_many_groups_gives_none_of_them_and_a_warning() {
    let sources = json!({ "src1": { "endpoint": "https://graph.windows.net/x/users/y/getMemberObjects" } });
    for overage in [
        json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": sources, "groups": ["admin"] }),
        json!({ "hasgroups": true, "groups": ["admin"] }),
        json!({ "hasgroups": "true" }),
        json!({ "_claim_names": "groups", "groups": ["admin"] }),
    ] {
        let (access, warnings) = mapped_with(&json!("entra"), &entra(overage.clone()), "").unwrap();
        assert_eq!((access.roles(), warnings), (&["Task.Write".to_owned()][..], vec!["groups_omitted"]), "{overage}");
    }
    for none in [json!({ "_claim_names": { "photo": "src1" } }), json!({ "hasgroups": false })] {
        assert_eq!(mapped_with(&json!("entra"), &entra(none), "").unwrap().1, Vec::<&str>::new());
    }
}

#[test]
fn entra_takes_an_admin_elsewhere_for_nothing() {
    let claims = entra(json!({ "roles": HARMFUL, "groups": HARMFUL, "wids": HARMFUL, "tid": "org_x" }));
    let access = mapped_with(&json!("entra"), &claims, "").unwrap().0;
    assert!(grants_nothing(&access) && access.has_role("admin"));
}

#[test]
fn okta_has_groups() {
    let access =
        mapped_with(&json!("okta"), &json!({ "groups": ["Everyone", "Engineering"] }), "openid groups").unwrap().0;
    assert_eq!(access.roles(), ["Everyone", "Engineering"]);
    assert!(grants_nothing(&access));
}

#[test]
fn okta_takes_an_admin_elsewhere_for_nothing() {
    let claims = json!({ "groups": HARMFUL, "roles": HARMFUL, "organization": HARMFUL, "org_id": "org_x" });
    let access = mapped_with(&json!("okta"), &claims, "").unwrap().0;
    assert!(grants_nothing(&access) && access.has_role("admin"));
}
