//! The check of a signature with the provider's keys (RFC 7515 5.2).

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::{CryptoFailure, Host};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::jwt::Jwt;
use crate::protocol::key_set::KeySet;
use crate::protocol::metadata::ProviderMetadata;

impl<H: Host> Client<H> {
    /// Checks the signature of a token whose algorithm was allowed. `jku`, `jwk`, `x5u` and `x5c` of its header are never
    /// looked at (RFC 8725 3.10).
    pub(super) async fn check_signature(
        &self,
        metadata: &ProviderMetadata,
        jwt: &Jwt,
        algorithm: Algorithm,
    ) -> Result<()> {
        let source = self.key_source(metadata)?;
        let mut lacking = None;
        let mut had_candidates = false;
        while let Some(known) = self.keys_after(&source, lacking.as_ref(), true).await? {
            if self.is_signed_by(&known.keys, jwt, algorithm).await? {
                return Ok(());
            }
            had_candidates = !known.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty();
            if had_candidates && jwt.key_id.is_some() {
                // The key is known and the signature wrong: other keys cannot help.
                break;
            }
            lacking = Some(known);
        }
        if had_candidates {
            let message = "the signature of the token is not one of the provider's keys";
            return Err(Error::new(Code::SignatureInvalid, message));
        }
        Err(key_not_found(jwt, algorithm))
    }

    async fn is_signed_by(&self, keys: &KeySet, jwt: &Jwt, algorithm: Algorithm) -> Result<bool> {
        let mut unsupported = None;
        for key in keys.candidates(algorithm, jwt.key_id.as_deref()) {
            match self.host().verify(algorithm, key, &jwt.signature, jwt.signing_input.as_bytes()).await {
                Ok(true) => return Ok(true),
                Ok(false) | Err(CryptoFailure::InvalidKey) => {}
                Err(CryptoFailure::Unavailable) => {
                    return Err(Error::new(
                        Code::CryptoUnavailable,
                        "signatures cannot be checked: WebCrypto is missing, because the page is neither on https \
                         nor on localhost",
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
        unsupported.map_or(Ok(false), Err)
    }
}

fn key_not_found(jwt: &Jwt, algorithm: Algorithm) -> Error {
    let key_id = jwt.key_id.as_deref().map_or("none".to_owned(), |id| format!("\"{}\"", crate::error::harmless(id)));
    Error::new(
        Code::KeyNotFound,
        format!("the provider's key set has no key for {} with key id {key_id}", algorithm.as_str()),
    )
}
