//! `Date`, `setTimeout`, `getRandomValues` and the microtask queue behind their ports.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::FutureExt;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::{Clock, Random, Spawn, Timer};

use super::host;
use super::js::{self, Tampered, Watch};

#[wasm_bindgen_test]
fn now_is_the_wall_clock_in_whole_seconds() {
    let before = (js_sys::Date::now() / 1000.0).floor();
    let now = host().now() as f64;
    let after = (js_sys::Date::now() / 1000.0).floor();
    assert!((before..=after).contains(&now), "{before} {now} {after}");
}

#[wasm_bindgen_test]
fn a_clock_that_says_nonsense_does_not_trap_x30() {
    for (nonsense, expected) in [("NaN", 0), ("Infinity", i64::MAX), ("-Infinity", i64::MIN), ("-1", -1), ("1999", 1)] {
        let date = js_sys::Function::new_no_args(&format!("return {nonsense}"));
        let _odd = Tampered::replaced("Date.now", &date);
        assert_eq!(host().now(), expected, "{nonsense}");
    }
}

#[wasm_bindgen_test]
async fn sleep_waits_as_long_as_it_was_told() {
    let start = js::now();
    host().sleep(50).await;
    // Timers may be a little early by the other clock.
    assert!((45.0..5_000.0).contains(&js::elapsed_since(start)));
}

#[wasm_bindgen_test]
async fn a_sleep_that_nobody_awaits_any_more_leaves_no_timer() {
    let timers = Watch::timers();
    let host = host();
    let mut sleep = Box::pin(host.sleep(3_600_000));
    assert_eq!(sleep.as_mut().now_or_never(), None);
    assert_eq!(timers.pending(), 1.0);
    drop(sleep);
    assert_eq!(timers.pending(), 0.0);
}

#[wasm_bindgen_test]
async fn a_sleep_longer_than_a_timer_can_hold_does_not_end_at_once() {
    let timers = Watch::timers();
    let host = host();
    let mut sleep = Box::pin(host.sleep(u32::MAX));
    assert_eq!(sleep.as_mut().now_or_never(), None);
    js::wait(20).await;
    assert_eq!(sleep.as_mut().now_or_never(), None);
    assert_eq!(timers.pending(), 1.0);
}

#[wasm_bindgen_test]
async fn spawned_work_goes_on_without_anybody_awaiting_it() {
    let done = Rc::new(Cell::new(false));
    let host = host();
    host.spawn({
        let done = Rc::clone(&done);
        Box::pin(async move {
            js::wait(5).await;
            done.set(true);
        })
    });
    assert!(!done.get());
    js::wait(50).await;
    assert!(done.get());
}

#[wasm_bindgen_test]
fn random_bytes_fill_the_whole_buffer_and_are_new_each_time_b5_p1() {
    let fill = || {
        let mut bytes = [0; 32];
        host().fill(&mut bytes).unwrap();
        bytes
    };
    let (first, second) = (fill(), fill());
    assert_ne!(first, second);
    for bytes in [first, second] {
        // Eight zeros in a row come once in 2^60 tries.
        assert!(bytes.chunks(8).all(|chunk| chunk.iter().any(|&byte| byte != 0)));
    }
}
