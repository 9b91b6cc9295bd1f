//! Tokens that are given back (RFC 7009), and what the provider says of one (RFC 7662).

use crate::simulated::{DISCOVERY, INTROSPECT, REVOKE, SimulatedHost, answer, code_of, metadata, refusal};
use serde_json::{Value, json};
use wasm_oidc::client::{Client, SignOutOptions};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{EventKind, HttpFailure};

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    (host, client)
}

/// Token, hint, and whether the request was to outlive the page.
fn orders(host: &SimulatedHost) -> Vec<(String, Option<String>, bool)> {
    let orders = host.provider.orders.borrow();
    let told = orders.iter().map(|(form, kept)| (form["token"].clone(), form.get("token_type_hint").cloned(), *kept));
    told.collect()
}

fn without(endpoint: &str) -> Value {
    let mut metadata = metadata();
    metadata.as_object_mut().unwrap().remove(endpoint);
    metadata
}

fn sign_out(revoke: bool) -> SignOutOptions {
    SignOutOptions { revoke, redirect: false, ..SignOutOptions::default() }
}

#[test]
fn a_sign_out_revokes_the_refresh_token_first_in_requests_that_outlive_the_page_rev7() {
    let (host, client) = signed_in();
    let tokens = client.session().unwrap().tokens.clone();
    host.run(client.sign_out(&sign_out(true))).unwrap();
    let hint = |name: &str| Some(name.to_owned());
    let refresh_token = tokens.refresh_token.as_ref().unwrap().expose().to_owned();
    let access_token = tokens.access_token.expose().to_owned();
    let expected = [(refresh_token, hint("refresh_token"), true), (access_token, hint("access_token"), true)];
    assert_eq!(orders(&host), expected);
    assert_eq!(host.reasons(EventKind::Warning), []);
}

#[test]
fn a_sign_out_that_is_told_not_to_revokes_nothing() {
    let (host, client) = signed_in();
    host.run(client.sign_out(&sign_out(false))).unwrap();
    assert_eq!(host.provider.count(REVOKE), 0);
}

#[test]
fn a_revocation_that_fails_is_one_warning_and_the_session_is_over_all_the_same_rev6() {
    let failures = [Ok(answer(503, &json!({}))), Ok(refusal("invalid_client")), Err(HttpFailure::Timeout)];
    for (failure, times) in failures.into_iter().zip([1, 2, 2]) {
        let (host, client) = signed_in();
        for _ in 0..times {
            host.provider.plan(REVOKE, failure.clone());
        }
        host.run(client.sign_out(&sign_out(true))).unwrap();
        assert_eq!(host.reasons(EventKind::Warning), [Some("revocation_failed")]);
        assert_eq!(host.reasons(EventKind::SignedOut), [Some("signed_out")]);
        assert!(client.session().is_none() && host.places.all_tokens().is_empty());
        assert_eq!(host.provider.count(REVOKE), 2);
    }
}

#[test]
fn a_provider_that_never_answers_a_revocation_holds_a_sign_out_up_for_three_seconds_each_rev6() {
    let (host, client) = signed_in();
    host.provider.take_time(REVOKE, 600_000);
    let before = host.executor.milliseconds();
    host.run(client.sign_out(&sign_out(true))).unwrap();
    assert_eq!(host.executor.milliseconds() - before, 6000);
    let events = host.events.borrow();
    let warning = events.iter().find(|event| event.kind == EventKind::Warning).unwrap();
    assert_eq!(warning.error.as_ref().unwrap().code(), Code::Timeout);
}

#[test]
fn a_provider_without_the_endpoint_is_no_warning_and_false() {
    let host = SimulatedHost::page();
    host.provider.plan(DISCOVERY, Ok(answer(200, &without("revocation_endpoint"))));
    let client = host.created();
    host.sign_in(&client);
    assert!(!host.run(client.revoke_token(None, None)).unwrap());
    host.run(client.sign_out(&sign_out(true))).unwrap();
    assert_eq!((host.provider.count(REVOKE), host.reasons(EventKind::Warning)), (0, vec![]));
}

