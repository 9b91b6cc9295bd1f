//! Tokens looked at: the keys, the signature, what is given by hand, and what the report holds.

use crate::looked_at::{
    base64url, check, check_with, claims, code, header, id_token, is_skipped, json_of, message, passed, read, signed,
};
use crate::simulated::{ISSUER, KEYS, SimulatedHost, answer, key, signature};
use serde_json::{Value, json};
use wasm_oidc::error::Code;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::tools::check_token::{StepName, TokenCheck, TokenType, check_token};

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
