//! Signatures: real ones of WebCrypto and of the standards, and everything that must not pass for one.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Crypto, CryptoFailure};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::key_set::{KeySet, PublicKey};

use super::host;
use super::js::{self, Tampered};

const MESSAGE: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9";

fn key(jwk: &str) -> PublicKey {
    let document = parse_object(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
    let keys = KeySet::parse(&document).unwrap();
    keys.keys().first().expect("the key is one that can verify").clone()
}

/// A new key, and its signature over [`MESSAGE`].
async fn signed(algorithm: Algorithm) -> (PublicKey, Vec<u8>) {
    taken_apart(&js::sign(algorithm.as_str(), MESSAGE).await.expect("the host can sign"))
}

fn taken_apart(signed: &JsValue) -> (PublicKey, Vec<u8>) {
    let signature: Uint8Array = js::at(signed, "signature").unchecked_into();
    (key(&js::at(signed, "jwk").as_string().unwrap()), signature.to_vec())
}

fn with_flipped_bit(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[wasm_bindgen_test]
async fn a_signature_verifies_with_its_key_its_message_and_no_others_c6_j3_x25() {
    let host = host();
    for &algorithm in Algorithm::ALL {
        let (key, signature) = signed(algorithm).await;
        let (other_key, _) = signed(algorithm).await;
        let name = algorithm.as_str();
        assert_eq!(host.verify(algorithm, &key, &signature, MESSAGE).await, Ok(true), "{name}");
        assert_eq!(host.verify(algorithm, &other_key, &signature, MESSAGE).await, Ok(false), "{name}: other key");
        for bit in [0, 8 * MESSAGE.len() - 1] {
            let message = with_flipped_bit(MESSAGE, bit);
            assert_eq!(host.verify(algorithm, &key, &signature, &message).await, Ok(false), "{name}: message {bit}");
        }
        for bit in [0, 4 * signature.len(), 8 * signature.len() - 1] {
            let flipped = with_flipped_bit(&signature, bit);
            assert_eq!(host.verify(algorithm, &key, &flipped, MESSAGE).await, Ok(false), "{name}: signature {bit}");
        }
        for wrong in [&[][..], &signature[1..], &[0; 64], &[0; 256], &[&signature[..], &[0]].concat()] {
            assert_eq!(host.verify(algorithm, &key, wrong, MESSAGE).await, Ok(false), "{name}: {} bytes", wrong.len());
        }
    }
}

#[wasm_bindgen_test]
async fn an_rsa_signature_has_the_length_of_its_key_even_where_a_zero_could_be_left_out_x25() {
    let signed = js::sign_with_leading_zero("PS256", MESSAGE).await.expect("the host can sign");
    let (key, signature) = taken_apart(&signed);
    assert_eq!(host().verify(Algorithm::PS256, &key, &signature, MESSAGE).await, Ok(true));
    let shorter = &signature[1..];
    assert_eq!(host().verify(Algorithm::PS256, &key, shorter, MESSAGE).await, Ok(false));
    let longer = [&[0], &signature[..]].concat();
    assert_eq!(host().verify(Algorithm::PS256, &key, &longer, MESSAGE).await, Ok(false));
}

#[wasm_bindgen_test]
async fn a_signature_is_not_one_of_another_algorithm_of_the_same_key_j1_x2() {
    let (key, signature) = signed(Algorithm::RS256).await;
    // An exported key says what it is for; a provider's key may not.
    let jwk = key.to_jwk_json();
    let key = self::key(jwk);
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        assert_eq!(host().verify(other, &key, &signature, MESSAGE).await, Ok(false), "{}", other.as_str());
    }
    assert_eq!(host().verify(Algorithm::RS256, &key, &signature, MESSAGE).await, Ok(true));
}

#[wasm_bindgen_test]
async fn a_signature_in_the_wrong_shape_of_another_standard_is_none_x25() {
    // SEQUENCE { INTEGER 1, INTEGER 1 } of DER, where JWS has r and s side by side (RFC 7518 3.4).
    let (key, _) = signed(Algorithm::ES256).await;
    assert_eq!(host().verify(Algorithm::ES256, &key, &[0x30, 6, 2, 1, 1, 2, 1, 1], MESSAGE).await, Ok(false));
}

#[wasm_bindgen_test]
async fn a_point_off_the_curve_is_a_key_that_is_refused_j4_x25() {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    // One bit away from the point of RFC 7515 A.3, and nothing.
    for y in ["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let key = key(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#));
        let verdict = host().verify(Algorithm::ES256, &key, &[1; 64], MESSAGE).await;
        assert_eq!(verdict, Err(CryptoFailure::InvalidKey), "{y}");
    }
}

#[wasm_bindgen_test]
async fn a_signature_of_zeros_or_of_the_order_of_the_curve_is_none_x25() {
    // RFC 7515 A.3; r and s have to be from 1 to n - 1, or everybody can sign.
    let key = key(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    );
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let one = [&[0; 31][..], &[1]].concat();
    for (r, s) in [(&[0; 32][..], &[0; 32][..]), (&one, &[0; 32]), (&[0; 32], &one), (&order, &order), (&order, &one)] {
        let verdict = host().verify(Algorithm::ES256, &key, &[r, s].concat(), MESSAGE).await;
        assert_eq!(verdict, Ok(false), "{r:?} {s:?}");
    }
}

#[wasm_bindgen_test]
async fn a_key_of_another_type_than_the_algorithm_is_refused_j1_x2() {
    let (key, signature) = signed(Algorithm::ES256).await;
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES384, Algorithm::EdDSA] {
        let verdict = host().verify(algorithm, &key, &signature, MESSAGE).await;
        assert_eq!(verdict, Err(CryptoFailure::InvalidKey), "{}", algorithm.as_str());
    }
}

