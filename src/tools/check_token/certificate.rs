//! What the certificate in a key's `x5c` says (RFC 7517 4.7, RFC 5280 4.1). It is shown and never believed: the key was
//! published by the issuer, and that is what it is trusted for.

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Header, Reader, SliceReader};
use spki::SubjectPublicKeyInfoRef;

use super::distinguished_name;
use super::public_key::{KeyFacts, RSA, hex, sha256_hex};
use super::x509::Certificate;
use crate::ports::Crypto;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::base64;
use crate::protocol::json::{Json, Object};
use crate::protocol::key_set::PublicKey;

/// Signature algorithms (RFC 4055 5, RFC 5758 3, RFC 8410 3) by the names that openssl has for them, and what they are as
/// algorithms of JWS.
const SIGNATURES: [(ObjectIdentifier, &str, &[Algorithm]); 9] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"), "sha1WithRSAEncryption", &[]),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), "rsassaPss", &[]),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), "sha256WithRSAEncryption", &[Algorithm::RS256]),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), "sha384WithRSAEncryption", &[Algorithm::RS384]),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), "sha512WithRSAEncryption", &[Algorithm::RS512]),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), "ecdsa-with-SHA256", &[Algorithm::ES256]),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), "ecdsa-with-SHA384", &[Algorithm::ES384]),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), "ecdsa-with-SHA512", &[Algorithm::ES512]),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), "ED25519", &[Algorithm::Ed25519]),
];

/// The facts of the first certificate; `None` where the key has none. What cannot be read is said in `error`.
pub(super) async fn facts<C: Crypto>(crypto: &C, entry: &Object, key: &PublicKey, of_key: &KeyFacts) -> Option<Object> {
    let chain = entry.get("x5c").filter(|chain| **chain != Json::Null)?;
    let mut facts = Object::new();
    let length = match chain {
        Json::Array(chain) => i64::try_from(chain.len()).ok(),
        _ => None,
    };
    facts.put_integer("chainLength", length);
    let first = match chain {
        Json::Array(chain) => chain.first().and_then(Json::as_str).and_then(bytes),
        _ => None,
    };
    let Some(der) = first else {
        facts.put_text("error", Some("\"x5c\" is not a list of certificates in base64"));
        return Some(facts);
    };
    facts.put_text("fingerprint", Some(&sha256_hex(&der)));
    match Certificate::from_der(&der) {
        Ok(certificate) => describe(crypto, &certificate, &der, key, of_key, &mut facts).await,
        Err(_) => facts.put_text("error", Some("the first entry of \"x5c\" is not an X.509 certificate")),
    }
    Some(facts)
}

async fn describe<C: Crypto>(
    crypto: &C,
    certificate: &Certificate<'_>,
    der: &[u8],
    key: &PublicKey,
    of_key: &KeyFacts,
    facts: &mut Object,
) {
    let signed = &certificate.signed;
    let algorithm = certificate.signature_algorithm.oid;
    let known = SIGNATURES.iter().find(|(oid, ..)| *oid == algorithm);
    let is_of_key = is_of_key(certificate, of_key);
    facts.put_text("subject", Some(&distinguished_name::text(signed.subject)));
    facts.put_text("issuer", Some(&distinguished_name::text(signed.issuer)));
    // The zero in front of a number whose first bit is set is its sign.
    let serial_number = signed.serial_number.as_bytes();
    let serial_number = serial_number.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial_number);
    facts.put_text("serialNumber", Some(&hex(serial_number)));
    facts.put_text("notBefore", Some(&signed.validity.not_before.text()));
    facts.put_text("notAfter", Some(&signed.validity.not_after.text()));
    facts.put_text(
        "signatureAlgorithm",
        Some(&known.map_or_else(|| algorithm.to_string(), |(_, name, _)| (*name).to_owned())),
    );
    let is_self_signed = if signed.subject != signed.issuer {
        Some(false)
    } else if is_of_key {
        let of_jws = known.and_then(|(.., algorithms)| algorithms.first());
        match of_jws {
            Some(algorithm) => is_signed_by(crypto, certificate, der, key, *algorithm).await,
            None => None,
        }
    } else {
        None
    };
    facts.insert("selfSigned", is_self_signed.map_or(Json::Null, Json::Bool));
    facts.insert("keyMatches", Json::Bool(is_of_key));
}

/// Whether it certifies this very key.
fn is_of_key(certificate: &Certificate<'_>, of_key: &KeyFacts) -> bool {
    let Ok(own) = SubjectPublicKeyInfoRef::from_der(&of_key.spki) else { return false };
    let certified = &certificate.signed.subject_public_key_info;
    // An RSA key is the same one whatever padding it is restricted to; of a point the curve has to be known.
    let is_for_the_same = own.algorithm.oid == RSA || own.algorithm == certified.algorithm;
    is_for_the_same && own.subject_public_key == certified.subject_public_key
}

/// Whether the key that it certifies has signed it; `None` where the host cannot say.
async fn is_signed_by<C: Crypto>(
    crypto: &C,
    certificate: &Certificate<'_>,
    der: &[u8],
    key: &PublicKey,
    algorithm: Algorithm,
) -> Option<bool> {
    let signed = signed_part(der)?;
    let signature = certificate.signature.as_bytes()?;
    // Certificates have ECDSA signatures in DER (RFC 3279 2.2.3), JWS has the two numbers side by side.
    let signature = match (algorithm, algorithm.signature_length()) {
        (Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512, Some(length)) => side_by_side(signature, length)?,
        _ => signature.to_vec(),
    };
    crypto.verify(algorithm, key, &signature, signed).await.ok()
}

/// The bytes that were signed, as they were sent.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    Header::decode(&mut reader).ok()?;
    reader.tlv_bytes().ok()
}

fn side_by_side(der: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    Header::decode(&mut reader).ok()?;
    let half = length.checked_div(2)?;
    let mut signature = Vec::with_capacity(length);
    for _ in 0..2 {
        let number = UintRef::decode(&mut reader).ok()?;
        let zeros = half.checked_sub(number.as_bytes().len())?;
        signature.resize(signature.len().checked_add(zeros)?, 0);
        signature.extend_from_slice(number.as_bytes());
    }
    Some(signature)
}

/// Base64 as RFC 7517 4.7 says, and as providers write it: with line breaks, without padding, with the digits of
/// base64url.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            same => same,
        })
        .collect();
    base64::decode(digits.trim_end_matches('='))
}
