//! Tokens: no two texts are the same token, and claims pass only when each of them is right.

use super::{CLIENT_ID, ISSUER, NONCE, NOW, check_error, check_hides, check_written, shown};
use base64ct::{Base64UrlUnpadded, Encoding};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::{
    Expectations, IdTokenClaims, NonceRule, check_algorithm, validate_claims, validate_refreshed,
};
use wasm_oidc::protocol::jwt::{Jwt, MAX_KEY_ID_BYTES, MAX_TOKEN_BYTES, parse};

/// A token, or the texts of its header and its claims with a line break between them: those no mutation would find by way
/// of base64.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check_token(text);
    if let Some((header, claims)) = text.split_once('\n') {
        let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        check_token(&format!("{}.{}.{}", part(header), part(claims), Base64UrlUnpadded::encode_string(&[7; 256])));
    }
}

fn check_token(token: &str) {
    let jwt = match parse(token) {
        Ok(jwt) => jwt,
        Err(error) => {
            check_error(&error);
            let signature = token.rsplit('.').next().unwrap_or_default();
            return check_hides(&shown(&error), &[token, signature], &[]);
        }
    };
    is_taken_apart(token, &jwt);
    let algorithm = match check_algorithm(&jwt, Algorithm::ALL) {
        Ok(algorithm) => Some(algorithm),
        Err(error) => {
            check_error(&error);
            None
        }
    };
    let expected = Expectations {
        issuer: ISSUER,
        client_id: CLIENT_ID,
        trusted_audiences: &[],
        nonce: NonceRule::Equal(NONCE),
        now: NOW,
        clock_tolerance: 60,
        max_age: None,
        acr_values: &[],
        max_id_token_age: Some(3600),
        access_token: None,
        code: None,
    };
    match validate_claims(&jwt, algorithm, &expected) {
        Ok(found) => are_right(&found),
        Err(error) => check_error(&error),
    }
    let others = ["the project".to_owned()];
    let lenient = Expectations {
        nonce: NonceRule::Unchecked,
        trusted_audiences: &others,
        max_age: Some(600),
        acr_values: &others,
        max_id_token_age: None,
        access_token: Some("token"),
        code: Some("code"),
        now: i64::MAX,
        clock_tolerance: i64::MAX,
        ..expected
    };
    for expected in [lenient, Expectations { now: i64::MIN, ..lenient }] {
        if let Err(error) = validate_claims(&jwt, None, &expected) {
            check_error(&error);
        }
    }
    match validate_refreshed(&jwt.claims, &jwt, algorithm, &expected) {
        Ok(found) => assert_eq!(found.claims, jwt.claims),
        Err(error) => check_error(&error),
    }
}

fn is_taken_apart(token: &str, jwt: &Jwt) {
    assert!(token.len() <= MAX_TOKEN_BYTES);
    let signature = Base64UrlUnpadded::encode_string(&jwt.signature);
    assert_eq!(format!("{}.{signature}", jwt.signing_input), token);
    assert!(jwt.header.get("crit").is_none() && jwt.header.get("b64").is_none());
    assert!(jwt.key_id.as_ref().is_none_or(|key_id| key_id.len() <= MAX_KEY_ID_BYTES));
    check_written(&jwt.header);
    check_written(&jwt.claims);
    let seen = jwt.header.to_string();
    check_hides(
        &format!("{jwt:?}"),
        &[token, &signature, jwt.claims.string("nonce").ok().flatten().unwrap_or("")],
        &[&seen],
    );
}

fn are_right(found: &IdTokenClaims) {
    let claims = &found.claims;
    assert_eq!(claims.string("iss"), Ok(Some(ISSUER)));
    assert_eq!(claims.string("nonce"), Ok(Some(NONCE)));
    assert_eq!(claims.string("sub"), Ok(Some(found.subject.as_str())));
    assert!((1..=255).contains(&found.subject.len()) && found.subject.is_ascii());
    assert!(found.audiences.iter().any(|audience| audience == CLIENT_ID));
    assert!(matches!(claims.string("azp"), Ok(None | Some(CLIENT_ID))));
    assert!(
        claims.string("azp") == Ok(Some(CLIENT_ID)) || found.audiences.iter().all(|audience| audience == CLIENT_ID)
    );
    assert!(found.expires_at > NOW - 60 && found.issued_at <= NOW + 60 && found.issued_at >= NOW - 3660);
}
