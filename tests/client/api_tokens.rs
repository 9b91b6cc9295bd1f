//! Access tokens of their own for several APIs on one session: asked for once, kept apart, and no danger to the session.

use crate::simulated::{ISSUER, SimulatedHost, TOKEN, TOKEN_LIFETIME, answer, code_of, here_only, refusal};
use serde_json::json;
use wasm_oidc::client::{ApiSession, Client, FetchPolicy, Target, Verdict};
use wasm_oidc::error::Code;
use wasm_oidc::ports::EventKind;
use wasm_oidc::protocol::json::parse_object;

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.journal.borrow_mut().clear();
    (host, client)
}

fn orders() -> Target {
    Target { resources: vec!["https://orders.example".to_owned()], scope: Some("orders:read".to_owned()) }
}

/// What the refresh requests sent: refresh token, resource, scope.
fn sent(host: &SimulatedHost) -> Vec<(String, Option<String>, Option<String>)> {
    let forms = host.provider.forms.borrow();
    let refreshes = forms.iter().filter(|form| form["grant_type"] == "refresh_token");
    refreshes
        .map(|form| (form["refresh_token"].clone(), form.get("resource").cloned(), form.get("scope").cloned()))
        .collect()
}

#[test]
fn callers_for_one_api_cost_one_request_and_the_session_keeps_its_own_access_token_w13_res3() {
    let (host, client) = signed_in();
    let before = client.session().unwrap();
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            host.start(async move { client.access_token_for(&orders(), 0, false).await })
        })
        .collect();
    host.pass_seconds(2);
    let tokens: Vec<_> = calls.iter().map(|call| call.take().unwrap()).collect();
    let after = client.session().unwrap();
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != before.tokens.access_token));
    assert_eq!(after.tokens.access_token, before.tokens.access_token);
    assert_ne!(after.tokens.refresh_token, before.tokens.refresh_token);
    let (_, resource, scope) = sent(&host).pop().unwrap();
    assert_eq!((resource.as_deref(), scope.as_deref()), (Some("https://orders.example"), Some("orders:read")));
    assert_eq!(host.run(client.access_token_for(&orders(), 0, false)).unwrap(), tokens[0]);
    assert_eq!(sent(&host).len(), 1);
    assert_eq!(*host.journal.borrow(), ["stored"]);
}

#[test]
fn what_rotated_is_stored_so_that_the_session_outlives_a_reload() {
    let (host, client) = signed_in();
    let token = host.run(client.access_token_for(&orders(), 0, false)).unwrap();
    assert!(host.places.all_tokens().iter().all(|(_, record)| !record.contains(token.expose())));
    let host = host.reloaded();
    let client = host.created();
    host.run(client.refresh()).unwrap();
    assert_ne!(host.run(client.access_token_for(&orders(), 0, false)).unwrap(), token);
    let spent: Vec<_> = sent(&host).into_iter().map(|(token, ..)| token).collect();
    assert_eq!(spent.len(), 3);
    assert!(spent[0] != spent[1] && spent[1] != spent[2], "no refresh token is sent twice");
}

#[test]
fn each_api_has_its_own_and_each_is_renewed_when_it_is_due() {
    let (host, client) = signed_in();
    let users = Target { resources: vec!["https://users.example".to_owned()], scope: None };
    let first = host.run(client.access_token_for(&orders(), 0, false)).unwrap();
    let other = host.run(client.access_token_for(&users, 0, false)).unwrap();
    assert_ne!(first, other);
    assert_eq!(host.run(client.access_token_for(&orders(), 0, false)).unwrap(), first);
    host.pass_seconds(TOKEN_LIFETIME - 30);
    assert_ne!(host.run(client.access_token_for(&orders(), 0, false)).unwrap(), first);
    assert_ne!(host.run(client.access_token_for(&users, 0, true)).unwrap(), other);
}

#[test]
fn a_renewal_of_the_session_at_the_same_time_takes_its_turn_and_both_get_new_tokens() {
    for api_first in [true, false] {
        let (host, client) = signed_in();
        host.pass_seconds(TOKEN_LIFETIME + 1);
        let before = client.session().unwrap();
        let (one, two) = (client.clone(), client.clone());
        let api = |host: &SimulatedHost| host.start(async move { one.access_token_for(&orders(), 0, false).await });
        let own = |host: &SimulatedHost| host.start(async move { two.access_token(0, false).await });
        let (api, own) = if api_first {
            let api = api(&host);
            (api, own(&host))
        } else {
            let own = own(&host);
            (api(&host), own)
        };
        host.pass_seconds(20);
        let (api, own) = (api.take().unwrap(), own.take().unwrap());
        assert_ne!(own, before.tokens.access_token, "{api_first}");
        assert_ne!(api, own);
        assert_eq!(own, client.session().unwrap().tokens.access_token);
        let spent: Vec<_> = sent(&host).into_iter().map(|(token, ..)| token).collect();
        assert_eq!(spent.len(), 2);
        assert_ne!(spent[0], spent[1]);
    }
}

