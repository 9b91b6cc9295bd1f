//! A verifier on the simulated host, and requests with tokens of its provider.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

use std::rc::Rc;

use serde_json::{Value, json};
use wasm_oidc::edge::{Needs, PlugIns, Refused, Verified, Verifier, VerifierOptions};
use wasm_oidc::error::{Code, Error};
use wasm_oidc::protocol::json::parse_object;

use crate::simulated::{ISSUER, SimulatedHost, sign_with};

pub const API: &str = "https://api.example";
pub const URL: &str = "https://api.example/users?page=2";

pub fn options_with(more: Value) -> Result<VerifierOptions, Error> {
    let mut options = json!({ "issuer": ISSUER, "audience": API });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    VerifierOptions::from_json(&parse_object(options.to_string().as_bytes()).unwrap())
}

pub fn verifier_with(more: Value) -> Rc<Verifier> {
    Rc::new(Verifier::new(options_with(more).unwrap(), PlugIns::default()))
}

pub fn verifier() -> Rc<Verifier> {
    verifier_with(json!({}))
}

/// The claims of a right access token, with members changed, or taken away by null.
pub fn claims(host: &SimulatedHost, changes: Value) -> Value {
    let now = host.seconds();
    let mut claims = json!({
        "iss": ISSUER, "aud": API, "exp": now + 300, "iat": now, "sub": "usr_1", "client_id": "spa", "jti": "j1",
        "scope": "users:read projects:**",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub fn token_with(host: &SimulatedHost, header: Value, changes: Value) -> String {
    let mut right = json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" });
    for (name, value) in header.as_object().unwrap() {
        right[name] = value.clone();
    }
    right.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let signer = right["kid"].as_str().unwrap_or("k1").to_owned();
    sign_with(&right, &signer, &claims(host, changes))
}

pub fn token(host: &SimulatedHost) -> String {
    token_with(host, json!({}), json!({}))
}

pub async fn present(
    host: SimulatedHost,
    verifier: Rc<Verifier>,
    authorization: String,
    needs: Needs,
) -> Result<Verified, Refused> {
    let headers = [("authorization".to_owned(), authorization)];
    verifier.verify(&host, "GET", URL, &headers, &needs).await
}

/// Verifies a request with this token now.
pub fn verify(host: &SimulatedHost, verifier: &Rc<Verifier>, token: &str) -> Result<Verified, Refused> {
    verify_for(host, verifier, token, &Needs::default())
}

pub fn verify_for(
    host: &SimulatedHost,
    verifier: &Rc<Verifier>,
    token: &str,
    needs: &Needs,
) -> Result<Verified, Refused> {
    host.run(present(host.clone(), Rc::clone(verifier), format!("Bearer {token}"), needs.clone()))
}

pub fn is_seen(host: &SimulatedHost, verifier: &Verifier, token: &str) -> bool {
    verifier.seen(host, &format!("Bearer {token}"), URL, None).is_some()
}

/// The status and the code of what has to be a refusal.
pub fn refused(verified: Result<Verified, Refused>) -> (u16, Code) {
    let Refused { error, .. } = verified.expect_err("the request is refused");
    (error.failure().status.expect("a refusal has a status"), error.code())
}

pub fn header<'r>(refused: &'r Refused, name: &str) -> Option<&'r str> {
    refused.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}
