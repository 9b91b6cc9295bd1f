//! The life of a session: renewed once for everybody, ended for its reasons only, and gone when it is gone.

use std::rc::Rc;

use crate::simulated::{SimulatedHost, TOKEN, TOKEN_LIFETIME, answer, code_of, here_only, html, refreshes, refusal};
use serde_json::json;
use wasm_oidc::client::{ApiSession, Client, Verdict};
use wasm_oidc::error::{Class, Code};
use wasm_oidc::ports::{EventKind, HttpFailure};

/// Somebody signed in, whose access token is past its end.
fn expired() -> (SimulatedHost, Client<SimulatedHost>) {
    let (host, client) = signed_in();
    host.pass_seconds(TOKEN_LIFETIME + 1);
    (host, client)
}

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.journal.borrow_mut().clear();
    (host, client)
}

#[test]
fn callers_at_the_same_time_cost_one_request_and_get_the_same_token() {
    let (host, client) = expired();
    let tokens: Vec<_> = (0..10)
        .map(|at| {
            let client = client.clone();
            host.start(async move { client.access_token(0, at % 2 == 0).await })
        })
        .collect();
    let agents: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            host.start(async move { client.get_agent().await })
        })
        .collect();
    host.pass_seconds(1);
    let current = client.session().unwrap();
    assert!(tokens.iter().all(|call| call.take().unwrap() == current.tokens.access_token));
    assert!(agents.iter().all(|call| Rc::ptr_eq(&call.take().unwrap().unwrap(), &current.agent)));
    assert_eq!(refreshes(&host), 1);
}

#[test]
fn a_token_that_is_fresh_costs_no_request() {
    let (host, client) = signed_in();
    host.pass_seconds(TOKEN_LIFETIME - 65);
    let before = client.session().unwrap();
    assert_eq!(host.run(client.access_token(0, false)).unwrap(), before.tokens.access_token);
    assert_eq!(refreshes(&host), 0);
    host.pass_seconds(10);
    assert_ne!(host.run(client.access_token(0, false)).unwrap(), before.tokens.access_token);
    assert_eq!(refreshes(&host), 1);
}

#[test]
fn more_life_than_tokens_ever_have_costs_one_request_and_gets_what_there_is() {
    let (host, client) = signed_in();
    let token = host.run(client.access_token(864_000, false)).unwrap();
    assert_eq!((token, refreshes(&host)), (client.session().unwrap().tokens.access_token.clone(), 1));
}

#[test]
fn a_caller_that_goes_away_takes_no_refresh_with_it() {
    let (host, client) = expired();
    let before = client.session().unwrap();
    {
        let mut call = Box::pin(client.refresh());
        let waker = std::task::Waker::noop();
        assert!(call.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    host.pass_seconds(1);
    assert_ne!(client.session().unwrap().tokens.refresh_token, before.tokens.refresh_token);
    assert_eq!(refreshes(&host), 1);
}

#[test]
fn what_was_renewed_is_stored_before_it_is_told_and_outlives_a_reload() {
    let (host, client) = expired();
    host.run(client.refresh()).unwrap();
    // Once as it came, once verified.
    assert_eq!(*host.journal.borrow(), ["stored", "stored", "refreshed"]);
    let renewed = client.session().unwrap();
    let host = host.reloaded();
    let client = host.created();
    assert_eq!(client.session().unwrap().tokens.to_json(), renewed.tokens.to_json());
    host.run(client.refresh()).unwrap();
    assert_eq!(refreshes(&host), 2);
}

#[test]
fn an_answer_that_comes_after_a_sign_out_is_dropped() {
    let (host, client) = expired();
    let caller = client.clone();
    let call = host.start(async move { caller.refresh().await });
    host.executor.pass(10);
    assert_eq!(refreshes(&host), 1);
    host.run(client.sign_out(&here_only())).unwrap();
    host.pass_seconds(1);
    assert_eq!(code_of(call.take()), Code::SignedOut);
    assert!(client.session().is_none());
    assert_eq!(host.places.all_tokens(), []);
    assert_eq!(*host.journal.borrow(), ["erased", "signedout"]);
}

#[test]
fn a_sign_out_is_not_undone_by_tokens_on_their_way_through_a_slow_store() {
    // Until the answer, it takes 50 ms; erasing begins before it or while the new tokens are being stored.
    for (begins, storing, erasing) in [(10, 100, 100), (110, 100, 100), (110, 300, 0)] {
        let (host, client) = expired();
        host.places.token_latency.set(storing);
        let caller = client.clone();
        let call = host.start(async move { caller.refresh().await });
        host.executor.pass(begins);
        host.places.token_latency.set(erasing);
        host.run(client.sign_out(&here_only())).unwrap();
        host.pass_seconds(1);
        assert_eq!(code_of(call.take()), Code::SignedOut, "{begins} {erasing}");
        assert!(client.session().is_none());
        assert_eq!(host.places.all_tokens(), []);
        assert_eq!((host.reasons(EventKind::Refreshed), refreshes(&host)), (vec![], 1));
    }
}

#[test]
fn a_refresh_token_that_is_refused_ends_the_session_with_its_reason_b11() {
    let (host, client) = expired();
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    assert!(host.run(client.get_agent()).unwrap().is_none());
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("invalid_grant")]);
    assert_eq!(host.places.all_tokens(), []);
    assert_eq!(code_of(host.run(client.access_token(0, false))), Code::SignedOut);
}

