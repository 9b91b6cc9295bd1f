//! The provider's keys as a client gets them: beside the tokens, again after a rotation, and not too old.

use crate::simulated::{DISCOVERY, KEYS, SimulatedHost, TOKEN, answer, code_of, exchange, exchange_now, html, key};
use serde_json::{Value, json};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind, HttpFailure};

#[test]
fn keys_and_tokens_are_asked_for_at_the_same_time() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let log = host.provider.log.borrow();
    let place = |line: &str| log.iter().position(|other| other == line).unwrap();
    let last_request = place(&format!("> {TOKEN}")).max(place(&format!("> {KEYS}")));
    let first_answer = place(&format!("< {TOKEN}")).min(place(&format!("< {KEYS}")));
    assert!(last_request < first_answer, "{log:?}");
    assert_eq!(host.provider.requests(), 3);
}

#[test]
fn keys_that_come_back_a_moment_later_cost_no_second_code() {
    for failures in 1..=3 {
        let host = SimulatedHost::page();
        let client = host.created();
        for _ in 0..failures {
            host.provider.plan(KEYS, Err(HttpFailure::Network("simulated".to_owned())));
        }
        assert_eq!(host.sign_in(&client).agent.id, "usr_1");
        assert_eq!((host.provider.count(TOKEN), host.provider.count(KEYS)), (1, failures + 1));
    }
}

#[test]
fn keys_that_never_come_end_the_sign_in_after_a_few_tries() {
    let host = SimulatedHost::page();
    let client = host.created();
    for _ in 0..20 {
        host.provider.plan(KEYS, Ok(html(503)));
    }
    let url = host.begin(&client);
    assert!(host.come_back(&client, &url).is_err());
    assert_eq!(host.provider.count(TOKEN), 1);
    assert!((2..=5).contains(&host.provider.count(KEYS)), "{}", host.provider.count(KEYS));
    assert!(client.session().is_none());
}

#[test]
fn a_key_that_is_new_is_fetched_once_more_x8() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.provider.published.borrow_mut().push("k2".to_owned());
    *host.provider.signs_with.borrow_mut() = "k2".to_owned();
    assert!(host.sign_in(&client).agent.claims.get("sub").is_some());
    assert_eq!((host.provider.count(KEYS), host.provider.count(TOKEN)), (2, 2));
}

#[test]
fn a_new_client_in_the_same_tab_uses_the_keys_of_the_last_one() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let host = host.reloaded();
    host.sign_in(&host.created());
    assert_eq!((host.provider.count(KEYS), host.provider.count(DISCOVERY), host.provider.count(TOKEN)), (1, 1, 2));
}

#[test]
fn keys_older_than_an_hour_are_fetched_again() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.pass_seconds(3601);
    host.sign_in(&client);
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn two_tokens_of_a_new_key_at_the_same_time_cost_one_request_and_are_both_verified_x6_x8() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let before = host.provider.count(KEYS);
    host.provider.rotate_keys("k2");
    let url = host.begin(&client);
    host.go(&url);
    let (one, other) = (client.clone(), client.clone());
    // The one learns of the new key while the other waits for it.
    let signing_in = host.start(async move { one.handle_redirect_callback(None).await });
    host.executor.pass(1);
    let refreshing = host.start(async move { other.refresh().await });
    host.pass_seconds(10);
    assert!(signing_in.take().unwrap().is_some());
    // Its session was replaced by the sign-in, which is not the key's fault.
    let _ = refreshing.take();
    assert_eq!((host.provider.count(KEYS), host.reasons(EventKind::RefreshFailed)), (before + 1, vec![]));
}

fn key_set(ids: &[&str]) -> Value {
    json!({ "keys": ids.iter().map(|id| key(id)).collect::<Value>() })
}

#[test]
fn a_key_that_is_new_since_the_keys_were_sent_is_found_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    // The provider rotates between its two answers, and an old copy is the first that comes.
    host.provider.plan(KEYS, Ok(answer(200, &key_set(&["k1"]))));
    host.provider.rotate_keys("k2");
    exchange_now(&host, &client).unwrap();
    assert_eq!((host.provider.count(KEYS), host.provider.count(TOKEN)), (2, 1));
}

