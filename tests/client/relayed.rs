//! Signing in beside the page: a popup or a frame relays the response, and only the page that waits redeems it.

use crate::simulated::{SimulatedHost, TOKEN, code_of};
use serde_json::json;
use wasm_oidc::client::{Client, Interaction, Relayed, SignInOptions, SignedIn};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::{Area, EventKind, HttpFailure, Page};

type TestClient = Client<SimulatedHost>;

fn options(client: &TestClient) -> SignInOptions {
    SignInOptions { app_state: Some("\"where\"".to_owned()), ..SignInOptions::new(client.options()) }
}

fn begin_as(host: &SimulatedHost, client: &TestClient, interaction: Interaction) -> Relayed {
    host.run(client.begin_relayed(options(client), interaction)).unwrap()
}

fn begin(host: &SimulatedHost, client: &TestClient) -> Relayed {
    begin_as(host, client, Interaction::Popup)
}

fn finish(host: &SimulatedHost, client: &TestClient, state: &str, url: &str) -> Result<Option<SignedIn>> {
    host.run(client.finish_relayed(state, url))
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

fn everything_stored(host: &SimulatedHost) -> Vec<(String, String)> {
    let areas = [Area::Transactions, Area::Documents, Area::Marks];
    areas.into_iter().flat_map(|area| host.places.all(area)).chain(host.places.all_tokens()).collect()
}

fn token_requests(host: &SimulatedHost) -> usize {
    host.provider.count(TOKEN)
}

#[test]
fn a_response_that_was_relayed_ends_the_sign_in_as_a_redirect_does_and_leaves_nothing_in_the_store() {
    let host = SimulatedHost::page();
    let client = host.created();
    let relayed = begin(&host, &client);
    assert_eq!(relayed.seconds, 300);
    assert_eq!(host.places.all(Area::Transactions), []);
    let url = host.provider.authorize(&relayed.url);
    let signed_in = finish(&host, &client, &relayed.state, &url).unwrap().unwrap();
    assert_eq!((signed_in.agent.id.as_str(), signed_in.app_state.as_deref()), ("usr_1", Some("\"where\"")));
    assert_eq!(*host.journal.borrow(), ["stored", "signedin"]);
    assert_eq!(host.events.borrow()[0].app_state.as_deref(), Some("\"where\""));
    assert_eq!((host.places.all(Area::Transactions), host.navigations.borrow().len()), (vec![], 0));
    assert_eq!(host.location().as_deref(), Some("https://app.example/"));
}

#[test]
fn a_made_up_message_ends_nothing_x28() {
    let host = SimulatedHost::page();
    let client = host.created();
    let (relayed, other) = (begin(&host, &client), begin(&host, &client));
    let url = host.provider.authorize(&relayed.url);
    let before = host.provider.requests();
    for made_up in [
        String::new(),
        "https://app.example/callback".to_owned(),
        "https://app.example/callback?code=x".to_owned(),
        "https://app.example/callback?code=x&state=x&iss=https%3A%2F%2Fidp.example".to_owned(),
        format!("https://app.example/callback?code=x&state={}", other.state),
        format!("https://app.example/callback?code=x&state={}0", relayed.state),
        format!("https://app.example/callback#code=x&state={}", relayed.state),
        url.replace("/callback", "/elsewhere"),
        url.replace("https://app.", "https://evil."),
    ] {
        assert!(!client.answers_relayed(&relayed.state, &made_up), "{made_up}");
        assert!(finish(&host, &client, &relayed.state, &made_up).unwrap().is_none(), "{made_up}");
    }
    assert_eq!(host.provider.requests(), before);
    assert!(client.answers_relayed(&relayed.state, &url));
    assert!(finish(&host, &client, &relayed.state, &url).unwrap().is_some());
}

#[test]
fn a_response_that_is_not_whole_or_of_another_issuer_is_refused_without_a_request_x12_i1_i2() {
    let host = SimulatedHost::page();
    let client = host.created();
    for (change, expected) in [
        ("&code=other", Code::DuplicateParameter),
        ("&error=access_denied", Code::AmbiguousResponse),
        ("&access_token=x", Code::UnexpectedParameter),
        ("&iss=https%3A%2F%2Fevil.example", Code::IssMismatch),
        ("", Code::IssMissing),
    ] {
        let relayed = begin(&host, &client);
        let url = host.provider.authorize(&relayed.url);
        let bare = url.replace("&iss=https%3A%2F%2Fidp.example", "");
        assert_ne!(bare, url);
        let changed = format!("{bare}{change}");
        assert_eq!(code_of(finish(&host, &client, &relayed.state, &changed)), expected, "{change}");
    }
    assert_eq!((token_requests(&host), client.session().is_none()), (0, true));
}

#[test]
fn a_refusal_of_the_provider_becomes_its_class_and_gives_back_the_app_state() {
    for (name, expected) in [
        ("access_denied", Code::AccessDenied),
        ("login_required", Code::LoginRequired),
        ("interaction_required", Code::InteractionRequired),
        ("consent_required", Code::ConsentRequired),
        ("account_selection_required", Code::AccountSelectionRequired),
        ("temporarily_unavailable", Code::TemporarilyUnavailable),
    ] {
        let host = SimulatedHost::page();
        let client = host.created();
        let relayed = begin_as(&host, &client, Interaction::Silent);
        let url = host.provider.authorize(&relayed.url);
        let refused = url.replace(&format!("code={}", parameter(&url, "code").unwrap()), &format!("error={name}"));
        let error = finish(&host, &client, &relayed.state, &refused).unwrap_err();
        assert_eq!((error.code(), error.failure().app_state.as_deref()), (expected, Some("\"where\"")));
        assert_eq!(code_of(finish(&host, &client, &relayed.state, &url)), Code::StateMismatch);
        assert_eq!(token_requests(&host), 0);
    }
}

#[test]
fn the_same_message_twice_is_one_token_request_and_one_agent_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let relayed = begin(&host, &client);
    let url = host.provider.authorize(&relayed.url);
    let started: Vec<_> = (0..2)
        .map(|_| {
            let (client, state, url) = (client.clone(), relayed.state.clone(), url.clone());
            host.start(async move { client.finish_relayed(&state, &url).await })
        })
        .collect();
    host.pass_seconds(1);
    let agents: Vec<_> = started.iter().map(|call| call.take().unwrap().unwrap().agent).collect();
    let again = finish(&host, &client, &relayed.state, &url).unwrap().unwrap().agent;
    assert!(agents.iter().all(|agent| std::rc::Rc::ptr_eq(agent, &again)));
    assert_eq!((token_requests(&host), host.reasons(EventKind::SignedIn)), (1, vec![None]));
    let other = url.replace(&parameter(&url, "code").unwrap(), "other");
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &other)), Code::StateMismatch);
}

