//! What the tabs of an origin share: Web Locks, channels and `localStorage`; and coming back to a page.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::{Area, Channel, LockFailure, Locks, StorageKind, Store, StoreFailure, TokenStore, Wake};

use super::support::js::{self, Tampered};
use super::support::{host, locks};

#[wasm_bindgen(module = "/tests/support/host/realm.js")]
extern "C" {
    fn said(name: &str) -> js_sys::Array;
    fn say(name: &str, message: &JsValue);
    fn happens(target: &str, event: &str);
    #[wasm_bindgen(js_name = nothingListensAnyMore)]
    fn watch_listeners() -> js_sys::Function;
    #[wasm_bindgen(js_name = lockRequestThat)]
    fn lock_request_that(fails: &str) -> JsValue;
}

fn local_storage() -> web_sys::Storage {
    web_sys::window().unwrap().local_storage().unwrap().unwrap()
}

#[wasm_bindgen_test]
async fn a_web_lock_is_held_by_one_until_dropped() {
    locks::is_held_by_one_until_dropped(host).await;
}

#[wasm_bindgen_test]
async fn a_web_lock_is_given_up_after_the_time_to_wait() {
    locks::is_given_up_after_the_time_to_wait(host).await;
}

#[wasm_bindgen_test]
async fn a_web_lock_is_free_after_the_time_to_hold() {
    locks::is_free_after_the_time_to_hold(host).await;
}

#[wasm_bindgen_test]
async fn a_page_without_web_locks_says_that_they_are_unavailable() {
    let without = [
        Tampered::replaced("navigator.locks", &JsValue::UNDEFINED),
        Tampered::blocked("navigator.locks"),
        Tampered::replaced("navigator.locks", &lock_request_that("throws")),
        Tampered::replaced("navigator.locks", &lock_request_that("rejects")),
    ];
    // Put back in the order of a stack.
    for tampered in without.into_iter().rev() {
        assert_eq!(host().lock("a", 5_000, 5_000).await.err(), Some(LockFailure::Unavailable));
        drop(tampered);
    }
    assert!(host().lock("a", 5_000, 5_000).await.is_ok());
}

fn heard_by(host: &JsHost, name: &str) -> (Rc<RefCell<Vec<String>>>, wasm_oidc::ports::Guard) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hear = Rc::clone(&heard);
    let guard = host.listen(name, Rc::new(move |message| hear.borrow_mut().push(message)));
    (heard, guard)
}

#[wasm_bindgen_test]
async fn what_is_said_on_a_channel_is_heard_by_the_others_on_it_and_not_by_oneself() {
    let (one, other) = (host(), host());
    let (heard_by_one, _one) = heard_by(&one, "channel:a");
    let (heard_by_other, _other) = heard_by(&other, "channel:a");
    let (heard_elsewhere, _elsewhere) = heard_by(&other, "channel:b");
    one.post("channel:a", "first");
    one.post("channel:a", "second ✓");
    js::wait(100).await;
    assert_eq!(*heard_by_other.borrow(), ["first", "second ✓"]);
    assert_eq!(heard_by_one.borrow().len() + heard_elsewhere.borrow().len(), 0);
}

#[wasm_bindgen_test]
async fn a_channel_that_is_not_listened_to_can_be_posted_on() {
    let all = said("channel:posted");
    let host = host();
    host.post("channel:posted", "one");
    host.post("channel:posted", "two");
    js::wait(100).await;
    assert_eq!(all.iter().filter_map(|text| text.as_string()).collect::<Vec<_>>(), ["one", "two"]);
}

#[wasm_bindgen_test]
async fn what_is_no_text_is_not_heard() {
    let host = host();
    let (heard, _guard) = heard_by(&host, "channel:odd");
    for odd in [JsValue::NULL, 7.into(), js_sys::Object::new().into(), "text".into()] {
        say("channel:odd", &odd);
    }
    js::wait(100).await;
    assert_eq!(*heard.borrow(), ["text"]);
}

#[wasm_bindgen_test]
async fn nobody_hears_after_the_guard_is_dropped_and_one_may_listen_again() {
    let host = host();
    let (heard, guard) = heard_by(&host, "channel:over");
    drop(guard);
    say("channel:over", &"missed".into());
    js::wait(100).await;
    assert_eq!(heard.borrow().len(), 0);
    let (heard, _guard) = heard_by(&host, "channel:over");
    say("channel:over", &"again".into());
    js::wait(100).await;
    assert_eq!(*heard.borrow(), ["again"]);
}

#[wasm_bindgen_test]
fn a_page_without_channels_has_nothing_to_say_or_hear() {
    for constructor in [JsValue::UNDEFINED, js_sys::Function::new_no_args("throw 'none'").into()] {
        let _without = Tampered::replaced("BroadcastChannel", &constructor);
        let host = host();
        host.post("channel:none", "nobody hears this");
        drop(heard_by(&host, "channel:none"));
    }
}

