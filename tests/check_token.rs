//! Tokens looked at: what the report says, and what is asked of whom on the way.

#![cfg(feature = "tools")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "support/simulated/mod.rs"]
mod simulated;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, answer, html, key, metadata, signature};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::{Clock, HttpFailure};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::{Expectations, NonceRule, validate_claims};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::jwt;
use wasm_oidc::tools::check_token::{StepName, TokenCheck, TokenReport, TokenType, check_token};

const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
const STEPS: [&str; 6] =
    ["decode_structure", "discover_issuer", "fetch_jwks", "extract_key", "verify_signature", "validate_claims"];

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn claims(host: &SimulatedHost) -> Value {
    let now = host.seconds();
    json!({ "iss": ISSUER, "sub": "usr_1", "aud": "spa", "iat": now, "exp": now + 300, "nonce": "n" })
}

/// A token with this header, signed by the key that it names, else by `k1`.
fn signed(header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signer = header["kid"].as_str().unwrap_or("k1");
    format!("{input}.{}", base64url(signature(signer, input.as_bytes())))
}

fn header() -> Value {
    json!({ "alg": "RS256", "kid": "k1" })
}

fn id_token(host: &SimulatedHost) -> String {
    signed(&header(), &claims(host))
}

fn read(token: &str, options: &Value) -> Result<TokenCheck> {
    let arguments = json!({ "token": token, "options": options });
    TokenCheck::from_json(&parse_object(arguments.to_string().as_bytes()).unwrap(), None)
}

fn check_with(host: &SimulatedHost, token: &str, options: &Value) -> TokenReport {
    let check = read(token, options).unwrap();
    let report = host.run(check_token(host, &check));
    assert_eq!(report.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), STEPS);
    assert_eq!(report.valid, report.steps.iter().all(|step| step.passed));
    assert_eq!(report.valid, report.error.is_none());
    report
}

fn check(host: &SimulatedHost, token: &str) -> TokenReport {
    check_with(host, token, &json!({ "expectedIssuer": ISSUER, "expectedAudience": "spa" }))
}

fn json_of(report: &TokenReport) -> Value {
    serde_json::from_str(&report.to_json().to_string()).unwrap()
}

fn passed(report: &TokenReport, name: StepName) -> bool {
    report.step(name).unwrap().passed
}

fn message(report: &TokenReport, name: StepName) -> &str {
    &report.step(name).unwrap().message
}

fn code(report: &TokenReport, name: StepName) -> Option<String> {
    report.step(name).unwrap().details.text("code").unwrap()
}

fn is_skipped(report: &TokenReport, name: StepName) -> bool {
    let step = report.step(name).unwrap();
    let is_skipped = step.message.starts_with("skipped because ");
    assert_eq!(is_skipped, step.details.bool("skipped").unwrap().is_some());
    is_skipped
}

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

