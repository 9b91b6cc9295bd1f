//! Asking a provider about tokens (RFC 7662), and how long its answers are kept.
use std::rc::Rc;

use serde_json::{Value, json};
use wasm_oidc::edge::introspection::{Introspection, IntrospectionOptions, MAX_REFUSED, Question};
use wasm_oidc::error::{Class, Code, Error, Result};
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::challenge::Refusal;
use wasm_oidc::protocol::client_assertion::{ClientAssertions, Signer};
use wasm_oidc::protocol::client_auth::ClientAuthentication;
use wasm_oidc::protocol::introspected::Expectations;
use wasm_oidc::protocol::jwt;
use wasm_oidc::protocol::metadata::ProviderMetadata;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::protocol::url::{HttpsUrl, Issuer};

use crate::simulated::{INTROSPECT, ISSUER, SimulatedHost, answer, html};

fn options() -> IntrospectionOptions {
    IntrospectionOptions {
        endpoint: None,
        client_id: "api".to_owned(),
        client_auth: ClientAuthentication::Secret(Secret::new("canary-secret")),
        always: false,
        max_cache_seconds: 30,
        refused_cache_seconds: 5,
        allow_missing_audience: false,
    }
}

fn asked(introspection: &Introspection, host: &SimulatedHost, token: &str) -> Result<String> {
    let own = ["orders".to_owned()];
    let endpoint = HttpsUrl::parse(&format!("{ISSUER}{INTROSPECT}")).unwrap();
    let token = Secret::new(token);
    let metadata = ProviderMetadata { issuer: Issuer::parse(ISSUER).ok(), ..ProviderMetadata::default() };
    let question = Question {
        token: &token,
        endpoint: &endpoint,
        metadata: &metadata,
        expected: Expectations {
            issuer: ISSUER,
            audiences: Some(&own),
            may_lack_audience: false,
            now: host.seconds(),
            clock_tolerance: 60,
        },
        timeout: 10,
    };
    host.run(introspection.ask(host, &question)).map(|told| told.found.subject)
}

fn says(host: &SimulatedHost, body: Value) {
    host.provider.plan(INTROSPECT, Ok(answer(200, &body)));
}

fn is_active(host: &SimulatedHost, more: Value) {
    let mut body = json!({ "active": true, "sub": "usr_1", "aud": "orders", "iss": ISSUER });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    says(host, body);
}

fn requests(host: &SimulatedHost) -> usize {
    host.provider.count(INTROSPECT)
}

fn code(result: Result<String>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn who_asks_may_prove_who_it_is_by_assertions_each_of_them_used_once() {
    let key = Signer::Key(vec![Algorithm::ES256]);
    let secret = ClientAssertions::of_secret(Secret::new("canary-secret-of-32-bytes-or-more"));
    for (assertions, algorithm) in
        [(ClientAssertions { signer: key, ..secret.clone() }, "ES256"), (secret.clone(), "HS256")]
    {
        let host = SimulatedHost::process();
        *host.signs.borrow_mut() = Some(Rc::new(|_: Algorithm, _: &[u8]| Ok(vec![7; 64])));
        let client_auth = ClientAuthentication::Assertion(Rc::new(assertions));
        let introspection = Introspection::new(IntrospectionOptions { client_auth, ..options() });
        for token in ["one", "two"] {
            is_active(&host, json!({}));
            asked(&introspection, &host, token).unwrap();
        }
        let orders = host.provider.orders.borrow();
        let sent: Vec<_> = orders.iter().map(|(form, _)| jwt::parse(&form["client_assertion"]).unwrap()).collect();
        assert_eq!(sent.len(), 2);
        assert_ne!(sent[0].claims.required_string("jti").unwrap(), sent[1].claims.required_string("jti").unwrap());
        for assertion in sent {
            assert_eq!(assertion.algorithm, algorithm);
            assert_eq!(assertion.claims.required_string("aud").unwrap(), ISSUER);
            assert_eq!(assertion.claims.required_string("iss").unwrap(), "api");
        }
    }
}

#[test]
fn the_provider_is_asked_once_by_a_client_that_authenticates_int4() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    is_active(&host, json!({ "exp": host.seconds() + 300 }));
    for _ in 0..3 {
        assert_eq!(asked(&introspection, &host, "t1").as_deref(), Ok("usr_1"));
    }
    assert_eq!(requests(&host), 1);
    let sent = host.provider.seen.borrow().last().cloned().unwrap();
    assert_eq!(sent.body.unwrap().expose(), "token=t1&token_type_hint=access_token");
    assert!(sent.headers.iter().any(|(name, value)| name == "authorization" && value.starts_with("Basic ")));
}

