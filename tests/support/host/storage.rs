//! Stores that every host has: memory.

use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Area, Store};

use super::host;

#[wasm_bindgen_test]
async fn what_was_saved_is_loaded_replaced_and_forgotten() {
    let host = host();
    assert_eq!(host.load(Area::Tokens, "a").await, Ok(None));
    host.save(Area::Tokens, "a", "one").await.unwrap();
    host.save(Area::Tokens, "a", "two ✓").await.unwrap();
    assert_eq!(host.load(Area::Tokens, "a").await, Ok(Some("two ✓".to_owned())));
    host.delete(Area::Tokens, "a").await.unwrap();
    host.delete(Area::Tokens, "a").await.unwrap();
    assert_eq!(host.load(Area::Tokens, "a").await, Ok(None));
}

#[wasm_bindgen_test]
async fn two_hosts_share_no_memory() {
    let (one, other) = (host(), host());
    one.save(Area::Tokens, "a", "1").await.unwrap();
    assert_eq!(other.load(Area::Tokens, "a").await, Ok(None));
}

#[wasm_bindgen_test]
async fn keys_are_found_by_how_they_begin() {
    let host = host();
    for key in ["wasm-oidc:a", "wasm-oidc:b", "wasm-oidcc", "other", "x wasm-oidc:a"] {
        host.save(Area::Tokens, key, "1").await.unwrap();
    }
    let mut keys = host.keys(Area::Tokens, "wasm-oidc:").await.unwrap();
    keys.sort();
    assert_eq!(keys, ["wasm-oidc:a", "wasm-oidc:b"]);
    assert_eq!(host.keys(Area::Tokens, "wasm-oidc:a:").await, Ok(Vec::new()));
    assert_eq!(host.keys(Area::Tokens, "").await.unwrap().len(), 5);
}
