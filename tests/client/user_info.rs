//! Claims from the userinfo endpoint (OIDC Core 5.3): only those of whom the ID token speaks of.

use crate::simulated::{
    DISCOVERY, ISSUER, SimulatedHost, TOKEN, USER_INFO, answer, code_of, metadata, refreshes, refusal, sign,
};
use serde_json::{Value, json};
use wasm_oidc::client::Client;
use wasm_oidc::error::{Class, Code};
use wasm_oidc::protocol::http::HttpResponse;

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    (host, client)
}

fn jwt(token: &str) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/jwt".to_owned())];
    HttpResponse { status: 200, headers, body: token.as_bytes().to_vec() }
}

#[test]
fn the_claims_of_who_is_signed_in_come_with_organizations_read() {
    let (host, client) = signed_in();
    let organizations = json!([{ "id": "org_x", "scopes": ["users:read"] }, { "scopes": ["*:**"] }]);
    let claims = json!({ "sub": "usr_1", "__proto__": { "a": 1 }, "organizations": organizations });
    host.provider.plan(USER_INFO, Ok(answer(200, &claims)));
    let told = host.run(client.user_info(None)).unwrap();
    assert_eq!(told.claims.to_string(), claims.to_string());
    assert_eq!(told.organizations.len(), 1);
    assert_eq!(told.organizations[0].scopes, ["users:read"]);
    let access_token = client.session().unwrap().tokens.access_token.expose().to_owned();
    assert_eq!(*host.provider.credentials.borrow(), [format!("Bearer {access_token}")]);
}

#[test]
fn claims_of_somebody_else_are_refused_with_both_subjects_c15_x32() {
    let (host, client) = signed_in();
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    let error = host.run(client.user_info(None)).unwrap_err();
    assert_eq!((error.class(), error.failure().actual.as_deref()), (Class::SubjectMismatch, Some("usr_2")));
    assert_eq!(error.failure().expected.as_deref(), Some("usr_1"));
    host.provider.plan(USER_INFO, Ok(answer(200, &json!({ "name": "Ada" }))));
    assert_eq!(code_of(host.run(client.user_info(None))), Code::MissingClaim);
    assert!(client.session().is_some());
}

#[test]
fn a_token_that_the_endpoint_does_not_take_is_renewed_once() {
    let (host, client) = signed_in();
    let before = client.session().unwrap().tokens.access_token.expose().to_owned();
    host.provider.ended.borrow_mut().push(before.clone());
    assert!(host.run(client.user_info(None)).is_ok());
    assert_eq!((refreshes(&host), host.provider.count(USER_INFO)), (1, 2));
    assert_ne!(client.session().unwrap().tokens.access_token.expose(), before);

    for _ in 0..2 {
        host.provider.plan(USER_INFO, Ok(answer(401, &json!({ "error": "invalid_token" }))));
    }
    assert_eq!(code_of(host.run(client.user_info(None))), Code::InvalidToken);
    assert_eq!((refreshes(&host), host.provider.count(USER_INFO)), (2, 4));
}

#[test]
fn nothing_is_renewed_for_another_refusal_or_where_renewing_is_off_or_cannot_be() {
    let (host, client) = signed_in();
    host.provider.plan(USER_INFO, Ok(answer(403, &json!({ "error": "insufficient_scope" }))));
    assert_eq!(host.run(client.user_info(None)).unwrap_err().class(), Class::InsufficientScope);
    assert_eq!(refreshes(&host), 0);

    for (options, gives_none) in [(json!({ "autoRefresh": false }), false), (json!({}), true)] {
        let host = SimulatedHost::page();
        host.provider.gives_no_refresh_token.set(gives_none);
        let client = host.client_with(options);
        host.run(client.restore()).unwrap();
        host.sign_in(&client);
        host.provider.plan(USER_INFO, Ok(answer(401, &json!({}))));
        assert_eq!(code_of(host.run(client.user_info(None))), Code::InvalidToken);
        assert_eq!((refreshes(&host), host.provider.count(USER_INFO)), (0, 1));
    }
}

