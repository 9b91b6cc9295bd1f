//! Key sets: what is left can verify and nothing else, holds nothing private, and is written as it was read.

use super::{answer, check_error, check_written};
use base64ct::{Base64UrlUnpadded, Encoding};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::json::{Json, parse_object};
use wasm_oidc::protocol::key_set::{KeySet, MAX_CANDIDATES, PublicKey, judge_key_set};

pub fn check(bytes: &[u8]) {
    let response = answer(bytes);
    let set = match judge_key_set(&response) {
        Ok(set) => set,
        Err(error) => return check_error(&error),
    };
    assert_eq!(response.status, 200);
    let offered = match parse_object(&response.body).ok().and_then(|document| document.get("keys").cloned()) {
        Some(Json::Array(entries)) => entries.len(),
        _ => 0,
    };
    assert!(set.keys().len() <= offered && set.is_empty() == set.keys().is_empty());
    for key in set.keys() {
        is_public(key);
    }
    let key_id = set.keys().first().and_then(|key| key.key_id.as_deref());
    for &algorithm in Algorithm::ALL {
        for key_id in [None, Some("elsewhere"), key_id] {
            let candidates = set.candidates(algorithm, key_id);
            assert!(candidates.len() <= MAX_CANDIDATES);
            assert!(
                candidates
                    .iter()
                    .all(|key| key.fits(algorithm) && (key_id.is_none() || key.key_id.as_deref() == key_id))
            );
        }
    }
    check_written(&set.to_json());
    assert_eq!(KeySet::parse(&set.to_json()).as_ref(), Ok(&set));
}

fn is_public(key: &PublicKey) {
    let text = key.to_jwk_json().to_owned();
    let jwk = parse_object(text.as_bytes()).expect("a key is written as JSON");
    let names: Vec<&str> = jwk.iter().map(|(name, _)| name).collect();
    let length = |name: &str| {
        let text = jwk.string(name).expect("it is text").expect("it is there");
        Base64UrlUnpadded::decode_vec(text).expect("it is base64url").len()
    };
    match jwk.string("kty").expect("it is text") {
        Some("RSA") => {
            assert_eq!(names, ["kty", "n", "e"]);
            assert_eq!(key.signature_length(), Some(length("n")));
            assert!((256..=2048).contains(&length("n")) && length("e") > 0);
        }
        Some("EC") => {
            assert_eq!(names, ["kty", "crv", "x", "y"]);
            assert_eq!(length("x"), length("y"));
            assert_eq!(key.signature_length(), None);
        }
        Some("OKP") => {
            assert_eq!(names, ["kty", "crv", "x"]);
            assert_eq!(length("x"), 32);
        }
        other => panic!("a key of type {other:?}"),
    }
    // Whatever the members are, the conversion is one.
    assert!(!format!("{:?}", key.jwk()).is_empty());
}
