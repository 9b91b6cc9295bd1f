//! Whose tokens they are, where the app knows whose they have to be.

use std::rc::Rc;

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::session::TokenSet;

impl<H: Host> Client<H> {
    /// Lets tokens through that are this subject's, by their ID token, which was verified before, else by what the
    /// provider says of their owner. Others are given back to the provider.
    ///
    /// # Errors
    /// `SubjectMismatchError`; `ConfigurationError` `endpoint_missing` where nothing says whose they are; those of
    /// [`Client::user_info`].
    pub async fn check_subject(&self, expected: &str, tokens: &Rc<TokenSet>) -> Result<()> {
        let known = self.agent_of(tokens).map(|agent| agent.id).ok().filter(|id| !id.is_empty());
        let actual = match known {
            Some(id) => Ok(id),
            None => self.owner_of(tokens).await,
        };
        let error = match actual {
            Ok(actual) if actual == expected => return Ok(()),
            Ok(actual) => {
                let message = "these are the tokens of another subject: they are given back to the provider";
                Error::new(Code::SubjectMismatch, message).mismatch(expected, actual)
            }
            Err(error) => error,
        };
        // Where its endpoint is not known yet; where that cannot be had, nobody can be told.
        let _ = self.discover(false).await;
        self.revoke_later(Rc::clone(tokens));
        Err(error)
    }

    async fn owner_of(&self, tokens: &TokenSet) -> Result<String> {
        self.claims_of(tokens).await?.required_text("sub")
    }
}
