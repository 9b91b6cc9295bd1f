//! The token endpoint, asked for nothing: a form without `grant_type`, which every provider refuses (RFC 6749 5.2).

use super::asking::{Exchange, NoAnswer, silence};
use super::finding::{Finding, FindingCode};
use super::report::Step;
use super::status::Status;
use crate::error::{Code, harmless};
use crate::protocol::http::HttpRequest;
use crate::protocol::json::parse_object_as;
use crate::protocol::url::HttpsUrl;

/// Names the client, whose CORS settings depend on it, and asks for nothing: no grant, no code and no secret, so that
/// nothing counts as an attempt to sign in.
pub(super) fn request(endpoint: &HttpsUrl, client_id: &str) -> HttpRequest {
    HttpRequest::post_form(endpoint.as_str(), &[("client_id", client_id)])
}

pub(super) fn token_endpoint(exchange: Option<&Exchange>, is_public: bool) -> Step {
    let Some(exchange) = exchange else {
        return Step::skipped("token_endpoint", "there is no usable \"token_endpoint\"");
    };
    let mut step = Step::new("token_endpoint");
    exchange.note(&mut step);
    let url = harmless(&exchange.url);
    let response = match &exchange.outcome {
        Ok(response) => response,
        Err(NoAnswer::Refused) => {
            let reason = "it answers, but this page may not read the answer";
            return Step { details: step.details, ..Step::skipped("token_endpoint", reason) };
        }
        Err(NoAnswer::Redirected) => {
            let message = format!("{url} answers with a redirect");
            return step.finding(Finding::new(FindingCode::TokenEndpointUnavailable, message));
        }
        Err(NoAnswer::TooLarge) => {
            let message = format!("{url} answers with more than a megabyte");
            return step.finding(Finding::new(FindingCode::TokenEndpointUnavailable, message));
        }
        Err(failure) => {
            silence(&exchange.url, failure).into_iter().for_each(|finding| step.find(finding));
            return step;
        }
    };
    let error = parse_object_as(&response.body, Code::InvalidResponse).ok();
    let error = error.and_then(|body| body.text("error").ok().flatten()).map(|error| harmless(&error));
    step.details.put_text("error", error.as_deref());
    let status = response.status;
    let message = format!("{url} answers a request for nothing with status {status}");
    match (status, error.as_deref()) {
        // A client that has to authenticate did not.
        (_, Some("invalid_client" | "unauthorized_client")) if is_public => {
            let message = format!("{message}: it does not take \"client_id\" as a public client");
            step.find(Finding::new(FindingCode::ClientUnknown, message));
        }
        (429 | 500..=599, _) => step.find(Finding::new(FindingCode::TokenEndpointFailing, message)),
        // Some servers answer a wrong path in the form of OAuth.
        (404 | 405 | 410, _) => step.find(Finding::new(FindingCode::TokenEndpointUnavailable, message)),
        (_, Some(_)) | (400 | 401, _) => {}
        _ => {
            let finding = Finding::new(FindingCode::TokenEndpointUnavailable, message);
            step.find(finding.weighing(Status::Warning));
        }
    }
    step.saying("the token endpoint answers, and refuses a request for nothing as it has to")
}
