//! Tokens that were seen: answered without another look until they end, their time is up, or their key is gone; known by a
//! keyed hash and never by themselves.

use std::rc::Rc;

use crate::simulated::{KEYS, SimulatedHost};
use crate::verifying::*;
use serde_json::json;
use wasm_oidc::edge::{Needs, Verifier};
use wasm_oidc::ports::CryptoFailure;

fn numbered(host: &SimulatedHost, at: u32) -> String {
    token_with(host, json!({}), json!({ "jti": format!("j{at}") }))
}

fn number_of(host: &SimulatedHost, verifier: &Rc<Verifier>, token: &str) -> Option<u64> {
    verify(host, verifier, token).unwrap().number
}

#[test]
fn a_token_is_seen_after_it_was_verified_and_not_before() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    assert!(!is_seen(&host, &verifier, &token));
    let number = number_of(&host, &verifier, &token);
    assert_eq!(number, Some(0));
    assert_eq!(verifier.seen(&host, &format!("bearer {token}"), URL, None), number);
    // A changed token is another one.
    let mut changed = token.clone();
    changed.pop();
    for other in [format!("{token}A"), changed, token.to_uppercase(), String::new()] {
        assert!(!is_seen(&host, &verifier, &other));
    }
    for authorization in [token.clone(), format!("Basic {token}"), format!("DPoP {token}"), format!("Bearer  {token}")]
    {
        assert_eq!(verifier.seen(&host, &authorization, URL, None), None);
    }
}

#[test]
fn another_verifier_has_seen_nothing() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    verify(&host, &verifier, &token).unwrap();
    assert!(!is_seen(&host, &verifier_with(json!({ "audience": ["x", API] })), &token));
}

#[test]
fn a_refused_token_is_not_seen() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    for changes in [json!({ "aud": "x" }), json!({ "exp": 1 }), json!({ "cnf": { "jkt": "x" } })] {
        let token = token_with(&host, json!({}), changes);
        assert!(verify(&host, &verifier, &token).is_err());
        assert!(!is_seen(&host, &verifier, &token));
    }
}

#[test]
fn a_token_is_remembered_until_it_ends_and_no_longer_than_the_app_says() {
    let host = SimulatedHost::process();
    for (options, lifetime, remembered) in [
        (json!({}), 3600, 300),
        (json!({}), 100, 160),
        (json!({ "clockToleranceSeconds": 0 }), 100, 100),
        (json!({ "maxCacheSeconds": 20 }), 3600, 20),
    ] {
        let verifier = verifier_with(options.clone());
        let token = token_with(&host, json!({}), json!({ "exp": host.seconds() + lifetime }));
        verify(&host, &verifier, &token).unwrap();
        let began = host.seconds();
        host.pass_seconds(remembered - 2);
        assert!(is_seen(&host, &verifier, &token), "{options}");
        host.pass_seconds(began + remembered + 1 - host.seconds());
        assert!(!is_seen(&host, &verifier, &token), "{options}");
    }
    for options in [json!({ "maxCachedTokens": 0 }), json!({ "maxCacheSeconds": 0 })] {
        let verifier = verifier_with(options);
        assert_eq!(number_of(&host, &verifier, &token(&host)), None);
        assert!(!is_seen(&host, &verifier, &token(&host)));
    }
}

#[test]
fn a_token_that_is_verified_anew_has_a_number_of_its_own() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "maxCacheSeconds": 20 }));
    let token = token(&host);
    let first = number_of(&host, &verifier, &token);
    assert_eq!(number_of(&host, &verifier, &token), first, "two that came together have one agent");
    host.pass_seconds(21);
    assert_ne!(number_of(&host, &verifier, &token), first);
}

#[test]
fn the_oldest_token_goes_where_there_is_no_room() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "maxCachedTokens": 3 }));
    let tokens: Vec<String> = (0..10).map(|at| numbered(&host, at)).collect();
    for (at, token) in tokens.iter().enumerate() {
        assert_eq!(number_of(&host, &verifier, token), Some(at as u64));
        let seen: Vec<bool> = tokens.iter().map(|token| is_seen(&host, &verifier, token)).collect();
        let expected: Vec<bool> = (0..10).map(|other| other <= at && other + 3 > at).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_token_whose_key_left_the_set_is_not_seen_any_more() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let old = token(&host);
    verify(&host, &verifier, &old).unwrap();
    host.provider.rotate_keys("k2");
    let new = token_with(&host, json!({ "kid": "k2" }), json!({}));
    verify(&host, &verifier, &new).unwrap();
    assert!(is_seen(&host, &verifier, &old), "its key is still there");
    host.provider.published.borrow_mut().retain(|kid| kid == "k2");
    host.pass_seconds(31);
    // Somebody's made-up key id makes the keys fetched.
    assert!(verify(&host, &verifier, &token_with(&host, json!({ "kid": "k3" }), json!({}))).is_err());
    assert!(!is_seen(&host, &verifier, &old));
    assert!(verify(&host, &verifier, &old).is_err());
    assert!(is_seen(&host, &verifier, &new));
}

#[test]
fn nothing_is_answered_from_memory_while_nobody_knows_the_keys() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "maxCacheSeconds": 86_400 }));
    let token = token_with(&host, json!({}), json!({ "exp": host.seconds() + 7200 }));
    verify(&host, &verifier, &token).unwrap();
    host.pass_seconds(3599);
    assert!(is_seen(&host, &verifier, &token));
    host.pass_seconds(2);
    assert!(!is_seen(&host, &verifier, &token));
    host.provider.is_away.set(true);
    assert_eq!(refused(verify(&host, &verifier, &token)).0, 503);
    host.provider.is_away.set(false);
    host.pass_seconds(31);
    assert!(verify(&host, &verifier, &token).is_ok());
}

#[test]
fn a_key_that_leaves_while_organizations_are_asked_for_leaves_nothing_behind() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "organizationsFrom": "userinfo" }));
    host.provider.take_time(crate::simulated::USER_INFO, 5_000);
    let old = token(&host);
    let slow = host.start(present(host.clone(), Rc::clone(&verifier), format!("Bearer {old}"), Needs::default()));
    host.pass_seconds(2);
    host.provider.rotate_keys("k2");
    host.provider.published.borrow_mut().retain(|kid| kid == "k2");
    let new = token_with(&host, json!({ "kid": "k2" }), json!({ "organizations": [] }));
    verify(&host, &verifier, &new).unwrap();
    host.pass_seconds(10);
    assert!(slow.take().is_ok(), "it was good when it was verified");
    assert!(!is_seen(&host, &verifier, &old));
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn what_is_seen_needs_no_signature_check() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    verify(&host, &verifier, &token).unwrap();
    host.crypto_failure.set(Some(CryptoFailure::Unavailable));
    assert!(is_seen(&host, &verifier, &token));
    assert_eq!(refused(verify(&host, &verifier, &numbered(&host, 2))).0, 503);
}
