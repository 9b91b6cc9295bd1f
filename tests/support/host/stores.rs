//! Stores of an app's own: what works, and everything that must become a failure and no trap.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::{StorageKind, StoreFailure, TokenStore};

use super::js::{self, Tampered, Watch};

fn custom(store: JsValue) -> JsHost {
    JsHost::new(StorageKind::Custom).with_store(store)
}

fn size(store: &JsValue) -> f64 {
    js::at(store, "kept.size").as_f64().unwrap()
}

#[wasm_bindgen_test]
async fn a_store_may_answer_with_values_or_with_promises() {
    for store in [js::plain_store(), js::locking_store()] {
        let (host, other) = (custom(store.clone()), custom(store.clone()));
        assert_eq!(host.load_tokens("a").await, Ok(None));
        host.save_tokens("a", Some("one")).await.unwrap();
        host.save_tokens("a", Some("two ✓")).await.unwrap();
        host.save_tokens("b", Some("")).await.unwrap();
        assert_eq!(other.load_tokens("a").await, Ok(Some("two ✓".to_owned())));
        assert_eq!(other.load_tokens("b").await, Ok(Some(String::new())));
        assert_eq!(size(&store), 2.0);
        host.save_tokens("a", None).await.unwrap();
        host.save_tokens("a", None).await.unwrap();
        assert_eq!(other.load_tokens("a").await, Ok(None));
        assert_eq!(size(&store), 1.0);
    }
}

#[wasm_bindgen_test]
async fn a_store_that_does_not_answer_as_it_should_is_a_failure_within_its_time() {
    let _hurry = Tampered::hurried();
    let rejections = Watch::rejections();
    for name in js::broken_store_names() {
        let host = custom(js::broken_store(&name));
        let StoreFailure(loading) = host.load_tokens("a").await.unwrap_err();
        let StoreFailure(saving) = host.save_tokens("a", Some("1")).await.unwrap_err();
        let StoreFailure(deleting) = host.save_tokens("a", None).await.unwrap_err();
        for (method, words) in [("load", loading), ("save", saving), ("delete", deleting)] {
            let expected = match name.as_str() {
                "throws at once" => "thrown at once".to_owned(),
                "rejects with a string" => "a string".to_owned(),
                "is a thenable that throws" => "a bad thenable".to_owned(),
                "never settles" => format!("its {method} did not answer within 10 seconds"),
                _ => "no reason given".to_owned(),
            };
            assert_eq!(words, expected, "{name}: {method}");
        }
    }
    js::wait(500).await;
    assert_eq!(rejections.rejected(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn what_a_store_loads_is_text_or_nothing() {
    for text in ["7", "true", "{}", "[\"text\"]", "new String(\"text\")"] {
        let store = js::plain_store();
        let load = js_sys::Function::new_no_args(&format!("return {text}"));
        js_sys::Reflect::set(&store, &"load".into(), &load).unwrap();
        let failure = StoreFailure("its load gave neither a string nor null".to_owned());
        assert_eq!(custom(store).load_tokens("a").await, Err(failure), "{text}");
    }
}

#[wasm_bindgen_test]
async fn a_store_without_methods_is_a_failure_and_no_trap() {
    for nothing in [JsValue::UNDEFINED, JsValue::NULL, 7.into(), js_sys::Object::new().into()] {
        let host = custom(nothing);
        assert!(host.load_tokens("a").await.is_err());
        assert!(host.save_tokens("a", Some("1")).await.is_err());
        assert!(host.save_tokens("a", None).await.is_err());
    }
}

#[wasm_bindgen_test]
async fn a_lost_key_is_told_by_its_code() {
    let host = custom(js::store_that_rejects("key_lost", "the key is gone"));
    let failure = StoreFailure("key_lost: the key is gone".to_owned());
    assert_eq!(host.load_tokens("a").await, Err(failure));
    let host = custom(js::store_that_rejects("storage_unavailable", "not now"));
    assert_eq!(host.load_tokens("a").await, Err(StoreFailure("not now".to_owned())));
}

#[wasm_bindgen_test]
async fn an_answer_leaves_no_timer() {
    let timers = Watch::timers();
    let host = custom(js::locking_store());
    host.save_tokens("a", Some("1")).await.unwrap();
    host.load_tokens("a").await.unwrap();
    assert_eq!(timers.pending(), 0.0);
}

#[wasm_bindgen_test]
async fn a_store_is_asked_only_where_sessions_are_kept_in_it() {
    let store = js::plain_store();
    let host = JsHost::new(StorageKind::Memory).with_store(store.clone());
    host.save_tokens("a", Some("1")).await.unwrap();
    assert_eq!(size(&store), 0.0);
}
