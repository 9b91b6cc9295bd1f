//! What JavaScript sees: conversions and promises, no logic.
//!
//! Nothing here is handed to apps: the wrapper in `pkg-template` makes the classes they use. JSON text comes in,
//! records go out; claims and token sets go out as JSON text, because `JSON.parse` keeps `__proto__` a plain member.

mod access;
mod client;
mod errors;
mod records;
#[cfg(feature = "traps")]
mod traps;

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use zeroizing_alloc::ZeroAlloc;

use crate::error::Result;

/// Conversions copy secrets; every freed copy is wiped.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

/// Runs once for each instance: a panic says where it happened, never with which values.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            console_error(&format!("wasm-oidc panicked at {}:{}", place.file(), place.line()));
        }
    }));
}

/// A job as a promise; not generic, so that the glue between the two exists once.
fn settle(job: Pin<Box<dyn Future<Output = Result<JsValue>>>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move { job.await.map_err(|error| errors::record(&error)) })
}
