//! `crypto.getRandomValues`.

use super::JsHost;
use crate::ports::{Random, RandomUnavailable};

impl Random for JsHost {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(bytes).map_err(|_| RandomUnavailable)
    }
}
