//! Looking at tokens and providers: one door, as in `client.rs`, to a client without a session.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::errors::thrown;
use super::record::to_js;
use crate::client::{Client, ClientOptions};
use crate::error::{Code, Error, Result};
use crate::host::JsHost;
use crate::ports::StorageKind;
use crate::protocol::json::{self, Json, Object};

/// The tools of a client; never leaves the wrapper.
#[wasm_bindgen]
pub struct WasmTools(Client<JsHost>);

#[wasm_bindgen]
impl WasmTools {
    /// Takes the options of a client; sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, fetch: Option<Function>) -> std::result::Result<WasmTools, JsValue> {
        let made = read(options).and_then(|options| {
            let options = ClientOptions::from_json(&options, JsHost::is_page())?;
            Client::new(JsHost::new(StorageKind::Memory).with_fetch(fetch), options)
        });
        made.map(Self).map_err(thrown)
    }

    /// Does a job that takes time; `store` is where it remembers something, if it does.
    pub fn later(&self, job: &str, arguments: &str, store: JsValue) -> Promise {
        let (client, job, arguments) = (self.0.clone(), job.to_owned(), read(arguments));
        future_to_promise(async move {
            later(client, &job, arguments, store).await.map(|json| to_js(&json)).map_err(thrown)
        })
    }
}

fn read(arguments: &str) -> Result<Object> {
    json::parse_object_as(arguments.as_bytes(), Code::InvalidOption)
}

async fn later(client: Client<JsHost>, job: &str, arguments: Result<Object>, store: JsValue) -> Result<Json> {
    let (_client, _arguments, _job, _store) = (client, arguments?, job, store);
    Err(Error::new(
        Code::InvalidOption,
        "the wrapper asks for a job that this wasm does not know: their versions differ",
    ))
}
