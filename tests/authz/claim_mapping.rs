//! Claim mappings: claims that lie, places of the app's own, what roles are worth, and the app's own function.

use std::rc::Rc;

use crate::mapped::{grants_nothing, ids, mapped, mapped_with, option};
use serde_json::{Value, json};
use wasm_oidc::authz::access::Access;
use wasm_oidc::authz::mapping::{AppClaimMapping, ClaimMapping};
use wasm_oidc::error::{Class, Code, Error, Result};
use wasm_oidc::protocol::json::{Object, parse_object, parse_object_as};

const ZITADEL: &str = "urn:zitadel:iam:org:project:roles";

/// A mapping, and how a value comes to a place that it reads.
type Read = (Value, fn(Value) -> Value);

/// Each claim that a mapping reads.
fn places() -> Vec<Read> {
    vec![
        (json!("authpi"), |value| json!({ "organizations": value })),
        (json!("authpi"), |value| json!({ "organizations": [value] })),
        (json!("authpi"), |value| json!({ "organizations": [{ "id": value }] })),
        (json!("authpi"), |value| json!({ "organizations": [{ "id": "a", "scopes": [value] }] })),
        (json!("keycloak"), |value| json!({ "realm_access": value })),
        (json!("keycloak"), |value| json!({ "realm_access": { "roles": [value] } })),
        (json!("keycloak"), |value| json!({ "resource_access": value })),
        (json!("keycloak"), |value| json!({ "resource_access": { "spa": value } })),
        (json!("keycloak"), |value| json!({ "organization": [value] })),
        (json!("keycloak"), |value| json!({ "organization": { "a": value } })),
        (json!("keycloak"), |value| json!({ "organization": { "a": { "id": value } } })),
        (json!("auth0"), |value| json!({ "org_id": value })),
        (json!("auth0"), |value| json!({ "permissions": [value] })),
        (json!("zitadel"), |value| json!({ ZITADEL: value })),
        (json!("zitadel"), |value| json!({ ZITADEL: { "admin": value } })),
        (json!("zitadel"), |value| json!({ ZITADEL: { "admin": { "org_x": value } } })),
        (json!("entra"), |value| json!({ "roles": value })),
        (json!("entra"), |value| json!({ "groups": [value] })),
        (json!("okta"), |value| json!({ "groups": value })),
        (json!({ "organizations": "a" }), |value| json!({ "a": value })),
        (json!({ "roles": ["a", "b"] }), |value| json!({ "a": value })),
        (json!({ "scopes": ["a", "b"] }), |value| json!({ "a": { "b": value } })),
    ]
}

#[test]
fn a_claim_of_a_wrong_type_is_an_error_where_a_mapping_was_named() {
    for (mapping, claims_with) in places() {
        for wrong in [json!(null), json!(true), json!(7), json!(-1.5)] {
            let claims = claims_with(wrong);
            let error = mapped_with(&mapping, &claims, "users:read").unwrap_err();
            assert_eq!((error.class(), error.code()), (Class::TokenParse, Code::InvalidClaim), "{mapping} {claims}");
            assert!(error.failure().message.contains("claim"), "{error}");
        }
    }
    // A text where a list belongs is not a list of one.
    for (mapping, claims) in [
        (json!("keycloak"), json!({ "realm_access": { "roles": "admin" } })),
        (json!("keycloak"), json!({ "organization": "org_x" })),
        (json!("entra"), json!({ "roles": "admin" })),
        (json!("okta"), json!({ "groups": "admin" })),
        (json!("auth0"), json!({ "permissions": "read:users" })),
        (json!("authpi"), json!({ "organizations": [{ "id": "a", "scopes": "*:**" }] })),
        (json!({ "organizations": "a" }), json!({ "a": "org_x" })),
        (json!({ "organizations": "a" }), json!({ "a": [{ "id": "b", "roles": "admin" }] })),
    ] {
        assert!(mapped_with(&mapping, &claims, "").is_err(), "{mapping} {claims}");
    }
}

