//! Discovery as a client does it: how often, how long it serves, and what happens while the provider is away.

use crate::simulated::{DISCOVERY, SimulatedHost, answer, code_of, html, metadata};
use serde_json::json;
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, HttpFailure};

#[test]
fn concurrent_calls_are_one_request() {
    let host = SimulatedHost::page();
    let client = host.client();
    let started: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            host.start(async move { client.discover(false).await })
        })
        .collect();
    host.pass_seconds(1);
    assert!(started.iter().all(|call| call.take().is_ok()));
    assert_eq!(host.provider.requests(), 1);
}

#[test]
fn a_document_serves_for_its_time_and_is_asked_for_again_afterwards() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "discoveryTtlSeconds": 100 }));
    host.run(client.discover(false)).unwrap();
    host.pass_seconds(99);
    host.run(client.discover(false)).unwrap();
    assert_eq!(host.provider.count(DISCOVERY), 1);
    host.pass_seconds(3);
    host.run(client.discover(false)).unwrap();
    assert_eq!(host.provider.count(DISCOVERY), 2);
}

#[test]
fn a_clock_that_was_set_back_makes_a_document_old_x30() {
    let host = SimulatedHost::page();
    let client = host.client();
    host.run(client.discover(false)).unwrap();
    host.set_clock(-10);
    host.run(client.discover(false)).unwrap();
    assert_eq!(host.provider.count(DISCOVERY), 2);
}

#[test]
fn a_new_client_in_the_same_tab_uses_the_document_of_the_last_one() {
    let host = SimulatedHost::page();
    host.run(host.client().discover(false)).unwrap();
    let host = host.reloaded();
    host.run(host.client().discover(false)).unwrap();
    assert_eq!(host.provider.requests(), 1);
}

#[test]
fn a_forced_discovery_that_fails_says_so_and_leaves_the_old_document_in_use() {
    let host = SimulatedHost::page();
    let client = host.client();
    let before = host.run(client.discover(false)).unwrap();
    host.provider.is_away.set(true);
    assert_eq!(code_of(host.run(client.discover(true))), Code::NetworkFailure);
    assert_eq!(client.metadata(), Some(before.clone()));
    assert_eq!(host.run(client.discover(false)).unwrap(), before);
    assert_eq!(host.provider.requests(), 2);
}

#[test]
fn a_document_past_its_time_serves_while_the_provider_is_away() {
    for answer in [Err(HttpFailure::Network("simulated".to_owned())), Err(HttpFailure::Timeout), Ok(html(503))] {
        let host = SimulatedHost::page();
        let client = host.client();
        let before = host.run(client.discover(false)).unwrap();
        host.pass_seconds(7200);
        host.provider.plan(DISCOVERY, answer);
        assert_eq!(host.run(client.discover(false)).unwrap(), before);
        assert_eq!(host.provider.count(DISCOVERY), 2);
    }
}

#[test]
fn a_document_past_its_time_does_not_serve_when_the_provider_answers_as_another_m1() {
    let host = SimulatedHost::page();
    let client = host.client();
    host.run(client.discover(false)).unwrap();
    host.pass_seconds(7200);
    let mut document = metadata();
    document["issuer"] = "https://other.example".into();
    host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
    assert_eq!(code_of(host.run(client.discover(false))), Code::IssuerMismatch);
}

#[test]
fn a_cached_document_of_another_issuer_is_dropped_m1() {
    let host = SimulatedHost::page();
    host.run(host.client().discover(false)).unwrap();
    let [(key, text)] = host.places.all(Area::Documents).try_into().unwrap();
    host.places.put(Area::Documents, &key, &text.replace("\"issuer\":\"https://idp", "\"issuer\":\"https://evil"));
    let host = host.reloaded();
    let metadata = host.run(host.client().discover(false)).unwrap();
    assert_eq!(metadata.issuer.as_ref().map(|issuer| issuer.as_str()), Some(crate::simulated::ISSUER));
    assert_eq!(host.provider.requests(), 2);
    assert_eq!(host.places.all(Area::Documents), [(key, text)]);
}

#[test]
fn create_waits_for_the_first_document_but_never_longer_than_three_seconds() {
    let host = SimulatedHost::page();
    host.provider.take_time(DISCOVERY, 2900);
    let client = host.created();
    assert!(client.metadata().is_some());
    assert_eq!(host.executor.milliseconds(), 2900);

    let host = SimulatedHost::page();
    host.provider.take_time(DISCOVERY, 20_000);
    let client = host.created();
    assert!(client.metadata().is_none());
    assert_eq!(host.executor.milliseconds(), 3000);
    host.run(client.discover(false)).unwrap();
    assert_eq!((host.executor.milliseconds(), host.provider.requests()), (20_000, 1));
}

#[test]
fn create_waits_for_nothing_where_a_document_is_cached() {
    let host = SimulatedHost::page();
    host.created();
    let host = host.reloaded();
    let before = host.executor.milliseconds();
    assert!(host.created().metadata().is_some());
    assert_eq!((host.executor.milliseconds(), host.provider.requests()), (before, 1));
}

#[test]
fn create_with_a_stored_session_does_not_wait_for_a_document_past_its_time() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let host = host.reloaded();
    host.pass_seconds(7200);
    let before = (host.executor.milliseconds(), host.provider.count(DISCOVERY));
    let client = host.created();
    assert!(client.session().is_some());
    assert_eq!((host.executor.milliseconds(), host.provider.count(DISCOVERY)), before);
}
