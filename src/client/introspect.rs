//! Asking the provider what a token is (RFC 7662).

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::Object;
use crate::protocol::metadata::Endpoint;
use crate::protocol::purpose::Purpose;
use crate::protocol::{introspection, revocation};

impl<H: Host> Client<H> {
    /// What the provider says of a token; `active: false` is an answer, too.
    ///
    /// # Errors
    /// `ConfigurationError` `missing_option` for a public client, `endpoint_missing`; `ProviderError`; `NetworkError`;
    /// `TimeoutError`.
    pub async fn introspect(&self, token: &str, hint: Option<&str>) -> Result<Object> {
        let options = &self.inner.options;
        if matches!(options.client_auth, ClientAuthentication::None) {
            let message = "option \"clientAuth\" is missing: a provider answers introspection only to a client that \
                           authenticates, which a page cannot do";
            return Err(Error::new(Code::MissingOption, message));
        }
        let metadata = self.discover(false).await?;
        let endpoint = metadata.endpoint(Endpoint::Introspection)?;
        let client_auth = self.client_authentication(&metadata);
        let request = revocation::about_token(endpoint, &options.client_id, &client_auth, token, hint)
            .for_purpose(Purpose::Introspection);
        introspection::judge(&self.send(request).await?)
    }
}
