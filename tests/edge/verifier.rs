//! Requests with access tokens: who is let in, and what the others are told (RFC 9068 2 and 4, RFC 6750 3, RFC 8725).

use std::rc::Rc;

use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, sign_with};
use crate::verifying::*;
use serde_json::{Value, json};
use wasm_oidc::edge::Needs;
use wasm_oidc::error::{Class, Code, Error};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::session::AgentType;

fn needs(json: Value) -> Needs {
    Needs::from_json(&parse_object(json.to_string().as_bytes()).unwrap()).unwrap()
}

#[test]
fn an_access_token_of_rfc_9068_is_its_agent() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let organizations = json!([{ "id": "org_a", "scopes": ["users:read"] }]);
    let token = token_with(&host, json!({}), json!({ "organizations": organizations, "email": "ada@example.com" }));
    let verified = verify(&host, &verifier, &token).unwrap();
    assert_eq!((verified.agent.id.as_str(), verified.agent.agent_type), ("usr_1", AgentType::User));
    assert_eq!(verified.agent.email.as_deref(), Some("ada@example.com"));
    assert!(verified.agent.access.has_access_in("org_a", "read", "users"));
    assert!(!verified.agent.access.has_access("write", "projects"), "a token's scope is no organization's");
    assert_eq!(verified.expires_at, host.seconds() + 300);
    assert_eq!((host.provider.count(DISCOVERY), host.provider.count(KEYS)), (1, 1));
}

#[test]
fn a_token_that_is_not_right_is_refused_with_its_reason_atj2_atj3() {
    let host = SimulatedHost::process();
    let verifier = verifier();
    let now = host.seconds();
    for (header, claims, code) in [
        (json!({ "typ": "JWT" }), json!({}), Code::UnsupportedHeader),
        (json!({ "typ": null }), json!({}), Code::UnsupportedHeader),
        (json!({ "typ": "dpop+jwt" }), json!({}), Code::UnsupportedHeader),
        (json!({ "typ": "logout+jwt" }), json!({}), Code::UnsupportedHeader),
        (json!({ "alg": "none" }), json!({}), Code::AlgNotAllowed),
        (json!({ "alg": "HS256" }), json!({}), Code::AlgNotAllowed),
        (json!({ "crit": ["x"] }), json!({}), Code::UnsupportedHeader),
        (json!({}), json!({ "iss": "https://idp.example/" }), Code::IssuerMismatch),
        (json!({}), json!({ "iss": null }), Code::MissingClaim),
        (json!({}), json!({ "aud": "https://other.example" }), Code::AudienceMismatch),
        (json!({}), json!({ "aud": [] }), Code::AudienceMismatch),
        (json!({}), json!({ "aud": null }), Code::MissingClaim),
        (json!({}), json!({ "exp": now - 61 }), Code::TokenExpired),
        (json!({}), json!({ "exp": null }), Code::MissingClaim),
        (json!({}), json!({ "exp": "9999999999" }), Code::InvalidClaim),
        (json!({}), json!({ "sub": null }), Code::MissingClaim),
        (json!({}), json!({ "client_id": null }), Code::MissingClaim),
        (json!({}), json!({ "iat": null }), Code::MissingClaim),
        (json!({}), json!({ "iat": now + 61 }), Code::NotYetValid),
        (json!({}), json!({ "nbf": now + 61 }), Code::NotYetValid),
        (json!({}), json!({ "jti": null }), Code::MissingClaim),
        (json!({}), json!({ "jti": "" }), Code::InvalidClaim),
        (json!({}), json!({ "scope": ["users:read"] }), Code::InvalidClaim),
        (json!({}), json!({ "groups": "admins" }), Code::InvalidClaim),
        (json!({}), json!({ "roles": [1] }), Code::InvalidClaim),
        (json!({}), json!({ "entitlements": [{}] }), Code::InvalidClaim),
        (json!({}), json!({ "cnf": { "jkt": "x" } }), Code::TokenBound),
    ] {
        let refusal = verify(&host, &verifier, &token_with(&host, header.clone(), claims.clone())).unwrap_err();
        let failure = refusal.error.failure();
        assert_eq!(
            (failure.status, failure.code, failure.class),
            (Some(401), code, Class::RequestAuth),
            "{header} {claims}"
        );
        assert_eq!(failure.error.as_deref(), Some("invalid_token"));
        assert!(header_of(&refusal).starts_with("Bearer error=\"invalid_token\""));
    }
}