#[test]
fn without_a_named_mapping_the_same_is_a_warning_and_grants_nothing() {
    let claims = parse_object(br#"{"organizations":"org_x"}"#).unwrap();
    let (access, warnings) = ClaimMapping::default().grants(&claims, Some("users:read")).unwrap();
    assert!(grants_nothing(&access));
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "organizations_malformed");
    assert!(mapped_with(&json!("authpi"), &json!({ "organizations": "org_x" }), "").is_err());
}

#[test]
fn names_that_mean_something_to_javascript_are_names_like_any_other() {
    let text = format!(
        r#"{{"__proto__":{{"roles":["admin"]}},"realm_access":{{"__proto__":{{"roles":["admin"]}}}},
            "resource_access":{{"__proto__":{{"roles":["admin"]}}}},
            "organization":{{"__proto__":{{}}}},"{ZITADEL}":{{"__proto__":{{"constructor":"a"}}}}}}"#
    );
    let claims = parse_object(text.as_bytes()).unwrap();
    let grants = |mapping: Value| option(&mapping).unwrap().grants(&claims, None).unwrap().0;
    let access = grants(json!("keycloak"));
    assert_eq!((access.roles(), ids(&access)), (&["__proto__:admin".to_owned()][..], vec!["__proto__"]));
    assert_eq!(ids(&grants(json!("zitadel"))), ["constructor"]);
    assert!(grants_nothing(&grants(json!({ "roles": ["realm_access", "__proto__", "roles"] }))));
    assert!(grants_nothing(&grants(json!({ "roles": ["constructor", "name"] }))));
}

#[test]
fn claims_that_nest_ten_thousand_deep_are_no_claims_at_all() {
    for (mapping, claims_with) in places() {
        let deep = claims_with(json!("here")).to_string();
        let deep = deep.replace("\"here\"", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
        assert!(parse_object_as(deep.as_bytes(), Code::MalformedToken).is_err());
        // What is just not too deep is of a wrong type.
        let deep = claims_with(json!("here")).to_string();
        let deep = deep.replace("\"here\"", &format!("{}{}", "[".repeat(40), "]".repeat(40)));
        let claims = parse_object(deep.as_bytes()).unwrap();
        assert!(option(&mapping).unwrap().grants(&claims, None).is_err(), "{mapping} {deep}");
    }
}

#[test]
fn what_is_listed_twice_counts_once_with_a_warning() {
    let (access, warnings) = mapped_with(&json!("okta"), &json!({ "groups": ["a", "b", "a"] }), "").unwrap();
    assert_eq!((access.roles().len(), warnings), (2, vec!["claim_repeated"]));
    let twice = json!({ "a": ["org_x", { "id": "org_x", "scopes": ["users:read"], "roles": ["r"] }] });
    let (access, warnings) = mapped_with(&json!({ "organizations": "a" }), &twice, "").unwrap();
    assert_eq!((ids(&access), warnings), (vec!["org_x"], vec!["organization_repeated"]));
    assert!(access.has_access_in("org_x", "read", "users"));
}

#[test]
fn very_many_entries_cost_little_more_each_than_few() {
    let claims = |count: usize| {
        let names = (0..count).map(|n| format!("\"g{n}\"")).collect::<Vec<_>>().join(",");
        let roles = (0..count / 1900 + 1)
            .map(|r| {
                let organizations = (0..count.min(1900)).map(|n| format!("\"o{r}_{n}\":\"d\"")).collect::<Vec<_>>();
                format!("\"r{r}\":{{{}}}", organizations.join(","))
            })
            .collect::<Vec<_>>();
        let text = format!(
            r#"{{"groups":[{names}],"realm_access":{{"roles":[{names}]}},"organization":[{names}],
                "permissions":[{names}],"a":[{names}],"{ZITADEL}":{{{}}}}}"#,
            roles.join(",")
        );
        parse_object(text.as_bytes()).unwrap()
    };
    let (few, many) = (claims(1_000), claims(60_000));
    for mapping in [
        json!("keycloak"),
        json!("auth0"),
        json!("zitadel"),
        json!("okta"),
        json!({ "organizations": "a", "organizationRoles": { "*": { "r1": "admin" }, "g7": { "g1": "admin" } } }),
    ] {
        let mapping = option(&mapping).unwrap();
        let few = crate::timing::shortest(&|| drop(mapping.grants(&few, None)));
        let many = crate::timing::shortest(&|| drop(mapping.grants(&many, None)));
        // Sixty times as many: a cost that grows with the square would be 3,600 times as high.
        assert!(many < few * 2_000, "{mapping:?}: {few:?} for few, {many:?} for many");
    }
}

