//! Logout tokens that a provider posts (OpenID Connect Back-Channel Logout 1.0, section 2.6): authentic, right, and never
//! taken twice.

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::{Host, LockFailure, Locks, StoreFailure, TokenStore};
use crate::protocol::id_token;
use crate::protocol::logout_token::{self, LogoutToken};
use crate::protocol::secret::fingerprint;
use crate::protocol::{algorithm, jwt};

/// How long a token waits while the same one is looked up and remembered, in milliseconds.
const WAIT_MILLISECONDS: u32 = 10_000;
/// How long looking up and remembering may take, in milliseconds.
const HOLD_MILLISECONDS: u32 = 30_000;

impl<H: Host> Client<H> {
    /// Verifies a logout token, and remembers it in `seen` until it expires, so that it is taken once: of two that come
    /// at the same time, one. The signature is checked even where the option `verifySignature` is off, since anybody can
    /// post to the endpoint that takes logout tokens.
    ///
    /// # Errors
    /// `TokenParseError`; `TokenVerificationError` with the codes of [`logout_token::validate`], `alg_not_allowed`,
    /// `signature_invalid`, `key_not_found`, or `replayed`; `DiscoveryError`, `NetworkError` and the like for the
    /// provider's keys; `StorageError` when `seen` fails, because then nobody knows whether it was taken before.
    pub async fn verify_logout_token<S: TokenStore + Locks>(&self, token: &str, seen: &S) -> Result<LogoutToken> {
        self.require_alive()?;
        let jwt = jwt::parse(token)?;
        logout_token::check_type(&jwt)?;
        let metadata = self.discover(false).await?;
        let listed = metadata.id_token_signing_alg_values_supported.as_deref();
        let allowed = algorithm::allowed(listed, self.inner.options.algorithms.as_deref());
        let algorithm = id_token::check_algorithm(&jwt, &allowed)?;
        self.check_signature(&metadata, &jwt, algorithm).await?;
        let found = logout_token::validate(&jwt, &self.expectations(&metadata))?;
        self.take_once(&found, seen).await?;
        Ok(found)
    }

    /// Step 8 of section 2.6.
    async fn take_once<S: TokenStore + Locks>(&self, token: &LogoutToken, seen: &S) -> Result<()> {
        // The issuer with its length: no part of it can become part of the token's id.
        let name = fingerprint(&format!("{} {} {}", token.issuer.len(), token.issuer, token.jwt_id));
        let key = format!("wasm-oidc:logout-token:{name}");
        let _turn = seen.lock(&key, WAIT_MILLISECONDS, HOLD_MILLISECONDS).await.map_err(|failure| {
            store_failed(match failure {
                LockFailure::Timeout => "its lock was held by somebody else all the time",
                LockFailure::Unavailable => "its lock is not to be had",
            })
        })?;
        let until = token.expires_at.saturating_add(self.inner.options.clock_tolerance);
        if let Some(known) = seen.load_tokens(&key).await.map_err(|StoreFailure(words)| store_failed(&words))? {
            // A store may keep it longer than it has to. What is no time counts as known for ever.
            let is_over = known.parse().is_ok_and(|until: i64| until < self.now());
            if !is_over {
                return Err(Error::new(Code::Replayed, "a logout token with this \"jti\" (JWT ID) was taken before"));
            }
        }
        seen.save_tokens(&key, Some(&until.to_string())).await.map_err(|StoreFailure(words)| store_failed(&words))
    }
}

fn store_failed(words: &str) -> Error {
    let message = format!(
        "the store of the logout tokens that were taken failed ({words}), so that nobody knows whether this one was: let \
         the provider send it again"
    );
    Error::new(Code::StorageUnavailable, message)
}
