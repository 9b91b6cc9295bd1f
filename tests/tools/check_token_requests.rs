//! Tokens looked at: what is asked of whom on the way, and where it ends.

use crate::looked_at::{check, check_with, claims, code, header, id_token, is_skipped, json_of, passed, signed};
use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, answer, html, key, metadata};
use serde_json::{Value, json};
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::tools::check_token::StepName;

const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

#[test]
fn a_right_id_token_passes_six_steps_with_two_requests_and_everything_on_the_way_is_shown() {
    let host = SimulatedHost::process();
    let report = json_of(&check(&host, &id_token(&host)));
    assert_eq!((&report["valid"], &report["error"]), (&json!(true), &Value::Null));
    assert_eq!((&report["tokenType"], &report["signatureAlgorithm"]), (&json!("id_token"), &json!("RS256")));
    assert_eq!(report["keyId"], "k1");
    assert_eq!((&report["header"], &report["payload"]), (&header(), &claims(&host)));
    assert_eq!(report["discoveryUrl"], format!("{ISSUER}{DISCOVERY}"));
    assert_eq!((&report["discoveryData"], &report["jwksUri"]), (&metadata(), &json!(format!("{ISSUER}{KEYS}"))));
    assert_eq!(report["jwksData"], json!({ "keys": [key("k1")] }));
    assert_eq!((&report["keyType"], &report["keySizeBits"]), (&json!("RSA"), &json!(2048)));
    assert!(report["publicKeyPem"].as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(report["keyFingerprint"].as_str().unwrap().len(), 64);
    assert_eq!((&report["x509Info"], &report["issuerMatch"]), (&Value::Null, &json!(true)));
    assert_eq!(report["audienceMatch"], json!(true));
    let names: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.len(), 19, "{names:?}");
    assert_eq!((host.provider.count(DISCOVERY), host.provider.count(KEYS), host.provider.requests()), (1, 1, 2));
}

