//! Compact JSON Web Tokens (RFC 7519, RFC 7515 3.1), taken apart behind guards; nothing in here is verified yet.

use std::fmt;

use super::base64;

use super::json::{Object, parse_object_as};
use crate::error::{Code, Error, Result};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 256 * 1024;

/// The longest `kid` that is looked at, in bytes.
pub const MAX_KEY_ID_BYTES: usize = 1024;

/// Types of other tokens (RFC 8725 3.12): what is signed for one use must not serve for another.
const TYPES_OF_OTHERS: [&str; 6] =
    ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", "token-introspection+jwt"];

/// A token that is well-formed, which is all that is known about it. `Debug` shows neither claims nor signature.
#[derive(Clone, PartialEq)]
pub struct Jwt {
    /// `alg`, as it was sent; it chooses nothing before it was compared with a list of allowed ones.
    pub algorithm: String,
    /// `kid`: opaque, only ever compared.
    pub key_id: Option<String>,
    /// `typ`.
    pub token_type: Option<String>,
    /// The whole header. `jku`, `jwk`, `x5u` and `x5c` in it are never followed.
    pub header: Object,
    /// The claims; their accessors' errors have the code `InvalidClaim`.
    pub claims: Object,
    /// What was signed: the first two parts with the dot between them.
    pub signing_input: String,
    /// The signature, empty for an unsecured token.
    pub signature: Vec<u8>,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwt {{ algorithm: {:?}, key_id: {:?}, … }}", self.algorithm, self.key_id)
    }
}

/// Takes a token apart.
///
/// # Errors
/// `MalformedToken` for what is no JWT: another number of parts, an empty header or payload, anything but canonical
/// base64url without padding, JSON that the one reader refuses, over [`MAX_TOKEN_BYTES`], or encrypted (JWE).
/// `UnsupportedHeader` for `crit` (RFC 7515 4.1.11: none of its extensions is understood here) and `b64` (RFC 7797).
pub fn parse(token: &str) -> Result<Jwt> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(malformed("the token is longer than any honest one"));
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed(match token.split('.').count() {
            5 => "the token is encrypted (JWE), which is not supported",
            _ => "a token has three parts with a dot between them",
        }));
    };
    if header.is_empty() || payload.is_empty() {
        return Err(malformed("a part of the token is empty"));
    }
    // The two parts with the dot between them.
    let signed = token.len().saturating_sub(signature.len()).saturating_sub(1);
    let signing_input = token.get(..signed).unwrap_or_default().to_owned();
    let header = object(header)?;
    refuse_extensions(&header)?;
    let key_id = header.text("kid")?;
    if key_id.as_ref().is_some_and(|key_id| key_id.len() > MAX_KEY_ID_BYTES) {
        return Err(malformed("\"kid\" (key id) in the token's header is longer than any honest one"));
    }
    Ok(Jwt {
        algorithm: header.text("alg")?.ok_or_else(|| malformed("the token's header has no \"alg\" (algorithm)"))?,
        key_id,
        token_type: header.text("typ")?,
        claims: object(payload)?.with_code(Code::InvalidClaim),
        signature: decode(signature)?,
        signing_input,
        header,
    })
}

/// RFC 8725 3.11 and 3.12: a token that says to be of another type is neither an ID token nor an answer of
/// the userinfo endpoint. Without a type, or of the general one (`JWT`), it may be.
///
/// # Errors
/// `UnsupportedHeader`
pub fn refuse_types_of_others(jwt: &Jwt) -> Result<()> {
    let Some(token_type) = &jwt.token_type else { return Ok(()) };
    let token_type = token_type.to_ascii_lowercase();
    let short = token_type.strip_prefix("application/").unwrap_or(&token_type);
    if TYPES_OF_OTHERS.contains(&short) {
        return Err(Error::new(
            Code::UnsupportedHeader,
            "the JWT \"typ\" (type) header says that this token has another use",
        )
        .mismatch("JWT", short));
    }
    Ok(())
}

fn refuse_extensions(header: &Object) -> Result<()> {
    for name in ["crit", "b64"] {
        if header.get(name).is_some() {
            let message = format!("the token's header has \"{name}\", which is not supported");
            return Err(Error::new(Code::UnsupportedHeader, message));
        }
    }
    Ok(())
}

fn object(part: &str) -> Result<Object> {
    parse_object_as(&decode(part)?, Code::MalformedToken)
}

fn decode(part: &str) -> Result<Vec<u8>> {
    #[cfg(feature = "edge")]
    let bytes = base64::decode_by_table(part);
    #[cfg(not(feature = "edge"))]
    let bytes = base64::decode(part);
    bytes.ok_or_else(|| malformed("a part of the token is not base64url"))
}

fn malformed(message: &'static str) -> Error {
    Error::new(Code::MalformedToken, message)
}