fn header_of(refused: &wasm_oidc::edge::Refused) -> String {
    header(refused, "www-authenticate").unwrap_or_default().to_owned()
}

#[test]
fn groups_roles_and_entitlements_may_be_texts_or_values_atj7() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let lists = json!({ "groups": ["a"], "roles": [{ "value": "b", "display": "B" }], "entitlements": [] });
    assert!(verify(&host, &verifier, &token_with(&host, json!({}), lists)).is_ok());
}

#[test]
fn legacy_tokens_are_looser_in_what_the_option_says_and_in_nothing_else_atj4() {
    let host = SimulatedHost::process();
    let (strict, legacy) = (verifier(), verifier_with(json!({ "legacyJwt": true })));
    for (header, claims) in [
        (json!({ "typ": "JWT" }), json!({})),
        (json!({ "typ": null }), json!({})),
        (json!({}), json!({ "client_id": null })),
        (json!({}), json!({ "jti": null })),
        (json!({ "typ": null }), json!({ "client_id": null, "jti": null, "scope": null, "scp": ["users:read"] })),
        (json!({ "typ": "JWT" }), json!({ "nonce": "n", "typ": "Bearer" })),
    ] {
        let token = token_with(&host, header.clone(), claims.clone());
        assert_eq!(refused(verify(&host, &strict, &token)).0, 401, "{header} {claims}");
        assert!(verify(&host, &legacy, &token).is_ok(), "{header} {claims}");
    }
    let scp = token_with(&host, json!({ "typ": null }), json!({ "scope": null, "scp": "users:read users:write" }));
    let agent = verify(&host, &legacy, &scp).unwrap().agent;
    assert!(agent.access.has_access("write", "users"));
    for (header, claims, code) in [
        (json!({ "typ": "dpop+jwt" }), json!({}), Code::UnsupportedHeader),
        (json!({ "typ": "logout+jwt" }), json!({}), Code::UnsupportedHeader),
        (json!({ "typ": "JWT" }), json!({ "nonce": "n" }), Code::TokenTypeMismatch),
        (json!({ "typ": "JWT" }), json!({ "at_hash": "x" }), Code::TokenTypeMismatch),
        (json!({ "typ": "JWT" }), json!({ "typ": "ID" }), Code::TokenTypeMismatch),
        (json!({ "typ": "JWT" }), json!({ "token_use": "id" }), Code::TokenTypeMismatch),
        (json!({ "typ": "JWT" }), json!({ "aud": "spa" }), Code::AudienceMismatch),
        (json!({ "typ": "JWT" }), json!({ "exp": host.seconds() - 61 }), Code::TokenExpired),
        (json!({ "typ": "JWT" }), json!({ "sub": null }), Code::MissingClaim),
        (json!({ "typ": "JWT" }), json!({ "iat": null }), Code::MissingClaim),
        (json!({ "typ": "JWT" }), json!({ "jti": 1 }), Code::InvalidClaim),
    ] {
        let token = token_with(&host, header.clone(), claims.clone());
        assert_eq!(refused(verify(&host, &legacy, &token)), (401, code), "{header} {claims}");
    }
}

#[test]
fn what_is_no_jwt_is_refused_and_an_encrypted_one_too_atj5() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    let (input, _) = token.rsplit_once('.').unwrap();
    let huge = format!("{}.{}.AAAA", "a".repeat(200_000), "b".repeat(100_000));
    for (text, status) in [
        ("opaque".to_owned(), 401),
        ("a.b.c.d.e".to_owned(), 401),
        (format!("{input}."), 401),
        (format!("{input}.AAAA"), 401),
        (format!("{token}="), 401),
        ("{\"protected\":1}".to_owned(), 400),
        (huge, 400),
    ] {
        assert_eq!(refused(verify(&host, &verifier, &text)).0, status, "{text:.40}");
    }
    assert_eq!(host.provider.requests(), 0, "nothing that is no token of the issuer costs a request");
}

