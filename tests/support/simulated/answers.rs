//! What a provider says, in its real form, with signatures that stand for real ones; and URLs as the host's parser sees
//! them.

#![allow(dead_code, reason = "each world uses a part")]

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use wasm_oidc::ports::ResolvedUrl;
use wasm_oidc::protocol::http::HttpResponse;

pub const ISSUER: &str = "https://idp.example";
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
pub const KEYS: &str = "/keys";
pub const TOKEN: &str = "/token";
pub const REVOKE: &str = "/revoke";
pub const USER_INFO: &str = "/me";
pub const INTROSPECT: &str = "/introspect";

pub fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}{TOKEN}"),
        "jwks_uri": format!("{ISSUER}{KEYS}"),
        "end_session_endpoint": format!("{ISSUER}/logout"),
        "revocation_endpoint": format!("{ISSUER}{REVOKE}"),
        "userinfo_endpoint": format!("{ISSUER}{USER_INFO}"),
        "introspection_endpoint": format!("{ISSUER}{INTROSPECT}"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

pub fn answer(status: u16, body: &Value) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    HttpResponse { status, headers, body: body.to_string().into_bytes() }
}

pub fn refusal(error: &str) -> HttpResponse {
    answer(400, &json!({ "error": error }))
}

pub fn html(status: u16) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    HttpResponse { status, headers, body: b"<h1>Sign in to the hotel's network</h1>".to_vec() }
}

pub fn pairs(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A key in form only: an odd modulus of 2048 bits.
pub fn key(id: &str) -> Value {
    let mut modulus = expanded(id.as_bytes());
    modulus[0] |= 0x80;
    modulus[255] |= 1;
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "e": "AQAB", "n": Base64UrlUnpadded::encode_string(&modulus) })
}

pub fn sign(key_id: &str, claims: &Value, forged: bool) -> String {
    sign_with(&json!({ "alg": "RS256", "kid": key_id }), if forged { "thief" } else { key_id }, claims)
}

/// A token with this header, signed with a key of this name.
pub fn sign_with(header: &Value, signer: &str, claims: &Value) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = Base64UrlUnpadded::encode_string(&signature(signer, input.as_bytes()));
    format!("{input}.{signature}")
}

/// Stands for a signature: it depends on the key and on every byte, and has the length of one of RS256.
pub fn signature(key_id: &str, input: &[u8]) -> Vec<u8> {
    expanded(&[key_id.as_bytes(), b".", input].concat())
}

fn expanded(text: &[u8]) -> Vec<u8> {
    Sha256::digest(text).repeat(8)
}

/// A URL as the WHATWG standard resolves it.
pub fn resolve(input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
    let base = base.map(Url::parse).transpose().ok()?;
    let url = Url::options().base_url(base.as_ref()).parse(input).ok()?;
    Some(ResolvedUrl {
        href: url.to_string(),
        origin: url.origin().ascii_serialization(),
        path: url.path().to_owned(),
        query: url.query().map(|query| format!("?{query}")).unwrap_or_default(),
    })
}
