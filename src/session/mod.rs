//! Values and their life: token set, session, transaction, agent. No I/O, no clock.

pub mod agent;
pub mod record;
pub mod token_set;
pub mod transaction;

pub use agent::{Agent, AgentType};
pub use record::{Record, Unreadable};
pub use token_set::TokenSet;
pub use transaction::Transaction;

use std::rc::Rc;

/// A signed-in agent with its tokens, as this client holds it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Random and new at every sign-in; what a used transaction and other tabs refer to.
    pub id: String,
    /// The tokens now.
    pub tokens: Rc<TokenSet>,
    /// Who it is.
    pub agent: Rc<Agent>,
}
