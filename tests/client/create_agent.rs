//! Agents from tokens that the app keeps: checked again, renewed once for everybody, made a session.

use crate::simulated::{ISSUER, KEYS, SimulatedHost, TOKEN, TOKEN_LIFETIME, answer, code_of, refreshes, refusal, sign};
use serde_json::{Value, json};
use wasm_oidc::client::{Client, Kept, KeptOptions, Renewed};
use wasm_oidc::error::{Class, Code, Recovery, Result};
use wasm_oidc::ports::{EventKind, HttpFailure};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::session::TokenSet;

const USUAL: KeptOptions = KeptOptions { auto_refresh: true, verifies_signature: true };
const CLAIMS_ONLY: KeptOptions = KeptOptions { verifies_signature: false, ..USUAL };

/// Tokens of a sign-in elsewhere, and a process of many people that gets them.
fn kept() -> (SimulatedHost, Client<SimulatedHost>, Value) {
    let page = SimulatedHost::page();
    let client = page.created();
    page.sign_in(&client);
    let tokens = client.session().unwrap().tokens.to_json().to_string();
    page.provider.log.borrow_mut().clear();
    let mut host = SimulatedHost::process();
    host.provider = page.provider;
    let client = host.client();
    (host, client, serde_json::from_str(&tokens).unwrap())
}

fn create(host: &SimulatedHost, client: &Client<SimulatedHost>, tokens: &Value, options: KeptOptions) -> Result<Kept> {
    host.run(client.create_agent(&parse_object(tokens.to_string().as_bytes()).unwrap(), &options))
}

fn token_set(tokens: &Value) -> TokenSet {
    TokenSet::from_json(&parse_object(tokens.to_string().as_bytes()).unwrap()).unwrap()
}

fn with(tokens: &Value, name: &str, value: Value) -> Value {
    let mut changed = tokens.clone();
    match value {
        Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
        value => changed[name] = value,
    }
    changed
}

fn id_token(host: &SimulatedHost, more: Value) -> Value {
    let now = host.seconds();
    let mut claims = json!({ "iss": ISSUER, "sub": "usr_1", "aud": "spa", "iat": now, "exp": now + 300 });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    sign("k1", &claims, false).into()
}

#[test]
fn tokens_that_are_good_become_an_agent_without_a_request_to_the_token_endpoint() {
    let (host, client, tokens) = kept();
    let made = create(&host, &client, &tokens, USUAL).unwrap();
    assert_eq!((made.exchanged.agent.id.as_str(), made.is_due), ("usr_1", false));
    assert_eq!(made.exchanged.tokens.to_json().to_string(), token_set(&tokens).to_json().to_string());
    assert_eq!((host.provider.count(KEYS), refreshes(&host)), (1, 0));
    assert!(client.session().is_none());
}

#[test]
fn an_id_token_that_nobody_signed_or_that_is_not_for_this_client_is_refused() {
    let (host, client, tokens) = kept();
    let forged: Value =
        sign("k1", &json!({ "iss": ISSUER, "sub": "usr_9", "aud": "spa", "iat": 1, "exp": 2 }), true).into();
    for (id_token, code) in [
        (forged, Code::SignatureInvalid),
        (id_token(&host, json!({ "aud": "other" })), Code::AudienceMismatch),
        (id_token(&host, json!({ "iss": "https://other.example" })), Code::IssuerMismatch),
        (json!("a.b"), Code::MalformedToken),
    ] {
        assert_eq!(code_of(create(&host, &client, &with(&tokens, "id_token", id_token), USUAL)), code);
    }
}

#[test]
fn claims_alone_are_checked_without_a_request_where_the_caller_vouches_for_the_signature() {
    let (host, client, tokens) = kept();
    let id_token = |more| with(&tokens, "id_token", id_token(&host, more));
    assert!(create(&host, &client, &id_token(json!({})), CLAIMS_ONLY).is_ok());
    for (more, code) in [
        (json!({ "aud": "other" }), Code::AudienceMismatch),
        (json!({ "iss": "https://x.example" }), Code::IssuerMismatch),
    ] {
        assert_eq!(code_of(create(&host, &client, &id_token(more), CLAIMS_ONLY)), code);
    }
    assert_eq!(host.provider.requests(), 0);
}

#[test]
fn what_held_only_when_the_id_token_was_new_is_not_checked_again() {
    let (host, client, tokens) = kept();
    let month_old = json!({ "iat": host.seconds() - 2_592_000, "exp": host.seconds() - 2_591_000,
        "nonce": "of the sign-in", "at_hash": "of an older access token" });
    let tokens = with(&tokens, "id_token", id_token(&host, month_old));
    assert!(create(&host, &client, &tokens, USUAL).is_ok());
    let strict = host.client_with(json!({ "maxIdTokenAgeSeconds": 60 }));
    assert!(create(&host, &strict, &tokens, USUAL).is_ok());
}

