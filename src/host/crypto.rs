//! Signatures by WebCrypto.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use super::{JsHost, global};
use crate::ports::{Crypto, CryptoFailure};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_set::PublicKey;

/// How many imported keys are kept.
const MAX_KEYS: usize = 32;

/// Keys that were imported, which takes as long as a check. Plain values: requests may share them.
#[derive(Clone, Default)]
pub struct CryptoKeys(Rc<RefCell<Vec<Imported>>>);

/// A key with what is said of it at every check.
#[derive(Clone)]
struct Imported {
    algorithm: Algorithm,
    jwk: String,
    subtle: SubtleCrypto,
    parameters: Object,
    key: CryptoKey,
}

impl CryptoKeys {
    fn find(&self, algorithm: Algorithm, jwk: &str) -> Option<Imported> {
        let keys = self.0.borrow();
        keys.iter().find(|known| known.algorithm == algorithm && known.jwk == jwk).cloned()
    }

    fn keep(&self, imported: Imported) {
        let mut keys = self.0.borrow_mut();
        if keys.len() >= MAX_KEYS {
            keys.remove(0);
        }
        keys.push(imported);
    }
}

impl CryptoKeys {
    /// Starts to check a signature with a key that was imported before, for a caller that waits for the promise itself;
    /// `None`: it was not, or the check must not be made.
    #[must_use]
    pub fn start_check(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Option<Promise> {
        if has_wrong_length(key, signature) {
            return None;
        }
        self.find(algorithm, key.to_jwk_json())?.check(signature, signing_input).ok()
    }
}

impl Imported {
    fn check(&self, signature: &[u8], signing_input: &[u8]) -> Result<Promise, CryptoFailure> {
        self.subtle
            .verify_with_object_and_js_u8_array_and_js_u8_array(
                &self.parameters,
                &self.key,
                &Uint8Array::from(signature),
                &Uint8Array::from(signing_input),
            )
            .map_err(|thrown| refused(&thrown))
    }
}

/// Some hosts take an RSASSA-PSS signature without its leading zeros: two signatures where there is one.
fn has_wrong_length(key: &PublicKey, signature: &[u8]) -> bool {
    key.signature_length().is_some_and(|length| length != signature.len())
}

impl Crypto for JsHost {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Result<bool, CryptoFailure> {
        if has_wrong_length(key, signature) {
            return Ok(false);
        }
        let jwk = key.to_jwk_json();
        let imported = match self.crypto_keys.as_ref().and_then(|keys| keys.find(algorithm, jwk)) {
            Some(imported) => imported,
            None => self.import(algorithm, jwk).await?,
        };
        let verdict = imported.check(signature, signing_input)?;
        Ok(settled(&verdict).await.map_err(|thrown| refused(&thrown))?.is_truthy())
    }

    async fn sign(&self, algorithm: Algorithm, signing_input: &[u8]) -> Result<Vec<u8>, CryptoFailure> {
        let sign = self.sign.as_ref().ok_or(CryptoFailure::Unavailable)?;
        let made = sign.call2(&JsValue::UNDEFINED, &algorithm.as_str().into(), &Uint8Array::from(signing_input).into());
        let signature = match made {
            Ok(made) => settled(made.unchecked_ref()).await,
            thrown => thrown,
        };
        signature.map(|signature| Uint8Array::new(&signature).to_vec()).map_err(|thrown| refused(&thrown))
    }
}

impl JsHost {
    async fn import(&self, algorithm: Algorithm, jwk: &str) -> Result<Imported, CryptoFailure> {
        let subtle = subtle().ok_or(CryptoFailure::Unavailable)?;
        let parameters: Object = parameters(algorithm).unchecked_into();
        let members = js_sys::JSON::parse(jwk).map_err(|_| CryptoFailure::InvalidKey)?;
        let usages = Array::of1(&"verify".into());
        let key = subtle
            .import_key_with_object("jwk", members.unchecked_ref(), &parameters, false, &usages)
            .map_err(|thrown| refused(&thrown))?;
        let key: CryptoKey = settled(&key).await.map_err(|thrown| refused(&thrown))?.unchecked_into();
        let imported = Imported { algorithm, jwk: jwk.to_owned(), subtle, parameters, key };
        if let Some(keys) = &self.crypto_keys {
            keys.keep(imported.clone());
        }
        Ok(imported)
    }
}

fn subtle() -> Option<SubtleCrypto> {
    let crypto = global::member("crypto")?;
    let subtle = Reflect::get(&crypto, &"subtle".into()).ok()?;
    subtle.is_object().then(|| subtle.unchecked_into())
}

fn settled(promise: &Promise) -> JsFuture {
    JsFuture::from(Promise::resolve(promise))
}

fn refused(thrown: &JsValue) -> CryptoFailure {
    let name = Reflect::get(thrown, &"name".into()).ok().and_then(|name| name.as_string());
    if name.as_deref() == Some("NotSupportedError") { CryptoFailure::Unsupported } else { CryptoFailure::InvalidKey }
}

/// The parameters of an algorithm, good for importing its key and for checking a signature (RFC 7518 3.1, RFC 8037).
fn parameters(algorithm: Algorithm) -> JsValue {
    let text = match algorithm {
        Algorithm::RS256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        Algorithm::RS384 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-384"}"#,
        Algorithm::RS512 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-512"}"#,
        Algorithm::PS256 => r#"{"name":"RSA-PSS","hash":"SHA-256","saltLength":32}"#,
        Algorithm::PS384 => r#"{"name":"RSA-PSS","hash":"SHA-384","saltLength":48}"#,
        Algorithm::PS512 => r#"{"name":"RSA-PSS","hash":"SHA-512","saltLength":64}"#,
        Algorithm::ES256 => r#"{"name":"ECDSA","hash":"SHA-256","namedCurve":"P-256"}"#,
        Algorithm::ES384 => r#"{"name":"ECDSA","hash":"SHA-384","namedCurve":"P-384"}"#,
        Algorithm::ES512 => r#"{"name":"ECDSA","hash":"SHA-512","namedCurve":"P-521"}"#,
        Algorithm::EdDSA | Algorithm::Ed25519 => r#"{"name":"Ed25519"}"#,
    };
    // What stands above is JSON.
    js_sys::JSON::parse(text).unwrap_or(JsValue::UNDEFINED)
}