#[test]
fn a_code_is_sent_once_also_when_its_request_fails_b6() {
    let host = SimulatedHost::page();
    let client = host.created();
    let relayed = begin(&host, &client);
    let url = host.provider.authorize(&relayed.url);
    host.provider.plan(TOKEN, Err(HttpFailure::Timeout));
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &url)), Code::Timeout);
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &url)), Code::CallbackAlreadyHandled);
    assert_eq!(token_requests(&host), 1);
}

#[test]
fn a_sign_in_that_nobody_waits_for_any_more_is_forgotten() {
    let host = SimulatedHost::page();
    let client = host.created();
    let (relayed, other) = (begin(&host, &client), begin(&host, &client));
    let url = host.provider.authorize(&relayed.url);
    client.forget_relayed(&relayed.state);
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &url)), Code::TransactionNotFound);
    let url = host.provider.authorize(&other.url);
    client.dispose();
    assert_eq!(code_of(finish(&host, &client, &other.state, &url)), Code::Disposed);
    assert_eq!(token_requests(&host), 0);
}

#[test]
fn a_sign_out_meanwhile_cancels_it() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let relayed = begin(&host, &client);
    let url = host.provider.authorize(&relayed.url);
    host.pass_seconds(2);
    host.run(client.sign_out(&crate::simulated::here_only())).unwrap();
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &url)), Code::SignedOut);
    assert_eq!((client.session().is_none(), host.places.all_tokens()), (true, vec![]));
}

