//! A preflight at providers with one thing wrong each: every finding is reached, and a healthy provider has none.

use std::collections::BTreeSet;

use crate::setting::{EXPOSED, Setting, away, code_names, of, refusing, said, with};
use crate::simulated::{DISCOVERY, ISSUER, html, key};
use serde_json::{Value, json};
use wasm_oidc::ports::{CryptoFailure, HttpFailure, Reach};
use wasm_oidc::protocol::client_auth::ClientAuthentication;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::tools::preflight::{FindingCode, Status};

type Case = (FindingCode, &'static str, fn(&mut Setting));

/// Finding, step, and what is wrong.
const CONFIGURATION: &[Case] = &[
    (FindingCode::RedirectUriMissing, "configuration", |it| it.options = |options| options.redirect_uri = None),
    (FindingCode::RedirectUriInvalid, "configuration", |it| it.options = |o| o.redirect_uri = Some("/callback".into())),
    (FindingCode::RedirectUriFragment, "configuration", |it| {
        it.options = |options| options.redirect_uri = Some("https://app.example/#/callback".into());
    }),
    (FindingCode::RedirectUriInsecure, "configuration", |it| {
        it.options = |options| options.redirect_uri = Some("http://app.example/callback".into());
    }),
    (FindingCode::RedirectUriWildcard, "configuration", |it| {
        it.more = json!({ "redirectUri": "https://app.example/*" });
    }),
    (FindingCode::RedirectUriOtherOrigin, "configuration", |it| {
        it.is_page = true;
        it.more = json!({ "redirectUri": "https://www.app.example/callback" });
    }),
    (FindingCode::RedirectUriLocalhost, "configuration", |it| {
        it.more = json!({ "redirectUri": "http://localhost:4200/callback", "session": "single-user" });
    }),
    (FindingCode::SecretInPage, "configuration", |it| {
        it.is_page = true;
        it.options = |options| options.client_auth = ClientAuthentication::SecretBasic(Secret::new("canary"));
    }),
    (FindingCode::ScopeMalformed, "configuration", |it| it.more = json!({ "scopes": ["openid", "a\"b"] })),
    (FindingCode::OpenidMissing, "configuration", |it| it.more = json!({ "scopes": "profile" })),
    (FindingCode::OpenidUnused, "configuration", |it| it.more = json!({ "type": "oauth2", "scopes": "openid" })),
    (FindingCode::SignatureUnchecked, "configuration", |it| it.more = json!({ "verifySignature": false })),
];

const DISCOVERED: &[Case] = &[
    (FindingCode::Unreachable, "reachability", |it| it.discovery = away("fetch failed")),
    (FindingCode::NameUnknown, "reachability", |it| {
        it.discovery = away("fetch failed");
        it.reach = Reach::Silent("ENOTFOUND: getaddrinfo ENOTFOUND idp.example".into());
    }),
    (FindingCode::ConnectionRefused, "reachability", |it| {
        it.discovery = away("fetch failed");
        it.reach = Reach::Silent("ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1".into());
    }),
    (FindingCode::TlsFailed, "reachability", |it| {
        it.discovery = away("fetch failed");
        it.reach = Reach::Silent("DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate".into());
    }),
    (FindingCode::TimedOut, "reachability", |it| it.discovery = Some(Err(HttpFailure::Timeout))),
    (FindingCode::DiscoveryNotFound, "discovery", |it| it.discovery = Some(Ok(said(404, &[], &json!({}))))),
    (FindingCode::DiscoveryElsewhere, "discovery", |it| {
        it.discovery = Some(Ok(html(404)));
        let document = it.document.clone();
        it.others.push(("/.well-known/oauth-authorization-server", Ok(said(200, &[], &document))));
    }),
    (FindingCode::IssuerIsDocument, "discovery", |it| {
        it.more = json!({ "issuer": format!("{ISSUER}{DISCOVERY}") });
        it.others.push(("/.well-known/openid-configuration/.well-known/openid-configuration", Ok(html(404))));
    }),
    (FindingCode::DiscoveryRedirected, "discovery", |it| it.discovery = Some(Err(HttpFailure::Redirect))),
    (FindingCode::DiscoveryFailing, "discovery", |it| it.discovery = Some(Ok(html(503)))),
    (FindingCode::DiscoveryMediaType, "discovery", |it| it.discovery = Some(Ok(html(200)))),
    (FindingCode::DiscoveryMalformed, "discovery", |it| it.discovery = Some(Ok(said(200, &[], &json!([]))))),
    (FindingCode::DiscoveryTooLarge, "discovery", |it| it.discovery = Some(Err(HttpFailure::TooLarge))),
    (FindingCode::IssuerMissing, "issuer", |it| it.document["issuer"] = Value::Null),
    (FindingCode::IssuerDiffers, "issuer", |it| it.document["issuer"] = "https://idp.example/".into()),
];

const OFFERED: &[Case] = &[
    (FindingCode::AuthorizationEndpointMissing, "endpoints", |it| it.forget("authorization_endpoint")),
    (FindingCode::TokenEndpointMissing, "endpoints", |it| it.forget("token_endpoint")),
    (FindingCode::JwksUriMissing, "endpoints", |it| it.forget("jwks_uri")),
    (FindingCode::UserinfoEndpointMissing, "endpoints", |it| it.forget("userinfo_endpoint")),
    (FindingCode::EndSessionEndpointMissing, "endpoints", |it| it.forget("end_session_endpoint")),
    (FindingCode::RevocationEndpointMissing, "endpoints", |it| it.forget("revocation_endpoint")),
    (FindingCode::EndpointInvalid, "endpoints", |it| it.document["token_endpoint"] = "https://a:b@idp.example/".into()),
    (FindingCode::EndpointInsecure, "endpoints", |it| it.document["token_endpoint"] = "http://idp.example/".into()),
    (FindingCode::ParRequired, "authorization_request", |it| {
        it.document["require_pushed_authorization_requests"] = true.into();
    }),
    (FindingCode::RequestObjectRequired, "authorization_request", |it| {
        it.document["require_signed_request_object"] = true.into();
    }),
    (FindingCode::PkceNotAdvertised, "pkce", |it| it.forget("code_challenge_methods_supported")),
    (FindingCode::PkcePlainOnly, "pkce", |it| it.document["code_challenge_methods_supported"] = json!(["plain"])),
    (FindingCode::PkceS256Missing, "pkce", |it| it.document["code_challenge_methods_supported"] = json!(["S512"])),
    (FindingCode::CodeResponseTypeMissing, "response_types", |it| {
        it.document["response_types_supported"] = json!(["id_token", "code id_token"]);
    }),
    (FindingCode::ResponseModeMissing, "response_types", |it| {
        it.document["response_modes_supported"] = json!(["query", "form_post"]);
        it.more = json!({ "responseMode": "fragment" });
    }),
    (FindingCode::CodeGrantMissing, "grant_types", |it| it.document["grant_types_supported"] = json!(["implicit"])),
    (FindingCode::RefreshGrantMissing, "grant_types", |it| {
        it.document["grant_types_supported"] = json!(["authorization_code"]);
        it.more = json!({ "scopes": "openid offline_access" });
    }),
    (FindingCode::ScopeNotListed, "grant_types", |it| it.document["scopes_supported"] = json!(["openid", "email"])),
    (FindingCode::ClientAuthNotListed, "client_authentication", |it| {
        it.document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
        it.more = json!({ "clientSecret": "canary" });
    }),
    (FindingCode::SigningAlgorithmsUnsupported, "signing_algorithms", |it| {
        it.document["id_token_signing_alg_values_supported"] = json!(["HS256", "none"]);
    }),
    (FindingCode::SigningAlgorithmsNotListed, "signing_algorithms", |it| {
        it.forget("id_token_signing_alg_values_supported");
    }),
    (FindingCode::IssuerParameterNotAdvertised, "issuer_parameter", |it| {
        it.forget("authorization_response_iss_parameter_supported");
    }),
];

const ANSWERED: &[Case] = &[
    (FindingCode::KeySetUnavailable, "key_set", |it| it.keys = Ok(html(404))),
    (FindingCode::KeySetMalformed, "key_set", |it| it.keys = Ok(said(200, &[], &json!({ "keys": {} })))),
    (FindingCode::KeySetUnusable, "key_set", |it| it.publish(&json!([]))),
    (FindingCode::PrivateKeyPublished, "key_set", |it| it.publish(&json!([key("k1"), with(&key("k2"), "d", "AQAB")]))),
    (FindingCode::KeyTooShort, "key_set", |it| {
        let short = json!({ "kty": "RSA", "kid": "old", "e": "AQAB", "n": "wAAAAAAAAAAAAAAAAAAAAAE" });
        it.publish(&json!([key("k1"), short]));
    }),
    (FindingCode::KeyRefused, "key_set", |it| it.crypto = Some(CryptoFailure::InvalidKey)),
    (FindingCode::CryptoUnavailable, "key_set", |it| it.crypto = Some(CryptoFailure::Unavailable)),
    (FindingCode::AlgorithmUnsupportedHere, "key_set", |it| it.crypto = Some(CryptoFailure::Unsupported)),
    (FindingCode::TokenEndpointUnavailable, "token_endpoint", |it| it.token = Err(HttpFailure::Redirect)),
    (FindingCode::TokenEndpointFailing, "token_endpoint", |it| it.token = Ok(html(502))),
    (FindingCode::ClientUnknown, "token_endpoint", |it| it.token = Ok(refusing(401, "invalid_client", EXPOSED))),
    (FindingCode::ClockDiffers, "clock", |it| it.date("Fri, 15 Jan 2027 08:00:40 GMT")),
    (FindingCode::ClockBeyondTolerance, "clock", |it| it.date("Fri, 15 Jan 2027 07:58:00 GMT")),
    (FindingCode::CorsRefused, "cors_token", |it| it.token = Ok(refusing(400, "invalid_request", &[]))),
    (FindingCode::CorsAuthorizationRefused, "cors_userinfo", |it| {
        let headers = [("access-control-allow-origin", "*"), ("access-control-allow-headers", "*")];
        it.asked_before = Ok(said(204, &headers, &Value::Null));
    }),
    (FindingCode::HeadersHidden, "exposed_headers", |it| {
        let headers = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "date, Retry-After")];
        it.token = Ok(refusing(400, "invalid_request", &headers));
    }),
];

