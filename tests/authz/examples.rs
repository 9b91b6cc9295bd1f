//! The table of questions that Rust, the plain rules and the wasm answer alike (tests/access/table.test.mjs has the
//! latter), among them every example of the documentation of scopes, and its other examples.

use serde_json::Value;
use wasm_oidc::authz::access::{Access, has_access};
use wasm_oidc::authz::organizations::Organization;
use wasm_oidc::authz::scope::{ParsedScope, parse_scope};

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|&scope| scope.to_owned()).collect()
}

fn access_in_org_xxx(scopes: &[String]) -> Access {
    let organization = Organization { id: "org_xxx".to_owned(), scopes: scopes.to_vec(), ..Organization::default() };
    Access::new(Some(vec![organization]), Vec::new(), Vec::new())
}

#[test]
fn the_table_is_answered_as_it_says_by_the_engine_and_by_the_plain_rules() {
    let table: Vec<Value> = serde_json::from_str(include_str!("../fixtures/access.json")).unwrap();
    assert!(table.len() > 20);
    for case in &table {
        let name = case["case"].as_str().unwrap();
        let scopes: Vec<String> =
            case["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect();
        let access = access_in_org_xxx(&scopes);
        for question in case["questions"].as_array().unwrap() {
            let (action, resource) = (question["action"].as_str().unwrap(), question["resource"].as_str().unwrap());
            let granted_by = question["grantedBy"].as_str();
            let asked = format!("{name}: {action} on {resource}");
            assert_eq!(crate::plain_scopes::has_access(&scopes, action, resource), granted_by.is_some(), "{asked}");
            assert_eq!(access.has_access(action, resource), granted_by.is_some(), "{asked}");
            assert_eq!(access.has_access_in("org_xxx", action, resource), granted_by.is_some(), "{asked}");
            assert_eq!(has_access(&scopes, action, resource), granted_by.is_some(), "{asked}");
            let reason = access.reason_in("org_xxx", action, resource);
            assert_eq!(reason.map(|reason| reason.scope), granted_by, "{asked}");
            assert_eq!(access.reason(action, resource), reason, "{asked}");
            assert!(!access.has_access_in("org_other", action, resource), "{asked}");
        }
        assert_eq!(access.is_owner_of("org_xxx"), case["isOwner"].as_bool().unwrap(), "{name}");
        assert_eq!(access.is_admin_of("org_xxx"), case["isAdmin"].as_bool().unwrap(), "{name}");
        assert!(access.is_member_of("org_xxx") && !access.is_member_of("org_other"), "{name}");
        assert_eq!(access.scopes_for("org_xxx"), scopes, "{name}");
    }
}

#[test]
fn a_machine_without_organizations_uses_the_scopes_of_its_token() {
    assert!(Access::new(None, Vec::new(), owned(&["users:read", "users:write"])).has_access("read", "users"));
}

#[test]
fn the_examples_of_the_scope_utilities_come_out_as_documented() {
    let scopes = owned(&["users:read", "projects:**"]);
    assert!(has_access(&scopes, "read", "users"));
    assert!(has_access(&scopes, "write", "projects.tasks"));
    assert!(!has_access(&scopes, "delete", "users"));
    assert_eq!(
        parse_scope("users.verifiers:write"),
        Some(ParsedScope { resource: "users.verifiers", action: "write" })
    );
    assert_eq!(parse_scope("projects:**"), Some(ParsedScope { resource: "projects", action: "**" }));
}
