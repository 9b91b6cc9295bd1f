//! What holds of the ports on every JavaScript host. `host_node.rs` and `host_browser.rs` run it and add their own.

mod clock;
mod crypto;
mod http;
pub mod js;
pub mod locks;
mod page;
#[path = "../vectors.rs"]
mod published;
mod storage;
mod stores;
mod urls;
mod vectors;

use wasm_oidc::host::JsHost;
use wasm_oidc::ports::Limits;
use wasm_oidc::ports::StorageKind;

/// A host that keeps everything in memory, as far as the realm has no storage of its own.
pub fn host() -> JsHost {
    JsHost::new(StorageKind::Memory)
}

/// Enough for everything that ends by itself.
pub const AMPLE: Limits = Limits { timeout_milliseconds: 10_000, max_response_bytes: 65_536 };

/// Soon over, for what does not.
pub const BRIEF: Limits = Limits { timeout_milliseconds: 60, max_response_bytes: 65_536 };
