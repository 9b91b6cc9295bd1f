//! Asking the provider, and telling apart why there is no answer as far as the host can.

use super::finding::{Finding, FindingCode};
use super::report::Step;
use super::viewpoint::Viewpoint;
use crate::client::ProviderHost;
use crate::error::harmless;
use crate::ports::{Clock, Host, Http, HttpFailure, Limits, Reach};
use crate::protocol::http::{HttpRequest, HttpResponse};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// There is one, and CORS keeps it from this page.
    Refused,
    /// Nobody answers; what the host said.
    Silent(String),
    /// None in time.
    TimedOut,
    /// A redirect, which is never followed.
    Redirected,
    /// One that is larger than any honest one.
    TooLarge,
    /// Nothing was asked: what the app adds to the request failed so.
    NotSent(String),
}

/// A request and what came of it. Times are Unix milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// Where it went, without its query.
    pub url: String,
    pub sent_at: i64,
    pub received_at: i64,
    pub outcome: Result<HttpResponse, NoAnswer>,
}

impl Exchange {
    pub(super) fn response(&self) -> Option<&HttpResponse> {
        self.outcome.as_ref().ok()
    }

    pub(super) fn milliseconds(&self) -> i64 {
        // A clock that was set back meanwhile must not make it negative.
        self.received_at.saturating_sub(self.sent_at).max(0)
    }

    /// Notes the request in a step.
    pub(super) fn note(&self, step: &mut Step) {
        step.duration_milliseconds = self.milliseconds();
        step.details.put_text("url", Some(&harmless(&self.url)));
        if let Some(response) = self.response() {
            step.details.put_integer("status", Some(response.status.into()));
            step.details.put_text("contentType", response.header("content-type").map(harmless).as_deref());
        }
    }
}

/// Asks as the app would.
pub(super) struct Asker<'a, H: Host> {
    pub host: &'a ProviderHost<H>,
    pub limits: Limits,
    pub viewpoint: &'a Viewpoint,
}

impl<H: Host> Asker<'_, H> {
    /// Sends a request, and finds out why it is not answered, where it is not.
    pub(super) async fn ask(&self, request: HttpRequest) -> Exchange {
        let url = request.url.clone();
        let mut exchange = self.ask_once(request).await;
        if let Err(NoAnswer::Silent(said)) = exchange.outcome {
            exchange.outcome = Err(self.why_silent(&url, said).await);
        }
        exchange
    }

    /// Sends a request; outside a page with the origin that a page of the app would have.
    pub(super) async fn ask_once(&self, request: HttpRequest) -> Exchange {
        let request = match self.viewpoint {
            Viewpoint::App { origin } => request.with_header("origin", origin),
            Viewpoint::Page { .. } | Viewpoint::Elsewhere { .. } => request,
        };
        let url = request.url.split('?').next().unwrap_or_default().to_owned();
        let sent_at = self.host.milliseconds();
        let outcome = self.host.send(request, self.limits).await;
        let received_at = self.host.milliseconds();
        let outcome = outcome.map_err(|failure| match failure {
            HttpFailure::Timeout => NoAnswer::TimedOut,
            HttpFailure::Redirect => NoAnswer::Redirected,
            HttpFailure::TooLarge => NoAnswer::TooLarge,
            HttpFailure::Network(said) => NoAnswer::Silent(said),
            HttpFailure::NotSent(error) => NoAnswer::NotSent(error.failure().message.clone().into_owned()),
        });
        Exchange { url, sent_at, received_at, outcome }
    }

    async fn why_silent(&self, url: &str, said: String) -> NoAnswer {
        let is_page = matches!(self.viewpoint, Viewpoint::Page { .. });
        match self.host.reach(url, self.limits).await {
            Reach::Answers if is_page => NoAnswer::Refused,
            Reach::Silent(reason) => NoAnswer::Silent(reason),
            Reach::Answers | Reach::Unknown => NoAnswer::Silent(said),
        }
    }
}

/// What Node, Deno, Bun and workerd call their failures, in the order in which they are looked for.
const CAUSES: [(&[&str], FindingCode, &str); 4] = [
    (
        &["ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "dns error", "DNS lookup", "ERR_NAME_NOT_RESOLVED"],
        FindingCode::NameUnknown,
        "its host name has no address",
    ),
    (
        &["ECONNREFUSED", "ConnectionRefused", "Connection refused"],
        FindingCode::ConnectionRefused,
        "nobody listens there",
    ),
    (&["TIMEOUT", "ETIMEDOUT", "no answer in time"], FindingCode::TimedOut, "no connection in time"),
    (
        &["CERT", "certificate", "TLS", "SSL", "EPROTO", "SIGNATURE", "UNABLE_TO_", "ALTNAME"],
        FindingCode::TlsFailed,
        "TLS fails: its certificate is not trusted or not for this host",
    ),
];

/// The finding of a server that nobody reaches.
pub(super) fn silence(url: &str, failure: &NoAnswer) -> Option<Finding> {
    let url = harmless(url);
    let (code, why) = match failure {
        NoAnswer::TimedOut => (FindingCode::TimedOut, "no answer in time".to_owned()),
        NoAnswer::NotSent(said) => (FindingCode::Unreachable, format!("it was not asked ({})", harmless(said))),
        NoAnswer::Silent(said) => {
            let cause = CAUSES.iter().find(|(words, ..)| words.iter().any(|word| holds(said, word)));
            match cause {
                Some((_, code, why)) => (*code, format!("{why} ({})", harmless(said))),
                None => (FindingCode::Unreachable, format!("nothing answers ({})", harmless(said))),
            }
        }
        NoAnswer::Refused | NoAnswer::Redirected | NoAnswer::TooLarge => return None,
    };
    Some(Finding::new(code, format!("{url} could not be reached: {why}")))
}

// The pattern searches of the standard library weigh more than all of this.
fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part == word.as_bytes())
}
