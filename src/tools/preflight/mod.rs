//! A preflight: whether an app that is configured so can sign people in at this provider, from here, now. Nothing is
//! believed that can be tried, nobody signs in, and each thing that is wrong comes with what to do about it.
//!
//! It sends at most [`MAX_REQUESTS`] requests, each with the client's own time limit: up to three for the discovery
//! document at its well-known places; then, at the same time, one for the key set, one to the token endpoint (a form with
//! `client_id` alone, which every provider refuses), one to the userinfo endpoint with a token that nobody issued, and
//! outside a page the `OPTIONS` that a browser would send before that. One more `GET` for each of the first three kinds
//! that is not answered, to tell why.

mod asking;
mod clock;
mod configuration;
mod cors;
mod discovery;
mod finding;
mod keys;
mod offers;
mod report;
mod status;
mod token;
mod viewpoint;

use futures_util::future::join4;

pub use finding::{Finding, FindingCode};
pub use report::{Preflight, Step};
pub use status::Status;

use crate::client::{Client, ProviderHost};
use crate::error::harmless;
use crate::ports::{Host, Limits};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::http::{HttpRequest, MAX_RESPONSE_BYTES};
use crate::protocol::key_set::key_set_request;
use asking::{Asker, Exchange, silence};
use viewpoint::Viewpoint;

/// The most requests that a preflight sends.
pub const MAX_REQUESTS: usize = 10;

/// Looks at the provider of a client as this client would use it. Never fails: what goes wrong is in the report.
pub async fn preflight<H: Host>(client: &Client<H>) -> Preflight {
    let (host, options) = (client.host(), client.options());
    let viewpoint = Viewpoint::of(client);
    let limits = Limits {
        timeout_milliseconds: u32::try_from(options.timeout).unwrap_or(u32::MAX).saturating_mul(1000),
        max_response_bytes: MAX_RESPONSE_BYTES,
    };
    let asked = ProviderHost::Own(client.clone());
    let asker = Asker { host: &asked, limits, viewpoint: &viewpoint };
    let is_page = matches!(viewpoint, Viewpoint::Page { .. });

    let found = discovery::discover(&asker, options).await;
    let document = offers::in_use(found.document.as_ref(), options.metadata.as_ref()).unwrap_or_default();
    let endpoint = |name: &str| offers::endpoint(&document, name);
    let key_set = endpoint("jwks_uri").filter(|_| offers::needs_keys(options) && options.jwks.is_none());
    let key_set = key_set.as_ref().map(key_set_request);
    let token = endpoint("token_endpoint").map(|url| token::request(&url, &options.client_id));
    let userinfo = endpoint("userinfo_endpoint").map(|url| cors::userinfo_request(url.as_str()));
    let is_app = matches!(viewpoint, Viewpoint::App { .. });
    let before_userinfo = userinfo.as_ref().filter(|_| is_app).map(|request| request.url.clone());
    let asked_of = cors::headers_to_allow(options);
    let (key_set, token, userinfo, asked_before) = join4(
        maybe(&asker, key_set),
        maybe(&asker, token),
        maybe(&asker, userinfo),
        before(&asker, before_userinfo, &asked_of),
    )
    .await;

    let mut steps = vec![configuration::configuration(client)];
    let discovery = found.exchange.as_ref();
    steps.push(reachability(discovery.or(token.as_ref()).or(key_set.as_ref())));
    steps.push(found.step);
    steps.push(found.issuer);
    if document.is_empty() {
        let skipped = |name: &&'static str| Step::skipped(name, "there is no metadata to look at");
        steps.extend(offers::NAMES.iter().map(skipped));
        steps.push(Step::skipped("issuer_parameter", "there is no metadata to look at"));
    } else {
        steps.extend(offers::steps(&document, options));
        steps.push(offers::issuer_parameter(&document));
    }
    let announced = offers::list(&document, "id_token_signing_alg_values_supported");
    steps.push(if offers::needs_keys(options) {
        keys::key_set(host, options, announced.as_deref(), key_set.as_ref()).await
    } else {
        Step::skipped("key_set", "no ID token is asked for whose signature would be checked")
    });
    steps.push(token::token_endpoint(token.as_ref(), options.client_auth == ClientAuthentication::None));
    // What may come out of a cache says when it went in.
    let uncached = token.iter().chain(userinfo.iter());
    steps.push(clock::clock(uncached, options.clock_tolerance, is_page));
    for (name, exchange, asked_before) in [
        ("cors_discovery", discovery, None),
        ("cors_key_set", key_set.as_ref(), None),
        ("cors_token", token.as_ref(), None),
        ("cors_userinfo", userinfo.as_ref(), asked_before.as_ref()),
    ] {
        steps.push(cors::readable(host, &viewpoint, name, exchange, asked_before, &asked_of));
    }
    steps.push(cors::exposed_headers(host, &viewpoint, token.as_ref(), userinfo.as_ref()));
    let provider = options.name.as_deref().unwrap_or_else(|| options.issuer_name());
    Preflight { provider: harmless(provider), steps }
}

async fn maybe<H: Host>(asker: &Asker<'_, H>, request: Option<HttpRequest>) -> Option<Exchange> {
    match request {
        Some(request) => Some(asker.ask(request).await),
        None => None,
    }
}

/// Asks what a browser asks before a request with a token and the app's headers.
async fn before<H: Host>(asker: &Asker<'_, H>, url: Option<String>, headers: &[&str]) -> Option<Exchange> {
    match url {
        Some(url) => Some(asker.ask_once(HttpRequest::preflight(url, "GET", &headers.join(","))).await),
        None => None,
    }
}

/// Whether anybody answers at all; how is a matter of the other steps.
fn reachability(exchange: Option<&Exchange>) -> Step {
    let Some(exchange) = exchange else {
        return Step::skipped("reachability", "there is no URL to ask");
    };
    let mut step = Step::new("reachability");
    exchange.note(&mut step);
    if let Some(finding) = exchange.outcome.as_ref().err().and_then(|failure| silence(&exchange.url, failure)) {
        return step.finding(finding);
    }
    step.saying("the provider answers")
}
