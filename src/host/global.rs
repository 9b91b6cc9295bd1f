//! What every JavaScript host has at its global scope, and how its values become words.

use js_sys::{Function, Promise};
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
    let value = js_sys::Reflect::get(&js_sys::global(), &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// What a thrown value says, whatever it is.
pub(super) fn words(thrown: &JsValue) -> String {
    let text = match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => thrown.as_string().unwrap_or_else(|| "no reason given".to_owned()),
    };
    crate::error::harmless(&text)
}
