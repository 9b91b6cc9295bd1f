//! Tokens for tests: those of `fixtures/jose.json`, and unsigned ones with changed claims.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic fails a test")]

use base64ct::{Base64UrlUnpadded, Encoding};
use wasm_oidc::protocol::id_token::{Expectations, NonceRule};
use wasm_oidc::protocol::json::{Json, Object, parse, parse_object};

pub const ISSUER: &str = "https://idp.example.com/iss_1";
pub const CLIENT_ID: &str = "spa";
pub const NONCE: &str = "the-nonce-of-the-request";
pub const NOW: i64 = 1_800_000_010;

/// `fixtures/jose.json`, made by `fixtures/jose.mjs` with real keys.
pub fn fixtures() -> Object {
    parse_object(include_bytes!("../fixtures/jose.json")).expect("the fixtures are JSON")
}

/// A token of the fixtures: `tokens` by algorithm, `hostile` by name.
pub fn fixture(group: &str, name: &str) -> String {
    let fixtures = fixtures();
    let tokens = fixtures.object(group).unwrap().expect("the group is there");
    tokens.string(name).unwrap().expect("the token is there").to_owned()
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// A token of these texts with a signature of the length that RS256 has, made by nobody.
pub fn assemble(header: &str, payload: &str) -> String {
    format!("{}.{}.{}", base64url(header), base64url(payload), base64url([7; 256]))
}

/// The claims of a right ID token, with members changed (JSON text) or taken away (`None`).
pub fn claims(changes: &[(&str, Option<&str>)]) -> Object {
    let mut claims = parse_object(
        br#"{"iss":"https://idp.example.com/iss_1","sub":"usr_1","aud":"spa","exp":1800000300,"iat":1800000000,
            "nonce":"the-nonce-of-the-request"}"#,
    )
    .unwrap();
    for (name, value) in changes {
        match value {
            Some(text) => claims.insert(name, parse(text).expect("the changed claim is JSON")),
            None => drop(claims.remove(name)),
        }
    }
    claims
}

/// The token of [`claims`].
pub fn token(changes: &[(&str, Option<&str>)]) -> String {
    assemble(r#"{"alg":"RS256","kid":"rsa","typ":"JWT"}"#, &claims(changes).to_string())
}

pub fn expectations() -> Expectations<'static> {
    Expectations {
        issuer: ISSUER,
        client_id: CLIENT_ID,
        trusted_audiences: &[],
        nonce: NonceRule::Equal(NONCE),
        now: NOW,
        clock_tolerance: 60,
        max_age: None,
        acr_values: &[],
        max_id_token_age: None,
        access_token: None,
        code: None,
    }
}

pub fn text(value: &str) -> Json {
    Json::String(value.to_owned())
}
