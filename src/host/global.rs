//! What every JavaScript host has at its global scope, and how its values become words.

use crate::error::{harmless, without_tokens};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Request;

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`. Synchronous with `catch`: an async import never settles when it throws at once.
    #[wasm_bindgen(catch)]
    pub(super) fn fetch(request: &Request) -> Result<JsValue, JsValue>;

    /// Workers throw at module scope.
    #[wasm_bindgen(js_name = setTimeout, catch)]
    fn set_timeout(callback: &Function, milliseconds: i32, argument: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// A timer that is cleared when it is dropped: a forgotten one would keep a Node process alive.
pub(super) struct Alarm(JsValue);

impl Alarm {
    /// Calls the function with the value when the time has passed; at once where there are no timers, since who waits for
    /// one could wait for ever.
    pub(super) fn set(milliseconds: u32, ring: &Function, value: &JsValue) -> Self {
        let timer = set_timeout(ring, i32::try_from(milliseconds).unwrap_or(i32::MAX), value);
        Self(timer.unwrap_or_else(|_| {
            let _ = ring.call1(&JsValue::UNDEFINED, value);
            JsValue::UNDEFINED
        }))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

/// A limit of time as a promise, for racing.
pub(super) struct Timeout {
    _alarm: Option<Alarm>,
    /// Resolves with the given value when the time has passed.
    pub(super) passed: Promise,
}

impl Timeout {
    pub(super) fn start(milliseconds: u32, value: &JsValue) -> Self {
        let mut alarm = None;
        let passed = Promise::new(&mut |resolve, _| alarm = Some(Alarm::set(milliseconds, &resolve, value)));
        Self { _alarm: alarm, passed }
    }
}

/// A promise, and what resolves it.
pub(super) fn promise() -> (Function, Promise) {
    // `Function::default` evaluates text, which a content security policy forbids.
    let mut resolve = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |function, _| resolve = function.into());
    (resolve.unchecked_into(), promise)
}

/// What the value or promise comes to; `None` where the time passed first.
pub(super) async fn within(milliseconds: u32, value: &JsValue) -> Result<Option<JsValue>, JsValue> {
    // A new object is the value that no answer can be.
    let too_late = Object::new();
    let timeout = Timeout::start(milliseconds, &too_late);
    let first = Promise::race(&Array::of2(&Promise::resolve(value), &timeout.passed));
    let first = JsFuture::from(first).await?;
    Ok(Some(first).filter(|first| *first != *too_late))
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
#[inline(never)]
pub(super) fn invoke(value: &JsValue, method: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    Reflect::get(value, &method.into())?.dyn_into::<Function>()?.apply(value, arguments)
}

/// Calls a method without arguments.
pub(super) fn call(value: &JsValue, method: &str) -> Result<JsValue, JsValue> {
    invoke(value, method, &Array::new())
}

/// What a thrown value says, whatever it is.
pub(super) fn words(thrown: &JsValue) -> String {
    // The message of an error is whatever was put there, by a getter that may throw.
    let text = thrown.as_string().or_else(|| member_of(thrown, "message")?.as_string());
    without_tokens(&harmless(text.as_deref().unwrap_or("no reason given")))
}

/// What a thrown value says, with the name of the error: Node has only in the cause whether a name was not found or a
/// certificate not trusted, Bun in the error itself.
pub(super) fn reason(thrown: &JsValue) -> String {
    let cause = member_of(thrown, "cause").filter(JsValue::is_object);
    let behind = cause.as_ref().unwrap_or(thrown);
    let said = words(behind);
    match member_of(behind, "code").and_then(|code| code.as_string()) {
        Some(name) => format!("{}: {said}", harmless(&name)),
        None => said,
    }
}
