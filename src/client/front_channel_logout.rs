//! A logout at the provider that reaches this page by its URL (OpenID Connect Front-Channel Logout 1.0, sections 2 and 3).

use super::Client;
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::front_channel_logout::asked_session;
use crate::protocol::json::Json;

impl<H: Host> Client<H> {
    /// Whether `url`, or the page's own, asks to end the session that is here, by issuer and session ID; then
    /// [`Client::clear`] does it. Anybody can make a browser load the URL, so a request that names no session counts only
    /// where the app says so.
    ///
    /// # Errors
    /// `CallbackError` `duplicate_parameter`, `invalid_callback`; `no_ambient_session`, `disposed`.
    pub fn is_logged_out_by(&self, url: Option<String>, may_name_none: bool) -> Result<bool> {
        self.require_ambient("handleFrontChannelLogout")?;
        let asked = match url.or_else(|| self.host().location()) {
            Some(url) => asked_session(&url)?,
            None => return Ok(false),
        };
        let Some(agent) = self.agent() else { return Ok(false) };
        let is = |name, value: &str| agent.claims.get(name).and_then(Json::as_str) == Some(value);
        Ok(asked.map_or(may_name_none, |[issuer, id]| is("iss", &issuer) && is("sid", &id)))
    }
}
