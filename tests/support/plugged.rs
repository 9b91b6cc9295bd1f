//! An app that plugs functions of its own into a client.

#![allow(dead_code, reason = "each test file uses a part")]

use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, pending, ready};
use serde_json::{Value, json};
use wasm_oidc::client::{AppClientAuthentication, AppHooks, Client, ClientOptions, PlugIns};
use wasm_oidc::error::{Code, Error, Result};
use wasm_oidc::ports::Page;
use wasm_oidc::protocol::http::HttpRequest;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::secret::Secret;

use crate::simulated::{ISSUER, REDIRECT_URI, SimulatedHost, here_only};

/// A function of the app's that makes something of a request.
pub type Makes = Box<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, Result<HttpRequest>>>;

pub struct Plugged(pub Makes);

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

pub fn at_once(make: impl Fn(HttpRequest) -> HttpRequest + 'static) -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(move |request| Box::pin(ready(Ok(make(request)))))))
}

pub fn never() -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(|_| Box::pin(pending()))))
}

pub fn failing() -> Rc<Plugged> {
    Rc::new(Plugged(Box::new(|_| Box::pin(ready(Err(Error::new(Code::PlugInFailed, "the vault is closed")))))))
}

pub fn with_field(request: HttpRequest, field: &str) -> HttpRequest {
    let body = request.body.as_ref().map(|body| format!("{}&{field}", body.expose()));
    HttpRequest { body: body.map(Secret::new), ..request }
}

pub fn authenticating(app: Rc<Plugged>) -> PlugIns {
    PlugIns { client_authentication: Some(app), ..PlugIns::default() }
}

pub fn hooked(app: Rc<dyn AppHooks>) -> PlugIns {
    PlugIns { hooks: Some(app), ..PlugIns::default() }
}

pub fn client_with(host: &SimulatedHost, plug_ins: PlugIns, more: Value) -> Result<Client<SimulatedHost>> {
    let mut options = json!({ "issuer": ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI, "storage": "session" });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    let options = parse_object(options.to_string().as_bytes()).unwrap();
    let options = ClientOptions::from_json(&options, host.location().is_some())?;
    Client::with_plug_ins(host.clone(), options, plug_ins)
}

pub fn signed_in(plug_ins: PlugIns, more: Value) -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = client_with(&host, plug_ins, more).unwrap();
    host.sign_in(&client);
    (host, client)
}

/// Every job that asks the provider for something.
pub fn do_everything(host: &SimulatedHost, client: &Client<SimulatedHost>) {
    host.run(client.refresh()).unwrap();
    host.run(client.user_info(None)).unwrap();
    host.run(client.sign_out(&here_only())).unwrap();
}

pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The paths of the requests whose form holds the field.
pub fn paths_with_field(host: &SimulatedHost, field: &str) -> Vec<String> {
    let seen = host.provider.seen.borrow();
    let with_it = seen.iter().filter(|request| request.body.as_ref().is_some_and(|body| body.expose().contains(field)));
    with_it.map(|request| request.url.strip_prefix(ISSUER).unwrap().to_owned()).collect()
}
