//! Where the provider's keys come from: bound to its issuer and `jwks_uri`, with an age, and few requests whatever
//! tokens say (RFC 7517, RFC 8725 3.8 and 3.10).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::Client;
use super::flight::Flight;
use crate::error::{Recovery, Result};
use crate::ports::{Area, Host};
use crate::protocol::key_set::{self, FORCED_FETCH_COOL_DOWN_SECONDS, KEYS_LIVE_SECONDS, KeySet};
use crate::protocol::metadata::{Endpoint, ProviderMetadata};
use crate::protocol::url::HttpsUrl;

/// The pauses before keys are asked for again while a spent code waits for them, in milliseconds.
const RETRY_PAUSES_MILLISECONDS: [u32; 3] = [250, 1000, 3000];

/// The keys of one `jwks_uri`. Another URL is another source, which shares nothing with this one.
pub(super) struct KeySource {
    /// `None`: the app gave the keys.
    uri: Option<HttpsUrl>,
    known: RefCell<Option<Rc<Known>>>,
    fetch: Rc<Flight>,
    /// A token whose code is spent waits for what is being fetched.
    is_awaited: Cell<bool>,
    /// When this client last forced a request.
    forced_at: Cell<Option<i64>>,
}

/// Keys in use.
pub(super) struct Known {
    pub(super) keys: KeySet,
    /// In Unix seconds; `None`: given by the app, never stale.
    fetched_at: Option<i64>,
}

impl<H: Host> Client<H> {
    /// Makes sure that keys are there or on their way, while something else is under way.
    pub(super) async fn prefetch_keys(self, metadata: Rc<ProviderMetadata>) {
        if let Ok(source) = self.key_source(&metadata) {
            // A failure here is asked about again when the keys are needed.
            let _ = self.keys_after(&source, None, false).await;
        }
    }

    pub(super) fn key_source(&self, metadata: &ProviderMetadata) -> Result<Rc<KeySource>> {
        let given = self.inner.options.jwks.as_ref();
        let uri = if given.is_none() { Some(metadata.endpoint(Endpoint::Jwks)?) } else { None };
        let mut current = self.inner.keys.borrow_mut();
        if let Some(source) = current.as_ref().filter(|source| source.uri.as_ref() == uri) {
            return Ok(Rc::clone(source));
        }
        let given = given.map(KeySet::parse).transpose()?;
        let source = Rc::new(KeySource {
            uri: uri.cloned(),
            known: RefCell::new(given.map(|keys| Rc::new(Known { keys, fetched_at: None }))),
            fetch: Rc::default(),
            is_awaited: Cell::default(),
            forced_at: Cell::default(),
        });
        *current = Some(Rc::clone(&source));
        Ok(source)
    }

    /// Keys for a token that is here already: those in use, or other ones than those in which its key is missing. They may
    /// have come meanwhile, or come when the provider is asked once more; `None`: it was asked a moment ago. Where the
    /// keys are awaited, because a code is spent on the token, a passing failure is tried again.
    pub(super) async fn keys_after(
        &self,
        source: &Rc<KeySource>,
        lacking: Option<&Rc<Known>>,
        is_awaited: bool,
    ) -> Result<Option<Rc<Known>>> {
        let mut pauses = RETRY_PAUSES_MILLISECONDS.into_iter();
        let forces = loop {
            let usable = || {
                let known = source.known.borrow().clone();
                known.filter(|known| {
                    self.is_fresh(known.fetched_at) && !lacking.is_some_and(|old| Rc::ptr_eq(old, known))
                })
            };
            let found = usable().or_else(|| {
                self.load_keys(source);
                usable()
            });
            if found.is_some() {
                return Ok(found);
            }
            // Who checks two tokens at a time asks once, and both get what comes.
            if lacking.is_none() || source.fetch.is_under_way() {
                break false;
            }
            if source.uri.is_none() {
                return Ok(None);
            }
            let forced_at = self.last_forced(source);
            if !self.cools_down(source, forced_at) {
                break true;
            }
            match pauses.next() {
                // Another client of this page may be about to store the answer.
                Some(pause) if forced_at != source.forced_at.get() => self.host().sleep(pause).await,
                _ => return Ok(None),
            }
        };
        if forces {
            // Before the answer: a request that fails cools down too, and one whose page is left.
            self.cool_down(source);
        }
        if is_awaited {
            source.is_awaited.set(true);
        }
        let work = Box::pin(self.clone().renew_keys(Rc::clone(source)));
        let fetched = self.join(&source.fetch, work).await;
        if forces {
            // Its tries may have taken longer than that.
            self.cool_down(source);
        }
        fetched?;
        Ok(source.known.borrow().clone())
    }

