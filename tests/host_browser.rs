//! The ports in a browser's page: what holds everywhere, `sessionStorage`, the address bar, and the other tabs.

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
#[path = "support/host/tabs.rs"]
mod tabs;

use support::js::{self, Tampered};
use support::{AMPLE, host};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::StorageKind;
use wasm_oidc::ports::{Area, Http, HttpFailure, Page, Store, StoreFailure, TokenStore};
use wasm_oidc::protocol::http::HttpRequest;

wasm_bindgen_test_configure!(run_in_browser);

const AREAS: [Area; 2] = [Area::Transactions, Area::Documents];

fn session_storage() -> web_sys::Storage {
    web_sys::window().unwrap().session_storage().unwrap().unwrap()
}

/// The names in `sessionStorage` that hold this text.
fn holding(text: &str) -> Vec<String> {
    let storage = session_storage();
    let names = (0..storage.length().unwrap()).filter_map(|index| storage.key(index).unwrap());
    names.filter(|name| storage.get_item(name).unwrap().is_some_and(|held| held.contains(text))).collect()
}

#[wasm_bindgen_test]
async fn tokens_are_in_the_storage_of_the_tab_only_when_the_app_says_so_w8_x27() {
    session_storage().clear().unwrap();
    let memory = JsHost::new(StorageKind::Memory);
    memory.save_tokens("wasm-oidc:session:a", Some("canary-of-memory")).await.unwrap();
    assert_eq!(holding("canary-of-memory"), Vec::<String>::new());

    let session = JsHost::new(StorageKind::Session);
    session.save_tokens("wasm-oidc:session:a", Some("canary-of-session")).await.unwrap();
    assert_eq!(holding("canary-of-session").len(), 1);
    assert_eq!(memory.load_tokens("wasm-oidc:session:a").await, Ok(Some("canary-of-memory".to_owned())));

    // Another page of the tab, after a reload.
    let reloaded = JsHost::new(StorageKind::Session);
    assert_eq!(reloaded.load_tokens("wasm-oidc:session:a").await, Ok(Some("canary-of-session".to_owned())));
    reloaded.save_tokens("wasm-oidc:session:a", None).await.unwrap();
    assert_eq!(session.load_tokens("wasm-oidc:session:a").await, Ok(None));
    assert_eq!(holding("canary-of-session"), Vec::<String>::new());
}

#[wasm_bindgen_test]
fn transactions_and_documents_outlive_the_page_in_every_case() {
    session_storage().clear().unwrap();
    for area in [Area::Transactions, Area::Documents] {
        host().save(area, "wasm-oidc:x", "kept").unwrap();
        assert_eq!(host().load(area, "wasm-oidc:x"), Ok(Some("kept".to_owned())));
    }
    session_storage().clear().unwrap();
}

#[wasm_bindgen_test]
fn keys_of_other_apps_are_neither_found_nor_touched() {
    session_storage().clear().unwrap();
    session_storage().set_item("cart", "3 apples").unwrap();
    let host = JsHost::new(StorageKind::Session);
    for key in ["wasm-oidc:b", "wasm-oidc:a"] {
        host.save(Area::Transactions, key, "1").unwrap();
    }
    let mut keys = host.keys(Area::Transactions, "wasm-oidc:").unwrap();
    keys.sort();
    assert_eq!(keys, ["wasm-oidc:a", "wasm-oidc:b"]);
    for key in keys {
        host.delete(Area::Transactions, &key).unwrap();
    }
    assert_eq!(session_storage().get_item("cart").unwrap(), Some("3 apples".to_owned()));
    assert_eq!(session_storage().length().unwrap(), 1);
    session_storage().clear().unwrap();
}

#[wasm_bindgen_test]
async fn tokens_in_memory_are_not_seen_from_the_areas_in_the_tab() {
    session_storage().clear().unwrap();
    let host = host();
    host.save_tokens("same", Some("tokens")).await.unwrap();
    for area in [Area::Transactions, Area::Documents] {
        assert_eq!(host.load(area, "same"), Ok(None));
        assert_eq!(host.keys(area, ""), Ok(Vec::new()));
    }
    host.save(Area::Documents, "same", "document").unwrap();
    assert_eq!(host.load_tokens("same").await, Ok(Some("tokens".to_owned())));
    session_storage().clear().unwrap();
}

