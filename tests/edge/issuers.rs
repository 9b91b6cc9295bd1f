//! Which issuers a verifier believes, and what they may sign (RFC 8725 3.1 and 3.8).

use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, answer, html};
use crate::verifying::*;
use serde_json::json;
use wasm_oidc::error::Code;

#[test]
fn the_token_chooses_only_among_the_issuers_that_are_configured() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({
        "issuer": null,
        "issuers": ["https://first.example", { "issuer": ISSUER, "audience": ["other", API], "legacyJwt": true }],
    }));
    let legacy = token_with(&host, json!({ "typ": "JWT" }), json!({}));
    assert!(verify(&host, &verifier, &legacy).is_ok());
    let before = host.provider.requests();
    let stranger = token_with(&host, json!({}), json!({ "iss": "https://evil.example" }));
    let refusal = verify(&host, &verifier, &stranger).unwrap_err();
    assert_eq!(refusal.error.code(), Code::IssuerMismatch);
    assert_eq!(host.provider.requests(), before);
}

#[test]
fn keys_of_one_issuer_are_not_those_of_another() {
    let host = SimulatedHost::process();
    let keys = |id: &str| json!({ "keys": [crate::simulated::key(id)] });
    let verifier = verifier_with(json!({ "issuer": null, "issuers": [
        { "issuer": ISSUER, "jwks": keys("k1") }, { "issuer": "https://second.example", "jwks": keys("k2") },
    ] }));
    let second = |kid: &str| token_with(&host, json!({ "kid": kid }), json!({ "iss": "https://second.example" }));
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
    assert!(verify(&host, &verifier, &second("k2")).is_ok());
    assert_eq!(refused(verify(&host, &verifier, &second("k1"))), (401, Code::KeyNotFound));
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn only_the_algorithms_of_the_issuer_are_taken() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "algorithms": ["ES256"] }));
    assert_eq!(refused(verify(&host, &verifier, &token(&host))), (401, Code::AlgNotAllowed));
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn an_issuer_that_is_down_is_no_fault_of_the_token() {
    for path in [DISCOVERY, KEYS] {
        let (host, verifier) = (SimulatedHost::process(), verifier());
        host.provider.plan(path, Ok(html(503)));
        let refusal = verify(&host, &verifier, &token(&host)).unwrap_err();
        assert_eq!(refusal.error.failure().status, Some(503), "{path}");
        assert_eq!(header(&refusal, "www-authenticate"), None);
        let seconds: i64 = header(&refusal, "retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
        // Meanwhile nobody is asked.
        let before = host.provider.requests();
        assert_eq!(refused(verify(&host, &verifier, &token(&host))).0, 503);
        assert_eq!(host.provider.requests(), before);
        host.pass_seconds(31);
        assert!(verify(&host, &verifier, &token(&host)).is_ok());
    }
}

#[test]
fn metadata_of_another_issuer_is_not_believed() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let mut metadata = crate::simulated::metadata();
    metadata["issuer"] = json!("https://evil.example");
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata)));
    assert_eq!(refused(verify(&host, &verifier, &token(&host))), (503, Code::IssuerMismatch));
    assert_eq!(host.provider.count(KEYS), 0);
}

#[test]
fn a_plain_oauth_server_tells_where_its_keys_are_too() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    host.provider.plan(DISCOVERY, Ok(html(404)));
    host.provider.plan("/.well-known/oauth-authorization-server", Ok(answer(200, &crate::simulated::metadata())));
    assert!(verify(&host, &verifier, &token(&host)).is_ok());
}
