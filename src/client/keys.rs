//! The provider's keys, and the check of a signature with them (RFC 7517, RFC 7515 5.2).

use std::cell::Cell;
use std::rc::Rc;

use super::{Client, disposed};
use crate::error::{Code, Error, Result};
use crate::ports::{CryptoFailure, Host};
use crate::protocol::algorithm::Algorithm;
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
#[derive(Debug)]
pub(super) struct Known {
    source: String,
    keys: KeySet,
    fetched_at: i64,
    /// When they were last asked for again because a key was missing, with or without an answer.
    forced_at: Cell<Option<i64>>,
}

impl<H: Host> Client<H> {
    /// Makes sure that keys are there or on their way, while something else is under way.
    pub(super) async fn prefetch_keys(self, metadata: Rc<ProviderMetadata>) {
        // A failure here is asked about again when the keys are needed.
        let _ = self.key_set(&metadata).await;
    }

    /// Checks the signature of a token whose algorithm was allowed.
    pub(super) async fn check_signature(
        &self,
        metadata: &ProviderMetadata,
        jwt: &Jwt,
        algorithm: Algorithm,
    ) -> Result<()> {
        let mut known = self.key_set_at_last(metadata).await?;
        let mut asked_again = false;
        loop {
            if self.is_signed_by(&known.keys, jwt, algorithm).await? {
                return Ok(());
            }
            let had_candidates = !known.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty();
            // With a key id that is known and a signature that is wrong, other keys cannot help.
            let may_have_rotated = !asked_again && (jwt.key_id.is_none() || !had_candidates);
            asked_again = true;
            match self.force_key_set(metadata, &known, may_have_rotated).await? {
                Some(renewed) => known = renewed,
                None if had_candidates => {
                    let message = "the signature of the token is not one of the provider's keys";
                    return Err(Error::new(Code::SignatureInvalid, message));
                }
                None => return Err(key_not_found(jwt, algorithm)),
            }
        }
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
    async fn key_set_at_last(&self, metadata: &ProviderMetadata) -> Result<Rc<Known>> {
        let mut pauses = RETRY_PAUSES_MILLISECONDS.into_iter();
        loop {
            match self.key_set(metadata).await {
                Err(error) if super::request::is_passing(&error) => match pauses.next() {
                    Some(pause) => self.host().sleep(pause).await,
                    None => return Err(error),
                },
                result => return result,
            }
        }
    }

    async fn key_set(&self, metadata: &ProviderMetadata) -> Result<Rc<Known>> {
        if let Some(given) = &self.inner.options.jwks {
            let (source, keys) = (String::new(), KeySet::parse(given)?);
            return Ok(Rc::new(Known { source, keys, fetched_at: self.now(), forced_at: Cell::default() }));
        }
        let uri = metadata.endpoint(Endpoint::Jwks)?;
        match self.fresh_keys(uri) {
            Some(known) => Ok(known),
            None => self.fetch_keys(uri).await,
        }
    }

    /// Asks for the keys once more, where that may help because one is missing; `None`: it was just done.
    async fn force_key_set(
        &self,
        metadata: &ProviderMetadata,
        known: &Known,
        may_help: bool,
    ) -> Result<Option<Rc<Known>>> {
        let now = self.now();
        let cools_down = known
            .forced_at
            .get()
            .is_some_and(|forced_at| (0..FORCED_FETCH_COOL_DOWN_SECONDS).contains(&now.saturating_sub(forced_at)));
        if !may_help || self.inner.options.jwks.is_some() {
            return Ok(None);
        }
        // Who checks two tokens at a time asks once, and both get what comes.
        let current = self.inner.keys.borrow().clone();
        if let Some(current) = current.filter(|current| !std::ptr::eq(&**current, known)) {
            return Ok(Some(current));
        }
        if cools_down && !self.inner.key_fetch.is_under_way() {
            return Ok(None);
        }
        // Before the answer: a request that fails cools down too.
        known.forced_at.set(Some(now));
        self.fetch_keys(metadata.endpoint(Endpoint::Jwks)?).await.map(Some)
    }

    fn fresh_keys(&self, uri: &HttpsUrl) -> Option<Rc<Known>> {
        self.load_cached_keys(uri);
        let known = self.inner.keys.borrow().clone()?;
        let age = self.now().saturating_sub(known.fetched_at);
        (known.source == uri.as_str() && (0..KEYS_LIVE_SECONDS).contains(&age)).then_some(known)
    }

    async fn fetch_keys(&self, uri: &HttpsUrl) -> Result<Rc<Known>> {
        let work = Box::pin(self.clone().renew_keys(uri.clone()));
        self.inner.key_fetch.join(self.host(), work).await?;
        self.inner.keys.borrow().clone().ok_or_else(disposed)
    }

    async fn renew_keys(self, uri: HttpsUrl) -> Result<()> {
        let response = self.send(key_set::key_set_request(&uri)).await?;
        let keys = key_set::judge_key_set(&response)?;
        self.require_alive()?;
        let fetched_at = self.now();
        self.save_document(&self.key_cache_key(&uri), keys.to_json(), fetched_at);
        let mut known = self.inner.keys.borrow_mut();
        // No fetch shortens the cool-down of a forced one.
        let forced_at = Cell::new(known.as_ref().and_then(|old| old.forced_at.get()));
        *known = Some(Rc::new(Known { source: uri.as_str().to_owned(), keys, fetched_at, forced_at }));
        Ok(())
    }

    fn load_cached_keys(&self, uri: &HttpsUrl) {
        if self.inner.keys.borrow().is_some() {
            return;
        }
        // What cannot be used is replaced by what is fetched next.
        if let Some((document, fetched_at)) = self.load_document(&self.key_cache_key(uri))
            && let Ok(keys) = KeySet::parse(&document)
        {
            let known = Known { source: uri.as_str().to_owned(), keys, fetched_at, forced_at: Cell::default() };
            *self.inner.keys.borrow_mut() = Some(Rc::new(known));
        }
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