#[test]
fn a_forged_signature_is_refused_and_names_in_the_header_lead_nowhere_x3() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let claims = claims(&host, json!({}));
    for header in [
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": "k1" }),
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": "k1", "jku": "https://evil.example/keys" }),
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": "k1", "jwk": crate::simulated::key("thief") }),
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": "k1", "x5u": "https://evil.example/x" }),
    ] {
        let forged = sign_with(&header, "thief", &claims);
        assert_eq!(refused(verify(&host, &verifier, &forged)), (401, Code::SignatureInvalid));
    }
    assert_eq!((host.provider.count(DISCOVERY), host.provider.count(KEYS)), (1, 1));
    assert_eq!(host.provider.requests(), 2);
}

#[test]
fn a_request_without_a_token_is_challenged_without_an_error_code() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "realm": "users" }));
    let asked = needs(json!({ "scopes": ["users:read"] }));
    let refusal = host.run(verifier.verify(&host, "GET", URL, &[], &asked)).unwrap_err();
    assert_eq!(refusal.error.code(), Code::CredentialsMissing);
    assert_eq!(refusal.error.failure().status, Some(401));
    assert_eq!(refusal.error.failure().error, None);
    assert_eq!(header_of(&refusal), "Bearer realm=\"users\", scope=\"users:read\"");
    assert_eq!(header(&refusal, "cache-control"), Some("no-store"));
}

#[test]
fn a_token_in_the_query_or_in_two_headers_is_a_bad_request() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let authorization = format!("Bearer {}", token(&host));
    verify(&host, &verifier, &token(&host)).unwrap();
    for (url, authorizations) in [
        (format!("{URL}&access_token=x"), vec![authorization.clone()]),
        (format!("{URL}&access%5Ftoken=x"), vec![authorization.clone()]),
        (format!("{URL}&access_token=x"), vec![]),
        (URL.to_owned(), vec![authorization.clone(), authorization.clone()]),
        (URL.to_owned(), vec![format!("{authorization}, {authorization}")]),
        (URL.to_owned(), vec!["Bearer ".to_owned()]),
    ] {
        let headers: Vec<_> = authorizations.iter().map(|one| ("Authorization".to_owned(), one.clone())).collect();
        let verified = host.run(verifier.verify(&host, "GET", &url, &headers, &Needs::default()));
        assert_eq!(refused(verified), (400, Code::InvalidRequest), "{url} {}", authorizations.len());
        for authorization in &authorizations {
            let is_seen = verifier.seen(&host, authorization, &url, None).is_some();
            assert!(!is_seen || authorizations.len() == 2 && url == URL, "{url}");
        }
    }
}

#[test]
fn the_scheme_has_no_case_and_others_are_no_credentials() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let verified =
            host.run(present(host.clone(), Rc::clone(&verifier), format!("{scheme} {token}"), Needs::default()));
        assert!(verified.is_ok(), "{scheme}");
    }
    for (authorization, code) in
        [("Basic dXNlcjpwYXNz".to_owned(), Code::CredentialsMissing), (format!("DPoP {token}"), Code::InvalidToken)]
    {
        let verified = host.run(present(host.clone(), Rc::clone(&verifier), authorization.clone(), Needs::default()));
        assert_eq!(refused(verified), (401, code));
        assert_eq!(verifier.seen(&host, &authorization, URL, None), None);
    }
}