#[wasm_bindgen_test]
fn a_page_that_comes_back_wakes_until_the_guard_is_dropped() {
    let nothing_listens_any_more = watch_listeners();
    let woken = Rc::new(Cell::new(0));
    let wake = Rc::clone(&woken);
    let guard = host().on_wake(Rc::new(move || wake.set(wake.get() + 1)));
    assert_eq!(woken.get(), 0);
    for (times, (target, event)) in
        [("window", "online"), ("document", "visibilitychange"), ("window", "pageshow")].into_iter().enumerate()
    {
        happens(target, event);
        assert_eq!(woken.get(), times + 1, "{event}");
    }
    for event in ["offline", "pagehide", "focus"] {
        happens("window", event);
    }
    assert_eq!(woken.get(), 3);
    drop(guard);
    for (target, event) in [("window", "online"), ("document", "visibilitychange"), ("window", "pageshow")] {
        happens(target, event);
    }
    assert_eq!(woken.get(), 3);
    assert!(nothing_listens_any_more.call0(&JsValue::UNDEFINED).unwrap().is_truthy());
}

#[wasm_bindgen_test]
fn a_page_that_becomes_hidden_does_not_wake() {
    let woken = Rc::new(Cell::new(0));
    let wake = Rc::clone(&woken);
    let _guard = host().on_wake(Rc::new(move || wake.set(wake.get() + 1)));
    assert!(host().is_visible());
    let _hidden = Tampered::replaced("document.visibilityState", &"hidden".into());
    assert!(!host().is_visible());
    happens("document", "visibilitychange");
    assert_eq!(woken.get(), 0);
    // A network that is back wakes a page in the background too.
    happens("window", "online");
    assert_eq!(woken.get(), 1);
}

#[wasm_bindgen_test]
async fn local_sessions_are_shared_by_all_tabs_and_not_in_the_storage_of_this_one() {
    let one = JsHost::new(StorageKind::Local);
    one.save_tokens("wasm-oidc:session:l", Some("canary-of-local")).await.unwrap();
    assert_eq!(local_storage().get_item("wasm-oidc:session:l").unwrap(), Some("canary-of-local".to_owned()));
    let other = JsHost::new(StorageKind::Local);
    assert_eq!(other.load_tokens("wasm-oidc:session:l").await, Ok(Some("canary-of-local".to_owned())));
    assert_eq!(JsHost::new(StorageKind::Session).load_tokens("wasm-oidc:session:l").await, Ok(None));
    other.save_tokens("wasm-oidc:session:l", None).await.unwrap();
    assert_eq!(local_storage().get_item("wasm-oidc:session:l").unwrap(), None);
}

#[wasm_bindgen_test]
fn marks_are_shared_by_all_tabs_whatever_sessions_are_kept_in() {
    for kind in [StorageKind::Memory, StorageKind::Session, StorageKind::Local, StorageKind::Custom] {
        let host = JsHost::new(kind);
        host.save(Area::Marks, "wasm-oidc:refresh:x", "{}").unwrap();
        assert_eq!(local_storage().get_item("wasm-oidc:refresh:x").unwrap(), Some("{}".to_owned()), "{kind:?}");
        assert_eq!(host.keys(Area::Marks, "wasm-oidc:refresh:"), Ok(vec!["wasm-oidc:refresh:x".to_owned()]));
        assert_eq!(host.load(Area::Documents, "wasm-oidc:refresh:x"), Ok(None));
        host.delete(Area::Marks, "wasm-oidc:refresh:x").unwrap();
        assert_eq!(local_storage().get_item("wasm-oidc:refresh:x").unwrap(), None);
    }
}

#[wasm_bindgen_test]
async fn a_shared_storage_that_the_user_blocked_is_a_failure_and_no_trap() {
    let _blocked = Tampered::blocked("localStorage");
    let denied = || StoreFailure("Access is denied for this document.".to_owned());
    let host = JsHost::new(StorageKind::Local);
    assert_eq!(host.load_tokens("a").await, Err(denied()));
    assert_eq!(host.save_tokens("a", Some("1")).await, Err(denied()));
    assert_eq!(host.load(Area::Marks, "a"), Err(denied()));
    // The storage of the tab is another one.
    assert_eq!(host.load(Area::Documents, "a"), Ok(None));
}

#[wasm_bindgen_test]
async fn a_store_of_the_app_keeps_nothing_in_the_page() {
    let (local, tab) =
        (local_storage().length(), web_sys::window().unwrap().session_storage().unwrap().unwrap().length());
    let host = JsHost::new(StorageKind::Custom).with_store(js::plain_store());
    host.save_tokens("a", Some("canary")).await.unwrap();
    assert_eq!(host.load_tokens("a").await, Ok(Some("canary".to_owned())));
    assert_eq!(local_storage().length(), local);
    assert_eq!(web_sys::window().unwrap().session_storage().unwrap().unwrap().length(), tab);
    assert!(Reflect::has(&js_sys::global(), &"localStorage".into()).unwrap());
}
