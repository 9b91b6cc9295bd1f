//! Verifying requests: a verifier whose tokens and keys all requests of the process share, and a host for each of them.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::agents;
use super::claim_mapping::claim_mapping;
use super::errors;
use super::record::{Record, to_js};
use crate::edge::replays::SharedReplays;
use crate::edge::{AppOrganizations, Needs, PlugIns, Refused, Verified, Verifier, VerifierOptions};
use crate::error::{Code, Error, Result, harmless, without_tokens};
use crate::host::{App, CryptoKeys, JsHost};
use crate::ports::StorageKind;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::json::{self, Json, Object};
use crate::protocol::key_set::PublicKey;

/// A verifier; never leaves the wrapper.
#[wasm_bindgen]
pub struct WasmVerifier {
    verifier: Rc<Verifier>,
    clock: JsHost,
    fetch: Option<Function>,
    sign: Option<Function>,
    store: JsValue,
    keys: CryptoKeys,
}

#[wasm_bindgen]
impl WasmVerifier {
    /// Takes the options and what the app plugs in; sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, app: JsValue) -> std::result::Result<WasmVerifier, JsValue> {
        let app = App::new(app);
        let options = read(options).and_then(|options| VerifierOptions::from_json(&options)).map_err(errors::thrown)?;
        let organizations = app.function("organizationsFrom").map(|ask| Rc::new(Organizations(ask)) as Rc<_>);
        let replays = app.function("replayStore").map(|add| Rc::new(Replays(add)) as Rc<_>);
        let plug_ins = PlugIns { claim_mapping: claim_mapping(&app), organizations, replays };
        let verifier = Rc::new(Verifier::new(options, plug_ins));
        Ok(Self {
            verifier,
            clock: JsHost::new(StorageKind::Memory),
            fetch: app.function("fetch"),
            sign: app.function("sign"),
            store: app.object("keyStore"),
            keys: CryptoKeys::default(),
        })
    }

    /// The number of a token that was seen and is still good, for a request that needs no more than it grants; else -1.
    #[allow(clippy::cast_precision_loss, reason = "nobody verifies so many tokens")]
    pub fn seen(&self, authorization: &str, url: &str, needs: Option<String>) -> f64 {
        let needs = match needs.as_deref().map(needs_of).transpose() {
            Ok(needs) => needs,
            Err(_) => return -1.0,
        };
        let number = self.verifier.seen(&self.clock, authorization, url, needs.as_ref());
        number.map_or(-1.0, |number| number as f64)
    }

    /// Begins to verify the usual request; `[number, verdict]`, where the verdict is a promise of whether the signature is
    /// good, and the number is for [`Self::end`]. Nothing: the request is for [`Self::verify`].
    pub fn begin(&self, authorization: &str, query: &str, needs: Option<String>) -> Option<Array> {
        let needs = needs.as_deref().map(needs_of).transpose().ok()?.unwrap_or_default();
        let start = |algorithm: Algorithm, key: &PublicKey, signature: &[u8], signed: &[u8]| {
            self.keys.start_check(algorithm, key, signature, signed)
        };
        let (number, verdict) = self.verifier.begin(&self.clock, authorization, query, &needs, start)?;
        Some(Array::of2(&number.into(), &verdict))
    }

    /// Ends what [`Self::begin`] began; without a verdict it forgets it. Nothing: the request is for [`Self::verify`].
    pub fn end(&self, number: u32, is_signed: Option<bool>) -> std::result::Result<JsValue, JsValue> {
        match self.verifier.end(&self.clock, number, is_signed) {
            None => Ok(JsValue::UNDEFINED),
            Some(verified) => answered(verified),
        }
    }

    /// Verifies a request, by its headers of these names.
    pub fn verify(
        &self,
        method: String,
        url: String,
        authorization: Option<String>,
        dpop: Option<String>,
        needs: Option<String>,
    ) -> Promise {
        let (verifier, host) = (Rc::clone(&self.verifier), self.host());
        let needs = needs.as_deref().map(needs_of).transpose();
        let named = [("authorization", authorization), ("dpop", dpop)];
        let headers: Vec<_> =
            named.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect();
        future_to_promise(async move {
            let needs = needs.map_err(errors::thrown)?.unwrap_or_default();
            answered(verifier.verify(&host, &method, &url, &headers, &needs).await)
        })
    }

    /// Renews keys that are soon too old; when they want to be renewed next, in Unix seconds.
    #[allow(clippy::cast_precision_loss, reason = "it is a time")]
    pub fn renew(&self) -> Promise {
        let (verifier, host) = (Rc::clone(&self.verifier), self.host());
        future_to_promise(async move { Ok(verifier.renew(&host).await.map_or(f64::INFINITY, |at| at as f64).into()) })
    }

    /// A host for one request: what it waits for nobody else waits for.
    fn host(&self) -> JsHost {
        let kind = if self.store.is_undefined() { StorageKind::Memory } else { StorageKind::Custom };
        JsHost::new(kind)
            .with_fetch(self.fetch.clone())
            .with_sign(self.sign.clone())
            .with_store(self.store.clone())
            .with_crypto_keys(self.keys.clone())
    }
}