#[test]
fn without_a_token_the_refresh_token_of_the_session_is_revoked_or_the_access_token_where_there_is_none() {
    let (host, client) = signed_in();
    assert!(host.run(client.revoke_token(None, None)).unwrap());
    let tokens = client.session().unwrap().tokens.clone();
    assert_eq!(orders(&host)[0].0, tokens.refresh_token.as_ref().unwrap().expose());

    let host = SimulatedHost::page();
    host.provider.gives_no_refresh_token.set(true);
    let client = host.created();
    host.sign_in(&client);
    assert!(host.run(client.revoke_token(None, None)).unwrap());
    let access_token = client.session().unwrap().tokens.access_token.expose().to_owned();
    assert_eq!(orders(&host), [(access_token, Some("access_token".to_owned()), false)]);
}

#[test]
fn a_token_that_the_caller_names_needs_no_session_and_goes_with_the_callers_hint_rev1() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "clientSecret": "hunter2" }));
    assert!(host.run(client.revoke_token(Some("mine"), Some("refresh_token"))).unwrap());
    assert!(host.run(client.revoke_token(Some("mine"), None)).unwrap());
    let expected = [Some("refresh_token".to_owned()), None].map(|hint| ("mine".to_owned(), hint, false));
    assert_eq!(orders(&host), expected);
    assert!(host.provider.credentials.borrow()[0].starts_with("Basic "));
    assert_eq!(code_of(host.run(client.revoke_token(None, None))), Code::NoAmbientSession);
}

#[test]
fn nobody_signed_in_and_nothing_named_is_an_error() {
    let host = SimulatedHost::page();
    let client = host.created();
    assert_eq!(code_of(host.run(client.revoke_token(None, None))), Code::SignedOut);
    assert_eq!(host.provider.count(REVOKE), 0);
}

#[test]
fn a_revocation_asked_for_tells_its_failure_rev3_rev4() {
    let (host, client) = signed_in();
    for (failure, code) in [
        (Ok(refusal("unsupported_token_type")), Code::UnsupportedTokenType),
        (Ok(answer(503, &json!({}))), Code::TemporarilyUnavailable),
        (Err(HttpFailure::Network("offline".to_owned())), Code::NetworkFailure),
    ] {
        host.provider.plan(REVOKE, failure);
        assert_eq!(code_of(host.run(client.revoke_token(None, None))), code);
        assert!(client.session().is_some());
    }
}

#[test]
fn introspection_is_for_clients_that_authenticate_int1_int4() {
    let host = SimulatedHost::process();
    let public = host.client();
    assert_eq!(code_of(host.run(public.introspect("t", None))), Code::MissingOption);
    assert_eq!(host.provider.requests(), 0);
    let client = host.client_with(json!({ "clientSecret": "hunter2" }));
    let told = host.run(client.introspect("nobody's", Some("refresh_token"))).unwrap();
    assert_eq!(told.to_string(), r#"{"active":false}"#);
    assert_eq!(orders(&host), [("nobody's".to_owned(), Some("refresh_token".to_owned()), false)]);
    assert!(host.provider.credentials.borrow()[0].starts_with("Basic "));
    host.provider.plan(INTROSPECT, Ok(refusal("invalid_client")));
    assert_eq!(code_of(host.run(client.introspect("t", None))), Code::InvalidClient);
}

#[test]
fn a_provider_without_introspection_is_named() {
    let host = SimulatedHost::process();
    host.provider.plan(DISCOVERY, Ok(answer(200, &without("introspection_endpoint"))));
    let client = host.client_with(json!({ "clientSecret": "hunter2" }));
    assert_eq!(code_of(host.run(client.introspect("t", None))), Code::EndpointMissing);
}