#[test]
fn an_id_token_has_to_be_there_where_openid_was_granted_but_not_for_a_machine() {
    let (host, client, tokens) = kept();
    let error = create(&host, &client, &with(&tokens, "id_token", Value::Null), USUAL).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::TokenParse, Code::IdTokenMissing));
    let raw = json!({ "access_token": "a", "token_type": "Bearer" });
    assert_eq!(code_of(create(&host, &client, &raw, USUAL)), Code::IdTokenMissing);
    let machine = json!({ "access_token": "a", "token_type": "Bearer", "issued_at": host.seconds(), "version": 1 });
    assert!(create(&host, &client, &machine, USUAL).is_ok());
    let scoped = with(&raw, "scope", json!("users:read"));
    assert!(create(&host, &client, &scoped, USUAL).is_ok());
}

#[test]
fn what_are_no_tokens_is_a_parse_error_that_names_the_member() {
    let (host, client, tokens) = kept();
    for (tokens, word) in [
        (json!({}), "access_token"),
        (with(&tokens, "access_token", json!(7)), "access_token"),
        (with(&tokens, "issued_at", json!("yesterday")), "issued_at"),
        (json!({ "access_token": "a", "token_type": "mac" }), "token_type"),
    ] {
        let error = create(&host, &client, &tokens, USUAL).unwrap_err();
        assert_eq!(error.class(), Class::TokenParse, "{tokens}");
        assert!(error.failure().message.contains(word), "{error}");
    }
}

#[test]
fn a_token_response_is_as_old_as_its_id_token_and_counts_as_due_where_there_is_none() {
    let (host, client, tokens) = kept();
    let at = |seconds: i64| id_token(&host, json!({ "iat": host.seconds() - seconds }));
    let raw = |seconds| {
        json!({ "access_token": "a", "token_type": "bearer", "expires_in": 300, "id_token": at(seconds),
            "refresh_token": tokens["refresh_token"] })
    };
    let young = create(&host, &client, &raw(10), USUAL).unwrap();
    assert_eq!((young.is_due, young.exchanged.tokens.expires_at), (false, Some(host.seconds() + 290)));
    assert!(create(&host, &client, &raw(299), USUAL).unwrap().is_due);
    assert!(create(&host, &client, &raw(301), USUAL).unwrap().is_due);
    let ageless = json!({ "access_token": "a", "token_type": "Bearer", "scope": "users:read" });
    assert!(!create(&host, &client, &ageless, USUAL).unwrap().is_due);
    assert!(create(&host, &client, &with(&ageless, "refresh_token", json!("r")), USUAL).unwrap().is_due);
}

#[test]
fn tokens_that_are_over_and_cannot_be_renewed_are_named_so_unless_renewing_is_off() {
    let (host, client, tokens) = kept();
    host.pass_seconds(TOKEN_LIFETIME + 1);
    let over = with(&tokens, "refresh_token", Value::Null);
    let error = create(&host, &client, &over, USUAL).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::TokenExpired, Code::TokenExpired));
    let ended = with(&tokens, "refresh_expires_at", json!(host.seconds()));
    assert_eq!(code_of(create(&host, &client, &ended, USUAL)), Code::TokenExpired);
    let off = KeptOptions { auto_refresh: false, ..USUAL };
    for tokens in [&over, &tokens] {
        assert!(!create(&host, &client, tokens, off).unwrap().is_due);
    }
    assert!(create(&host, &client, &tokens, USUAL).unwrap().is_due);
    assert_eq!(refreshes(&host), 0);
}

#[test]
fn more_life_than_is_left_makes_tokens_due() {
    let (_, client, tokens) = kept();
    let tokens = token_set(&tokens);
    assert_eq!(client.is_renewal_due(&tokens, 0, false), Ok(false));
    assert_eq!(client.is_renewal_due(&tokens, TOKEN_LIFETIME - 10, false), Ok(false));
    assert_eq!(client.is_renewal_due(&tokens, TOKEN_LIFETIME + 1, false), Ok(true));
    assert_eq!(client.is_renewal_due(&tokens, 0, true), Ok(true));
}

#[test]
fn callers_that_hold_the_same_refresh_token_cost_one_request() {
    let (host, client, tokens) = kept();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (client, tokens) = (client.clone(), token_set(&tokens));
            host.start(async move { client.renew_kept(&tokens).await })
        })
        .collect();
    host.pass_seconds(1);
    let mut access_tokens: Vec<_> = calls
        .iter()
        .map(|call| match call.take().unwrap() {
            Renewed::Fresh(exchanged) => exchanged.tokens.access_token.expose().to_owned(),
            Renewed::Unchanged(error) => panic!("{error}"),
        })
        .collect();
    access_tokens.dedup();
    assert_eq!((access_tokens.len(), refreshes(&host)), (1, 1));
    // Who comes late with the spent token gets what came of it.
    assert!(matches!(host.run(client.renew_kept(&token_set(&tokens))), Ok(Renewed::Fresh(_))));
    assert_eq!(refreshes(&host), 1);
}

