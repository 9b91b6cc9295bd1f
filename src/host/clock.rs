//! `Date` and `setTimeout`.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::JsHost;
use super::global::Timeout;
use crate::ports::{Clock, Timer};

impl Clock for JsHost {
    #[allow(clippy::cast_possible_truncation, reason = "a float cast saturates, and NaN becomes zero")]
    fn now(&self) -> i64 {
        (js_sys::Date::now() / 1000.0).floor() as i64
    }

    #[allow(clippy::cast_possible_truncation, reason = "a float cast saturates, and NaN becomes zero")]
    fn milliseconds(&self) -> i64 {
        js_sys::Date::now() as i64
    }
}

impl Timer for JsHost {
    async fn sleep(&self, milliseconds: u32) {
        let timeout = Timeout::start(milliseconds, &JsValue::UNDEFINED);
        // A timer does not reject.
        let _ = JsFuture::from(timeout.passed.clone()).await;
    }
}
