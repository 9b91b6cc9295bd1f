//! Responses of the token endpoint (RFC 6749 5.1 and 5.2, OIDC Core 3.1.3.3).

use super::form::pairs;
use super::http::HttpResponse;
use super::json::{Json, MAX_DEPTH, MAX_MEMBERS, Object, parse_object};
use super::metadata::ProviderType;
use super::provider_error::{code_of_status, from_wire};
use super::secret::Secret;
use crate::error::{Class, Code, Error, Result, harmless, without_tokens};

/// The longest life that a token is believed to have, in seconds: one year.
pub const MAX_LIFETIME: i64 = 31_536_000;

/// How deep the other members may nest: a session is stored with them inside, and has to be readable then.
pub(crate) const MAX_OTHER_DEPTH: usize = MAX_DEPTH - 8;

/// The members with a meaning of their own; all others are handed on in [`TokenResponse::other`].
const KNOWN: [&str; 8] = [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "refresh_expires_in",
    "refresh_token_expires_in",
    "id_token",
    "scope",
];

/// Tokens as they arrived; the ID token is not verified yet.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenResponse {
    /// The access token: opaque, printable ASCII without spaces.
    pub access_token: Secret,
    /// Always `Bearer`, however the provider wrote it.
    pub token_type: String,
    /// Seconds from the receipt on, at most [`MAX_LIFETIME`]; `None` where the provider does not say.
    pub expires_in: Option<i64>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// Seconds from the receipt on that the refresh token lives, where the provider says so and it ends at all.
    pub refresh_expires_in: Option<i64>,
    /// The ID token, not verified.
    pub id_token: Option<Secret>,
    /// The granted scopes; `None` where they are those that were asked for (RFC 6749 5.1).
    pub scope: Option<String>,
    /// The other members.
    pub other: Object,
}

/// Judges an answer of the token endpoint. `job` is what fails when it is an error: `TokenExchange` or `Refresh`.
///
/// # Errors
/// What the provider sent as `error`, by `provider_error`; `ServerError` and `TemporarilyUnavailable` for 5xx and 429;
/// `InvalidResponse` for what is no token response; `TokenTypeMismatch` for tokens that are not bearer tokens.
pub fn judge(response: &HttpResponse, job: Class, kind: ProviderType) -> Result<TokenResponse> {
    members(response, job, kind)
        .and_then(|members| tokens(members, kind))
        .map_err(|error| told_by(response, job, error))
}

/// The members of an answer that is no refusal, before anything is believed of them.
///
/// # Errors
/// As [`judge`], but for what its members say.
pub fn members(response: &HttpResponse, job: Class, kind: ProviderType) -> Result<Object> {
    let read = read(response, kind);
    let names_error = read.as_ref().is_ok_and(|members| matches!(members.get("error"), Some(Json::String(_))));
    // Only plain OAuth providers say "no" with status 200.
    let refused = names_error && matches!((response.status, kind), (400.., _) | (200, ProviderType::Oauth2));
    match read {
        Ok(members) if refused => Err(provider_said(&members, job, response.status)),
        read if response.status == 200 => read,
        _ => Err(not_tokens(response.status)),
    }
}

/// An error of an answer, with what its head says.
#[inline(never)]
pub(super) fn told_by(response: &HttpResponse, job: Class, error: Error) -> Error {
    let error = if error.code().class() == Class::TokenExchange { error.during(job) } else { error };
    error.with_status(response.status).with_retry_after(response.retry_after())
}

/// The members of the body: JSON, or, from plain OAuth providers, a form.
fn read(response: &HttpResponse, kind: ProviderType) -> Result<Object> {
    if response.is_json() {
        return parse_object(&response.body);
    }
    let media_type = response.media_type();
    if kind == ProviderType::Oauth2 && media_type.as_deref() == Some("application/x-www-form-urlencoded") {
        return read_form(&response.body);
    }
    Err(invalid("the token endpoint must answer with JSON"))
}

fn read_form(body: &[u8]) -> Result<Object> {
    let mut members = Object::new();
    let pairs = pairs(body);
    if pairs.len() > MAX_MEMBERS {
        return Err(invalid("the token response has too many parameters"));
    }
    for (name, value) in pairs {
        if members.get(&name).is_some() {
            return Err(invalid("a parameter of the token response occurs twice"));
        }
        members.insert(&name, Json::String(value));
    }
    Ok(members)
}

