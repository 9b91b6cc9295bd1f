//! The wall clock.

/// Tells the time.
pub trait Clock {
    /// Unix time in seconds. It can jump in both directions: people set clocks, and devices sleep.
    fn now(&self) -> i64;
}