#[test]
fn a_healthy_provider_has_no_finding_and_every_step_is_taken() {
    for is_page in [false, true] {
        let report = Setting { is_page, ..Setting::default() }.look();
        assert!(report.is_ok());
        let other = report.steps.iter().find(|step| step.status != Status::Success);
        assert_eq!(other.map(|step| (step.name, step.message.as_str())), None, "in a page: {is_page}");
        assert_eq!(report.provider, ISSUER);
        let names = report.steps.iter().map(|step| step.name).collect::<Vec<_>>().join(" ");
        assert_eq!(
            names,
            "configuration reachability discovery issuer endpoints authorization_request pkce response_types grant_types \
             client_authentication signing_algorithms issuer_parameter key_set token_endpoint clock cors_discovery \
             cors_key_set cors_token cors_userinfo exposed_headers"
        );
    }
}

#[test]
fn every_finding_is_reached_and_says_what_to_do_in_one_sentence() {
    let mut reached = BTreeSet::new();
    for (code, name, change) in [CONFIGURATION, DISCOVERED, OFFERED, ANSWERED].concat() {
        let report = of(change);
        let step = report.step(name).unwrap();
        let found = step.findings.iter().find(|finding| finding.code == code);
        let found = found.unwrap_or_else(|| panic!("{}: {:?} {}", code.as_str(), code_names(step), step.message));
        assert!(!found.message.is_empty());
        let sentences = found.remedy.matches(". ").count();
        assert!(found.remedy.ends_with('.') && sentences == 0, "{}: {}", code.as_str(), found.remedy);
        assert_eq!(step.status, step.findings.iter().map(|finding| finding.status).max().unwrap());
        assert_eq!(report.is_ok(), report.steps.iter().all(|step| step.status != Status::Failure));
        assert!(!format!("{} {report:?}", report.to_json()).contains("canary"), "{}", code.as_str());
        reached.insert(code);
    }
    let missing: Vec<_> = FindingCode::ALL.iter().filter(|code| !reached.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_reference_documentation_lists_every_finding() {
    let documentation = include_str!("../../pkg-template/index.d.ts");
    for code in FindingCode::ALL {
        assert!(documentation.contains(&format!("\"{}\"", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn the_report_is_the_one_of_the_contract() {
    let report = of(|it| it.forget("code_challenge_methods_supported"));
    let report: Value = serde_json::from_str(&report.to_json().to_string()).unwrap();
    assert_eq!(report["ok"], true);
    assert_eq!(report["provider"], ISSUER);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["name"] == "pkce").unwrap();
    assert_eq!(step["status"], "warning");
    assert_eq!(step["details"]["methods"], Value::Null);
    assert_eq!(step["details"]["findings"][0]["code"], "pkce_not_advertised");
    assert_eq!(step["details"]["findings"][0]["remedy"], step["remedy"]);
    let discovery = report["steps"].as_array().unwrap().iter().find(|step| step["name"] == "discovery").unwrap();
    assert_eq!((discovery["durationMs"].as_i64(), &discovery["status"]), (Some(50), &json!("success")));
    assert_eq!(discovery.get("remedy"), None);
}

#[test]
fn text_of_the_provider_comes_harmless_into_the_report() {
    let report = of(|it| {
        it.document["issuer"] = "https://idp.example/\u{202e}<script>\r\n\"".into();
        it.document["code_challenge_methods_supported"] = json!(["\u{1b}[31m", "x".repeat(100_000)]);
        it.token = Ok(refusing(400, "\u{0}bad\r\n", &[("content-type", "a\r\nb")]));
    });
    let text = report.to_json().to_string();
    assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte) || byte >= 0x80), "{text}");
    for evil in ["\u{202e}", "\\u001b", "\\r", "\\u0000"] {
        assert!(!text.contains(evil), "{evil:?}");
    }
    assert!(text.len() < 40_000);
}
