//! The compiled scopes against a plain reading of the rules, one scope at a time, and against the examples of the
//! reference documentation.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a panic fails a test")]

use proptest::prelude::*;
use wasm_oidc::authz::access::Access;
use wasm_oidc::authz::grants::Grants;
use wasm_oidc::authz::organizations::Organization;
use wasm_oidc::authz::scope::{ParsedScope, parse_scope};

#[path = "support/plain_scopes.rs"]
mod plain;

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|&scope| scope.to_owned()).collect()
}

fn access_in_org_xxx(scopes: &[&str]) -> Access {
    let organization = Organization { id: "org_xxx".to_owned(), scopes: owned(scopes), ..Organization::default() };
    Access::new(Some(vec![organization]), Vec::new(), Vec::new())
}

/// Few names, so that questions and scopes meet; odd ones, so that the grammar's edges are walked.
fn resource() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => proptest::collection::vec(prop_oneof!["[ab]", "[ab]{2}"], 1..4).prop_map(|segments| segments.join(".")),
        3 => Just("*".to_owned()),
        1 => "[ab.*: ]{0,4}",
    ]
}

fn action() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[rw]", 2 => Just("*".to_owned()), 2 => Just("**".to_owned()), 1 => "[rw.*: ]{0,3}"]
}

fn scope() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (resource(), action()).prop_map(|(resource, action)| format!("{resource}:{action}")),
        1 => "[ab]{1,2}",
        1 => ".{0,6}",
    ]
}

proptest! {
    #[test]
    fn compiled_scopes_answer_as_the_plain_rules_do(
        scopes in proptest::collection::vec(scope(), 0..8),
        questions in proptest::collection::vec((action(), resource()), 1..24),
    ) {
        let grants = Grants::compile(&scopes);
        for (action, resource) in &questions {
            prop_assert_eq!(
                grants.allows(action, resource),
                plain::has_access(&scopes, action, resource),
                "{:?} asked for {} on {}", scopes, action, resource
            );
        }
    }

    #[test]
    fn the_parser_takes_exactly_what_the_plain_rules_take(text in prop_oneof![scope(), ".{0,70}", "[!-~]{0,140}"]) {
        prop_assert_eq!(parse_scope(&text).is_some(), plain::scope_is_right(&text), "{:?}", text);
    }

    #[test]
    fn nothing_that_is_asked_panics(scopes in proptest::collection::vec(any::<String>(), 0..6), action in any::<String>(), resource in any::<String>()) {
        let grants = Grants::compile(&scopes);
        prop_assert_eq!(grants.raw(), &scopes[..]);
        prop_assert!(grants.malformed().len() <= scopes.len());
        prop_assert_eq!(grants.allows(&action, &resource), plain::has_access(&scopes, &action, &resource));
    }

    #[test]
    fn a_longer_list_never_grants_less(
        scopes in proptest::collection::vec(scope(), 0..6), more in scope(), action in action(), resource in resource(),
    ) {
        let before = Grants::compile(&scopes).allows(&action, &resource);
        let mut longer = scopes;
        longer.push(more);
        prop_assert!(!before || Grants::compile(&longer).allows(&action, &resource));
    }
}

#[test]
fn basic_scopes_grant_what_they_name() {
    for (scope, action, resource) in [
        ("users:read", "read", "users"),
        ("users:write", "write", "users"),
        ("projects.tasks:delete", "delete", "projects.tasks"),
    ] {
        let access = access_in_org_xxx(&[scope]);
        assert!(access.has_access_in("org_xxx", action, resource), "{scope}");
        assert!(!access.has_access_in("org_xxx", "other", resource), "{scope}");
    }
}

#[test]
fn wildcards_grant_what_the_table_of_patterns_says() {
    let all_actions = access_in_org_xxx(&["users:*"]);
    assert!(all_actions.has_access("write", "users"));
    assert!(!all_actions.has_access("write", "users.verifiers"));
    let all_below = access_in_org_xxx(&["users:**"]);
    assert!(all_below.has_access("write", "users"));
    assert!(all_below.has_access("write", "users.verifiers"));
    let readers = access_in_org_xxx(&["*:read"]);
    assert!(readers.has_access("read", "billing"));
    assert!(!readers.has_access("write", "billing"));
    assert!(!readers.has_access("read", "billing.invoices"));
    let everything = access_in_org_xxx(&["*:**"]);
    assert!(everything.has_access("delete", "billing.invoices.lines"));
}

#[test]
fn one_star_stops_at_the_resource_and_two_go_below() {
    let one = access_in_org_xxx(&["projects:*"]);
    for action in ["read", "write", "delete"] {
        assert!(one.has_access(action, "projects"), "{action}");
    }
    assert!(!one.has_access("read", "projects.tasks"));
    let two = access_in_org_xxx(&["projects:**"]);
    for action in ["read", "write", "delete"] {
        assert!(two.has_access(action, "projects"), "{action}");
    }
    assert!(two.has_access("read", "projects.tasks"));
    assert!(two.has_access("write", "projects.tasks.comments"));
}

#[test]
fn the_evaluation_example_comes_out_as_documented() {
    let access = access_in_org_xxx(&["projects:**", "users:read"]);
    for (action, resource) in [
        ("read", "projects"),
        ("write", "projects"),
        ("delete", "projects.tasks"),
        ("read", "projects.tasks.comments"),
        ("read", "users"),
    ] {
        assert!(access.has_access_in("org_xxx", action, resource), "{action} {resource}");
    }
    assert!(!access.has_access_in("org_xxx", "write", "users"));
    assert!(!access.has_access_in("org_xxx", "read", "billing"));
}

#[test]
fn role_scopes_are_checked_directly() {
    let access = access_in_org_xxx(&["owner", "admin", "projects:**"]);
    assert!(access.is_owner_of("org_xxx") && access.is_admin_of("org_xxx") && access.is_member_of("org_xxx"));
    let powerful = access_in_org_xxx(&["*:**"]);
    assert!(!powerful.is_owner_of("org_xxx") && !powerful.is_admin_of("org_xxx"));
    assert!(powerful.is_member_of("org_xxx") && !powerful.is_member_of("org_other"));
}

#[test]
fn the_scopes_of_an_organization_come_back_as_they_were() {
    assert_eq!(access_in_org_xxx(&["users:read", "projects:**"]).scopes_for("org_xxx"), ["users:read", "projects:**"]);
}

#[test]
fn a_machine_without_organizations_uses_the_scopes_of_its_token() {
    assert!(Access::new(None, Vec::new(), owned(&["users:read", "users:write"])).has_access("read", "users"));
}

#[test]
fn the_examples_of_the_scope_utilities_come_out_as_documented() {
    let grants = Grants::compile(&owned(&["users:read", "projects:**"]));
    assert!(grants.allows("read", "users"));
    assert!(grants.allows("write", "projects.tasks"));
    assert!(!grants.allows("delete", "users"));
    assert_eq!(
        parse_scope("users.verifiers:write"),
        Some(ParsedScope { resource: "users.verifiers", action: "write" })
    );
    assert_eq!(parse_scope("projects:**"), Some(ParsedScope { resource: "projects", action: "**" }));
}