#[test]
fn a_path_is_a_name_as_it_is_or_names_from_the_outermost_on() {
    let claims = json!({ "https://app.example/roles": ["a"], "x.y": { "z/w": ["b"] }, "x": { "y": ["c"] } });
    for (path, role) in
        [(json!("https://app.example/roles"), "a"), (json!(["x.y", "z/w"]), "b"), (json!(["x", "y"]), "c")]
    {
        assert_eq!(mapped(&json!({ "roles": path }), &claims).roles(), [role]);
    }
    assert!(mapped(&json!({ "roles": "x.z" }), &claims).roles().is_empty());
}

#[test]
fn places_of_the_app_take_the_place_of_those_of_a_preset() {
    let claims = json!({ "organization": "not a list", "tenants": [{ "id": "t1", "scopes": ["users:read"], "joinedAt": 5 }, "t2"],
        "scp": "projects:read projects:write", "realm_access": { "roles": ["auditor"] } });
    let access = mapped(&json!({ "preset": "keycloak", "organizations": "tenants" }), &claims);
    assert_eq!((ids(&access), access.has_role("auditor")), (vec!["t1", "t2"], true));
    assert!(access.has_access_in("t1", "read", "users") && !access.has_access("read", "projects"));
    assert_eq!(access.organizations().next().unwrap().joined_at, Some(5));
    // Scopes of the token count only where nothing is said of organizations.
    let access = mapped(&json!({ "scopes": "scp" }), &claims);
    assert!(access.has_access("write", "projects") && !access.has_access("read", "users"));
    // A place without a claim is no reason to believe the client.
    assert!(!mapped(&json!({ "scopes": "none" }), &claims).has_access("read", "users"));
}

#[test]
fn roles_are_worth_in_an_organization_what_the_app_says_and_nothing_else() {
    let roles = json!({ "realm_access": { "roles": ["realm-admin", "auditor"] } });
    let mapping = json!({ "preset": "keycloak", "organizationRoles": {
        "org_x": { "realm-admin": ["admin", "users:**"], "realm-owner": "owner" },
        "org_y": { "auditor": "member" }, "*": { "auditor": "owner" },
    } });
    let access = mapped(&mapping, &roles);
    assert_eq!(ids(&access), ["org_x", "org_y"]);
    assert!(access.is_admin_of("org_x") && access.has_access_in("org_x", "write", "users.names"));
    assert!(!access.is_owner_of("org_x") && !access.is_owner_of("org_y") && !access.is_admin_of("org_y"));
    assert!(access.scopes_for("org_y").is_empty() && access.has_role("realm-admin"));
    assert!(mapped(&mapping, &json!({ "realm_access": { "roles": ["viewer"] } })).organizations().next().is_none());
}

#[test]
fn a_role_held_in_one_organization_is_worth_nothing_in_another() {
    let claims = json!({ ZITADEL: { "boss": { "org_y": "y" }, "clerk": { "org_x": "x" } } });
    let any = mapped(&json!({ "preset": "zitadel", "organizationRoles": { "*": { "boss": "admin" } } }), &claims);
    assert!(any.is_admin_of("org_y") && !any.is_admin_of("org_x"));
    let named = json!({ "preset": "zitadel", "organizationRoles": { "org_x": { "boss": "admin" } } });
    assert!(grants_nothing_but_membership(&mapped(&named, &claims)));
}

fn grants_nothing_but_membership(access: &Access) -> bool {
    access.organizations().all(|organization| organization.scopes.is_empty())
}

