//! An issuer whose tokens are taken, and what is known of it: plain values with times.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::keys::Known;
use super::metadata::KnownMetadata;
use super::options::IssuerOptions;
use crate::error::Error;
use crate::protocol::key_set::FORCED_FETCH_COOL_DOWN_SECONDS;

/// What all requests of a process know of an issuer.
pub(super) struct IssuerState {
    pub(super) options: IssuerOptions,
    pub(super) metadata: RefCell<Option<KnownMetadata>>,
    pub(super) keys: RefCell<Option<Rc<Known>>>,
    /// When a token last forced a request for keys.
    pub(super) forced_at: Cell<Option<i64>>,
    /// Grows with every key set, so that nobody else need look whether it is another one.
    pub(super) keys_revision: Cell<u32>,
    /// The key set for which remembered tokens were looked through.
    pub(super) pruned_revision: Cell<u32>,
    pub(super) metadata_requests: UnderWay,
    pub(super) key_requests: UnderWay,
}

impl IssuerState {
    pub(super) fn new(options: IssuerOptions) -> Self {
        let given = options.jwks.clone().map(|keys| Rc::new(Known::new(keys, None)));
        Self {
            options,
            metadata: RefCell::default(),
            keys: RefCell::new(given),
            forced_at: Cell::default(),
            keys_revision: Cell::default(),
            pruned_revision: Cell::default(),
            metadata_requests: UnderWay::default(),
            key_requests: UnderWay::default(),
        }
    }
}

/// Requests for one thing: when those under way began, and how the last one failed.
#[derive(Default)]
pub(super) struct UnderWay {
    /// In milliseconds. One whose request was cancelled never says that it ended, so each counts for so long only.
    began: RefCell<Vec<i64>>,
    failed: RefCell<Option<Failed>>,
}

/// A request that failed.
struct Failed {
    /// In Unix seconds.
    at: i64,
    error: Error,
    /// How long nobody asks again, in seconds.
    pause: i64,
}

impl UnderWay {
    /// How many are under way that began within the last `limit` milliseconds.
    pub(super) fn count(&self, now: i64, limit: i64) -> usize {
        let mut began = self.began.borrow_mut();
        began.retain(|at| (0..limit).contains(&now.saturating_sub(*at)));
        began.len()
    }

    pub(super) fn begin(&self, now: i64) {
        self.began.borrow_mut().push(now);
    }

    /// Says that the one that began then has ended. A single failure costs two seconds, and each that follows twice as
    /// many as the one before: an issuer that is away for a moment is asked soon, one that is down seldom.
    pub(super) fn end(&self, began: i64, failure: Option<(i64, &Error)>) {
        let mut under_way = self.began.borrow_mut();
        if let Some(place) = under_way.iter().position(|at| *at == began) {
            under_way.swap_remove(place);
        }
        let mut failed = self.failed.borrow_mut();
        let before = failed.as_ref().map_or(1, |failed| failed.pause);
        let pause = before.saturating_mul(2).min(FORCED_FETCH_COOL_DOWN_SECONDS);
        *failed = failure.map(|(at, error)| Failed { at, error: error.clone(), pause });
    }

    /// Says that the one that ended last was forced: whoever makes up key ids must not bring about another one so soon.
    pub(super) fn was_forced(&self) {
        if let Some(failed) = self.failed.borrow_mut().as_mut() {
            failed.pause = FORCED_FETCH_COOL_DOWN_SECONDS;
        }
    }

    /// The last failure, while it is too early to ask again.
    pub(super) fn failed_lately(&self, now: i64) -> Option<Error> {
        let failed = self.failed.borrow();
        let Failed { at, error, pause } = failed.as_ref()?;
        let waited = now.saturating_sub(*at);
        // A clock that was set back says nothing about how long it has been.
        let pause = error.failure().retry_after.unwrap_or(0).min(MAX_RETRY_AFTER).max(*pause);
        let is_early = (0..pause).contains(&waited);
        is_early.then(|| error.clone().with_retry_after(Some(pause.saturating_sub(waited))))
    }
}

/// The longest pause that an issuer can ask for, in seconds: requests are refused meanwhile.
const MAX_RETRY_AFTER: i64 = 120;
