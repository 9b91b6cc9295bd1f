//! Stores that every host has: memory.

use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Area, Store, TokenStore};

use super::host;

#[wasm_bindgen_test]
async fn what_was_saved_is_loaded_replaced_and_forgotten() {
    let host = host();
    assert_eq!(host.load_tokens("a").await, Ok(None));
    host.save_tokens("a", Some("one")).await.unwrap();
    host.save_tokens("a", Some("two ✓")).await.unwrap();
    assert_eq!(host.load_tokens("a").await, Ok(Some("two ✓".to_owned())));
    host.save_tokens("a", None).await.unwrap();
    host.save_tokens("a", None).await.unwrap();
    assert_eq!(host.load_tokens("a").await, Ok(None));
}

#[wasm_bindgen_test]
async fn two_hosts_share_no_memory() {
    let (one, other) = (host(), host());
    one.save_tokens("a", Some("1")).await.unwrap();
    assert_eq!(other.load_tokens("a").await, Ok(None));
}

#[wasm_bindgen_test]
fn keys_are_found_by_how_they_begin() {
    let host = host();
    let names = ["begin:a", "begin:b", "beginc", "other", "x begin:a"];
    for key in names {
        host.save(Area::Transactions, key, "1").unwrap();
    }
    let mut keys = host.keys(Area::Transactions, "begin:").unwrap();
    keys.sort();
    assert_eq!(keys, ["begin:a", "begin:b"]);
    assert_eq!(host.keys(Area::Transactions, "begin:a:"), Ok(Vec::new()));
    assert_eq!(host.keys(Area::Transactions, "begin").unwrap().len(), 3);
    // In a page they lie in the storage of the tab.
    for key in names {
        host.delete(Area::Transactions, key).unwrap();
    }
}
