//! What an app hands in that is no data: functions, and objects with methods.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::global;

/// An object of the app's functions and objects, by the names of the options that they were given as.
#[derive(Clone)]
pub struct App(JsValue);

impl App {
    /// Takes the object.
    #[must_use]
    pub fn new(members: JsValue) -> Self {
        Self(members)
    }

    /// The function of this name; `None` where the app gave none.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Function> {
        global::member_of(&self.0, name)?.dyn_into().ok()
    }

    /// The object of this name; `undefined` where the app gave none.
    #[must_use]
    pub fn object(&self, name: &str) -> JsValue {
        global::member_of(&self.0, name).unwrap_or(JsValue::UNDEFINED)
    }

    /// What a function of the app's answers, which may be a promise.
    ///
    /// # Errors
    /// What it threw, or rejected with, in words.
    pub async fn ask(function: &Function, argument: &JsValue) -> Result<JsValue, String> {
        let answer = match function.call1(&JsValue::UNDEFINED, argument) {
            Ok(answer) => JsFuture::from(Promise::resolve(&answer)).await,
            thrown => thrown,
        };
        answer.map_err(|thrown| global::words(&thrown))
    }

    /// Tells a function of the app's something; what it answers is nobody's concern.
    pub fn tell(function: &Function, argument: &JsValue) {
        let _ = function.call1(&JsValue::UNDEFINED, argument);
    }
}
