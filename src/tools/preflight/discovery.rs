//! The discovery document: where it is, whether it is one, and who it says it is (OpenID Connect Discovery 1.0 4,
//! RFC 8414 3).

use super::asking::{Asker, Exchange, NoAnswer};
use super::finding::{Finding, FindingCode};
use super::report::Step;
use crate::client::ClientOptions;
use crate::error::{Code, harmless};
use crate::ports::Host;
use crate::protocol::http::HttpRequest;
use crate::protocol::json::{Json, Object, parse_object_as};
use crate::protocol::metadata::{ProviderType, discovery_requests};
use crate::protocol::url::Issuer;

const WELL_KNOWN: &str = "/.well-known/";

/// What discovery came to.
pub(super) struct Discovered {
    pub step: Step,
    pub issuer: Step,
    /// The first request, by which the provider was reached or not.
    pub exchange: Option<Exchange>,
    /// The document, whoever it is of.
    pub document: Option<Object>,
}

pub(super) async fn discover<H: Host>(asker: &Asker<'_, H>, options: &ClientOptions) -> Discovered {
    let Some(issuer) = &options.issuer else {
        let reason = "`metadata` was given by hand and there is no `issuer` to discover";
        let (step, issuer) = (Step::skipped("discovery", reason), Step::skipped("issuer", reason));
        return Discovered { step, issuer, exchange: None, document: None };
    };
    let mut first = None;
    let mut last = None;
    for request in discovery_requests(issuer, options.provider_type) {
        let exchange = asker.ask(request).await;
        let is_there = exchange.response().is_some_and(|response| response.status == 200 && response.is_json());
        // Only "there is nothing here" leads on to the next well-known location.
        let is_final = exchange.response().is_none_or(|response| is_there || response.status >= 500);
        first.get_or_insert_with(|| exchange.clone());
        last = Some(exchange);
        if is_final {
            break;
        }
    }
    let Some(exchange) = last else {
        let step = Step::skipped("discovery", "there is nowhere to ask");
        return Discovered { step, issuer: no_document(), exchange: None, document: None };
    };
    let mut step = Step::new("discovery");
    exchange.note(&mut step);
    let document = judge(&exchange, &mut step);
    if document.is_none() && is_nothing_there(&exchange) {
        look_elsewhere(asker, options.provider_type, issuer, &mut step).await;
    }
    let step = step.saying("the discovery document is where it has to be");
    let issuer = document.as_ref().map_or_else(no_document, |document| issuer_step(document, issuer));
    Discovered { step, issuer, exchange: first.or(Some(exchange)), document }
}

fn no_document() -> Step {
    Step::skipped("issuer", "there is no discovery document to look at")
}

fn is_nothing_there(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| response.status < 500 && (response.status != 200 || !response.is_json()))
}

fn not_looked_at(step: &Step, reason: &str) -> Step {
    let duration_milliseconds = step.duration_milliseconds;
    Step { details: step.details.clone(), duration_milliseconds, ..Step::skipped(step.name, reason) }
}

/// Reads the document; what is wrong goes into the step.
fn judge(exchange: &Exchange, step: &mut Step) -> Option<Object> {
    let url = harmless(&exchange.url);
    let response = match &exchange.outcome {
        Ok(response) => response,
        Err(NoAnswer::Refused) => {
            *step = not_looked_at(step, "this page may not read the document");
            return None;
        }
        Err(NoAnswer::Redirected) => {
            let message = format!("{url} answers with a redirect");
            step.find(Finding::new(FindingCode::DiscoveryRedirected, message));
            return None;
        }
        Err(NoAnswer::TooLarge) => {
            let message = format!("{url} answers with more than a megabyte");
            step.find(Finding::new(FindingCode::DiscoveryTooLarge, message));
            return None;
        }
        // Reachability says which.
        Err(NoAnswer::Silent(_) | NoAnswer::TimedOut | NoAnswer::NotSent(_)) => {
            *step = not_looked_at(step, "the provider could not be reached");
            return None;
        }
    };
    let status = response.status;
    if status >= 500 || status == 429 {
        let message = format!("{url} answers with status {status}");
        step.find(Finding::new(FindingCode::DiscoveryFailing, message));
        return None;
    }
    if status != 200 {
        let message = format!("{url} answers with status {status}, not 200");
        step.find(Finding::new(FindingCode::DiscoveryNotFound, message));
        return None;
    }
    if !response.is_json() {
        let media_type = response.header("content-type").map_or("no media type".to_owned(), harmless);
        let message = format!("{url} answers with {media_type}, not application/json");
        step.find(Finding::new(FindingCode::DiscoveryMediaType, message));
        // What looks like a page is none; a document with the wrong label can still be looked at.
        return parse_object_as(&response.body, Code::InvalidMetadata).ok();
    }
    match parse_object_as(&response.body, Code::InvalidMetadata) {
        Ok(document) => Some(document),
        Err(error) => {
            let message = format!("{url} does not answer with a JSON object: {}", error.failure().message);
            step.find(Finding::new(FindingCode::DiscoveryMalformed, message));
            None
        }
    }
}

