//! Tokens looked at: their claims, by the kind of token.

use crate::looked_at::{check, check_with, claims, code, header, json_of, passed, signed};
use crate::simulated::{ISSUER, SimulatedHost};
use serde_json::{Value, json};
use wasm_oidc::error::Code;
use wasm_oidc::ports::Clock;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::{Expectations, NonceRule, validate_claims};
use wasm_oidc::protocol::jwt;
use wasm_oidc::tools::check_token::{StepName, TokenType};

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
