//! Sending one request within its limits, with failures in words.

use super::Client;
use crate::error::{Class, Code, Error, Result};
use crate::ports::{Host, Http, HttpFailure, Limits};
use crate::protocol::http::{HttpRequest, HttpResponse, MAX_RESPONSE_BYTES};

impl<H: Host> Client<H> {
    /// Sends a request to the provider.
    pub(super) fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse>> {
        self.send_within(request, self.inner.options.timeout)
    }

    /// Sends a request that may take so many seconds.
    pub(super) fn send_within(&self, request: HttpRequest, timeout: i64) -> impl Future<Output = Result<HttpResponse>> {
        send(self.host(), request, timeout)
    }
}

/// Sends a request, of a client or of somebody who is none.
pub(crate) async fn send<H: Http>(host: &H, request: HttpRequest, timeout: i64) -> Result<HttpResponse> {
    let endpoint = endpoint_of(&request);
    host.send(request, limits(timeout)).await.map_err(|failure| in_words(failure, &endpoint, timeout))
}

/// The query may hold what must not be in a message.
fn endpoint_of(request: &HttpRequest) -> String {
    request.url.split_once('?').map_or(request.url.as_str(), |(endpoint, _)| endpoint).to_owned()
}

fn limits(timeout: i64) -> Limits {
    Limits {
        timeout_milliseconds: u32::try_from(timeout).unwrap_or(u32::MAX).saturating_mul(1000),
        max_response_bytes: MAX_RESPONSE_BYTES,
    }
}

fn in_words(failure: HttpFailure, endpoint: &str, timeout: i64) -> Error {
    match failure {
        HttpFailure::Network(reason) => Error::new(
            Code::NetworkFailure,
            format!("{endpoint} could not be reached ({reason}): offline, refused, or not allowed by CORS"),
        ),
        HttpFailure::Timeout => Error::new(Code::Timeout, format!("{endpoint} did not answer within {timeout} s")),
        HttpFailure::Redirect => Error::new(
            Code::RedirectRefused,
            format!("{endpoint} answered with a redirect, which is never followed: use the URL it leads to"),
        ),
        HttpFailure::TooLarge => {
            Error::new(Code::ResponseTooLarge, format!("{endpoint} answered with more than {MAX_RESPONSE_BYTES} bytes"))
        }
    }
}

/// Whether the same request can succeed later: nobody said no.
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(error.class(), Class::Network | Class::Timeout)
        || matches!(error.code(), Code::ServerError | Code::TemporarilyUnavailable | Code::DiscoveryFailed)
}
