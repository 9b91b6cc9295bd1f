//! Errors as plain records: `errors.js` makes the class at the call, so that `instanceof` and the stack are right.

use wasm_bindgen::JsValue;

use super::record::{Record, to_js};
use crate::error::Error;
use crate::protocol::json::Json;

/// The record of an error.
pub(super) fn record(error: &Error) -> Json {
    begun(error).done()
}

/// The same, to which more can be added.
pub(super) fn begun(error: &Error) -> Record {
    let failure = error.failure();
    let mut record = Record::default();
    record.text("class", Some(failure.class.as_str()));
    record.text("code", Some(failure.code.as_str()));
    record.text("message", Some(&failure.message));
    record.text("recovery", Some(failure.recovery.as_str()));
    record.text("error", failure.error.as_deref());
    record.text("errorDescription", failure.error_description.as_deref());
    record.number("status", failure.status.map(i64::from));
    record.number("retryAfter", failure.retry_after);
    record.text("expected", failure.expected.as_deref());
    record.text("actual", failure.actual.as_deref());
    record.text("appStateJson", failure.app_state.as_deref());
    if let Some(cause) = &failure.cause {
        record.put("cause", self::record(cause));
    }
    record
}

/// What is thrown, or rejected with.
#[inline(never)]
pub(super) fn thrown(error: Error) -> JsValue {
    to_js(&record(&error))
}
