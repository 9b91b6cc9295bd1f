//! Callbacks: each row of the table in `index.d.ts`, with the requests it costs.

use crate::simulated::{DISCOVERY, SimulatedHost, TOKEN, code_of};
use serde_json::json;
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind, HttpFailure, Page};

const TAG: &str = "wasm-oidc:transaction:";

/// The parameter of a URL.
fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned()).unwrap()
}

fn token_requests(host: &SimulatedHost) -> usize {
    host.provider.count(TOKEN)
}

#[test]
fn row_1_a_process_for_one_person_without_a_url_has_no_response() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "session": "single-user" }));
    assert!(host.run(client.handle_redirect_callback(None)).unwrap().is_none());
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn row_2_a_response_elsewhere_than_at_the_redirect_uri_is_left_alone() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "redirectUri": "https://app.example/callback?flow=1" }));
    let url = host.begin(&client);
    for elsewhere in [
        url.replace("/callback", "/"),
        url.replace("https://app.", "https://other."),
        url.replace("flow=1", "flow=2"),
        url.replace("https://", "http://"),
    ] {
        let before = host.provider.requests();
        assert!(host.come_back(&client, &elsewhere).unwrap().is_none(), "{elsewhere}");
        assert_eq!((host.provider.requests(), host.location()), (before, Some(elsewhere)));
    }
    assert!(host.come_back(&client, &url).unwrap().is_some());
}

#[test]
fn row_3_a_redirect_uri_without_a_response_is_nothing() {
    let host = SimulatedHost::page();
    let client = host.created();
    for url in
        ["https://app.example/callback", "https://app.example/callback?state=x", "https://app.example/callback#code=x"]
    {
        assert!(host.come_back(&client, url).unwrap().is_none(), "{url}");
        assert_eq!(host.location().as_deref(), Some(url));
    }
    assert_eq!(host.reasons(EventKind::Warning), []);
    assert_eq!(host.provider.count(TOKEN), 0);
}

#[test]
fn row_4_a_response_of_somebody_else_is_left_alone_with_a_warning_b2_w2() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.begin(&client);
    let before = (host.provider.requests(), host.places.all(Area::Transactions));
    for query in
        ["code=x", "code=x&state=theirs", "error=access_denied&state=theirs", "code=x&iss=https://other.example"]
    {
        let url = format!("https://app.example/callback?{query}");
        assert!(host.come_back(&client, &url).unwrap().is_none(), "{query}");
        assert_eq!(host.location(), Some(url));
    }
    assert_eq!(host.reasons(EventKind::Warning), [Some("callback_ignored"); 4]);
    assert_eq!((host.provider.requests(), host.places.all(Area::Transactions)), before);
}

#[test]
fn row_5_a_response_that_is_ours_and_not_whole_is_refused_and_leaves_the_address_bar_b2_b10_x12() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    let state = parameter(&url, "state");
    let before = (host.provider.requests(), host.places.all(Area::Transactions));
    for (query, expected) in [
        ("code=x&iss=https%3A%2F%2Fidp.example".to_owned(), Code::StateMissing),
        ("code=x&state=theirs&iss=https%3A%2F%2Fidp.example".to_owned(), Code::StateMismatch),
        (format!("code=x&code=y&state={state}"), Code::DuplicateParameter),
        (format!("code=x&error=access_denied&state={state}"), Code::AmbiguousResponse),
        (format!("code=x&access_token=y&state={state}"), Code::UnexpectedParameter),
        (format!("id_token=y&state={state}#access_token=y&state={state}"), Code::UnexpectedParameter),
    ] {
        let url = format!("https://app.example/callback?kept=1&{query}");
        assert_eq!(code_of(host.come_back(&client, &url)), expected, "{query}");
        assert_eq!(host.location().as_deref(), Some("https://app.example/callback?kept=1"), "{query}");
    }
    assert_eq!((host.provider.requests(), host.places.all(Area::Transactions)), before);
    assert!(host.come_back(&client, &url).unwrap().is_some());
}

