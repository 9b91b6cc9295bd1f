//! Memory and `sessionStorage`.

use std::cell::RefCell;
use std::future::{Future, ready};

use wasm_bindgen::JsValue;

use super::{JsHost, global, page};
use crate::ports::{Area, Shelf, StorageKind, Store, StoreFailure, TokenStore};

/// The places where text is kept: in the tab where there is one, else each kind in a memory of its own.
pub(super) struct Storages {
    tokens: RefCell<Shelf>,
    transactions: RefCell<Shelf>,
    documents: RefCell<Shelf>,
    marks: RefCell<Shelf>,
    kind: StorageKind,
}

impl Storages {
    pub(super) fn new(kind: StorageKind) -> Self {
        Self {
            tokens: RefCell::default(),
            transactions: RefCell::default(),
            documents: RefCell::default(),
            marks: RefCell::default(),
            kind,
        }
    }

    fn memory(&self, area: Area) -> &RefCell<Shelf> {
        match area {
            Area::Transactions => &self.transactions,
            Area::Documents => &self.documents,
            Area::Marks => &self.marks,
        }
    }

    /// Where tokens are kept; see [`tab`].
    fn token_tab(&self) -> Result<Option<web_sys::Storage>, StoreFailure> {
        if self.kind == StorageKind::Memory { Ok(None) } else { tab() }
    }
}

#[inline(never)]
fn load(tab: Option<web_sys::Storage>, memory: &RefCell<Shelf>, key: &str) -> Result<Option<String>, StoreFailure> {
    match tab {
        Some(tab) => tab.get_item(key).map_err(failure),
        None => Ok(memory.borrow().get(key)),
    }
}

#[inline(never)]
fn save(
    tab: Option<web_sys::Storage>,
    memory: &RefCell<Shelf>,
    key: &str,
    text: Option<&str>,
) -> Result<(), StoreFailure> {
    match (tab, text) {
        (Some(tab), Some(text)) => tab.set_item(key, text).map_err(failure),
        (Some(tab), None) => tab.remove_item(key).map_err(failure),
        (None, text) => {
            memory.borrow_mut().put(key, text);
            Ok(())
        }
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
    fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        load(tab()?, self.storages.memory(area), key)
    }

    fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        save(tab()?, self.storages.memory(area), key, Some(text))
    }

    fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure> {
        save(tab()?, self.storages.memory(area), key, None)
    }

    fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        let Some(tab) = tab()? else { return Ok(self.storages.memory(area).borrow().keys(prefix)) };
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
    fn load_tokens(&self, key: &str) -> impl Future<Output = Result<Option<String>, StoreFailure>> {
        ready(self.storages.token_tab().and_then(|tab| load(tab, &self.storages.tokens, key)))
    }

    fn save_tokens(&self, key: &str, text: Option<&str>) -> impl Future<Output = Result<(), StoreFailure>> {
        ready(self.storages.token_tab().and_then(|tab| save(tab, &self.storages.tokens, key, text)))
    }
}
