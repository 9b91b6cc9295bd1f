//! Memory and `sessionStorage`.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::{JsHost, global, page};
use crate::client::StorageKind;
use crate::ports::{Area, Shelf, Store, StoreFailure};

/// Where each area is kept.
pub(super) struct Storages {
    memory: RefCell<Shelf>,
    tokens: StorageKind,
}

impl Storages {
    pub(super) fn new(tokens: StorageKind) -> Self {
        Self { memory: RefCell::default(), tokens }
    }

    /// The tab's storage for an area, or nothing where the area lives in memory.
    fn tab(&self, area: Area) -> Result<Option<web_sys::Storage>, StoreFailure> {
        if area == Area::Tokens && self.tokens == StorageKind::Memory {
            return Ok(None);
        }
        let Some(window) = page::window() else { return Ok(None) };
        // Reading the property throws where storage is blocked.
        match window.session_storage() {
            Ok(Some(storage)) => Ok(Some(storage)),
            Ok(None) => Err(StoreFailure("there is none".to_owned())),
            Err(thrown) => Err(failure(&thrown)),
        }
    }
}

fn failure(thrown: &JsValue) -> StoreFailure {
    StoreFailure(global::words(thrown))
}

impl Store for JsHost {
    async fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        match self.storages.tab(area)? {
            Some(tab) => tab.get_item(key).map_err(|thrown| failure(&thrown)),
            None => Ok(self.storages.memory.borrow().get(area, key)),
        }
    }

    async fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        match self.storages.tab(area)? {
            Some(tab) => tab.set_item(key, text).map_err(|thrown| failure(&thrown)),
            None => {
                self.storages.memory.borrow_mut().put(area, key, text);
                Ok(())
            }
        }
    }

    async fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure> {
        match self.storages.tab(area)? {
            Some(tab) => tab.remove_item(key).map_err(|thrown| failure(&thrown)),
            None => {
                self.storages.memory.borrow_mut().remove(area, key);
                Ok(())
            }
        }
    }

    async fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        let Some(tab) = self.storages.tab(area)? else {
            return Ok(self.storages.memory.borrow().keys(area, prefix));
        };
        let length = tab.length().map_err(|thrown| failure(&thrown))?;
        let names = (0..length).filter_map(|index| tab.key(index).ok().flatten());
        Ok(names.filter(|key| key.starts_with(prefix)).collect())
    }
}