#[test]
fn row_6_a_state_of_ours_that_no_sign_in_here_made_is_refused_without_a_request_b2_x10() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    let state = parameter(&url, "state");
    let unknown = url.replace(&state, &format!("{state}0"));
    assert_eq!(code_of(host.come_back(&client, &unknown)), Code::TransactionNotFound);
    host.places.put(Area::Transactions, &format!("{TAG}{state}"), "{broken");
    assert_eq!(code_of(host.come_back(&client, &url)), Code::TransactionNotFound);
    assert_eq!(token_requests(&host), 0);
}

#[test]
fn row_6_a_sign_in_of_more_than_ten_minutes_is_over_and_gives_back_its_app_state() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.pass_seconds(601);
    let error = host.come_back(&client, &url).unwrap_err();
    assert_eq!((error.code(), error.failure().app_state.as_deref()), (Code::TransactionExpired, Some("\"where\"")));
    assert_eq!(token_requests(&host), 0);
    // It was used up: a clock that is set back cannot bring it back.
    host.set_clock(-3600);
    assert_eq!(code_of(host.come_back(&client, &url)), Code::CallbackAlreadyHandled);
    assert_eq!(token_requests(&host), 0);
}

#[test]
fn row_7_a_sign_in_within_ten_minutes_is_one_request_for_tokens_and_one_for_keys_b7() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.pass_seconds(598);
    let signed_in = host.come_back(&client, &format!("{url}&kept=1#top")).unwrap().unwrap();
    assert_eq!((signed_in.agent.id.as_str(), signed_in.app_state.as_deref()), ("usr_1", Some("\"where\"")));
    assert_eq!(host.location().as_deref(), Some("https://app.example/callback?kept=1#top"));
    assert_eq!((token_requests(&host), host.provider.count(DISCOVERY), host.provider.requests()), (1, 1, 3));
    assert_eq!(*host.journal.borrow(), ["stored", "signedin"]);
    assert_eq!(host.events.borrow()[0].app_state.as_deref(), Some("\"where\""));
}

#[test]
fn row_7_a_clock_that_was_set_back_in_between_does_not_end_a_sign_in_x30() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.set_clock(-86_400);
    assert!(host.come_back(&client, &url).unwrap().is_some());
}

#[test]
fn row_7_a_response_of_another_issuer_is_refused_without_a_request_and_uses_up_the_state_i1_i2() {
    let host = SimulatedHost::page();
    let client = host.created();
    for (changed, expected) in [("&iss=https%3A%2F%2Fevil.example", Code::IssMismatch), ("", Code::IssMissing)] {
        let url = host.begin(&client);
        let forged = url.replace("&iss=https%3A%2F%2Fidp.example", changed);
        assert_ne!(forged, url);
        assert_eq!(code_of(host.come_back(&client, &forged)), expected);
        assert_eq!(code_of(host.come_back(&client, &url)), Code::CallbackAlreadyHandled);
    }
    assert_eq!(token_requests(&host), 0);
}

#[test]
fn row_7_a_page_that_dies_after_the_token_request_never_sends_the_code_again_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.go(&url);
    let call = host.start(async move { client.handle_redirect_callback(None).await });
    host.executor.pass(10);
    assert_eq!((token_requests(&host), call.is_done()), (1, false));
    let host = host.reloaded();
    let client = host.created();
    assert_eq!(code_of(host.come_back(&client, &url)), Code::CallbackAlreadyHandled);
    assert_eq!(token_requests(&host), 1);
    assert!(client.session().is_none());
}

#[test]
fn row_7_a_token_request_that_fails_is_not_sent_again_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.provider.plan(TOKEN, Err(HttpFailure::Timeout));
    assert_eq!(code_of(host.come_back(&client, &url)), Code::Timeout);
    assert_eq!(code_of(host.come_back(&client, &url)), Code::CallbackAlreadyHandled);
    assert_eq!(token_requests(&host), 1);
}

