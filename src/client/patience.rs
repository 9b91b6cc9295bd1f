//! How long callers wait. What they wait for goes on without them.

use std::future::Future;
use std::pin::Pin;

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::{Host, timer};

impl<H: Host> Client<H> {
    /// What the future brings, unless the time passes first.
    pub(super) async fn within<T>(&self, milliseconds: u32, future: Pin<&mut dyn Future<Output = T>>) -> Option<T> {
        timer::within(self.host(), milliseconds, future).await
    }

    /// The same, with the limit of one request and a `TimeoutError` after it.
    pub(super) async fn in_time(&self, future: Pin<&mut dyn Future<Output = Result<()>>>) -> Result<()> {
        let seconds = self.inner.options.timeout;
        let milliseconds = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(1000);
        self.within(milliseconds, future).await.unwrap_or_else(|| {
            let message = format!("the tokens were not renewed within {seconds} s; the refresh goes on and is kept");
            Err(Error::new(Code::Timeout, message))
        })
    }
}
