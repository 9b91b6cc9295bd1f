//! Answers of the token endpoint with one thing wrong: nothing of them is kept, and nothing is asked for with them.

use crate::simulated::{ISSUER, SimulatedHost, TOKEN, TOKEN_LIFETIME, USER_INFO, answer, code_of, sign};
use serde_json::{Value, json};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind};
use wasm_oidc::protocol::http::HttpResponse;

fn tokens(host: &SimulatedHost, changes: &Value) -> HttpResponse {
    let now = host.seconds();
    let mut claims = json!({ "iss": ISSUER, "sub": "usr_1", "aud": "spa", "iat": now, "exp": now + TOKEN_LIFETIME });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    answer(
        200,
        &json!({
            "access_token": "canary-access", "token_type": "Bearer", "expires_in": TOKEN_LIFETIME,
            "refresh_token": "canary-refresh", "id_token": sign("k1", &claims, false),
        }),
    )
}

fn everything_stored(host: &SimulatedHost) -> String {
    let areas = [Area::Transactions, Area::Documents, Area::Marks];
    let all = areas.into_iter().flat_map(|area| host.places.all(area)).chain(host.places.all_tokens());
    all.map(|(key, text)| format!("{key}={text}\n")).collect()
}

#[test]
fn with_another_nonce_or_none_all_tokens_of_the_response_are_dropped_b9_c11_x13() {
    for nonce in [json!({ "nonce": "of-another-sign-in" }), json!({})] {
        let host = SimulatedHost::page();
        let client = host.created();
        let response = host.begin(&client);
        host.provider.plan(TOKEN, Ok(tokens(&host, &nonce)));
        let error = host.come_back(&client, &response).unwrap_err();
        assert_eq!(error.code(), Code::NonceMismatch);
        assert!(client.session().is_none() && host.places.all_tokens().is_empty());
        assert!(!everything_stored(&host).contains("canary"));
        assert!(!format!("{error:?} {:?}", host.events.borrow()).contains("canary"));
        assert_eq!((host.reasons(EventKind::SignedIn), host.provider.count(USER_INFO)), (vec![], 0));
    }
}

#[test]
fn renewed_by_another_issuer_or_for_somebody_else_they_end_the_session_and_none_is_left_x31_c16() {
    for (changes, code, reason) in [
        (json!({ "iss": "https://evil.example" }), Code::IssuerMismatch, "verification_failed"),
        (json!({ "sub": "usr_2" }), Code::SubjectMismatch, "subject_changed"),
        (json!({ "aud": "another-app" }), Code::AudienceMismatch, "verification_failed"),
        (json!({ "nonce": "of-another-sign-in" }), Code::NonceMismatch, "verification_failed"),
    ] {
        let host = SimulatedHost::page();
        let client = host.created();
        host.sign_in(&client);
        host.pass_seconds(TOKEN_LIFETIME + 1);
        host.provider.plan(TOKEN, Ok(tokens(&host, &changes)));
        assert_eq!(code_of(host.run(client.refresh())), code, "{changes}");
        assert!(client.session().is_none() && host.places.all_tokens().is_empty(), "{changes}");
        assert_eq!(host.reasons(EventKind::SignedOut), [Some(reason)]);
        assert!(!everything_stored(&host).contains("canary"));
        host.pass_seconds(1);
        let orders = host.provider.orders.borrow();
        assert_eq!(orders[0].0["token"], "canary-refresh", "what came is given back");
    }
}

#[test]
fn an_access_token_is_taken_as_it_is_and_not_looked_into_atj8_o2() {
    let host = SimulatedHost::page();
    let client = host.created();
    let response = host.begin(&client);
    let sent = host.navigations.borrow().last().cloned().unwrap();
    let nonce = url::Url::parse(&sent).unwrap().query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
    let mut body: Value = serde_json::from_slice(&tokens(&host, &json!({ "nonce": nonce })).body).unwrap();
    // It says that it has ended, is of nobody that is known, and signed by nobody.
    let ended =
        sign("nobody", &json!({ "iss": "https://other.example", "sub": "usr_9", "aud": "api", "exp": 1 }), true);
    body["access_token"] = json!(ended);
    host.provider.plan(TOKEN, Ok(answer(200, &body)));
    assert_eq!(host.come_back(&client, &response).unwrap().unwrap().agent.id, "usr_1");
    assert_eq!(host.run(client.access_token(0, false)).unwrap().expose(), ended);
    assert_eq!(crate::simulated::refreshes(&host), 0);
}
