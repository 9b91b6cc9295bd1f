//! The authorization request (RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1, RFC 7636 4.3, RFC 8707 2).

use super::callback::ResponseMode;
use super::form::pairs;
use super::json::Object;
use super::metadata::{Endpoint, ProviderMetadata};
use super::pkce::CodeVerifier;
use super::url::HttpsUrl;
use super::words;
use crate::error::{Code, Error, Result, harmless};

/// What the app asks for; each field is the parameter of that name, where it has one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AuthorizationRequest {
    /// The scopes; sent as one parameter, or not at all when there are none.
    pub scopes: Vec<String>,
    /// Who is expected to sign in, as a hint to the provider.
    pub login_hint: Option<String>,
    /// `none`, or a list of `login`, `consent`, `select_account`, `create`, separated by spaces.
    pub prompt: Option<String>,
    /// `page`, `popup`, `touch` or `wap`.
    pub display: Option<String>,
    /// Languages (BCP 47), separated by spaces.
    pub ui_locales: Option<String>,
    /// Authentication context classes, separated by spaces.
    pub acr_values: Option<String>,
    /// An ID token of the user who is expected.
    pub id_token_hint: Option<String>,
    /// The API that the access token is for, where the provider calls it so.
    pub audience: Option<String>,
    /// Seconds since the user last signed in, at most.
    pub max_age: Option<u64>,
    /// Single claims that are asked for (OpenID Connect Core 5.5).
    pub claims: Option<Object>,
    /// Absolute URIs of the APIs that the access token is for (RFC 8707).
    pub resources: Vec<String>,
    /// Where the response goes.
    pub response_mode: ResponseMode,
    /// Parameters that this crate knows nothing of.
    pub extra_params: Vec<(String, String)>,
}

/// What binds the response to this request.
#[derive(Debug, Clone, Copy)]
pub struct RequestSecrets<'a> {
    /// `state`
    pub state: &'a str,
    /// `nonce`; `None` where no ID token is asked for.
    pub nonce: Option<&'a str>,
    /// Of which the challenge is sent.
    pub verifier: &'a CodeVerifier,
}