#[test]
fn no_algorithm_but_an_asymmetric_one_is_looked_up_or_verified_x1_x2_j2() {
    let host = SimulatedHost::process();
    for (algorithm, said) in [
        ("none", "not signed"),
        ("None", "not signed"),
        ("nOnE", "not signed"),
        ("HS256", "shared secret"),
        ("HS512", "shared secret"),
        ("ES256K", "not known"),
        ("", "not known"),
    ] {
        let token = signed(&json!({ "alg": algorithm, "kid": "k1" }), &claims(&host));
        let report = check(&host, &token);
        assert_eq!(code(&report, StepName::VerifySignature).as_deref(), Some("alg_not_allowed"), "{algorithm}");
        assert!(message(&report, StepName::VerifySignature).contains(said), "{algorithm}");
        for step in [StepName::DiscoverIssuer, StepName::FetchJwks, StepName::ExtractKey] {
            assert!(is_skipped(&report, step));
        }
        assert_eq!(report.error.as_deref(), Some(message(&report, StepName::VerifySignature)));
        assert!(passed(&report, StepName::ValidateClaims), "the claims are judged all the same");
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn an_algorithm_that_was_not_allowed_is_refused_j1() {
    let host = SimulatedHost::process();
    let token = signed(&json!({ "alg": "PS256" }), &claims(&host));
    let with = |algorithms: Value| {
        let mut bare = key("k1");
        bare.as_object_mut().unwrap().remove("alg");
        host.provider.plan(KEYS, Ok(answer(200, &json!({ "keys": [bare] }))));
        check_with(&host, &token, &json!({ "expectedIssuer": ISSUER, "algorithms": algorithms }))
    };
    // The metadata lists RS256 alone.
    for algorithms in [Value::Null, json!(["RS256", "ES256"])] {
        let report = with(algorithms);
        assert_eq!(code(&report, StepName::VerifySignature).as_deref(), Some("alg_not_allowed"));
        assert!(report.public_key_pem.is_some());
    }
    assert!(with(json!(["PS256"])).valid);
}

#[test]
fn keys_in_the_header_are_named_and_never_used_x3_j10() {
    let host = SimulatedHost::process();
    let mut header = json!({
        "alg": "RS256", "kid": "k1", "jku": "https://attacker.example/keys", "x5u": "https://attacker.example/x5u",
        "jwk": key("thief"), "x5c": ["MIIB"],
    });
    let report = check(&host, &signed(&header, &claims(&host)));
    assert!(report.valid);
    assert_eq!(json_of(&report)["steps"][0]["details"]["ignored"], json!(["jku", "jwk", "x5u", "x5c"]));
    assert_eq!(host.provider.requests(), 2);

    // Signed by the key that it brings along, under the name of the provider's.
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims(&host).to_string()));
    let forged = format!("{input}.{}", base64url(signature("thief", input.as_bytes())));
    let report = check(&host, &forged);
    assert_eq!(code(&report, StepName::VerifySignature).as_deref(), Some("signature_invalid"));
    header["kid"] = "thief".into();
    let report = check(&host, &signed(&header, &claims(&host)));
    assert_eq!(code(&report, StepName::ExtractKey).as_deref(), Some("key_not_found"));
}

#[test]
fn a_changed_signature_or_claim_is_refused_and_the_key_is_shown_all_the_same_j3() {
    let host = SimulatedHost::process();
    let token = id_token(&host);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let changed = signature.replacen(|_| true, if signature.starts_with('A') { "B" } else { "A" }, 1);
    let mut other = claims(&host);
    other["sub"] = "usr_2".into();
    let (head, _) = input.split_once('.').unwrap();
    let forged = format!("{head}.{}.{signature}", base64url(other.to_string()));
    for broken in [format!("{input}.{changed}"), forged, format!("{input}.{}", base64url([1; 64]))] {
        let report = check(&host, &broken);
        assert_eq!(code(&report, StepName::VerifySignature).as_deref(), Some("signature_invalid"));
        assert!(report.public_key_pem.is_some());
        assert!(report.payload.is_some());
    }
}

#[test]
fn without_a_key_id_every_fitting_key_is_tried_and_the_one_that_signed_is_shown_x8() {
    let host = SimulatedHost::process();
    *host.provider.published.borrow_mut() = ["old", "k1", "new"].map(str::to_owned).to_vec();
    let report = check(&host, &signed(&json!({ "alg": "RS256" }), &claims(&host)));
    assert!(report.valid);
    let details = &json_of(&report)["steps"][3]["details"];
    assert_eq!((&details["keyId"], &details["candidates"]), (&json!("k1"), &json!(3)));
}

