//! Signature checks.

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

/// Checks signatures.
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
}