    /// What was fetched in the future was fetched before the clock was set back: nothing is known about it.
    fn is_fresh(&self, fetched_at: Option<i64>) -> bool {
        fetched_at.is_none_or(|at| (0..KEYS_LIVE_SECONDS).contains(&self.now().saturating_sub(at)))
    }

    async fn renew_keys(self, source: Rc<KeySource>) -> Result<()> {
        let mut pauses = RETRY_PAUSES_MILLISECONDS.into_iter();
        let renewed = loop {
            match self.ask_for_keys(&source).await {
                Err(error) if source.is_awaited.get() && error.failure().recovery == Recovery::Retry => {
                    match pauses.next() {
                        Some(pause) => self.host().sleep(pause).await,
                        None => break Err(error),
                    }
                }
                result => break result,
            }
        };
        source.is_awaited.set(false);
        renewed
    }

    async fn ask_for_keys(&self, source: &KeySource) -> Result<()> {
        self.require_alive()?;
        let Some(uri) = &source.uri else { return Ok(()) };
        let response = self.send(key_set::key_set_request(uri)).await?;
        let keys = key_set::judge_key_set(&response)?;
        self.require_alive()?;
        let fetched_at = self.now();
        self.save_document(&self.key_cache_key("keys", source), keys.to_json(), fetched_at);
        *source.known.borrow_mut() = Some(Rc::new(Known { keys, fetched_at: Some(fetched_at) }));
        Ok(())
    }

    /// Takes stored keys that are newer: from before a reload, or from another client of this page.
    fn load_keys(&self, source: &KeySource) {
        let newest = source.known.borrow().as_ref().and_then(|known| known.fetched_at);
        // What cannot be used is replaced by what is fetched next.
        if let Some((document, fetched_at)) = self.load_document(&self.key_cache_key("keys", source))
            && newest < Some(fetched_at)
            && let Ok(keys) = KeySet::parse(&document)
        {
            *source.known.borrow_mut() = Some(Rc::new(Known { keys, fetched_at: Some(fetched_at) }));
        }
    }

    /// When a request was last forced, by whichever client of this page, and before a reload too.
    fn last_forced(&self, source: &KeySource) -> Option<i64> {
        let stored = self.load(Area::Documents, &self.key_cache_key("forced", source));
        // A store that takes and does not give must not end it.
        source.forced_at.get().max(stored.and_then(|text| text.parse().ok()))
    }

    fn cools_down(&self, source: &KeySource, forced_at: Option<i64>) -> bool {
        let Some(forced_at) = forced_at else { return false };
        let now = self.now();
        if now < forced_at {
            // The clock was set back, so nobody knows how long ago that was: it begins anew.
            self.cool_down(source);
        }
        now.saturating_sub(forced_at) < FORCED_FETCH_COOL_DOWN_SECONDS
    }

    fn cool_down(&self, source: &KeySource) {
        let now = self.now();
        source.forced_at.set(Some(now));
        self.save(Area::Documents, &self.key_cache_key("forced", source), &now.to_string());
    }

    /// Keys belong to an issuer, whatever else names the same URL (RFC 8725 3.8).
    fn key_cache_key(&self, what: &str, source: &KeySource) -> String {
        let uri = source.uri.as_ref().map(HttpsUrl::as_str).unwrap_or_default();
        format!("wasm-oidc:{what}:{} {uri}", self.inner.options.issuer_name())
    }
}
