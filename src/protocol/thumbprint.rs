//! The name that a key gives itself: its JWK thumbprint (RFC 7638, RFC 8037 2).

use sha2::{Digest, Sha256};

use super::base64;
use super::json::{Object, parse_object};
use super::key_set::PublicKey;

/// The members that are hashed, in the order of their names; each type of key has some of them (RFC 7638 3.2).
const REQUIRED_MEMBERS: [&str; 6] = ["crv", "e", "kty", "n", "x", "y"];

/// The SHA-256 thumbprint of a key, base64url: the same however the provider writes the key.
#[must_use]
pub fn of(key: &PublicKey) -> String {
    let members = parse_object(key.to_jwk_json().as_bytes()).unwrap_or_default();
    let mut canonical = Object::new();
    for name in REQUIRED_MEMBERS {
        canonical.put_text(name, members.string(name).ok().flatten());
    }
    base64::encode(&Sha256::digest(canonical.to_string()))
}
