//! What every JavaScript host has at its global scope, and how its values become words.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::Request;

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`. Synchronous with `catch`: an async import never settles when it throws at once.
    #[wasm_bindgen(catch)]
    pub(super) fn fetch(request: &Request) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32, argument: &JsValue) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// A timer that is cleared when it is dropped: a forgotten one would keep a Node process alive.
pub(super) struct Timeout {
    timer: JsValue,
    /// Resolves with the given value when the time has passed.
    pub(super) passed: Promise,
}

impl Timeout {
    pub(super) fn start(milliseconds: u32, value: &JsValue) -> Self {
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let mut timer = JsValue::UNDEFINED;
        let passed = Promise::new(&mut |resolve, _| timer = set_timeout(&resolve, milliseconds, value));
        Self { timer, passed }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// A member of the global scope; `None` where the host has none or throws on reading it.
pub(super) fn member(name: &str) -> Option<JsValue> {
    member_of(&js_sys::global(), name).filter(|value| !value.is_null())
}

/// A member of a value that may be anything; `None` where it has none or throws on reading it.
pub(super) fn member_of(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok().filter(|member| !member.is_undefined())
}

/// Calls a method of a value that may be anything: the method may be missing, or throw.
pub(super) fn call(value: &JsValue, method: &str) -> Result<JsValue, JsValue> {
    Reflect::get(value, &method.into())?.dyn_into::<Function>()?.call0(value)
}

/// What a thrown value says, whatever it is.
pub(super) fn words(thrown: &JsValue) -> String {
    // The message of an error is whatever was put there, by a getter that may throw.
    let text = thrown.as_string().or_else(|| member_of(thrown, "message")?.as_string());
    crate::error::harmless(text.as_deref().unwrap_or("no reason given"))
}
