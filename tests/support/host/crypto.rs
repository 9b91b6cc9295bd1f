//! Signatures: real ones of WebCrypto and of the standards, and everything that must not pass for one.

use base64ct::{Base64UrlUnpadded, Encoding};
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
async fn a_signature_verifies_with_its_key_its_message_and_no_others() {
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
async fn an_rsa_signature_has_the_length_of_its_key_even_where_a_zero_could_be_left_out() {
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
    let key = self::key(&jwk);
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
async fn a_point_off_the_curve_is_a_key_that_is_refused_j4() {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    // One bit away from the point of RFC 7515 A.3, and nothing.
    for y in ["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let key = key(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#));
        let verdict = host().verify(Algorithm::ES256, &key, &[1; 64], MESSAGE).await;
        assert_eq!(verdict, Err(CryptoFailure::InvalidKey), "{y}");
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
async fn the_vectors_of_the_standards_verify() {
    let rfc_7515_a_2 = (
        Algorithm::RS256,
        r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
    let rfc_7515_a_3 = (
        Algorithm::ES256,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    let rfc_8037_a_4 = (
        Algorithm::EdDSA,
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    for (algorithm, jwk, token) in [rfc_7515_a_2, rfc_7515_a_3, rfc_8037_a_4] {
        let (signing_input, signature) = token.rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        let verdict = host().verify(algorithm, &key(jwk), &signature, signing_input.as_bytes()).await;
        assert_eq!(verdict, Ok(true), "{}", algorithm.as_str());
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
