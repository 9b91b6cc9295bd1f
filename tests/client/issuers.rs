//! Several providers in one app, one of which lies (RFC 9207, RFC 9700 4.4): who asked whom is never mixed up.

use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, TOKEN, answer, code_of, metadata};
use serde_json::{Value, json};
use wasm_oidc::client::{ByHand, Client, SignInOptions};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{EventKind, Page};
use wasm_oidc::protocol::callback::ResponseMode;
use wasm_oidc::protocol::json::{Json, parse_object};

const EVIL: &str = "https://evil.example";

/// A client of the other provider. The simulated host panics where it is sent anything.
fn client_of_evil(host: &SimulatedHost, more: &Value) -> Client<SimulatedHost> {
    let mut options = json!({
        "issuer": null,
        "metadata": {
            "issuer": EVIL,
            "authorization_endpoint": format!("{EVIL}/authorize"),
            "token_endpoint": format!("{EVIL}/token"),
            "jwks_uri": format!("{EVIL}/keys"),
        },
    });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    host.client_with(options)
}

/// Where the last sign-in went.
fn sent_to(host: &SimulatedHost, client: &Client<SimulatedHost>) -> String {
    host.run(client.sign_in_redirect(&SignInOptions::new(client.options()))).unwrap();
    host.navigations.borrow().last().cloned().unwrap()
}

#[test]
fn a_code_of_one_provider_is_never_sent_to_the_other_that_began_the_sign_in_b8_w14_x9_o8_i3() {
    let host = SimulatedHost::page();
    let evil = client_of_evil(&host, &json!({}));
    // The evil provider sends the user on to the honest one, with its own state: the honest one answers with its name.
    let response = host.provider.authorize(&sent_to(&host, &evil));
    assert!(response.contains("iss=https%3A%2F%2Fidp.example"));
    assert_eq!(code_of(host.come_back(&evil, &response)), Code::IssMismatch);
    assert_eq!((host.provider.requests(), evil.session().is_none()), (0, true));
    assert_eq!(host.location().as_deref(), Some(crate::simulated::REDIRECT_URI));
}

#[test]
fn each_of_two_clients_at_one_redirect_uri_takes_its_own_response_only_b8_w14() {
    let host = SimulatedHost::page();
    let (honest, evil) = (host.created(), client_of_evil(&host, &json!({})));
    let response = host.begin(&honest);
    assert!(host.come_back(&evil, &response).unwrap().is_none());
    assert_eq!(host.location().as_deref(), Some(response.as_str()), "it is left for the other one");
    assert!(host.come_back(&honest, &response).unwrap().is_some());
    assert_eq!(host.provider.count(TOKEN), 1);
}

#[test]
fn where_no_provider_names_itself_a_redirect_uri_for_each_keeps_them_apart_b8_w14() {
    let host = SimulatedHost::page();
    let honest = host.created();
    let evil = client_of_evil(&host, &json!({ "redirectUri": "https://app.example/callback/evil" }));
    let with_state_of_evil = sent_to(&host, &evil).replace("%2Fcallback%2Fevil", "%2Fcallback");
    let response = host.provider.authorize(&with_state_of_evil).replace("&iss=https%3A%2F%2Fidp.example", "");
    let before = host.provider.requests();
    for client in [&evil, &honest] {
        assert!(host.come_back(client, &response).unwrap().is_none());
    }
    assert_eq!((host.provider.requests(), evil.session().is_none(), honest.session().is_none()), (before, true, true));
}

#[test]
fn a_response_of_another_issuer_costs_no_request_at_all_even_where_nothing_is_cached_b8_w2() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "discoveryTtlSeconds": 0 }));
    for changed in ["code=x", "error=access_denied"] {
        let response = host.begin(&client);
        let code = response.split(['?', '&']).find(|pair| pair.starts_with("code=")).unwrap();
        let forged = response.replace(code, changed).replace("idp.example", "evil.example");
        host.pass_seconds(1);
        let before = host.provider.requests();
        assert_eq!(code_of(host.come_back(&client, &forged)), Code::IssMismatch);
        assert_eq!(host.provider.requests(), before, "{changed}");
        assert_eq!(code_of(host.come_back(&client, &response)), Code::StateMismatch);
    }
    assert_eq!(host.provider.count(TOKEN), 0);
}

