//! What an app plugs in, as Rust traits: client authentication, hooks, headers and a log of its own.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "support/simulated/mod.rs"]
mod simulated;

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, pending, ready};
use serde_json::{Value, json};
use simulated::{
    DISCOVERY, INTROSPECT, ISSUER, KEYS, REDIRECT_URI, REVOKE, SimulatedHost, TOKEN, USER_INFO, answer, code_of,
    here_only, metadata, refreshes,
};
use wasm_oidc::client::{AppClientAuthentication, AppHooks, AppLogger, Client, ClientOptions, PlugIns};
use wasm_oidc::error::{Class, Code, Error, Result};
use wasm_oidc::ports::{HttpFailure, Page};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse, Method};
use wasm_oidc::protocol::json::{Object, parse_object};
use wasm_oidc::protocol::purpose::Purpose;
use wasm_oidc::protocol::secret::Secret;

/// A function of the app's that makes something of a request.
type Makes = Box<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, Result<HttpRequest>>>;

struct Plugged(Makes);

impl AppClientAuthentication for Plugged {
    fn authenticate(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>> {
        (self.0)(request)
    }
}

impl AppHooks for Plugged {
    fn on_request(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>> {
        (self.0)(request)
    }
}

fn at_once(make: impl Fn(HttpRequest) -> HttpRequest + 'static) -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(move |request| Box::pin(ready(Ok(make(request)))))))
}

fn never() -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(|_| Box::pin(pending()))))
}

fn failing() -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(|_| Box::pin(ready(Err(Error::new(Code::PlugInFailed, "the vault is closed")))))))
}

fn with_field(request: HttpRequest, field: &str) -> HttpRequest {
    let body = request.body.as_ref().map(|body| format!("{}&{field}", body.expose()));
    HttpRequest { body: body.map(Secret::new), ..request }
}

fn authenticating(app: Rc<Plugged>) -> PlugIns {
    PlugIns { client_authentication: Some(app), ..PlugIns::default() }
}

fn hooked(app: Rc<dyn AppHooks>) -> PlugIns {
    PlugIns { hooks: Some(app), ..PlugIns::default() }
}

fn client_with(host: &SimulatedHost, plug_ins: PlugIns, more: Value) -> Result<Client<SimulatedHost>> {
    let mut options = json!({ "issuer": ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI, "storage": "session" });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    let options = parse_object(options.to_string().as_bytes()).unwrap();
    let options = ClientOptions::from_json(&options, host.location().is_some())?;
    Client::with_plug_ins(host.clone(), options, plug_ins)
}

fn signed_in(plug_ins: PlugIns, more: Value) -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = client_with(&host, plug_ins, more).unwrap();
    host.sign_in(&client);
    (host, client)
}

