//! DPoP proofs (RFC 9449 4.2) as a protected resource checks them: the twelve steps of section 4.3.
//!
//! Step 6, the signature, is for who has cryptography: everything here before it is true of what anybody may have
//! written. Step 10, the nonce, and whether the proof came before (section 11.1) are for who keeps them.

use std::fmt;

use super::algorithm::Algorithm;
use super::claims::{required_text, required_time, text};
use super::json::Json;
use super::jwt::{self, Jwt};
use super::key_set::PublicKey;
use super::secret::{Secret, fingerprint};
use super::thumbprint;
use super::url::cut;
use crate::error::{Code, Error, Result};

/// The longest proof that is looked at, in bytes: one of an RSA key of 16,384 bits has room.
pub const MAX_PROOF_BYTES: usize = 16 * 1024;

/// The longest `jti`, in bytes (RFC 9449 11.1: large ones exhaust whoever remembers them).
pub const MAX_JWT_ID_BYTES: usize = 512;

/// The type of a proof (RFC 9449 4.2); the standard gives no other spelling.
const TYPE: &str = "dpop+jwt";

/// A proof of which steps 1 to 5 and 7 are checked. `Debug` shows neither claims nor signature.
#[derive(Clone, PartialEq)]
pub struct DpopProof {
    /// The algorithm, one of those that are allowed.
    pub algorithm: Algorithm,
    /// The key that is proved.
    pub key: PublicKey,
    /// The thumbprint of the key (RFC 7638).
    pub thumbprint: String,
    /// `jti`: 1 to [`MAX_JWT_ID_BYTES`] bytes.
    pub jwt_id: String,
    /// `htm`
    pub method: String,
    /// `htu`
    pub target: String,
    /// `iat`, in Unix seconds.
    pub issued_at: i64,
    /// `nonce`
    pub nonce: Option<String>,
    token_hash: Option<String>,
    jwt: Jwt,
}

impl DpopProof {
    /// Reads the proof of a request: steps 1 to 5 and 7.
    ///
    /// # Errors
    /// `InvalidDpopProof`
    pub fn read(proofs: &[Secret], allowed: &[Algorithm]) -> Result<Self> {
        // Step 1: not more than one header. A token that needs a proof needs one.
        let [proof] = proofs else {
            return Err(invalid(match proofs {
                [] => "the request has no header \"DPoP\" with a proof",
                _ => "the request has more than one header \"DPoP\"",
            }));
        };
        // Step 2: a well-formed JWT.
        if proof.expose().len() > MAX_PROOF_BYTES {
            return Err(invalid("the proof is longer than any honest one"));
        }
        let jwt = jwt::parse(proof.expose()).map_err(because)?;

        // Step 4: the type.
        if jwt.token_type.as_deref() != Some(TYPE) {
            let came = jwt.token_type.as_deref().unwrap_or("none");
            return Err(invalid("\"typ\" (type) in its header must be \"dpop+jwt\"").mismatch(TYPE, came));
        }
        // Step 5: an asymmetric algorithm that is allowed.
        let algorithm = Algorithm::parse(&jwt.algorithm).filter(|algorithm| allowed.contains(algorithm));
        let Some(algorithm) = algorithm else {
            return Err(invalid("its algorithm is not allowed").mismatch(names(allowed), &jwt.algorithm));
        };
        // Step 7: the key is a public one. A private or symmetric one is not read at all.
        let key = match jwt.header.get("jwk") {
            Some(Json::Object(key)) => PublicKey::read(key),
            _ => None,
        };
        let Some(key) = key.filter(|key| key.fits(algorithm)) else {
            let message = "\"jwk\" in its header must be a public key of its algorithm, without any private member";
            return Err(invalid(message));
        };

        // Step 3: the claims.
        let claims = &jwt.claims;
        let owned = |name| required_text(claims, name).map(str::to_owned).map_err(because);
        let jwt_id = owned("jti")?;
        if !(1..=MAX_JWT_ID_BYTES).contains(&jwt_id.len()) {
            return Err(invalid("\"jti\" (JWT id) must have 1 to 512 bytes"));
        }
        let optional = |name| text(claims, name).map(|text| text.map(str::to_owned)).map_err(because);
        Ok(Self {
            algorithm,
            thumbprint: thumbprint::of(&key),
            key,
            jwt_id,
            method: owned("htm")?,
            target: owned("htu")?,
            issued_at: required_time(claims, "iat").map_err(because)?,
            nonce: optional("nonce")?,
            token_hash: optional("ath")?,
            jwt,
        })
    }

