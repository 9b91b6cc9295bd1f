//! `fetch`: headers are written and read by gloo-net, sending is ours. So is the making of the request:
//! gloo-net's builder parses the URL twice more to put a query together, which ours has already.

use std::cell::Cell;

use gloo_net::http::Headers;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Request, RequestInit, RequestRedirect};

use super::JsHost;
use super::global::{self, Timeout};
use crate::ports::{Http, HttpFailure, Limits, Reach};
use crate::protocol::headers::{is_name, is_value};
use crate::protocol::http::{HttpRequest, HttpResponse};

impl Http for JsHost {
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        let deadline = Deadline::start(limits.timeout_milliseconds)?;
        let response = self.exchange(&request, limits, &deadline).await?;
        deadline.met.set(true);
        Ok(response)
    }

    async fn reach(&self, url: &str, limits: Limits) -> Reach {
        match Deadline::start(limits.timeout_milliseconds) {
            Ok(deadline) => self.knock(url, &deadline).await,
            Err(_) => Reach::Unknown,
        }
    }
}

impl JsHost {
    /// Asks for an answer that nobody may read: a page gets one from whoever is there.
    async fn knock(&self, url: &str, deadline: &Deadline) -> Reach {
        let init = RequestInit::new();
        init.set_signal(Some(&deadline.controller.signal()));
        // An opaque answer and a redirect kept from being followed exclude each other.
        for (name, value) in
            [("mode", "no-cors"), ("credentials", "omit"), ("cache", "no-store"), ("redirect", "follow")]
        {
            let _ = Reflect::set(&init, &name.into(), &value.into());
        }
        // Workers refuse some of these options.
        let Ok(request) = Request::new_with_str_and_init(url, &init) else { return Reach::Unknown };
        let sent = match &self.fetch {
            Some(fetch) => fetch.call1(&JsValue::UNDEFINED, &request),
            None => global::fetch(&request),
        };
        let answer = match sent {
            Ok(sent) => deadline.race(&sent).await,
            Err(thrown) => Err(thrown),
        };
        match answer {
            Ok(first) if first == **deadline.controller => Reach::Silent("no answer in time".to_owned()),
            Ok(_) => Reach::Answers,
            Err(thrown) => Reach::Silent(global::reason(&thrown)),
        }
    }

    async fn exchange(
        &self,
        request: &HttpRequest,
        limits: Limits,
        deadline: &Deadline,
    ) -> Result<HttpResponse, HttpFailure> {
        let request = build(request, deadline)?;
        let sent = match &self.fetch {
            Some(fetch) => fetch.call1(&JsValue::UNDEFINED, &request),
            None => global::fetch(&request),
        };
        let answer = deadline.race(&sent.map_err(network)?).await;
        let answer = deadline.kept(answer)?;
        let status = status(&answer)?;
        let headers = headers(&answer)?;
        let body = global::member_of(&answer, "body").ok_or_else(no_response)?;
        let body = if body.is_null() { Vec::new() } else { read(&body, limits.max_response_bytes, deadline).await? };
        Ok(HttpResponse { status, headers, body })
    }
}

fn build(request: &HttpRequest, deadline: &Deadline) -> Result<Request, HttpFailure> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        // gloo-net panics on what `Headers` refuses.
        if !is_name(name) || !is_value(value) {
            return Err(HttpFailure::Network("a header of the request has characters that are not allowed".to_owned()));
        }
        headers.set(name, value);
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers.into_raw());
    // "error" would throw in Workers.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&deadline.controller.signal()));
    if request.keepalive {
        // Only where it is needed: some hosts refuse options that they do not know.
        let _ = Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    }
    if let Some(body) = &request.body {
        init.set_body(&body.expose().into());
    }
    if request.skips_cache {
        // The browser asks whether what it kept still holds. Hosts that keep nothing may refuse the option.
        let _ = Reflect::set(&init, &"cache".into(), &"no-cache".into());
        if let Ok(made) = Request::new_with_str_and_init(&request.url, &init) {
            return Ok(made);
        }
        let _ = Reflect::set(&init, &"cache".into(), &JsValue::UNDEFINED);
    }
    Request::new_with_str_and_init(&request.url, &init).map_err(network)
}

