//! The check of a signature with the provider's keys (RFC 7515 5.2).

use super::Client;
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::jwt::Jwt;
use crate::protocol::metadata::ProviderMetadata;
use crate::provider::signature;

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
            if signature::signer(self.host(), &known.keys, jwt, algorithm).await?.is_some() {
                return Ok(());
            }
            had_candidates = !known.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty();
            if had_candidates && jwt.key_id.is_some() {
                // The key is known and the signature wrong: other keys cannot help.
                break;
            }
            lacking = Some(known);
        }
        Err(signature::unsigned(jwt, algorithm, had_candidates))
    }
}
