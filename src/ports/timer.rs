//! Waiting.

/// Lets time pass.
pub trait Timer {
    /// Resolves after at least so many milliseconds; a throttled tab or a sleeping device makes it much later.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn sleep(&self, milliseconds: u32);
}
