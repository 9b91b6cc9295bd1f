//! Provider metadata: where it is, and what of it is believed (OpenID Connect Discovery 1.0 3 and 4, RFC 8414 2 and 3).

use super::http::{HttpRequest, HttpResponse};
use super::json::{Json, Object, parse_object_as};
use super::provider_error::code_of_status;
use super::purpose::Purpose;
use super::url::{HttpsUrl, Issuer};
use crate::error::{Code, Error, Recovery, Result, harmless};

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderType {
    /// OpenID Connect.
    Oidc,
    /// OAuth 2.0 alone: no ID tokens.
    Oauth2,
}

/// An endpoint that a job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `authorization_endpoint`
    Authorization,
    /// `token_endpoint`
    Token,
    /// `userinfo_endpoint`
    Userinfo,
    /// `jwks_uri`
    Jwks,
    /// `end_session_endpoint`
    EndSession,
    /// `revocation_endpoint`
    Revocation,
    /// `introspection_endpoint`
    Introspection,
    /// `device_authorization_endpoint` (RFC 8628 4)
    #[cfg(feature = "tools")]
    DeviceAuthorization,
}

impl Endpoint {
    /// The member of the metadata that holds its URL.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Authorization => "authorization_endpoint",
            Self::Token => "token_endpoint",
            Self::Userinfo => "userinfo_endpoint",
            Self::Jwks => "jwks_uri",
            Self::EndSession => "end_session_endpoint",
            Self::Revocation => "revocation_endpoint",
            Self::Introspection => "introspection_endpoint",
            #[cfg(feature = "tools")]
            Self::DeviceAuthorization => "device_authorization_endpoint",
        }
    }
}

/// What a provider says about itself, as far as this crate acts on it; each field is the member of that name. An
/// endpoint is `None` where the provider has none, a list where the provider is silent.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the names are those of the IANA registry of authorization server metadata")]
pub struct ProviderMetadata {
    pub issuer: Option<Issuer>,
    pub authorization_endpoint: Option<HttpsUrl>,
    pub token_endpoint: Option<HttpsUrl>,
    pub userinfo_endpoint: Option<HttpsUrl>,
    pub jwks_uri: Option<HttpsUrl>,
    pub end_session_endpoint: Option<HttpsUrl>,
    pub revocation_endpoint: Option<HttpsUrl>,
    pub introspection_endpoint: Option<HttpsUrl>,
    pub pushed_authorization_request_endpoint: Option<HttpsUrl>,
    pub device_authorization_endpoint: Option<HttpsUrl>,
    pub require_pushed_authorization_requests: bool,
    pub require_signed_request_object: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub response_modes_supported: Option<Vec<String>>,
    /// The whole document, for what this crate does not act on and for the cache.
    pub document: Object,
}

/// The requests to try, in order, until one is answered.
///
/// OpenID Connect appends its path to the issuer (Discovery 4.1); RFC 8414 3.1 puts its own between host and path.
#[must_use]
pub fn discovery_requests(issuer: &Issuer, kind: ProviderType) -> Vec<HttpRequest> {
    let path = issuer.url().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let origin = issuer.url().origin();
    let openid = format!("{origin}{path}/.well-known/openid-configuration");
    let urls = match kind {
        ProviderType::Oidc => vec![openid],
        ProviderType::Oauth2 => vec![format!("{origin}/.well-known/oauth-authorization-server{path}"), openid],
    };
    urls.into_iter().map(|url| HttpRequest::get(url, "application/json").for_purpose(Purpose::Discovery)).collect()
}

/// Judges the answer to a discovery request.
///
/// # Errors
/// `ServerError` or `TemporarilyUnavailable` where the provider failed, `DiscoveryFailed` for any other answer that is
/// no JSON with status 200, `IssuerMismatch` unless the document's issuer is byte for byte the one asked for (Discovery
/// 4.3, RFC 8414 3.3), and those of [`ProviderMetadata::from_object`].
pub fn judge_discovery(response: &HttpResponse, issuer: &Issuer) -> Result<ProviderMetadata> {
    let status = response.status;
    let said = u32::from(status);
    if let Some(code) = code_of_status(status) {
        let error = Error::new(code, format!("the provider answered discovery with status {said}"));
        return Err(error.with_status(status).with_retry_after(response.retry_after()));
    }
    if status != 200 {
        let message = format!("discovery of {} was answered with status {said}, not 200", issuer.as_str());
        return Err(Error::new(Code::DiscoveryFailed, message).with_status(status).recover_by(Recovery::Fix));
    }
    if !response.is_json() {
        // A captive portal answers like that too, so it can pass.
        let actual = harmless(response.header("content-type").unwrap_or("no media type"));
        let message = format!("discovery of {} was answered with {actual}, not JSON", issuer.as_str());
        let error = Error::new(Code::DiscoveryFailed, message).with_status(status);
        return Err(error.mismatch("application/json", actual));
    }
    let document = parse_object_as(&response.body, Code::InvalidMetadata)?;
    check_issuer_of(&document, issuer)?;
    // A provider on https sends nobody to plain http on their own machine, where codes and tokens would go to whoever
    // listens. Only the app itself can name such an endpoint.
    ProviderMetadata::read(document, issuer.as_str().starts_with("https:"))
}

