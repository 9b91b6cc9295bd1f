//! Proving who the client is by an assertion (RFC 7523 2.2).

use super::Client;
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::http::HttpRequest;
use crate::provider::assertion::prove;

impl<H: Host> Client<H> {
    /// The request with an assertion. Its metadata was there when the request was built.
    pub(super) async fn with_assertion(&self, request: HttpRequest) -> Result<HttpRequest> {
        let metadata = self.metadata_now()?;
        match self.client_authentication(&metadata) {
            ClientAuthentication::Assertion(assertions) => {
                prove(self.host(), &assertions, &self.inner.options.client_id, &metadata, request).await
            }
            _ => Ok(request),
        }
    }
}
