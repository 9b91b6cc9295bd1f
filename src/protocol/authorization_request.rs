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
    match request.resources.iter().find(|resource| !is_absolute_uri(resource)) {
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
mod tests {
    use super::*;
    use crate::protocol::json::parse_object;

    const STATE: &str = "tag.random";

    fn metadata(more: &str) -> ProviderMetadata {
        let text = format!(r#"{{"authorization_endpoint":"https://idp/auth"{more}}}"#);
        ProviderMetadata::from_object(parse_object(text.as_bytes()).unwrap()).unwrap()
    }

    fn url_with(metadata: &ProviderMetadata, request: &AuthorizationRequest, strict: bool) -> Result<String> {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let secrets = RequestSecrets { state: STATE, nonce: Some("n"), verifier: &verifier };
        authorization_url(metadata, "spa", "https://app/cb?a=b", request, &secrets, strict)
    }

    fn pairs(request: &AuthorizationRequest) -> Vec<(String, String)> {
        let url = url_with(&metadata(""), request, false).unwrap();
        form_urlencoded::parse(url.strip_prefix("https://idp/auth?").unwrap().as_bytes()).into_owned().collect()
    }

    fn refusal(request: &AuthorizationRequest) -> Option<Code> {
        url_with(&metadata(""), request, false).err().map(|error| error.code())
    }

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn the_least_request_has_state_nonce_and_an_s256_challenge() {
        let expected = [
            ("response_type", "code"),
            ("client_id", "spa"),
            ("redirect_uri", "https://app/cb?a=b"),
            ("state", STATE),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("nonce", "n"),
        ];
        assert_eq!(
            pairs(&AuthorizationRequest::default()),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn every_option_is_sent_under_its_name_with_any_characters() {
        let odd = "ä &=+#%\u{0}😀";
        let request = AuthorizationRequest {
            scopes: vec!["openid".to_owned(), "a:b.c:**".to_owned()],
            login_hint: text(odd),
            prompt: text("login consent"),
            display: text("popup"),
            ui_locales: text("de en"),
            acr_values: text("a b"),
            id_token_hint: text("x.y.z"),
            audience: text("api"),
            max_age: Some(0),
            claims: Some(parse_object(br#"{"id_token":{"acr":{"essential":true}}}"#).unwrap()),
            resources: vec!["https://b".to_owned(), "urn:a".to_owned()],
            response_mode: ResponseMode::FormPost,
            extra_params: vec![("x".to_owned(), odd.to_owned())],
        };
        let sent = pairs(&request);
        for (name, value) in [
            ("scope", "openid a:b.c:**"),
            ("response_mode", "form_post"),
            ("login_hint", odd),
            ("prompt", "login consent"),
            ("display", "popup"),
            ("ui_locales", "de en"),
            ("acr_values", "a b"),
            ("id_token_hint", "x.y.z"),
            ("audience", "api"),
            ("max_age", "0"),
            ("claims", r#"{"id_token":{"acr":{"essential":true}}}"#),
            ("x", odd),
        ] {
            let values: Vec<_> = sent.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
            assert_eq!(values, [value], "{name}");
        }
        let resources: Vec<_> = sent.iter().filter(|(name, _)| name == "resource").map(|(_, value)| value).collect();
        assert_eq!(resources, ["https://b", "urn:a"]);
    }

    #[test]
    fn the_verifier_is_not_in_the_url() {
        let url = url_with(&metadata(""), &AuthorizationRequest::default(), false).unwrap();
        assert!(!url.contains("dBjftJeZ4CVP"));
    }

    #[test]
    fn what_the_provider_demands_or_lacks_is_said_before_a_url_is_built() {
        let code = |more: &str, strict| {
            let url = url_with(&metadata(more), &AuthorizationRequest::default(), strict);
            url.err().map(|error| error.code())
        };
        assert_eq!(code(r#","require_pushed_authorization_requests":true"#, false), Some(Code::ParRequired));
        assert_eq!(code(r#","require_signed_request_object":true"#, false), Some(Code::RequestObjectRequired));
        for methods in ["[]", r#"["plain"]"#, r#"["s256"]"#] {
            let more = format!(r#","code_challenge_methods_supported":{methods}"#);
            assert_eq!(code(&more, false), Some(Code::PkceUnsupported), "{methods}");
        }
        assert_eq!(code("", true), Some(Code::PkceUnsupported));
        assert_eq!(code("", false), None);
        assert_eq!(code(r#","code_challenge_methods_supported":["plain","S256"]"#, true), None);
        let nothing = ProviderMetadata::from_object(Object::new()).unwrap();
        let error = url_with(&nothing, &AuthorizationRequest::default(), false).unwrap_err();
        assert_eq!(error.code(), Code::EndpointMissing);
    }

    #[test]
    fn a_query_of_the_endpoint_is_kept_and_may_not_set_our_parameters() {
        let at = |endpoint: &str, extra: &str| {
            let document = format!(r#"{{"authorization_endpoint":"{endpoint}"}}"#);
            let metadata = ProviderMetadata::from_object(parse_object(document.as_bytes()).unwrap()).unwrap();
            let extra_params = vec![(extra.to_owned(), "v".to_owned())];
            url_with(&metadata, &AuthorizationRequest { extra_params, ..AuthorizationRequest::default() }, false)
        };
        assert!(
            at("https://idp/auth?p=sign%20in", "x").unwrap().starts_with("https://idp/auth?p=sign%20in&response_type")
        );
        assert_eq!(at("https://idp/auth?p=1", "p").unwrap_err().code(), Code::ReservedParameter);
        assert_eq!(at("https://idp/auth?%70=1", "p").unwrap_err().code(), Code::ReservedParameter);
        assert_eq!(at("https://idp/auth?client_id=evil", "x").unwrap_err().code(), Code::InvalidMetadata);
        assert_eq!(at("https://idp/auth?st%61te=evil", "x").unwrap_err().code(), Code::InvalidMetadata);
    }

    #[test]
    fn extra_parameters_may_not_name_what_the_library_sets() {
        let with = |names: &[&str]| {
            let extra_params = names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
            refusal(&AuthorizationRequest { extra_params, ..AuthorizationRequest::default() })
        };
        for name in RESERVED_PARAMETERS {
            assert_eq!(with(&[name]), Some(Code::ReservedParameter), "{name}");
        }
        assert_eq!(with(&["x", "y", "x"]), Some(Code::ReservedParameter));
        assert_eq!(with(&[""]), Some(Code::InvalidOption));
        assert_eq!(with(&["x", "y", "kc_idp_hint"]), None);
    }

    #[test]
    fn every_parameter_that_is_sent_is_reserved() {
        let request = AuthorizationRequest {
            scopes: vec!["s".to_owned()],
            login_hint: text("x"),
            prompt: text("none"),
            display: text("page"),
            ui_locales: text("x"),
            acr_values: text("x"),
            id_token_hint: text("x"),
            audience: text("x"),
            max_age: Some(1),
            claims: Some(Object::new()),
            resources: vec!["urn:x".to_owned()],
            response_mode: ResponseMode::Fragment,
            extra_params: Vec::new(),
        };
        for (name, _) in pairs(&request) {
            assert!(RESERVED_PARAMETERS.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn scopes_are_tokens_of_rfc_6749_3_3() {
        for scope in ["", "a b", "a\"", "a\\", "é", "\n", "\u{7f}"] {
            let request = AuthorizationRequest { scopes: vec![scope.to_owned()], ..AuthorizationRequest::default() };
            assert_eq!(refusal(&request), Some(Code::InvalidOption), "{scope:?}");
        }
    }

    #[test]
    fn prompt_none_stands_alone() {
        for (prompt, expected) in [
            ("none", None),
            ("login select_account", None),
            ("none login", Some(Code::InvalidOption)),
            ("login none", Some(Code::InvalidOption)),
            ("none none", Some(Code::InvalidOption)),
            ("", Some(Code::InvalidOption)),
            (" none", Some(Code::InvalidOption)),
            ("login  consent", Some(Code::InvalidOption)),
            ("lögin", Some(Code::InvalidOption)),
        ] {
            let request = AuthorizationRequest { prompt: text(prompt), ..AuthorizationRequest::default() };
            assert_eq!(refusal(&request), expected, "{prompt:?}");
        }
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment_rfc_8707_2() {
        for (resource, expected) in [
            ("https://api.example.com/v1?x=y", None),
            ("urn:example:api", None),
            ("", Some(Code::InvalidOption)),
            ("/api", Some(Code::InvalidOption)),
            ("//api", Some(Code::InvalidOption)),
            ("api", Some(Code::InvalidOption)),
            (":x", Some(Code::InvalidOption)),
            ("1a:x", Some(Code::InvalidOption)),
            ("https:", Some(Code::InvalidOption)),
            ("https://api/#", Some(Code::InvalidOption)),
            ("https://api/a b", Some(Code::InvalidOption)),
            ("https://äpi/", Some(Code::InvalidOption)),
        ] {
            let resources = vec![resource.to_owned()];
            let request = AuthorizationRequest { resources, ..AuthorizationRequest::default() };
            assert_eq!(refusal(&request), expected, "{resource:?}");
        }
    }
}
