//! The configuration of several providers: its text goes in with what is wanted of it, options of a client come out.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::errors::thrown;
use super::record::{Record, to_js};
use crate::configuration::{Choice, Chosen, Configuration};
use crate::error::{Code, Result};
use crate::host::JsHost;
use crate::protocol::json::{self, Json, Object};

/// Reads a configuration and, where `arguments` say what is wanted, chooses from it. `variable` gives the value of a
/// variable, a string or something else where there is none.
#[wasm_bindgen]
pub fn configuration(
    document: &str,
    arguments: Option<String>,
    variable: &Function,
) -> std::result::Result<JsValue, JsValue> {
    let done = read(document).and_then(|document| {
        let configuration = Configuration::from_json(&document)?;
        match arguments {
            None => Ok(Json::Null),
            Some(arguments) => chosen(&configuration, &read(&arguments)?, variable),
        }
    });
    done.map(|json| to_js(&json)).map_err(thrown)
}

fn read(text: &str) -> Result<Object> {
    json::parse_object_as(text.as_bytes(), Code::InvalidOption)
}

fn chosen(configuration: &Configuration, arguments: &Object, variable: &Function) -> Result<Json> {
    let without = arguments.strings("without")?.unwrap_or_default();
    let choice = Choice {
        provider: arguments.string("provider")?,
        environment: arguments.string("environment")?,
        application: arguments.string("application")?,
        overrides: arguments.object("overrides")?,
        without: &without,
        in_page: JsHost::is_page(),
    };
    let variable = |name: &str| variable.call1(&JsValue::UNDEFINED, &JsValue::from_str(name)).ok()?.as_string();
    let secrets = arguments.object("secrets")?;
    let secret = |reference: &str| secrets?.get(reference)?.as_str().map(str::to_owned);
    Ok(record(&configuration.choose(&choice, &variable, &secret)?))
}

fn record(chosen: &Chosen) -> Json {
    let mut record = Record::default();
    record.text("provider", Some(&chosen.provider));
    record.text("environment", chosen.environment.as_deref());
    record.text("application", chosen.application.as_deref());
    record.put("options", Json::Object(chosen.options.clone()));
    record.text("caBundle", chosen.ca_bundle.as_deref());
    record.put("storage", chosen.storage.clone());
    let waiting = chosen.waiting.iter().map(|waiting| {
        let mut record = Record::default();
        record.text("reference", Some(&waiting.reference));
        record.text("scheme", Some(&waiting.scheme));
        record.text("path", Some(&waiting.path));
        record.done()
    });
    record.put("waiting", Json::Array(waiting.collect()));
    record.done()
}
