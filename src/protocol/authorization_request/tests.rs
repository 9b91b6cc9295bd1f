//! Authorization URLs, parameter by parameter.

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
fn the_least_request_has_state_nonce_and_an_s256_challenge_b3_b4_w1_w4_w6_o3() {
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
fn every_option_is_sent_under_its_name_with_any_characters_res2() {
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
fn the_verifier_is_not_in_the_url_p4() {
    let url = url_with(&metadata(""), &AuthorizationRequest::default(), false).unwrap();
    assert!(!url.contains("dBjftJeZ4CVP"));
}

#[test]
fn what_the_provider_demands_or_lacks_is_said_before_a_url_is_built_p3_p5_par1() {
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
fn a_query_of_the_endpoint_is_kept_and_may_not_set_our_parameters_x37() {
    let at = |endpoint: &str, extra: &str| {
        let document = format!(r#"{{"authorization_endpoint":"{endpoint}"}}"#);
        let metadata = ProviderMetadata::from_object(parse_object(document.as_bytes()).unwrap()).unwrap();
        let extra_params = vec![(extra.to_owned(), "v".to_owned())];
        url_with(&metadata, &AuthorizationRequest { extra_params, ..AuthorizationRequest::default() }, false)
    };
    assert!(at("https://idp/auth?p=sign%20in", "x").unwrap().starts_with("https://idp/auth?p=sign%20in&response_type"));
    assert_eq!(at("https://idp/auth?p=1", "p").unwrap_err().code(), Code::ReservedParameter);
    assert_eq!(at("https://idp/auth?%70=1", "p").unwrap_err().code(), Code::ReservedParameter);
    assert_eq!(at("https://idp/auth?client_id=evil", "x").unwrap_err().code(), Code::InvalidMetadata);
    assert_eq!(at("https://idp/auth?st%61te=evil", "x").unwrap_err().code(), Code::InvalidMetadata);
}

#[test]
fn extra_parameters_may_not_name_what_the_library_sets_x37() {
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
fn every_parameter_that_is_sent_is_reserved_b4_b10_w6_x37() {
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
fn a_resource_is_an_absolute_uri_without_fragment_res1() {
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
