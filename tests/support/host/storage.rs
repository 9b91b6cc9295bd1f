//! Stores that every host has: memory.

use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Area, Store};

use super::host;

#[wasm_bindgen_test]
fn what_was_saved_is_loaded_replaced_and_forgotten() {
    let host = host();
    assert_eq!(host.load(Area::Documents, "a"), Ok(None));
    host.save(Area::Documents, "a", "one").unwrap();
    host.save(Area::Documents, "a", "two ✓").unwrap();
    assert_eq!(host.load(Area::Documents, "a"), Ok(Some("two ✓".to_owned())));
    host.delete(Area::Documents, "a").unwrap();
    host.delete(Area::Documents, "a").unwrap();
    assert_eq!(host.load(Area::Documents, "a"), Ok(None));
}

#[wasm_bindgen_test]
fn two_hosts_share_no_memory() {
    let (one, other) = (host(), host());
    one.save(Area::Documents, "a", "1").unwrap();
    assert_eq!(other.load(Area::Documents, "a"), Ok(None));
}

#[wasm_bindgen_test]
fn keys_are_found_by_how_they_begin() {
    let host = host();
    for key in ["wasm-oidc:a", "wasm-oidc:b", "wasm-oidcc", "other", "x wasm-oidc:a"] {
        host.save(Area::Documents, key, "1").unwrap();
    }
    let mut keys = host.keys(Area::Documents, "wasm-oidc:").unwrap();
    keys.sort();
    assert_eq!(keys, ["wasm-oidc:a", "wasm-oidc:b"]);
    assert_eq!(host.keys(Area::Documents, "wasm-oidc:a:"), Ok(Vec::new()));
    assert_eq!(host.keys(Area::Documents, "").unwrap().len(), 5);
}
