//! A preflight at providers with one thing wrong each: every finding is reached, and a healthy provider has none.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]
#![cfg(feature = "tools")]

#[path = "support/preflight_setting.rs"]
mod setting;
#[path = "support/simulated/mod.rs"]
mod simulated;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use setting::{EXPOSED, Setting, away, code_names, of, refusing, said, with};
use simulated::{DISCOVERY, ISSUER, KEYS, TOKEN, USER_INFO, html, key};
use wasm_oidc::ports::{CryptoFailure, HttpFailure, Reach};
use wasm_oidc::protocol::client_auth::ClientAuthentication;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::tools::preflight::{FindingCode, MAX_REQUESTS, Status};

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
    let documentation = include_str!("../pkg-template/index.d.ts");
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
fn a_provider_without_iss_in_its_responses_is_a_warning_with_advice_for_several_issuers_b8() {
    let report = of(|it| it.forget("authorization_response_iss_parameter_supported"));
    let step = report.step("issuer_parameter").unwrap();
    assert_eq!(step.status, Status::Warning);
    assert!(step.findings[0].remedy.contains("another redirect URI for each"));
    assert!(report.is_ok());
}

#[test]
fn pkce_that_is_not_announced_is_a_warning_and_a_failure_where_the_app_requires_it_p5() {
    let silent = of(|it| it.forget("code_challenge_methods_supported"));
    assert_eq!(silent.step("pkce").unwrap().status, Status::Warning);
    let required = of(|it| {
        it.forget("code_challenge_methods_supported");
        it.more = json!({ "requirePkceAdvertised": true });
    });
    assert_eq!(required.step("pkce").unwrap().status, Status::Failure);
    let plain = of(|it| it.document["code_challenge_methods_supported"] = json!(["plain"]));
    assert_eq!(plain.step("pkce").unwrap().status, Status::Failure);
}

#[test]
fn every_endpoint_that_is_not_https_is_named_b14_m3() {
    let report = of(|it| {
        it.document["token_endpoint"] = "http://idp.example/token".into();
        it.document["jwks_uri"] = "https://idp.example/keys#a".into();
        it.document["introspection_endpoint"] = "javascript:alert(1)".into();
    });
    let step = report.step("endpoints").unwrap();
    assert_eq!(code_names(step), ["endpoint_insecure", "endpoint_invalid", "endpoint_insecure"]);
    for name in ["token_endpoint", "jwks_uri", "introspection_endpoint"] {
        assert!(step.message.contains(name), "{}", step.message);
    }
    // What is no endpoint is not asked.
    assert_eq!(report.step("key_set").unwrap().status, Status::Skipped);
    assert_eq!(report.step("token_endpoint").unwrap().status, Status::Skipped);
}

#[test]
fn the_difference_between_two_issuers_is_named_m1() {
    for (issuer, difference) in [
        ("https://idp.example/", "they differ by a trailing slash"),
        ("https://IDP.example", "they differ in upper and lower case"),
        ("http://idp.example", "one is http and the other https"),
        ("https://idp.example:8443", "they differ in host or port"),
        ("https://other.example", "they differ in host or port"),
        ("https://idp.example/realms/main", "they differ in their paths"),
        ("https://idp.example/{tenantid}", "it is a template for many tenants"),
    ] {
        let mut setting = Setting::default();
        setting.document["issuer"] = issuer.into();
        let report = setting.look();
        let step = report.step("issuer").unwrap();
        assert!(step.message.ends_with(difference), "{issuer}: {}", step.message);
        assert!(step.findings[0].remedy.contains(issuer.trim_end_matches('}')) || issuer.contains('{'));
        assert!(!report.is_ok());
        // The rest of the document is looked at all the same.
        assert_eq!(report.step("pkce").unwrap().status, Status::Success);
    }
}

#[test]
fn a_document_at_another_well_known_place_is_found_and_its_issuer_named_m2() {
    let report = of(|it| {
        it.more = json!({ "issuer": format!("{ISSUER}/realms/typo") });
        it.others.push(("/realms/typo/.well-known/openid-configuration", Ok(html(404))));
        let document = it.document.clone();
        it.others.push((DISCOVERY, Ok(said(200, &[], &document))));
    });
    let step = report.step("discovery").unwrap();
    assert_eq!(code_names(step), ["discovery_not_found", "discovery_elsewhere"]);
    assert_eq!(
        step.findings[1].remedy,
        "Set `issuer` to \"https://idp.example\" and `type` to \"oidc\", if that is your provider."
    );
}