#[test]
fn row_8_calls_at_the_same_time_and_again_later_get_the_same_agent_for_one_request_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    let started: Vec<_> = (0..3)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            host.start(async move { client.handle_redirect_callback(Some(url)).await })
        })
        .collect();
    host.pass_seconds(1);
    let agents: Vec<_> = started.iter().map(|call| call.take().unwrap().unwrap().agent).collect();
    let again = host.come_back(&client, &url).unwrap().unwrap();
    assert!(agents.iter().all(|agent| std::rc::Rc::ptr_eq(agent, &again.agent)));
    assert_eq!((token_requests(&host), host.reasons(EventKind::SignedIn)), (1, vec![None]));
}

#[test]
fn row_8_after_a_reload_the_session_that_came_of_it_answers_without_a_request_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.come_back(&client, &url).unwrap();
    let host = host.reloaded();
    let before = host.provider.requests();
    let signed_in = host.come_back(&host.created(), &url).unwrap().unwrap();
    assert_eq!((signed_in.agent.id.as_str(), signed_in.app_state.as_deref()), ("usr_1", Some("\"where\"")));
    assert_eq!(host.provider.requests(), before);
}

#[test]
fn row_8_no_session_is_resurrected_after_a_sign_out_or_by_an_older_response_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let first = host.begin(&client);
    host.come_back(&client, &first).unwrap();
    let second = host.begin(&client);
    host.come_back(&client, &second).unwrap();
    let error = host.come_back(&client, &first).unwrap_err();
    assert_eq!(error.code(), Code::CallbackAlreadyHandled);
    assert_eq!(error.failure().app_state.as_deref(), Some("\"where\""));
    host.run(client.sign_out(&crate::simulated::here_only())).unwrap();
    assert_eq!(code_of(host.come_back(&client, &second)), Code::CallbackAlreadyHandled);
    assert_eq!((token_requests(&host), client.session().is_none()), (2, true));
}

#[test]
fn row_9_another_code_for_a_used_state_is_refused_while_it_is_handled_and_afterwards_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    let other = url.replace(&parameter(&url, "code"), "other");
    let (first, same) = (client.clone(), url.clone());
    let call = host.start(async move { first.handle_redirect_callback(Some(same)).await });
    host.executor.pass(10);
    assert_eq!(code_of(host.come_back(&client, &other)), Code::StateMismatch);
    host.pass_seconds(1);
    assert!(call.take().is_ok());
    assert_eq!(code_of(host.come_back(&client, &other)), Code::StateMismatch);
    assert_eq!(token_requests(&host), 1);
}

#[test]
fn row_10_a_refusal_of_the_provider_uses_up_the_state_and_gives_back_the_app_state() {
    for (name, expected) in [
        ("access_denied", Code::AccessDenied),
        ("login_required", Code::LoginRequired),
        ("interaction_required", Code::InteractionRequired),
        ("consent_required", Code::ConsentRequired),
        ("account_selection_required", Code::AccountSelectionRequired),
        ("server_error", Code::ServerError),
        ("temporarily_unavailable", Code::TemporarilyUnavailable),
    ] {
        let host = SimulatedHost::page();
        let client = host.created();
        let url = host.begin(&client);
        let refused = url.replace(&format!("code={}", parameter(&url, "code")), &format!("error={name}"));
        let error = host.come_back(&client, &refused).unwrap_err();
        assert_eq!((error.code(), error.failure().app_state.as_deref()), (expected, Some("\"where\"")));
        assert_eq!(host.location().as_deref(), Some("https://app.example/callback"));
        assert_eq!(code_of(host.come_back(&client, &refused)), Code::CallbackAlreadyHandled);
        assert_eq!(code_of(host.come_back(&client, &url)), Code::StateMismatch);
        assert_eq!(token_requests(&host), 0);
    }
}
