//! Signing natively, by Ed25519, and signing wrongly (`tests/op/signing.mjs` has the same words).

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::Algorithm;
use jwt_compact::alg::{Ed25519, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use crate::support::base64url;

type Key = <Ed25519 as Algorithm>::SigningKey;

/// Who signs: the provider, and somebody else.
pub const OURS: [u8; 32] = [7; 32];
pub const STRANGER: [u8; 32] = [9; 32];

pub fn public_key(secret: [u8; 32]) -> Value {
    let key = <Key as SigningKey<Ed25519>>::from_slice(&secret).unwrap().to_verifying_key();
    json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(VerifyingKey::<Ed25519>::as_bytes(&key))})
}

pub fn sign(secret: [u8; 32], header: &Value, payload: &str) -> String {
    let key = <Key as SigningKey<Ed25519>>::from_slice(&secret).unwrap();
    let input = format!("{}.{}", base64url(header.to_string()), base64url(payload));
    let signature = Ed25519.sign(&key, input.as_bytes());
    format!("{input}.{}", base64url(signature.to_bytes()))
}

/// The token with its signature spoilt.
pub fn spoilt(token: &str, wrong: Option<&str>) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
    match wrong {
        None | Some("stranger") => {}
        Some("empty") => bytes.clear(),
        Some("zeros") => bytes.fill(0),
        Some("broken") => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        Some(wrong) => panic!("nobody knows what is wrong: {wrong}"),
    }
    format!("{input}.{}", base64url(bytes))
}
