//! jwt-compact's own algorithms judge what this crate hands to WebCrypto: signing input, signature and key.

use jwt_compact::alg::{Ed25519, Es256, Rsa};
use jwt_compact::jwk::{JsonWebKey, JwkError};
use jwt_compact::{Algorithm as Verifier, AlgorithmSignature};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::key_set::PublicKey;

fn verify<'a, V: Verifier>(verifier: &V, key: &'a JsonWebKey<'static>, signing_input: &[u8], signature: &[u8]) -> bool
where
    V::VerifyingKey: TryFrom<&'a JsonWebKey<'static>, Error = JwkError>,
{
    let Ok(key) = V::VerifyingKey::try_from(key) else { return false };
    let Ok(signature) = V::Signature::try_from_slice(signature) else { return false };
    verifier.verify_signature(&signature, &key, signing_input)
}

/// Whether the signature is right; `None` for curves that jwt-compact does not have.
pub fn verdict(algorithm: Algorithm, key: &PublicKey, signing_input: &[u8], signature: &[u8]) -> Option<bool> {
    let key = &key.jwk();
    Some(match algorithm {
        Algorithm::ES256 => verify(&Es256, key, signing_input, signature),
        Algorithm::ES384 | Algorithm::ES512 => return None,
        Algorithm::EdDSA | Algorithm::Ed25519 => verify(&Ed25519, key, signing_input, signature),
        rsa => verify(&rsa.as_str().parse::<Rsa>().ok()?, key, signing_input, signature),
    })
}
