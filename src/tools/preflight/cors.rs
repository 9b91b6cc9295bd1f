//! What a page of the app may read (Fetch 3.3): judged by the browser in a page, and elsewhere by the answers' headers as
//! a browser would.

use super::asking::{Exchange, NoAnswer};
use super::finding::{Finding, FindingCode};
use super::report::Step;
use super::status::Status;
use super::viewpoint::{Viewpoint, origin};
use crate::client::ClientOptions;
use crate::error::harmless;
use crate::ports::Host;
use crate::protocol::http::{HttpRequest, HttpResponse};

/// An access token that nobody issued, so that userinfo answers as it does to one that is over.
const NO_TOKEN: &str = "Bearer preflight";

const AUTHORIZATION: &str = "authorization";

/// Headers that help a client, and that a page sees only where the provider says so: the names as the provider writes
/// them.
const HELPFUL: [(&str, &str); 4] = [
    ("Retry-After", "retry-after"),
    ("WWW-Authenticate", "www-authenticate"),
    ("DPoP-Nonce", "dpop-nonce"),
    ("Date", "date"),
];

/// What the app asks the userinfo endpoint, with a token that is none: the answer is 401 (RFC 6750 3.1).
pub(super) fn userinfo_request(url: &str) -> HttpRequest {
    HttpRequest::get(url, "application/json").with_header("authorization", NO_TOKEN)
}

/// Judges whether a page of the app may read an answer. `asked_before`: the answer to what a browser asks before a
/// request with a token, where a browser did not ask itself.
pub(super) fn readable<H: Host>(
    host: &H,
    viewpoint: &Viewpoint,
    name: &'static str,
    exchange: Option<&Exchange>,
    asked_before: Option<&Exchange>,
    asked_of: &[&str],
) -> Step {
    let Some(exchange) = exchange else { return Step::skipped(name, "the provider was not asked") };
    let app = match viewpoint {
        Viewpoint::Elsewhere { reason } => return Step::skipped(name, *reason),
        Viewpoint::Page { origin } | Viewpoint::App { origin } => origin,
    };
    let mut step = Step::new(name);
    step.details.put_text("url", Some(&harmless(&exchange.url)));
    step.details.put_text("origin", Some(&harmless(app)));
    if origin(host, &exchange.url).as_ref() == Some(app) {
        return step.saying("it has the app's own origin, so that CORS does not apply");
    }
    let url = harmless(&exchange.url);
    match (viewpoint, &exchange.outcome) {
        (Viewpoint::Page { .. }, Err(NoAnswer::Refused)) => {
            let message = format!("{url} answers, but not so that this page, {}, may read it", harmless(app));
            step.find(refused(app, message));
        }
        (_, Err(_)) => return Step { details: step.details, ..Step::skipped(name, "there is no answer to judge") },
        (Viewpoint::Page { .. }, Ok(_)) => {}
        (_, Ok(response)) => {
            if let Some(why) = why_refused(response, app) {
                let message = format!("a page at {} may not read {url}: {why}", harmless(app));
                // Only the browser is sure that a page asks at all.
                step.find(refused(app, message).weighing(Status::Warning));
            } else if let Some(why) = asked_before.and_then(|asked| why_withheld(asked, app, asked_of)) {
                let message = format!("a page at {} may not send its request to {url}: {why}", harmless(app));
                let finding = Finding::new(FindingCode::CorsAuthorizationRefused, message);
                step.find(finding.weighing(Status::Warning));
            }
        }
    }
    step.saying("a page of the app may read the answer")
}

fn refused(app: &str, message: String) -> Finding {
    let remedy = format!(
        "Add {0} to the allowed (web) origins of this client at the provider, so that it answers with \
         \"Access-Control-Allow-Origin: {0}\", and for a token in the request with \"Access-Control-Allow-Headers: Authorization\".",
        harmless(app)
    );
    Finding::new(FindingCode::CorsRefused, message).remedied_by(remedy)
}

/// Why a page may not read an answer (Fetch 4.10, "CORS check", for a request without credentials).
fn why_refused(response: &HttpResponse, app: &str) -> Option<String> {
    let values = values(response, "access-control-allow-origin");
    match values.as_slice() {
        [] => Some("the answer has no header `Access-Control-Allow-Origin`".to_owned()),
        [one] if *one == "*" || *one == app => None,
        [one] => Some(format!("the answer allows {} alone", harmless(one))),
        _ => Some("the answer has the header `Access-Control-Allow-Origin` twice".to_owned()),
    }
}

/// The headers that a page may send only where the provider lets it: in lower case and sorted, as a browser names them
/// (Fetch 3.3.3).
pub(super) fn headers_to_allow(options: &ClientOptions) -> Vec<&str> {
    let mut names: Vec<_> = options.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.push(AUTHORIZATION);
    names.sort_unstable();
    names
}

