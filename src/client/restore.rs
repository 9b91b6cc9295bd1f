//! The stored session: read when a client is made, written whenever the session changes.

use std::rc::Rc;

use super::{Client, event};
use crate::error::Result;
use crate::ports::{EventKind, Host};
use crate::protocol::json::Object;
use crate::protocol::jwt;
use crate::protocol::state::StateTag;
use crate::session::{Agent, Record, Session, TokenSet, Unreadable};

impl<H: Host> Client<H> {
    /// Restores a stored session and waits for discovery where that is needed: what `create` does. Never fails
    /// because storage is blocked or the network is down.
    ///
    /// # Errors
    /// `disposed`.
    pub async fn restore(&self) -> Result<()> {
        self.require_alive()?;
        if self.is_ambient() {
            self.restore_session().await;
        }
        self.discover_for_create().await;
        Ok(())
    }

    async fn restore_session(&self) {
        let key = self.session_key();
        let Some(text) = self.load_tokens(&key).await else { return };
        let session = Record::from_text(&text).and_then(|record| {
            let agent = agent_of(&record.tokens).ok_or(Unreadable::Corrupt)?;
            Ok(Session { id: record.id, tokens: Rc::new(record.tokens), agent: Rc::new(agent) })
        });
        match session {
            Ok(session) => self.set_session(Some(Rc::new(session))),
            Err(Unreadable::Newer) => self.warn(
                "session_unreadable",
                "the stored session was written by a newer version of this library and stays in place",
            ),
            Err(Unreadable::Corrupt) => {
                self.save_tokens(&key, None).await;
                self.warn("session_dropped", "the stored session was broken and is deleted");
            }
        }
    }

    pub(super) async fn store_session(&self, session: &Session) {
        let record = Record { id: session.id.clone(), tokens: (*session.tokens).clone() };
        self.save_tokens(&self.session_key(), Some(&record.to_text())).await;
    }

    /// Stores the session if it is the one in the store: a sign-out took it away.
    pub(super) async fn store_if_kept(&self, session: &Session) {
        let text = self.load_tokens(&self.session_key()).await;
        let kept = text.and_then(|text| Record::from_text(&text).ok());
        if kept.is_some_and(|record| record.id == session.id) {
            self.store_session(session).await;
        }
    }

    /// Ends the session: gone from memory first, so that an answer which comes while a slow store erases it is too
    /// late; then from the store, then announced.
    pub(super) async fn end_session(&self, reason: &'static str) {
        self.set_session(None);
        self.erase_if_signed_out().await;
        self.host().emit(event(EventKind::SignedOut, Some(reason)));
    }

    /// Erases what is stored, unless there is a session again or the client is gone, whose session stays stored.
    pub(super) async fn erase_if_signed_out(&self) {
        if self.session().is_none() && !self.inner.disposed.get() {
            self.save_tokens(&self.session_key(), None).await;
        }
    }

    /// One session for a client id at an issuer, whichever of its redirect URIs it began at.
    fn session_key(&self) -> String {
        let options = &self.inner.options;
        let name = options.name.as_deref().unwrap_or_default();
        let tag = StateTag::new(options.issuer_name(), &options.client_id, "", name);
        format!("wasm-oidc:session:{}", tag.as_str())
    }
}

/// Who the tokens speak of. The ID token was verified before it was stored, so it is only read here.
pub(super) fn agent_of(tokens: &TokenSet) -> Option<Agent> {
    let claims = match &tokens.id_token {
        Some(id_token) => jwt::parse(id_token.expose()).ok()?.claims,
        None => Object::new(),
    };
    Some(Agent::from_claims(Rc::new(claims), tokens.scope.as_deref()))
}
