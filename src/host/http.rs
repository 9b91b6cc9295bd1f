//! `fetch`: requests are built and answers read by gloo-net, sending is ours.

use gloo_net::http::{Request, RequestBuilder, Response};
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestRedirect};

use super::JsHost;
use super::global::{self, Timeout};
use crate::ports::{Http, HttpFailure, Limits};
use crate::protocol::http::{HttpRequest, HttpResponse, Method};

impl Http for JsHost {
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        let deadline = Deadline::start(limits.timeout_milliseconds)?;
        self.exchange(&request, limits, &deadline).await
    }
}

impl JsHost {
    async fn exchange(
        &self,
        request: &HttpRequest,
        limits: Limits,
        deadline: &Deadline,
    ) -> Result<HttpResponse, HttpFailure> {
        let request = build(request, deadline)?;
        let request: web_sys::Request = request.into();
        let sent = match &self.fetch {
            Some(fetch) => fetch.call1(&JsValue::UNDEFINED, &request),
            None => global::fetch(&request),
        };
        let answer = deadline.race(&sent.map_err(|thrown| network(&thrown))?).await?;
        if !looks_like_a_response(&answer) {
            return Err(HttpFailure::Network("fetch did not answer with a Response".to_owned()));
        }
        let response = Response::from(answer.unchecked_into::<web_sys::Response>());
        let status = response.status();
        // A browser hides a redirect it was told not to follow behind status 0.
        if status == 0 || (300..400).contains(&status) {
            return Err(HttpFailure::Redirect);
        }
        let headers = response.headers().entries().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let body = read(&response, limits.max_response_bytes, deadline).await?;
        Ok(HttpResponse { status, headers, body })
    }
}

fn build(request: &HttpRequest, deadline: &Deadline) -> Result<Request, HttpFailure> {
    let mut builder = RequestBuilder::new(&request.url)
        .method(match request.method {
            Method::Get => gloo_net::http::Method::GET,
            Method::Post => gloo_net::http::Method::POST,
        })
        // "error" would throw in Workers.
        .redirect(RequestRedirect::Manual)
        .abort_signal(Some(&deadline.controller.signal()));
    for (name, value) in &request.headers {
        // gloo-net panics on what `Headers` refuses.
        let is_token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_token || !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(HttpFailure::Network("a header of the request has characters that are not allowed".to_owned()));
        }
        builder = builder.header(name, value);
    }
    let built = match &request.body {
        Some(body) => builder.body(body.expose()),
        None => builder.build(),
    };
    built.map_err(|error| HttpFailure::Network(crate::error::harmless(&error.to_string())))
}

/// A `Response` of any realm: an injected fetch may have one of its own making.
fn looks_like_a_response(answer: &JsValue) -> bool {
    let has = |name: &str| Reflect::get(answer, &name.into()).is_ok_and(|value| !value.is_undefined());
    answer.is_object() && has("status") && has("headers") && has("body")
}

async fn read(response: &Response, limit: usize, deadline: &Deadline) -> Result<Vec<u8>, HttpFailure> {
    let mut body = Vec::new();
    let Some(stream) = response.body() else { return Ok(body) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let chunk = deadline.race(&reader.read()).await?;
        if Reflect::get(&chunk, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            return Ok(body);
        }
        let value = Reflect::get(&chunk, &"value".into()).ok().and_then(|value| value.dyn_into::<Uint8Array>().ok());
        let bytes = value.ok_or_else(|| HttpFailure::Network("the body is not a stream of bytes".to_owned()))?;
        if usize::try_from(bytes.length()).unwrap_or(usize::MAX) > limit.saturating_sub(body.len()) {
            // Dropping the reader would leave the connection open.
            let _ = reader.cancel();
            return Err(HttpFailure::TooLarge);
        }
        body.extend(bytes.to_vec());
    }
}

fn network(thrown: &JsValue) -> HttpFailure {
    HttpFailure::Network(global::words(thrown))
}

/// A limit of time that aborts the request, and that holds even for a fetch that ignores its signal.
struct Deadline {
    controller: AbortController,
    timeout: Timeout,
}

impl Deadline {
    fn start(milliseconds: u32) -> Result<Self, HttpFailure> {
        let controller = AbortController::new().map_err(|thrown| network(&thrown))?;
        // The controller is the value that no answer can be.
        let timeout = Timeout::start(milliseconds, &controller);
        Ok(Self { controller, timeout })
    }

    /// The value or promise, unless the limit passes first.
    async fn race(&self, value: &JsValue) -> Result<JsValue, HttpFailure> {
        let race = Promise::race(&Array::of2(&Promise::resolve(value), &self.timeout.passed));
        let first = JsFuture::from(race).await.map_err(|thrown| network(&thrown))?;
        if first == **self.controller {
            self.controller.abort();
            return Err(HttpFailure::Timeout);
        }
        Ok(first)
    }
}