fn read(text: &str) -> Result<Object> {
    json::parse_object_as(text.as_bytes(), Code::InvalidOption)
}

fn needs_of(text: &str) -> Result<Needs> {
    Needs::from_json(&read(text)?)
}

/// `[record, claims]`, both as text: of most agents nobody asks for the claims.
fn answered(verified: std::result::Result<Verified, Refused>) -> std::result::Result<JsValue, JsValue> {
    match verified {
        Ok(verified) => {
            let record = JsValue::from_str(&verified_record(&verified).to_string());
            let claims = JsValue::from_str(&verified.agent.claims.to_string());
            Ok(Array::of2(&record, &claims).into())
        }
        Err(refused) => Err(to_js(&refused_record(&refused))),
    }
}

fn verified_record(verified: &Verified) -> Json {
    let Verified { agent, expires_at, number, renew_at, dpop_nonce } = verified;
    let mut shown = agents::without_claims(agent, 0);
    shown.number("expiresAt", Some(*expires_at));
    shown.flag("hasRefreshToken", Some(false));
    let mut record = Record::default();
    record.put("agent", shown.done());
    record.number("number", number.and_then(|number| i64::try_from(number).ok()));
    record.number("renewAt", *renew_at);
    record.text("dpopNonce", dpop_nonce.as_deref());
    record.done()
}

fn refused_record(refused: &Refused) -> Json {
    let mut headers = Object::new();
    for (name, value) in &refused.headers {
        headers.put_text(name, Some(value));
    }
    let mut record = errors::begun(&refused.error);
    record.put("headers", Json::Object(headers));
    record.done()
}

/// A function that the wrapper made of the app's: claims as text in, `{organizations}` or `{thrown}` as text out.
struct Organizations(Function);

impl AppOrganizations for Organizations {
    fn organizations<'a>(&'a self, claims: &'a Object) -> LocalBoxFuture<'a, Result<Json>> {
        Box::pin(async move {
            let told = App::ask(&self.0, &JsValue::from_str(&claims.to_string())).await;
            let text = told.ok().and_then(|told| told.as_string()).unwrap_or_default();
            let told = json::parse_object(text.as_bytes()).map_err(|_| {
                let message = "the app's own `organizationsFrom` must answer with a list of organizations, or null";
                Error::new(Code::PlugInAnswer, message)
            })?;
            if let Some(thrown) = told.string("thrown").ok().flatten() {
                let words = without_tokens(&harmless(thrown));
                let message = format!("the app's own `organizationsFrom` failed: {words}");
                return Err(Error::new(Code::PlugInFailed, message));
            }
            Ok(told.get("organizations").cloned().unwrap_or(Json::Null))
        })
    }
}

/// A function that the wrapper made of the app's store: `{key, expiresAt}` as text in, `{isFirst}` or `{thrown}` as text
/// out.
struct Replays(Function);

impl SharedReplays for Replays {
    fn add(&self, key: String, expires_at: i64) -> LocalBoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let mut proof = Object::new();
            proof.put_text("key", Some(&key));
            proof.put_integer("expiresAt", Some(expires_at));
            let told = App::ask(&self.0, &JsValue::from_str(&proof.to_string())).await;
            let text = told.ok().and_then(|told| told.as_string()).unwrap_or_default();
            let told = json::parse_object(text.as_bytes()).unwrap_or_default();
            if let Some(thrown) = told.string("thrown").ok().flatten() {
                let words = without_tokens(&harmless(thrown));
                return Err(Error::new(
                    Code::StorageUnavailable,
                    format!("the app's own `replayStore` failed: {words}"),
                ));
            }
            told.bool("isFirst").ok().flatten().ok_or_else(|| {
                let message = "the app's own `replayStore` must answer with true or false";
                Error::new(Code::PlugInAnswer, message)
            })
        })
    }
}