#[test]
fn an_answer_counts_for_its_time_and_no_longer_however_often_it_is_used_int2() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    is_active(&host, json!({}));
    for _ in 0..30 {
        assert!(asked(&introspection, &host, "t1").is_ok());
        host.pass_seconds(1);
    }
    assert_eq!(requests(&host), 1);
    host.provider.forget_plans();
    says(&host, json!({ "active": false }));
    assert_eq!(code(asked(&introspection, &host, "t1")), Code::InvalidToken);
    assert_eq!(requests(&host), 2);
}

#[test]
fn an_answer_counts_until_the_token_expires_int2() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    is_active(&host, json!({ "exp": host.seconds() + 10 }));
    assert!(asked(&introspection, &host, "t1").is_ok());
    host.pass_seconds(9);
    assert!(asked(&introspection, &host, "t1").is_ok());
    assert_eq!(requests(&host), 1);
    host.pass_seconds(1);
    host.provider.forget_plans();
    says(&host, json!({ "active": false }));
    assert_eq!(code(asked(&introspection, &host, "t1")), Code::InvalidToken);
}

#[test]
fn a_no_is_kept_for_a_short_time_int2() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    says(&host, json!({ "active": false, "sub": "usr_1" }));
    for _ in 0..3 {
        let error = asked(&introspection, &host, "t1").unwrap_err();
        assert_eq!((error.code(), Refusal::of(&error)), (Code::InvalidToken, Refusal::InvalidToken));
    }
    assert_eq!(requests(&host), 1);
    host.pass_seconds(5);
    host.provider.forget_plans();
    is_active(&host, json!({}));
    assert!(asked(&introspection, &host, "t1").is_ok());
}

#[test]
fn nothing_is_kept_where_the_option_says_so_int2() {
    let options = IntrospectionOptions { max_cache_seconds: 0, refused_cache_seconds: 0, ..options() };
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options));
    for _ in 0..3 {
        host.provider.forget_plans();
        is_active(&host, json!({}));
        assert!(asked(&introspection, &host, "t1").is_ok());
        host.provider.forget_plans();
        says(&host, json!({ "active": false }));
        assert!(asked(&introspection, &host, "t1").is_err());
    }
    assert_eq!(requests(&host), 6);
}

#[test]
fn a_flood_of_made_up_tokens_pushes_no_good_one_out_and_fills_nothing() {
    let options = IntrospectionOptions { max_cache_seconds: 3600, refused_cache_seconds: 3600, ..options() };
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options));
    is_active(&host, json!({}));
    assert!(asked(&introspection, &host, "good").is_ok());
    for number in 0..=MAX_REFUSED {
        host.provider.forget_plans();
        says(&host, json!({ "active": false }));
        assert!(asked(&introspection, &host, &number.to_string()).is_err());
    }
    let before = requests(&host);
    host.provider.forget_plans();
    assert!(asked(&introspection, &host, "good").is_ok());
    assert_eq!(requests(&host), before);
}

#[test]
fn an_endpoint_that_is_down_refuses_nobody_for_good_and_is_no_fault_of_the_token() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    type Answered = std::result::Result<wasm_oidc::protocol::http::HttpResponse, HttpFailure>;
    let failures: [(Answered, Class); 6] = [
        (Err(HttpFailure::Network("refused".to_owned())), Class::Network),
        (Err(HttpFailure::Timeout), Class::Timeout),
        (Err(HttpFailure::Redirect), Class::Network),
        (Ok(answer(503, &json!({}))), Class::Provider),
        (Ok(answer(401, &json!({ "error": "invalid_client" }))), Class::Provider),
        (Ok(html(200)), Class::Provider),
    ];
    for (failure, class) in failures {
        host.provider.forget_plans();
        host.provider.plan(INTROSPECT, failure);
        let error: Error = asked(&introspection, &host, "t1").unwrap_err();
        assert_eq!((error.class(), Refusal::of(&error).status()), (class, 503), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    host.provider.forget_plans();
    is_active(&host, json!({}));
    assert!(asked(&introspection, &host, "t1").is_ok());
}

#[test]
fn an_answer_of_another_audience_is_refused_and_asked_for_again_int3() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    is_active(&host, json!({ "aud": "billing" }));
    assert_eq!(code(asked(&introspection, &host, "t1")), Code::AudienceMismatch);
    host.provider.forget_plans();
    is_active(&host, json!({ "iss": "https://other.example" }));
    assert_eq!(code(asked(&introspection, &host, "t1")), Code::IssuerMismatch);
    host.provider.forget_plans();
    is_active(&host, json!({}));
    assert!(asked(&introspection, &host, "t1").is_ok());
    assert_eq!(requests(&host), 3);
}

#[test]
fn an_answer_that_is_huge_is_used_and_not_kept() {
    let (host, introspection) = (SimulatedHost::process(), Introspection::new(options()));
    is_active(&host, json!({ "x": "y".repeat(20_000) }));
    assert!(asked(&introspection, &host, "t1").is_ok());
    host.provider.forget_plans();
    is_active(&host, json!({}));
    assert!(asked(&introspection, &host, "t1").is_ok());
    assert_eq!(requests(&host), 2);
}