/// Why a browser does not send such headers along (Fetch 4.8, step 7).
fn why_withheld(asked: &Exchange, app: &str, asked_of: &[&str]) -> Option<String> {
    let Some(response) = asked.response() else { return Some("`OPTIONS` is not answered".to_owned()) };
    if !(200..=299).contains(&response.status) {
        return Some(format!("`OPTIONS` is answered with status {}", response.status));
    }
    if let Some(why) = why_refused(response, app) {
        return Some(format!("asked by `OPTIONS`, {why}"));
    }
    let allowed = listed(response, "access-control-allow-headers");
    // The wildcard does not include the token.
    let is_allowed = |name| allowed.iter().any(|one| one == name || (one == "*" && name != AUTHORIZATION));
    let refused = asked_of.iter().find(|name| !is_allowed(**name))?;
    Some(format!("`OPTIONS` does not allow the header `{}`", harmless(refused)))
}

fn values<'a>(response: &'a HttpResponse, name: &str) -> Vec<&'a str> {
    response.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim_ascii()).collect()
}

/// The names that a header lists, in lower case.
fn listed(response: &HttpResponse, name: &str) -> Vec<String> {
    let values = values(response, name);
    values.iter().flat_map(|value| value.split(',')).map(|name| name.trim_ascii().to_ascii_lowercase()).collect()
}

/// Whether a page sees a header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Visible,
    Hidden,
    Unknown,
}

/// Which helpful headers of the token and the userinfo endpoint a page of the app sees.
pub(super) fn exposed_headers<H: Host>(
    host: &H,
    viewpoint: &Viewpoint,
    token: Option<&Exchange>,
    userinfo: Option<&Exchange>,
) -> Step {
    let app = match viewpoint {
        Viewpoint::Elsewhere { reason } => return Step::skipped("exposed_headers", *reason),
        Viewpoint::Page { origin } | Viewpoint::App { origin } => origin,
    };
    // Same origin: nothing is hidden.
    let foreign = |exchange: &&Exchange| origin(host, &exchange.url).as_ref() != Some(app);
    let readable = |exchange: &&Exchange| {
        let is_page = matches!(viewpoint, Viewpoint::Page { .. });
        exchange.response().is_some_and(|response| is_page || why_refused(response, app).is_none())
    };
    let asked = [token, userinfo].into_iter().flatten().collect::<Vec<_>>();
    let answers = asked.iter().copied().filter(foreign).filter(readable).collect::<Vec<_>>();
    if answers.is_empty() {
        let is_own = !asked.is_empty() && !asked.iter().any(foreign);
        let reason = if is_own {
            "the endpoints have the app's own origin, so that nothing is hidden"
        } else {
            "there is no answer to judge"
        };
        return Step::skipped("exposed_headers", reason);
    }
    let mut step = Step::new("exposed_headers");
    let sight = |name: &str| {
        // A refused token is for the endpoint that takes tokens to explain.
        let answer = answers.iter().rev().find(|_| name == "www-authenticate").or(answers.first());
        answer
            .and_then(|exchange| exchange.response())
            .map_or(Sight::Unknown, |response| see(viewpoint, response, name))
    };
    let seen = HELPFUL.map(|(shown, name)| (shown, sight(name)));
    let of = |sight: Sight| seen.iter().filter(|(_, seen)| *seen == sight).map(|(name, _)| *name).collect::<Vec<_>>();
    step.put_texts("visible", &of(Sight::Visible));
    step.put_texts("hidden", &of(Sight::Hidden));
    step.put_texts("unknown", &of(Sight::Unknown));
    if let Some(hidden) = listing(&of(Sight::Hidden)) {
        let names = listing(&HELPFUL.map(|(shown, _)| shown)).unwrap_or_default();
        let line = format!("Access-Control-Expose-Headers: {names}");
        step.details.put_text("headerLine", Some(&line));
        let message = format!("a page of the app does not see {hidden}");
        let remedy = format!(
            "Let the provider send the header line \"{line}\" with the answers of its token and userinfo endpoints."
        );
        step.find(Finding::new(FindingCode::HeadersHidden, message).remedied_by(remedy));
    }
    step.saying("a page of the app sees the headers that help it, as far as they were sent")
}

/// The names with commas between them, if there are any.
fn listing(names: &[&str]) -> Option<String> {
    let (first, others) = names.split_first()?;
    Some(others.iter().fold((*first).to_owned(), |listing, name| listing + ", " + name))
}

fn see(viewpoint: &Viewpoint, response: &HttpResponse, name: &str) -> Sight {
    let exposed = listed(response, "access-control-expose-headers");
    let is_exposed = exposed.iter().any(|listed| listed == name || listed == "*");
    let is_page = matches!(viewpoint, Viewpoint::Page { .. });
    if is_exposed || (is_page && response.header(name).is_some()) {
        return Sight::Visible;
    }
    // A page does not see the list itself, unless that is on it. These two every provider sends.
    let must_be_there = name == "date" || (name == "www-authenticate" && response.status == 401);
    if !is_page || must_be_there { Sight::Hidden } else { Sight::Unknown }
}
