//! The compiled scopes against a plain reading of the rules, one scope at a time: whatever is asked of whatever agent.
//!
//! A few million questions; `PROPTEST_CASES` asks for more or fewer.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use wasm_oidc::authz::access::{self, Access};
use wasm_oidc::authz::scope::parse_scope;

use crate::plain_access::PlainAccess;

/// The organizations that questions name; agents are members of some of them.
const ORGANIZATIONS: [&str; 5] = ["org_a", "org_b", "org_ab", "", "owner"];

/// What questions ask about: few names, so that questions and scopes meet, and odd ones, so that the grammar's edges are
/// walked.
static RESOURCES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = ["a", "b", "ab"];
    let below = |above: &[String]| -> Vec<String> {
        above.iter().flat_map(|above| names.map(|name| format!("{above}.{name}"))).collect()
    };
    let first = names.map(str::to_owned).to_vec();
    let second = below(&first);
    let mut resources = [first, below(&second), second].concat();
    let longest = "a".repeat(64);
    resources.extend(
        ["", "*", "**", "a.", ".a", "a..b", "a.*", "*.a", "a b", "a:b", "a:r", "a\u{e9}", "owner", "a\n"]
            .map(str::to_owned),
    );
    resources.extend([format!("{longest}a"), format!("a.{longest}"), longest]);
    resources
});

const ACTIONS: [&str; 11] = ["r", "w", "rw", "*", "**", "", "r w", "r:w", "a.b", "owner", "r\u{e9}"];

/// Every resource with every action, words, and what is neither.
static SCOPES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut scopes: Vec<String> = ["owner", "admin", "openid", "Mail.Read", "a", "r", "", ":", "*:**:", " a:r", "A:r"]
        .map(str::to_owned)
        .to_vec();
    for resource in RESOURCES.iter() {
        scopes.extend(ACTIONS.map(|action| format!("{resource}:{action}")));
    }
    scopes
});

fn cases(otherwise: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = otherwise;
    }
    config
}

/// Those that grant the most are drawn more often.
fn scope() -> impl Strategy<Value = String> {
    let any = any::<prop::sample::Index>().prop_map(|at| at.get(&SCOPES).clone());
    let wide = prop::sample::select(vec![
        "*:**", "*:*", "*:r", "a:**", "a:*", "a.b:**", "a.b:*", "a.b.a:**", "owner", "admin",
    ]);
    prop_oneof![6 => any, 1 => wide.prop_map(str::to_owned)]
}

fn agent() -> impl Strategy<Value = PlainAccess> {
    let organization = (prop::sample::select(ORGANIZATIONS.to_vec()), vec(scope(), 0..10));
    let organizations = vec(organization.prop_map(|(id, scopes)| (id.to_owned(), scopes)), 0..4);
    (proptest::option::weighted(0.8, organizations), vec(scope(), 0..3), vec(scope(), 0..8))
        .prop_map(|(organizations, roles, token_scopes)| PlainAccess { organizations, roles, token_scopes })
}

/// What grants it has to be a scope that grants it, there.
fn reason_holds(
    plain: &PlainAccess,
    access: &Access,
    organization: Option<&str>,
    action: &str,
    resource: &str,
) -> bool {
    let reason = match organization {
        None => access.reason(action, resource),
        Some(id) => access.reason_in(id, action, resource),
    };
    let Some(reason) = reason else { return true };
    let is_there = match reason.organization {
        Some(there) => {
            there.scopes.iter().any(|scope| scope == reason.scope) && organization.is_none_or(|id| id == there.id)
        }
        None => plain.organizations.is_none() && plain.token_scopes.iter().any(|scope| scope == reason.scope),
    };
    is_there && crate::plain_scopes::has_access(&[reason.scope.to_owned()], action, resource)
}