#[test]
fn what_the_token_does_not_grant_is_forbidden_and_the_scopes_are_told_atj6() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let token = token(&host);
    for granted in [
        json!({ "scopes": ["users:read"] }),
        json!({ "access": { "action": "read", "resource": "users" } }),
        json!({ "access": { "action": "write", "resource": "projects.tasks" }, "scopes": ["projects:**"] }),
    ] {
        assert!(verify_for(&host, &verifier, &token, &needs(granted.clone())).is_ok(), "{granted}");
    }
    for (denied, scope) in [
        (json!({ "scopes": ["users:write"] }), "users:write"),
        (json!({ "scopes": ["users:read", "mail"] }), "users:read mail"),
        (json!({ "access": { "action": "write", "resource": "users" } }), "users:write"),
        (json!({ "access": { "action": "read", "resource": "users", "organization": "org_a" } }), "users:read"),
        (json!({ "access": { "action": "*", "resource": "users" } }), "users:*"),
    ] {
        // The first time by the token, then by what is remembered of it.
        for _ in 0..2 {
            let refusal = verify_for(&host, &verifier, &token, &needs(denied.clone())).unwrap_err();
            assert_eq!(refusal.error.failure().status, Some(403), "{denied}");
            assert_eq!(refusal.error.code(), Code::InsufficientScope);
            let challenge = header_of(&refusal);
            assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
            assert!(challenge.contains(&format!("scope=\"{scope}\"")), "{challenge}");
        }
        assert_eq!(verifier.seen(&host, &format!("Bearer {token}"), URL, Some(&needs(denied))), None);
    }
}

#[test]
fn any_audience_is_taken_only_where_false_is_written_out() {
    let host = SimulatedHost::process();
    let elsewhere = token_with(&host, json!({}), json!({ "aud": "https://other.example" }));
    let any = verifier_with(json!({ "audience": false }));
    assert!(verify(&host, &any, &elsewhere).is_ok());
    assert!(verify(&host, &any, &token_with(&host, json!({}), json!({ "aud": null }))).is_ok());
    for none in [json!(null), json!(""), json!([]), json!(true), json!([""]), json!({})] {
        let code = options_with(json!({ "audience": none })).unwrap_err().code();
        assert!(matches!(code, Code::MissingOption | Code::InvalidOption), "{none}");
    }
}

#[test]
fn an_option_that_is_none_is_named() {
    for (options, code, word) in [
        (json!({ "issuer": null }), Code::MissingOption, "issuer"),
        (json!({ "issuer": "http://idp.example" }), Code::InvalidOption, "issuer"),
        (json!({ "issuers": [ISSUER] }), Code::InvalidOption, "issuers"),
        (json!({ "issuer": null, "issuers": [] }), Code::InvalidOption, "issuers"),
        (json!({ "issuer": null, "issuers": [ISSUER, ISSUER] }), Code::InvalidOption, "issuers"),
        (json!({ "issuer": null, "issuers": [ISSUER], "jwks": { "keys": [] } }), Code::InvalidOption, "jwks"),
        (
            json!({ "issuer": null, "issuers": [{ "issuer": ISSUER, "audiences": "x" }] }),
            Code::UnknownOption,
            "audience",
        ),
        (json!({ "algorithms": ["HS256"] }), Code::InvalidOption, "algorithms"),
        (json!({ "algorithms": [] }), Code::InvalidOption, "algorithms"),
        (json!({ "clockToleranceSeconds": 301 }), Code::InvalidOption, "clockToleranceSeconds"),
        (json!({ "maxCachedTokens": -1 }), Code::InvalidOption, "maxCachedTokens"),
        (json!({ "jwksUri": "http://keys.example" }), Code::InvalidOption, "jwksUri"),
        (json!({ "organizationsFrom": "there" }), Code::InvalidOption, "organizationsFrom"),
        (json!({ "legacyJWT": true }), Code::UnknownOption, "legacyJwt"),
    ] {
        let error = options_with(options.clone()).unwrap_err();
        assert_eq!(error.code(), code, "{options}");
        assert!(error.failure().message.contains(word), "{options}: {}", error.failure().message);
    }
}

#[test]
fn no_message_and_no_header_of_a_refusal_has_the_token_in_it_x26() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    for changes in [json!({ "aud": "x" }), json!({ "iss": "x" }), json!({ "exp": 1 }), json!({ "cnf": {} })] {
        let token = token_with(&host, json!({}), changes);
        let refusal = verify(&host, &verifier, &token).unwrap_err();
        let shown = format!("{refusal:?}");
        for part in token.split('.') {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn an_error_of_the_verifier_keeps_its_code_and_says_that_a_request_was_refused() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let error: Error = verify(&host, &verifier, "x").unwrap_err().error;
    assert_eq!((error.class(), error.code()), (Class::RequestAuth, Code::MalformedToken));
}
