//! Whatever claims say, no preset grants more than a plain reading of its grammar does.

use crate::mapped::{HARMFUL, mapped_with};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that some preset reads, and those that none does.
const NAMES: [&str; 22] = [
    "organizations",
    "organization",
    "realm_access",
    "resource_access",
    "roles",
    "spa",
    "account",
    "org_id",
    "org_name",
    "permissions",
    "groups",
    "tid",
    "_claim_names",
    "hasgroups",
    "urn:zitadel:iam:org:project:roles",
    "urn:zitadel:iam:org:project:7:roles",
    "id",
    "scopes",
    "title",
    "joined_at",
    "__proto__",
    "scope",
];

const TEXTS: [&str; 6] = ["read:users", "write:projects.tasks", "*:users", "clerk", "org_y", ""];

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![proptest::sample::select(&HARMFUL[..]), proptest::sample::select(&TEXTS[..])].prop_map(Value::from)
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => proptest::sample::select(&NAMES[..]), 1 => proptest::sample::select(&HARMFUL[..])]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![8 => text(), 1 => Just(Value::Null), 1 => any::<bool>().prop_map(Value::from), 1 => any::<i32>().prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(text(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// Claims of the right shapes that say what they may, and others of any shape over them.
fn claims() -> impl Strategy<Value = Value> {
    let texts = || proptest::collection::vec(text(), 0..4).prop_map(Value::from);
    let right = (text(), text(), texts(), texts()).prop_map(|(id, role, some, others)| {
        json!({
            "organizations": [{ "id": id, "scopes": some, "roles": others }], "organization": some,
            "realm_access": { "roles": some }, "resource_access": { "spa": { "roles": others } },
            "org_id": id, "permissions": others, "roles": some, "groups": others,
            "urn:zitadel:iam:org:project:roles": { role.as_str().unwrap(): { id.as_str().unwrap(): role } },
        })
    });
    let wrong = proptest::collection::vec((name(), value()), 0..6).prop_map(object);
    (proptest::option::of(right), wrong).prop_map(|(right, wrong)| {
        let mut claims = right.unwrap_or_else(|| json!({}));
        claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        claims
    })
}

/// Whether the text stands in the list.
fn lists(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == text))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_owner_or_admin_or_has_scopes_in_an_organization_but_where_the_grammar_says_so(
        claims in claims(),
        preset in proptest::sample::select(&["authpi", "keycloak", "auth0", "zitadel", "entra", "okta"][..]),
    ) {
        let Ok((access, _)) = mapped_with(&json!(preset), &claims, "openid read:users") else { return Ok(()) };
        for organization in access.organizations() {
            let id = organization.id.as_str();
            let said_by_authpi = |scope: &str| {
                preset == "authpi" && claims["organizations"].as_array().is_some_and(|list| {
                    list.iter().any(|entry| entry["id"] == id && lists(&entry["scopes"], scope))
                })
            };
            prop_assert!(!access.is_owner_of(id) || said_by_authpi("owner"), "{preset} {claims}");
            prop_assert!(!access.is_admin_of(id) || said_by_authpi("admin"), "{preset} {claims}");
            for scope in &organization.scopes {
                let turned = scope.split_once(':').map(|(resource, action)| format!("{action}:{resource}"));
                let said_by_auth0 = preset == "auth0" && !scope.contains('*') && claims["org_id"] == id
                    && turned.is_some_and(|permission| lists(&claims["permissions"], &permission));
                prop_assert!(said_by_authpi(scope) || said_by_auth0, "{preset} {scope} {claims}");
            }
            let is_named = match preset {
                "authpi" => claims["organizations"].as_array().is_some_and(|list| list.iter().any(|entry| entry["id"] == id)),
                "keycloak" => {
                    let listed = &claims["organization"];
                    lists(listed, id) || listed.get(id).is_some()
                        || listed.as_object().is_some_and(|all| all.values().any(|about| about["id"] == id))
                }
                "auth0" => claims["org_id"] == id,
                "zitadel" => claims.as_object().unwrap().iter().any(|(name, value)| {
                    name.starts_with("urn:zitadel:iam:org:project:") && value.to_string().contains(&format!("\"{id}\":"))
                }),
                _ => false,
            };
            prop_assert!(is_named, "{preset} makes a member of {id}: {claims}");
        }
        // What a resource allows comes from an organization, or from the token where none is spoken of.
        if access.organizations().next().is_none() && access.has_access("read", "users") {
            prop_assert!(preset == "auth0" && claims.get("org_id").is_none(), "{preset} {claims}");
        }
        prop_assert!(!access.has_access("delete", "anything.at.all") || preset == "authpi", "{preset} {claims}");
    }
}
