//! Plain OAuth 2.0 providers: no discovery, no ID token, answers in their own way, and who it is from userinfo.

use crate::simulated::{
    ISSUER, REDIRECT_URI, REVOKE, SimulatedHost, TOKEN, USER_INFO, answer, code_of, html, metadata, refreshes,
};
use serde_json::{Value, json};
use wasm_oidc::client::{Client, ClientOptions, Kept, KeptOptions, Renewed, SignInOptions};
use wasm_oidc::error::{Class, Code, Recovery, Result};
use wasm_oidc::ports::{EventKind, HttpFailure};
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::session::TokenSet;

type TestClient = Client<SimulatedHost>;

const USUAL: KeptOptions = KeptOptions { auto_refresh: true, verifies_signature: true };

fn configured(more: Value) -> Value {
    let mut document = metadata();
    for member in ["issuer", "jwks_uri", "authorization_response_iss_parameter_supported"] {
        document.as_object_mut().unwrap().remove(member);
    }
    let mut options = json!({
        "type": "oauth2", "metadata": document, "clientId": "spa", "redirectUri": REDIRECT_URI, "storage": "session",
        "scopes": "repo gist", "identity": { "id": "id", "email": "email", "name": "name", "preferred_username": "login" },
    });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    options
}

fn client_with(host: &SimulatedHost, more: Value) -> TestClient {
    let options = parse_object(configured(more).to_string().as_bytes()).unwrap();
    let client = Client::new(host.clone(), ClientOptions::from_json(&options, true).unwrap()).unwrap();
    host.run(client.restore()).unwrap();
    client
}

fn client(host: &SimulatedHost) -> TestClient {
    client_with(host, json!({}))
}

/// A page at whose provider somebody with this number is.
fn page() -> SimulatedHost {
    let host = SimulatedHost::page();
    *host.provider.in_user_info.borrow_mut() =
        json!({ "id": 583_231, "login": "octocat", "name": "Ada", "email": "ada@example.com" });
    host
}

fn form(body: &str) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    HttpResponse { status: 200, headers, body: body.as_bytes().to_vec() }
}

fn begin(host: &SimulatedHost, client: &TestClient, given: &Value) -> String {
    let given = parse_object(given.to_string().as_bytes()).unwrap();
    let options = SignInOptions::from_json(&given, client.options()).unwrap();
    host.run(client.sign_in_redirect(&options)).unwrap();
    let url = host.navigations.borrow().last().cloned().unwrap();
    assert!(!url.contains("nonce="), "{url}");
    host.provider.authorize(&url).replace("&iss=https%3A%2F%2Fidp.example", "")
}

fn sign_in(host: &SimulatedHost, client: &TestClient, given: &Value) -> Result<()> {
    let url = begin(host, client, given);
    host.come_back(client, &url).map(drop)
}

fn create(host: &SimulatedHost, client: &TestClient, tokens: &Value) -> Result<Kept> {
    host.run(client.create_agent(&parse_object(tokens.to_string().as_bytes()).unwrap(), &USUAL))
}

/// A process of many people, at the same provider.
fn elsewhere(host: &SimulatedHost) -> SimulatedHost {
    let mut other = SimulatedHost::process();
    other.provider = host.provider.clone();
    other
}

fn tokens_of(client: &TestClient) -> Value {
    serde_json::from_str(&client.session().unwrap().tokens.to_json().to_string()).unwrap()
}

#[test]
fn somebody_signs_in_by_a_form_encoded_answer_and_has_a_name_from_userinfo() {
    let host = page();
    let client = client(&host);
    host.provider.plan(TOKEN, Ok(form("access_token=gho_1&scope=repo%2Cgist&token_type=bearer")));
    sign_in(&host, &client, &json!({})).unwrap();
    let session = client.session().unwrap();
    assert_eq!((session.agent.id.as_str(), session.agent.email.as_deref()), ("583231", Some("ada@example.com")));
    let claims = r#"{"email":"ada@example.com","sub":"583231","name":"Ada","preferred_username":"octocat"}"#;
    assert_eq!(session.agent.claims.to_string(), claims);
    assert_eq!(session.tokens.scopes().collect::<Vec<_>>(), ["repo", "gist"]);
    assert_eq!((session.tokens.expires_at, &session.tokens.id_token), (None, &None));
    let seen = host.provider.seen.borrow();
    let accepted = |path: &str| {
        let request = seen.iter().find(|request| request.url == format!("{ISSUER}{path}")).unwrap();
        request.headers.iter().find(|(name, _)| name == "accept").unwrap().1.clone()
    };
    assert_eq!((accepted(TOKEN).as_str(), host.provider.requests()), ("application/json", 2));
    assert!(accepted(USER_INFO).starts_with("application/json"));
}

