//! Errors as plain records: `errors.js` makes the class at the call, so that `instanceof` and the stack are right.

use serde::Serialize;
use wasm_bindgen::JsValue;

use super::records::to_js;
use crate::error::Error;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorRecord<'a> {
    class: &'static str,
    code: &'static str,
    message: &'a str,
    recovery: &'static str,
    error: Option<&'a str>,
    error_description: Option<&'a str>,
    status: Option<u16>,
    retry_after: Option<f64>,
    expected: Option<&'a str>,
    actual: Option<&'a str>,
    app_state_json: Option<&'a str>,
    cause: Option<Box<ErrorRecord<'a>>>,
}

impl<'a> ErrorRecord<'a> {
    #[allow(clippy::cast_precision_loss, reason = "JavaScript numbers are doubles")]
    fn new(error: &'a Error) -> Self {
        let failure = error.failure();
        Self {
            class: failure.class.as_str(),
            code: failure.code.as_str(),
            message: &failure.message,
            recovery: failure.recovery.as_str(),
            error: failure.error.as_deref(),
            error_description: failure.error_description.as_deref(),
            status: failure.status,
            retry_after: failure.retry_after.map(|seconds| seconds as f64),
            expected: failure.expected.as_deref(),
            actual: failure.actual.as_deref(),
            app_state_json: failure.app_state.as_deref(),
            cause: failure.cause.as_ref().map(|cause| Box::new(Self::new(cause))),
        }
    }
}

/// The record of an error.
pub(super) fn record(error: &Error) -> JsValue {
    to_js(&ErrorRecord::new(error))
}