/// Parameters of an authorization request that this crate sets or validates, or that would replace what it sets.
pub const RESERVED_PARAMETERS: &[&str] = &[
    "acr_values",
    "audience",
    "claims",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "display",
    "dpop_jkt",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// Builds the URL that the user is sent to, always with PKCE S256.
///
/// # Errors
/// `ParRequired`, `RequestObjectRequired` and `EndpointMissing` as the metadata says. `PkceUnsupported` when the
/// provider lists challenge methods without S256, or lists none and `require_pkce_advertised` is set. `InvalidOption`
/// and `ReservedParameter` for what the app asked for. `InvalidMetadata` for an endpoint whose own query names a
/// parameter of the request.
pub fn authorization_url(
    metadata: &ProviderMetadata,
    client_id: &str,
    redirect_uri: &str,
    request: &AuthorizationRequest,
    secrets: &RequestSecrets<'_>,
    require_pkce_advertised: bool,
) -> Result<String> {
    check_offer(metadata, require_pkce_advertised)?;
    check_request(request)?;
    let endpoint = metadata.endpoint(Endpoint::Authorization)?;
    check_extra_params(&request.extra_params, RESERVED_PARAMETERS, endpoint)?;

    let scope = words::join(&request.scopes);
    let challenge = secrets.verifier.challenge();
    let max_age = request.max_age.map(|seconds| seconds.to_string());
    let claims = request.claims.as_ref().map(ToString::to_string);
    let response_mode = (request.response_mode != ResponseMode::Query).then(|| request.response_mode.as_str());
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("state", secrets.state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let optional = [
        ("scope", (!scope.is_empty()).then_some(scope.as_str())),
        ("nonce", secrets.nonce),
        ("response_mode", response_mode),
        ("login_hint", request.login_hint.as_deref()),
        ("prompt", request.prompt.as_deref()),
        ("display", request.display.as_deref()),
        ("ui_locales", request.ui_locales.as_deref()),
        ("acr_values", request.acr_values.as_deref()),
        ("id_token_hint", request.id_token_hint.as_deref()),
        ("audience", request.audience.as_deref()),
        ("max_age", max_age.as_deref()),
        ("claims", claims.as_deref()),
    ];
    for (name, value) in optional {
        parameters.extend(value.map(|value| (name, value)));
    }
    for resource in &request.resources {
        parameters.push(("resource", resource));
    }
    for (name, value) in &request.extra_params {
        parameters.push((name, value));
    }
    with_parameters(endpoint, &parameters)
}

/// What the provider must offer for a plain authorization request with PKCE.
fn check_offer(metadata: &ProviderMetadata, require_pkce_advertised: bool) -> Result<()> {
    if metadata.require_pushed_authorization_requests {
        let message = "the provider takes only pushed authorization requests (RFC 9126)";
        return Err(Error::new(Code::ParRequired, message));
    }
    if metadata.require_signed_request_object {
        let message = "the provider takes only signed authorization requests (RFC 9101)";
        return Err(Error::new(Code::RequestObjectRequired, message));
    }
    let fault = match &metadata.code_challenge_methods_supported {
        Some(methods) if !methods.iter().any(|method| method == "S256") => "the provider does not offer PKCE with S256",
        None if require_pkce_advertised => "the provider does not say that it offers PKCE, and the app requires it",
        _ => return Ok(()),
    };
    Err(Error::new(Code::PkceUnsupported, fault))
}

fn check_request(request: &AuthorizationRequest) -> Result<()> {
    for scope in &request.scopes {
        let is_token = !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !is_token {
            let message = format!("\"scopes\" holds \"{}\", which is no scope (RFC 6749 3.3)", harmless(scope));
            return Err(Error::new(Code::InvalidOption, message));
        }
    }
    if let Some(prompt) = &request.prompt {
        let is_word = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !prompt.split(' ').all(is_word) {
            return Err(Error::new(Code::InvalidOption, "\"prompt\" must be words separated by single spaces"));
        }
        if prompt != "none" && prompt.split(' ').any(|value| value == "none") {
            let message = "\"prompt\" must not have other values beside \"none\" (OpenID Connect Core 3.1.2.1)";
            return Err(Error::new(Code::InvalidOption, message));
        }
    }
    check_resources(&request.resources)
}

/// Checks that resources are what RFC 8707 2 says they are.
///
/// # Errors
/// `InvalidOption`.
pub fn check_resources(resources: &[String]) -> Result<()> {
    match resources.iter().find(|resource| !is_absolute_uri(resource)) {
        Some(resource) => {
            let message =
                format!("\"resource\" must be an absolute URI without fragment, not \"{}\"", harmless(resource));
            Err(Error::new(Code::InvalidOption, message))
        }
        None => Ok(()),
    }
}

/// `absolute-URI` of RFC 3986 4.3, as far as RFC 8707 2 needs it: a scheme, something after it, no fragment.
fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\'))
}

/// Checks parameters that the app adds to a request of this crate's.
///
/// # Errors
/// `ReservedParameter` for one that is reserved, occurs twice, or stands in the endpoint's own query; `InvalidOption` for
/// one without a name.
pub fn check_extra_params(extra: &[(String, String)], reserved: &[&str], endpoint: &HttpsUrl) -> Result<()> {
    for (at, (name, _)) in extra.iter().enumerate() {
        let fault = if name.is_empty() {
            return Err(Error::new(Code::InvalidOption, "\"extraParams\" holds a parameter without a name"));
        } else if reserved.contains(&name.as_str()) {
            "which this library sets or checks itself"
        } else if extra.iter().take(at).any(|(earlier, _)| earlier == name) {
            "more than once"
        } else if is_in_query(endpoint, name) {
            "which the endpoint's own query already holds"
        } else {
            continue;
        };
        let message = format!("\"extraParams\" holds \"{}\" {fault}", harmless(name));
        return Err(Error::new(Code::ReservedParameter, message));
    }
    Ok(())
}

/// The endpoint with parameters of a request; none may occur twice (RFC 6749 3.1), not even by the provider's doing.
pub(super) fn with_parameters(endpoint: &HttpsUrl, parameters: &[(&str, &str)]) -> Result<String> {
    match parameters.iter().find(|(name, _)| is_in_query(endpoint, name)) {
        Some((name, _)) => {
            let message = format!("the endpoint {} sets \"{}\" itself", harmless(endpoint.as_str()), harmless(name));
            Err(Error::new(Code::InvalidMetadata, message))
        }
        None => Ok(endpoint.with_query(parameters)),
    }
}

fn is_in_query(endpoint: &HttpsUrl, name: &str) -> bool {
    let query = endpoint.query().unwrap_or_default();
    pairs(query.as_bytes()).iter().any(|(known, _)| known == name)
}

#[cfg(test)]
mod tests;
