//! Waiting.

use std::future::Future;
use std::pin::{Pin, pin};

use futures_util::future::{Either, select};

/// Lets time pass.
pub trait Timer {
    /// Resolves after at least so many milliseconds; a throttled tab or a sleeping device makes it much later.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn sleep(&self, milliseconds: u32);
}

/// What the future brings, unless the time passes first.
pub(crate) async fn within<H: Timer, T>(
    host: &H,
    milliseconds: u32,
    future: Pin<&mut dyn Future<Output = T>>,
) -> Option<T> {
    match select(future, pin!(host.sleep(milliseconds))).await {
        Either::Left((brought, _)) => Some(brought),
        Either::Right(_) => None,
    }
}
