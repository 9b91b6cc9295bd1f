//! Memory and `sessionStorage`.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::{JsHost, global, page};
use crate::client::StorageKind;
use crate::ports::{Area, Shelf, Store, StoreFailure, TokenStore};

/// The places where text is kept.
pub(super) struct Storages {
    memory: RefCell<Shelf>,
    tokens: StorageKind,
}

impl Storages {
    pub(super) fn new(tokens: StorageKind) -> Self {
        Self { memory: RefCell::default(), tokens }
    }

    fn load(&self, tab: Option<web_sys::Storage>, key: &str) -> Result<Option<String>, StoreFailure> {
        match tab {
            Some(tab) => tab.get_item(key).map_err(failure),
            None => Ok(self.memory.borrow().get(key)),
        }
    }

    fn save(&self, tab: Option<web_sys::Storage>, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        match (tab, text) {
            (Some(tab), Some(text)) => tab.set_item(key, text).map_err(failure),
            (Some(tab), None) => tab.remove_item(key).map_err(failure),
            (None, text) => {
                self.memory.borrow_mut().put(key, text);
                Ok(())
            }
        }
    }

    /// Where tokens are kept; see [`tab`].
    fn token_tab(&self) -> Result<Option<web_sys::Storage>, StoreFailure> {
        if self.tokens == StorageKind::Memory { Ok(None) } else { tab() }
    }
}

/// The tab's storage; `None` where there are no tabs.
fn tab() -> Result<Option<web_sys::Storage>, StoreFailure> {
    let Some(window) = page::window() else { return Ok(None) };
    // Reading the property throws where storage is blocked.
    match window.session_storage() {
        Ok(None) => Err(StoreFailure("there is none".to_owned())),
        storage => storage.map_err(failure),
    }
}

fn failure(thrown: JsValue) -> StoreFailure {
    StoreFailure(global::words(&thrown))
}

impl Store for JsHost {
    fn load(&self, _: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        self.storages.load(tab()?, key)
    }

    fn save(&self, _: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        self.storages.save(tab()?, key, Some(text))
    }

    fn delete(&self, _: Area, key: &str) -> Result<(), StoreFailure> {
        self.storages.save(tab()?, key, None)
    }

    fn keys(&self, _: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        let Some(tab) = tab()? else { return Ok(self.storages.memory.borrow().keys(prefix)) };
        let mut keys = Vec::new();
        for index in 0..tab.length().map_err(failure)? {
            match tab.key(index) {
                Ok(Some(key)) if key.starts_with(prefix) => keys.push(key),
                _ => {}
            }
        }
        Ok(keys)
    }
}

impl TokenStore for JsHost {
    async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.storages.load(self.storages.token_tab()?, key)
    }

    async fn save_tokens(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        self.storages.save(self.storages.token_tab()?, key, text)
    }
}