/// The status of what should be a `Response`. An injected fetch may have one of another realm or of its own making, so
/// nothing here trusts that a member is there, or that reading it does not throw.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn status(answer: &JsValue) -> Result<u16, HttpFailure> {
    let status = global::member_of(answer, "status").and_then(|status| status.as_f64()).ok_or_else(no_response)?;
    let kind = global::member_of(answer, "type").and_then(|kind| kind.as_string());
    match status as u16 {
        300..=399 => Err(HttpFailure::Redirect),
        // So a browser hides a redirect that it was told not to follow.
        0 if kind.as_deref() == Some("opaqueredirect") => Err(HttpFailure::Redirect),
        status @ 200..=599 => Ok(status),
        _ => Err(no_response()),
    }
}

fn headers(answer: &JsValue) -> Result<Vec<(String, String)>, HttpFailure> {
    let headers = global::member_of(answer, "headers").ok_or_else(no_response)?;
    // The copy is a `Headers` whatever the original was: gloo-net panics on one that is not.
    let headers = web_sys::Headers::new_with_headers(headers.unchecked_ref()).map_err(|_| no_response())?;
    Ok(Headers::from_raw(headers).entries().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
}

async fn read(stream: &JsValue, limit: usize, deadline: &Deadline) -> Result<Vec<u8>, HttpFailure> {
    // A stream that somebody else reads throws here.
    let reader = global::call(stream, "getReader").map_err(network)?;
    let body = drain(&reader, limit, deadline).await;
    if body.is_err() {
        // Dropping the reader would leave the connection open. How the cancelling ends is nobody's concern, but a
        // rejection that nobody handles ends a Node process.
        if let Ok(cancelled) = global::call(&reader, "cancel") {
            let _ = Promise::all_settled(&Array::of1(&cancelled));
        }
    }
    body
}

async fn drain(reader: &JsValue, limit: usize, deadline: &Deadline) -> Result<Vec<u8>, HttpFailure> {
    let mut body = Vec::new();
    let mut cost = 0_usize;
    loop {
        let read = global::call(reader, "read").map_err(network)?;
        let chunk = deadline.race(&read).await;
        let chunk = deadline.kept(chunk)?;
        if global::member_of(&chunk, "done").is_some_and(|done| done.is_truthy()) {
            return Ok(body);
        }
        let bytes = global::member_of(&chunk, "value").and_then(|value| value.dyn_into::<Uint8Array>().ok());
        let bytes = bytes.ok_or_else(|| HttpFailure::Network("the body is not a stream of bytes".to_owned()))?;
        // An empty chunk costs as well: a stream that always has one ready lets no timer run.
        let length = usize::try_from(bytes.length()).unwrap_or(usize::MAX);
        cost = cost.saturating_add(length.max(1));
        if cost > limit {
            return Err(HttpFailure::TooLarge);
        }
        body.extend(bytes.to_vec());
    }
}

fn no_response() -> HttpFailure {
    HttpFailure::Network("fetch did not answer with a Response".to_owned())
}

#[inline(never)]
fn network(thrown: JsValue) -> HttpFailure {
    HttpFailure::Network(global::words(&thrown))
}

/// A limit of time, which holds even for a fetch that ignores its signal. Whatever ends the exchange before the whole
/// answer is there aborts the request.
struct Deadline {
    controller: AbortController,
    timeout: Timeout,
    met: Cell<bool>,
}

impl Deadline {
    fn start(milliseconds: u32) -> Result<Self, HttpFailure> {
        let controller = AbortController::new().map_err(network)?;
        // The controller is the value that no answer can be.
        let timeout = Timeout::start(milliseconds, &controller);
        Ok(Self { controller, timeout, met: Cell::new(false) })
    }

    /// The value or promise, or the limit, whichever comes first: [`Self::kept`] tells them apart.
    fn race(&self, value: &JsValue) -> JsFuture {
        JsFuture::from(Promise::race(&Array::of2(&Promise::resolve(value), &self.timeout.passed)))
    }

    /// What came first, unless it was the limit.
    fn kept(&self, first: Result<JsValue, JsValue>) -> Result<JsValue, HttpFailure> {
        let first = first.map_err(network)?;
        if first == **self.controller {
            return Err(HttpFailure::Timeout);
        }
        Ok(first)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if !self.met.get() {
            self.controller.abort();
        }
    }
}
