//! The agents that the option `claimMapping` makes of verified claims.
//!
//! A sign-in whose claims the mapping cannot read is refused. A session that is there already is not lost: its agent may
//! do nothing until the mapping or the claims are right again, and the app is warned.

use std::rc::Rc;

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::json::Object;
use crate::protocol::jwt;
use crate::session::agent::CLAIM_MAPPING_FAILED;
use crate::session::{Agent, TokenSet};

impl<H: Host> Client<H> {
    /// The agent of verified claims.
    ///
    /// # Errors
    /// What [`crate::authz::mapping::ClaimMapping::grants`] says.
    pub(super) fn agent_from(&self, claims: Object, tokens: &TokenSet) -> Result<Agent> {
        Agent::from_claims(Rc::new(claims), tokens.scope.as_deref(), &self.inner.options.claim_mapping)
    }

    /// Who the tokens speak of. The ID token was verified before its tokens became current, so it is only read here.
    ///
    /// # Errors
    /// `MalformedToken`: it cannot be read at all.
    pub(super) fn agent_of(&self, tokens: &TokenSet) -> Result<Agent> {
        let claims = Rc::new(claims_of(tokens)?);
        let mapping = &self.inner.options.claim_mapping;
        let agent = Agent::from_claims(Rc::clone(&claims), tokens.scope.as_deref(), mapping);
        Ok(agent.unwrap_or_else(|error| Agent::without_access(claims, &error)))
    }

    /// Tells the app what was wrong with the claims.
    pub(super) fn warn_of(&self, agent: &Agent) {
        for warning in &agent.warnings {
            self.warn(warning.code, &warning.message);
        }
    }

    /// Of what was told when the session began nobody is told again.
    pub(super) fn warn_of_failed_mapping(&self, agent: &Agent) {
        if agent.warnings.iter().any(|warning| warning.code == CLAIM_MAPPING_FAILED) {
            self.warn_of(agent);
        }
    }
}

/// The claims of the ID token, else those that userinfo gave instead of one; none where there is neither.
pub(super) fn claims_of(tokens: &TokenSet) -> Result<Object> {
    match &tokens.id_token {
        Some(id_token) => {
            let unreadable = |_| Error::new(Code::MalformedToken, "the ID token cannot be read");
            Ok(jwt::parse(id_token.expose()).map_err(unreadable)?.claims)
        }
        None => Ok(tokens.identity.clone().unwrap_or_default()),
    }
}