#[test]
fn a_reload_and_another_tab_know_who_it_is_without_a_request() {
    let host = page();
    let client = client_with(&host, json!({ "storage": "local" }));
    sign_in(&host, &client, &json!({})).unwrap();
    let before = client.agent().unwrap().claims.to_string();
    let asked = host.provider.requests();
    let reloaded = host.reloaded();
    let again = client_with(&reloaded, json!({ "storage": "local" }));
    assert_eq!(again.agent().unwrap().claims.to_string(), before);
    assert_eq!((again.agent().unwrap().id.as_str(), host.provider.requests()), ("583231", asked));
}

#[test]
fn a_refresh_keeps_who_it_is_and_asks_nobody() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    let asked = host.provider.count(USER_INFO);
    // What userinfo says then is not asked.
    *host.provider.in_user_info.borrow_mut() = json!({ "id": 1 });
    host.run(client.refresh()).unwrap();
    assert_eq!((client.agent().unwrap().id.as_str(), refreshes(&host)), ("583231", 1));
    assert_eq!(host.provider.count(USER_INFO), asked);
}

#[test]
fn without_a_mapping_the_agent_stays_nameless_and_userinfo_is_not_asked() {
    let host = page();
    let client = client_with(&host, json!({ "identity": null }));
    sign_in(&host, &client, &json!({})).unwrap();
    let agent = client.agent().unwrap();
    assert_eq!((agent.id.as_str(), agent.email.as_deref(), agent.claims.is_empty()), ("", None, true));
    assert_eq!((host.provider.count(USER_INFO), tokens_of(&client).get("identity")), (0, None));
}

#[test]
fn a_sign_in_of_somebody_unknown_stores_nothing_and_revokes_the_tokens() {
    let unknown = |body: Value| Ok(answer(200, &body));
    for (plan, class, code) in [
        (unknown(json!({ "login": "octocat" })), Class::TokenVerification, Code::MissingClaim),
        (unknown(json!({ "id": [1] })), Class::TokenVerification, Code::InvalidClaim),
        (unknown(json!({ "id": "" })), Class::TokenVerification, Code::InvalidClaim),
        (Ok(html(200)), Class::Provider, Code::InvalidResponse),
        (Ok(answer(401, &json!({ "message": "Bad credentials" }))), Class::Provider, Code::InvalidToken),
        (Ok(answer(503, &json!({}))), Class::Provider, Code::TemporarilyUnavailable),
        (Err(HttpFailure::Network("simulated".to_owned())), Class::Network, Code::NetworkFailure),
        (Err(HttpFailure::Timeout), Class::Timeout, Code::Timeout),
    ] {
        let host = page();
        let client = client(&host);
        host.provider.plan(USER_INFO, plan);
        let error = sign_in(&host, &client, &json!({})).unwrap_err();
        assert_eq!((error.class(), error.code()), (class, code), "{error}");
        assert_ne!(error.failure().recovery, Recovery::Retry, "{error}");
        assert_eq!((client.session().is_none(), host.places.all_tokens()), (true, vec![]), "{error}");
        host.pass_seconds(5);
        assert_eq!((host.provider.count(REVOKE), host.reasons(EventKind::SignedIn)), (2, vec![]), "{error}");
    }
}

#[test]
fn a_provider_without_userinfo_cannot_say_who_it_is() {
    let host = page();
    let mut document = configured(json!({}))["metadata"].clone();
    document.as_object_mut().unwrap().remove("userinfo_endpoint");
    let client = client_with(&host, json!({ "metadata": document }));
    assert_eq!(code_of(sign_in(&host, &client, &json!({}))), Code::EndpointMissing);
}