#[test]
fn a_key_rotated_just_before_signing_is_found_though_the_keys_are_out_for_a_moment_x8() {
    for failures in 1..=3 {
        let host = SimulatedHost::page();
        let client = host.created();
        host.sign_in(&client);
        host.provider.rotate_keys("k2");
        for failure in 0..failures {
            let network = Err(HttpFailure::Network("simulated".to_owned()));
            host.provider.plan(KEYS, if failure % 2 == 0 { network } else { Ok(html(503)) });
        }
        assert_eq!(host.sign_in(&client).agent.id, "usr_1");
        assert_eq!((host.provider.count(KEYS), host.provider.count(TOKEN)), (failures + 2, 2));
    }
}

#[test]
fn tokens_of_a_new_key_share_the_tries_while_the_keys_are_out_for_a_moment_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.rotate_keys("k2");
    for _ in 0..3 {
        host.provider.plan(KEYS, Ok(html(503)));
    }
    let started: Vec<_> = (0..50u32)
        .map(|at| {
            let (host, client) = (host.clone(), client.clone());
            host.clone().start(async move {
                host.executor.sleep(at * 80).await;
                exchange(host, client).await
            })
        })
        .collect();
    host.pass_seconds(20);
    for call in started {
        call.take().unwrap();
    }
    assert_eq!(host.provider.count(KEYS), 5);
}

#[test]
fn nobody_asks_again_for_keys_that_nobody_waits_for() {
    let host = SimulatedHost::process();
    let client = host.client();
    for _ in 0..10 {
        host.provider.plan(KEYS, Ok(html(503)));
    }
    host.provider.plan(TOKEN, Ok(html(503)));
    assert!(exchange_now(&host, &client).is_err());
    host.pass_seconds(30);
    assert_eq!(host.provider.count(KEYS), 1);
}

#[test]
fn stored_keys_older_than_an_hour_are_fetched_again() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let host = host.reloaded();
    host.pass_seconds(3500);
    host.sign_in(&host.created());
    assert_eq!(host.provider.count(KEYS), 1);
    let host = host.reloaded();
    host.pass_seconds(101);
    host.sign_in(&host.created());
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn keys_that_were_taken_from_the_key_set_serve_for_an_hour_at_most_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.published.borrow_mut().clear();
    exchange_now(&host, &client).unwrap();
    host.pass_seconds(3601);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
}

#[test]
fn stored_keys_that_cannot_be_right_are_fetched_again() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let stored = host.places.all(Area::Documents);
    let (name, text) = stored.iter().find(|(name, _)| name.starts_with("wasm-oidc:keys:")).unwrap();
    let at = host.seconds();
    for wrong in [
        text.replace(&format!("\"fetched_at\":{}", at), "\"fetched_at\":9000000000"),
        text.replace("\"keys\"", "\"sleys\""),
        text.replace("\"document\"", "\"documents\""),
        "{".to_owned(),
    ] {
        assert_ne!(wrong, *text);
        let host = host.reloaded();
        host.places.put(Area::Documents, name, &wrong);
        let before = host.provider.count(KEYS);
        host.sign_in(&host.created());
        assert_eq!(host.provider.count(KEYS), before + 1, "{wrong}");
    }
}

#[test]
fn a_key_set_that_leads_elsewhere_or_never_ends_is_refused_x7() {
    for (failure, code) in
        [(HttpFailure::Redirect, Code::RedirectRefused), (HttpFailure::TooLarge, Code::ResponseTooLarge)]
    {
        let host = SimulatedHost::process();
        let client = host.client();
        for _ in 0..5 {
            host.provider.plan(KEYS, Err(failure.clone()));
        }
        assert_eq!(code_of(exchange_now(&host, &client)), code);
        // The prefetch, and once for the token: asking again does not help.
        assert!(host.provider.count(KEYS) <= 2, "{}", host.provider.count(KEYS));
        assert_eq!(host.provider.count(TOKEN), 1);
        assert!(host.provider.count(KEYS) <= 5);
    }
}
