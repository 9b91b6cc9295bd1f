//! Futures on the microtask queue.

use super::JsHost;
use crate::ports::{Spawn, Work};

impl Spawn for JsHost {
    fn spawn(&self, work: Work) {
        wasm_bindgen_futures::spawn_local(work);
    }
}
