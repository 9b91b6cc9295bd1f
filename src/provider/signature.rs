//! Which of the provider's keys made a signature (RFC 7515 5.2).

use crate::error::{Code, Error, Result};
use crate::ports::{Crypto, CryptoFailure};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::jwt::Jwt;
use crate::protocol::key_set::{KeySet, PublicKey};

/// The key that signed; `None` where none of those that may have did.
///
/// # Errors
/// `CryptoUnavailable`, `AlgNotAllowed`: the host cannot check it.
pub(crate) async fn signer<'k, C: Crypto>(
    crypto: &C,
    keys: &'k KeySet,
    jwt: &Jwt,
    algorithm: Algorithm,
) -> Result<Option<&'k PublicKey>> {
    let mut unsupported = None;
    for key in keys.candidates(algorithm, jwt.key_id.as_deref()) {
        match crypto.verify(algorithm, key, &jwt.signature, jwt.signing_input.as_bytes()).await {
            Ok(true) => return Ok(Some(key)),
            Ok(false) | Err(CryptoFailure::InvalidKey) => {}
            Err(CryptoFailure::Unavailable) => {
                return Err(Error::new(
                    Code::CryptoUnavailable,
                    "signatures cannot be checked: WebCrypto is missing, because the page is neither on https nor on \
                     localhost",
                ));
            }
            Err(CryptoFailure::Unsupported) => {
                unsupported = Some(Error::new(
                    Code::AlgNotAllowed,
                    format!("this host cannot check {} signatures", algorithm.as_str()),
                ));
            }
        }
    }
    unsupported.map_or(Ok(None), Err)
}

/// The error of a token that none of the keys signed; `had_candidates`: there were keys that may have.
pub(crate) fn unsigned(jwt: &Jwt, algorithm: Algorithm, had_candidates: bool) -> Error {
    if had_candidates { wrong() } else { key_not_found(jwt, algorithm) }
}

/// The error of a token that the keys which may have signed it did not sign.
pub(crate) fn wrong() -> Error {
    Error::new(Code::SignatureInvalid, "the signature of the token is not one of the provider's keys")
}

fn key_not_found(jwt: &Jwt, algorithm: Algorithm) -> Error {
    let key_id = jwt.key_id.as_deref().map_or("none".to_owned(), |id| format!("\"{}\"", crate::error::harmless(id)));
    Error::new(
        Code::KeyNotFound,
        format!("the provider's key set has no key for {} with key id {key_id}", algorithm.as_str()),
    )
}
