//! Futures on the microtask queue.

use std::future::Future;

use super::JsHost;
use crate::ports::Spawn;

impl Spawn for JsHost {
    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }
}
