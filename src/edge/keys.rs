//! The keys of an issuer, as plain values with times: fetched when a request needs them, seldom whatever tokens say
//! (RFC 7517, RFC 8725 3.8 and 3.10).

use std::rc::Rc;

use super::EdgeHost;
use super::issuer::IssuerState;
use super::metadata::{LOOK_AGAIN_MILLISECONDS, MAX_AT_A_TIME, waited_too_long};
use crate::error::Result;
use crate::protocol::key_set::{self, FORCED_FETCH_COOL_DOWN_SECONDS, KEYS_LIVE_SECONDS, KeySet, PublicKey};
use crate::protocol::metadata::Endpoint;
use crate::protocol::thumbprint;
use crate::protocol::url::HttpsUrl;
use crate::provider::sending;

/// How old keys may be, in seconds, before they are renewed where nobody has to wait for that.
const RENEW_AHEAD_SECONDS: i64 = 3000;

/// Keys in use.
pub(super) struct Known {
    pub(super) keys: KeySet,
    /// What each of the keys is known by.
    pub(super) thumbprints: Vec<Rc<str>>,
    /// In Unix seconds; `None`: given by the app, never stale.
    pub(super) fetched_at: Option<i64>,
}

impl Known {
    pub(super) fn new(keys: KeySet, fetched_at: Option<i64>) -> Self {
        let thumbprints = keys.keys().iter().map(|key| Rc::from(thumbprint::of(key))).collect();
        Self { keys, thumbprints, fetched_at }
    }

    /// What a key of this set is known by.
    pub(super) fn thumbprint_of(&self, key: &PublicKey) -> Option<Rc<str>> {
        let place = self.keys.keys().iter().position(|known| std::ptr::eq(known, key))?;
        self.thumbprints.get(place).cloned()
    }

    /// What was fetched in the future was fetched before the clock was set back: nothing is known about it.
    fn is_fresh(&self, now: i64) -> bool {
        self.fetched_at.is_none_or(|at| (0..KEYS_LIVE_SECONDS).contains(&now.saturating_sub(at)))
    }
}

impl IssuerState {
    /// Whether there are keys that need not be asked for.
    pub(super) fn has_fresh_keys(&self, now: i64) -> bool {
        self.keys.borrow().as_ref().is_some_and(|known| known.is_fresh(now))
    }

    /// Whether the keys in use hold the one of this thumbprint.
    pub(super) fn still_has(&self, thumbprint: &Rc<str>) -> bool {
        self.keys.borrow().as_ref().is_some_and(|known| known.thumbprints.contains(thumbprint))
    }

    /// Keys for a token: those in use, or other ones than those in which its key is missing. They may have come meanwhile,
    /// or come when the issuer is asked once more; `None`: it was asked a moment ago.
    ///
    /// # Errors
    /// Those of [`IssuerState::metadata`]; `TokenVerificationError` `invalid_key_set`.
    pub(super) async fn keys_after<H: EdgeHost>(
        &self,
        host: &H,
        timeout: i64,
        shares: bool,
        lacking: Option<&Rc<Known>>,
    ) -> Result<Option<Rc<Known>>> {
        let limit = timeout.saturating_mul(3000);
        let patience = host.milliseconds().saturating_add(limit);
        // Who looks for one key more asks alone.
        let at_a_time = if lacking.is_some() { 1 } else { MAX_AT_A_TIME };
        loop {
            if let Some(known) = self.usable(host.now(), lacking) {
                return Ok(Some(known));
            }
            if self.options.jwks.is_some() {
                return Ok(None);
            }
            let now = host.milliseconds();
            if self.key_requests.count(now, limit) < at_a_time {
                break;
            }
            if now >= patience {
                return Err(waited_too_long());
            }
            host.sleep(LOOK_AGAIN_MILLISECONDS).await;
        }
        if let Some(error) = self.key_requests.failed_lately(host.now()) {
            return Err(error);
        }
        if lacking.is_some() && self.cools_down(host.now()) {
            return Ok(None);
        }
        if lacking.is_some() && !shares {
            // Before the answer: a request that is cancelled cools down too.
            self.forced_at.set(Some(host.now()));
        }
        let began = host.milliseconds();
        self.key_requests.begin(began);
        let found = self.find(host, timeout, shares, lacking).await;
        let now = host.now();
        self.key_requests.end(began, found.as_ref().err().map(|error| (now, error)));
        if lacking.is_some() {
            self.key_requests.was_forced();
        }
        // With the time after which it may be asked again.
        let found = found.map_err(|error| self.key_requests.failed_lately(now).unwrap_or(error));
        let known = Rc::new(found?);
        self.adopt(Rc::clone(&known));
        Ok(Some(known))
    }