#[test]
fn a_document_with_the_wrong_media_type_or_size_is_refused_m4() {
    let page = of(|it| it.discovery = Some(Ok(html(200))));
    assert_eq!(code_names(page.step("discovery").unwrap()), ["discovery_media_type"]);
    assert_eq!(page.step("pkce").unwrap().status, Status::Skipped);
    let large = of(|it| it.discovery = Some(Err(HttpFailure::TooLarge)));
    assert_eq!(code_names(large.step("discovery").unwrap()), ["discovery_too_large"]);
}

#[test]
fn keys_are_counted_for_each_announced_algorithm_and_each_skipped_one_has_its_reason_x7() {
    let report = of(|it| {
        it.document["id_token_signing_alg_values_supported"] = json!(["RS256", "ES256", "HS256"]);
        it.publish(&json!([
            key("k1"),
            { "kty": "oct", "kid": "shared", "k": "AAAA" },
            with(&key("k2"), "use", "enc"),
            with(&key("k3"), "key_ops", ["sign"]),
            { "kty": "AKP", "kid": "new" },
            { "kty": "EC", "kid": "koblitz", "crv": "secp256k1", "x": "AA", "y": "AA" },
            { "kty": "EC", "kid": "stump", "crv": "P-256", "x": "AA", "y": "AA" },
            with(&key("k4"), "e", "AA"),
            "nothing",
        ]));
    });
    let step = report.step("key_set").unwrap();
    assert_eq!(step.status, Status::Success, "{}", step.message);
    assert_eq!(step.message, "1 of 9 keys can check signatures");
    let details: Value = serde_json::from_str(&step.details.to_string()).unwrap();
    assert_eq!(details["usable"], json!({ "RS256": 1, "ES256": 0 }));
    let reasons = details["skipped"].as_array().unwrap().iter().map(|skipped| skipped["reason"].as_str().unwrap());
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            "it is symmetric (oct)",
            "it is not for signatures (use)",
            "it is not for verifying (key_ops)",
            "its type is unknown (kty)",
            "its curve is unknown",
            "it is no point of RFC 7518 6.2",
            "it is no RSA key of RFC 7518 6.3",
            "it is no object",
        ]
    );
}

#[test]
fn a_key_set_of_five_thousand_broken_keys_makes_a_report_of_bounded_size_x7() {
    let report = of(|it| {
        let keys: Vec<_> = (0..5000).map(|at| json!({ "kty": "RSA", "kid": at.to_string(), "d": "AQAB" })).collect();
        it.publish(&json!(keys));
    });
    assert!(report.to_json().to_string().len() < 40_000);
    assert!(!report.is_ok());
}

#[test]
fn the_clock_is_judged_with_half_the_round_trip_as_uncertainty() {
    let step = |date: &'static str, latency: u32, tolerance: i64| {
        let mut setting =
            Setting { latency, more: json!({ "clockToleranceSeconds": tolerance }), ..Setting::default() };
        setting.date(date);
        let report = setting.look();
        let step = report.step("clock").unwrap();
        (step.status, step.message.clone())
    };
    let ahead = "Fri, 15 Jan 2027 08:00:32 GMT";
    assert_eq!(
        step(ahead, 100, 60),
        (Status::Warning, "the provider's clock is 32 s ahead of this device's (± 1 s)".into())
    );
    // The same answer after a slow round trip proves nothing.
    assert_eq!(step(ahead, 8000, 60).0, Status::Success);
    assert_eq!(step("Fri, 15 Jan 2027 08:00:00 GMT", 100, 0).0, Status::Success);
    let behind = step("Fri, 15 Jan 2027 07:55:00 GMT", 100, 60);
    assert_eq!(behind.0, Status::Failure);
    assert!(behind.1.starts_with("the provider's clock is 300 s behind this device's"), "{}", behind.1);
    assert_eq!(step("yesterday", 100, 60).0, Status::Skipped);
}

