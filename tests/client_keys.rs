//! The provider's keys as a client gets them: beside the tokens, again after a rotation, and never in a flood.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "support/simulated/mod.rs"]
mod simulated;

use serde_json::json;
use simulated::{DISCOVERY, KEYS, SimulatedHost, TOKEN, code_of, html};
use wasm_oidc::client::{ByHand, Client, SignInOptions};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::{EventKind, HttpFailure};
use wasm_oidc::protocol::json::{Json, parse_object};

/// Redeems one more code by hand, as a process that serves many people does.
async fn exchange(host: SimulatedHost, client: Client<SimulatedHost>) -> Result<()> {
    let request = client.create_authorization_request(&SignInOptions::new(client.options())).await?;
    let callback = Json::String(host.provider.authorize(&request.url));
    let auth = json!({
        "codeVerifier": request.code_verifier.as_str(), "state": request.state, "nonce": request.nonce,
    });
    let auth = parse_object(auth.to_string().as_bytes())?;
    let by_hand = ByHand::from_json(&callback, &auth, client.options().response_mode)?;
    client.exchange_code(&by_hand).await.map(drop)
}

fn exchange_now(host: &SimulatedHost, client: &Client<SimulatedHost>) -> Result<()> {
    host.run(exchange(host.clone(), client.clone()))
}

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
fn a_key_that_is_new_is_fetched_once_more() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.provider.published.borrow_mut().push("k2".to_owned());
    *host.provider.signs_with.borrow_mut() = "k2".to_owned();
    assert!(host.sign_in(&client).agent.claims.get("sub").is_some());
    assert_eq!((host.provider.count(KEYS), host.provider.count(TOKEN)), (2, 2));
}

#[test]
fn a_signature_of_another_key_under_a_known_key_id_is_refused_without_a_request() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.forges.set(true);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::SignatureInvalid);
    assert_eq!(host.provider.count(KEYS), 1);
}

#[test]
fn made_up_key_ids_force_one_request_in_thirty_seconds() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.makes_up_keys.set(true);
    for _ in 0..100 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert!(host.executor.milliseconds() < 30_000);
    assert_eq!(host.provider.count(KEYS), 2);
    host.pass_seconds(31);
    for _ in 0..10 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn made_up_key_ids_at_the_same_time_force_one_request() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.makes_up_keys.set(true);
    let started: Vec<_> = (0..100u32)
        .map(|at| {
            let (host, client) = (host.clone(), client.clone());
            host.clone().start(async move {
                host.executor.sleep(at * 2).await;
                exchange(host, client).await
            })
        })
        .collect();
    host.pass_seconds(10);
    assert!(started.iter().all(|call| code_of(call.take()) == Code::KeyNotFound));
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn a_scheduled_fetch_does_not_shorten_the_cool_down_of_a_forced_one() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.pass_seconds(3590);
    host.provider.makes_up_keys.set(true);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 2);
    // Set ahead by an hour and back again, the clock makes a scheduled fetch due ten seconds after the forced one.
    host.set_clock(3600);
    host.provider.makes_up_keys.set(false);
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 3);
    host.set_clock(-3600);
    host.provider.makes_up_keys.set(true);
    // Keys from the future are fetched anew, which is scheduled too.
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 4);
    host.pass_seconds(31);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 5);
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
fn made_up_key_ids_are_no_flood_while_the_keys_cannot_be_fetched() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.makes_up_keys.set(true);
    for _ in 0..100 {
        host.provider.plan(KEYS, Ok(html(503)));
    }
    for _ in 0..100 {
        assert!(exchange_now(&host, &client).is_err());
    }
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn two_tokens_of_a_new_key_at_the_same_time_cost_one_request_and_are_both_verified() {
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