    /// Renews keys that are soon too old, while no request waits for them.
    ///
    /// # Errors
    /// As [`IssuerState::keys_after`].
    pub(super) async fn renew_keys<H: EdgeHost>(&self, host: &H, timeout: i64, shares: bool) -> Result<()> {
        let now = host.now();
        if self.renew_at().is_none_or(|at| now < at) || self.key_requests.failed_lately(now).is_some() {
            return Ok(());
        }
        let began = host.milliseconds();
        self.key_requests.begin(began);
        let found = self.fetch(host, timeout, shares).await;
        self.key_requests.end(began, found.as_ref().err().map(|error| (now, error)));
        self.adopt(Rc::new(found?));
        Ok(())
    }

    /// When the keys want to be renewed, in Unix seconds.
    pub(super) fn renew_at(&self) -> Option<i64> {
        let keys = self.keys.borrow();
        keys.as_ref()?.fetched_at.map(|at| at.saturating_add(RENEW_AHEAD_SECONDS))
    }

    pub(super) fn usable(&self, now: i64, lacking: Option<&Rc<Known>>) -> Option<Rc<Known>> {
        let known = self.keys.borrow().clone();
        known.filter(|known| known.is_fresh(now) && !lacking.is_some_and(|old| Rc::ptr_eq(old, known)))
    }

    /// What was forced in the future was forced before the clock was set back, so nobody knows how long ago that was.
    fn cools_down(&self, now: i64) -> bool {
        let forced_at = self.forced_at.get();
        forced_at.is_some_and(|at| (0..FORCED_FETCH_COOL_DOWN_SECONDS).contains(&now.saturating_sub(at)))
    }

    fn adopt(&self, known: Rc<Known>) {
        *self.keys.borrow_mut() = Some(known);
        self.keys_revision.set(self.keys_revision.get().wrapping_add(1));
    }

    /// Keys that another process fetched, else those that the issuer has now.
    async fn find<H: EdgeHost>(
        &self,
        host: &H,
        timeout: i64,
        shares: bool,
        lacking: Option<&Rc<Known>>,
    ) -> Result<Known> {
        let uri = self.options.jwks_uri.as_ref();
        if shares && let Some(shared) = self.load_shared(host, uri).await {
            let newest = self.keys.borrow().as_ref().and_then(|known| known.fetched_at);
            if shared.is_fresh(host.now()) && shared.fetched_at > newest {
                return Ok(shared);
            }
        }
        if lacking.is_some() {
            self.forced_at.set(Some(host.now()));
        }
        self.fetch(host, timeout, shares).await
    }

    async fn fetch<H: EdgeHost>(&self, host: &H, timeout: i64, shares: bool) -> Result<Known> {
        let uri = self.jwks_uri(host, timeout).await?;
        let response = sending::send(host, key_set::key_set_request(&uri), timeout).await?;
        let known = Known::new(key_set::judge_key_set(&response)?, Some(host.now()));
        if shares {
            self.save_shared(host, &uri, &known).await;
        }
        Ok(known)
    }

    async fn jwks_uri<H: EdgeHost>(&self, host: &H, timeout: i64) -> Result<HttpsUrl> {
        if let Some(uri) = &self.options.jwks_uri {
            return Ok(uri.clone());
        }
        Ok(self.metadata(host, timeout).await?.endpoint(Endpoint::Jwks)?.clone())
    }
}
