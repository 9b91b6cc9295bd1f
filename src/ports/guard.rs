//! What holds something as long as it lives.

/// Ends what it stands for when it is dropped: a lock that is held, a listener that is registered.
pub struct Guard(Option<Box<dyn FnOnce()>>);

impl Guard {
    /// A guard that calls `end` when it is dropped.
    #[must_use]
    pub fn new(end: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(end)))
    }

    /// A guard of nothing, for hosts that have nothing to hold.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(None)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}