#[test]
fn a_mapping_that_says_nothing_sensible_is_refused_with_words() {
    for (mapping, expected) in [
        (json!("keycloack"), "expected \"authpi\", \"keycloak\""),
        (json!(7), "got number"),
        (json!({ "preset": "saml" }), "expected \"authpi\""),
        (json!({ "role": "a" }), "did you mean \"roles\"?"),
        (json!({ "roles": [] }), "a list of names"),
        (json!({ "roles": ["a", ""] }), "names that are not empty"),
        (json!({ "roles": { "a": 1 } }), "a list of names"),
        (json!({ "clientId": "spa" }), "unknown member of `claimMapping` \"clientId\""),
        (json!({ "organizationRoles": ["a"] }), "expected an object"),
        (json!({ "organizationRoles": { "org_x": "admin" } }), "an object of roles"),
        (json!({ "organizationRoles": { "org_x": { "boss": "users:re*d" } } }), "a scope or a list"),
        (json!({ "organizationRoles": { "org_x": { "boss": 1 } } }), "a scope or a list"),
        (json!({ "organizationRoles": { "": { "boss": "admin" } } }), "a scope or a list"),
    ] {
        let error = option(&mapping).unwrap_err();
        assert_eq!(error.class(), Class::Configuration, "{mapping}");
        assert!(error.failure().message.contains(expected), "{mapping}: {error}");
    }
}

struct OfApp(fn(&Object) -> Result<Object>);

impl AppClaimMapping for OfApp {
    fn map(&self, claims: &Object) -> Result<Object> {
        (self.0)(claims)
    }
}

fn by_app(map: fn(&Object) -> Result<Object>, claims: &Value) -> Result<Access> {
    let mapping = ClaimMapping::App(Rc::new(OfApp(map)));
    Ok(mapping.grants(&parse_object(claims.to_string().as_bytes()).unwrap(), Some("users:read"))?.0)
}

#[test]
fn the_function_of_an_app_says_what_is_granted_and_is_read_as_strictly_as_claims() {
    let person = json!({ "sub": "usr_1" });
    let access = by_app(
        |_| parse_object(br#"{"organizations":["a",{"id":"b","scopes":["admin"],"roles":["r"]}],"roles":["x"],"scopes":["y:z"]}"#),
        &person,
    )
    .unwrap();
    assert!(access.is_member_of("a") && access.is_admin_of("b") && access.has_role("x"));
    assert!(!access.has_access("z", "y") && !access.has_access("read", "users"));
    assert!(by_app(|_| parse_object(b"{}"), &person).unwrap().has_access("read", "users"));
    assert!(!by_app(|_| parse_object(br#"{"scopes":[]}"#), &person).unwrap().has_access("read", "users"));
    for wrong in [
        |_: &Object| parse_object(br#"{"organizations":null}"#),
        |_: &Object| parse_object(br#"{"organizations":{"org_x":{}}}"#),
        |_: &Object| parse_object(br#"{"roles":"admin"}"#),
        |_: &Object| parse_object(br#"{"organisations":["org_x"]}"#),
        |_: &Object| Err(Error::new(Code::InvalidClaim, "thrown").during(Class::TokenParse)),
    ] {
        assert_eq!(by_app(wrong, &person).unwrap_err().class(), Class::TokenParse);
    }
}

#[test]
fn a_machine_without_claims_has_the_scopes_of_its_token_whatever_the_mapping() {
    for mapping in [json!("keycloak"), json!("zitadel"), json!({ "scopes": "scp" })] {
        assert!(mapped(&mapping, &json!({})).has_access("read", "users"), "{mapping}");
    }
    let turned =
        mapped_with(&json!({ "preset": "auth0", "scopes": "permissions" }), &json!({}), "read:users").unwrap().0;
    assert!(turned.has_access("read", "users"));
    let fails = |_: &Object| Err(Error::new(Code::InvalidClaim, "there are no claims"));
    assert!(by_app(fails, &json!({})).unwrap().has_access("read", "users"));
}