#[test]
fn a_failure_that_passes_leaves_living_tokens_good_and_ends_in_a_refresh_error_afterwards() {
    for failure in [
        Err(HttpFailure::Network("offline".to_owned())),
        Ok(answer(503, &json!({}))),
        Ok(crate::simulated::html(200)),
        Err(HttpFailure::Timeout),
    ] {
        let (host, client, tokens) = kept();
        let tokens = token_set(&tokens);
        host.provider.plan(TOKEN, failure.clone());
        let Renewed::Unchanged(error) = host.run(client.renew_kept(&tokens)).unwrap() else { panic!("{failure:?}") };
        assert_eq!((error.class(), error.failure().recovery), (Class::Refresh, Recovery::Retry), "{failure:?}");
        host.pass_seconds(TOKEN_LIFETIME + 1);
        host.provider.plan(TOKEN, failure);
        let error = host.run(client.renew_kept(&tokens)).unwrap_err();
        assert_eq!((error.class(), error.failure().recovery), (Class::Refresh, Recovery::Retry));
        assert_eq!(refreshes(&host), 2);
    }
}

#[test]
fn a_refusal_is_a_refresh_error_even_while_the_access_token_lives() {
    let (host, client, tokens) = kept();
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    let error = host.run(client.renew_kept(&token_set(&tokens))).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Refresh, Code::InvalidGrant));
    assert_eq!(error.failure().recovery, Recovery::Reauthenticate);
}

#[test]
fn renewed_tokens_of_somebody_else_are_refused_x31() {
    let (host, client, tokens) = kept();
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    assert_eq!(code_of(host.run(client.renew_kept(&token_set(&tokens)))), Code::SubjectMismatch);
}

#[test]
fn adopted_tokens_are_the_session_stored_and_told() {
    let (elsewhere, _, tokens) = kept();
    let mut host = SimulatedHost::page();
    host.provider = elsewhere.provider;
    let client = host.created();
    let made = create(&host, &client, &tokens, USUAL).unwrap();
    host.run(client.adopt((*made.exchanged.tokens).clone())).unwrap();
    assert_eq!(client.agent().unwrap().id, "usr_1");
    assert_eq!(host.reasons(EventKind::SignedIn), [None]);
    let client = host.reloaded().created();
    assert_eq!(client.session().unwrap().tokens.to_json(), token_set(&tokens).to_json());
}

#[test]
fn nothing_is_adopted_where_many_people_are_served_x38() {
    let (host, client, tokens) = kept();
    assert_eq!(code_of(host.run(client.adopt(token_set(&tokens)))), Code::NoAmbientSession);
}

#[test]
fn options_are_named_when_they_are_wrong() {
    let (_, client, _) = kept();
    let read = |text: &str| KeptOptions::from_json(&parse_object(text.as_bytes()).unwrap(), client.options());
    assert_eq!(read("{}"), Ok(USUAL));
    assert_eq!(read(r#"{"verify":"claims"}"#), Ok(CLAIMS_ONLY));
    assert_eq!(read(r#"{"verify":"nothing"}"#).unwrap_err().code(), Code::InvalidOption);
    assert_eq!(read(r#"{"verifySignature":false}"#).unwrap_err().code(), Code::UnknownOption);
}

#[test]
fn an_id_token_that_only_a_renewal_brought_is_verified_as_the_first_one() {
    let renewed_with = |id_token: Value| {
        let (host, client, tokens) = kept();
        let bare = with(&with(&tokens, "id_token", Value::Null), "scope", json!("api"));
        let answer = json!({ "access_token": "a", "token_type": "Bearer", "refresh_token": "r", "id_token": id_token });
        host.provider.plan(TOKEN, Ok(crate::simulated::answer(200, &answer)));
        host.run(client.renew_kept(&token_set(&bare)))
    };
    let (host, ..) = kept();
    let Ok(Renewed::Fresh(renewed)) = renewed_with(id_token(&host, json!({}))) else { panic!("it is a good one") };
    assert_eq!(renewed.agent.id, "usr_1");
    let forged = sign("k1", &json!({ "iss": ISSUER, "sub": "usr_9", "aud": "spa", "iat": 1, "exp": 2 }), true);
    assert_eq!(code_of(renewed_with(forged.into())), Code::SignatureInvalid);
    assert_eq!(code_of(renewed_with(id_token(&host, json!({ "aud": "other" })))), Code::AudienceMismatch);
}
