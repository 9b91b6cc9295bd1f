//! The provider's keys, and the check of a signature with them (RFC 7517, RFC 7515 5.2).

use std::rc::Rc;

use super::{Client, disposed};
use crate::error::{Code, Error, Result};
use crate::ports::{Area, CryptoFailure, Host};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::json::{self, Json, Number, Object};
use crate::protocol::jwt::Jwt;
use crate::protocol::key_set::{self, KeySet};
use crate::protocol::metadata::{Endpoint, ProviderMetadata};
use crate::protocol::url::HttpsUrl;

/// How long a key set is used without asking, in seconds.
const KEYS_LIVE_SECONDS: i64 = 3600;
/// How long after a forced request for keys no other is forced, in seconds: tokens with made-up key ids must not
/// become a flood of requests.
const FORCED_FETCH_COOL_DOWN_SECONDS: i64 = 30;
/// The pauses before keys are asked for again while a spent code waits for them, in milliseconds.
const RETRY_PAUSES_MILLISECONDS: [u32; 3] = [250, 1000, 3000];

/// Keys in use, bound to where they came from.
#[derive(Debug, Clone)]
pub(super) struct Known {
    source: String,
    keys: Rc<KeySet>,
    fetched_at: i64,
    /// When they were last fetched because a key was missing.
    forced_at: Option<i64>,
}

impl<H: Host> Client<H> {
    /// Makes sure that keys are there or on their way, while something else is under way.
    pub(super) async fn prefetch_keys(&self, metadata: &ProviderMetadata) {
        // A failure here is asked about again when the keys are needed.
        let _ = self.key_set(metadata).await;
    }

    /// Checks the signature of a token whose algorithm was allowed.
    pub(super) async fn check_signature(
        &self,
        metadata: &ProviderMetadata,
        jwt: &Jwt,
        algorithm: Algorithm,
    ) -> Result<()> {
        let known = self.key_set_at_last(metadata).await?;
        if self.is_signed_by(&known.keys, jwt, algorithm).await? {
            return Ok(());
        }
        let had_candidates = !known.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty();
        // With a key id that is known and a signature that is wrong, other keys cannot help.
        let may_have_rotated = jwt.key_id.is_none() || !had_candidates;
        if may_have_rotated && let Some(renewed) = self.force_key_set(metadata, &known).await? {
            if self.is_signed_by(&renewed.keys, jwt, algorithm).await? {
                return Ok(());
            }
            if renewed.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty() {
                return Err(key_not_found(jwt, algorithm));
            }
        } else if !had_candidates {
            return Err(key_not_found(jwt, algorithm));
        }
        Err(Error::new(Code::SignatureInvalid, "the signature of the token is not one of the provider's keys"))
    }

    async fn is_signed_by(&self, keys: &KeySet, jwt: &Jwt, algorithm: Algorithm) -> Result<bool> {
        let mut unsupported = None;
        for key in keys.candidates(algorithm, jwt.key_id.as_deref()) {
            match self.host().verify(algorithm, key, &jwt.signature, jwt.signing_input.as_bytes()).await {
                Ok(true) => return Ok(true),
                Ok(false) | Err(CryptoFailure::InvalidKey) => {}
                Err(CryptoFailure::Unavailable) => {
                    return Err(Error::new(
                        Code::CryptoUnavailable,
                        "signatures cannot be checked: WebCrypto is missing, because the page is neither on https \
                         nor on localhost",
                    ));
                }
                Err(CryptoFailure::Unsupported) => {
                    unsupported = Some(Error::new(
                        Code::AlgNotAllowed,
                        format!("this host cannot check {} signatures", algorithm.as_str()),
                    ));
                }
            }
        }
        unsupported.map_or(Ok(false), Err)
    }

    /// Keys for a token that is here already, so that its code is spent: a passing failure is tried again.
    async fn key_set_at_last(&self, metadata: &ProviderMetadata) -> Result<Known> {
        for pause in RETRY_PAUSES_MILLISECONDS {
            match self.key_set(metadata).await {
                Err(error) if super::request::is_passing(&error) => self.host().sleep(pause).await,
                result => return result,
            }
        }
        self.key_set(metadata).await
    }

