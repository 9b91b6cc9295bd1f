//! Ending a session here, and at the provider (RP-Initiated Logout 1.0).

use super::Client;
use super::given::Given;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::end_session::{self, LogoutForm, LogoutRequest};
use crate::protocol::json::{Json, Object};
use crate::session::EndReason;

/// The options of a logout URL.
#[derive(Debug, Clone, Default)]
pub struct LogoutOptions {
    /// The ID token of the session to end; the current one by default.
    pub id_token_hint: Option<String>,
    /// Where the provider returns the user to; has to be registered there.
    pub post_logout_redirect_uri: Option<String>,
    /// What the provider gives back.
    pub state: Option<String>,
}

impl LogoutOptions {
    /// Options from the JSON of JavaScript's object.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("logout option", object);
        let options = Self {
            id_token_hint: given.text("idTokenHint"),
            post_logout_redirect_uri: given.url("postLogoutRedirectUri"),
            state: given.text("state"),
        };
        given.finish()?;
        Ok(options)
    }
}

/// The options of a sign-out.
#[derive(Debug, Clone)]
pub struct SignOutOptions {
    /// Whether the provider is told that the tokens are not needed any more (RFC 7009).
    pub revoke: bool,
    /// Whether the user is sent to the provider, to end the session there too.
    pub redirect: bool,
    /// Where the provider returns the user to; the client's `postLogoutRedirectUri` by default.
    pub return_to: Option<String>,
    /// Whether the user is sent there by a form instead of a URL.
    pub by_form: bool,
    /// What the app wants back after the return, as JSON text.
    pub app_state: Option<String>,
}

impl Default for SignOutOptions {
    fn default() -> Self {
        Self { revoke: true, redirect: true, return_to: None, by_form: false, app_state: None }
    }
}

impl SignOutOptions {
    /// Options from the JSON of JavaScript's object.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    #[inline(never)]
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("sign-out option", object);
        // `null` is a state like any other.
        given.value("appState");
        let options = Self {
            revoke: given.flag("revoke").unwrap_or(true),
            redirect: given.flag("redirect").unwrap_or(true),
            return_to: given.url("returnTo"),
            by_form: given.is_second_of("method", "get", "post").unwrap_or(false),
            app_state: object.get("appState").map(Json::to_string),
        };
        given.finish()?;
        Ok(options)
    }
}

/// The way to the provider's logout page.
enum WayOut {
    Url(String),
    Form(LogoutForm),
}

impl<H: Host> Client<H> {
    /// The URL that ends the session at the provider; `None` where the provider has no such endpoint.
    ///
    /// # Errors
    /// `DiscoveryError` `not_discovered`.
    pub fn create_logout_url(&self, options: &LogoutOptions) -> Result<Option<String>> {
        let metadata = self.metadata_now()?;
        let Some(endpoint) = &metadata.end_session_endpoint else { return Ok(None) };
        let session = self.session();
        let current = session.as_ref().and_then(|session| session.tokens.id_token.as_ref()).map(|token| token.expose());
        let client = &self.inner.options;
        let request = LogoutRequest {
            client_id: &client.client_id,
            id_token_hint: options.id_token_hint.as_deref().or(current),
            post_logout_redirect_uri: options
                .post_logout_redirect_uri
                .as_deref()
                .or(client.post_logout_redirect_uri.as_deref()),
            state: options.state.as_deref(),
        };
        end_session::logout_url(endpoint, &request).map(Some)
    }

    /// Ends the session here, then goes to the provider's logout page where there is one: by itself, or by the form that
    /// is given back.
    ///
    /// # Errors
    /// `no_ambient_session`, `disposed`; `invalid_option` for a form without a page.
    pub async fn sign_out(&self, options: &SignOutOptions) -> Result<Option<LogoutForm>> {
        self.require_ambient("signOut")?;
        if options.by_form && self.host().location().is_none() {
            return Err(Error::new(Code::InvalidOption, "sign-out option \"method\": only a page can post a form"));
        }
        let Some(session) = self.session() else { return Ok(None) };
        // It needs the ID token, which is gone in a moment; without metadata the sign-out stays local: it must not wait
        // for the network.
        let way_out = if options.redirect { self.way_out(options) } else { None };
        self.end_session(&session, EndReason::SignedOut, None).await;
        if options.revoke {
            // A refresh token that is not used yet is the one that is good.
            self.revoke_tokens(session.pending.as_deref().unwrap_or(&session.tokens)).await;
        }
        match way_out {
            Some(WayOut::Form(form)) => return Ok(Some(form)),
            Some(WayOut::Url(url)) => {
                self.host().navigate(&url);
            }
            None => {}
        }
        Ok(None)
    }

    fn way_out(&self, options: &SignOutOptions) -> Option<WayOut> {
        let metadata = self.metadata()?;
        let endpoint = metadata.end_session_endpoint.as_ref()?;
        let session = self.session()?;
        let client = &self.inner.options;
        let redirect_uri = options.return_to.as_deref().or(client.post_logout_redirect_uri.as_deref());
        let state = redirect_uri.and_then(|uri| self.remember_logout(uri, options.app_state.as_deref()).ok());
        let request = LogoutRequest {
            client_id: &client.client_id,
            id_token_hint: session.tokens.id_token.as_ref().map(|token| token.expose()),
            post_logout_redirect_uri: redirect_uri,
            state: state.as_deref(),
        };
        if options.by_form {
            return end_session::logout_form(endpoint, &request).ok().map(WayOut::Form);
        }
        end_session::logout_url(endpoint, &request).ok().map(WayOut::Url)
    }

    /// Forgets the session here, and in the tabs that share its store; the provider is not told.
    ///
    /// # Errors
    /// `no_ambient_session`, `disposed`.
    pub async fn clear(&self) -> Result<()> {
        self.require_ambient("clear")?;
        if let Some(session) = self.session() {
            self.end_session(&session, EndReason::Cleared, None).await;
        }
        Ok(())
    }
}