#[test]
fn what_can_be_read_of_a_broken_token_is_shown_j14_x24() {
    let host = SimulatedHost::process();
    let head = base64url(header().to_string());
    let body = base64url(claims(&host).to_string());
    let critical = base64url(r#"{"alg":"RS256","crit":["exp"],"exp":1}"#);
    for (token, has_header, has_payload) in [
        (String::new(), false, false),
        ("an-opaque-token".to_owned(), false, false),
        (".".to_owned(), false, false),
        ("..".to_owned(), false, false),
        (format!("{head}.{body}"), true, true),
        (format!("{head}.{body}.a b"), true, true),
        (format!("{head}.{body}.c2ln="), true, true),
        (format!("{head}.broken.c2ln"), true, false),
        (format!("{head}..c2ln"), true, false),
        (format!("{head}.{}.c2ln", base64url("[1]")), true, false),
        (format!("{head}.{}.c2ln", base64url(r#"{"iss":1,"iss":2}"#)), true, false),
        (format!("{}.{body}.c2ln", base64url("{")), false, true),
        (format!("{critical}.{body}.c2ln"), true, true),
        (format!("{head}.a.b.c.d"), true, false),
        (format!("{head}.{body}.c2ln.more"), true, true),
        (format!(r#"{{"payload":"{body}","protected":"{head}"}}"#), false, false),
        (format!(" {head}.{body}.c2ln"), false, true),
        ("a.".repeat(200_000), false, false),
        ("a".repeat(1_000_000), false, false),
    ] {
        let shown = token.chars().take(60).collect::<String>();
        let report = check(&host, &token);
        assert!(!passed(&report, StepName::DecodeStructure), "{shown}");
        assert!(StepName::ALL.iter().skip(1).all(|name| is_skipped(&report, *name)), "{shown}");
        assert_eq!((report.header.is_some(), report.payload.is_some()), (has_header, has_payload), "{shown}");
        assert_eq!(report.error.as_deref(), Some(message(&report, StepName::DecodeStructure)));
    }
    assert_eq!(host.provider.requests(), 0);
    let opaque = check(&host, "an-opaque-token");
    assert_eq!(opaque.token_type, TokenType::AccessToken);
    assert!(opaque.error.unwrap().contains("not a JWT"));
}

/// What the sign-in would say to these claims.
fn verdict_of_a_sign_in(token: &str, now: i64) -> std::result::Result<(), Code> {
    let expected = Expectations {
        issuer: ISSUER,
        client_id: "spa",
        trusted_audiences: &[],
        nonce: NonceRule::Unchecked,
        now,
        clock_tolerance: 60,
        max_age: None,
        acr_values: &[],
        max_id_token_age: None,
        access_token: None,
        code: None,
    };
    let jwt = jwt::parse(token).unwrap();
    validate_claims(&jwt, Some(Algorithm::RS256), &expected).map(drop).map_err(|error| error.code())
}

#[test]
fn the_claims_of_an_id_token_are_judged_as_a_sign_in_judges_them_c2_c3_c4_c9_c10_c17() {
    let now = SimulatedHost::process().now();
    let long = "x".repeat(256);
    for (name, value, expected) in [
        ("iss", None, Some("missing_claim")),
        ("iss", Some(json!(1)), Some("invalid_claim")),
        ("sub", None, Some("missing_claim")),
        ("sub", Some(json!("")), Some("invalid_claim")),
        ("sub", Some(json!(long)), Some("invalid_claim")),
        ("aud", None, Some("missing_claim")),
        ("aud", Some(json!([])), Some("audience_mismatch")),
        ("aud", Some(json!("spa1")), Some("audience_mismatch")),
        ("aud", Some(json!(["spa"])), None),
        ("aud", Some(json!(["spa", "other"])), Some("audience_mismatch")),
        ("aud", Some(json!({ "spa": 1 })), Some("invalid_claim")),
        ("azp", Some(json!("spa")), None),
        ("azp", Some(json!("other")), Some("azp_mismatch")),
        ("azp", Some(Value::Null), Some("invalid_claim")),
        ("exp", None, Some("missing_claim")),
        ("exp", Some(json!("9999999999")), Some("invalid_claim")),
        ("exp", Some(Value::Null), Some("invalid_claim")),
        ("exp", Some(json!(now - 59)), None),
        ("exp", Some(json!(now - 60)), Some("id_token_expired")),
        ("exp", Some(json!(now as f64 + 0.5)), None),
        ("exp", Some(json!(now * 1000)), Some("invalid_claim")),
        ("exp", Some(json!(i64::MAX)), Some("invalid_claim")),
        ("exp", Some(json!(-1)), Some("invalid_claim")),
        ("iat", None, Some("missing_claim")),
        ("iat", Some(json!(now + 60)), None),
        ("iat", Some(json!(now + 61)), Some("not_yet_valid")),
        ("iat", Some(json!([now])), Some("invalid_claim")),
        ("nbf", Some(json!(now + 61)), Some("not_yet_valid")),
        ("nbf", Some(json!(now)), None),
        ("auth_time", Some(json!(0)), None),
        ("auth_time", Some(json!(1.5)), None),
        ("auth_time", Some(json!("1")), Some("invalid_claim")),
        ("__proto__", Some(json!({ "polluted": true })), None),
    ] {
        let host = SimulatedHost::process();
        let mut claims = claims(&host);
        match &value {
            Some(value) => claims[name] = value.clone(),
            None => drop(claims.as_object_mut().unwrap().remove(name)),
        }
        let token = signed(&header(), &claims);
        let report = check(&host, &token);
        // A token whose issuer cannot be read stops earlier, with the same verdict on its claims.
        assert_eq!(code(&report, StepName::ValidateClaims).as_deref(), expected, "{name} {value:?}");
        let sign_in = verdict_of_a_sign_in(&token, host.now());
        assert_eq!(sign_in.err().map(Code::as_str), expected, "{name} {value:?}");
    }
}

#[test]
fn every_claim_that_is_wrong_is_listed() {
    let host = SimulatedHost::process();
    let mut claims = claims(&host);
    claims["aud"] = "other".into();
    claims["exp"] = json!(host.now() - 3600);
    claims["nbf"] = json!("soon");
    let report = json_of(&check(&host, &signed(&header(), &claims)));
    let details = &report["steps"][5]["details"];
    let wrong: Vec<&Value> = details["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["passed"] == false)
        .map(|one| &one["claim"])
        .collect();
    assert_eq!((wrong, &details["failures"]), (vec![&json!("aud"), &json!("exp"), &json!("nbf")], &json!(3)));
    assert_eq!((&details["expected"], &details["actual"]), (&json!("spa"), &json!("other")));
    assert_eq!((&report["audienceMatch"], &report["issuerMatch"]), (&json!(false), &json!(true)));
}

#[test]
fn access_tokens_are_judged_by_their_own_rules_atj1() {
    let host = SimulatedHost::process();
    let now = host.now();
    let at_jwt = json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" });
    let full = json!({
        "iss": ISSUER, "sub": "usr_1", "aud": "https://api.example", "exp": now + 300, "iat": now, "client_id": "spa", "jti": "j",
    });
    let options = json!({ "expectedIssuer": ISSUER, "expectedAudience": "https://api.example" });
    let report = check_with(&host, &signed(&at_jwt, &full), &options);
    assert_eq!((report.valid, report.token_type, report.audience_match), (true, TokenType::AccessToken, Some(true)));
    // RFC 9068 2.2 requires each of these; other access tokens may leave most of them out.
    for name in ["iss", "sub", "aud", "exp", "iat", "client_id", "jti"] {
        let mut claims = full.clone();
        claims.as_object_mut().unwrap().remove(name);
        let report = check_with(&host, &signed(&at_jwt, &claims), &options);
        assert_eq!(code(&report, StepName::ValidateClaims).as_deref(), Some("missing_claim"), "{name}");
    }
    let keycloak =
        json!({ "iss": ISSUER, "exp": now + 300, "typ": "Bearer", "azp": "spa", "scope": "openid", "nonce": "n" });
    let report = check_with(&host, &signed(&header(), &keycloak), &json!({ "expectedIssuer": ISSUER }));
    assert_eq!((report.valid, report.token_type, report.audience_match), (true, TokenType::AccessToken, None));
    let mut expired = keycloak;
    expired["exp"] = json!(now - 61);
    let report = check_with(&host, &signed(&header(), &expired), &json!({ "expectedIssuer": ISSUER }));
    assert_eq!(code(&report, StepName::ValidateClaims).as_deref(), Some("token_expired"));
}

#[test]
fn no_kind_of_token_passes_for_another_j12() {
    let host = SimulatedHost::process();
    let now = host.now();
    let typed = |typ: &str| json!({ "alg": "RS256", "kid": "k1", "typ": typ });
    let logout = "http://schemas.openid.net/event/backchannel-logout";
    let with = |name: &str, value: Value| {
        let mut claims = claims(&host);
        claims[name] = value;
        claims
    };
    let id = claims(&host);
    for (token_type, header, claims) in [
        ("id_token", typed("at+jwt"), id.clone()),
        ("id_token", typed("application/at+jwt"), id.clone()),
        ("id_token", typed("logout+jwt"), id.clone()),
        ("id_token", header(), with("typ", json!("Bearer"))),
        ("id_token", header(), with("events", json!({ logout: {} }))),
        ("access_token", header(), with("typ", json!("ID"))),
        ("access_token", header(), with("at_hash", json!("x"))),
        ("access_token", typed("dpop+jwt"), id.clone()),
        ("access_token", typed("LOGOUT+JWT"), id.clone()),
    ] {
        let options = json!({ "expectedIssuer": ISSUER, "tokenType": token_type });
        let report = check_with(&host, &signed(&header, &claims), &options);
        assert_eq!(code(&report, StepName::ValidateClaims).as_deref(), Some("unsupported_header"), "{header} {claims}");
        assert!(passed(&report, StepName::VerifySignature));
    }
    let plain = json!({ "iss": ISSUER, "exp": now + 1, "scp": "read" });
    for (header, claims, expected) in [
        (typed("at+jwt"), &id, TokenType::AccessToken),
        (typed("Application/AT+JWT"), &id, TokenType::AccessToken),
        (header(), &id, TokenType::IdToken),
        (header(), &plain, TokenType::AccessToken),
        (header(), &json!({ "iss": ISSUER }), TokenType::IdToken),
        (header(), &with("typ", json!("Bearer")), TokenType::AccessToken),
    ] {
        let report = check(&host, &signed(&header, claims));
        assert_eq!(report.token_type, expected, "{header} {claims}");
    }
}

#[test]
fn keys_given_by_hand_are_used_without_a_request() {
    let host = SimulatedHost::process();
    let mut owned = key("k1");
    owned["x-note"] = "kept".into();
    let private = json!({ "kty": "oct", "k": "canary", "kid": "s", "d": "canary" });
    let options = json!({ "expectedIssuer": ISSUER, "jwks": { "keys": [owned, private, "odd"] } });
    let report = check_with(&host, &id_token(&host), &options);
    assert!(report.valid, "{:?}", report.error);
    assert_eq!((report.discovery_url.clone(), report.jwks_uri.clone(), host.provider.requests()), (None, None, 0));
    let shown = json_of(&report);
    assert_eq!(shown["jwksData"]["keys"][0]["x-note"], "kept");
    assert_eq!(shown["jwksData"]["keys"][1], json!({ "kty": "oct", "kid": "s", "k": "[redacted]", "d": "[redacted]" }));
    assert!(!shown.to_string().contains("canary"));
    assert!(message(&report, StepName::FetchJwks).starts_with("1 key that can verify signatures, and 2 that cannot"));

    // They are the expected issuer's, not those of whoever else is looked at.
    let mut options = options;
    options["expectedIssuer"] = "https://other.example".into();
    options["allowAnyIssuer"] = true.into();
    assert!(passed(&check_with(&host, &id_token(&host), &options), StepName::VerifySignature));
    assert_eq!(host.provider.requests(), 2);
}

#[test]
fn metadata_given_by_hand_says_where_the_keys_are() {
    let host = SimulatedHost::process();
    let options = json!({ "metadata": { "issuer": ISSUER, "jwks_uri": format!("{ISSUER}{KEYS}") } });
    assert!(check_with(&host, &id_token(&host), &options).valid);
    assert_eq!((host.provider.count(KEYS), host.provider.requests()), (1, 1));
    let report = check_with(&host, &id_token(&host), &json!({ "metadata": { "issuer": ISSUER } }));
    assert_eq!(code(&report, StepName::FetchJwks).as_deref(), Some("endpoint_missing"));
}

#[test]
fn a_client_brings_its_issuer_its_id_and_its_tolerance_along() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "clockToleranceSeconds": 0, "timeoutSeconds": 5 }));
    let of = |token: &str, options: Value| {
        let arguments = json!({ "token": token, "options": options });
        let arguments = parse_object(arguments.to_string().as_bytes()).unwrap();
        TokenCheck::from_json(&arguments, Some(client.options())).unwrap()
    };
    let check = of(&id_token(&host), json!({}));
    assert_eq!((check.clock_tolerance, check.timeout, check.discovers), (0, 5, true));
    let report = host.run(check_token(&host, &check));
    assert_eq!((report.valid, report.issuer_match, report.audience_match), (true, Some(true), Some(true)));
    // An access token is for an API, whose name the client does not have.
    assert_eq!(of("", json!({})).audience_of(TokenType::AccessToken), None);
    let elsewhere = of("", json!({ "expectedIssuer": "https://other.example" }));
    assert_eq!(elsewhere.expected_issuer.unwrap().as_str(), "https://other.example");

    // What was given to the client by hand belongs to its own issuer.
    let by_hand = json!({ "issuer": null, "metadata": { "issuer": ISSUER, "jwks_uri": format!("{ISSUER}{KEYS}") } });
    let client = host.client_with(by_hand);
    let of = |options: Value| {
        let arguments = parse_object(json!({ "token": "", "options": options }).to_string().as_bytes()).unwrap();
        TokenCheck::from_json(&arguments, Some(client.options())).unwrap()
    };
    assert!(of(json!({})).metadata.is_some() && !of(json!({})).discovers);
    let elsewhere = of(json!({ "expectedIssuer": "https://other.example" }));
    assert!(elsewhere.metadata.is_none() && elsewhere.discovers);
}

#[test]
fn a_wrong_option_is_named_and_a_wrong_token_is_none() {
    for (options, expected, name) in [
        (json!({}), Code::MissingOption, "expectedIssuer"),
        (json!({ "allowAnyIssuer": "yes" }), Code::InvalidOption, "allowAnyIssuer"),
        (json!({ "expectedIssuer": "idp.example" }), Code::InvalidOption, "expectedIssuer"),
        (json!({ "expectedIssuer": ISSUER, "tokenType": "refresh" }), Code::InvalidOption, "tokenType"),
        (json!({ "expectedIssuer": ISSUER, "audience": "spa" }), Code::UnknownOption, "audience"),
        (json!({ "expectedIssuer": ISSUER, "jwks": {} }), Code::InvalidOption, "jwks"),
        (json!({ "metadata": { "issuer": 1 } }), Code::InvalidOption, "metadata"),
        (
            json!({ "expectedIssuer": ISSUER, "clockToleranceSeconds": 301 }),
            Code::InvalidOption,
            "clockToleranceSeconds",
        ),
        (json!({ "expectedIssuer": ISSUER, "algorithms": ["none"] }), Code::InvalidOption, "algorithms"),
    ] {
        let error = read("", &options).unwrap_err();
        assert_eq!(error.code(), expected, "{options}");
        assert!(error.failure().message.contains(name), "{}", error.failure().message);
    }
    let arguments = parse_object(br#"{"token":5,"options":{"allowAnyIssuer":true}}"#).unwrap();
    assert_eq!(TokenCheck::from_json(&arguments, None).unwrap_err().code(), Code::InvalidOption);
}

#[test]
fn the_report_holds_no_token_and_keeps_every_claim_as_plain_text_x22_x26() {
    let host = SimulatedHost::process();
    let mut claims = claims(&host);
    claims["constructor"] = json!({ "prototype": 1 });
    claims["__proto__"] = json!({ "polluted": [1, null, "é\u{0}"] });
    let token = signed(&header(), &claims);
    let check = read(&token, &json!({ "expectedIssuer": ISSUER })).unwrap();
    let report = host.run(check_token(&host, &check));
    let text = report.to_json().to_string();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["payload"], claims);
    for shown in [text, format!("{check:?}"), format!("{report:?}")] {
        for part in token.split('.') {
            assert!(!shown.contains(part));
        }
    }
}
