//! Signature checks by WebCrypto.

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use super::{JsHost, global};
use crate::ports::{Crypto, CryptoFailure};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_set::PublicKey;

impl Crypto for JsHost {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Result<bool, CryptoFailure> {
        let subtle = subtle().ok_or(CryptoFailure::Unavailable)?;
        // Some hosts take an RSASSA-PSS signature without its leading zeros: two signatures where there is one.
        if key.signature_length().is_some_and(|length| length != signature.len()) {
            return Ok(false);
        }
        let parameters = parameters(algorithm);
        let jwk = js_sys::JSON::parse(&key.to_jwk_json()).map_err(|_| CryptoFailure::InvalidKey)?;
        let usages = Array::of1(&"verify".into());
        let key = subtle
            .import_key_with_object("jwk", jwk.unchecked_ref(), &parameters, false, &usages)
            .map_err(|thrown| refused(&thrown))?;
        let key: CryptoKey = settled(&key).await?.unchecked_into();
        let verdict = subtle
            .verify_with_object_and_js_u8_array_and_js_u8_array(
                &parameters,
                &key,
                &Uint8Array::from(signature),
                &Uint8Array::from(signing_input),
            )
            .map_err(|thrown| refused(&thrown))?;
        Ok(settled(&verdict).await?.is_truthy())
    }
}

fn subtle() -> Option<SubtleCrypto> {
    let crypto = global::member("crypto")?;
    let subtle = Reflect::get(&crypto, &"subtle".into()).ok()?;
    subtle.is_object().then(|| subtle.unchecked_into())
}

async fn settled(promise: &Promise) -> Result<JsValue, CryptoFailure> {
    JsFuture::from(Promise::resolve(promise)).await.map_err(|thrown| refused(&thrown))
}

fn refused(thrown: &JsValue) -> CryptoFailure {
    let name = Reflect::get(thrown, &"name".into()).ok().and_then(|name| name.as_string());
    if name.as_deref() == Some("NotSupportedError") { CryptoFailure::Unsupported } else { CryptoFailure::InvalidKey }
}

/// The parameters of an algorithm, good for importing its key and for checking a signature (RFC 7518 3.1, RFC 8037).
fn parameters(algorithm: Algorithm) -> Object {
    let object = Object::new();
    let set = |name: &str, value: JsValue| {
        // A plain object takes every member.
        let _ = Reflect::set(&object, &name.into(), &value);
    };
    let (name, hash, more) = match algorithm {
        Algorithm::RS256 => ("RSASSA-PKCS1-v1_5", "SHA-256", None),
        Algorithm::RS384 => ("RSASSA-PKCS1-v1_5", "SHA-384", None),
        Algorithm::RS512 => ("RSASSA-PKCS1-v1_5", "SHA-512", None),
        Algorithm::PS256 => ("RSA-PSS", "SHA-256", Some(("saltLength", JsValue::from(32)))),
        Algorithm::PS384 => ("RSA-PSS", "SHA-384", Some(("saltLength", JsValue::from(48)))),
        Algorithm::PS512 => ("RSA-PSS", "SHA-512", Some(("saltLength", JsValue::from(64)))),
        Algorithm::ES256 => ("ECDSA", "SHA-256", Some(("namedCurve", JsValue::from("P-256")))),
        Algorithm::ES384 => ("ECDSA", "SHA-384", Some(("namedCurve", JsValue::from("P-384")))),
        Algorithm::ES512 => ("ECDSA", "SHA-512", Some(("namedCurve", JsValue::from("P-521")))),
        Algorithm::EdDSA | Algorithm::Ed25519 => ("Ed25519", "", None),
    };
    set("name", name.into());
    if !hash.is_empty() {
        set("hash", hash.into());
    }
    if let Some((name, value)) = more {
        set(name, value);
    }
    object
}