fn check_issuer_of(document: &Object, expected: &Issuer) -> Result<()> {
    match document.string("issuer")? {
        Some(actual) if actual == expected.as_str() => Ok(()),
        Some(actual) => {
            let message = "the metadata's \"issuer\" is not the issuer asked for; they must be equal byte for byte";
            Err(Error::new(Code::IssuerMismatch, message).mismatch(expected.as_str(), actual))
        }
        None => Err(Error::new(Code::InvalidMetadata, "the metadata has no \"issuer\"")),
    }
}

impl ProviderMetadata {
    /// Reads a document that the app or the provider wrote; no member is required.
    ///
    /// # Errors
    /// `InvalidMetadata` or `InsecureEndpoint`, naming the member.
    pub fn from_object(document: Object) -> Result<Self> {
        Self::read(document, false)
    }

    fn read(document: Object, is_from_https: bool) -> Result<Self> {
        let document = document.with_code(Code::InvalidMetadata);
        let issuer = match document.string("issuer")? {
            Some(text) => Some(Issuer::parse(text).map_err(|error| naming("issuer", &error))?),
            None => None,
        };
        let mut metadata = Self { issuer, ..Self::default() };
        for (name, endpoint) in [
            ("authorization_endpoint", &mut metadata.authorization_endpoint),
            ("token_endpoint", &mut metadata.token_endpoint),
            ("userinfo_endpoint", &mut metadata.userinfo_endpoint),
            ("jwks_uri", &mut metadata.jwks_uri),
            ("end_session_endpoint", &mut metadata.end_session_endpoint),
            ("revocation_endpoint", &mut metadata.revocation_endpoint),
            ("introspection_endpoint", &mut metadata.introspection_endpoint),
            ("pushed_authorization_request_endpoint", &mut metadata.pushed_authorization_request_endpoint),
            ("device_authorization_endpoint", &mut metadata.device_authorization_endpoint),
        ] {
            if let Some(text) = document.string(name)? {
                if is_from_https && text.starts_with("http:") {
                    let error = Error::new(Code::InsecureEndpoint, "must start with https://, as the issuer does");
                    return Err(naming(name, &error));
                }
                *endpoint = Some(HttpsUrl::parse(text).map_err(|error| naming(name, &error))?);
            }
        }
        for (name, flag) in [
            ("require_pushed_authorization_requests", &mut metadata.require_pushed_authorization_requests),
            ("require_signed_request_object", &mut metadata.require_signed_request_object),
            (
                "authorization_response_iss_parameter_supported",
                &mut metadata.authorization_response_iss_parameter_supported,
            ),
        ] {
            *flag = document.bool(name)?.unwrap_or(false);
        }
        for (name, list) in [
            ("code_challenge_methods_supported", &mut metadata.code_challenge_methods_supported),
            ("id_token_signing_alg_values_supported", &mut metadata.id_token_signing_alg_values_supported),
            ("token_endpoint_auth_methods_supported", &mut metadata.token_endpoint_auth_methods_supported),
            ("response_modes_supported", &mut metadata.response_modes_supported),
        ] {
            *list = document.strings(name)?;
        }
        metadata.document = document;
        Ok(metadata)
    }

    /// This metadata with what the app gave instead, member by member; `null` takes a member away, except `issuer`.
    ///
    /// # Errors
    /// `IssuerMismatch` when the app gave another issuer, and those of [`ProviderMetadata::from_object`].
    pub fn overridden_by(&self, given: &Object) -> Result<Self> {
        let mut document = self.document.clone();
        for (name, value) in given.iter() {
            match (name, &self.issuer) {
                ("issuer", Some(_)) if *value == Json::Null => {}
                ("issuer", Some(issuer)) => check_issuer_of(given, issuer)?,
                _ => document.insert(name, value.clone()),
            }
        }
        Self::from_object(document)
    }

    /// The URL of an endpoint.
    ///
    /// # Errors
    /// `EndpointMissing` naming the member.
    pub fn endpoint(&self, endpoint: Endpoint) -> Result<&HttpsUrl> {
        let url = match endpoint {
            Endpoint::Authorization => &self.authorization_endpoint,
            Endpoint::Token => &self.token_endpoint,
            Endpoint::Userinfo => &self.userinfo_endpoint,
            Endpoint::Jwks => &self.jwks_uri,
            Endpoint::EndSession => &self.end_session_endpoint,
            Endpoint::Revocation => &self.revocation_endpoint,
            Endpoint::Introspection => &self.introspection_endpoint,
            #[cfg(feature = "tools")]
            Endpoint::DeviceAuthorization => &self.device_authorization_endpoint,
        };
        url.as_ref().ok_or_else(|| {
            let message = format!("the provider's metadata has no \"{}\"", endpoint.member());
            Error::new(Code::EndpointMissing, message)
        })
    }
}

/// The error of a URL, saying which member holds it.
fn naming(name: &str, error: &Error) -> Error {
    let failure = error.failure();
    let named = Error::new(failure.code, format!("\"{name}\": {}", failure.message));
    match (&failure.expected, &failure.actual) {
        (Some(expected), Some(actual)) => named.mismatch(expected.as_str(), actual.as_str()),
        _ => named,
    }
}

#[cfg(test)]
mod tests;
