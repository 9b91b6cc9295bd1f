//! Work that nobody can abort.

use std::future::Future;
use std::pin::Pin;

/// Work that outlives the call that started it. Boxed, so that what runs it exists once.
pub type Work<T = ()> = Pin<Box<dyn Future<Output = T>>>;

/// Runs futures that outlive the call that started them.
pub trait Spawn {
    /// Starts the work; it is polled until it ends, whoever awaits it or not. Where requests are isolated it may end with
    /// its request.
    fn spawn(&self, work: Work);

    /// Whether each request has its own promises and timers, which nobody else can wait for and which end with it, though
    /// all of them share one client: so it is in workerd.
    fn isolates_requests(&self) -> bool {
        false
    }
}
