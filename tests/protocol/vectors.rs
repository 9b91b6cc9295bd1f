//! The examples that the JOSE standards print, as this library reads and judges them (RFC 7515, 7517, 7519, 7520, 7638,
//! 8037).

use crate::published::{examples, key_set_of, signatures};
use wasm_oidc::error::Code;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::check_algorithm;
use wasm_oidc::protocol::json::Json;
use wasm_oidc::protocol::jwt;
use wasm_oidc::protocol::key_set::KeySet;

/// What becomes of the token before a key is asked: its algorithm, or the code of the error.
fn outcome(token: &str) -> Result<Algorithm, Code> {
    let read = jwt::parse(token).and_then(|jwt| check_algorithm(&jwt, Algorithm::ALL));
    read.map_err(|error| error.code())
}

#[test]
fn a_published_token_is_verified_or_refused_for_what_it_is_x1_x5_x24_j1_j2_j14_j15() {
    let examples = examples("tokens");
    assert_eq!(examples.len(), 34);
    for (name, example) in examples {
        let token = example.required_string("token").unwrap();
        let expected = match example.required_string("expected").unwrap() {
            "verified" => Ok(Algorithm::parse(example.required_string("alg").unwrap()).unwrap()),
            "alg_not_allowed" => Err(Code::AlgNotAllowed),
            "malformed_token" => Err(Code::MalformedToken),
            "unsupported_header" => Err(Code::UnsupportedHeader),
            other => panic!("{name} expects {other}"),
        };
        assert_eq!(outcome(token), expected, "{name}");
        if let Some(words) = example.string("says").unwrap() {
            let said = jwt::parse(token).unwrap_err().failure().message.clone();
            assert!(said.contains(words), "{name}: {said}");
        }
        if let Ok(algorithm) = expected {
            let jwt = jwt::parse(token).unwrap();
            assert_eq!(jwt.claims.string("iss"), Ok(Some("joe")), "{name}");
            assert_eq!(key_set_of(&example).candidates(algorithm, jwt.key_id.as_deref()).len(), 1, "{name}");
        }
    }
}

#[test]
fn a_symmetric_key_never_serves_though_its_published_token_can_be_read_x2_x7_j5_c8() {
    for (name, example) in examples("tokens") {
        if example.string("alg").unwrap() != Some("HS256") {
            continue;
        }
        let jwt = jwt::parse(example.required_string("token").unwrap()).unwrap();
        assert_eq!((jwt.algorithm.as_str(), jwt.signature.len()), ("HS256", 32), "{name}");
        assert!(key_set_of(&example).is_empty(), "{name}");
    }
}

#[test]
fn published_key_sets_keep_the_public_keys_for_signatures_alone_x7_j4() {
    let examples = examples("key_sets");
    assert_eq!(examples.len(), 9);
    for (name, example) in examples {
        let set = KeySet::parse(example.required_object("set").unwrap()).unwrap();
        let found: Vec<_> = set.keys().iter().map(|key| Json::String(key.key_id.clone().unwrap())).collect();
        assert_eq!(Some(&*found), example.array("usable").unwrap(), "{name}");
        assert!(!set.to_json().to_string().contains("x5c"), "{name}");
    }
}

#[test]
fn keys_of_one_key_id_are_told_apart_by_their_type_x4_x8() {
    let (_, example) = examples("key_sets").into_iter().find(|(name, _)| name.contains("of one key id")).unwrap();
    let set = KeySet::parse(example.required_object("set").unwrap()).unwrap();
    let key_id = set.keys()[0].key_id.clone();
    assert_eq!(set.keys()[1].key_id, key_id);
    for (algorithm, at) in [(Algorithm::ES512, 0), (Algorithm::PS384, 1)] {
        assert_eq!(set.candidates(algorithm, key_id.as_deref()), [&set.keys()[at]]);
    }
    assert!(set.candidates(Algorithm::ES256, key_id.as_deref()).is_empty());
}

#[test]
fn each_published_signature_has_the_length_that_its_algorithm_or_its_key_says_x25() {
    for signed in signatures() {
        let length = signed.algorithm.signature_length().or_else(|| signed.key.signature_length());
        assert_eq!(Some(signed.signature.len()), length, "{}", signed.name);
    }
}

#[cfg(feature = "tools")]
mod thumbprints {
    use sha2::Sha256;
    use wasm_oidc::protocol::base64;
    use wasm_oidc::protocol::thumbprint;

    use super::*;

    #[test]
    fn published_thumbprints_are_those_of_their_keys() {
        let examples = examples("thumbprints");
        assert_eq!(examples.len(), 2);
        for (name, example) in examples {
            let found = thumbprint::of(&key_set_of(&example).keys()[0]);
            assert_eq!(Ok(found.as_str()), example.required_string("thumbprint"), "{name}");
        }
    }

    #[test]
    fn a_thumbprint_is_that_of_jwt_compact_for_every_type_of_key() {
        for signed in signatures() {
            let expected = base64::encode(&signed.key.jwk().thumbprint::<Sha256>());
            assert_eq!(thumbprint::of(&signed.key), expected, "{}", signed.name);
        }
    }
}

#[cfg(feature = "native-crypto")]
#[test]
fn a_published_signature_is_right_and_with_one_other_bit_wrong_c6_j3() {
    let mut judged = 0;
    for signed in signatures() {
        let verdict = |input: &[u8], signature: &[u8]| {
            crate::second_opinion::verdict(signed.algorithm, &signed.key, input, signature)
        };
        let Some(right) = verdict(&signed.signing_input, &signed.signature) else { continue };
        judged = i32::saturating_add(judged, 1);
        assert!(right, "{}", signed.name);
        for at in [0, signed.signature.len() / 2, signed.signature.len().saturating_sub(1)] {
            let mut flipped = signed.signature.clone();
            flipped[at] ^= 1;
            assert_eq!(verdict(&signed.signing_input, &flipped), Some(false), "{}: byte {at}", signed.name);
        }
        let mut flipped = signed.signing_input.clone();
        flipped[0] ^= 1;
        assert_eq!(verdict(&flipped, &signed.signature), Some(false), "{}", signed.name);
    }
    // The others are on P-521, which WebCrypto judges in the tests of the host.
    assert_eq!((judged, signatures().len()), (8, 11));
}
