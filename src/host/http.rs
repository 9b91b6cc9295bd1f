//! `fetch`: headers and answers are read and written by gloo-net, sending is ours. So is the making of the request:
//! gloo-net's builder parses the URL twice more to put a query together, which ours has already.

use gloo_net::http::{Headers, Response};
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, Request, RequestInit, RequestRedirect};

use super::JsHost;
use super::global::{self, Timeout};
use crate::ports::{Http, HttpFailure, Limits};
use crate::protocol::http::{HttpRequest, HttpResponse};

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
        let sent = match &self.fetch {
            Some(fetch) => fetch.call1(&JsValue::UNDEFINED, &request),
            None => global::fetch(&request),
        };
        let answer = deadline.race(&sent.map_err(network)?).await?;
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
    let headers = Headers::new();
    for (name, value) in &request.headers {
        // gloo-net panics on what `Headers` refuses.
        let is_token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_token || !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
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
    if let Some(body) = &request.body {
        init.set_body(&body.expose().into());
    }
    Request::new_with_str_and_init(&request.url, &init).map_err(network)
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
        let member = |name: &str| Reflect::get(&chunk, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if member("done").is_truthy() {
            return Ok(body);
        }
        let Ok(bytes) = member("value").dyn_into::<Uint8Array>() else {
            return Err(HttpFailure::Network("the body is not a stream of bytes".to_owned()));
        };
        if usize::try_from(bytes.length()).unwrap_or(usize::MAX) > limit.saturating_sub(body.len()) {
            // Dropping the reader would leave the connection open.
            let _ = reader.cancel();
            return Err(HttpFailure::TooLarge);
        }
        body.extend(bytes.to_vec());
    }
}

#[inline(never)]
fn network(thrown: JsValue) -> HttpFailure {
    HttpFailure::Network(global::words(&thrown))
}

/// A limit of time that aborts the request, and that holds even for a fetch that ignores its signal.
struct Deadline {
    controller: AbortController,
    timeout: Timeout,
}

impl Deadline {
    fn start(milliseconds: u32) -> Result<Self, HttpFailure> {
        let controller = AbortController::new().map_err(network)?;
        // The controller is the value that no answer can be.
        let timeout = Timeout::start(milliseconds, &controller);
        Ok(Self { controller, timeout })
    }

    /// The value or promise, unless the limit passes first.
    async fn race(&self, value: &JsValue) -> Result<JsValue, HttpFailure> {
        let race = Promise::race(&Array::of2(&Promise::resolve(value), &self.timeout.passed));
        let first = JsFuture::from(race).await.map_err(network)?;
        if first == **self.controller {
            self.controller.abort();
            return Err(HttpFailure::Timeout);
        }
        Ok(first)
    }
}
