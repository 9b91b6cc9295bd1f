//! Pauses between attempts that fail for reasons that pass.

use super::Client;
use crate::error::Error;
use crate::ports::Host;

/// The longest pause of our own, in seconds.
const MAX_PAUSE: i64 = 300;
/// The longest pause that a provider can ask for (RFC 9110 10.2.3 `Retry-After`), in seconds.
const MAX_RETRY_AFTER: i64 = 3600;
/// How many refresh tokens are remembered.
const MAX_ENTRIES: usize = 16;

/// The last failure of a refresh token.
#[derive(Debug)]
pub(super) struct BackOff {
    fingerprint: String,
    failures: u32,
    failed_at: i64,
    pause: i64,
    error: Error,
}

impl<H: Host> Client<H> {
    /// The last error, while it is too early to try again.
    pub(super) fn too_early(&self, fingerprint: &str) -> Option<Error> {
        let now = self.now();
        let back_offs = self.inner.back_offs.borrow();
        let last = back_offs.iter().find(|last| last.fingerprint == fingerprint)?;
        let waited = now.saturating_sub(last.failed_at);
        // A clock that was set back says nothing about how long it has been.
        let remaining = if waited < 0 { 0 } else { last.pause.saturating_sub(waited) };
        (remaining > 0).then(|| last.error.clone().with_retry_after(Some(remaining)))
    }

    /// Remembers a failure; the pause doubles with each.
    pub(super) fn back_off(&self, fingerprint: &str, error: &Error) {
        let mut back_offs = self.inner.back_offs.borrow_mut();
        let failures = match back_offs.iter().position(|last| last.fingerprint == fingerprint) {
            Some(at) => back_offs.swap_remove(at).failures.saturating_add(1),
            None => 0,
        };
        let asked = error.failure().retry_after.unwrap_or(0).min(MAX_RETRY_AFTER);
        let own = 1_i64.checked_shl(failures.min(16)).unwrap_or(MAX_PAUSE).min(MAX_PAUSE);
        if back_offs.len() >= MAX_ENTRIES {
            back_offs.remove(0);
        }
        let (fingerprint, failed_at) = (fingerprint.to_owned(), self.now());
        back_offs.push(BackOff { fingerprint, failures, failed_at, pause: own.max(asked), error: error.clone() });
    }

    /// The failures of a refresh token count for its successor.
    pub(super) fn pass_on(&self, spent: &str, successor: &str) {
        for last in self.inner.back_offs.borrow_mut().iter_mut().filter(|last| last.fingerprint == spent) {
            successor.clone_into(&mut last.fingerprint);
        }
    }

    /// Forgets the failures of a refresh token that brought an answer.
    pub(super) fn succeeded(&self, fingerprint: &str) {
        self.inner.back_offs.borrow_mut().retain(|last| last.fingerprint != fingerprint);
    }

    /// The network or the page is back: what failed may work now. What a provider asked for still holds.
    pub(super) fn try_again_soon(&self) {
        for last in self.inner.back_offs.borrow_mut().iter_mut() {
            if last.error.failure().retry_after.is_none() {
                last.pause = 1;
            }
        }
    }
}
