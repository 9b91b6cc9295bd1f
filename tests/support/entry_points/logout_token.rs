//! Logout tokens: one that passes says all that it has to, and no token passes for two uses.

use super::{CLIENT_ID, ISSUER, NOW, check_error};
use base64ct::{Base64UrlUnpadded, Encoding};
use wasm_oidc::protocol::id_token::{Expectations, NonceRule, validate_claims};
use wasm_oidc::protocol::json::Json;
use wasm_oidc::protocol::jwt::parse;
use wasm_oidc::protocol::logout_token::validate;

/// The texts of a header and of claims with a line break between them, or a token.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let token = match text.split_once('\n') {
        Some((header, claims)) => {
            let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
            format!("{}.{}.", part(header), part(claims))
        }
        None => text.to_owned(),
    };
    let Ok(jwt) = parse(&token) else { return };
    let expected = Expectations {
        issuer: ISSUER,
        client_id: CLIENT_ID,
        trusted_audiences: &[],
        nonce: NonceRule::Unchecked,
        now: NOW,
        clock_tolerance: 60,
        max_age: None,
        acr_values: &[],
        max_id_token_age: None,
        access_token: None,
        code: None,
    };
    let found = match validate(&jwt, &expected) {
        Ok(found) => found,
        Err(error) => return check_error(&error),
    };
    let claims = &jwt.claims;
    assert_eq!(claims.string("iss"), Ok(Some(ISSUER)));
    assert_eq!(claims.string("sub"), Ok(found.subject.as_deref()));
    assert_eq!(claims.string("sid"), Ok(found.session_id.as_deref()));
    assert!(found.subject.is_some() || found.session_id.is_some());
    assert!(claims.get("nonce").is_none());
    assert!(!found.jwt_id.is_empty() && found.expires_at > NOW - 60 && found.issued_at <= NOW + 60);
    let event = claims
        .object("events")
        .ok()
        .flatten()
        .and_then(|events| events.get("http://schemas.openid.net/event/backchannel-logout"));
    assert!(matches!(event, Some(Json::Object(_))));
    // A token that says its type is nothing but a logout token; one that says none has no nonce, which a sign-in sends.
    let sign_in = Expectations { nonce: NonceRule::Equal("n"), ..expected };
    assert!(validate_claims(&jwt, None, &sign_in).is_err());
    if jwt.token_type.is_some() {
        assert!(validate_claims(&jwt, None, &expected).is_err());
    }
}
