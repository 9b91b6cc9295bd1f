//! Taking turns: what holds of every kind of lock, here with those of an app's own store.

use futures_util::FutureExt;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::{Guard, LockFailure, Locks, StorageKind};

use super::js::{self, Watch};

/// Milliseconds that are enough for everything.
const LONG: u32 = 20_000;

fn sharing() -> JsHost {
    JsHost::new(StorageKind::Custom).with_store(js::locking_store())
}

async fn is_free(host: &JsHost, name: &str) -> bool {
    host.lock(name, LONG, LONG).await.is_ok()
}

async fn is_taken(host: &JsHost, name: &str) -> bool {
    host.lock(name, 40, LONG).await.err() == Some(LockFailure::Timeout)
}

/// One holder at a time, by name; dropping the guard is enough, and leaves no timer.
pub async fn is_held_by_one_until_dropped(make: fn() -> JsHost) {
    let timers = Watch::timers();
    let (one, other) = (make(), make());
    let guard = one.lock("exclusive", LONG, LONG).await.unwrap();
    assert!(is_taken(&other, "exclusive").await);
    assert!(is_free(&other, "another name").await);
    let mut waiting = Box::pin(other.lock("exclusive", LONG, LONG));
    assert!(waiting.as_mut().now_or_never().is_none());
    js::wait(30).await;
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(guard);
    let guard: Guard = waiting.await.unwrap();
    assert!(is_taken(&one, "exclusive").await);
    drop(guard);
    assert!(is_free(&one, "exclusive").await);
    assert_eq!(timers.pending(), 0.0);
}

/// Who waits too long is told, and does not hold what comes later.
pub async fn is_given_up_after_the_time_to_wait(make: fn() -> JsHost) {
    let (one, other) = (make(), make());
    let guard = one.lock("given up", LONG, LONG).await.unwrap();
    let start = js::now();
    assert_eq!(other.lock("given up", 60, LONG).await.err(), Some(LockFailure::Timeout));
    assert!((50.0..5_000.0).contains(&js::elapsed_since(start)));
    // A wait that was dropped is given up too.
    let mut waiting = Box::pin(other.lock("given up", LONG, LONG));
    assert!(waiting.as_mut().now_or_never().is_none());
    js::wait(10).await;
    drop(waiting);
    drop(guard);
    js::wait(10).await;
    assert!(is_free(&one, "given up").await);
}

/// Who hangs cannot lock others out.
pub async fn is_free_after_the_time_to_hold(make: fn() -> JsHost) {
    let (one, other) = (make(), make());
    let guard = one.lock("hung", LONG, 300).await.unwrap();
    assert!(is_taken(&other, "hung").await);
    let next = other.lock("hung", LONG, LONG).await.unwrap();
    // Its late end takes nothing from the next one.
    drop(guard);
    assert!(is_taken(&one, "hung").await);
    drop(next);
}

#[wasm_bindgen_test]
async fn a_lock_of_a_store_is_held_by_one_until_dropped() {
    is_held_by_one_until_dropped(sharing).await;
}

#[wasm_bindgen_test]
async fn a_lock_of_a_store_is_given_up_after_the_time_to_wait() {
    is_given_up_after_the_time_to_wait(sharing).await;
}

#[wasm_bindgen_test]
async fn a_lock_of_a_store_is_free_after_the_time_to_hold() {
    is_free_after_the_time_to_hold(sharing).await;
}

#[wasm_bindgen_test]
async fn a_store_whose_lock_is_broken_never_hangs() {
    let (rejections, timers) = (Watch::rejections(), Watch::timers());
    for name in js::broken_lock_names() {
        let host = JsHost::new(StorageKind::Custom).with_store(js::store_with_broken_lock(&name));
        let expected = if name == "never settles" { LockFailure::Timeout } else { LockFailure::Unavailable };
        assert_eq!(host.lock("a", 60, LONG).await.err(), Some(expected), "{name}");
    }
    js::wait(30).await;
    assert_eq!(rejections.rejected(), Vec::<String>::new());
    assert_eq!(timers.pending(), 0.0);
}

#[wasm_bindgen_test]
async fn a_lock_that_is_granted_too_late_is_given_back_at_once() {
    let store = js::store_that_grants_late(120);
    let host = JsHost::new(StorageKind::Custom).with_store(store.clone());
    assert_eq!(host.lock("late", 30, LONG).await.err(), Some(LockFailure::Timeout));
    assert!(js::at(&store, "held").is_undefined());
    js::wait(300).await;
    assert!(js::at(&store, "held").as_f64().is_some_and(|held| held < 1_000.0));
}

#[wasm_bindgen_test]
async fn only_a_store_that_keeps_the_sessions_locks_them() {
    let host = JsHost::new(StorageKind::Memory).with_store(js::store_with_broken_lock("never settles"));
    // Web Locks where there are some, else nothing.
    assert_ne!(host.lock("own", 5_000, LONG).await.err(), Some(LockFailure::Timeout));
}
