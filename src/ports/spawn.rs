//! Work that nobody can abort.

use std::future::Future;
use std::pin::Pin;

/// Work that outlives the call that started it. Boxed, so that what runs it exists once.
pub type Work<T = ()> = Pin<Box<dyn Future<Output = T>>>;

/// Runs futures that outlive the call that started them.
pub trait Spawn {
    /// Starts the work; it is polled until it ends, whoever awaits it or not.
    fn spawn(&self, work: Work);
}
