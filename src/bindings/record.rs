//! Plain values that cross to JavaScript, by way of JSON text.

use wasm_bindgen::JsValue;

use crate::protocol::json::{Json, Number, Object};

/// A value as plain JavaScript. By way of its text, which `JSON.parse` reads faster than objects can be made from here
/// member by member, and in which `__proto__` stays a plain member.
pub(super) fn to_js(json: &Json) -> JsValue {
    // What was written here is JSON.
    js_sys::JSON::parse(&json.to_string()).unwrap_or(JsValue::UNDEFINED)
}

/// A record in the making; what is absent is missing.
#[derive(Default)]
pub(super) struct Record(Object);

impl Record {
    pub(super) fn put(&mut self, name: &'static str, value: Json) {
        self.0.insert(name, value);
    }

    #[inline(never)]
    pub(super) fn text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.put(name, Json::String(text.to_owned()));
        }
    }

    #[inline(never)]
    pub(super) fn number(&mut self, name: &'static str, number: Option<i64>) {
        if let Some(number) = number {
            self.put(name, Json::Number(Number::Integer(number)));
        }
    }

    #[cfg(any(feature = "core-bindings", feature = "edge-bindings", feature = "tools-bindings"))]
    pub(super) fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.put(name, Json::Bool(flag));
        }
    }

    #[cfg(any(feature = "core-bindings", feature = "edge-bindings", feature = "tools-bindings"))]
    #[inline(never)]
    pub(super) fn texts<S: AsRef<str>>(&mut self, name: &'static str, texts: &[S]) {
        let texts = texts.iter().map(|text| Json::String(text.as_ref().to_owned()));
        self.put(name, Json::Array(texts.collect()));
    }

    pub(super) fn done(self) -> Json {
        Json::Object(self.0)
    }
}
