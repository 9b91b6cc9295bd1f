//! The usual request in two steps: what one begins, only itself can end, and once.

use std::rc::Rc;

use crate::simulated::SimulatedHost;
use crate::verifying::*;
use serde_json::json;
use wasm_oidc::edge::{Needs, Refused, Verified, Verifier};
use wasm_oidc::error::Code;

/// A process that knows the keys, and has seen no token but one.
fn warm() -> (SimulatedHost, Rc<Verifier>) {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    verify(&host, &verifier, &token_with(&host, json!({}), json!({ "jti": "first" }))).unwrap();
    (host, verifier)
}

fn begin_for(host: &SimulatedHost, verifier: &Verifier, token: &str, query: &str, needs: &Needs) -> Option<u32> {
    let begun = verifier.begin(host, &format!("Bearer {token}"), query, needs, |_, _, _, _| Some(()));
    begun.map(|(number, ())| number)
}

fn begin(host: &SimulatedHost, verifier: &Verifier, token: &str) -> Option<u32> {
    begin_for(host, verifier, token, "?page=2", &Needs::default())
}

fn of(host: &SimulatedHost, subject: &str) -> String {
    token_with(host, json!({}), json!({ "sub": subject }))
}

fn subject(ended: Option<Result<Verified, Refused>>) -> String {
    ended.unwrap().unwrap().agent.id
}

#[test]
fn requests_that_are_interleaved_end_as_the_ones_that_they_began_as() {
    let (host, verifier) = warm();
    let begun: Vec<_> = (0..20).map(|at| begin(&host, &verifier, &of(&host, &format!("usr_{at}"))).unwrap()).collect();
    for (at, number) in begun.iter().enumerate().rev() {
        assert_eq!(subject(verifier.end(&host, *number, Some(true))), format!("usr_{at}"));
    }
}

#[test]
fn what_was_begun_ends_once_and_nothing_else_ends() {
    let (host, verifier) = warm();
    let number = begin(&host, &verifier, &token(&host)).unwrap();
    assert!(verifier.end(&host, number + 1, Some(true)).is_none());
    assert!(verifier.end(&host, number, Some(true)).unwrap().is_ok());
    assert!(verifier.end(&host, number, Some(true)).is_none());
    let forgotten = begin(&host, &verifier, &of(&host, "usr_2")).unwrap();
    assert!(verifier.end(&host, forgotten, None).is_none());
    assert!(verifier.end(&host, forgotten, Some(true)).is_none());
}

#[test]
fn without_its_signature_a_token_is_refused_and_not_seen_whatever_it_says() {
    let (host, verifier) = warm();
    for token in [token(&host), token_with(&host, json!({}), json!({ "exp": 1 }))] {
        let number = begin(&host, &verifier, &token).unwrap();
        let ended = verifier.end(&host, number, Some(false)).unwrap();
        assert_eq!(refused(ended), (401, Code::SignatureInvalid));
        assert!(!is_seen(&host, &verifier, &token));
    }
}

#[test]
fn both_ways_answer_the_same() {
    for changes in [
        json!({}),
        json!({ "exp": 1 }),
        json!({ "aud": "x" }),
        json!({ "sub": null }),
        json!({ "cnf": { "jkt": "A".repeat(43) } }),
        json!({ "cnf": 1 }),
        json!({ "scope": "none" }),
    ] {
        let (host, one) = warm();
        let other = verifier();
        verify(&host, &other, &token_with(&host, json!({}), json!({ "jti": "first" }))).unwrap();
        let token = token_with(&host, json!({}), changes.clone());
        let needs = Needs { scopes: vec!["users:read".to_owned()], access: None };
        let number = begin_for(&host, &one, &token, "", &needs).unwrap();
        let told = |verified: Result<Verified, Refused>| verified.map(|verified| format!("{verified:?}"));
        let expected = verify_for(&host, &other, &token, &needs);
        assert_eq!(told(one.end(&host, number, Some(true)).unwrap()), told(expected), "{changes}");
        assert_eq!(is_seen(&host, &one, &token), is_seen(&host, &other, &token), "{changes}");
    }
}

#[test]
fn a_token_whose_key_left_meanwhile_is_not_remembered() {
    let (host, verifier) = warm();
    let token = token(&host);
    let number = begin(&host, &verifier, &token).unwrap();
    host.provider.rotate_keys("k2");
    host.pass_seconds(3600);
    let later = token_with(&host, json!({ "kid": "k2" }), json!({}));
    verify(&host, &verifier, &later).unwrap();
    assert_eq!(verifier.end(&host, number, Some(true)).unwrap().unwrap().number, None);
    assert!(!is_seen(&host, &verifier, &token));
}

#[test]
fn requests_that_never_come_back_make_room_after_a_while() {
    let (host, verifier) = warm();
    let lost: Vec<_> = (0..256).map(|_| begin(&host, &verifier, &token(&host)).unwrap()).collect();
    assert_eq!(begin(&host, &verifier, &token(&host)), None, "there is no room");
    host.pass_seconds(11);
    assert!(begin(&host, &verifier, &token(&host)).is_some());
    assert!(verifier.end(&host, lost[0], Some(true)).is_none());
}

#[test]
fn the_unusual_is_for_the_other_way() {
    let (host, verifier) = warm();
    assert_eq!(begin(&host, &self::verifier(), &token(&host)), None, "no keys are at hand");
    let seen = token(&host);
    verify(&host, &verifier, &seen).unwrap();
    for token in [
        seen,
        token_with(&host, json!({ "kid": null }), json!({})),
        token_with(&host, json!({ "kid": "other" }), json!({})),
        token_with(&host, json!({ "alg": "none" }), json!({})),
        token_with(&host, json!({ "typ": "JWT" }), json!({})),
        token_with(&host, json!({}), json!({ "iss": "https://other.example" })),
        token_with(&host, json!({}), json!({ "long": "x".repeat(8192) })),
        "opaque".to_owned(),
        String::new(),
    ] {
        assert_eq!(begin(&host, &verifier, &token), None, "{token}");
    }
    let other = of(&host, "usr_2");
    for query in ["?access_token=x", "?a&access%5Ftoken=x"] {
        assert_eq!(begin_for(&host, &verifier, &other, query, &Needs::default()), None, "{query}");
    }
    let dpop = verifier.begin(&host, &format!("DPoP {other}"), "", &Needs::default(), |_, _, _, _| Some(()));
    assert!(dpop.is_none());
    let not_started = verifier.begin(&host, &format!("Bearer {other}"), "", &Needs::default(), |_, _, _, _| None::<()>);
    assert!(not_started.is_none());
}
