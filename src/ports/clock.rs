//! The wall clock.

/// Tells the time.
pub trait Clock {
    /// Unix time in seconds. It can jump in both directions: people set clocks, and devices sleep.
    fn now(&self) -> i64;

    /// Unix time in milliseconds, for measuring how long something took; a host that has only seconds gives those.
    fn milliseconds(&self) -> i64 {
        self.now().saturating_mul(1000)
    }
}