#[test]
fn an_api_that_the_provider_does_not_know_is_an_error_and_no_end_of_the_session_res3_res4() {
    let (host, client) = signed_in();
    host.provider.plan(TOKEN, Ok(refusal("invalid_target")));
    assert_eq!(code_of(host.run(client.access_token_for(&orders(), 0, false))), Code::InvalidTarget);
    assert!(client.session().is_some());
    host.run(client.refresh()).unwrap();
}

#[test]
fn a_failed_renewal_costs_nothing_while_the_token_lives() {
    let (host, client) = signed_in();
    let token = host.run(client.access_token_for(&orders(), 0, false)).unwrap();
    host.pass_seconds(TOKEN_LIFETIME - 30);
    host.provider.plan(TOKEN, Ok(answer(503, &json!({}))));
    assert_eq!(host.run(client.access_token_for(&orders(), 0, false)).unwrap(), token);
    host.pass_seconds(40);
    host.provider.is_away.set(true);
    assert!(host.run(client.access_token_for(&orders(), 0, false)).is_err());
    assert!(client.session().is_some());
}

#[test]
fn a_sign_out_ends_the_tokens_of_all_apis_and_drops_an_answer_that_comes_later() {
    let (host, client) = signed_in();
    host.run(client.access_token_for(&orders(), 0, false)).unwrap();
    let caller = client.clone();
    let call = host.start(async move { caller.access_token_for(&orders(), 0, true).await });
    host.executor.pass(10);
    host.run(client.sign_out(&here_only())).unwrap();
    host.pass_seconds(2);
    assert_eq!(code_of(call.take()), Code::SignedOut);
    assert_eq!(code_of(host.run(client.access_token_for(&orders(), 0, false))), Code::SignedOut);
    assert_eq!(host.places.all_tokens(), []);
    host.sign_in(&client);
    let refreshes = sent(&host).len();
    host.run(client.access_token_for(&orders(), 0, false)).unwrap();
    assert_eq!(sent(&host).len(), refreshes + 1, "nothing of the old session is used");
}

#[test]
fn a_refused_refresh_token_ends_the_session_with_its_reason_b11() {
    let (host, client) = signed_in();
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    assert_eq!(code_of(host.run(client.access_token_for(&orders(), 0, false))), Code::InvalidGrant);
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("invalid_grant")]);
}

#[test]
fn tokens_of_another_subject_end_the_session_x31() {
    let (host, client) = signed_in();
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    assert_eq!(code_of(host.run(client.access_token_for(&orders(), 0, false))), Code::SubjectMismatch);
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("subject_changed")]);
}

#[test]
fn a_request_of_an_api_of_its_own_carries_its_token_and_a_401_renews_that_one() {
    let (host, client) = signed_in();
    let options = format!(r#"{{"resource":"{ISSUER}/api","apiOrigins":["https://api.example"]}}"#);
    let api = ApiSession::from_json(&parse_object(options.as_bytes()).unwrap()).unwrap();
    let url = "https://api.example/";
    let token = || host.run(client.authorize(url, FetchPolicy::Required, &api)).unwrap().access_token.unwrap();
    let first = token();
    let own = client.session().unwrap().tokens.access_token.clone();
    assert_ne!(first, own);
    let Verdict::Again(second) = host.run(client.judge(401, None, first.expose(), true, &api)) else {
        panic!("it is tried again");
    };
    assert!(second != first && second == token());
    let Verdict::Again(third) = host.run(client.judge(401, None, first.expose(), true, &api)) else {
        panic!("it is tried again");
    };
    assert_eq!(third, second, "a token that changed meanwhile costs no request");
    assert_eq!(client.session().unwrap().tokens.access_token, own);
}

#[test]
fn a_resource_that_is_no_absolute_uri_is_named_res1() {
    for resource in ["orders", "https://orders.example/#a"] {
        let object = parse_object(json!({ "resource": resource }).to_string().as_bytes()).unwrap();
        assert_eq!(code_of(ApiSession::from_json(&object)), Code::InvalidOption);
        assert_eq!(code_of(Target::from_json(&object)), Code::InvalidOption);
    }
}