#[test]
fn a_clock_that_no_answer_tells_is_unknown_and_the_reason_is_said() {
    let page = of(|it| {
        it.is_page = true;
        it.token = Ok(refusing(400, "invalid_request", &[]));
        it.userinfo = Ok(refusing(401, "invalid_token", &[("www-authenticate", "Bearer")]));
    });
    let step = page.step("clock").unwrap();
    assert_eq!(
        (step.status, step.message.as_str()),
        (Status::Skipped, "unknown: CORS hides the header `Date` from this page")
    );
    let step = page.step("exposed_headers").unwrap();
    assert_eq!(step.details.strings("hidden").unwrap().unwrap(), ["Date"]);
    assert_eq!(step.details.strings("visible").unwrap().unwrap(), ["WWW-Authenticate"]);
    assert_eq!(step.details.strings("unknown").unwrap().unwrap(), ["Retry-After", "DPoP-Nonce"]);
    assert!(
        step.findings[0]
            .remedy
            .contains("\"Access-Control-Expose-Headers: Retry-After, WWW-Authenticate, DPoP-Nonce, Date\"")
    );
}

#[test]
fn in_a_page_an_answer_that_cors_refuses_is_told_from_none() {
    let refused = of(|it| {
        it.is_page = true;
        it.discovery = away("Failed to fetch");
        it.reach = Reach::Answers;
    });
    assert_eq!(refused.step("reachability").unwrap().status, Status::Success);
    assert_eq!(refused.step("discovery").unwrap().status, Status::Skipped);
    let step = refused.step("cors_discovery").unwrap();
    assert_eq!((step.status, code_names(step)), (Status::Failure, vec!["cors_refused"]));
    assert!(step.findings[0].remedy.contains("\"Access-Control-Allow-Origin: https://app.example\""));

    let silent = of(|it| {
        it.is_page = true;
        it.discovery = away("Failed to fetch");
        it.reach = Reach::Silent("Failed to fetch".into());
    });
    assert_eq!(code_names(silent.step("reachability").unwrap()), ["unreachable"]);
    assert_eq!(silent.step("cors_discovery").unwrap().status, Status::Skipped);
}

#[test]
fn in_a_page_each_endpoint_that_cors_refuses_is_named() {
    let report = of(|it| {
        it.is_page = true;
        it.keys = Err(HttpFailure::Network("Failed to fetch".into()));
        it.token = Err(HttpFailure::Network("Failed to fetch".into()));
        it.userinfo = Err(HttpFailure::Network("Failed to fetch".into()));
        it.reach = Reach::Answers;
    });
    for name in ["cors_key_set", "cors_token", "cors_userinfo"] {
        assert_eq!(code_names(report.step(name).unwrap()), ["cors_refused"], "{name}");
    }
    assert_eq!(report.step("cors_discovery").unwrap().status, Status::Success);
    for name in ["key_set", "token_endpoint", "clock", "exposed_headers"] {
        assert_eq!(report.step(name).unwrap().status, Status::Skipped, "{name}");
    }
}

#[test]
fn outside_a_page_the_origin_of_the_redirect_uri_asks_as_a_browser_would() {
    let (_, seen) = Setting::default().look_and_see();
    assert!(seen.iter().all(|request| request.headers.contains(&("origin".into(), "https://app.example".into()))));
    let asked = seen.iter().find(|request| request.method.as_str() == "OPTIONS").unwrap();
    assert_eq!(asked.url, format!("{ISSUER}{USER_INFO}"));
    assert!(asked.headers.contains(&("access-control-request-headers".into(), "authorization".into())));

    for (headers, why) in [
        (&[][..], "the answer has no header `Access-Control-Allow-Origin`"),
        (
            &[("access-control-allow-origin", "https://other.example")][..],
            "the answer allows https://other.example alone",
        ),
        (
            &[("access-control-allow-origin", "*"), ("access-control-allow-origin", "*")][..],
            "the answer has the header `Access-Control-Allow-Origin` twice",
        ),
    ] {
        let mut setting = Setting::default();
        setting.token = Ok(refusing(400, "invalid_request", headers));
        let report = setting.look();
        let step = report.step("cors_token").unwrap();
        assert!(step.status == Status::Warning && step.message.ends_with(why), "{}", step.message);
        assert!(report.is_ok());
    }
    let own = of(|it| it.token = Ok(refusing(400, "x", &[("access-control-allow-origin", "https://app.example")])));
    assert_eq!(own.step("cors_token").unwrap().status, Status::Success);
}