#[wasm_bindgen_test]
async fn a_full_storage_is_a_failure_that_keeps_what_was_there() {
    session_storage().clear().unwrap();
    let host = JsHost::new(StorageKind::Session);
    host.save_tokens("a", Some("before")).await.unwrap();
    let StoreFailure(words) = host.save_tokens("a", Some(&"x".repeat(12 << 20))).await.unwrap_err();
    assert!(words.contains("quota"), "{words}");
    assert!(words.len() < 1_000);
    assert_eq!(host.load_tokens("a").await, Ok(Some("before".to_owned())));
    session_storage().clear().unwrap();
}

#[wasm_bindgen_test]
async fn a_storage_that_the_user_blocked_is_a_failure_and_no_trap() {
    let _blocked = Tampered::blocked("sessionStorage");
    let host = JsHost::new(StorageKind::Session);
    let denied = || StoreFailure("Access is denied for this document.".to_owned());
    for area in AREAS {
        assert_eq!(host.load(area, "a"), Err(denied()));
        assert_eq!(host.save(area, "a", "1"), Err(denied()));
        assert_eq!(host.delete(area, "a"), Err(denied()));
        assert_eq!(host.keys(area, ""), Err(denied()));
    }
    assert_eq!(host.load_tokens("a").await, Err(denied()));
    assert_eq!(host.save_tokens("a", Some("1")).await, Err(denied()));
    // Memory needs nobody's leave.
    let memory = JsHost::new(StorageKind::Memory);
    memory.save_tokens("a", Some("1")).await.unwrap();
    assert_eq!(memory.load_tokens("a").await, Ok(Some("1".to_owned())));
}

#[wasm_bindgen_test]
async fn a_page_without_storage_is_a_failure_and_no_trap() {
    for nothing in [JsValue::NULL, JsValue::UNDEFINED] {
        let _without = Tampered::replaced("sessionStorage", &nothing);
        let failure = JsHost::new(StorageKind::Session).load_tokens("a").await;
        assert_eq!(failure, Err(StoreFailure("there is none".to_owned())));
    }
}

#[wasm_bindgen_test]
fn a_page_has_the_location_of_its_address_bar() {
    assert!(JsHost::is_page());
    assert_eq!(host().location(), Some(web_sys::window().unwrap().location().href().unwrap()));
}

#[wasm_bindgen_test]
fn the_location_is_replaced_without_a_new_entry_and_with_the_state_of_the_router() {
    let history = web_sys::window().unwrap().history().unwrap();
    let before = host().location().unwrap();
    let state = js_sys::Object::new();
    js_sys::Reflect::set(&state, &"router".into(), &7.into()).unwrap();
    history.replace_state_with_url(&state, "", Some("?code=canary&state=canary&page=2#/hash")).unwrap();
    let entries = history.length().unwrap();

    let cleaned = host().location().unwrap().replace("code=canary&state=canary&", "");
    host().replace_location(&cleaned);
    assert_eq!(host().location(), Some(cleaned));
    assert_eq!(js::at(&history.state().unwrap(), "router"), 7);
    assert_eq!(history.length().unwrap(), entries);

    host().replace_location(&before);
}

#[wasm_bindgen_test]
fn a_location_of_another_origin_is_not_put_into_the_address_bar() {
    let before = host().location();
    host().replace_location("https://elsewhere.example/");
    host().replace_location("https://");
    assert_eq!(host().location(), before);
}

#[wasm_bindgen_test]
async fn a_real_server_is_answered_to() {
    let origin = web_sys::window().unwrap().location().origin().unwrap();
    let page = host().send(HttpRequest::get(format!("{origin}/"), "text/html"), AMPLE).await.unwrap();
    assert_eq!((page.status, page.media_type().as_deref()), (200, Some("text/html")));
    assert!(String::from_utf8(page.body).unwrap().contains("<script"));
    let missing = host().send(HttpRequest::get(format!("{origin}/missing"), "*/*"), AMPLE).await.unwrap();
    assert_eq!(missing.status, 404);
}

#[wasm_bindgen_test]
async fn an_origin_that_does_not_allow_the_page_is_a_network_failure() {
    // The same server by another name is another origin (CORS).
    let port = web_sys::window().unwrap().location().port().unwrap();
    let sent = host().send(HttpRequest::get(format!("http://localhost:{port}/"), "*/*"), AMPLE).await;
    assert_eq!(sent, Err(HttpFailure::Network("Failed to fetch".to_owned())));
}
