//! Deliberate traps, so that tests can see what a trap leaves behind. Behind the feature `traps`, never shipped.
//!
//! The four ways in which this module can die on wasm32: a panic (which aborts), the engine's call stack, the stack in
//! linear memory, and an allocation that cannot be served. Beside them, two calls that can be in flight meanwhile.

use std::hint::black_box;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// Panics, which ends in `unreachable`: the engine throws `WebAssembly.RuntimeError`.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "the trap that is being tested")]
pub fn trap_panic() {
    panic!("a deliberate panic");
}

/// Calls itself until the engine's call stack is full: `RangeError`, in Firefox `InternalError`.
#[wasm_bindgen]
pub fn trap_recursion() -> u32 {
    descend(0)
}

/// Fills the stack in linear memory first: an access out of bounds, so `WebAssembly.RuntimeError`.
#[wasm_bindgen]
pub fn trap_stack() -> u32 {
    descend_with_frame(0)
}

/// Asks for memory until there is none, which aborts without any hook: `WebAssembly.RuntimeError`.
#[wasm_bindgen]
pub fn trap_memory() {
    const BYTES: usize = 1 << 30;
    loop {
        std::mem::forget(black_box(Vec::<u8>::with_capacity(BYTES)));
    }
}

/// A call that stays in flight for ever.
#[wasm_bindgen]
pub fn pending() -> Promise {
    future_to_promise(std::future::pending())
}

/// Waits for `gate`, then calls `report` and resolves: a task whose next step is a closure into this instance.
#[wasm_bindgen]
pub fn call_after(gate: Promise, report: Function) -> Promise {
    future_to_promise(async move {
        JsFuture::from(gate).await?;
        report.call0(&JsValue::UNDEFINED)
    })
}

/// Waits for `gate`, then panics: a trap inside a promise reaction, where no caller is on the stack.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "the trap that is being tested")]
pub fn panic_after(gate: Promise) -> Promise {
    future_to_promise(async move {
        JsFuture::from(gate).await?;
        panic!("a deliberate panic in a task");
    })
}

/// Calls `callback` with `catch`, so that what it throws comes back as a value; answers whether it threw.
#[wasm_bindgen]
pub fn catches(callback: &Function) -> bool {
    callback.call0(&JsValue::UNDEFINED).is_err()
}

/// Calls `callback` twice, whatever the first call throws.
#[wasm_bindgen]
pub fn calls_twice(callback: &Function) {
    for _ in 0..2 {
        // Only whether there is a second call matters.
        let _ = callback.call0(&JsValue::UNDEFINED);
    }
}

/// Calls `callback` without `catch`: what it throws passes through this instance.
#[wasm_bindgen]
pub fn passes_through(callback: &ThrowingCallback) {
    callback.call(&JsValue::UNDEFINED);
}

#[wasm_bindgen]
extern "C" {
    /// A function whose exceptions are not caught.
    #[wasm_bindgen(js_name = "Function")]
    pub type ThrowingCallback;

    #[wasm_bindgen(method)]
    fn call(this: &ThrowingCallback, receiver: &JsValue);
}

#[expect(unconditional_recursion, reason = "the trap that is being tested")]
#[inline(never)]
fn descend(depth: u32) -> u32 {
    black_box(descend(black_box(depth.wrapping_add(1)))).wrapping_add(1)
}

#[expect(unconditional_recursion, reason = "the trap that is being tested")]
#[inline(never)]
fn descend_with_frame(depth: u32) -> u32 {
    let mut frame = [depth; 1024];
    black_box(&mut frame);
    let deeper = descend_with_frame(depth.wrapping_add(1));
    black_box(&frame).iter().fold(deeper, |sum, word| sum.wrapping_add(*word))
}
