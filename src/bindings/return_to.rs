//! Where to go after a sign-in, for apps that keep it themselves (RFC 9700 4.11.1).

use wasm_bindgen::prelude::*;

use crate::client::same_origin;
use crate::host::JsHost;
use crate::ports::StorageKind;

/// The target as its parser writes it, if it stays on the origin of `base`.
#[wasm_bindgen]
pub fn safe_return_to(target: &str, base: &str) -> Option<String> {
    same_origin(&JsHost::new(StorageKind::Memory), target, base).ok()
}