    async fn key_set(&self, metadata: &ProviderMetadata) -> Result<Known> {
        if let Some(given) = &self.inner.options.jwks {
            let keys = Rc::new(KeySet::parse(given)?);
            return Ok(Known { source: String::new(), keys, fetched_at: self.now(), forced_at: None });
        }
        let uri = metadata.endpoint(Endpoint::Jwks)?;
        self.load_cached_keys(uri).await;
        let known = self.inner.keys.borrow().clone();
        if let Some(known) = known.filter(|known| self.is_fresh(known, uri)) {
            return Ok(known);
        }
        self.fetch_keys(uri, None).await
    }

    /// Asks for the keys once more, because one is missing; `None`: it was just done.
    async fn force_key_set(&self, metadata: &ProviderMetadata, known: &Known) -> Result<Option<Known>> {
        let now = self.now();
        let cools_down = known
            .forced_at
            .is_some_and(|forced_at| (0..FORCED_FETCH_COOL_DOWN_SECONDS).contains(&now.saturating_sub(forced_at)));
        if cools_down || self.inner.options.jwks.is_some() {
            return Ok(None);
        }
        self.fetch_keys(metadata.endpoint(Endpoint::Jwks)?, Some(now)).await.map(Some)
    }

    fn is_fresh(&self, known: &Known, uri: &HttpsUrl) -> bool {
        let age = self.now().saturating_sub(known.fetched_at);
        known.source == uri.as_str() && (0..KEYS_LIVE_SECONDS).contains(&age)
    }

    async fn fetch_keys(&self, uri: &HttpsUrl, forced_at: Option<i64>) -> Result<Known> {
        let client = self.clone();
        let uri = uri.clone();
        let flight = Rc::clone(&self.inner.key_fetch);
        let fetched = flight.join(self.host(), || async move {
            let response = client.send(key_set::key_set_request(&uri)).await?;
            let keys = Rc::new(key_set::judge_key_set(&response)?);
            // A scheduled fetch in between does not shorten the cool-down of a forced one.
            let forced_at = forced_at.or_else(|| client.inner.keys.borrow().as_ref().and_then(|old| old.forced_at));
            let known = Known { source: uri.as_str().to_owned(), keys, fetched_at: client.now(), forced_at };
            if !client.inner.disposed.get() {
                *client.inner.keys.borrow_mut() = Some(known.clone());
                client.cache_keys(&uri, &known).await;
            }
            Ok(known)
        });
        fetched.await.unwrap_or_else(|| Err(disposed()))
    }

    async fn load_cached_keys(&self, uri: &HttpsUrl) {
        if self.inner.keys.borrow().is_some() {
            return;
        }
        let Some(text) = self.load(Area::Documents, &self.key_cache_key(uri)).await else { return };
        let read = || {
            let cached = json::parse_object(text.as_bytes()).ok()?;
            let keys = KeySet::parse(cached.object("document").ok()??).ok()?;
            Some(Known {
                source: uri.as_str().to_owned(),
                keys: Rc::new(keys),
                fetched_at: cached.seconds("fetched_at").ok()??,
                forced_at: None,
            })
        };
        match read() {
            Some(known) => *self.inner.keys.borrow_mut() = Some(known),
            None => self.delete(Area::Documents, &self.key_cache_key(uri)).await,
        }
    }

    async fn cache_keys(&self, uri: &HttpsUrl, known: &Known) {
        let mut cached = Object::new();
        cached.insert("fetched_at", Json::Number(Number::Integer(known.fetched_at)));
        cached.insert("document", Json::Object(known.keys.to_json()));
        self.save(Area::Documents, &self.key_cache_key(uri), &cached.to_string()).await;
    }

    /// Keys belong to an issuer, whatever else names the same URL (RFC 8725 3.8).
    fn key_cache_key(&self, uri: &HttpsUrl) -> String {
        format!("wasm-oidc:keys:{} {}", self.inner.options.issuer_name(), uri.as_str())
    }
}

fn key_not_found(jwt: &Jwt, algorithm: Algorithm) -> Error {
    let key_id = jwt.key_id.as_deref().map_or("none".to_owned(), |id| format!("\"{}\"", crate::error::harmless(id)));
    Error::new(
        Code::KeyNotFound,
        format!("the provider's key set has no key for {} with key id {key_id}", algorithm.as_str()),
    )
}