/// Whether the document is where a usual mistake in `issuer` or `type` would have it.
async fn look_elsewhere<H: Host>(asker: &Asker<'_, H>, kind: ProviderType, issuer: &Issuer, step: &mut Step) {
    if let Some(before) = before(issuer.as_str(), WELL_KNOWN) {
        let message = format!("`issuer` is the URL of a document; the issuer may be \"{}\"", harmless(before));
        return step.find(Finding::new(FindingCode::IssuerIsDocument, message));
    }
    let url = issuer.url();
    let (origin, path) = (url.origin(), url.path().trim_end_matches('/'));
    let mut places = Vec::new();
    if !path.is_empty() {
        places.push((format!("{origin}{WELL_KNOWN}openid-configuration"), kind));
    }
    if kind == ProviderType::Oidc {
        places.push((format!("{origin}{WELL_KNOWN}oauth-authorization-server{path}"), ProviderType::Oauth2));
    }
    for (place, kind) in places {
        let exchange = asker.ask_once(HttpRequest::get(place, "application/json")).await;
        let Some(response) = exchange.response().filter(|response| response.status == 200 && response.is_json()) else {
            continue;
        };
        let Ok(document) = parse_object_as(&response.body, Code::InvalidMetadata) else { continue };
        let own = document.string("issuer").ok().flatten().map(harmless).unwrap_or_default();
        let kind = if kind == ProviderType::Oidc { "oidc" } else { "oauth2" };
        let message = format!("there is a document of the issuer \"{own}\" at {}", harmless(&exchange.url));
        let remedy = format!("Set `issuer` to \"{own}\" and `type` to \"{kind}\", if that is your provider.");
        return step.find(Finding::new(FindingCode::DiscoveryElsewhere, message).remedied_by(remedy));
    }
}

/// The document's issuer has to be the one asked for, byte for byte (Discovery 4.3, RFC 8414 3.3).
fn issuer_step(document: &Object, expected: &Issuer) -> Step {
    let mut step = Step::new("issuer");
    step.details.put_text("expected", Some(expected.as_str()));
    let actual = match document.get("issuer") {
        Some(Json::String(actual)) => actual,
        _ => {
            let message = "the document has no \"issuer\" that is a string";
            return step.finding(Finding::new(FindingCode::IssuerMissing, message));
        }
    };
    let shown = harmless(actual);
    step.details.put_text("actual", Some(&shown));
    if actual == expected.as_str() {
        return step.saying("the document names the issuer that was asked for");
    }
    let difference = difference(expected.as_str(), actual);
    let message = format!("the document names the issuer \"{shown}\", not \"{}\": {difference}", expected.as_str());
    let remedy = format!(
        "Set `issuer` to \"{shown}\" if that is your provider, or let the provider call itself \"{}\".",
        expected.as_str()
    );
    step.details.put_text("difference", Some(difference));
    step.finding(Finding::new(FindingCode::IssuerDiffers, message).remedied_by(remedy))
}

/// In what two issuers differ.
fn difference(expected: &str, actual: &str) -> &'static str {
    fn parts(issuer: &str) -> (&str, &str, &str) {
        let (scheme, rest) = issuer.split_once(':').unwrap_or(("", issuer));
        let rest = rest.trim_start_matches('/');
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        (scheme, host, path)
    }
    let (expected_parts, actual_parts) = (parts(expected), parts(actual));
    if actual.contains('{') {
        "it is a template for many tenants"
    } else if expected.trim_end_matches('/') == actual.trim_end_matches('/') {
        "they differ by a trailing slash"
    } else if expected.eq_ignore_ascii_case(actual) {
        "they differ in upper and lower case"
    } else if (expected_parts.1, expected_parts.2) == (actual_parts.1, actual_parts.2) {
        "one is http and the other https"
    } else if expected_parts.1 != actual_parts.1 {
        "they differ in host or port"
    } else {
        "they differ in their paths"
    }
}

/// What stands before a part of a text, if that is in it.
fn before<'a>(text: &'a str, part: &str) -> Option<&'a str> {
    let at = text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())?;
    text.get(..at)
}
