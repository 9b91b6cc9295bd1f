//! Real private keys, those that RFC 7517 A.2 and RFC 8037 A.1 print, and jwt-compact's own algorithms, which sign with them.

#![allow(dead_code, reason = "each test file uses a part")]

use jwt_compact::Algorithm as Signer;
use jwt_compact::AlgorithmSignature;
use jwt_compact::alg::{Ed25519, Es256, Rsa};
use jwt_compact::jwk::{JsonWebKey, JwkError};
use wasm_oidc::ports::CryptoFailure;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::json::{Json, Object};
use wasm_oidc::protocol::key_set::{KeySet, PublicKey};

use crate::published::examples;

/// The private key of an algorithm as the standard prints it.
fn jwk(algorithm: Algorithm) -> Object {
    let kind = match algorithm {
        Algorithm::ES256 => "EC",
        Algorithm::EdDSA | Algorithm::Ed25519 => "OKP",
        _ => "RSA",
    };
    let keys = examples("key_sets").into_iter().flat_map(|(name, example)| {
        let set = example.required_object("set").unwrap().clone();
        let keys = set.array("keys").unwrap().unwrap().to_vec();
        keys.into_iter().filter(move |_| !name.contains("RFC 7520"))
    });
    let mut private = keys.filter_map(|key| match key {
        Json::Object(key) if key.get("d").is_some() && key.string("kty").unwrap() == Some(kind) => Some(key),
        _ => None,
    });
    private.next().expect("a standard prints such a key")
}

/// The other half of a key: what a provider has of it.
pub fn public_key(algorithm: Algorithm) -> PublicKey {
    let mut public = Object::new();
    for (name, value) in
        jwk(algorithm).iter().filter(|(name, _)| matches!(*name, "kty" | "crv" | "n" | "e" | "x" | "y"))
    {
        public.insert(name, value.clone());
    }
    let mut set = Object::new();
    set.insert("keys", Json::Array(vec![Json::Object(public)]));
    KeySet::parse(&set).unwrap().keys()[0].clone()
}

fn sign_with<V: Signer>(signer: &V, key: &JsonWebKey<'_>, signing_input: &[u8]) -> Vec<u8>
where
    V::SigningKey: for<'a> TryFrom<&'a JsonWebKey<'a>, Error = JwkError>,
{
    let key = V::SigningKey::try_from(key).expect("the key is whole");
    signer.sign(&key, signing_input).as_bytes().to_vec()
}

/// What a host does that has the key of this algorithm.
pub fn sign(algorithm: Algorithm, signing_input: &[u8]) -> Result<Vec<u8>, CryptoFailure> {
    let key = jwk(algorithm).to_string();
    let key: JsonWebKey<'_> = serde_json::from_str(&key).unwrap();
    Ok(match algorithm {
        Algorithm::ES256 => sign_with(&Es256, &key, signing_input),
        Algorithm::EdDSA | Algorithm::Ed25519 => sign_with(&Ed25519, &key, signing_input),
        Algorithm::ES384 | Algorithm::ES512 => return Err(CryptoFailure::Unsupported),
        rsa => sign_with(&rsa.as_str().parse::<Rsa>().unwrap(), &key, signing_input),
    })
}
