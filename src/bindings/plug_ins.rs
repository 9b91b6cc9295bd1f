//! The functions that an app plugs in, as the traits of the client. The wrapper has made them ready: what is asked gives
//! JSON text or nothing, what is told only queues.

use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, ready};
use js_sys::Function;

use super::claim_mapping::claim_mapping;
use super::record::{Record, to_js};
use crate::client::additions::{fault_of, no_addition};
use crate::client::{AppClientAuthentication, AppHooks, AppLogger, PlugIns};
use crate::error::{Code, Result};
use crate::host::App;
use crate::protocol::form::append_pairs;
use crate::protocol::http::{HttpRequest, HttpResponse};
use crate::protocol::json::{Json, Object, parse_object};
use crate::protocol::secret::Secret;

/// What the app plugs in.
pub(super) fn plug_ins(app: &App) -> PlugIns {
    let hooks = Hooks { on_request: app.function("onRequest"), on_response: app.function("onResponse") };
    let has_hooks = hooks.on_request.is_some() || hooks.on_response.is_some();
    PlugIns {
        client_authentication: app.function("clientAuth").map(|function| Rc::new(ClientAuth(function)) as Rc<_>),
        hooks: has_hooks.then(|| Rc::new(hooks) as Rc<_>),
        logger: app.function("logger").map(|function| Rc::new(Logger(function)) as Rc<_>),
        claim_mapping: claim_mapping(app),
    }
}

struct ClientAuth(Function);

impl AppClientAuthentication for ClientAuth {
    fn authenticate(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>> {
        Box::pin(ask(&self.0, "clientAuth", request))
    }
}

struct Hooks {
    on_request: Option<Function>,
    on_response: Option<Function>,
}

impl AppHooks for Hooks {
    fn on_request(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>> {
        match &self.on_request {
            Some(function) => Box::pin(ask(function, "onRequest", request)),
            None => Box::pin(ready(Ok(request))),
        }
    }

    fn on_response(&self, request: &HttpRequest, response: &HttpResponse) {
        let Some(function) = &self.on_response else { return };
        let mut record = begin(request, &response.headers);
        record.number("status", Some(response.status.into()));
        record.text("body", Some(&String::from_utf8_lossy(&response.body)));
        App::tell(function, &to_js(&record.done()));
    }
}

struct Logger(Function);

impl AppLogger for Logger {
    fn log(&self, event: Object) {
        App::tell(&self.0, &to_js(&Json::Object(event)));
    }
}

async fn ask(function: &Function, name: &'static str, mut request: HttpRequest) -> Result<HttpRequest> {
    let mut record = begin(&request, &request.headers);
    record.text("body", request.body.as_ref().map(Secret::expose));
    let answer = App::ask(function, &to_js(&record.done())).await;
    let answer = answer.map_err(|words| fault_of(Code::PlugInFailed, name, &format!("failed: {words}")))?;
    match change(&mut request, answer.as_string()) {
        Some(()) => Ok(request),
        None => Err(no_addition(name)),
    }
}

/// What the function and the one that looks are given.
fn begin(request: &HttpRequest, headers: &[(String, String)]) -> Record {
    let mut named = Object::new();
    for (name, value) in headers {
        named.put_text(name, Some(value));
    }
    let mut record = Record::default();
    record.text("purpose", Some(request.purpose.as_str()));
    record.text("method", Some(request.method.as_str()));
    record.text("url", Some(&request.url));
    record.put("headers", Json::Object(named));
    record
}

/// Puts the headers and the body of an answer into the request; `None` where it is none.
fn change(request: &mut HttpRequest, answer: Option<String>) -> Option<()> {
    let answer = parse_object(answer?.as_bytes()).ok()?;
    for (name, value) in answer.iter() {
        match name {
            "headers" => {
                let pairs = pairs(value)?.into_iter();
                request.headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            }
            "body" => {
                let mut body = String::new();
                append_pairs(&mut body, &pairs(value)?);
                request.body = Some(Secret::new(body));
            }
            "url" if value.as_str() == Some(&request.url) => {}
            "method" if value.as_str() == Some(request.method.as_str()) => {}
            "purpose" => {}
            _ => return None,
        }
    }
    Some(())
}

fn pairs(list: &Json) -> Option<Vec<(&str, &str)>> {
    let Json::Array(list) = list else { return None };
    list.iter()
        .map(|pair| match pair {
            Json::Array(pair) => match pair.as_slice() {
                [name, value] => name.as_str().zip(value.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}
