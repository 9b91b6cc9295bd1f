//! The way back from the provider's logout page (RP-Initiated Logout 1.0, sections 2 and 3).

use super::Client;
use crate::error::Result;
use crate::ports::{Area, Host};
use crate::protocol::end_session;
use crate::protocol::json::{self, Object};

/// A logout that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// Where the provider returned the user to: the URI that was sent.
    pub return_to: String,
    /// What the app gave to the sign-out, as JSON text.
    pub app_state: Option<String>,
}

impl<H: Host> Client<H> {
    /// Remembers a sign-out that goes to the provider: the `state` that has to come back.
    pub(super) fn remember_logout(&self, redirect_uri: &str, app_state: Option<&str>) -> Result<String> {
        let state = self.inner.tag.state(&self.random_text()?);
        let mut record = Object::new();
        record.put_text("state", Some(&state));
        record.put_text("return_to", Some(redirect_uri));
        record.put_text("app_state", app_state);
        // A tab is at one logout at a time, so that the next one takes the place of one that never came back.
        self.save(Area::Transactions, &self.logout_key(), &record.to_string());
        Ok(state)
    }

    /// Handles the return from the provider's logout page, in `url` or in the address bar; `None` where it is none of
    /// this client's in this tab, or was handled before. Whatever it is, the session here ended before.
    ///
    /// # Errors
    /// `no_ambient_session`, `disposed`.
    pub fn handle_logout_callback(&self, url: Option<String>) -> Result<Option<LoggedOut>> {
        self.require_ambient("handleLogoutCallback")?;
        let Some(url) = url.or_else(|| self.host().location()) else { return Ok(None) };
        let Some(logged_out) = self.remembered_logout(&url) else { return Ok(None) };
        self.delete(Area::Transactions, &self.logout_key());
        self.replace_address(&url, &end_session::without_state);
        Ok(Some(logged_out))
    }

    fn remembered_logout(&self, url: &str) -> Option<LoggedOut> {
        let state = end_session::returned_state(url)?;
        let text = self.load(Area::Transactions, &self.logout_key())?;
        let record = json::parse_object(text.as_bytes()).ok()?;
        let return_to = record.required_text("return_to").ok()?;
        let is_ours = record.string("state").ok()? == Some(&state) && self.is_at(url, &return_to);
        is_ours.then(|| LoggedOut { return_to, app_state: record.text("app_state").ok().flatten() })
    }

    fn logout_key(&self) -> String {
        format!("wasm-oidc:logout:{}", self.inner.tag.as_str())
    }
}