#[wasm_bindgen_test]
async fn a_key_of_another_type_than_the_algorithm_is_refused_x2_j1() {
    let (key, signature) = signed(Algorithm::ES256).await;
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES384, Algorithm::EdDSA] {
        let verdict = host().verify(algorithm, &key, &signature, MESSAGE).await;
        assert_eq!(verdict, Err(CryptoFailure::InvalidKey), "{}", algorithm.as_str());
    }
}

#[wasm_bindgen_test]
async fn a_host_without_webcrypto_says_that_it_is_unavailable() {
    let (key, signature) = signed(Algorithm::ES256).await;
    for missing in ["crypto", "crypto.subtle"] {
        let _without = Tampered::replaced(missing, &JsValue::UNDEFINED);
        let verdict = host().verify(Algorithm::ES256, &key, &signature, MESSAGE).await;
        assert_eq!(verdict, Err(CryptoFailure::Unavailable), "{missing}");
    }
    let _throwing = Tampered::blocked("crypto.subtle");
    let verdict = host().verify(Algorithm::ES256, &key, &signature, MESSAGE).await;
    assert_eq!(verdict, Err(CryptoFailure::Unavailable));
}

#[wasm_bindgen_test]
async fn an_algorithm_that_the_host_does_not_know_is_unsupported_and_not_a_bad_key() {
    let (key, signature) = signed(Algorithm::EdDSA).await;
    let older = js::IMPORT_NOTHING.with(|import| Tampered::replaced("crypto.subtle.importKey", import));
    let verdict = host().verify(Algorithm::EdDSA, &key, &signature, MESSAGE).await;
    assert_eq!(verdict, Err(CryptoFailure::Unsupported));
    drop(older);
    let _odd = js::IMPORT_THROWS.with(|import| Tampered::replaced("crypto.subtle.importKey", import));
    let verdict = host().verify(Algorithm::EdDSA, &key, &signature, MESSAGE).await;
    assert_eq!(verdict, Err(CryptoFailure::InvalidKey));
}

/// What the wrapper does with the app's key, in these words of JavaScript.
fn signing(body: &str) -> Option<js_sys::Function> {
    Some(js_sys::Function::new_with_args("algorithm, input", body))
}

#[wasm_bindgen_test]
async fn the_apps_key_signs_by_the_function_that_has_it() {
    for body in [
        "return Promise.resolve(new Uint8Array([algorithm.length, ...input]))",
        "return new Uint8Array([algorithm.length, ...input])",
    ] {
        let signature = host().with_sign(signing(body)).sign(Algorithm::ES256, b"ab").await;
        assert_eq!(signature, Ok(vec![5, b'a', b'b']));
    }
}

#[wasm_bindgen_test]
async fn a_key_that_does_not_sign_is_a_failure_and_never_a_signature() {
    for (body, failure) in [
        ("throw new DOMException('canary', 'NotSupportedError')", CryptoFailure::Unsupported),
        ("return Promise.reject(new DOMException('canary', 'NotSupportedError'))", CryptoFailure::Unsupported),
        ("throw new Error('canary')", CryptoFailure::InvalidKey),
        ("return Promise.reject()", CryptoFailure::InvalidKey),
    ] {
        let signature = host().with_sign(signing(body)).sign(Algorithm::ES256, b"ab").await;
        assert_eq!(signature, Err(failure), "{body}");
    }
    assert_eq!(host().sign(Algorithm::ES256, b"ab").await, Err(CryptoFailure::Unavailable));
}
