//! The ports on a JavaScript host: browsers, Workers, Node, Deno and Bun.

mod app;
mod channel;
mod clock;
mod crypto;
mod global;
mod http;
mod locks;
mod page;
mod random;
mod spawn;
mod storage;
mod urls;
mod wake;

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::ports::{Event, Events, StorageKind};
pub use app::App;
use channel::Channels;
pub use crypto::CryptoKeys;
use spawn::Requests;
use storage::Storages;

/// A JavaScript realm as a host.
pub struct JsHost {
    fetch: Option<Function>,
    open_url: Option<Function>,
    sign: Option<Function>,
    listener: Rc<dyn Fn(Event)>,
    storages: Storages,
    channels: Rc<Channels>,
    crypto_keys: Option<CryptoKeys>,
    requests: Requests,
}

impl JsHost {
    /// A host that keeps sessions as told and tells events to nobody.
    #[must_use]
    pub fn new(tokens: StorageKind) -> Self {
        Self {
            fetch: None,
            open_url: None,
            sign: None,
            listener: Rc::new(|_| {}),
            storages: Storages::new(tokens),
            channels: Rc::default(),
            crypto_keys: None,
            requests: Requests::default(),
        }
    }

    /// Whether this realm is a page: only there a client has a session without being told so.
    #[must_use]
    pub fn is_page() -> bool {
        page::window().is_some()
    }

    /// Sends every request through this function instead of the global `fetch`.
    #[must_use]
    pub fn with_fetch(mut self, fetch: Option<Function>) -> Self {
        self.fetch = fetch;
        self
    }

    /// Keeps imported keys here, so that they are imported once.
    #[must_use]
    pub fn with_crypto_keys(mut self, keys: CryptoKeys) -> Self {
        self.crypto_keys = Some(keys);
        self
    }

    /// Calls this function with a URL instead of leaving the page.
    #[must_use]
    pub fn with_open_url(mut self, open_url: Option<Function>) -> Self {
        self.open_url = open_url;
        self
    }

    /// Signs by this function, which has the app's key: `sign(algorithm, bytes)` answers with the signature's bytes, or a
    /// promise of them.
    #[must_use]
    pub fn with_sign(mut self, sign: Option<Function>) -> Self {
        self.sign = sign;
        self
    }

    /// Keeps sessions in this object, where the kind is [`StorageKind::Custom`]: `load(key)`, `save(key, text)`,
    /// `delete(key)` and, where it has one, `lock(key, run)`; what they answer may be a promise.
    #[must_use]
    pub fn with_store(mut self, store: JsValue) -> Self {
        self.storages.custom = store;
        self
    }

    /// Tells events to this function, which must only queue them.
    #[must_use]
    pub fn with_listener(mut self, listener: Rc<dyn Fn(Event)>) -> Self {
        self.listener = listener;
        self
    }
}

impl Events for JsHost {
    fn emit(&self, event: Event) {
        (self.listener)(event);
    }
}
