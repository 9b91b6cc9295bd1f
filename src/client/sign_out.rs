//! Ending a session here, and at the provider (RP-Initiated Logout 1.0).

use super::Client;
use super::given::Given;
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::end_session;
use crate::protocol::json::Object;
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
}

impl SignOutOptions {
    /// Options from the JSON of JavaScript's object.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    #[inline(never)]
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("sign-out option", object);
        let options = Self {
            revoke: given.flag("revoke").unwrap_or(true),
            redirect: given.flag("redirect").unwrap_or(true),
            return_to: given.url("returnTo"),
        };
        given.finish()?;
        Ok(options)
    }
}

impl<H: Host> Client<H> {
    /// The URL that ends the session at the provider; `None` where the provider has no such endpoint.
    ///
    /// # Errors
    /// `DiscoveryError` `not_discovered`.
    pub fn create_logout_url(&self, options: &LogoutOptions) -> Result<Option<String>> {
        let metadata = self.metadata_now()?;
        let session = self.session();
        let current = session.as_ref().and_then(|session| session.tokens.id_token.as_ref()).map(|token| token.expose());
        let client = &self.inner.options;
        end_session::logout_url(
            &metadata,
            &client.client_id,
            options.id_token_hint.as_deref().or(current),
            options.post_logout_redirect_uri.as_deref().or(client.post_logout_redirect_uri.as_deref()),
            options.state.as_deref(),
            &[],
        )
    }

    /// Ends the session here, then goes to the provider's logout page where there is one.
    ///
    /// # Errors
    /// `no_ambient_session`, `disposed`.
    pub async fn sign_out(&self, options: &SignOutOptions) -> Result<()> {
        self.require_ambient("signOut")?;
        let Some(session) = self.session() else { return Ok(()) };
        // The URL needs the ID token, which is gone in a moment; without metadata the sign-out stays local: it must
        // not wait for the network.
        let logout = LogoutOptions { post_logout_redirect_uri: options.return_to.clone(), ..LogoutOptions::default() };
        let url = if options.redirect { self.create_logout_url(&logout).ok().flatten() } else { None };
        self.end_session(&session, EndReason::SignedOut, None).await;
        if options.revoke {
            // A refresh token that is not used yet is the one that is good.
            self.revoke_tokens(session.pending.as_deref().unwrap_or(&session.tokens)).await;
        }
        if let Some(url) = url {
            self.host().navigate(&url);
        }
        Ok(())
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
