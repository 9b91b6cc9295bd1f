//! The functions that an app plugs in, as the traits of the client. The wrapper has made them ready: what is asked gives
//! JSON text or nothing, what is told only queues.

use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, ready};
use js_sys::Function;

use super::claim_mapping::claim_mapping;
use super::record::{Record, to_js};
use crate::client::{AppClientAuthentication, AppHooks, AppLogger, PlugIns};
use crate::error::{Code, Error, Result, harmless};
use crate::host::App;
use crate::protocol::form::append_pairs;
use crate::protocol::http::{HttpRequest, HttpResponse};
use crate::protocol::json::{Json, Object, parse_object_as};
use crate::protocol::secret::Secret;

/// What an answer may hold: what the function was given.
const MEMBERS: [&str; 5] = ["purpose", "method", "url", "headers", "body"];

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

async fn ask(function: &Function, name: &'static str, request: HttpRequest) -> Result<HttpRequest> {
    let mut record = begin(&request, &request.headers);
    record.text("body", request.body.as_ref().map(Secret::expose));
    let answer = App::ask(function, &to_js(&record.done()))
        .await
        .map_err(|words| Error::new(Code::PlugInFailed, format!("the app's own `{name}` failed: {words}")))?;
    let wrong = |what: &str| Error::new(Code::PlugInAnswer, format!("the app's own `{name}` answered {what}"));
    let Some(text) = answer.as_string() else { return Err(wrong("nothing: a request is expected")) };
    let answer = parse_object_as(text.as_bytes(), Code::PlugInAnswer).map_err(|_| wrong("what is no request"))?;
    if let Some((unknown, _)) = answer.iter().find(|(name, _)| !MEMBERS.contains(name)) {
        return Err(wrong(&format!("a request with \"{}\", which is no part of one", harmless(unknown))));
    }
    changed(request, &answer)
        .ok_or_else(|| wrong("a request whose headers or body are not names with strings, or that goes elsewhere"))
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

/// The request with the headers and the body of an answer; `None` where it is none.
fn changed(request: HttpRequest, answer: &Object) -> Option<HttpRequest> {
    let is_same = |name: &str, is: &str| answer.get(name).is_none_or(|said| said.as_str() == Some(is));
    if !is_same("url", &request.url) || !is_same("method", request.method.as_str()) {
        return None;
    }
    let mut request = request;
    if let Some(headers) = answer.get("headers") {
        request.headers =
            pairs(headers)?.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    }
    if let Some(fields) = answer.get("body") {
        let mut body = String::new();
        append_pairs(&mut body, &pairs(fields)?);
        request.body = Some(Secret::new(body));
    }
    Some(request)
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