#[test]
fn a_mapping_has_no_place_where_an_id_token_says_who_it_is() {
    let options = configured(json!({ "type": "oidc", "issuer": ISSUER }));
    let read = ClientOptions::from_json(&parse_object(options.to_string().as_bytes()).unwrap(), true);
    assert_eq!(code_of(read), Code::InvalidOption);
    let options = configured(json!({ "identity": { "email": "email" } }));
    let read = ClientOptions::from_json(&parse_object(options.to_string().as_bytes()).unwrap(), true);
    assert_eq!(code_of(read), Code::InvalidOption);
}

#[test]
fn who_is_expected_is_checked_against_userinfo() {
    let expects = |email: &str| json!({ "expect": { "email": email } });
    let lax = |email: &str| json!({ "expect": { "email": email }, "allowUnverifiedEmail": true });
    for identity in [json!(null), configured(json!({}))["identity"].clone()] {
        let host = page();
        let client = client_with(&host, json!({ "identity": identity }));
        // GitHub says of no address that it is verified.
        assert_eq!(code_of(sign_in(&host, &client, &expects("ada@example.com"))), Code::EmailUnverified);
        assert_eq!(code_of(sign_in(&host, &client, &lax("ben@example.com"))), Code::IdentityMismatch);
        assert!(client.session().is_none());
        sign_in(&host, &client, &lax("ada@example.com")).unwrap();
        assert_eq!(host.provider.count(USER_INFO), 3);
        *host.provider.in_user_info.borrow_mut() = json!({ "id": 583_231, "email": null });
        assert_eq!(code_of(sign_in(&host, &client, &lax("ada@example.com"))), Code::EmailMissing);
        assert_eq!(host.provider.count(USER_INFO), 4);
    }
}

#[test]
fn subject_and_claims_are_those_of_the_mapping() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({ "expect": { "sub": "583231", "claims": { "preferred_username": "octocat" } } }))
        .unwrap();
    for expect in [json!({ "sub": "1" }), json!({ "claims": { "login": "octocat" } })] {
        assert_eq!(code_of(sign_in(&host, &client, &json!({ "expect": expect }))), Code::IdentityMismatch);
    }
    *host.provider.in_user_info.borrow_mut() = json!({ "id": 7 });
    assert_eq!(code_of(sign_in(&host, &client, &json!({ "sameSubject": true }))), Code::SubjectMismatch);
    assert_eq!(client.agent().unwrap().id, "583231");
}

#[test]
fn who_is_nameless_cannot_be_told_from_somebody_else() {
    let host = page();
    let client = client_with(&host, json!({ "identity": null }));
    sign_in(&host, &client, &json!({})).unwrap();
    let options = SignInOptions { same_subject: Some(true), ..SignInOptions::new(client.options()) };
    assert_eq!(code_of(host.run(client.sign_in_redirect(&options))), Code::InvalidOption);
}

#[test]
fn stored_tokens_say_who_it_is_and_others_are_asked_about() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    let mut tokens = tokens_of(&client);
    let asked = host.provider.count(USER_INFO);
    let made = create(&host, &client, &tokens).unwrap();
    assert_eq!((made.exchanged.agent.id.as_str(), host.provider.count(USER_INFO)), ("583231", asked));
    tokens.as_object_mut().unwrap().remove("identity");
    let made = create(&host, &client, &tokens).unwrap();
    assert_eq!((made.exchanged.agent.id.as_str(), host.provider.count(USER_INFO)), ("583231", asked + 1));
    let kept = made.exchanged.tokens.identity.as_ref().unwrap().text("sub").unwrap();
    assert_eq!(kept.as_deref(), Some("583231"));
    // A response as it came, which nothing can renew.
    let response = json!({ "access_token": "gho_1", "token_type": "bearer", "scope": "repo,gist" });
    let made = create(&host, &client, &response).unwrap();
    assert_eq!(
        (made.exchanged.agent.id.as_str(), made.exchanged.tokens.scope.as_deref()),
        ("583231", Some("repo gist"))
    );
    host.provider.plan(USER_INFO, Ok(answer(401, &json!({}))));
    assert_eq!(code_of(create(&host, &client, &response)), Code::InvalidToken);
}

