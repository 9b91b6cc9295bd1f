//! Keys of an issuer at the edge: plain values that requests share, few requests whatever tokens say, and nobody who waits
//! for another one's (RFC 7517, RFC 8725 3.8 and 3.10).

use std::rc::Rc;

use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, Started, answer, html};
use crate::verifying::*;
use serde_json::json;
use wasm_oidc::edge::{Needs, Refused, Verified, Verifier};
use wasm_oidc::error::Code;
use wasm_oidc::ports::HttpFailure;

type Outcome = Result<Verified, Refused>;

/// So many requests at the same time, each with a token of its own.
fn at_once(
    host: &SimulatedHost,
    verifier: &Rc<Verifier>,
    count: u32,
    kid: impl Fn(u32) -> String,
) -> Vec<Started<Outcome>> {
    let one = |at: u32| {
        let token = token_with(host, json!({ "kid": kid(at) }), json!({ "jti": at.to_string() }));
        host.start(present(host.clone(), Rc::clone(verifier), format!("Bearer {token}"), Needs::default()))
    };
    (0..count).map(one).collect()
}

fn of(kid: &str) -> impl Fn(u32) -> String {
    let kid = kid.to_owned();
    move |_| kid.clone()
}

fn with_key(host: &SimulatedHost, kid: &str) -> String {
    token_with(host, json!({ "kid": kid }), json!({}))
}

/// A process that knows the keys.
fn warm() -> (SimulatedHost, Rc<Verifier>) {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    verify(&host, &verifier, &token(&host)).unwrap();
    (host, verifier)
}

#[test]
fn the_first_requests_of_a_process_fetch_the_keys_twice_at_most_and_all_get_them() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let started = at_once(&host, &verifier, 50, of("k1"));
    host.pass_seconds(5);
    assert!(started.iter().all(|one| one.take().is_ok()));
    assert!(host.provider.count(KEYS) <= 2 && host.provider.count(DISCOVERY) <= 2);
}

#[test]
fn a_request_that_is_cancelled_while_it_fetches_leaves_nobody_waiting() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    host.provider.take_time(KEYS, 5_000);
    let cancelled = at_once(&host, &verifier, 2, of("k1"));
    host.pass_seconds(1);
    assert!(cancelled.iter().all(|one| !one.is_done()));
    // Their futures are never polled again, and never say that they ended.
    host.executor.kill();
    host.provider.take_time(KEYS, 50);
    let started = at_once(&host, &verifier, 5, of("k1"));
    host.pass_seconds(40);
    assert!(started.iter().all(|one| one.take().is_ok()));
}

#[test]
fn keys_are_used_for_an_hour_and_fetched_again_after_it() {
    let (host, verifier) = warm();
    host.pass_seconds(3500);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert_eq!(host.provider.count(KEYS), 1);
    host.pass_seconds(200);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn keys_are_renewed_ahead_of_their_end_while_nobody_waits() {
    let (host, verifier) = warm();
    let at = host.run(verifier.renew(&host)).unwrap();
    assert_eq!(host.provider.count(KEYS), 1, "it is too early");
    host.pass_seconds(at - host.seconds());
    let next = host.run(verifier.renew(&host)).unwrap();
    assert_eq!(host.provider.count(KEYS), 2);
    assert!(next > at);
    host.pass_seconds(3000);
    host.provider.plan(KEYS, Ok(html(500)));
    assert!(host.run(verifier.renew(&host)).is_some(), "a failure is told to whoever needs the keys");
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
}

#[test]
fn a_clock_that_was_set_back_makes_the_keys_nobody_knows_how_old() {
    let (host, verifier) = warm();
    host.set_clock(-100);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn a_new_key_is_found_by_one_forced_request_even_right_after_a_scheduled_one_x6_x8() {
    let (host, verifier) = warm();
    host.provider.rotate_keys("k2");
    let started = at_once(&host, &verifier, 20, of("k2"));
    host.pass_seconds(2);
    assert!(started.iter().all(|one| one.take().is_ok()));
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn made_up_key_ids_force_one_request_in_thirty_seconds_x6() {
    let (host, verifier) = warm();
    for round in 0..5 {
        let started = at_once(&host, &verifier, 20, |at| format!("made-up-{round}-{at}"));
        host.pass_seconds(2);
        for one in started {
            assert_eq!(refused(one.take()), (401, Code::KeyNotFound));
        }
    }
    assert_eq!(host.provider.count(KEYS), 2);
    host.pass_seconds(31);
    for at in 0..10 {
        assert_eq!(refused(verify(&host, &verifier, &with_key(&host, &format!("x{at}")))).1, Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 3);
    assert!(verify(&host, &verifier, &token(&host)).is_ok(), "honest tokens do not suffer");
}

#[test]
fn forged_tokens_without_a_key_id_force_one_request_too_x6() {
    let (host, verifier) = warm();
    let forged =
        crate::simulated::sign_with(&json!({ "alg": "RS256", "typ": "at+jwt" }), "thief", &claims(&host, json!({})));
    for _ in 0..20 {
        assert_eq!(refused(verify(&host, &verifier, &forged)), (401, Code::SignatureInvalid));
    }
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn a_forced_request_that_fails_cools_down_and_is_no_verdict_about_the_token_x6() {
    let (host, verifier) = warm();
    host.provider.rotate_keys("k2");
    host.provider.plan(KEYS, Ok(html(503)));
    for _ in 0..20 {
        assert_eq!(refused(verify(&host, &verifier, &with_key(&host, "k2"))).0, 503);
    }
    assert_eq!(host.provider.count(KEYS), 2);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    host.pass_seconds(31);
    assert!(verify(&host, &verifier, &with_key(&host, "k2")).is_ok());
}

#[test]
fn a_scheduled_request_that_fails_cools_down_too_and_longer_each_time_x6() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    host.provider.is_away.set(true);
    for _ in 0..10 {
        assert_eq!(refused(verify(&host, &verifier, &token(&host))), (503, Code::NetworkFailure));
    }
    assert_eq!(host.provider.count(DISCOVERY), 1);
    // Somebody asks every second: 2, 4, 8, 16, 30 and again 30 seconds after the one before.
    let mut asked = Vec::new();
    for second in 1..=91 {
        host.pass_seconds(1);
        let before = host.provider.count(DISCOVERY);
        assert_eq!(refused(verify(&host, &verifier, &token(&host))).0, 503);
        if host.provider.count(DISCOVERY) > before {
            asked.push(second);
        }
    }
    assert_eq!(asked, [2, 6, 14, 30, 60, 90]);
    host.provider.is_away.set(false);
    host.pass_seconds(30);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    // What went well begins anew.
    host.provider.is_away.set(true);
    host.pass_seconds(3600);
    assert_eq!(refused(verify(&host, &verifier, &token(&host))).0, 503);
    host.provider.is_away.set(false);
    host.pass_seconds(2);
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
}

#[test]
fn requests_at_once_that_need_an_issuer_that_is_away_are_all_answered() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    host.provider.is_away.set(true);
    let started = at_once(&host, &verifier, 50, of("k1"));
    host.pass_seconds(5);
    assert!(started.iter().all(|one| refused(one.take()).0 == 503));
    assert!(host.provider.count(DISCOVERY) <= 2);
}

#[test]
fn a_key_set_that_redirects_is_too_large_or_is_none_is_refused_x7() {
    for failure in [
        Err(HttpFailure::Redirect),
        Err(HttpFailure::TooLarge),
        Err(HttpFailure::Timeout),
        Ok(html(200)),
        Ok(answer(200, &json!({ "keys": {} }))),
    ] {
        let (host, verifier) = (SimulatedHost::process(), verifier());
        host.provider.plan(KEYS, failure);
        assert_eq!(refused(verify(&host, &verifier, &token(&host))).0, 503);
    }
}

#[test]
fn keys_are_never_asked_for_over_plain_http_x7() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let mut metadata = crate::simulated::metadata();
    metadata["jwks_uri"] = json!("http://127.0.0.1/keys");
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata)));
    assert_eq!(refused(verify(&host, &verifier, &token(&host))), (503, Code::InsecureEndpoint));
    assert_eq!(host.provider.requests(), 1);
}

