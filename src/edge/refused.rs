//! A request that is refused: the error, and what the answer says (RFC 6750 3, RFC 9110 10.2.3).

use crate::error::{Class, Error};
use crate::protocol::challenge::{Challenger, Refusal};
use crate::protocol::request_credentials::Scheme;

/// The seconds after which a request may be sent again where nobody knows better.
const RETRY_AFTER_SECONDS: i64 = 5;

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Of class `RequestAuth`, with the status of the answer; `error` is what the challenge says.
    pub error: Error,
    /// Of the answer; names in lower case.
    pub headers: Vec<(&'static str, String)>,
}

impl Refused {
    /// Makes of an error what the sender is told; `scopes` are those that the request needs,
    /// `nonce` the one that the next proof can have (RFC 9449 9).
    pub(super) fn new(
        error: Error,
        challenger: &Challenger,
        presented: Option<Scheme>,
        scopes: &[String],
        nonce: Option<String>,
    ) -> Self {
        let refusal = Refusal::of(&error);
        let mut headers = vec![("cache-control", "no-store".to_owned())];
        if let Some(challenge) = challenger.challenge(refusal, presented, scopes) {
            headers.push(("www-authenticate", challenge));
        }
        let mut error = error.during(Class::RequestAuth).with_status(refusal.status());
        if let Some(name) = refusal.error() {
            error = error.from_provider(name, None);
        }
        headers.extend(nonce.map(|nonce| ("dpop-nonce", nonce)));
        if refusal == Refusal::Unavailable {
            let seconds = error.failure().retry_after.unwrap_or(RETRY_AFTER_SECONDS);
            headers.push(("retry-after", seconds.to_string()));
            error = error.with_retry_after(Some(seconds));
        }
        Self { error, headers }
    }
}
