//! Headers, hooks and a log of the app's own, as Rust traits: which requests they reach, what they see, and what nobody
//! sees.

use std::cell::RefCell;
use std::rc::Rc;

use crate::plugged::{at_once, client_with, do_everything, header, hooked, signed_in, with_field};
use crate::simulated::{DISCOVERY, ISSUER, KEYS, SimulatedHost, TOKEN, code_of};
use serde_json::{Value, json};
use wasm_oidc::client::{AppHooks, AppLogger, PlugIns};
use wasm_oidc::error::Code;
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::json::Object;
use wasm_oidc::protocol::purpose::Purpose;

#[test]
fn headers_of_the_app_go_with_every_request_to_the_provider() {
    let (host, client) = signed_in(PlugIns::default(), json!({ "headers": { "X-Key": "k 1" } }));
    do_everything(&host, &client);
    let seen = host.provider.seen.borrow();
    let purposes: Vec<_> = seen.iter().map(|request| request.purpose.as_str()).collect();
    for purpose in ["discovery", "keys", "token", "userinfo", "revocation"] {
        assert!(purposes.contains(&purpose), "{purpose} in {purposes:?}");
    }
    assert!(seen.iter().all(|request| header(request, "x-key") == Some("k 1")));
}

#[test]
fn a_hook_adds_and_replaces_headers_of_the_apps_alone() {
    let hooks = at_once(|request| request.with_header("X-Key", "new").with_header("traceparent", "00-1"));
    let (host, client) = signed_in(hooked(hooks), json!({ "headers": { "x-key": "old" } }));
    do_everything(&host, &client);
    for request in host.provider.seen.borrow().iter() {
        let keys = request.headers.iter().filter(|(name, _)| name == "x-key").collect::<Vec<_>>();
        assert_eq!(keys, [&("x-key".to_owned(), "new".to_owned())]);
        assert_eq!(header(request, "traceparent"), Some("00-1"));
    }
    let reserved = |name: &'static str| {
        let host = SimulatedHost::page();
        let client = client_with(&host, hooked(at_once(move |it| it.with_header(name, "x"))), json!({})).unwrap();
        code_of(host.run(client.discover(false)))
    };
    assert_eq!(reserved("authorization"), Code::ReservedParameter);
    assert_eq!(reserved("accept"), Code::ReservedParameter);
    assert_eq!(reserved("cookie"), Code::InvalidOption);
}

#[test]
fn a_hook_may_not_touch_a_form() {
    let host = SimulatedHost::page();
    let hooks = at_once(|request| if request.body.is_some() { with_field(request, "a=b") } else { request });
    let client = client_with(&host, hooked(hooks), json!({})).unwrap();
    let url = host.begin(&client);
    assert_eq!(code_of(host.come_back(&client, &url)), Code::PlugInAnswer);
    assert_eq!(host.provider.count(TOKEN), 0);
}

#[derive(Default)]
struct Looks(RefCell<Vec<(Purpose, u16, String)>>);

impl AppHooks for Looks {
    fn on_response(&self, request: &HttpRequest, response: &HttpResponse) {
        let body = String::from_utf8(response.body.clone()).unwrap();
        self.0.borrow_mut().push((request.purpose, response.status, body));
    }
}

#[test]
fn a_hook_that_looks_sees_answers_as_they_are() {
    let looks = Rc::new(Looks::default());
    let (_, client) = signed_in(hooked(Rc::clone(&looks) as Rc<dyn AppHooks>), json!({}));
    let token = client.session().unwrap().tokens.access_token.expose().to_owned();
    let looked = looks.0.borrow();
    let (_, status, body) = looked.iter().find(|(purpose, ..)| *purpose == Purpose::Token).unwrap();
    assert!(*status == 200 && body.contains(&token));
}

#[derive(Default)]
struct Log(RefCell<Vec<Value>>);

impl AppLogger for Log {
    fn log(&self, event: Object) {
        self.0.borrow_mut().push(serde_json::from_str(&event.to_string()).unwrap());
    }
}

fn logged(log: &Rc<Log>) -> PlugIns {
    PlugIns { logger: Some(Rc::clone(log) as Rc<dyn AppLogger>), ..PlugIns::default() }
}

#[test]
fn each_request_and_its_answer_are_told_under_one_id_without_their_secrets_x26() {
    let log = Rc::new(Log::default());
    let (host, client) = signed_in(logged(&log), json!({ "headers": { "x-key": "canary-key" } }));
    let tokens = client.session().unwrap().tokens.clone();
    do_everything(&host, &client);
    let events = log.0.borrow();
    assert_eq!(events.len(), 2 * host.provider.requests());
    for event in events.iter().filter(|event| event["type"] == "request") {
        let answers = events.iter().filter(|other| other["type"] == "response" && other["id"] == event["id"]);
        let answers: Vec<_> = answers.collect();
        assert_eq!(answers.len(), 1);
        assert_eq!((&answers[0]["purpose"], &answers[0]["url"]), (&event["purpose"], &event["url"]));
        assert!(answers[0]["durationMs"].as_i64().unwrap() >= 0 && answers[0]["status"] == 200);
    }
    let token = events.iter().find(|event| event["purpose"] == "token").unwrap();
    assert_eq!((&token["method"], &token["body"]["grant_type"]), (&json!("POST"), &json!("authorization_code")));
    assert_eq!((&token["body"]["code"], &token["headers"]["x-key"]), (&json!("[redacted]"), &json!("[redacted]")));
    let all = json!(*events).to_string();
    let mut secrets = vec!["canary-key", tokens.access_token.expose(), tokens.id_token.as_ref().unwrap().expose()];
    secrets.push(tokens.refresh_token.as_ref().unwrap().expose());
    let forms = host.provider.forms.borrow();
    secrets.extend(["code", "code_verifier"].map(|name| forms[0][name].as_str()));
    for secret in secrets {
        assert!(!all.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_request_without_an_answer_is_told_as_a_failure_in_words() {
    let log = Rc::new(Log::default());
    let host = SimulatedHost::page();
    host.provider.plan(DISCOVERY, Err(HttpFailure::Timeout));
    let client = client_with(&host, logged(&log), json!({})).unwrap();
    let error = host.run(client.discover(false)).unwrap_err();
    let events = log.0.borrow();
    let failure = &events[1];
    assert_eq!((&failure["type"], &failure["purpose"]), (&json!("failure"), &json!("discovery")));
    assert_eq!(failure["error"]["code"], "timeout");
    assert_eq!(failure["error"]["message"].as_str().unwrap(), error.failure().message);
    assert_eq!(failure["id"], events[0]["id"]);
}

#[test]
fn keys_are_shown_by_their_names_and_metadata_by_its_endpoints() {
    let log = Rc::new(Log::default());
    signed_in(logged(&log), json!({}));
    let events = log.0.borrow();
    let body = |purpose: &str| {
        let answer = |event: &&Value| event["type"] == "response" && event["purpose"] == purpose;
        events.iter().find(answer).unwrap()["body"].clone()
    };
    assert_eq!(body("keys")["keys"][0]["kid"], "k1");
    assert_eq!(body("discovery")["jwks_uri"], format!("{ISSUER}{KEYS}"));
    assert_eq!(body("token")["token_type"], "Bearer");
}