#[test]
fn a_refused_refresh_token_is_a_session_that_expired_for_who_asks_for_a_token_b11() {
    let (host, client) = expired();
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    let error = host.run(client.access_token(0, false)).unwrap_err();
    let cause = error.failure().cause.as_ref().unwrap();
    assert_eq!((error.class(), cause.class()), (Class::SessionExpired, Class::Refresh));
    assert_eq!((error.code(), cause.code()), (Code::SessionExpired, Code::InvalidGrant));
}

#[test]
fn failures_that_prove_nothing_do_not_end_a_session() {
    let wrong_status = |status| Ok(answer(status, &json!({ "error": "server_error" })));
    for failure in [
        Ok(html(200)),
        Ok(html(403)),
        Ok(html(500)),
        wrong_status(500),
        wrong_status(503),
        Ok(answer(429, &json!({}))),
        Ok(refusal("invalid_client")),
        Ok(refusal("invalid_request")),
        Ok(answer(200, &json!({}))),
        Err(HttpFailure::Timeout),
        Err(HttpFailure::Network("offline".to_owned())),
        Err(HttpFailure::Redirect),
        Err(HttpFailure::TooLarge),
    ] {
        let (host, client) = expired();
        let stored = host.places.all_tokens();
        host.provider.plan(TOKEN, failure.clone());
        assert!(host.run(client.get_agent()).is_err(), "{failure:?}");
        assert!(client.session().is_some(), "{failure:?}");
        assert_eq!(host.places.all_tokens(), stored);
        assert_eq!(*host.journal.borrow(), ["refreshfailed", "expired"], "{failure:?}");
        host.pass_seconds(2);
        assert!(host.run(client.get_agent()).unwrap().is_some(), "{failure:?}");
    }
}

#[test]
fn an_answer_that_never_comes_is_given_up_after_the_limit() {
    let (host, client) = expired();
    host.provider.take_time(TOKEN, 600_000);
    let before = host.executor.milliseconds();
    assert_eq!(code_of(host.run(client.refresh())), Code::Timeout);
    assert_eq!(host.executor.milliseconds() - before, 30_000);
    assert!(client.session().is_some());
}

#[test]
fn a_passing_failure_before_the_end_gives_the_agent_that_there_is() {
    let (host, client) = signed_in();
    host.pass_seconds(TOKEN_LIFETIME - 30);
    let before = client.session().unwrap();
    host.provider.is_away.set(true);
    assert!(Rc::ptr_eq(&host.run(client.get_agent()).unwrap().unwrap(), &before.agent));
    assert_eq!(host.run(client.access_token(0, false)).unwrap(), before.tokens.access_token);
    // The second call came too early for another attempt.
    assert_eq!(*host.journal.borrow(), ["refreshfailed"]);
}

