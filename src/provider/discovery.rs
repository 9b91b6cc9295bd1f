//! Finding the provider's metadata (OIDC Discovery 4, RFC 8414 3).

use crate::error::{Code, Error, Result};
use crate::protocol::http::{HttpRequest, HttpResponse};
use crate::protocol::metadata::{ProviderMetadata, judge_discovery};
use crate::protocol::url::Issuer;

/// The metadata of an issuer, from the first of its well-known places that has any: `requests` ask for them.
///
/// # Errors
/// Those of `send` and of [`judge_discovery`].
pub(crate) async fn discover<F: Future<Output = Result<HttpResponse>>>(
    issuer: &Issuer,
    requests: Vec<HttpRequest>,
    send: impl Fn(HttpRequest) -> F,
) -> Result<ProviderMetadata> {
    let mut failure = None;
    for request in requests {
        match send(request).await.and_then(|response| judge_discovery(&response, issuer)) {
            // Only "there is nothing here" leads on to the next well-known location.
            Err(error) if error.code() == Code::DiscoveryFailed => failure = Some(error),
            judged => return judged,
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(Code::DiscoveryFailed, "the issuer has no well-known location")))
}
