//! Authorization responses: is it ours, and is it whole (RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode).

use super::response_parameters::{MISPLACED, Parameters, alone, places};
pub use super::response_parameters::{ResponseMode, without_response_parameters};
use super::secret::Secret;
use super::state::StateTag;
use crate::error::{Code, Error, Recovery, Result};

/// What a provider answered to an authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// `state`, unchecked: which request it answers.
    pub state: String,
    /// `iss` (RFC 9207), unchecked: see [`check_issuer`].
    pub iss: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

impl AuthorizationResponse {
    /// The authorization code, unless the provider refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Code(code) => Some(code.expose()),
            Outcome::Refused { .. } => None,
        }
    }
}

/// What came of an authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The authorization code.
    Code(Secret),
    /// The provider refused; see [`super::provider_error::refused`]. Not to be believed before the issuer is checked.
    Refused {
        /// `error`, as it was sent.
        error: String,
        /// `error_description`, as it was sent.
        description: Option<String>,
    },
}

/// Whether a URL carries an authorization response for this client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognized {
    /// No response where the response mode puts one.
    NothingHere,
    /// A response for somebody else; to be left alone.
    NotOurs,
    /// A response for a window of this client's that waits beside this one: to be handed over as it is.
    ToRelay,
    /// A response for this client, complete and unambiguous.
    Ours(AuthorizationResponse),
}

/// Decides whether a URL at the redirect URI carries a response for this client: rows 3 to 5 of the callback table.
///
/// # Errors
/// `InvalidCallback` for an oversized URL or an impossible code. For a response that is ours by its state or its issuer:
/// `StateMissing`, `StateMismatch`, `DuplicateParameter` (also for `code[]`), `AmbiguousResponse` (code and error, or
/// parameters in query and fragment), `UnexpectedParameter` (tokens in either place, or a JWT response, none of which
/// was ever asked for).
#[inline(never)]
pub fn recognize(url: &str, mode: ResponseMode, tag: &StateTag, issuer: Option<&str>) -> Result<Recognized> {
    let (here, elsewhere) = places(url, mode)?;
    let here = Parameters::read(here);
    if !["code", "error", "response"].iter().any(|name| here.has(name)) {
        // An implicit response to a request of ours, which never asks for one (RFC 9700 2.1.2).
        for place in [&here, &Parameters::read(elsewhere)] {
            let token = ["access_token", "id_token"].into_iter().find(|name| place.has(name));
            if let Some(name) = token.filter(|_| place.values("state").any(|state| tag.owns(state))) {
                return Err(unexpected(name));
            }
        }
        return Ok(Recognized::NothingHere);
    }
    if !here.values("state").any(|state| tag.owns(state)) {
        if !here.values("iss").any(|iss| Some(iss) == issuer) {
            return Ok(Recognized::NotOurs);
        }
        return Err(match here.has("state") {
            true => Error::new(Code::StateMismatch, "the authorization response has a foreign \"state\""),
            false => state_missing(),
        });
    }
    if here.values("state").any(|state| tag.relays(state)) {
        return Ok(Recognized::ToRelay);
    }
    judge(&here, &Parameters::read(elsewhere)).map(Recognized::Ours)
}

/// Whether a URL carries a response to the request with this `state`, whole or not.
#[must_use]
pub fn answers(url: &str, mode: ResponseMode, state: &str) -> bool {
    places(url, mode).is_ok_and(|(here, _)| Parameters::read(here).values("state").any(|value| value == state))
}

/// Reads a response that the caller knows to be one: a URL, or the parameters alone.
///
/// # Errors
/// As [`recognize`], and `InvalidCallback` where there is neither code nor error.
#[inline(never)]
pub fn parse_response(url_or_query: &str, mode: ResponseMode) -> Result<AuthorizationResponse> {
    let name = url_or_query.split_once('=').map_or(url_or_query, |(name, _)| name);
    let is_url = name.contains([':', '/', '?', '#']);
    let (here, elsewhere) = if is_url { places(url_or_query, mode)? } else { alone(url_or_query)? };
    judge(&Parameters::read(here), &Parameters::read(elsewhere))
}

/// Checks the issuer of a response (RFC 9207 2.4), also of one that says `error`.
///
/// # Errors
/// `IssMismatch` unless `iss` is byte for byte the issuer of the request, `IssMissing` when the provider announces `iss`
/// and did not send it.
pub fn check_issuer(response_iss: Option<&str>, issuer: Option<&str>, advertised: bool) -> Result<()> {
    match (response_iss, issuer) {
        (Some(actual), Some(expected)) if actual == expected => Ok(()),
        // Metadata of the app's own, without an issuer: there is nothing to compare with and nothing was promised.
        (Some(_), None) if !advertised => Ok(()),
        (Some(actual), expected) => {
            let message = "the authorization response comes from another issuer than the one asked";
            Err(Error::new(Code::IssMismatch, message).mismatch(expected.unwrap_or_default(), actual))
        }
        (None, _) if advertised => {
            let message = "the provider announces \"iss\" in authorization responses, and this one has none";
            Err(Error::new(Code::IssMissing, message))
        }
        (None, _) => Ok(()),
    }
}

/// Row 5: refuses what is not exactly one response.
fn judge(here: &Parameters, elsewhere: &Parameters) -> Result<AuthorizationResponse> {
    let misplaced: Vec<&str> = MISPLACED.iter().copied().filter(|name| elsewhere.has(name)).collect();
    let present = |name: &&&str| here.has(name);
    if let Some(name) = here.repeated().or_else(|| misplaced.iter().find(present).copied()) {
        let message = format!("the authorization response has \"{name}\" more than once");
        return Err(Error::new(Code::DuplicateParameter, message));
    }
    for name in ["access_token", "id_token", "response"] {
        if here.has(name) || elsewhere.has(name) {
            return Err(unexpected(name));
        }
    }
    if let Some(name) = misplaced.first() {
        let message = format!("the authorization response is split: \"{name}\" is not where the rest is");
        return Err(Error::new(Code::AmbiguousResponse, message));
    }
    let outcome = match (here.first("code"), here.first("error")) {
        (Some(_), Some(_)) => {
            let message = "the authorization response has both \"code\" and \"error\"";
            return Err(Error::new(Code::AmbiguousResponse, message));
        }
        (Some(code), None) if is_visible(code) => Outcome::Code(Secret::new(code)),
        (None, Some(error)) if !error.is_empty() => Outcome::Refused {
            error: error.to_owned(),
            description: here.first("error_description").map(ToOwned::to_owned),
        },
        (None, None) => {
            return Err(Error::new(Code::InvalidCallback, "the callback has neither \"code\" nor \"error\""));
        }
        _ => {
            let message = "the \"code\" or \"error\" of the authorization response is empty or not ASCII";
            return Err(Error::new(Code::InvalidCallback, message).recover_by(Recovery::Reauthenticate));
        }
    };
    match here.first("state") {
        None => Err(state_missing()),
        Some(state) => Ok(AuthorizationResponse {
            state: state.to_owned(),
            iss: here.first("iss").map(ToOwned::to_owned),
            outcome,
        }),
    }
}

fn unexpected(name: &str) -> Error {
    let message = format!("the authorization response has \"{name}\", which was not asked for");
    Error::new(Code::UnexpectedParameter, message)
}

fn state_missing() -> Error {
    Error::new(Code::StateMissing, "the authorization response has no \"state\"")
}

/// One or more `VSCHAR` (RFC 6749 appendix A.11).
fn is_visible(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
mod tests;
