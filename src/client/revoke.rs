//! Telling the provider that tokens are not needed any more (RFC 7009).

use super::{Client, event, signed_out};
use crate::error::Result;
use crate::ports::{Event, EventKind, Host};
use crate::protocol::http::HttpRequest;
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::purpose::Purpose;
use crate::protocol::revocation::{self, ACCESS_TOKEN, REFRESH_TOKEN};
use crate::protocol::url::HttpsUrl;
use crate::session::TokenSet;

/// How long a revocation that nobody waits for may take, in seconds.
const BEST_EFFORT_SECONDS: i64 = 3;

impl<H: Host> Client<H> {
    /// Revokes a token: the one given, else the refresh token of the session, or its access token where there is none.
    /// `false`: the provider has no endpoint for it.
    ///
    /// # Errors
    /// `ProviderError` `unsupported_token_type` and others; `NetworkError`; `TimeoutError`; without a token
    /// `no_ambient_session` and `signed_out`.
    pub async fn revoke_token(&self, token: Option<&str>, hint: Option<&str>) -> Result<bool> {
        self.require_alive()?;
        let session = if token.is_none() {
            self.require_ambient("revokeToken without a token")?;
            Some(self.session().ok_or_else(signed_out)?)
        } else {
            None
        };
        let (token, hint) = match (token, &session) {
            (Some(token), _) => (token, hint),
            (None, Some(session)) => match &session.tokens.refresh_token {
                Some(token) => (token.expose(), Some(REFRESH_TOKEN)),
                None => (session.tokens.access_token.expose(), Some(ACCESS_TOKEN)),
            },
            (None, None) => return Err(signed_out()),
        };
        let metadata = self.discover(false).await?;
        let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(false) };
        let response = self.send(self.revocation(&metadata, endpoint, token, hint)).await?;
        revocation::judge(&response).map(|()| true)
    }

    /// Revokes the refresh token, then the access token, for a session that is over whatever comes of it: what fails is a
    /// warning. The requests outlive the page.
    pub(super) async fn revoke_tokens(&self, tokens: &TokenSet) {
        // Where nothing is known of the provider, a sign-out does not wait for its discovery.
        let Some(metadata) = self.metadata() else { return };
        let Some(endpoint) = &metadata.revocation_endpoint else { return };
        let mut failure = None;
        // The refresh token first: it is the one that lives long (RFC 7009 2.1).
        for (token, hint) in
            [(tokens.refresh_token.as_ref(), REFRESH_TOKEN), (Some(&tokens.access_token), ACCESS_TOKEN)]
        {
            let Some(token) = token else { continue };
            let request =
                HttpRequest { keepalive: true, ..self.revocation(&metadata, endpoint, token.expose(), Some(hint)) };
            let answer = self.send_within(request, BEST_EFFORT_SECONDS).await;
            failure = failure.or(answer.and_then(|response| revocation::judge(&response)).err());
        }
        if failure.is_some() {
            let message = "the tokens could not be revoked at the provider: they live on until their end".to_owned();
            let warning = event(EventKind::Warning, Some("revocation_failed"));
            self.host().emit(Event { message: Some(message), error: failure, ..warning });
        }
    }

    #[inline(never)]
    fn revocation(
        &self,
        metadata: &ProviderMetadata,
        endpoint: &HttpsUrl,
        token: &str,
        hint: Option<&str>,
    ) -> HttpRequest {
        let client_auth = self.client_authentication(metadata);
        revocation::about_token(endpoint, &self.inner.options.client_id, &client_auth, token, hint)
            .for_purpose(Purpose::Revocation)
    }
}
