//! An access token for one API, out of tokens that somebody else keeps (RFC 6749 6, RFC 8707 2.2).

use super::Client;
use super::api_tokens::Target;
use super::obtain::as_refresh_error;
use super::renewal::no_refresh_token;
use crate::error::{Class, Result};
use crate::ports::Host;
use crate::protocol::metadata::Endpoint;
use crate::protocol::{token_request, token_response};
use crate::session::TokenSet;

impl<H: Host> Client<H> {
    /// Asks for an access token of a target's own. A refresh token that comes along takes the place of the one that was
    /// sent. Nothing of it is shared or remembered: who keeps the tokens sees to it that one caller at a time is here.
    ///
    /// # Errors
    /// `RefreshError` with the provider's reason, or `no_refresh_token`; `NetworkError`, `TimeoutError`.
    #[inline(never)]
    pub async fn narrowed(&self, kept: &TokenSet, target: &Target) -> Result<TokenSet> {
        self.require_alive()?;
        let refresh_token = kept.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
        let metadata = self.discover(false).await.map_err(as_refresh_error)?;
        let options = &self.inner.options;
        let request = token_request::refresh(
            metadata.endpoint(Endpoint::Token)?,
            &options.client_id,
            &self.client_authentication(&metadata),
            refresh_token.expose(),
            target.scope.as_deref(),
            &target.resources,
        );
        let response = self.send(request).await.map_err(as_refresh_error)?;
        let response = token_response::judge(&response, Class::Refresh, options.provider_type)?;
        Ok(TokenSet::from_response(response, self.now(), target.scope.as_deref()))
    }
}