#[test]
fn a_foreign_issuer_stops_before_any_request_j8() {
    let host = SimulatedHost::process();
    for foreign in ["https://attacker.example", "https://idp.example/", "https://IDP.example", "http://localhost:1"] {
        let mut claims = claims(&host);
        claims["iss"] = foreign.into();
        let report = check(&host, &signed(&header(), &claims));
        assert_eq!(code(&report, StepName::DiscoverIssuer).as_deref(), Some("issuer_mismatch"), "{foreign}");
        for step in [StepName::FetchJwks, StepName::ExtractKey, StepName::VerifySignature] {
            assert!(is_skipped(&report, step), "{foreign}");
        }
        assert!(!passed(&report, StepName::ValidateClaims));
        assert_eq!(report.issuer_match, Some(false));
        assert!(report.payload.is_some());
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn a_token_without_a_readable_issuer_leads_nowhere_even_where_any_issuer_is_allowed() {
    let host = SimulatedHost::process();
    for issuer in [Value::Null, json!(1), json!([ISSUER]), json!(""), json!("idp.example"), json!("javascript:x")] {
        let mut claims = claims(&host);
        claims["iss"] = issuer;
        let report = check_with(&host, &signed(&header(), &claims), &json!({ "allowAnyIssuer": true }));
        assert!(!passed(&report, StepName::DiscoverIssuer));
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn what_only_a_token_names_is_followed_to_public_names_alone_j10_x7() {
    let host = SimulatedHost::process();
    for place in [
        "http://idp.example",
        "http://localhost:8080",
        "https://localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://169.254.169.254",
        "https://10.0.0.1:8443/realms/main",
        "https://8.8.8.8",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[2001:db8::1]:444",
        "https://idp",
        "https://app.localhost",
        "https://printer.local",
        "https://metadata.google.internal",
        "https://nas.home.arpa",
        "https://1.0.0.127.in-addr.arpa",
        "https://idp.CORP",
        "https://idp.test",
        "https://kubernetes.default.svc",
        "https://idp.onion",
        "https://idp.localhost.",
        "https://\u{24db}ocalhost",
        "https://user@idp.example",
        "https://idp.example#x",
    ] {
        let mut claims = claims(&host);
        claims["iss"] = place.into();
        let report = check_with(&host, &signed(&header(), &claims), &json!({ "allowAnyIssuer": true }));
        assert!(!passed(&report, StepName::DiscoverIssuer), "{place}");
        assert!(is_skipped(&report, StepName::FetchJwks));
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn a_key_set_of_a_stranger_lies_at_a_public_name_too_j10_x7() {
    for place in
        ["https://10.0.0.1/keys", "https://localhost:8080/keys", "https://vault.internal/keys", "https://[::1]/"]
    {
        let host = SimulatedHost::process();
        let mut document = metadata();
        document["jwks_uri"] = place.into();
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        let report = check_with(&host, &id_token(&host), &json!({ "allowAnyIssuer": true }));
        assert!(passed(&report, StepName::DiscoverIssuer), "{place}");
        assert_eq!(code(&report, StepName::FetchJwks).as_deref(), Some("insecure_endpoint"), "{place}");
        assert_eq!(host.provider.requests(), 1);
    }
}

#[test]
fn where_any_issuer_is_allowed_the_one_of_the_token_is_asked() {
    let host = SimulatedHost::process();
    let report = check_with(&host, &id_token(&host), &json!({ "allowAnyIssuer": true }));
    assert!(report.valid, "{:?}", report.error);
    assert_eq!((report.issuer_match, report.audience_match), (None, None));
    assert_eq!(host.provider.requests(), 2);
}

#[test]
fn a_token_of_another_issuer_than_the_expected_one_is_never_valid() {
    let host = SimulatedHost::process();
    let options = json!({ "allowAnyIssuer": true, "expectedIssuer": "https://other.example" });
    let report = check_with(&host, &id_token(&host), &options);
    assert!(passed(&report, StepName::VerifySignature));
    assert_eq!(code(&report, StepName::ValidateClaims).as_deref(), Some("issuer_mismatch"));
    assert_eq!((report.valid, report.issuer_match), (false, Some(false)));
}

#[test]
fn redirects_large_answers_and_outages_end_in_a_report_x7() {
    for (failure, expected) in [
        (HttpFailure::Redirect, "redirect_refused"),
        (HttpFailure::TooLarge, "response_too_large"),
        (HttpFailure::Timeout, "timeout"),
        (HttpFailure::Network("simulated".to_owned()), "network_failure"),
    ] {
        for (path, step) in [(DISCOVERY, StepName::DiscoverIssuer), (KEYS, StepName::FetchJwks)] {
            let host = SimulatedHost::process();
            host.provider.plan(path, Err(failure.clone()));
            let report = check(&host, &id_token(&host));
            assert_eq!(code(&report, step).as_deref(), Some(expected), "{path}");
            assert!(is_skipped(&report, StepName::VerifySignature));
            assert!(passed(&report, StepName::ValidateClaims));
            assert_eq!(host.provider.count(path), 1);
        }
    }
}

#[test]
fn three_requests_are_the_most() {
    let host = SimulatedHost::process();
    host.provider.plan(DISCOVERY, Ok(html(404)));
    host.provider.plan(OAUTH_METADATA, Ok(answer(200, &metadata())));
    let report = check(&host, &id_token(&host));
    assert!(report.valid, "{:?}", report.error);
    assert_eq!(report.discovery_url, Some(format!("{ISSUER}{OAUTH_METADATA}")));
    assert_eq!(host.provider.requests(), 3);

    // A key id that nobody knows asks for no second key set.
    let host = SimulatedHost::process();
    let report = check(&host, &signed(&json!({ "alg": "RS256", "kid": "nobody" }), &claims(&host)));
    assert_eq!(code(&report, StepName::ExtractKey).as_deref(), Some("key_not_found"));
    let listed = json_of(&report)["steps"][3]["details"]["keys"].clone();
    assert_eq!(listed, json!([{ "kid": "k1", "kty": "RSA", "alg": "RS256", "use": "sig" }]));
    assert_eq!(host.provider.requests(), 2);
}

#[test]
fn metadata_of_another_issuer_or_none_is_refused_m1() {
    let mut other = metadata();
    other["issuer"] = "https://other.example".into();
    for (planned, expected) in [
        (answer(200, &other), "issuer_mismatch"),
        (answer(200, &json!({})), "invalid_metadata"),
        (html(503), "temporarily_unavailable"),
    ] {
        let host = SimulatedHost::process();
        host.provider.plan(DISCOVERY, Ok(planned));
        let report = check(&host, &id_token(&host));
        assert_eq!(code(&report, StepName::DiscoverIssuer).as_deref(), Some(expected));
        assert_eq!((host.provider.requests(), report.jwks_uri), (1, None));
    }
}