#[test]
fn a_place_of_keys_that_the_app_names_is_not_looked_up() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "jwksUri": format!("{ISSUER}{KEYS}") }));
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert_eq!((host.provider.count(DISCOVERY), host.provider.count(KEYS)), (0, 1));
}

#[test]
fn given_keys_are_all_there_is() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "jwks": { "keys": [crate::simulated::key("k1")] } }));
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert_eq!(refused(verify(&host, &verifier, &with_key(&host, "k2"))), (401, Code::KeyNotFound));
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn a_process_uses_the_keys_that_another_one_fetched() {
    let host = SimulatedHost::process();
    let sharing = || verifier_with(json!({ "keyStore": true }));
    assert!(verify(&host, &sharing(), &token(&host)).is_ok());
    assert_eq!(host.provider.requests(), 2);
    let second = sharing();
    assert!(verify(&host, &second, &token(&host)).is_ok());
    assert_eq!(host.provider.requests(), 2);
    // One that looks for a newer key finds what the first fetched meanwhile.
    host.provider.rotate_keys("k2");
    let first = sharing();
    host.pass_seconds(10);
    assert!(verify(&host, &first, &with_key(&host, "k2")).is_ok());
    assert_eq!(host.provider.count(KEYS), 2);
    assert!(verify(&host, &second, &with_key(&host, "k2")).is_ok());
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn shared_keys_that_are_old_of_another_issuer_or_broken_are_fetched_anew() {
    let host = SimulatedHost::process();
    let sharing = || verifier_with(json!({ "keyStore": true }));
    assert!(verify(&host, &sharing(), &token(&host)).is_ok());
    let (name, stored) = host.places.all_tokens().pop().unwrap();
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    for (member, value) in [
        ("issuer", json!("https://evil.example")),
        ("fetchedAt", json!(1)),
        ("fetchedAt", json!(host.seconds() + 1000)),
        ("fetchedAt", json!("now")),
        ("jwks", json!({ "keys": 1 })),
        ("jwks", json!(null)),
    ] {
        let mut broken = stored.clone();
        broken[member] = value;
        host.places.put_tokens(&name, &broken.to_string());
        let before = host.provider.count(KEYS);
        assert!(verify(&host, &sharing(), &token(&host)).is_ok(), "{member}");
        assert_eq!(host.provider.count(KEYS), before + 1, "{member}");
    }
    host.places.put_tokens(&name, "{");
    host.places.fails_to_save.set(true);
    assert!(verify(&host, &sharing(), &token(&host)).is_ok());
    host.places.fails_to_load.set(true);
    assert!(verify(&host, &sharing(), &token(&host)).is_ok());
}

#[test]
fn made_up_key_ids_are_no_flood_of_the_shared_store_either_x6() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "keyStore": true }));
    for at in 0..20 {
        let verified = verify(&host, &verifier, &with_key(&host, &format!("made-up-{at}")));
        assert_eq!(refused(verified).1, Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 2);
}