#[test]
fn sign_ins_that_are_abandoned_do_not_pile_up_and_take_no_place_from_a_redirect() {
    let host = SimulatedHost::page();
    let client = host.created();
    let redirect = host.begin(&client);
    let begun: Vec<_> = (0..17).map(|_| begin(&host, &client)).collect();
    let answers: Vec<_> = begun.iter().map(|relayed| host.provider.authorize(&relayed.url)).collect();
    assert_eq!(code_of(finish(&host, &client, &begun[0].state, &answers[0])), Code::TransactionNotFound);
    assert!(finish(&host, &client, &begun[1].state, &answers[1]).unwrap().is_some());
    assert!(host.come_back(&client, &redirect).unwrap().is_some());
}

#[test]
fn the_page_that_comes_back_relays_the_response_and_touches_nothing() {
    let host = SimulatedHost::page();
    let client = host.created();
    let relayed = begin(&host, &client);
    let url = host.provider.authorize(&relayed.url);
    // Even in the page that began, and which could.
    let before = (host.provider.requests(), everything_stored(&host));
    for response in [
        url.clone(),
        url.replace("code=", "error="),
        format!("{url}&error=access_denied&state=theirs"),
        format!("{url}&kept=1#top"),
    ] {
        host.go(&response);
        assert_eq!(client.response_to_relay(None), Some(response));
        let cleaned = host.location().unwrap();
        assert!(!cleaned.contains("state=") && !cleaned.contains("code="), "{cleaned}");
        assert_eq!(client.response_to_relay(None), None);
    }
    assert_eq!(host.location().as_deref(), Some("https://app.example/callback?kept=1#top"));
    assert!(host.come_back(&client, &url).unwrap().is_none());
    assert_eq!((host.provider.requests(), everything_stored(&host)), before);
    assert_eq!((client.session().is_none(), host.events.borrow().len()), (true, 0));
    assert!(finish(&host, &client, &relayed.state, &url).unwrap().is_some());
}

#[test]
fn only_what_is_marked_so_is_relayed() {
    let host = SimulatedHost::page();
    let client = host.created();
    let direct = host.begin(&client);
    let relayed = host.provider.authorize(&begin(&host, &client).url);
    let elsewhere = relayed.replace("/callback", "/");
    let foreign = relayed.replace("state=", "state=A");
    for other in [&direct, &elsewhere, &foreign, "https://app.example/callback"] {
        assert_eq!(client.response_to_relay(Some(other)), None, "{other}");
    }
    assert_eq!(client.response_to_relay(Some(&relayed)), Some(relayed));
    assert_eq!(host.location().as_deref(), Some("https://app.example/"));
}

#[test]
fn a_state_of_the_apps_own_makes_no_redirect_a_relayed_one_and_no_popup_a_redirect() {
    let host = SimulatedHost::page();
    let client = host.created();
    for chosen in ["~123456789012345678901234567890", ".123456789012345678901234567890"] {
        let own = SignInOptions { state: Some(chosen.to_owned()), ..options(&client) };
        host.run(client.sign_in_redirect(&own)).unwrap();
        let direct = host.provider.authorize(&host.navigations.borrow().last().cloned().unwrap());
        assert_eq!(client.response_to_relay(Some(&direct)), None, "{chosen}");
        assert!(host.come_back(&client, &direct).unwrap().is_some());
        let relayed = host.run(client.begin_relayed(own, Interaction::Popup)).unwrap();
        let response = host.provider.authorize(&relayed.url);
        assert!(relayed.state.ends_with(chosen) && client.response_to_relay(Some(&response)).is_some());
        assert!(finish(&host, &client, &relayed.state, &response).unwrap().is_some());
    }
}

#[test]
fn a_silent_sign_in_asks_without_the_user_for_the_user_of_the_session() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "callbackTimeoutSeconds": 20 }));
    let first = begin_as(&host, &client, Interaction::Silent);
    assert_eq!((first.seconds, parameter(&first.url, "prompt").as_deref()), (10, Some("none")));
    assert_eq!(parameter(&first.url, "id_token_hint"), None);
    host.sign_in(&client);
    let id_token = client.session().unwrap().tokens.id_token.clone().unwrap();
    let second = begin_as(&host, &client, Interaction::Silent);
    assert_eq!(parameter(&second.url, "id_token_hint").as_deref(), Some(id_token.expose()));
    let mut named = options(&client);
    named.request.id_token_hint = Some("the.app.knows".to_owned());
    let third = host.run(client.begin_relayed(named, Interaction::Silent)).unwrap();
    assert_eq!(parameter(&third.url, "id_token_hint").as_deref(), Some("the.app.knows"));
    let popup = begin(&host, &client);
    assert_eq!(
        (popup.seconds, parameter(&popup.url, "prompt"), parameter(&popup.url, "id_token_hint")),
        (20, None, None)
    );
}

