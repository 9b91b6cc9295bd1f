//! Discovery documents, honest and lying, and what the app gives over them.

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
fn openid_connect_appends_its_path_m2() {
    let expected = ["https://idp/a/.well-known/openid-configuration"];
    assert_eq!(urls("https://idp/a", ProviderType::Oidc), expected);
    assert_eq!(urls("https://idp/a/", ProviderType::Oidc), expected);
    assert_eq!(urls("https://idp", ProviderType::Oidc), ["https://idp/.well-known/openid-configuration"]);
    assert_eq!(urls("https://idp/", ProviderType::Oidc), ["https://idp/.well-known/openid-configuration"]);
}

#[test]
fn oauth_puts_its_path_between_host_and_path_first_m2() {
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
fn another_issuer_is_a_mismatch_even_by_one_byte_with_both_values_m1() {
    for actual in ["https://idp/", "https://IDP", "https://idp:443", "https://evil", "http://idp", "{tenantid}", ""] {
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
fn only_status_200_and_json_are_metadata_m4() {
    let body = r#"{"issuer":"https://idp"}"#;
    for status in [201, 204, 304, 401, 404] {
        let error = judge_discovery(&response(status, "application/json", body), &issuer("https://idp")).unwrap_err();
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
fn every_endpoint_is_https_or_loopback_and_named_in_the_error_b14_m3_x15_par2() {
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
fn a_provider_on_https_cannot_lead_to_plain_http_on_the_users_machine_b14_x15() {
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"] {
        let error = judge(&format!(r#"{{"issuer":"https://idp","{member}":"http://localhost:3000/x"}}"#)).unwrap_err();
        assert_eq!(error.code(), Code::InsecureEndpoint, "{member}");
        assert!(error.failure().message.contains(member), "{error}");
    }
    assert!(
        judge(r#"{"issuer":"https://idp","op_policy_uri":"http://idp/","service_documentation":"http://idp/"}"#)
            .is_ok()
    );
    let on_loopback = r#"{"issuer":"http://localhost:3000","token_endpoint":"http://localhost:3000/t"}"#;
    let loopback = issuer("http://localhost:3000");
    assert!(judge_discovery(&response(200, "application/json", on_loopback), &loopback).is_ok());
    // What the app itself names is its own business.
    let given = parse_object(br#"{"token_endpoint":"http://localhost:3000/t"}"#).unwrap();
    assert!(judge(r#"{"issuer":"https://idp"}"#).unwrap().overridden_by(&given).is_ok());
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
fn the_app_cannot_give_another_issuer_than_the_discovered_one_m1() {
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