#[test]
fn cors_is_not_judged_for_servers_and_for_programs_on_this_device() {
    for more in [
        json!({ "clientSecret": "canary" }),
        json!({ "redirectUri": "http://127.0.0.1:4200/callback", "session": "single-user" }),
    ] {
        let mut setting = Setting { more, ..Setting::default() };
        setting.document["token_endpoint_auth_methods_supported"] = json!(["none", "client_secret_basic"]);
        let (report, seen) = setting.look_and_see();
        assert!(report.is_ok());
        for name in ["cors_discovery", "cors_key_set", "cors_token", "cors_userinfo", "exposed_headers"] {
            let step = report.step(name).unwrap();
            assert!(step.status == Status::Skipped && !step.message.is_empty(), "{name}");
        }
        assert!(seen.iter().all(|request| request.headers.iter().all(|(name, _)| name != "origin")));
    }
}

#[test]
fn no_secret_and_no_grant_is_sent() {
    let (_, seen) = Setting { more: json!({ "clientSecret": "canary" }), ..Setting::default() }.look_and_see();
    let bodies: Vec<_> = seen.iter().filter_map(|request| request.body.as_ref()).map(|body| body.expose()).collect();
    assert_eq!(bodies, ["client_id=spa"]);
    let credentials = seen.iter().flat_map(|request| &request.headers).filter(|(name, _)| name == "authorization");
    assert_eq!(credentials.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["Bearer preflight"]);
}

#[test]
fn a_plain_oauth_provider_with_metadata_by_hand_is_looked_at_without_discovery() {
    let report = of(|it| {
        let given = json!({
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}{TOKEN}"),
            "revocation_endpoint": format!("{ISSUER}/revoke"),
            "code_challenge_methods_supported": ["S256"],
        });
        it.more = json!({ "type": "oauth2", "issuer": null, "metadata": given, "scopes": "repo", "name": "forge" });
    });
    assert!(report.is_ok());
    assert_eq!(report.provider, "forge");
    assert_eq!(report.step("reachability").unwrap().details.string("url"), Ok(Some("https://idp.example/token")));
    for (name, status) in [
        ("reachability", Status::Success),
        ("discovery", Status::Skipped),
        ("issuer", Status::Skipped),
        ("endpoints", Status::Success),
        ("pkce", Status::Success),
        ("signing_algorithms", Status::Skipped),
        ("key_set", Status::Skipped),
        ("token_endpoint", Status::Success),
        ("cors_token", Status::Success),
        ("cors_userinfo", Status::Skipped),
    ] {
        let step = report.step(name).unwrap();
        assert_eq!(step.status, status, "{name}: {}", step.message);
    }
}

#[test]
fn what_the_app_gave_by_hand_wins_over_what_was_discovered() {
    let report = of(|it| {
        it.document["code_challenge_methods_supported"] = json!(["plain"]);
        it.more = json!({ "metadata": { "code_challenge_methods_supported": ["S256"], "userinfo_endpoint": null } });
    });
    assert_eq!(report.step("pkce").unwrap().status, Status::Success);
    assert_eq!(code_names(report.step("endpoints").unwrap()), ["userinfo_endpoint_missing"]);
}

#[test]
fn keys_by_hand_are_looked_at_without_a_request() {
    let (report, seen) =
        Setting { more: json!({ "jwks": { "keys": [key("k1")] } }), ..Setting::default() }.look_and_see();
    assert_eq!(report.step("key_set").unwrap().status, Status::Success);
    assert!(seen.iter().all(|request| !request.url.ends_with(KEYS)));
}

#[test]
fn requests_and_time_are_bounded_at_the_worst_of_providers() {
    let mut setting = Setting::default();
    let metadata = setting.document.clone();
    setting.more = json!({ "issuer": format!("{ISSUER}/realms/main"), "metadata": metadata, "timeoutSeconds": 5 });
    setting.more["metadata"]["issuer"] = format!("{ISSUER}/realms/main").into();
    setting.others.push(("/realms/main/.well-known/openid-configuration", Ok(html(404))));
    setting.others.push((DISCOVERY, Err(HttpFailure::Network("no".into()))));
    for answer in [&mut setting.keys, &mut setting.token, &mut setting.userinfo, &mut setting.asked_before] {
        *answer = Err(HttpFailure::Network("no".into()));
    }
    let host = setting.host();
    let report = setting.look_at(&host);
    assert!(!report.is_ok());
    assert_eq!(host.provider.requests(), MAX_REQUESTS);

    let setting = Setting { latency: 3_600_000, more: json!({ "timeoutSeconds": 5 }), ..Setting::default() };
    let host = setting.host();
    let report = setting.look_at(&host);
    assert_eq!(code_names(report.step("reachability").unwrap()), ["timed_out"]);
    assert!(host.executor.milliseconds() <= 5000);
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