    /// What the key has to have signed, and the signature: step 6.
    #[must_use]
    pub fn signed(&self) -> (&[u8], &[u8]) {
        (self.jwt.signing_input.as_bytes(), &self.jwt.signature)
    }

    /// The error of a proof that its key did not sign.
    #[must_use]
    pub fn unsigned() -> Error {
        invalid("its signature is not one of the key in its header")
    }

    /// Steps 8 and 9: the proof is for this request. `target` is [`comparable`] of the request's URL, `resolved` that of
    /// the proof's as the same parser reads it.
    ///
    /// # Errors
    /// `InvalidDpopProof`
    pub fn check_request(&self, method: &str, target: &str, resolved: Option<&str>) -> Result<()> {
        if self.method != method {
            return Err(invalid("\"htm\" (HTTP method) is not that of the request").mismatch(method, &self.method));
        }
        if resolved != Some(target) {
            let came = cut(&self.target, b'?').0;
            return Err(invalid("\"htu\" (HTTP target URI) is not that of the request").mismatch(target, came));
        }
        Ok(())
    }

    /// Step 11: the proof was made within the last `max_age` seconds; clocks may differ by `tolerance` seconds.
    ///
    /// # Errors
    /// `InvalidDpopProof`
    pub fn check_time(&self, now: i64, max_age: i64, tolerance: i64) -> Result<()> {
        if self.issued_at > now.saturating_add(tolerance) {
            return Err(invalid("\"iat\" (issued at) lies in the future: a clock is wrong"));
        }
        if now > self.latest_use(max_age, tolerance) {
            return Err(invalid("\"iat\" (issued at) is too long ago: every request needs a proof of its own"));
        }
        Ok(())
    }

    /// The last second in which the proof passes [`Self::check_time`].
    #[must_use]
    pub fn latest_use(&self, max_age: i64, tolerance: i64) -> i64 {
        self.issued_at.saturating_add(max_age).saturating_add(tolerance)
    }

    /// Step 12: the proof is for this token, and the key is the one that the token is bound to.
    ///
    /// # Errors
    /// `InvalidDpopProof`
    pub fn check_token(&self, token: &Secret, bound_key: &str) -> Result<()> {
        if self.token_hash.as_deref() != Some(token.fingerprint().as_str()) {
            return Err(invalid("\"ath\" (access token hash) is not that of the access token"));
        }
        if self.thumbprint != bound_key {
            return Err(invalid("its key is not the one that the access token is bound to"));
        }
        Ok(())
    }

    /// What the proof is remembered by: `jti` is unique for a key (RFC 9449 4.2), and other keys say what they like.
    #[must_use]
    pub fn identity(&self) -> String {
        fingerprint(&format!("{}.{}", self.thumbprint, self.jwt_id))
    }
}

impl fmt::Debug for DpopProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DpopProof {{ algorithm: {:?}, thumbprint: {:?}, … }}", self.algorithm, self.thumbprint)
    }
}

/// A URL as a proof's target is compared: without query and fragment, after the normalization of RFC 3986 6.2.2 and 6.2.3.
/// `href` is what a parser of the URL standard wrote, which leaves the percent-encoding as it was.
#[must_use]
pub fn comparable(href: &str) -> String {
    let href = cut(cut(href, b'#').0, b'?').0;
    let mut normal = String::with_capacity(href.len());
    let mut rest = href;
    while let (before, Some(after)) = cut(rest, b'%') {
        normal.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        rest = match digits {
            Some(digits) => {
                let byte = u8::from_str_radix(digits, 16).unwrap_or_default();
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    normal.push(char::from(byte));
                } else {
                    normal.push('%');
                    normal.push_str(&digits.to_ascii_uppercase());
                }
                after.get(2..).unwrap_or_default()
            }
            None => {
                normal.push('%');
                after
            }
        };
    }
    normal.push_str(rest);
    normal
}

fn names(algorithms: &[Algorithm]) -> String {
    super::words::join(&algorithms.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>())
}

fn because(cause: Error) -> Error {
    invalid_text(&cause.failure().message).because(cause)
}

fn invalid(message: &'static str) -> Error {
    invalid_text(message)
}

#[inline(never)]
fn invalid_text(message: &str) -> Error {
    Error::new(Code::InvalidDpopProof, format!("the DPoP proof is refused: {message}"))
}
