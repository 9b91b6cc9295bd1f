//! What JavaScript sees: conversions and promises, no logic.
//!
//! Nothing here is handed to apps: the wrapper in `pkg-template` makes the classes they use. JSON text comes in, plain
//! values go out. Each wasm that ships has its own exports: those of `core`, of `tools`, of `configuration` or of `edge`.

#[cfg(any(feature = "core-bindings", feature = "edge-bindings"))]
mod access;
#[cfg(any(feature = "core-bindings", feature = "edge-bindings", feature = "tools-bindings"))]
mod agents;
#[cfg(any(feature = "core-bindings", feature = "edge-bindings", feature = "tools-bindings"))]
mod claim_mapping;
#[cfg(feature = "core-bindings")]
mod client;
#[cfg(feature = "configuration-bindings")]
mod configuration;
#[cfg(feature = "edge-bindings")]
mod edge;
mod errors;
#[cfg(feature = "tools-bindings")]
mod grants;
#[cfg(any(feature = "core-bindings", feature = "tools-bindings"))]
mod plug_ins;
mod record;
#[cfg(any(feature = "core-bindings", feature = "tools-bindings"))]
#[cfg_attr(not(feature = "core-bindings"), allow(dead_code, reason = "the tools show agents and nothing else of it"))]
mod records;
#[cfg(feature = "core-bindings")]
mod return_to;
#[cfg(feature = "core-bindings")]
mod token_set;
#[cfg(feature = "tools-bindings")]
mod tools;
#[cfg(feature = "traps")]
mod traps;

use wasm_bindgen::prelude::*;
use zeroizing_alloc::ZeroAlloc;

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
