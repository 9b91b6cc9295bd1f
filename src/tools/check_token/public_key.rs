//! A key as other tools show it: `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7, RFC 3279 2.3, RFC 5480, RFC 8410), its PEM
//! (RFC 7468 13), its fingerprint and its size.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Encode, Tag};
use jwt_compact::jwk::JsonWebKey;
use sha2::{Digest, Sha256};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::protocol::base64;
use crate::protocol::key_set::PublicKey;

/// `rsaEncryption` (RFC 3279 2.3.1).
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-ecPublicKey` (RFC 5480 2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `secp256r1`, `secp384r1`, `secp521r1` (RFC 5480 2.1.1.1).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
/// `id-Ed25519` (RFC 8410 3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The digits of a line of PEM (RFC 7468 2).
const PEM_COLUMNS: usize = 64;

/// What there is to say about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyFacts {
    /// `SubjectPublicKeyInfo` in DER.
    pub(super) spki: Vec<u8>,
    /// `kty`
    pub(super) key_type: &'static str,
    /// `crv`
    pub(super) curve: Option<String>,
    /// Of the modulus, or of the curve's field.
    pub(super) size_bits: i64,
}

impl KeyFacts {
    /// `None` for what no encoder takes, which no key that can verify is.
    pub(super) fn of(key: &PublicKey) -> Option<Self> {
        match key.jwk() {
            JsonWebKey::Rsa { modulus, public_exponent, .. } => {
                let key =
                    [UintRef::new(&modulus).ok()?.to_der().ok()?, UintRef::new(&public_exponent).ok()?.to_der().ok()?];
                let key = AnyRef::new(Tag::Sequence, &key.concat()).ok()?.to_der().ok()?;
                let size_bits = bits(&modulus)?;
                Some(Self {
                    spki: encode(RSA, Some(AnyRef::NULL), &key).ok()?,
                    key_type: "RSA",
                    curve: None,
                    size_bits,
                })
            }
            JsonWebKey::EllipticCurve { curve, x, y, .. } => {
                let (oid, size_bits) = match &*curve {
                    "P-256" => (P256, 256),
                    "P-384" => (P384, 384),
                    _ => (P521, 521),
                };
                // The point is not compressed (SEC 1 2.3.3).
                let point = [&[4], &*x, &*y].concat();
                let spki = encode(EC, Some(AnyRef::from(&oid)), &point).ok()?;
                Some(Self { spki, key_type: "EC", curve: Some(curve.into_owned()), size_bits })
            }
            JsonWebKey::KeyPair { curve, x, .. } => {
                let spki = encode(ED25519, None, &x).ok()?;
                Some(Self { spki, key_type: "OKP", curve: Some(curve.into_owned()), size_bits: 256 })
            }
            _ => None,
        }
    }

    /// The key as PEM, label `PUBLIC KEY`, with a line feed at the end of each line.
    pub(super) fn to_pem(&self) -> String {
        let digits = base64::encode_padded(&self.spki);
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in digits.as_bytes().chunks(PEM_COLUMNS) {
            // The digits are ASCII.
            pem.push_str(std::str::from_utf8(line).unwrap_or_default());
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`, as it is pinned and as `openssl pkey -pubin -outform DER | openssl sha256`
    /// shows it.
    pub(super) fn fingerprint(&self) -> String {
        sha256_hex(&self.spki)
    }

    /// What a person calls such a key.
    pub(super) fn describe(&self) -> String {
        match &self.curve {
            Some(curve) => format!("{} key on {curve}", self.key_type),
            None => format!("{} key of {} bits", self.key_type, self.size_bits),
        }
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn encode(algorithm: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> der::Result<Vec<u8>> {
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: algorithm, parameters },
        subject_public_key: BitStringRef::from_bytes(key)?,
    }
    .to_der()
}

/// The bits of a number without zeros in front.
fn bits(number: &[u8]) -> Option<i64> {
    let unused = i64::from(number.first()?.leading_zeros());
    i64::try_from(number.len()).ok()?.checked_mul(8)?.checked_sub(unused)
}