#[test]
fn a_refused_refresh_behind_a_401_ends_the_session() {
    let (host, client) = signed_in();
    host.provider.plan(USER_INFO, Ok(answer(401, &json!({}))));
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    assert_eq!(code_of(host.run(client.user_info(None))), Code::SessionExpired);
    assert!(client.session().is_none());
}

#[test]
fn a_signed_answer_is_verified_with_the_keys_of_the_provider_x32() {
    let claims = |more: Value| {
        let mut claims = json!({ "sub": "usr_1", "iss": ISSUER, "aud": "spa" });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let (host, client) = signed_in();
    host.provider.plan(USER_INFO, Ok(jwt(&sign("k1", &claims(json!({ "name": "Ada" })), false))));
    let told = host.run(client.user_info(None)).unwrap();
    assert_eq!(told.claims.string("name").unwrap(), Some("Ada"));

    let good = sign("k1", &claims(json!({})), false);
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for (token, code) in [
        (sign("k1", &claims(json!({})), true), Code::SignatureInvalid),
        (unsigned, Code::AlgNotAllowed),
        (sign("k1", &claims(json!({ "iss": "https://other.example" })), false), Code::IssuerMismatch),
        (sign("k1", &claims(json!({ "aud": "other" })), false), Code::AudienceMismatch),
        (sign("k1", &claims(json!({ "sub": "usr_2" })), false), Code::SubjectMismatch),
        (format!("{good}.x.y"), Code::MalformedToken),
    ] {
        host.provider.plan(USER_INFO, Ok(jwt(&token)));
        assert_eq!(code_of(host.run(client.user_info(None))), code);
    }
}

#[test]
fn the_algorithms_of_signed_answers_are_those_that_the_metadata_lists_for_them_j1_x32() {
    let host = SimulatedHost::page();
    let mut listed = metadata();
    listed["userinfo_signing_alg_values_supported"] = json!(["none", "ES256"]);
    host.provider.plan(DISCOVERY, Ok(answer(200, &listed)));
    let client = host.created();
    host.sign_in(&client);
    host.provider.plan(USER_INFO, Ok(jwt(&sign("k1", &json!({ "sub": "usr_1" }), false))));
    assert_eq!(code_of(host.run(client.user_info(None))), Code::AlgNotAllowed);
}

#[test]
fn tokens_of_the_callers_own_need_no_session_and_are_not_renewed() {
    let (host, client) = signed_in();
    let tokens = client.session().unwrap().tokens.clone();
    let mut server = SimulatedHost::process();
    server.provider = host.provider.clone();
    let client = server.client();
    assert!(server.run(client.user_info(Some(&tokens))).is_ok());
    assert_eq!(code_of(server.run(client.user_info(None))), Code::NoAmbientSession);
    host.provider.ended.borrow_mut().push(tokens.access_token.expose().to_owned());
    assert_eq!(code_of(server.run(client.user_info(Some(&tokens)))), Code::InvalidToken);
    assert_eq!(refreshes(&host), 0);
}

#[test]
fn a_plain_oauth_provider_names_nobody_and_its_claims_are_taken_as_they_are() {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "type": "oauth2", "scopes": "user" }));
    host.provider.plan("/.well-known/oauth-authorization-server", Ok(answer(200, &metadata())));
    host.run(client.restore()).unwrap();
    host.sign_in(&client);
    host.provider.plan(USER_INFO, Ok(answer(200, &json!({ "login": "ada" }))));
    assert_eq!(host.run(client.user_info(None)).unwrap().claims.to_string(), r#"{"login":"ada"}"#);
}

#[test]
fn a_provider_without_the_endpoint_is_named() {
    let host = SimulatedHost::page();
    let mut metadata = metadata();
    metadata.as_object_mut().unwrap().remove("userinfo_endpoint");
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata)));
    let client = host.created();
    host.sign_in(&client);
    assert_eq!(code_of(host.run(client.user_info(None))), Code::EndpointMissing);
}