#[test]
fn an_error_of_another_issuer_is_not_told_in_the_words_of_the_provider_i4_i2() {
    let host = SimulatedHost::page();
    let client = host.created();
    for (iss, expected) in [("&iss=https%3A%2F%2Fevil.example", Code::IssMismatch), ("", Code::IssMissing)] {
        let response = host.begin(&client);
        let (start, _) = response.split_once("code=").unwrap();
        let (_, state) = response.split_once("&state=").unwrap();
        let state = state.split('&').next().unwrap();
        let text = "error=access_denied&error_description=Call+0800-canary";
        let error = host.come_back(&client, &format!("{start}{text}&state={state}{iss}")).unwrap_err();
        assert_eq!(error.code(), expected);
        assert_eq!((&error.failure().error, &error.failure().error_description), (&None, &None));
        assert!(!format!("{error:?} {error}").contains("canary"));
        assert_eq!(host.location().as_deref(), Some(crate::simulated::REDIRECT_URI));
    }
    assert_eq!(host.reasons(EventKind::SignedIn), []);
}

#[test]
fn without_an_announcement_the_right_iss_is_taken_and_none_at_all_is_fine_i3() {
    let mut silent = metadata();
    silent.as_object_mut().unwrap().remove("authorization_response_iss_parameter_supported");
    for taken_away in ["", "&iss=https%3A%2F%2Fidp.example"] {
        let host = SimulatedHost::page();
        host.provider.plan(DISCOVERY, Ok(answer(200, &silent)));
        let client = host.created();
        let response = host.begin(&client).replace(taken_away, "");
        assert!(host.come_back(&client, &response).unwrap().is_some());
    }
}

#[test]
fn a_code_by_hand_goes_to_the_issuer_that_was_asked_and_to_no_other_o8_b8_i1() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "discoveryTtlSeconds": 0 }));
    host.run(client.discover(false)).unwrap();
    let request = client.create_authorization_url(&SignInOptions::new(client.options())).unwrap();
    let before = host.provider.requests();
    let exchange = |issuer: &str, iss: &str| {
        let auth = json!({
            "state": request.state, "nonce": request.nonce, "codeVerifier": request.code_verifier.as_str(),
            "issuer": issuer, "redirectUri": request.redirect_uri,
        });
        let auth = parse_object(auth.to_string().as_bytes()).unwrap();
        // What else the callback names is nobody's business.
        let named = "token_endpoint=https%3A%2F%2Fevil.example%2Ftoken&jwks_uri=https%3A%2F%2Fevil.example";
        let callback = format!("code=x&state={}&iss={iss}&{named}", request.state);
        let by_hand = ByHand::from_json(&Json::String(callback), &auth, ResponseMode::Query).unwrap();
        code_of(host.run(client.exchange_code(&by_hand)))
    };
    host.pass_seconds(1);
    for (issuer, iss) in [(EVIL, ISSUER), (ISSUER, EVIL), (ISSUER, "https://idp.example/")] {
        assert_eq!(exchange(issuer, iss), Code::IssMismatch, "{issuer} {iss}");
    }
    assert_eq!(host.provider.requests(), before);
    assert_eq!((exchange(EVIL, EVIL), host.provider.count(TOKEN)), (Code::IssMismatch, 0));
    assert_eq!(exchange(ISSUER, ISSUER), Code::InvalidGrant);
    assert_eq!((host.provider.count(TOKEN), host.provider.count(KEYS)), (1, 1));
}

#[test]
fn a_request_that_went_to_another_issuer_is_not_ended_here_where_none_names_itself_o8_x9() {
    let mut silent = metadata();
    silent.as_object_mut().unwrap().remove("authorization_response_iss_parameter_supported");
    let host = SimulatedHost::process();
    host.provider.plan(DISCOVERY, Ok(answer(200, &silent)));
    let client = host.client();
    host.run(client.discover(false)).unwrap();
    let request = client.create_authorization_url(&SignInOptions::new(client.options())).unwrap();
    let auth = json!({ "state": request.state, "codeVerifier": request.code_verifier.as_str(), "issuer": EVIL });
    let auth = parse_object(auth.to_string().as_bytes()).unwrap();
    let callback = Json::String(format!("code=x&state={}", request.state));
    let by_hand = ByHand::from_json(&callback, &auth, ResponseMode::Query).unwrap();
    assert_eq!(code_of(host.run(client.exchange_code(&by_hand))), Code::IssMismatch);
    assert_eq!(host.provider.count(TOKEN), 0);
}