#[test]
fn a_silent_sign_in_takes_no_prompt() {
    let host = SimulatedHost::page();
    let client = host.created();
    for prompt in ["none", "login"] {
        let mut prompted = options(&client);
        prompted.request.prompt = Some(prompt.to_owned());
        let begun = host.run(client.begin_relayed(prompted, Interaction::Silent));
        assert_eq!(code_of(begun), Code::InvalidOption, "{prompt}");
    }
}

#[test]
fn a_silent_sign_in_that_fails_leaves_the_session_and_one_that_succeeds_replaces_it() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let (session, stored) = (client.session().unwrap(), everything_stored(&host));
    let relayed = begin_as(&host, &client, Interaction::Silent);
    let url = host.provider.authorize(&relayed.url);
    let refused = url.replace("code=", "error=login_required&x=");
    assert_eq!(code_of(finish(&host, &client, &relayed.state, &refused)), Code::LoginRequired);
    assert_eq!(client.session().unwrap().id, session.id);
    assert_eq!(everything_stored(&host), stored);
    let relayed = begin_as(&host, &client, Interaction::Silent);
    let url = host.provider.authorize(&relayed.url);
    assert!(finish(&host, &client, &relayed.state, &url).unwrap().is_some());
    assert_ne!(client.session().unwrap().id, session.id);
    assert_eq!(host.reasons(EventKind::SignedOut), []);
}

#[test]
fn without_a_page_there_is_neither_window_nor_frame() {
    let host = SimulatedHost::process();
    for (options_of_client, expected) in
        [(json!({}), "session of the client's own"), (json!({ "session": "single-user" }), "needs a page")]
    {
        let client = host.client_with(options_of_client);
        for interaction in [Interaction::Popup, Interaction::Silent] {
            let error = host.run(client.begin_relayed(options(&client), interaction)).unwrap_err();
            assert_eq!(error.code(), Code::NoAmbientSession);
            assert!(error.failure().message.contains(expected), "{}", error.failure().message);
        }
        assert_eq!(client.response_to_relay(Some("https://app.example/callback")), None);
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn a_program_of_one_person_signs_in_in_the_browser_beside_it() {
    let host = SimulatedHost::process();
    let shared = host.client_with(json!({}));
    let error = host.run(shared.begin_relayed(options(&shared), Interaction::Loopback)).unwrap_err();
    assert_eq!(error.code(), Code::NoAmbientSession);
    assert!(error.failure().message.contains("startLogin"), "{}", error.failure().message);
    assert_eq!(host.provider.requests(), 0);

    let client = host.client_with(json!({ "session": "single-user", "callbackTimeoutSeconds": 7 }));
    let relayed = begin_as(&host, &client, Interaction::Loopback);
    assert_eq!(relayed.seconds, 7);
    assert_eq!(host.places.all(Area::Transactions), []);
    let url = host.provider.authorize(&relayed.url);
    let foreign = url.replace("state=", "state=x");
    assert!(!client.answers_relayed(&relayed.state, &foreign));
    assert!(client.answers_relayed(&relayed.state, &url));
    let signed_in = finish(&host, &client, &relayed.state, &url).unwrap().unwrap();
    assert_eq!(signed_in.app_state.as_deref(), Some("\"where\""));
    assert_eq!(client.agent().map(|agent| agent.id.clone()), Some(signed_in.agent.id.clone()));
    assert_eq!(token_requests(&host), 1);
}

#[test]
fn a_redirect_uri_on_another_origin_could_hand_over_nothing_and_is_refused_w5() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "redirectUri": "https://other.example/callback" }));
    let error = host.run(client.begin_relayed(options(&client), Interaction::Popup)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidOption);
    assert!(error.failure().message.contains("redirectUri"));
    assert_eq!(host.provider.requests(), 0);
}
