//! Moving requests and responses.

use crate::error::Error;
use crate::protocol::http::{HttpRequest, HttpResponse};

/// What a request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds until the whole answer must be there.
    pub timeout_milliseconds: u32,
    /// The largest body that is read, in bytes.
    pub max_response_bytes: usize,
}

/// Why no answer arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFailure {
    /// The request did not get through: offline, DNS, TLS, CORS. Says what the host said.
    Network(String),
    /// The limit of time passed.
    Timeout,
    /// The endpoint redirected; a redirect is never followed, because it would carry secrets elsewhere.
    Redirect,
    /// The body is larger than the limit.
    TooLarge,
    /// Nothing was sent: a function of the app's, which adds to the request, failed.
    NotSent(Error),
}

/// What is known of a server that gave a request no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It answers, but not so that it may be read: in a page, CORS forbids that.
    Answers,
    /// Nothing answers. Says what the host said: the name of an error, where there is one.
    Silent(String),
    /// The host cannot tell.
    Unknown,
}

/// Sends requests. Redirects are refused, cookies are left to the host's default.
pub trait Http {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// No answer within the limits; any HTTP status is an answer.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure>;

    /// Whether anything answers at a URL, whoever may read it: asked with a `GET` without credentials, of which nothing
    /// is read. For looking into a failure, so a host need not be able to.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn reach(&self, _url: &str, _limits: Limits) -> Reach {
        Reach::Unknown
    }
}