/// Every job that asks the provider for something.
fn do_everything(host: &SimulatedHost, client: &Client<SimulatedHost>) {
    host.run(client.refresh()).unwrap();
    host.run(client.user_info(None)).unwrap();
    host.run(client.sign_out(&here_only())).unwrap();
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The paths of the requests whose form holds the field.
fn paths_with_field(host: &SimulatedHost, field: &str) -> Vec<String> {
    let seen = host.provider.seen.borrow();
    let with_it = seen.iter().filter(|request| request.body.as_ref().is_some_and(|body| body.expose().contains(field)));
    with_it.map(|request| request.url.strip_prefix(ISSUER).unwrap().to_owned()).collect()
}

#[test]
fn the_apps_own_client_authentication_is_asked_wherever_the_client_authenticates() {
    let (host, client) =
        signed_in(authenticating(at_once(|request| with_field(request, "client_assertion=made"))), json!({}));
    let token = client.session().unwrap().tokens.access_token.expose().to_owned();
    host.run(client.introspect(&token, None)).unwrap();
    do_everything(&host, &client);
    assert_eq!(paths_with_field(&host, "client_assertion=made"), [TOKEN, INTROSPECT, TOKEN, REVOKE, REVOKE]);
}

#[test]
fn client_authentication_may_bring_a_header_and_say_the_client_id_elsewhere() {
    let app = at_once(|request| {
        let body = request.body.as_ref().unwrap().expose().replace("&client_id=spa", "");
        HttpRequest { body: Some(Secret::new(body)), ..request }.with_header("Authorization", "Custom proof")
    });
    let host = SimulatedHost::page();
    let client = client_with(&host, authenticating(app), json!({})).unwrap();
    let url = host.begin(&client);
    host.provider.plan(TOKEN, Ok(answer(400, &json!({ "error": "invalid_client" }))));
    assert_eq!(code_of(host.come_back(&client, &url)), Code::InvalidClient);
    let seen = host.provider.seen.borrow();
    let request = seen.iter().find(|request| request.purpose == Purpose::Token).unwrap();
    assert_eq!(header(request, "authorization"), Some("Custom proof"));
    assert!(!request.body.as_ref().unwrap().expose().contains("client_id"));
}

#[test]
fn a_function_that_changes_more_of_a_request_than_it_may_is_refused_and_nothing_is_sent() {
    type Change = fn(HttpRequest) -> HttpRequest;
    fn body(request: HttpRequest, from: &str, to: &str) -> HttpRequest {
        let body = request.body.as_ref().unwrap().expose().replace(from, to);
        HttpRequest { body: Some(Secret::new(body)), ..request }
    }
    let changes: [(&str, Change, Code); 12] = [
        ("the URL", |it| HttpRequest { url: "https://evil.example/".to_owned(), ..it }, Code::PlugInAnswer),
        ("the method", |it| HttpRequest { method: Method::Get, ..it }, Code::PlugInAnswer),
        ("no body", |it| HttpRequest { body: None, ..it }, Code::PlugInAnswer),
        ("the grant", |it| body(it, "authorization_code", "password"), Code::PlugInAnswer),
        ("the verifier gone", |it| body(it, "code_verifier", "x"), Code::PlugInAnswer),
        ("a second code", |it| with_field(it, "code=other"), Code::PlugInAnswer),
        ("another client", |it| body(it, "client_id=spa", "client_id=other"), Code::PlugInAnswer),
        ("a scope", |it| with_field(it, "scope=admin"), Code::PlugInAnswer),
        ("the content type", |it| it.with_header("content-type", "text/plain"), Code::ReservedParameter),
        ("a DPoP proof", |it| it.with_header("dpop", "x"), Code::ReservedParameter),
        ("a cookie", |it| it.with_header("cookie", "a=b"), Code::InvalidOption),
        ("two lines", |it| it.with_header("authorization", "a\r\nx: y"), Code::InvalidOption),
    ];
    for (what, change, code) in changes {
        let host = SimulatedHost::page();
        let client = client_with(&host, authenticating(at_once(change)), json!({})).unwrap();
        let url = host.begin(&client);
        let error = host.come_back(&client, &url).err().unwrap();
        assert_eq!((error.class(), error.code()), (Class::Configuration, code), "{what}");
        assert_eq!(host.provider.count(TOKEN), 0, "{what}");
    }
}

#[test]
fn a_function_that_never_settles_is_given_up_and_leaves_the_refresh_token_unspent() {
    for plug_ins in [authenticating(never()), hooked(never())] {
        let (host, _) = signed_in(PlugIns::default(), json!({}));
        let stuck = client_with(&host, plug_ins, json!({})).unwrap();
        host.run(stuck.restore()).unwrap();
        let before = host.executor.milliseconds();
        let error = host.run(stuck.refresh()).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::Refresh, Code::Timeout));
        assert!((10_000..11_000).contains(&(host.executor.milliseconds() - before)));
        assert_eq!(refreshes(&host), 0);
        // Nobody waits for an answer that cannot come.
        let healthy = host.created();
        let before = host.executor.milliseconds();
        host.run(healthy.refresh()).unwrap();
        assert!(host.executor.milliseconds() - before < 5000);
        assert_eq!(refreshes(&host), 1);
    }
}

#[test]
fn a_function_has_no_more_time_than_the_request_it_adds_to() {
    let host = SimulatedHost::page();
    let client = client_with(&host, hooked(never()), json!({ "timeoutSeconds": 2 })).unwrap();
    let error = host.run(client.discover(false)).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Timeout, Code::Timeout));
    assert_eq!((host.executor.milliseconds(), host.provider.requests()), (2000, 0));
    assert!(error.to_string().contains("onRequest"));
}

#[test]
fn a_function_that_fails_ends_the_job_and_not_the_session() {
    let (host, _) = signed_in(PlugIns::default(), json!({}));
    let client = client_with(&host, authenticating(failing()), json!({})).unwrap();
    host.run(client.restore()).unwrap();
    let error = host.run(client.refresh()).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Configuration, Code::PlugInFailed));
    assert!(client.session().is_some());
    assert_eq!(refreshes(&host), 0);
}

#[test]
fn a_secret_beside_a_function_that_authenticates_is_refused() {
    let host = SimulatedHost::process();
    let made = client_with(&host, authenticating(failing()), json!({ "clientSecret": "canary" }));
    let error = made.err().unwrap();
    assert_eq!(error.code(), Code::InvalidOption);
    assert!(!error.to_string().contains("canary"));
}

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
    let _ = USER_INFO;
}

#[test]
fn a_client_secret_goes_into_the_form_where_the_provider_lists_that_alone() {
    for (listed, is_post) in
        [(json!(["client_secret_post"]), true), (json!(["client_secret_basic", "client_secret_post"]), false)]
    {
        let host = SimulatedHost::process();
        let mut document = metadata();
        document["token_endpoint_auth_methods_supported"] = listed;
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        let client = client_with(&host, PlugIns::default(), json!({ "clientSecret": "canary" })).unwrap();
        host.run(client.introspect("token", None)).unwrap();
        assert_eq!(paths_with_field(&host, "client_secret=canary").len(), usize::from(is_post));
        let seen = host.provider.seen.borrow();
        assert_eq!(header(seen.last().unwrap(), "authorization").is_some(), !is_post);
    }
}
