//! What a client begins with: the session that is stored, and ears for the other tabs.

use std::rc::Rc;

use super::stored::Stored;
use super::{Client, event};
use crate::error::{Code, Error, Result};
use crate::ports::{Event, EventKind, Host};
use crate::session::EndReason;

impl<H: Host> Client<H> {
    /// Restores a stored session and waits for discovery where that is needed: what `create` does. Never fails
    /// because storage is blocked or the network is down.
    ///
    /// # Errors
    /// `disposed`.
    pub async fn restore(&self) -> Result<()> {
        self.require_alive()?;
        if self.is_ambient() {
            self.listen();
            self.restore_session().await;
        }
        self.discover_for_create().await;
        Ok(())
    }

    async fn restore_session(&self) {
        let before = self.inner.changes.get();
        let stored = self.read_stored().await;
        if self.inner.changes.get() != before {
            // Another tab told of something newer while a slow store was read.
            return;
        }
        match stored {
            Stored::Session(session) => self.set_session(Some(Rc::new(session))),
            Stored::Dead => self.sweep().await,
            Stored::Newer => self.warn(
                "session_unreadable",
                "the stored session was written by a newer version of this library and stays in place",
            ),
            Stored::Broken => {
                self.sweep().await;
                self.warn("session_dropped", "the stored session was broken and is deleted");
            }
            Stored::KeyLost => {
                let message = "the key of the encrypted storage is gone, and with it the session: sign in again";
                let error = Some(Error::new(Code::KeyLost, message));
                let reason = Some(EndReason::KeyLost.as_str());
                self.host().emit(Event { error, ..event(EventKind::SignedOut, reason) });
            }
            Stored::Nothing | Stored::Unknown => {}
        }
    }
}
