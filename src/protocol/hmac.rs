//! HMAC with SHA-256 (RFC 2104), which is HS256 of RFC 7518 3.2; by the simple form, which has no SHA-256 of its own.

use hmac::{Mac, SimpleHmac};
use sha2::Sha256;

use crate::error::{Code, Error, Result};

/// The authentication code of a message.
///
/// # Errors
/// `CryptoUnavailable` for a key that HMAC does not take; there is none of which that is known.
#[inline(never)]
pub fn sha256(key: &[u8], message: &[u8]) -> Result<[u8; 32]> {
    let unavailable = |_| Error::new(Code::CryptoUnavailable, "the key is none for HMAC");
    let mut code = SimpleHmac::<Sha256>::new_from_slice(key).map_err(unavailable)?;
    code.update(message);
    Ok(code.finalize().into_bytes().into())
}
