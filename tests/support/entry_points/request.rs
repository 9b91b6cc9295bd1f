//! Requests to an API: one that passes has one token in one place, and one proof of a public key.

use super::{check_error, check_hides, shown};
use base64ct::{Base64UrlUnpadded, Encoding};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::challenge::{Challenger, Refusal};
use wasm_oidc::protocol::dpop_proof::{DpopProof, MAX_JWT_ID_BYTES, comparable};
use wasm_oidc::protocol::request_credentials::RequestCredentials;

/// Method and URL with a space between them, header lines, an empty line; then the texts of a proof's header and of its claims
/// with a line break between them.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (head, proof) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.split('\n');
    let (method, url) = lines.next().unwrap_or_default().split_once(' ').unwrap_or_default();
    let mut headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if let Some((header, claims)) = proof.split_once('\n') {
        let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        headers.push(("DPoP".to_owned(), format!("{}.{}.AAAA", part(header), part(claims))));
    }
    let challenger = Challenger { realm: Some(text.to_owned()), takes_bearer: true, ..Challenger::default() };
    let request = match RequestCredentials::read(method, url, &headers) {
        Ok(request) => request,
        Err(error) => {
            check_error(&error);
            let refusal = Refusal::of(&error);
            assert_eq!(refusal.status(), 400);
            let challenge = challenger.challenge(refusal, None, &[text.to_owned()]).unwrap_or_default();
            assert!(challenge.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{challenge:?}");
            assert!(challenge.split('"').count() % 2 == 1 && !challenge.contains('\\'), "{challenge:?}");
            let values: Vec<_> = headers.iter().map(|(_, value)| value.trim()).collect();
            return check_hides(&shown(&error), &values, &[]);
        }
    };
    if let Some(presented) = &request.presented {
        let token = presented.token.expose();
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
        check_hides(&format!("{request:?}"), &[token], &[method, url]);
        let places = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        assert_eq!(places.count(), 1);
        assert!(!url.contains("?access_token="));
    }
    let proof = match DpopProof::read(&request.dpop_proofs, Algorithm::ALL) {
        Ok(proof) => proof,
        Err(error) => return check_error(&error),
    };
    assert_eq!(request.dpop_proofs.len(), 1);
    assert_eq!(proof.thumbprint.len(), 43);
    assert!((1..=MAX_JWT_ID_BYTES).contains(&proof.jwt_id.len()));
    assert!(proof.key.fits(proof.algorithm));
    for private in ["\"d\"", "\"k\"", "\"p\""] {
        assert!(!proof.key.to_jwk_json().contains(private));
    }
    let normal = comparable(&proof.target);
    assert_eq!(comparable(&normal), normal);
    assert!(proof.check_request(&proof.method, &normal, Some(&normal)).is_ok());
    assert!(proof.check_request(&format!("{}x", proof.method), &normal, Some(&normal)).is_err());
    for now in [i64::MIN, 0, i64::MAX] {
        assert_eq!(
            proof.check_time(now, 60, 60).is_ok(),
            (now.saturating_sub(120)..=now.saturating_add(60)).contains(&proof.issued_at)
        );
    }
}
