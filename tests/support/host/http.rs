//! `fetch` behind the port: what is an answer, what is not, and that nothing hangs or traps.

use js_sys::{Function, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Http, HttpFailure, Limits};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::key_set::key_set_request;
use wasm_oidc::protocol::url::HttpsUrl;

use super::js::{self, Tampered, Watch};
use super::{AMPLE, BRIEF, host};

fn request() -> HttpRequest {
    HttpRequest::get("https://idp.example/keys", "application/json")
}

async fn send(fetch: &Function, limits: Limits) -> Result<HttpResponse, HttpFailure> {
    host().with_fetch(Some(fetch.clone())).send(request(), limits).await
}

fn seen(fetch: &Function, path: &str) -> JsValue {
    js::at(fetch, &format!("seen.{path}"))
}

fn was_aborted(fetch: &Function) -> bool {
    seen(fetch, "request.signal.aborted").as_bool().unwrap()
}

fn words(failure: Result<HttpResponse, HttpFailure>) -> String {
    match failure {
        Err(HttpFailure::Network(words)) => words,
        other => panic!("not a network failure: {other:?}"),
    }
}

#[wasm_bindgen_test]
async fn an_answer_has_status_lower_cased_headers_and_body() {
    let fetch = js::answering(200, r#"{"Content-Type":"application/json","X-More":"a, b"}"#, r#"{"grüße":"✓"}"#);
    let response = send(&fetch, AMPLE).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("x-more"), Some("a, b"));
    assert_eq!(response.body, r#"{"grüße":"✓"}"#.as_bytes());
    assert!(!was_aborted(&fetch));
}

#[wasm_bindgen_test]
async fn a_status_of_an_error_is_an_answer() {
    for status in [400, 401, 404, 429, 500, 503, 599] {
        let fetch = js::answering(status, r#"{"retry-after":"7"}"#, "sorry");
        let response = send(&fetch, AMPLE).await.unwrap();
        assert_eq!((response.status, response.retry_after(), &*response.body), (status, Some(7), &b"sorry"[..]));
    }
}

#[wasm_bindgen_test]
async fn an_answer_without_a_body_is_an_empty_one() {
    for status in [200, 204, 205] {
        let response = send(&js::answering(status, "{}", ""), AMPLE).await.unwrap();
        assert_eq!((response.status, &*response.body), (status, &b""[..]));
    }
}

#[wasm_bindgen_test]
async fn the_request_arrives_as_it_was_built_and_follows_no_redirect() {
    let request = HttpRequest::post_form("https://idp.example/token?x=%2F&y", &[("code", "a b&c"), ("e", "é")]);
    let response = host().with_fetch(Some(js::echoing())).send(request, AMPLE).await.unwrap();
    assert_eq!(
        String::from_utf8(response.body).unwrap(),
        r#"{"method":"POST","url":"https://idp.example/token?x=%2F&y","redirect":"manual","accept":"application/json","body":"code=a+b%26c&e=%C3%A9"}"#
    );
}

#[wasm_bindgen_test]
async fn keys_are_asked_of_the_provider_and_not_of_what_the_browser_kept_x8() {
    let fetch = js::answering(200, "{}", "{}");
    let uri = HttpsUrl::parse("https://idp.example/keys").unwrap();
    host().with_fetch(Some(fetch.clone())).send(key_set_request(&uri), AMPLE).await.unwrap();
    assert_eq!(seen(&fetch, "request.cache"), "no-cache");
    let plain = js::answering(200, "{}", "{}");
    send(&plain, AMPLE).await.unwrap();
    assert_ne!(seen(&plain, "request.cache"), "no-cache");
}

#[wasm_bindgen_test]
async fn a_host_that_refuses_to_be_told_of_caches_is_asked_without_that_x8() {
    let _older = js::REQUEST_WITHOUT_CACHE.with(|request| Tampered::replaced("Request", request));
    let fetch = js::answering(200, "{}", "{}");
    let uri = HttpsUrl::parse("https://idp.example/keys").unwrap();
    let response = host().with_fetch(Some(fetch.clone())).send(key_set_request(&uri), AMPLE).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(seen(&fetch, "request.url"), "https://idp.example/keys");
}

#[wasm_bindgen_test]
async fn a_redirect_is_refused_and_the_request_ended_x33() {
    for status in [301, 302, 303, 307, 308] {
        let fetch = js::answering(status, r#"{"location":"https://elsewhere.example/"}"#, "moved");
        assert_eq!(send(&fetch, AMPLE).await, Err(HttpFailure::Redirect), "{status}");
        assert!(was_aborted(&fetch), "{status}");
    }
}

#[wasm_bindgen_test]
async fn a_redirect_that_a_browser_hides_is_refused_x33() {
    assert_eq!(send(&js::redirected_opaquely(), AMPLE).await, Err(HttpFailure::Redirect));
}

#[wasm_bindgen_test]
async fn a_body_in_pieces_is_put_together() {
    assert_eq!(send(&js::streaming("three chunks"), AMPLE).await.unwrap().body, b"1 2 3 ");
}

#[wasm_bindgen_test]
async fn a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_too_large() {
    let fetch = js::answering(200, "{}", "12345678");
    let limits = |max_response_bytes| Limits { max_response_bytes, ..AMPLE };
    assert_eq!(send(&fetch, limits(8)).await.unwrap().body, b"12345678");
    assert_eq!(send(&fetch, limits(7)).await, Err(HttpFailure::TooLarge));
}

#[wasm_bindgen_test]
async fn a_body_over_the_limit_is_read_no_further_m4_x33() {
    let fetch = js::streaming("kilobytes without end");
    assert_eq!(send(&fetch, Limits { max_response_bytes: 10_000, ..AMPLE }).await, Err(HttpFailure::TooLarge));
    assert_eq!(seen(&fetch, "pulls"), 10);
    assert_eq!(seen(&fetch, "cancelled"), true);
    assert!(was_aborted(&fetch));
}

#[wasm_bindgen_test]
async fn empty_chunks_without_end_are_too_large_as_well_x33() {
    let fetch = js::streaming("empty chunks without end");
    assert_eq!(send(&fetch, Limits { max_response_bytes: 1_000, ..AMPLE }).await, Err(HttpFailure::TooLarge));
    assert_eq!(seen(&fetch, "cancelled"), true);
}

#[wasm_bindgen_test]
async fn a_body_that_comes_too_slowly_is_given_up_at_the_limit_of_time_x33() {
    for name in ["a drop now and then", "a stop after one byte"] {
        let fetch = js::streaming(name);
        let start = js::now();
        assert_eq!(send(&fetch, BRIEF).await, Err(HttpFailure::Timeout), "{name}");
        assert!((50.0..5_000.0).contains(&js::elapsed_since(start)), "{name}");
        assert_eq!(seen(&fetch, "cancelled"), true, "{name}");
        assert!(was_aborted(&fetch), "{name}");
    }
}

#[wasm_bindgen_test]
async fn a_server_that_never_answers_is_given_up_at_the_limit_of_time_x33() {
    for fetch in [js::silent(), js::patient()] {
        let start = js::now();
        assert_eq!(send(&fetch, BRIEF).await, Err(HttpFailure::Timeout));
        assert!((50.0..5_000.0).contains(&js::elapsed_since(start)));
        assert!(was_aborted(&fetch));
    }
}

#[wasm_bindgen_test]
async fn a_request_that_nobody_awaits_any_more_is_aborted() {
    use futures_util::FutureExt;
    let fetch = js::silent();
    assert_eq!(send(&fetch, AMPLE).now_or_never(), None);
    assert!(was_aborted(&fetch));
}

#[wasm_bindgen_test]
async fn no_timer_is_left_whatever_came_of_the_request() {
    let timers = Watch::timers();
    for fetch in [
        js::answering(200, "{}", "{}"),
        js::redirected_opaquely(),
        js::streaming("kilobytes without end"),
        js::hostile("throws an error"),
    ] {
        let _ = send(&fetch, AMPLE).await;
        assert_eq!(timers.pending(), 0.0);
    }
}

#[wasm_bindgen_test]
async fn whatever_a_fetch_of_the_app_does_is_a_failure_with_words() {
    let names = js::hostile_names();
    assert!(names.len() > 30);
    for name in names {
        let start = js::now();
        let words = words(send(&js::hostile(&name), AMPLE).await);
        assert!(!words.is_empty(), "{name}");
        assert!(js::elapsed_since(start) < 5_000.0, "{name}");
    }
}

#[wasm_bindgen_test]
async fn the_failure_says_what_the_fetch_of_the_app_said() {
    for (name, expected) in [
        ("throws an error", "no fetch today"),
        ("throws a string", "no fetch today"),
        ("rejects with a string", "no fetch today"),
        ("rejects with nothing", "no reason given"),
        ("rejects with an error whose message is a number", "no reason given"),
        ("returns a string", "fetch did not answer with a Response"),
        ("answers with a Request", "fetch did not answer with a Response"),
        ("answers with an error response", "fetch did not answer with a Response"),
    ] {
        assert_eq!(words(send(&js::hostile(name), AMPLE).await), expected, "{name}");
    }
}

#[wasm_bindgen_test]
async fn a_body_that_breaks_off_or_is_no_stream_of_bytes_is_a_failure() {
    let broken = send(&js::streaming("an error after one byte"), AMPLE).await;
    assert_eq!(words(broken), "the connection was reset");
    for name in ["a stream of text", "a stream of numbers", "a stream of nothing"] {
        let fetch = js::streaming(name);
        assert_eq!(words(send(&fetch, AMPLE).await), "the body is not a stream of bytes", "{name}");
        assert_eq!(seen(&fetch, "cancelled"), true, "{name}");
    }
}

#[wasm_bindgen_test]
async fn nothing_that_is_given_up_rejects_unheard() {
    let rejections = Watch::rejections();
    let _ = send(&js::streaming("kilobytes, and cancelling fails"), BRIEF).await;
    let _ = send(&js::streaming("a stream of text"), BRIEF).await;
    let _ = send(&js::patient(), BRIEF).await;
    let _ = send(&js::streaming("a stop after one byte"), BRIEF).await;
    js::wait(30).await;
    assert_eq!(rejections.rejected(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn a_header_that_cannot_be_sent_is_refused_before_anything_is_sent() {
    let fetch = js::answering(200, "{}", "{}");
    for (name, value) in [
        ("x", "a\r\nauthorization: b"),
        ("x", "a\nb"),
        ("x", "a\0b"),
        ("x", "ü"),
        ("x", "\u{20ac}"),
        ("x", "\u{7f}"),
        ("", "a"),
        ("a b", "a"),
        ("a:", "a"),
        ("ä", "a"),
        ("a\r\nb", "a"),
    ] {
        let host = host().with_fetch(Some(fetch.clone()));
        let sent = host.send(request().with_header(name, value), AMPLE).await;
        assert_eq!(words(sent), "a header of the request has characters that are not allowed", "{name:?}: {value:?}");
    }
    assert!(seen(&fetch, "request").is_undefined());
}

#[wasm_bindgen_test]
async fn what_is_no_url_is_refused_before_anything_is_sent() {
    let fetch = js::answering(200, "{}", "{}");
    let host = host().with_fetch(Some(fetch.clone()));
    for url in ["https://", "https://[::1/", "http://user:password@idp.example/"] {
        assert!(!words(host.send(HttpRequest::get(url, "*/*"), AMPLE).await).is_empty(), "{url}");
    }
    assert!(seen(&fetch, "request").is_undefined());
}

#[wasm_bindgen_test]
async fn the_global_fetch_is_used_where_the_app_gave_none() {
    let request = HttpRequest::get("data:application/json,%7B%7D", "application/json");
    let response = host().send(request, AMPLE).await.unwrap();
    assert_eq!((response.status, response.is_json(), &*response.body), (200, true, &b"{}"[..]));
}

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_is_a_network_failure() {
    // Above the ports that are handed out by themselves, and nobody's by name.
    let sent = host().send(HttpRequest::get("http://127.0.0.1:65535/", "*/*"), AMPLE).await;
    assert!(!words(sent).is_empty());
}

#[wasm_bindgen_test]
async fn a_realm_without_fetch_is_a_network_failure() {
    let _without = js::Tampered::replaced("fetch", &JsValue::UNDEFINED);
    assert!(Reflect::get(&js_sys::global(), &"fetch".into()).unwrap().is_undefined());
    assert!(!words(host().send(request(), AMPLE).await).is_empty());
}