fn provider_said(members: &Object, job: Class, status: u16) -> Error {
    let text = |name| members.get(name).and_then(Json::as_str);
    from_wire(text("error").unwrap_or_default(), text("error_description"), job, Some(status))
}

fn not_tokens(status: u16) -> Error {
    match code_of_status(status) {
        Some(code) => Error::new(code, format!("the token endpoint failed with status {}", u32::from(status))),
        None => invalid("the token endpoint answered with neither tokens nor an OAuth error"),
    }
}

/// The tokens among the members of a token response.
///
/// # Errors
/// `invalid_response`, `token_type_mismatch`.
pub fn tokens(mut members: Object, kind: ProviderType) -> Result<TokenResponse> {
    let access_token = token(&members, "access_token")?.ok_or_else(|| invalid("\"access_token\" is missing"))?;
    let Some(token_type) = members.string("token_type")? else { return Err(invalid("\"token_type\" is missing")) };
    if !token_type.eq_ignore_ascii_case("bearer") {
        return Err(
            // A provider may have put anything there, what it was sent too.
            Error::new(Code::TokenTypeMismatch, "\"token_type\" must be \"Bearer\"")
                .mismatch("Bearer", without_tokens(&harmless(token_type))),
        );
    }
    let expires_in = seconds(&members, "expires_in")?;
    let refresh_token = token(&members, "refresh_token")?;
    let mut refresh_expires_in = seconds(&members, "refresh_expires_in")?;
    if refresh_expires_in.is_none() {
        refresh_expires_in = seconds(&members, "refresh_token_expires_in")?;
    }
    let id_token = match kind {
        ProviderType::Oidc => token(&members, "id_token")?,
        // Nobody would verify it.
        ProviderType::Oauth2 => None,
    };
    let scope = members.text("scope")?.map(|scope| match kind {
        ProviderType::Oidc => scope,
        ProviderType::Oauth2 => without_commas(&scope),
    });
    for name in KNOWN {
        members.remove(name);
    }
    if members.iter().any(|(_, value)| is_deeper(value, MAX_OTHER_DEPTH)) {
        return Err(invalid("a member of the token response is nested too deep"));
    }
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in,
        refresh_token,
        // Keycloak writes 0 for a refresh token that never expires.
        refresh_expires_in: refresh_expires_in.filter(|&seconds| seconds > 0),
        id_token,
        scope,
        other: members,
    })
}

/// Scopes separated by spaces, of providers that write commas (GitHub); RFC 6749 3.3 would take a comma for a part of one.
fn without_commas(scope: &str) -> String {
    let scopes: Vec<&str> = scope.split([',', ' ']).filter(|scope| !scope.is_empty()).collect();
    scopes.join(" ")
}

/// A token; an empty one counts as absent. What could not stand in a header is refused (RFC 6750 2.1).
fn token(members: &Object, name: &str) -> Result<Option<Secret>> {
    let Some(text) = members.string(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid(format!("\"{name}\" has characters that no token has")));
    }
    Ok(Some(Secret::new(text)))
}

/// Whether a value nests deeper than this; never deeper than the reader allows.
pub(crate) fn is_deeper(value: &Json, limit: usize) -> bool {
    match (value, limit.checked_sub(1)) {
        (Json::Array(_) | Json::Object(_), None) => true,
        (Json::Array(elements), Some(limit)) => elements.iter().any(|element| is_deeper(element, limit)),
        (Json::Object(members), Some(limit)) => members.iter().any(|(_, member)| is_deeper(member, limit)),
        _ => false,
    }
}

/// A number of seconds, as a number or as its decimal digits; `null` counts as absent.
pub(super) fn seconds(members: &Object, name: &str) -> Result<Option<i64>> {
    let seconds = match members.get(name) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(number)) => Some(number.seconds()),
        Some(Json::String(text)) => text.parse().ok().map(Some),
        Some(_) => None,
    };
    let Some(seconds) = seconds else { return Err(invalid(format!("\"{name}\" must be a number"))) };
    match seconds {
        Some(seconds) if seconds >= 0 => Ok(Some(seconds.min(MAX_LIFETIME))),
        _ => Err(invalid(format!("\"{name}\" must not be negative nor out of range"))),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidResponse, message)
}
