//! Token responses that an app has of its own.

use wasm_bindgen::prelude::*;

use super::errors::thrown;
use crate::error::Code;
use crate::protocol::json;
use crate::session::TokenSet;

/// The token set, as JSON text, of one or of a token response; `received_at` in Unix seconds.
#[wasm_bindgen]
pub fn token_set(given: &str, received_at: Option<f64>) -> Result<String, JsValue> {
    #[allow(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let received_at = received_at.map(|seconds| seconds as i64);
    let object = json::parse_object_as(given.as_bytes(), Code::InvalidOption);
    let tokens = object.and_then(|object| TokenSet::from_given(&object, received_at));
    tokens.map(|tokens| tokens.to_json().to_string()).map_err(thrown)
}