#[test]
fn tokens_that_are_due_are_renewed_before_anybody_is_asked_who_it_is() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    let mut tokens = tokens_of(&client);
    tokens.as_object_mut().unwrap().remove("identity");
    tokens["access_token"] = "of-long-ago".into();
    tokens["expires_at"] = 1.into();
    host.provider.ended.borrow_mut().push("of-long-ago".to_owned());
    let other = elsewhere(&host);
    let client = client_with(&other, json!({ "session": "single-user" }));
    let made = create(&other, &client, &tokens).unwrap();
    assert!(made.is_due);
    let Renewed::Fresh(renewed) = other.run(client.renew_kept(&made.exchanged.tokens)).unwrap() else { panic!() };
    assert_eq!((renewed.agent.id.as_str(), refreshes(&other)), ("583231", 1));
    // Renewed once more, they take along who it is.
    let asked = host.provider.count(USER_INFO);
    let Renewed::Fresh(renewed) = other.run(client.renew_kept(&renewed.tokens)).unwrap() else { panic!() };
    assert_eq!((renewed.agent.id.as_str(), host.provider.count(USER_INFO)), ("583231", asked));
}

#[test]
fn an_answer_that_came_while_userinfo_was_away_is_not_lost() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    let mut tokens = tokens_of(&client);
    tokens.as_object_mut().unwrap().remove("identity");
    let tokens = TokenSet::from_json(&parse_object(tokens.to_string().as_bytes()).unwrap()).unwrap();
    let other = elsewhere(&host);
    let client = client_with(&other, json!({ "session": "single-user" }));
    host.provider.plan(USER_INFO, Err(HttpFailure::Network("simulated".to_owned())));
    assert!(matches!(other.run(client.renew_kept(&tokens)).unwrap(), Renewed::Unchanged(_)));
    other.pass_seconds(300);
    let Renewed::Fresh(renewed) = other.run(client.renew_kept(&tokens)).unwrap() else { panic!() };
    assert_eq!((renewed.agent.id.as_str(), refreshes(&other), host.provider.count(REVOKE)), ("583231", 1, 0));
}

#[test]
fn an_identity_that_somebody_put_beside_an_id_token_or_nothing_names_nobody() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let mut tokens = tokens_of(&client);
    tokens["identity"] = json!({ "sub": "usr_9" });
    assert_eq!(create(&host, &client, &tokens).unwrap().exchanged.agent.id, "usr_1");
    let machine = json!({
        "access_token": "a", "token_type": "Bearer", "scope": "x:read", "issued_at": host.seconds(), "version": 1,
        "identity": { "sub": "usr_9" },
    });
    let made = create(&host, &client, &machine).unwrap().exchanged;
    assert_eq!((made.agent.id.as_str(), &made.tokens.identity), ("", &None));
    let nameless = client_with(&host, json!({ "identity": null }));
    assert_eq!(create(&host, &nameless, &machine).unwrap().exchanged.agent.id, "");
}

#[test]
fn claims_of_the_endpoint_are_those_of_who_signed_in() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    assert_eq!(host.run(client.user_info(None)).unwrap().claims.text("login").unwrap().as_deref(), Some("octocat"));
    *host.provider.in_user_info.borrow_mut() = json!({ "id": 7 });
    let error = host.run(client.user_info(None)).unwrap_err();
    assert_eq!((error.code(), error.failure().actual.as_deref()), (Code::SubjectMismatch, Some("7")));
}

#[test]
fn a_refresh_token_that_is_refused_with_status_200_ends_the_session() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    host.provider.plan(TOKEN, Ok(form("error=bad_refresh_token&error_description=It+is+expired.")));
    let error = host.run(client.refresh()).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Refresh, Code::InvalidGrant));
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("invalid_grant")]);
}

#[test]
fn an_error_with_status_200_is_an_answer_after_which_the_refresh_token_is_as_good_as_before() {
    let host = page();
    let client = client(&host);
    sign_in(&host, &client, &json!({})).unwrap();
    host.provider.plan(TOKEN, Ok(form("error=incorrect_client_credentials")));
    assert_eq!(code_of(host.run(client.refresh())), Code::InvalidClient);
    host.pass_seconds(300);
    host.provider.plan(TOKEN, Ok(form("error=bad_refresh_token")));
    // Not `refresh_outcome_lost`: no answer was lost.
    assert_eq!(code_of(host.run(client.refresh())), Code::InvalidGrant);
}
