//! JSON Web Key Sets (RFC 7517), entry by entry: an odd key is skipped, never an error for the keys beside it.

use std::borrow::Cow;

use super::base64;
use jwt_compact::jwk::JsonWebKey;

use super::algorithm::Algorithm;
use super::http::{HttpRequest, HttpResponse};
use super::json::{Json, Object, parse_object_as};
use super::provider_error::code_of_status;
use super::purpose::Purpose;
use super::url::HttpsUrl;
use crate::error::{Code, Error, Result};

/// How long a key set is used without asking, in seconds.
pub const KEYS_LIVE_SECONDS: i64 = 3600;

/// How long after a forced request for keys no other is forced, in seconds: tokens with made-up key ids must not
/// become a flood of requests (RFC 8725 3.10).
pub const FORCED_FETCH_COOL_DOWN_SECONDS: i64 = 30;

/// The most keys that are tried for one signature.
pub const MAX_CANDIDATES: usize = 100;

/// RSA keys below have been broken or are about to be; WebCrypto takes them all the same (RFC 7518 3.3).
const MIN_RSA_BITS: usize = 2048;

/// The longest modulus that WebCrypto takes; a longer one would only cost time.
const MAX_RSA_BITS: usize = 16_384;

/// Members of private and symmetric keys (RFC 7518 6.2.2, 6.3.2, 6.4). Who publishes one has lost the key.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The y of the points of order 8 on the curve of Ed25519, little-endian.
const OF_ORDER_8: [[u8; 32]; 2] = [
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

/// A public key that can verify signatures.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey {
    /// `kid`
    pub key_id: Option<String>,
    /// `alg`: the one algorithm that the key is for, where the provider says so.
    pub algorithm: Option<String>,
    shape: Shape,
    /// The public members, without `kid` and `alg`.
    members: Object,
    /// The same as JSON text, by which a key is known where it was imported.
    text: String,
}

/// Which algorithms a key can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

/// The keys of a provider that can verify signatures, in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// Asks for the key set of now: one that the browser kept may be older than the key that is missing.
#[must_use]
pub fn key_set_request(jwks_uri: &HttpsUrl) -> HttpRequest {
    let request = HttpRequest::get(jwks_uri.as_str(), "application/jwk-set+json, application/json");
    HttpRequest { skips_cache: true, purpose: Purpose::Keys, ..request }
}

/// Judges the answer to [`key_set_request`].
///
/// # Errors
/// `ServerError` and `TemporarilyUnavailable` for 5xx and 429; `InvalidKeySet` for any other answer that is not a key
/// set with status 200 and a JSON media type.
pub fn judge_key_set(response: &HttpResponse) -> Result<KeySet> {
    let refuse = |code, message: &'static str| {
        Err(Error::new(code, message).with_status(response.status).with_retry_after(response.retry_after()))
    };
    if let Some(code) = code_of_status(response.status) {
        return refuse(code, "the provider failed to send its keys");
    }
    if response.status != 200 || !response.is_json() {
        return refuse(Code::InvalidKeySet, "the provider's key set must come with status 200 and a JSON media type");
    }
    KeySet::parse(&parse_object_as(&response.body, Code::InvalidKeySet)?)
}

impl KeySet {
    /// Reads a key set. Skipped are keys of an unknown type or curve, symmetric and private ones, those that are not
    /// for verifying signatures (`use`, `key_ops`), RSA below 2048 bits, and whatever is malformed. Certificates in it
    /// (`x5c`, `x5u`) are never looked at.
    ///
    /// # Errors
    /// `InvalidKeySet` when there is no array `keys`.
    pub fn parse(document: &Object) -> Result<Self> {
        let Some(Json::Array(entries)) = document.get("keys") else {
            return Err(Error::new(Code::InvalidKeySet, "a key set must have an array \"keys\""));
        };
        let mut keys = Vec::new();
        for entry in entries {
            if let Json::Object(entry) = entry {
                keys.extend(PublicKey::read(entry));
            }
        }
        Ok(Self { keys })
    }

    /// The keys that may have made a signature, at most [`MAX_CANDIDATES`]: those that fit the algorithm and, where the
    /// token names a key, have exactly that `kid`.
    #[must_use]
    pub fn candidates(&self, algorithm: Algorithm, key_id: Option<&str>) -> Vec<&PublicKey> {
        self.keys
            .iter()
            .filter(|key| key_id.is_none() || key.key_id.as_deref() == key_id)
            .filter(|key| key.fits(algorithm))
            .take(MAX_CANDIDATES)
            .collect()
    }

    /// The keys in the provider's order.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whether no key is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The set as JSON text that [`KeySet::parse`] reads back: public members, `kid` and `alg`.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let mut members = key.members.clone();
            members.put_text("kid", key.key_id.as_deref());
            members.put_text("alg", key.algorithm.as_deref());
            keys.push(Json::Object(members));
        }
        let mut document = Object::new();
        document.insert("keys", Json::Array(keys));
        document
    }
}

impl PublicKey {
    /// Reads one key; `None` for what [`KeySet::parse`] skips.
    #[must_use]
    pub fn read(entry: &Object) -> Option<Self> {
        if PRIVATE_MEMBERS.iter().any(|name| entry.get(name).is_some()) {
            return None;
        }
        if entry.string("use").ok()?.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if entry.strings("key_ops").ok()?.is_some_and(|operations| !operations.iter().any(|one| one == "verify")) {
            return None;
        }
        let (shape, members) = match entry.string("kty").ok()?? {
            "RSA" => rsa(entry)?,
            "EC" => elliptic_curve(entry)?,
            "OKP" => ed25519(entry)?,
            _ => return None,
        };
        let text = members.to_string();
        Some(Self { key_id: entry.text("kid").ok()?, algorithm: entry.text("alg").ok()?, shape, members, text })
    }

