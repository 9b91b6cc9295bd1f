//! A token of the simulated provider, looked at.

#![allow(dead_code, reason = "each test file uses a part")]

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use wasm_oidc::error::Result;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::tools::check_token::{StepName, TokenCheck, TokenReport, check_token};

use crate::simulated::{ISSUER, SimulatedHost, signature};

pub const STEPS: [&str; 6] =
    ["decode_structure", "discover_issuer", "fetch_jwks", "extract_key", "verify_signature", "validate_claims"];

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

pub fn claims(host: &SimulatedHost) -> Value {
    let now = host.seconds();
    json!({ "iss": ISSUER, "sub": "usr_1", "aud": "spa", "iat": now, "exp": now + 300, "nonce": "n" })
}

/// A token with this header, signed by the key that it names, else by `k1`.
pub fn signed(header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signer = header["kid"].as_str().unwrap_or("k1");
    format!("{input}.{}", base64url(signature(signer, input.as_bytes())))
}

pub fn header() -> Value {
    json!({ "alg": "RS256", "kid": "k1" })
}

pub fn id_token(host: &SimulatedHost) -> String {
    signed(&header(), &claims(host))
}

pub fn read(token: &str, options: &Value) -> Result<TokenCheck> {
    let arguments = json!({ "token": token, "options": options });
    TokenCheck::from_json(&parse_object(arguments.to_string().as_bytes()).unwrap(), None)
}

pub fn check_with(host: &SimulatedHost, token: &str, options: &Value) -> TokenReport {
    let check = read(token, options).unwrap();
    let report = host.run(check_token(host, &check));
    assert_eq!(report.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), STEPS);
    assert_eq!(report.valid, report.steps.iter().all(|step| step.passed));
    assert_eq!(report.valid, report.error.is_none());
    report
}

pub fn check(host: &SimulatedHost, token: &str) -> TokenReport {
    check_with(host, token, &json!({ "expectedIssuer": ISSUER, "expectedAudience": "spa" }))
}

pub fn json_of(report: &TokenReport) -> Value {
    serde_json::from_str(&report.to_json().to_string()).unwrap()
}

pub fn passed(report: &TokenReport, name: StepName) -> bool {
    report.step(name).unwrap().passed
}

pub fn message(report: &TokenReport, name: StepName) -> &str {
    &report.step(name).unwrap().message
}

pub fn code(report: &TokenReport, name: StepName) -> Option<String> {
    report.step(name).unwrap().details.text("code").unwrap()
}

pub fn is_skipped(report: &TokenReport, name: StepName) -> bool {
    let step = report.step(name).unwrap();
    let is_skipped = step.message.starts_with("skipped because ");
    assert_eq!(is_skipped, step.details.bool("skipped").unwrap().is_some());
    is_skipped
}
