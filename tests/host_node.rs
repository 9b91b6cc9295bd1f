//! The ports on Node: what holds everywhere, a real HTTP server, and that there is no page.

#![cfg(all(target_arch = "wasm32", feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails a test"
)]

#[path = "support/host/mod.rs"]
mod support;

use std::rc::Rc;

use js_sys::{Function, Promise};
use support::{AMPLE, BRIEF, host, js};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::{
    Area, Channel, Http, HttpFailure, Limits, LockFailure, Locks, Page, StorageKind, Store, TokenStore, Wake,
};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};

// The way of this runner to have ES modules in Node, and with them `support/host/*.js`.
wasm_bindgen_test_configure!(run_in_node_experimental);

#[wasm_bindgen(module = "/tests/support/host/server.js")]
extern "C" {
    async fn serve() -> JsValue;
}

struct Server(JsValue);

impl Server {
    async fn start() -> Self {
        Self(serve().await)
    }

    async fn get(&self, path: &str, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        host().send(HttpRequest::get(self.url(path), "*/*"), limits).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", js::at(&self.0, "origin").as_string().unwrap())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let list: js_sys::Array = js::at(&self.0, name).unchecked_into();
        list.iter().filter_map(|path| path.as_string()).collect()
    }

    /// Whether the client hung up on this path, which the server learns a moment later.
    async fn aborted(&self, path: &str) -> bool {
        for _ in 0..100 {
            if self.list("aborted").iter().any(|aborted| aborted == path) {
                return true;
            }
            js::wait(20).await;
        }
        false
    }

    async fn stop(self) {
        let close: Function = js::at(&self.0, "close").unchecked_into();
        let closed: Promise = close.call0(&self.0).unwrap().unchecked_into();
        JsFuture::from(closed).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_real_server_is_answered_to() {
    let server = Server::start().await;
    let response = server.get("/json", AMPLE).await.unwrap();
    assert_eq!((response.status, response.is_json(), &*response.body), (200, true, &br#"{"really":true}"#[..]));
    assert_eq!(response.header("x-two"), Some("a, b"));
    let response = server.get("/missing", AMPLE).await.unwrap();
    assert_eq!((response.status, &*response.body), (404, &b"not here"[..]));
    let response = server.get("/empty", AMPLE).await.unwrap();
    assert_eq!((response.status, &*response.body), (204, &b""[..]));
    let form = HttpRequest::post_form(server.url("/echo"), &[("code", "a b")]);
    let response = host().send(form, AMPLE).await.unwrap();
    assert_eq!(
        String::from_utf8(response.body).unwrap(),
        r#"{"method":"POST","type":"application/x-www-form-urlencoded","body":"code=a+b"}"#
    );
    server.stop().await;
}

#[wasm_bindgen_test]
async fn a_redirect_of_a_real_server_is_not_followed_x33() {
    let server = Server::start().await;
    assert_eq!(server.get("/redirect", AMPLE).await, Err(HttpFailure::Redirect));
    assert_eq!(server.list("requests"), ["/redirect"]);
    server.stop().await;
}

#[wasm_bindgen_test]
async fn a_real_server_that_does_not_end_is_hung_up_on_x33() {
    let server = Server::start().await;
    for (path, failure) in
        [("/endless", HttpFailure::TooLarge), ("/trickle", HttpFailure::Timeout), ("/never", HttpFailure::Timeout)]
    {
        let limits = if path == "/endless" { AMPLE } else { BRIEF };
        assert_eq!(server.get(path, limits).await, Err(failure), "{path}");
        assert!(server.aborted(path).await, "{path}");
    }
    server.stop().await;
}

#[wasm_bindgen_test]
async fn a_small_answer_that_unpacks_to_a_large_one_is_too_large_x33() {
    let server = Server::start().await;
    assert_eq!(server.get("/bomb", AMPLE).await, Err(HttpFailure::TooLarge));
    server.stop().await;
}

#[wasm_bindgen_test]
async fn a_connection_that_breaks_is_a_network_failure() {
    let server = Server::start().await;
    assert!(matches!(server.get("/reset", AMPLE).await, Err(HttpFailure::Network(_))));
    let url = server.url("/json");
    server.stop().await;
    let refused = host().send(HttpRequest::get(url, "*/*"), AMPLE).await;
    assert!(matches!(refused, Err(HttpFailure::Network(_))));
}

#[wasm_bindgen_test]
fn node_is_no_page() {
    assert!(!JsHost::is_page());
    assert_eq!(host().location(), None);
    host().replace_location("https://app.example/");
    assert!(!host().navigate("https://idp.example/"));
}

#[wasm_bindgen_test]
fn a_window_without_a_document_is_no_page() {
    let _as_in_deno = js::Tampered::replaced("window", &js_sys::global());
    assert!(!JsHost::is_page());
    assert_eq!(host().location(), None);
}

#[wasm_bindgen_test]
async fn the_storage_of_tabs_is_said_to_be_missing_where_there_is_no_tab() {
    for kind in [StorageKind::Session, StorageKind::Local] {
        let host = JsHost::new(kind);
        assert!(host.save_tokens("a", Some("1")).await.is_err());
        assert!(host.load_tokens("a").await.is_err());
        // What is not the tokens has its place in memory.
        host.save(Area::Transactions, "a", "1").unwrap();
        assert_eq!(host.load(Area::Transactions, "a"), Ok(Some("1".to_owned())));
    }
}

#[wasm_bindgen_test]
async fn node_has_no_tabs_to_wait_for_to_talk_with_or_to_look_at() {
    assert_eq!(host().lock("a", 1_000, 1_000).await.err(), Some(LockFailure::Unavailable));
    let made = Function::new_no_args("globalThis.channelsMade = (globalThis.channelsMade ?? 0) + 1");
    let _watched = js::Tampered::replaced("BroadcastChannel", &made);
    drop(host().listen("a", Rc::new(|_| {})));
    host().post("a", "an open channel keeps the process alive");
    assert!(js::at(&js_sys::global(), "channelsMade").is_undefined());
    drop(host().on_wake(Rc::new(|| {})));
    assert!(!host().is_visible());
}

#[wasm_bindgen_test]
async fn no_area_in_memory_sees_what_another_one_keeps() {
    const AREAS: [Area; 3] = [Area::Transactions, Area::Documents, Area::Marks];
    let host = host();
    host.save_tokens("same", Some("Tokens")).await.unwrap();
    for area in AREAS {
        host.save(area, "same", &format!("{area:?}")).unwrap();
    }
    for area in AREAS {
        assert_eq!(host.load(area, "same"), Ok(Some(format!("{area:?}"))));
        assert_eq!(host.keys(area, "sa"), Ok(vec!["same".to_owned()]));
    }
    host.delete(Area::Transactions, "same").unwrap();
    assert_eq!(host.load(Area::Transactions, "same"), Ok(None));
    assert_eq!(host.load_tokens("same").await, Ok(Some("Tokens".to_owned())));
    assert_eq!(host.load(Area::Documents, "same"), Ok(Some("Documents".to_owned())));
}
