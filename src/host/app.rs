//! What an app hands in that is no data: functions, and objects with methods.

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};

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
}
