//! Sending one request within its limits, and failures in words.

use crate::error::{Class, Code, Error};
#[cfg(any(feature = "tools", feature = "edge"))]
use crate::ports::Http;
use crate::ports::{HttpFailure, Limits};
#[cfg(any(feature = "tools", feature = "edge"))]
use crate::protocol::http::HttpResponse;
use crate::protocol::http::{HttpRequest, MAX_RESPONSE_BYTES};

/// Sends a request of somebody who is no client.
#[cfg(any(feature = "tools", feature = "edge"))]
pub(crate) async fn send<H: Http>(host: &H, request: HttpRequest, timeout: i64) -> crate::error::Result<HttpResponse> {
    let endpoint = endpoint_of(&request);
    host.send(request, limits(timeout)).await.map_err(|failure| in_words(failure, &endpoint, timeout))
}

/// The query may hold what must not be in a message.
pub(crate) fn endpoint_of(request: &HttpRequest) -> String {
    request.url.split_once('?').map_or(request.url.as_str(), |(endpoint, _)| endpoint).to_owned()
}

pub(crate) fn limits(timeout: i64) -> Limits {
    Limits { timeout_milliseconds: milliseconds(timeout), max_response_bytes: MAX_RESPONSE_BYTES }
}

pub(crate) fn milliseconds(seconds: i64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(1000)
}

pub(crate) fn in_words(failure: HttpFailure, endpoint: &str, timeout: i64) -> Error {
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
        HttpFailure::NotSent(error) => error,
    }
}

/// Whether the same request can succeed later: nobody said no.
pub(crate) fn is_passing(error: &Error) -> bool {
    matches!(error.class(), Class::Network | Class::Timeout)
        || matches!(error.code(), Code::ServerError | Code::TemporarilyUnavailable | Code::DiscoveryFailed)
}
