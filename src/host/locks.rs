//! Web Locks.

use super::JsHost;
use crate::ports::{Guard, LockFailure, Locks};

impl Locks for JsHost {
    async fn lock(&self, _: &str, _: u32, _: u32) -> Result<Guard, LockFailure> {
        Err(LockFailure::Unavailable)
    }
}