#[test]
fn the_end_of_an_access_token_is_told_once() {
    let (host, client) = expired();
    host.provider.is_away.set(true);
    for _ in 0..3 {
        assert_eq!(code_of(host.run(client.get_agent())), Code::NetworkFailure);
        host.pass_seconds(5);
    }
    assert_eq!((host.reasons(EventKind::Expired).len(), host.reasons(EventKind::RefreshFailed).len()), (1, 3));
}

#[test]
fn tokens_of_another_subject_end_the_session_and_are_not_kept_c16_x31() {
    let (host, client) = expired();
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    assert_eq!(code_of(host.run(client.refresh())), Code::SubjectMismatch);
    assert!(client.session().is_none());
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("subject_changed")]);
    assert_eq!(host.places.all_tokens(), []);
}

#[test]
fn tokens_that_nobody_signed_end_the_session_c6_j3() {
    let (host, client) = expired();
    host.provider.forges.set(true);
    assert_eq!(code_of(host.run(client.refresh())), Code::SignatureInvalid);
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("verification_failed")]);
}

#[test]
fn a_session_without_a_refresh_token_ends_when_its_access_token_does() {
    let host = SimulatedHost::page();
    host.provider.gives_no_refresh_token.set(true);
    let client = host.created();
    host.sign_in(&client);
    assert_eq!(code_of(host.run(client.refresh())), Code::NoRefreshToken);
    assert!(host.run(client.get_agent()).unwrap().is_some());
    host.pass_seconds(TOKEN_LIFETIME + 1);
    assert!(host.run(client.get_agent()).unwrap().is_none());
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("refresh_expired")]);
    assert_eq!(refreshes(&host), 0);
}

#[test]
fn an_api_that_refuses_every_token_does_not_make_every_call_a_refresh() {
    let (host, client) = signed_in();
    let session = ApiSession::default();
    for _ in 0..60 {
        let sent = client.session().unwrap().tokens.access_token.clone();
        if let Verdict::Again(_) = host.run(client.judge(401, None, sent.expose(), true, &session)) {
            client.refused_again();
        }
        host.pass_seconds(1);
    }
    assert_eq!(refreshes(&host), 6);
}

#[test]
fn a_caller_is_told_after_its_time_and_the_answer_that_comes_later_is_kept() {
    let (host, client) = expired();
    let before = client.session().unwrap().tokens.access_token.clone();
    host.provider.take_time(TOKEN, 45_000);
    assert_eq!(code_of(host.run(client.refresh())), Code::Timeout);
    assert_eq!(client.session().unwrap().tokens.access_token, before);
    host.pass_seconds(20);
    let renewed = client.session().unwrap().tokens.access_token.clone();
    assert_ne!(renewed, before);
    assert_eq!(refreshes(&host), 1);
    let host = host.reloaded();
    assert_eq!(host.created().session().unwrap().tokens.access_token, renewed);
}

#[test]
fn a_clock_that_is_hours_off_is_named_makes_no_flood_and_costs_no_session_x30() {
    for hours in [2, -2] {
        let (host, client) = expired();
        host.provider.is_ahead.set(hours * 3600);
        let error = host.run(client.refresh()).unwrap_err();
        assert!(error.failure().message.contains("clock"), "{error}");
        assert!(error.failure().message.contains(if hours > 0 { "7200 s" } else { "6900 s" }), "{error}");
        for _ in 0..60 {
            assert!(host.run(client.get_agent()).is_err());
            host.pass_seconds(60);
        }
        assert!(refreshes(&host) <= 20, "{}", refreshes(&host));
        assert_eq!(host.reasons(EventKind::SignedOut), []);
        host.provider.is_ahead.set(0);
        host.pass_seconds(301);
        assert_eq!(host.run(client.get_agent()).unwrap().unwrap().id, "usr_1");
    }
}
