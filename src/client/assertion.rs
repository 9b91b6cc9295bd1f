//! Proving who the client is by an assertion (RFC 7523 2.2): a new one for every request, also for the same one again.

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::{CryptoFailure, Host};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client_assertion::{self, Assertion};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::http::HttpRequest;

impl<H: Host> Client<H> {
    /// The request with an assertion. Its metadata was there when the request was built.
    pub(super) async fn with_assertion(&self, mut request: HttpRequest) -> Result<HttpRequest> {
        let Some(metadata) = self.metadata() else { return Err(super::disposed()) };
        let ClientAuthentication::Assertion(assertions) = self.client_authentication(&metadata) else {
            return Ok(request);
        };
        let client_id = &self.inner.options.client_id;
        let assertion = match assertions.assertion(client_id, &metadata, self.now(), &self.random_text()?)? {
            Assertion::Signed(assertion) => assertion,
            Assertion::Unsigned(unsigned) => {
                let signature = self.host().sign(unsigned.algorithm, unsigned.signing_input()).await;
                unsigned.signed(&signature.map_err(|failure| in_words(failure, unsigned.algorithm))?)
            }
        };
        client_assertion::add_to(&mut request, &assertion);
        Ok(request)
    }
}

#[inline(never)]
fn in_words(failure: CryptoFailure, algorithm: Algorithm) -> Error {
    let (code, why) = match failure {
        CryptoFailure::InvalidKey => (Code::InvalidOption, "refused the key"),
        CryptoFailure::Unsupported => (Code::CryptoUnavailable, "does not know how"),
        CryptoFailure::Unavailable => (Code::CryptoUnavailable, "has no key"),
    };
    Error::new(code, format!("option \"clientAuth\": this host signs nothing by {}: it {why}", algorithm.as_str()))
}
