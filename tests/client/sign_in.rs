//! What a sign-in asks for, whatever the provider says of itself or answers: PKCE, state and nonce, each time anew
//! (RFC 7636, RFC 9700 2.1.1 and 4.7.1).

use std::collections::BTreeSet;

use crate::simulated::{DISCOVERY, SimulatedHost, TOKEN, answer, code_of, metadata, refusal};
use serde_json::{Value, json};
use url::Url;
use wasm_oidc::client::{Client, SignInOptions};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, HttpFailure};
use wasm_oidc::protocol::json::parse_object;

fn parameter(url: &str, name: &str) -> Option<String> {
    Url::parse(url).unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn options(client: &Client<SimulatedHost>, given: &Value) -> Result<SignInOptions, Code> {
    let given = parse_object(given.to_string().as_bytes()).unwrap();
    SignInOptions::from_json(&given, client.options()).map_err(|error| error.code())
}

/// A page whose provider says nothing of PKCE, as Entra and Cognito do.
fn without_advertised_pkce() -> SimulatedHost {
    let host = SimulatedHost::page();
    let mut silent = metadata();
    silent.as_object_mut().unwrap().remove("code_challenge_methods_supported");
    host.provider.plan(DISCOVERY, Ok(answer(200, &silent)));
    host
}

#[test]
fn a_provider_that_says_nothing_of_pkce_gets_s256_and_the_state_and_nonce_defend_all_the_same_b3_p5_w1() {
    let host = without_advertised_pkce();
    let client = host.created();
    let response = host.begin(&client);
    let sent = host.navigations.borrow().last().cloned().unwrap();
    assert_eq!(parameter(&sent, "code_challenge_method").as_deref(), Some("S256"));
    for name in ["state", "nonce"] {
        assert_eq!(parameter(&sent, name).unwrap().len(), if name == "state" { 60 } else { 43 }, "{name}");
    }
    let state = parameter(&response, "state").unwrap();
    let forged = response.replace(&state, "somebody-elses-state");
    assert_eq!(code_of(host.come_back(&client, &forged)), Code::StateMismatch);
    assert_eq!(host.provider.count(TOKEN), 0);
    assert!(host.come_back(&client, &response).unwrap().is_some());
}

#[test]
fn an_app_may_insist_on_advertised_pkce_p5() {
    let host = without_advertised_pkce();
    let client = host.client_with(json!({ "requirePkceAdvertised": true }));
    let begun = host.run(client.sign_in_redirect(&SignInOptions::new(client.options())));
    assert_eq!(code_of(begun), Code::PkceUnsupported);
    assert!(host.navigations.borrow().is_empty() && host.places.all(Area::Transactions).is_empty());
}

#[test]
fn a_plain_oauth_sign_in_has_a_state_too_b3() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "type": "oauth2", "scopes": "user" }));
    host.provider.plan("/.well-known/oauth-authorization-server", Ok(answer(200, &metadata())));
    host.begin(&client);
    let sent = host.navigations.borrow().last().cloned().unwrap();
    assert_eq!(parameter(&sent, "state").map(|state| state.len()), Some(60));
    assert_eq!((parameter(&sent, "nonce"), parameter(&sent, "code_challenge_method").as_deref()), (None, Some("S256")));
}

#[test]
fn no_two_requests_share_a_state_a_nonce_or_a_verifier_b5() {
    let host = SimulatedHost::page();
    let client = host.created();
    let same = SignInOptions::new(client.options());
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let request = client.create_authorization_url(&same).unwrap();
        seen.insert(request.state);
        seen.insert(request.nonce.unwrap());
        seen.insert(request.code_verifier.as_str().to_owned());
        seen.insert(parameter(&request.url, "code_challenge").unwrap());
        host.begin(&client);
        let sent = host.navigations.borrow().last().cloned().unwrap();
        seen.extend(["state", "nonce", "code_challenge"].map(|name| parameter(&sent, name).unwrap()));
    }
    assert_eq!(seen.len(), 20 * 7);
}

#[test]
fn a_verifier_of_the_apps_own_and_another_response_type_cannot_be_asked_for_b10_w6_p1_p3_x37() {
    let host = SimulatedHost::page();
    let client = host.created();
    for name in ["responseType", "codeVerifier", "codeChallengeMethod", "redirectUri", "clientId"] {
        assert_eq!(options(&client, &json!({ name: "token" })).unwrap_err(), Code::UnknownOption, "{name}");
    }
    for name in [
        "response_type",
        "response_mode",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "code_verifier",
        "request",
        "request_uri",
        "dpop_jkt",
        "client_secret",
    ] {
        let options = options(&client, &json!({ "extraParams": { name: "token" } })).unwrap();
        assert_eq!(code_of(client.create_authorization_url(&options)), Code::ReservedParameter, "{name}");
        assert_eq!(code_of(host.run(client.sign_in_redirect(&options))), Code::ReservedParameter, "{name}");
    }
    assert!(host.navigations.borrow().is_empty());
}

#[test]
fn no_error_makes_the_next_sign_in_do_without_s256_x14_p3() {
    let host = SimulatedHost::page();
    let client = host.created();
    let challenged = || {
        let sent = host.navigations.borrow().last().cloned().unwrap();
        assert_eq!(parameter(&sent, "code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(parameter(&sent, "code_challenge").unwrap().len(), 43);
    };
    let says = "error=invalid_request&error_description=code_challenge_method+S256+not+supported";
    let response = host.begin(&client);
    let code = format!("code={}", parameter(&response, "code").unwrap());
    assert_eq!(code_of(host.come_back(&client, &response.replace(&code, says))), Code::InvalidRequest);
    for failure in [Ok(refusal("invalid_request")), Ok(refusal("invalid_grant")), Err(HttpFailure::Timeout)] {
        let response = host.begin(&client);
        challenged();
        host.provider.plan(TOKEN, failure);
        assert!(host.come_back(&client, &response).is_err());
    }
    host.begin(&client);
    challenged();
    assert!(host.provider.forms.borrow().iter().all(|form| form["code_verifier"].len() == 43));
}

#[test]
fn the_verifier_goes_to_the_token_endpoint_and_is_nowhere_afterwards_p4_x26() {
    let host = SimulatedHost::page();
    let client = host.created();
    let response = host.begin(&client);
    let stored = host.places.all(Area::Transactions);
    assert_eq!(stored.len(), 1);
    host.come_back(&client, &response).unwrap();
    let verifier = host.provider.forms.borrow()[0]["code_verifier"].clone();
    assert!(stored[0].1.contains(&verifier), "it waits in the browser that began");
    let areas = [Area::Transactions, Area::Documents, Area::Marks];
    let left = areas.into_iter().flat_map(|area| host.places.all(area)).chain(host.places.all_tokens());
    let told = format!("{:?} {:?}", host.events.borrow(), host.navigations.borrow());
    let asked = host.provider.log.borrow().join(" ");
    for (key, text) in left.chain([("told".to_owned(), told), ("asked".to_owned(), asked)]) {
        assert!(!text.contains(&verifier), "{key}");
    }
}