    /// Whether the key can be the one of this algorithm by type, curve, and what its own `alg` says.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{ES256, ES384, ES512, Ed25519, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let shape = match algorithm {
            RS256 | RS384 | RS512 | PS256 | PS384 | PS512 => Shape::Rsa,
            ES256 => Shape::P256,
            ES384 => Shape::P384,
            ES512 => Shape::P521,
            EdDSA | Ed25519 => Shape::Ed25519,
        };
        let own = self.algorithm.as_deref();
        let agreed = match algorithm {
            // Two names of one algorithm as long as the curve is Ed25519 (RFC 9864 2.2).
            EdDSA | Ed25519 => matches!(own, None | Some("EdDSA" | "Ed25519")),
            _ => own.is_none_or(|own| own == algorithm.as_str()),
        };
        shape == self.shape && agreed
    }

    /// The length of every signature of an RSA key in bytes: that of its modulus (RFC 8017 8.1.2 and 8.2.2, step 1).
    /// `None` for other keys, whose algorithm says it.
    #[must_use]
    pub fn signature_length(&self) -> Option<usize> {
        let modulus = self.members.string("n").ok().flatten()?;
        // Base64url without padding, and without leading zeros.
        modulus.len().checked_mul(6).map(|bits| bits / 8)
    }

    /// The key as jwt-compact knows it.
    #[must_use]
    pub fn jwk(&self) -> JsonWebKey<'static> {
        // What is in the members has been decoded once.
        let bytes = |name| Cow::Owned(bytes(&self.members, name).unwrap_or_default());
        let curve = |curve| Cow::Borrowed(curve);
        let elliptic_curve =
            |name| JsonWebKey::EllipticCurve { curve: curve(name), x: bytes("x"), y: bytes("y"), secret: None };
        match self.shape {
            Shape::Rsa => JsonWebKey::Rsa { modulus: bytes("n"), public_exponent: bytes("e"), private_parts: None },
            Shape::P256 => elliptic_curve("P-256"),
            Shape::P384 => elliptic_curve("P-384"),
            Shape::P521 => elliptic_curve("P-521"),
            Shape::Ed25519 => JsonWebKey::KeyPair { curve: curve("Ed25519"), x: bytes("x"), secret: None },
        }
    }

    /// The public members alone as JSON text, as `importKey("jwk", …)` of WebCrypto takes them.
    #[must_use]
    pub fn to_jwk_json(&self) -> &str {
        &self.text
    }
}

fn rsa(entry: &Object) -> Option<(Shape, Object)> {
    let modulus = without_leading_zeros(bytes(entry, "n")?);
    let public_exponent = without_leading_zeros(bytes(entry, "e")?);
    let unused = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    let bits = modulus.len().checked_mul(8)?.checked_sub(unused)?;
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return None;
    }
    // An even exponent is none, and with the exponent 1 everybody can sign.
    let is_odd = public_exponent.last()? & 1 == 1;
    if !is_odd || public_exponent == [1] {
        return None;
    }
    let mut members = Object::new();
    members.put_text("kty", Some("RSA"));
    members.put_text("n", Some(&base64::encode(&modulus)));
    members.put_text("e", Some(&base64::encode(&public_exponent)));
    Some((Shape::Rsa, members))
}

fn elliptic_curve(entry: &Object) -> Option<(Shape, Object)> {
    let (shape, length) = match entry.string("crv").ok()?? {
        "P-256" => (Shape::P256, 32),
        "P-384" => (Shape::P384, 48),
        "P-521" => (Shape::P521, 66),
        _ => return None,
    };
    // Whether the point lies on the curve is checked by who imports the key.
    point(entry, &["x", "y"], length).map(|members| (shape, members))
}

fn ed25519(entry: &Object) -> Option<(Shape, Object)> {
    if entry.string("crv").ok()? != Some("Ed25519") || is_of_small_order(bytes(entry, "x")?) {
        return None;
    }
    point(entry, &["x"], 32).map(|members| (Shape::Ed25519, members))
}

/// Whether a point of Ed25519 (RFC 8032 5.1.2) is one of the eight that everybody can sign under, or written as no
/// honest key is; not every WebCrypto refuses them. Their y is 0, 1, -1, or one of [`OF_ORDER_8`].
fn is_of_small_order(mut point: Vec<u8>) -> bool {
    if let Some(last) = point.last_mut() {
        // The sign of x.
        *last &= 0x7f;
    }
    match point.as_slice() {
        [0 | 1, rest @ ..] => rest.iter().all(|&byte| byte == 0),
        [0xec..=0xff, rest @ .., 0x7f] => rest.iter().all(|&byte| byte == 0xff),
        other => OF_ORDER_8.iter().any(|point| point == other),
    }
}

/// The members of a key that is a point; each of its coordinates has this length in bytes.
fn point(entry: &Object, coordinates: &[&str], length: usize) -> Option<Object> {
    let mut members = Object::new();
    for name in ["kty", "crv"] {
        members.put_text(name, entry.string(name).ok()?);
    }
    for name in coordinates {
        if bytes(entry, name)?.len() != length {
            return None;
        }
        members.put_text(name, entry.string(name).ok()?);
    }
    Some(members)
}

fn bytes(entry: &Object, name: &str) -> Option<Vec<u8>> {
    base64::decode(entry.string(name).ok()??)
}

/// Some providers write the sign byte of their big-number type along; RFC 7518 6.3.1.1 has none.
fn without_leading_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    bytes
}
