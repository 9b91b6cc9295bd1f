//! The steps of a preflight: what each says of a provider, and what it asks for that.

use crate::setting::{Setting, code_names, of, refusing, said, with};
use crate::simulated::{DISCOVERY, ISSUER, KEYS, TOKEN, html, key};
use serde_json::{Value, json};
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::tools::preflight::{MAX_REQUESTS, Status};

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
    // Twenty one by one, and that none is left.
    assert_eq!(report.step("key_set").unwrap().findings.len(), 21);
    assert!(report.to_json().to_string().len() < 20_000);
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
fn only_a_refusal_of_the_token_endpoint_counts_as_its_answer() {
    for (status, error, expected) in [
        (400, "invalid_request", Status::Success),
        (401, "invalid_request", Status::Success),
        // GitHub refuses so.
        (200, "incorrect_client_credentials", Status::Success),
        (404, "Realm does not exist", Status::Failure),
        (405, "x", Status::Failure),
        (503, "temporarily_unavailable", Status::Warning),
        (401, "invalid_client", Status::Warning),
    ] {
        let report = Setting { token: Ok(refusing(status, error, &[])), ..Setting::default() }.look();
        assert_eq!(report.step("token_endpoint").unwrap().status, expected, "{status} {error}");
    }
    let page = Setting { token: Ok(html(200)), ..Setting::default() }.look();
    assert_eq!(page.step("token_endpoint").unwrap().status, Status::Warning);
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
