//! `Debug` of every public value that can hold a secret shows none of it: it is what ends in logs (RFC 9700 4.2.4).

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
mod support;

use std::fmt::Debug;

use serde_json::json;
use simulated::{DISCOVERY, REDIRECT_URI, SimulatedHost, answer, metadata};
use wasm_oidc::client::{ByHand, ClientOptions, SignInOptions};
use wasm_oidc::error::{Class, Code, Error};
use wasm_oidc::protocol::callback::{ResponseMode, parse_response};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::json::{Json, Object, parse_object};
use wasm_oidc::protocol::metadata::ProviderType;
use wasm_oidc::protocol::pkce::CodeVerifier;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::protocol::{jwt, token_response, user_info};
use wasm_oidc::session::record::Record;
use wasm_oidc::session::token_set::TokenSet;
use wasm_oidc::session::transaction::Transaction;

const CANARY: &str = "canary0123456789canary0123456789canary0123456789";

/// Neither form of `Debug` shows the canary, nor what it was made of.
fn hides(what: &str, value: &dyn Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.contains("canary"), "{what}: {shown}");
    }
}

fn object(text: &serde_json::Value) -> Object {
    parse_object(text.to_string().as_bytes()).unwrap()
}

fn token_answer() -> HttpResponse {
    answer(
        200,
        &json!({
            "access_token": CANARY, "token_type": "Bearer", "refresh_token": CANARY, "id_token": format!("{CANARY}.b.c"),
            "custom": CANARY,
        }),
    )
}

#[test]
fn values_that_hold_tokens_codes_and_verifiers_do_not_show_them_x26_p4() {
    let response = token_answer();
    hides("answer", &response);
    let tokens = token_response::judge(&response, Class::TokenExchange, ProviderType::Oidc).unwrap();
    hides("token response", &tokens);
    let set = TokenSet::from_response(tokens, 1, None);
    hides("token set", &set);
    hides("record", &Record { id: "s".to_owned(), epoch: None, tokens: set.clone(), pending: Some(set) });
    hides("secret", &Some(Secret::new(CANARY)));
    hides("verifier", &CodeVerifier::parse(CANARY).unwrap());
    hides("response", &parse_response(&format!("code={CANARY}&state=s"), ResponseMode::Query));
    let request = HttpRequest::post_form(
        format!("https://idp/token?key={CANARY}"),
        &[("code", CANARY), ("code_verifier", CANARY)],
    )
    .with_header("authorization", CANARY);
    hides("request", &request);
    let json = json!({ "a": CANARY, "b": [CANARY, { "c": CANARY }] });
    hides("object", &object(&json));
    hides("JSON", &Json::Array(vec![Json::String(CANARY.to_owned()), Json::Object(object(&json))]));
    let token = support::assemble(r#"{"alg":"RS256"}"#, &format!("{{\"nonce\":\"{CANARY}\"}}"));
    hides("token", &jwt::parse(&token).unwrap());
    hides("userinfo", &user_info::judge(&answer(200, &json!({ "sub": "usr_1", "email": CANARY }))).unwrap());
    let transaction = json!({
        "created_at": 1, "epoch": 0, "verifier": CANARY, "nonce": CANARY, "redirect_uri": REDIRECT_URI, "scope": "openid",
        "app_state": format!("{{\"mine\":\"{CANARY}\"}}"),
    });
    hides("transaction", &Transaction::from_text(&transaction.to_string()).unwrap());
}

#[test]
fn options_and_what_comes_of_them_do_not_show_secrets_x26() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let options = json!({
            "issuer": "https://idp.example", "clientId": "app", "redirectUri": REDIRECT_URI,
            "clientAuth": { "method": method, "clientSecret": CANARY },
        });
        hides("client options", &ClientOptions::from_json(&object(&options), false).unwrap());
    }
    let host = SimulatedHost::process();
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata())));
    let client = host.client();
    host.run(client.discover(false)).unwrap();
    let url = client.create_authorization_url(&SignInOptions::default()).unwrap();
    let shown = format!("{url:?} {url:#?}");
    assert!(!shown.contains(url.code_verifier.as_str()), "{shown}");
    let auth = json!({ "codeVerifier": CANARY, "nonce": CANARY, "state": CANARY });
    let callback = json!({ "code": CANARY, "state": CANARY });
    let by_hand = ByHand::from_json(&Json::Object(object(&callback)), &object(&auth), ResponseMode::Query);
    hides("code by hand", &by_hand.map(drop));
}

#[test]
fn a_session_and_its_errors_do_not_show_tokens_x26() {
    let host = SimulatedHost::page();
    let client = host.client();
    host.run(client.restore()).unwrap();
    let signed_in = host.sign_in(&client);
    let session = client.session().unwrap();
    let tokens = &session.tokens;
    let secrets = [Some(&tokens.access_token), tokens.refresh_token.as_ref(), tokens.id_token.as_ref()];
    for shown in [format!("{session:?}"), format!("{signed_in:?}"), format!("{:?}", host.events.borrow())] {
        for secret in secrets.into_iter().flatten() {
            assert!(!shown.contains(secret.expose()), "{shown}");
        }
    }
    let said = Error::new(Code::InvalidGrant, "refused").from_provider(CANARY, Some(&format!("no '{CANARY}'")));
    hides("error", &Error::new(Code::SessionExpired, "over").because(said));
}
