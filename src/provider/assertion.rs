//! Proving who a client is by an assertion (RFC 7523 2.2): a new one for every request, also for the same one again.

use crate::error::{Code, Error, Result};
use crate::ports::{Clock, Crypto, CryptoFailure, Random};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client_assertion::{self, Assertion, ClientAssertions};
use crate::protocol::http::HttpRequest;
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::random::token_from;

/// The request with an assertion for the provider of this metadata.
///
/// # Errors
/// `ConfigurationError`: `invalid_option`, `missing_option`, `crypto_unavailable`; nothing may be sent then.
pub(crate) async fn prove<H: Crypto + Clock + Random>(
    host: &H,
    assertions: &ClientAssertions,
    client_id: &str,
    metadata: &ProviderMetadata,
    mut request: HttpRequest,
) -> Result<HttpRequest> {
    let mut identifier = [0; 32];
    host.fill(&mut identifier).map_err(|_| in_words(CryptoFailure::Unavailable, assertions.method()))?;
    let assertion = match assertions.assertion(client_id, metadata, host.now(), &token_from(&identifier))? {
        Assertion::Signed(assertion) => assertion,
        Assertion::Unsigned(unsigned) => {
            let signature = host.sign(unsigned.algorithm, unsigned.signing_input()).await;
            unsigned.signed(&signature.map_err(|failure| in_words(failure, Algorithm::as_str(unsigned.algorithm)))?)
        }
    };
    client_assertion::add_to(&mut request, &assertion);
    Ok(request)
}

#[inline(never)]
fn in_words(failure: CryptoFailure, algorithm: &str) -> Error {
    let (code, why) = match failure {
        CryptoFailure::InvalidKey => (Code::InvalidOption, "refused the key"),
        CryptoFailure::Unsupported => (Code::CryptoUnavailable, "does not know how"),
        CryptoFailure::Unavailable => (Code::CryptoUnavailable, "has no key, or no random bytes"),
    };
    Error::new(code, format!("option \"clientAuth\": this host signs nothing by {algorithm}: it {why}"))
}
