//! Looking at tokens and providers: one door, as in `client.rs`, to a client without a session.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::errors::thrown;
use super::grants::{self, Devices};
use super::plug_ins::plug_ins;
use super::record::{Record, to_js};
use crate::client::{Client, ClientOptions, ProviderHost};
use crate::error::{Code, Error, Result};
use crate::host::{App, JsHost};
use crate::ports::StorageKind;
use crate::protocol::json::{self, Json, Object};
use crate::protocol::logout_token::LogoutToken;
use crate::tools::check_token::{self, TokenCheck};
use crate::tools::preflight::preflight;

/// The tools of a client; never leaves the wrapper.
#[wasm_bindgen]
pub struct WasmTools(Client<JsHost>, Devices);

#[wasm_bindgen]
impl WasmTools {
    /// Takes the options of a client and what the app plugs in; sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, app: JsValue) -> std::result::Result<WasmTools, JsValue> {
        let app = App::new(app);
        let made = read(options).and_then(|options| {
            let options = ClientOptions::from_json(&options, JsHost::is_page())?;
            let host = JsHost::new(StorageKind::Memory)
                .with_fetch(app.function("fetch"))
                .with_requests(&app)
                .with_sign(app.function("sign"));
            Client::with_plug_ins(host, options, plug_ins(&app))
        });
        made.map(|client| Self(client, Devices::default())).map_err(thrown)
    }

    /// Does a job that takes time; `store` is where it remembers something, if it does.
    pub fn later(&self, job: &str, arguments: &str, store: JsValue) -> Promise {
        let (client, devices) = (self.0.clone(), self.1.clone());
        let (job, arguments) = (job.to_owned(), read(arguments));
        future_to_promise(async move {
            later(client, devices, &job, arguments, store).await.map(|json| to_js(&json)).map_err(thrown)
        })
    }

    /// Ends a sign-in on a device, if it is still under way.
    pub fn cancel_device(&self, id: u32) {
        self.1.cancel(id);
    }
}

fn read(arguments: &str) -> Result<Object> {
    json::parse_object_as(arguments.as_bytes(), Code::InvalidOption)
}

async fn later(
    client: Client<JsHost>,
    devices: Devices,
    job: &str,
    arguments: Result<Object>,
    store: JsValue,
) -> Result<Json> {
    let arguments = arguments?;
    Ok(match job {
        "check_token" => {
            let check = TokenCheck::from_json(&arguments, Some(client.options()))?;
            let is_own = check.asks_only(client.options().issuer_name());
            let host = if is_own { ProviderHost::Own(client) } else { ProviderHost::Foreign(client) };
            Json::String(check_token::check_token(&host, &check).await.to_json().to_string())
        }
        "verify_logout_token" => {
            let seen = JsHost::new(StorageKind::Custom).with_store(store);
            logout_token(&client.verify_logout_token(arguments.required_string("token")?, &seen).await?)
        }
        "preflight" => Json::Object(preflight(&client).await.to_json()),
        _ => match grants::later(&client, &devices, job, &arguments).await {
            Some(done) => done?,
            None => {
                return Err(Error::new(
                    Code::InvalidOption,
                    "the wrapper asks for a job that this wasm does not know: their versions differ",
                ));
            }
        },
    })
}

fn logout_token(token: &LogoutToken) -> Json {
    let mut record = Record::default();
    record.text("issuer", Some(&token.issuer));
    record.text("subject", token.subject.as_deref());
    record.text("sessionId", token.session_id.as_deref());
    record.number("issuedAt", Some(token.issued_at));
    record.number("expiresAt", Some(token.expires_at));
    record.text("jwtId", Some(&token.jwt_id));
    record.done()
}

/// Checks a token without a client. The report is JSON text: what is in a token may be named `__proto__`.
#[wasm_bindgen]
pub fn check_token(arguments: &str, fetch: Option<Function>) -> Promise {
    let check = read(arguments).and_then(|arguments| TokenCheck::from_json(&arguments, None));
    let host = ProviderHost::Bare(JsHost::new(StorageKind::Memory).with_fetch(fetch));
    future_to_promise(async move {
        let check = check.map_err(thrown)?;
        Ok(check_token::check_token(&host, &check).await.to_json().to_string().into())
    })
}
