//! Values and their life: token set, session, transaction, agent. No I/O, no clock.

pub mod agent;
pub mod end_reason;
pub mod record;
pub mod token_set;
pub mod transaction;

pub use agent::{Agent, AgentType};
pub use end_reason::EndReason;
pub use record::{Record, Unreadable};
pub use token_set::TokenSet;
pub use transaction::Transaction;

use std::rc::Rc;

/// A signed-in agent with its tokens, as this client holds it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Random and new at every sign-in; what a used transaction and other tabs refer to.
    pub id: String,
    /// The newest sign-out that was known when the session began: one that is newer ends it, wherever it is found.
    pub epoch: i64,
    /// The tokens now.
    pub tokens: Rc<TokenSet>,
    /// The answer of a refresh that could not be verified yet. Handed to nobody, but kept: its refresh token may be the
    /// only one that is still good.
    pub pending: Option<Rc<TokenSet>>,
    /// Who it is.
    pub agent: Rc<Agent>,
}

impl Session {
    /// The session as it is stored.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            id: self.id.clone(),
            epoch: Some(self.epoch),
            tokens: (*self.tokens).clone(),
            pending: self.pending.as_deref().cloned(),
        }
    }

    /// What the refresh token is known by; empty where there is none.
    #[must_use]
    pub fn refresh_fingerprint(&self) -> String {
        self.tokens.refresh_fingerprint()
    }
}
