//! Work that nobody can abort.

use std::future::Future;

/// Runs futures that outlive the call that started them.
pub trait Spawn {
    /// Starts the future; it is polled until it ends, whoever awaits it or not.
    fn spawn(&self, future: impl Future<Output = ()> + 'static);
}
