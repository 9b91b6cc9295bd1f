//! Provider metadata: where it is, and what of it is believed (OpenID Connect Discovery 1.0 3 and 4, RFC 8414 2 and 3).

use super::http::{HttpRequest, HttpResponse};
use super::json::{Json, Object, parse_object_as};
use super::provider_error::code_of_status;
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
    urls.into_iter().map(|url| HttpRequest::get(url, "application/json")).collect()
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
    ProviderMetadata::from_object(document)
}

fn check_issuer_of(document: &Object, expected: &Issuer) -> Result<()> {
    match document.string("issuer")? {
        Some(actual) if actual == expected.as_str() => Ok(()),
        Some(actual) => {
            let message = "the metadata's \"issuer\" is not the issuer asked for; they must be equal byte for byte";
            Err(Error::new(Code::IssuerMismatch, message).mismatch(expected.as_str(), harmless(actual)))
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
mod tests {
    use super::*;
    use crate::error::Class;
    use crate::protocol::json::parse_object;

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    fn urls(text: &str, kind: ProviderType) -> Vec<String> {
        discovery_requests(&issuer(text), kind).into_iter().map(|request| request.url).collect()
    }

    fn response(status: u16, content_type: &str, body: &str) -> HttpResponse {
        let headers =
            vec![("content-type".to_owned(), content_type.to_owned()), ("retry-after".to_owned(), "7".to_owned())];
        HttpResponse { status, headers, body: body.as_bytes().to_vec() }
    }

    fn judge(body: &str) -> Result<ProviderMetadata> {
        judge_discovery(&response(200, "application/json", body), &issuer("https://idp"))
    }

    fn manual(text: &str) -> Result<ProviderMetadata> {
        ProviderMetadata::from_object(parse_object(text.as_bytes()).unwrap())
    }

    #[test]
    fn openid_connect_appends_its_path_discovery_4_1() {
        let expected = ["https://idp/a/.well-known/openid-configuration"];
        assert_eq!(urls("https://idp/a", ProviderType::Oidc), expected);
        assert_eq!(urls("https://idp/a/", ProviderType::Oidc), expected);
        assert_eq!(urls("https://idp", ProviderType::Oidc), ["https://idp/.well-known/openid-configuration"]);
        assert_eq!(urls("https://idp/", ProviderType::Oidc), ["https://idp/.well-known/openid-configuration"]);
    }

    #[test]
    fn oauth_puts_its_path_between_host_and_path_first_rfc_8414_3_1() {
        let expected = [
            "https://idp:8443/.well-known/oauth-authorization-server/a/b",
            "https://idp:8443/a/b/.well-known/openid-configuration",
        ];
        assert_eq!(urls("https://idp:8443/a/b", ProviderType::Oauth2), expected);
        assert_eq!(urls("https://idp:8443/a/b/", ProviderType::Oauth2), expected);
        assert_eq!(urls("https://idp/", ProviderType::Oauth2)[0], "https://idp/.well-known/oauth-authorization-server");
    }

    #[test]
    fn a_document_of_the_issuer_asked_for_is_read_and_kept_whole() {
        let text = r#"{"issuer":"https://idp","token_endpoint":"https://idp/token","code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true,"x":{"y":1}}"#;
        let metadata = judge(text).unwrap();
        assert_eq!(metadata.issuer, Some(issuer("https://idp")));
        assert_eq!(metadata.endpoint(Endpoint::Token).unwrap().as_str(), "https://idp/token");
        assert_eq!(metadata.code_challenge_methods_supported, Some(vec!["S256".to_owned()]));
        assert!(metadata.authorization_response_iss_parameter_supported);
        assert!(!metadata.require_pushed_authorization_requests);
        assert_eq!(metadata.document.to_string(), text);
    }

    #[test]
    fn another_issuer_is_a_mismatch_even_by_one_byte_with_both_values() {
        for actual in ["https://idp/", "https://IDP", "https://idp:443", "https://evil", "http://idp", "{tenantid}", ""]
        {
            let error = judge(&format!(r#"{{"issuer":"{actual}"}}"#)).unwrap_err();
            assert_eq!((error.code(), error.class()), (Code::IssuerMismatch, Class::Discovery));
            assert_eq!(error.failure().expected.as_deref(), Some("https://idp"));
            assert_eq!(error.failure().actual.as_deref(), Some(actual));
        }
        for body in [r#"{}"#, r#"{"issuer":null}"#, r#"{"issuer":["https://idp"]}"#, "[]", "", "<html>"] {
            assert_eq!(judge(body).unwrap_err().code(), Code::InvalidMetadata, "{body}");
        }
    }

    #[test]
    fn a_provider_that_fails_is_tried_again_later() {
        for (status, code) in
            [(500, Code::ServerError), (503, Code::TemporarilyUnavailable), (429, Code::TemporarilyUnavailable)]
        {
            let error = judge_discovery(&response(status, "text/html", ""), &issuer("https://idp")).unwrap_err();
            assert_eq!((error.code(), error.class()), (code, Class::Provider));
            assert_eq!(error.failure().recovery, Recovery::Retry);
            assert_eq!((error.failure().status, error.failure().retry_after), (Some(status), Some(7)));
        }
    }

    #[test]
    fn only_status_200_and_json_are_metadata() {
        let body = r#"{"issuer":"https://idp"}"#;
        for status in [201, 204, 304, 401, 404] {
            let error =
                judge_discovery(&response(status, "application/json", body), &issuer("https://idp")).unwrap_err();
            assert_eq!(error.code(), Code::DiscoveryFailed);
            assert_eq!(error.failure().recovery, Recovery::Fix);
        }
        for content_type in ["text/html", "text/plain", "", "application/json, text/html"] {
            let error = judge_discovery(&response(200, content_type, body), &issuer("https://idp")).unwrap_err();
            assert_eq!(error.code(), Code::DiscoveryFailed, "{content_type}");
            assert_eq!(error.failure().recovery, Recovery::Retry);
        }
    }

    #[test]
    fn every_endpoint_is_https_or_loopback_and_named_in_the_error() {
        for member in [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
            "revocation_endpoint",
            "introspection_endpoint",
            "pushed_authorization_request_endpoint",
            "device_authorization_endpoint",
        ] {
            for (url, code) in [
                ("http://idp/x", Code::InsecureEndpoint),
                ("javascript:alert(1)", Code::InsecureEndpoint),
                ("file:///bin/sh", Code::InsecureEndpoint),
                ("https://idp/$(calc)|x", Code::InvalidMetadata),
                ("https://idp/#x", Code::InvalidMetadata),
                ("https://u:p@idp/", Code::InvalidMetadata),
                ("", Code::InvalidMetadata),
            ] {
                let error = manual(&format!(r#"{{"{member}":"{url}"}}"#)).unwrap_err();
                assert_eq!(error.code(), code, "{member} {url}");
                assert!(error.failure().message.contains(&format!("\"{member}\"")), "{error}");
            }
            assert!(manual(&format!(r#"{{"{member}":"http://localhost:3000/x"}}"#)).is_ok());
            assert!(manual(&format!(r#"{{"{member}":null}}"#)).is_ok());
            assert_eq!(manual(&format!(r#"{{"{member}":[1]}}"#)).unwrap_err().code(), Code::InvalidMetadata);
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_refused() {
        for text in [
            r#"{"require_pushed_authorization_requests":"true"}"#,
            r#"{"code_challenge_methods_supported":"S256"}"#,
            r#"{"id_token_signing_alg_values_supported":[1]}"#,
            r#"{"issuer":"https://idp?x"}"#,
        ] {
            assert_eq!(manual(text).unwrap_err().code(), Code::InvalidMetadata, "{text}");
        }
    }

    #[test]
    fn what_the_app_gives_wins_member_by_member() {
        let discovered =
            manual(r#"{"issuer":"https://idp","token_endpoint":"https://idp/t","jwks_uri":"https://idp/k"}"#).unwrap();
        let given = r#"{"issuer":"https://idp","token_endpoint":"https://proxy/t","jwks_uri":null,"userinfo_endpoint":"https://idp/u"}"#;
        let merged = discovered.overridden_by(&parse_object(given.as_bytes()).unwrap()).unwrap();
        assert_eq!(merged.issuer, discovered.issuer);
        assert_eq!(merged.endpoint(Endpoint::Token).unwrap().as_str(), "https://proxy/t");
        assert_eq!(merged.endpoint(Endpoint::Userinfo).unwrap().as_str(), "https://idp/u");
        assert_eq!(merged.endpoint(Endpoint::Jwks).unwrap_err().code(), Code::EndpointMissing);
    }

    #[test]
    fn the_app_cannot_give_another_issuer_than_the_discovered_one() {
        let discovered = manual(r#"{"issuer":"https://idp"}"#).unwrap();
        let overridden = |given: &str| discovered.overridden_by(&parse_object(given.as_bytes()).unwrap());
        assert_eq!(overridden(r#"{"issuer":"https://idp/"}"#).unwrap_err().code(), Code::IssuerMismatch);
        assert_eq!(overridden(r#"{"issuer":null}"#).unwrap().issuer, discovered.issuer);
        assert_eq!(overridden(r#"{"token_endpoint":"http://idp/"}"#).unwrap_err().code(), Code::InsecureEndpoint);
    }

    #[test]
    fn a_missing_endpoint_is_named() {
        let metadata = manual("{}").unwrap();
        for endpoint in [
            Endpoint::Authorization,
            Endpoint::Token,
            Endpoint::Userinfo,
            Endpoint::Jwks,
            Endpoint::EndSession,
            Endpoint::Revocation,
            Endpoint::Introspection,
        ] {
            let error = metadata.endpoint(endpoint).unwrap_err();
            assert_eq!((error.code(), error.class()), (Code::EndpointMissing, Class::Configuration));
            assert!(error.failure().message.contains(endpoint.member()));
        }
    }
}
