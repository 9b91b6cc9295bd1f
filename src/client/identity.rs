//! Who signed in at a plain OAuth 2.0 provider: asked once, at the sign-in, and kept with the tokens as an ID token would
//! be.

use std::rc::Rc;

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::json::Object;
use crate::session::TokenSet;

impl<H: Host> Client<H> {
    /// Whom tokens speak of, where the app said how the provider tells that: what is known, else the provider is asked.
    ///
    /// # Errors
    /// Those of [`Client::user_info`]; `TokenVerificationError` `missing_claim`, `invalid_claim`.
    pub(super) async fn identity_of(&self, tokens: &TokenSet) -> Result<Option<Object>> {
        if self.inner.options.identity.is_none() || tokens.identity.is_some() {
            return Ok(tokens.identity.clone());
        }
        let told = Box::pin(self.claims_of(tokens)).await?;
        self.identity_in(&told)
    }

    /// New tokens with whom they speak of. Where that cannot be had, nobody will use them: they are being revoked already.
    ///
    /// # Errors
    /// As [`Client::identity_of`].
    pub(super) async fn identified(&self, mut tokens: TokenSet) -> Result<TokenSet> {
        match self.identity_of(&tokens).await {
            Ok(identity) => tokens.identity = identity,
            Err(error) => {
                self.revoke_later(Rc::new(tokens));
                return Err(error);
            }
        }
        Ok(tokens)
    }

    /// Whom tokens that the app kept speak of: what it kept with them, else the provider is asked; where they are renewed
    /// first, with the new ones.
    pub(super) async fn kept_identity(&self, tokens: &mut TokenSet, is_due: bool) -> Result<Option<Object>> {
        if self.inner.options.identity.is_none() {
            // Nobody said that it may be believed, above all where an ID token says who it is.
            tokens.identity = None;
        } else if !is_due {
            tokens.identity = self.identity_of(tokens).await?;
        }
        Ok(tokens.identity.clone())
    }

    /// The claims among what the provider says of a user.
    fn identity_in(&self, answer: &Object) -> Result<Option<Object>> {
        self.inner.options.identity.as_ref().map(|mapping| mapping.claims(answer)).transpose()
    }

    /// What the endpoint says now speaks of whom it spoke of at the sign-in.
    pub(super) fn check_same_identity(&self, known: &Object, answer: &Object) -> Result<()> {
        let subject = |claims: &Object| claims.text("sub").ok().flatten().unwrap_or_default();
        let Some(told) = self.identity_in(answer)? else { return Ok(()) };
        let (expected, actual) = (subject(known), subject(&told));
        if expected == actual {
            return Ok(());
        }
        let message = "the userinfo answer speaks of another subject than at the sign-in, and is not used";
        Err(Error::new(Code::SubjectMismatch, message).mismatch(expected, actual))
    }
}
