//! The app's own claim mapping: a function that the wrapper has made ready, called with text and answering in text.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::authz::mapping::AppClaimMapping;
use crate::error::{Class, Code, Error, Result, harmless, without_tokens};
use crate::host::App;
use crate::protocol::json::{self, Object};

/// The mapping that the app plugs in, if it plugs in one.
pub(super) fn claim_mapping(app: &App) -> Option<Rc<dyn AppClaimMapping>> {
    app.function("claimMapping").map(|map| Rc::new(ClaimMapping(map)) as Rc<_>)
}

/// A function that the wrapper made of the app's: claims as text in, `{result}` or `{thrown}` as text out.
struct ClaimMapping(Function);

impl AppClaimMapping for ClaimMapping {
    fn map(&self, claims: &Object) -> Result<Object> {
        let told = self.0.call1(&JsValue::UNDEFINED, &JsValue::from_str(&claims.to_string()));
        let text = told.ok().and_then(|text| text.as_string()).unwrap_or_default();
        let told = json::parse_object_as(text.as_bytes(), Code::InvalidClaim)
            .map_err(|error| failed(&format!("returned what cannot be read: {}", error.failure().message)))?;
        if let Some(thrown) = told.string("thrown")? {
            return Err(failed(&format!("threw: {}", without_tokens(&harmless(thrown)))));
        }
        match told.object("result") {
            Ok(Some(result)) => Ok(result.clone()),
            Ok(None) | Err(_) => {
                let message = "option \"claimMapping\": the function must return an object, and no promise of one";
                Err(Error::new(Code::InvalidOption, message))
            }
        }
    }
}

fn failed(what: &str) -> Error {
    Error::new(Code::InvalidClaim, format!("the function `claimMapping` {what}")).during(Class::TokenParse)
}