proptest! {
    #![proptest_config(cases(1200))]

    #[test]
    fn compiled_scopes_answer_every_question_as_the_plain_rules_do(plain in agent()) {
        let access = plain.compiled();
        for resource in RESOURCES.iter() {
            for action in ACTIONS {
                let expected = plain.has_access(action, resource);
                prop_assert_eq!(access.has_access(action, resource), expected, "{} on {}", action, resource);
                prop_assert!(reason_holds(&plain, &access, None, action, resource), "why {} on {}", action, resource);
                for id in ORGANIZATIONS {
                    let expected = plain.has_access_in(id, action, resource);
                    prop_assert_eq!(access.has_access_in(id, action, resource), expected, "{} on {} in {:?}", action, resource, id);
                    prop_assert!(reason_holds(&plain, &access, Some(id), action, resource), "why {} on {} in {:?}", action, resource, id);
                }
            }
        }
    }

    #[test]
    fn compiled_roles_answer_as_the_plain_rules_do(plain in agent()) {
        let access = plain.compiled();
        for id in ORGANIZATIONS {
            prop_assert_eq!(access.is_owner_of(id), plain.lists_role(id, "owner"), "owner of {:?}", id);
            prop_assert_eq!(access.is_admin_of(id), plain.lists_role(id, "admin"), "admin of {:?}", id);
            prop_assert_eq!(access.is_member_of(id), plain.is_member_of(id), "member of {:?}", id);
        }
        for role in SCOPES.iter() {
            prop_assert_eq!(access.has_role(role), plain.has_role(role), "{:?}", role);
        }
        prop_assert_eq!(access.malformed_scopes(), plain.malformed_scopes());
    }

    #[test]
    fn the_parser_takes_exactly_what_the_plain_rules_take(text in prop_oneof![scope(), ".{0,70}", "[!-~]{0,140}", "[ab.*: ]{0,6}"]) {
        prop_assert_eq!(parse_scope(&text).is_some(), crate::plain_scopes::scope_is_right(&text), "{:?}", text);
    }

    #[test]
    fn nothing_that_is_asked_panics(
        scopes in vec(any::<String>(), 0..6), id in any::<String>(), action in any::<String>(), resource in any::<String>(),
    ) {
        let plain = PlainAccess { organizations: Some(vec![(id.clone(), scopes.clone())]), roles: scopes.clone(), token_scopes: Vec::new() };
        let access = plain.compiled();
        prop_assert_eq!(access.has_access(&action, &resource), plain.has_access(&action, &resource));
        prop_assert_eq!(access.has_access_in(&id, &action, &resource), plain.has_access_in(&id, &action, &resource));
        prop_assert_eq!(access.has_role(&action), plain.has_role(&action));
        prop_assert_eq!(access::has_access(&scopes, &action, &resource), crate::plain_scopes::has_access(&scopes, &action, &resource));
        prop_assert_eq!(access.require(&action, &resource).is_ok(), access.has_access(&action, &resource));
    }

    #[test]
    fn a_longer_list_never_grants_less(
        scopes in vec(scope(), 0..6), more in scope(), action in prop::sample::select(ACTIONS.to_vec()), resource in any::<prop::sample::Index>(),
    ) {
        let resource = resource.get(&RESOURCES);
        let before = access::has_access(&scopes, action, resource);
        let mut longer = scopes;
        longer.push(more);
        prop_assert!(!before || access::has_access(&longer, action, resource));
    }
}

/// A scope of many, and the questions near it.
fn one_of_many((first, second, action): (u16, u8, u8)) -> String {
    let action = ["r", "w", "*", "**"][usize::from(action % 4)];
    if second % 3 == 0 { format!("r{first}:{action}") } else { format!("r{}.s{second}:{action}", first % 50) }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn thousands_of_scopes_in_hundreds_of_organizations_answer_as_the_plain_rules_do(
        lists in vec(vec(any::<(u16, u8, u8)>().prop_map(one_of_many), 0..20), 0..200),
        others in vec(any::<(u16, u8, u8)>().prop_map(one_of_many), 0..20),
    ) {
        let organizations: Vec<(String, Vec<String>)> =
            lists.into_iter().enumerate().map(|(at, scopes)| (format!("org_{at}"), scopes)).collect();
        let near: Vec<String> = organizations.iter().filter_map(|(_, scopes)| scopes.first().cloned()).take(40).chain(others).collect();
        let plain = PlainAccess { organizations: Some(organizations), roles: Vec::new(), token_scopes: Vec::new() };
        let access = plain.compiled();
        for (at, scope) in near.iter().enumerate() {
            let id = format!("org_{}", at * 3);
            let named = scope.split(':').next().unwrap();
            let above = named.split('.').next().unwrap();
            for resource in [named, above, &format!("{named}.x"), &format!("{named}0")] {
                for action in ["r", "w", "x"] {
                    prop_assert_eq!(access.has_access(action, resource), plain.has_access(action, resource), "{} on {}", action, resource);
                    prop_assert_eq!(access.has_access_in(&id, action, resource), plain.has_access_in(&id, action, resource), "{} on {} in {}", action, resource, id);
                    prop_assert!(reason_holds(&plain, &access, None, action, resource));
                }
            }
        }
    }
}

/// Two million sets of a few scopes, drawn alike at every run, each with one question.
#[test]
fn millions_of_small_scope_sets_answer_as_the_plain_rules_do() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    // A linear congruence of Knuth's; its high bits are random enough to draw by.
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut granted = 0_u32;
    for _ in 0..2_000_000 {
        let size = draw(6);
        let scopes: Vec<String> = (0..size).map(|_| SCOPES[draw(SCOPES.len())].clone()).collect();
        let (action, resource) = (ACTIONS[draw(ACTIONS.len())], &RESOURCES[draw(RESOURCES.len())]);
        let expected = crate::plain_scopes::has_access(&scopes, action, resource);
        assert_eq!(access::has_access(&scopes, action, resource), expected, "{action} on {resource} by {scopes:?}");
        granted += u32::from(expected);
    }
    // Sets that grant nothing would show nothing.
    assert!(granted > 1_000, "{granted}");
}
