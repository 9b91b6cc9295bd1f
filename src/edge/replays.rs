//! Which DPoP proofs were used (RFC 9449 11.1): plain values that the requests of one isolate share, or a store of the
//! app's that isolates share.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::error::{Code, Error, Result};
use crate::ports::{Clock, Timer, timer};

/// The most proofs that are remembered. Beyond, those that end soonest are forgotten: a busy isolate goes on answering.
pub const MAX_REMEMBERED: usize = 65_536;

/// What a proof's name begins with in a store of the app's.
const PREFIX: &str = "wasm-oidc:dpop:";

/// A store of used proofs that several isolates share. It has to decide and remember in one step, as a Durable Object or
/// Redis (`SET … NX`) can; Workers KV cannot, since two isolates may both read that a proof is new.
pub trait SharedReplays {
    /// Remembers `key` until `expires_at`, in Unix seconds. `false`: it was remembered before.
    ///
    /// # Errors
    /// The store cannot be asked; the request is not verified then.
    fn add(&self, key: String, expires_at: i64) -> LocalBoxFuture<'_, Result<bool>>;
}

/// Which proofs were used.
#[derive(Default)]
pub struct Replays {
    here: Remembered,
    shared: Option<Rc<dyn SharedReplays>>,
}

impl Replays {
    /// Remembers in this isolate, and where there is one in the app's store.
    #[must_use]
    pub fn new(shared: Option<Rc<dyn SharedReplays>>) -> Self {
        Self { here: Remembered::default(), shared }
    }

    /// Whether a proof is used for the first time. `identity` is a SHA-256 hash in base64url; `latest_use` the last
    /// second in which the proof would pass.
    ///
    /// # Errors
    /// What the app's store failed with; `Timeout` where it does not answer within so many seconds.
    pub async fn is_first<H: Clock + Timer>(
        &self,
        host: &H,
        identity: &str,
        latest_use: i64,
        timeout: i64,
    ) -> Result<bool> {
        if !self.here.add(identity, latest_use, host.now()) {
            return Ok(false);
        }
        let Some(shared) = &self.shared else { return Ok(true) };
        let seconds = u32::try_from(timeout).unwrap_or(u32::MAX);
        let added = shared.add(format!("{PREFIX}{identity}"), latest_use.saturating_add(1));
        let answer = timer::within(host, seconds.saturating_mul(1000), pin!(added)).await;
        answer.unwrap_or_else(|| {
            let message = format!("the app's own `replayStore` did not answer within {seconds} s");
            Err(Error::new(Code::Timeout, message))
        })
    }
}

/// Proofs by the second in which they end: one comes back with the same end, so it is looked for in one place, and
/// whole seconds are forgotten at once.
#[derive(Default)]
struct Remembered(RefCell<Seconds>);

#[derive(Default)]
struct Seconds {
    ending: BTreeMap<i64, BTreeSet<[u8; 16]>>,
    count: usize,
}

impl Remembered {
    fn add(&self, identity: &str, latest_use: i64, now: i64) -> bool {
        let mut seconds = self.0.borrow_mut();
        while seconds.ending.first_key_value().is_some_and(|(&end, _)| end < now) {
            seconds.forget_first();
        }
        let is_first = seconds.ending.entry(latest_use).or_default().insert(short(identity));
        if is_first {
            seconds.count = seconds.count.saturating_add(1);
        }
        while seconds.count > MAX_REMEMBERED {
            seconds.forget_one();
        }
        is_first
    }
}

impl Seconds {
    fn forget_one(&mut self) {
        let Some(mut first) = self.ending.first_entry() else { return };
        if first.get_mut().pop_first().is_some() {
            self.count = self.count.saturating_sub(1);
        }
        if first.get().is_empty() {
            first.remove();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, gone)) = self.ending.pop_first() {
            self.count = self.count.saturating_sub(gone.len());
        }
    }
}

/// Half of a hash in base64url: 96 bits, which nobody meets by chance, and few bytes for many.
fn short(identity: &str) -> [u8; 16] {
    let mut name = [0; 16];
    for (to, from) in name.iter_mut().zip(identity.bytes()) {
        *to = from;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::secret::fingerprint;
    use futures_util::FutureExt as _;

    /// A clock that stands still.
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> i64 {
            self.0
        }
    }

    impl Timer for At {
        async fn sleep(&self, _: u32) {
            std::future::pending().await
        }
    }

    fn first(replays: &Replays, name: &str, latest_use: i64, now: i64) -> bool {
        replays.is_first(&At(now), &fingerprint(name), latest_use, 10).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn a_proof_is_first_once_until_it_would_not_pass_any_more_d11() {
        let replays = Replays::default();
        assert!(first(&replays, "a", 100, 50));
        assert!(first(&replays, "b", 100, 50));
        assert!(!first(&replays, "a", 100, 50));
        assert!(!first(&replays, "a", 100, 100));
        assert!(first(&replays, "c", 300, 101));
        assert_eq!(replays.here.0.borrow().count, 1);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_ends_soonest_goes_first() {
        let replays = Replays::default();
        assert!(first(&replays, "early", 10, 0));
        for at in 0..MAX_REMEMBERED {
            assert!(first(&replays, &at.to_string(), 20, 0));
        }
        let seconds = replays.here.0.borrow();
        assert_eq!(seconds.count, MAX_REMEMBERED);
        assert_eq!(seconds.ending.keys().collect::<Vec<_>>(), [&20]);
        assert_eq!(seconds.ending[&20].len(), MAX_REMEMBERED);
    }

    struct Store(RefCell<Vec<(String, i64)>>);

    impl SharedReplays for Store {
        fn add(&self, key: String, expires_at: i64) -> LocalBoxFuture<'_, Result<bool>> {
            let is_first = !self.0.borrow().iter().any(|(known, _)| *known == key);
            self.0.borrow_mut().push((key, expires_at));
            Box::pin(futures_util::future::ready(Ok(is_first)))
        }
    }

    #[test]
    fn two_isolates_with_one_store_take_a_proof_once() {
        let store = Rc::new(Store(RefCell::default()));
        let (one, other) = (Replays::new(Some(store.clone())), Replays::new(Some(store.clone())));
        assert!(first(&one, "a", 100, 50));
        assert!(!first(&other, "a", 100, 50));
        assert!(!first(&one, "a", 100, 50));
        let name = format!("wasm-oidc:dpop:{}", fingerprint("a"));
        assert_eq!(*store.0.borrow(), [(name.clone(), 101), (name, 101)]);
    }
}
