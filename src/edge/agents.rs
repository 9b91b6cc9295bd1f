//! The agent of a verified token, and what is remembered of it.

use std::rc::Rc;

use super::EdgeHost;
use super::issuer::IssuerState;
use super::needs::Needs;
use super::seen::{Bound, Fresh, TokenHash};
use super::verifier::{Checked, Verifier, unknown_issuer};
use crate::authz::mapping::ClaimMapping;
use crate::error::Result;
use crate::given::split;
use crate::ports::Clock;
use crate::protocol::access_token::AccessToken;
use crate::session::{Agent, AgentType};

/// Whom a request comes from.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The agent.
    pub agent: Agent,
    /// When the token ends, in Unix seconds.
    pub expires_at: i64,
    /// What the token is known by from now on; `None`: it is not remembered.
    pub number: Option<u64>,
    /// When the keys of the issuers want to be renewed, in Unix seconds.
    pub renew_at: Option<i64>,
    /// The nonce that the answer should bring as `DPoP-Nonce` (RFC 9449 8.2).
    pub dpop_nonce: Option<String>,
}

/// What is known of a token beside its agent; as [`Checked`] has it.
pub(super) struct Granted {
    pub(super) issuer: usize,
    pub(super) thumbprint: Option<Rc<str>>,
    pub(super) scopes: Vec<String>,
    /// When it ends, in Unix seconds.
    pub(super) expires_at: i64,
    pub(super) until: Option<i64>,
}

impl Verifier {
    /// The mapping of an issuer: the app's own goes before what its options say.
    pub(super) fn mapping_of<'v>(&'v self, issuer: &'v IssuerState) -> &'v ClaimMapping {
        self.app_mapping.as_ref().unwrap_or(&issuer.options.claim_mapping)
    }

    /// The agent that a verified token speaks of, with the organizations that it does not list itself.
    pub(super) async fn agent_of<H: EdgeHost>(
        &self,
        host: &H,
        token: &str,
        checked: Checked,
    ) -> Result<(Agent, Granted)> {
        let issuer = self.issuers.get(checked.issuer).ok_or_else(unknown_issuer)?;
        let (mut agent, granted) = self.agent_said(issuer, checked)?;
        if !agent.access.has_organizations() {
            agent.access = self.with_organizations(host, issuer, token, &agent.claims, agent.access).await?;
        }
        Ok((agent, granted))
    }

    /// The agent as its token says itself.
    pub(super) fn agent_said(&self, issuer: &IssuerState, checked: Checked) -> Result<(Agent, Granted)> {
        let Checked { issuer: place, thumbprint, token, until } = checked;
        let AccessToken { subject, client_id, scope, expires_at, claims } = token;
        let scopes = scope.as_deref().map(split).unwrap_or_default();
        let mut agent = Agent::from_claims(Rc::new(claims), scope.as_deref(), self.mapping_of(issuer))?;
        // Where nobody took part in it, a token speaks of its client (RFC 9068 2.2).
        let is_machine = client_id.is_some_and(|client_id| client_id == subject);
        agent.agent_type = AgentType::of(&subject, if is_machine { AgentType::Agent } else { AgentType::User });
        Ok((agent, Granted { issuer: place, thumbprint, scopes, expires_at, until }))
    }

    /// Takes a token that was checked for seen from now on, where its agent is allowed what the request needs.
    pub(super) fn remember<C: Clock>(
        &self,
        clock: &C,
        hash: Option<TokenHash>,
        agent: Agent,
        checked: Granted,
        bound_key: Option<String>,
        needs: &Needs,
    ) -> Result<Verified> {
        let Granted { issuer: place, thumbprint, scopes, expires_at, until } = checked;
        let issuer = self.issuers.get(place).ok_or_else(unknown_issuer)?;
        let now = clock.now();
        let until = until
            .unwrap_or_else(|| expires_at.saturating_add(self.options.clock_tolerance))
            .min(now.saturating_add(self.options.max_cache_seconds));
        // Its key may have left the set while something was waited for.
        let is_remembered = thumbprint.as_ref().is_none_or(|thumbprint| issuer.still_has(thumbprint));
        let number = hash.filter(|_| is_remembered).and_then(|hash| {
            let access = agent.access.clone();
            let bound = bound_key.map(|key| Bound { key, agent: agent.clone(), expires_at });
            let fresh = Fresh { hash, issuer: place, thumbprint, until, access, scopes: scopes.clone(), bound };
            self.seen.borrow_mut().insert(fresh, self.options.max_cached_tokens, now)
        });
        needs.require(&agent.access, &scopes)?;
        Ok(Verified { agent, expires_at, number, renew_at: self.renew_at(), dpop_nonce: None })
    }
}
