//! Tokens become the session of a client.

use std::rc::Rc;

use super::exchange::Exchanged;
use super::stored::Written;
use super::{Client, event};
use crate::error::{Code, Error, Result};
use crate::ports::{Event, EventKind, Host};
use crate::session::Session;

impl<H: Host> Client<H> {
    /// Makes tokens the session: stored, then announced. `id` is new; `epoch` is the newest sign-out that was known when
    /// the sign-in began.
    ///
    /// # Errors
    /// `signed_out`: a sign-out came in between; nothing was stored and the tokens are revoked.
    pub(super) async fn begin_session(
        &self,
        exchanged: Exchanged,
        id: String,
        epoch: i64,
        app_state: Option<String>,
    ) -> Result<Rc<Session>> {
        let Exchanged { tokens, agent } = exchanged;
        let session = Rc::new(Session { id, epoch, tokens, pending: None, agent });
        match self.write_session(&session, None).await {
            Written::Done => {}
            Written::Over(_) | Written::Replaced | Written::Behind => {
                self.revoke_later(Rc::clone(&session.tokens));
                return Err(Error::new(Code::SignedOut, "a sign-out came while somebody was signing in: begin again"));
            }
        }
        self.require_alive()?;
        self.set_session(Some(Rc::clone(&session)));
        if self.inner.options.storage.is_shared() {
            self.tell_tabs("changed", &session, "");
        }
        self.host().emit(Event { app_state, ..event(EventKind::SignedIn, None) });
        self.warn_of(&session.agent);
        Ok(session)
    }
}
