//! The JavaScript side of these tests.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/support/host/fetches.js")]
extern "C" {
    pub fn answering(status: u16, headers: &str, body: &str) -> Function;
    pub fn echoing() -> Function;
    #[wasm_bindgen(js_name = redirectedOpaquely)]
    pub fn redirected_opaquely() -> Function;
    #[wasm_bindgen(js_name = streamingFetch)]
    pub fn streaming(name: &str) -> Function;
    pub fn silent() -> Function;
    pub fn patient() -> Function;
    #[wasm_bindgen(js_name = hostileNames)]
    pub fn hostile_names() -> Vec<String>;
    pub fn hostile(name: &str) -> Function;
    #[wasm_bindgen(thread_local_v2, js_name = RequestWithoutCache)]
    pub static REQUEST_WITHOUT_CACHE: JsValue;
}

#[wasm_bindgen(module = "/tests/support/host/realm.js")]
extern "C" {
    fn replace(path: &str, value: &JsValue) -> Function;
    fn block(path: &str) -> Function;
    fn hurry() -> Function;
    #[wasm_bindgen(js_name = watchTimers)]
    fn watch_timers() -> JsValue;
    #[wasm_bindgen(js_name = watchRejections)]
    fn watch_rejections() -> JsValue;
}

#[wasm_bindgen(module = "/tests/support/host/stores.js")]
extern "C" {
    /// Keeps text in memory and answers at once, as a careless app's store does.
    #[wasm_bindgen(js_name = plainStore)]
    pub fn plain_store() -> JsValue;
    /// The same with promises, and with locks that all stores of this kind share.
    #[wasm_bindgen(js_name = lockingStore)]
    pub fn locking_store() -> JsValue;
    #[wasm_bindgen(js_name = brokenStoreNames)]
    pub fn broken_store_names() -> Vec<String>;
    #[wasm_bindgen(js_name = brokenStore)]
    pub fn broken_store(name: &str) -> JsValue;
    #[wasm_bindgen(js_name = storeThatRejects)]
    pub fn store_that_rejects(code: &str, message: &str) -> JsValue;
    #[wasm_bindgen(js_name = brokenLockNames)]
    pub fn broken_lock_names() -> Vec<String>;
    #[wasm_bindgen(js_name = storeWithBrokenLock)]
    pub fn store_with_broken_lock(name: &str) -> JsValue;
    #[wasm_bindgen(js_name = storeThatGrantsLate)]
    pub fn store_that_grants_late(milliseconds: u32) -> JsValue;
}

#[wasm_bindgen(module = "/tests/support/host/keys.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub async fn sign(algorithm: &str, message: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = signWithLeadingZero)]
    pub async fn sign_with_leading_zero(algorithm: &str, message: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(thread_local_v2, js_name = importNothing)]
    pub static IMPORT_NOTHING: JsValue;
    #[wasm_bindgen(thread_local_v2, js_name = importThrows)]
    pub static IMPORT_THROWS: JsValue;
}

/// What stands at the end of a path of members, like `seen.request.signal.aborted`.
pub fn at(value: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(value.clone(), |value, name| Reflect::get(&value, &name.into()).expect("it can be read"))
}

/// A piece of the realm that is not as it was; put back on drop.
pub struct Tampered(Function);

impl Tampered {
    /// The member has another value.
    pub fn replaced(path: &str, value: &JsValue) -> Self {
        Self(replace(path, value))
    }

    /// Timers ring a hundred times sooner.
    pub fn hurried() -> Self {
        Self(hurry())
    }

    /// The member throws when it is read.
    pub fn blocked(path: &str) -> Self {
        Self(block(path))
    }
}

impl Drop for Tampered {
    fn drop(&mut self) {
        self.0.call0(&JsValue::UNDEFINED).expect("it can be put back");
    }
}

/// Something that is watched until this is dropped.
pub struct Watch(JsValue);

impl Watch {
    /// Timers that were started and neither ran nor were cleared.
    pub fn timers() -> Self {
        Self(watch_timers())
    }

    /// Rejections that nobody handled.
    pub fn rejections() -> Self {
        Self(watch_rejections())
    }

    /// How many timers are pending.
    pub fn pending(&self) -> f64 {
        let pending: Function = at(&self.0, "pending").unchecked_into();
        pending.call0(&self.0).unwrap().as_f64().unwrap()
    }

    /// What the unhandled rejections say.
    pub fn rejected(&self) -> Vec<String> {
        let rejections: js_sys::Array = at(&self.0, "rejections").unchecked_into();
        rejections.iter().filter_map(|reason| reason.as_string()).collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let stop: Function = at(&self.0, "stop").unchecked_into();
        stop.call0(&self.0).expect("the watch can be stopped");
    }
}

/// Milliseconds, by the monotonic clock that every host has.
pub fn elapsed_since(start: f64) -> f64 {
    now() - start
}

/// The monotonic clock, in milliseconds.
pub fn now() -> f64 {
    let performance = at(&js_sys::global(), "performance");
    let now: Function = at(&performance, "now").unchecked_into();
    now.call0(&performance).unwrap().as_f64().unwrap()
}

/// Waits by a timer that is not the one under test.
pub async fn wait(milliseconds: i32) {
    let set_timeout: Function = at(&js_sys::global(), "setTimeout").unchecked_into();
    let passed = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout.call2(&JsValue::UNDEFINED, &resolve, &milliseconds.into()).expect("a timer can be started");
    });
    JsFuture::from(passed).await.expect("a timer does not reject");
}
