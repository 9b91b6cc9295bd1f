//! Taking turns with the other tabs of this origin.

use super::Guard;

/// Why a lock was not had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockFailure {
    /// Somebody else held it all the time.
    Timeout,
    /// The host has no locks, or refuses them here.
    Unavailable,
}

/// Locks by name, shared by everything that shares the store of sessions.
pub trait Locks {
    /// Waits for the lock. It is free again when the guard is dropped, when the realm ends, or after the time to hold
    /// it, whichever comes first, so that nobody who hangs can lock others out.
    ///
    /// # Errors
    /// Not had within the time to wait, or not to be had here.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn lock(&self, name: &str, wait_milliseconds: u32, hold_milliseconds: u32) -> Result<Guard, LockFailure>;
}
