//! Signatures: checking them, and making them with the one key that the host was given.

use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_set::PublicKey;

/// Why a signature could not be checked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoFailure {
    /// The host has no WebCrypto: a page on plain http that is not on loopback.
    Unavailable,
    /// The host does not know this algorithm.
    Unsupported,
    /// The host refused the key: a point off the curve, an impossible modulus.
    InvalidKey,
}

/// Checks and makes signatures.
pub trait Crypto {
    /// Whether `signature` is one of `key` over `signing_input`.
    ///
    /// # Errors
    /// The check could not be made; this is never a "no".
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Result<bool, CryptoFailure>;

    /// The signature of the app's own key, which does not leave the host. Only what may hold such a key has one.
    ///
    /// # Errors
    /// It could not be made.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn sign(&self, algorithm: Algorithm, signing_input: &[u8]) -> Result<Vec<u8>, CryptoFailure> {
        let _ = (algorithm, signing_input);
        Err(CryptoFailure::Unavailable)
    }
}
