//! Memory, `sessionStorage`, `localStorage`, and the app's own store of sessions.

use std::cell::RefCell;

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::Storage;

use super::{JsHost, global, page};
use crate::ports::{Area, Shelf, StorageKind, Store, StoreFailure, TokenStore};

/// Milliseconds that the app's own store has for one answer.
const STORE_LIMIT: u32 = 10_000;

/// The places where text is kept: in the tab where there is one, else in memory; tokens where the client was told.
pub(super) struct Storages {
    tokens: RefCell<Shelf>,
    transactions: RefCell<Shelf>,
    documents: RefCell<Shelf>,
    marks: RefCell<Shelf>,
    kind: StorageKind,
    /// The app's own store.
    pub(super) custom: JsValue,
}

impl Storages {
    pub(super) fn new(kind: StorageKind) -> Self {
        Self {
            tokens: RefCell::default(),
            transactions: RefCell::default(),
            documents: RefCell::default(),
            marks: RefCell::default(),
            kind,
            custom: JsValue::UNDEFINED,
        }
    }

    /// The app's own store, if it has locks of its own.
    pub(super) fn own_lock(&self) -> Option<&JsValue> {
        let is_own = self.kind == StorageKind::Custom
            && global::member_of(&self.custom, "lock").is_some_and(|lock| lock.is_function());
        is_own.then_some(&self.custom)
    }

    fn memory(&self, area: Area) -> &RefCell<Shelf> {
        match area {
            Area::Transactions => &self.transactions,
            Area::Documents => &self.documents,
            Area::Marks => &self.marks,
        }
    }

    /// Where tokens are kept; see [`web_storage`]. Whoever asked for what only a tab has is told that it is not there.
    fn tokens_place(&self) -> Result<Option<Storage>, StoreFailure> {
        let is_shared = match self.kind {
            StorageKind::Memory | StorageKind::Custom => return Ok(None),
            StorageKind::Session => false,
            StorageKind::Local => true,
        };
        match web_storage(is_shared)? {
            None => Err(StoreFailure("only a page has it".to_owned())),
            place => Ok(place),
        }
    }

    /// What the app's own store answers.
    #[inline(never)]
    async fn ask(&self, method: &str, arguments: Array) -> Result<JsValue, StoreFailure> {
        let answer = global::invoke(&self.custom, method, &arguments).map_err(failure)?;
        match global::within(STORE_LIMIT, &answer).await.map_err(failure)? {
            Some(answer) => Ok(answer),
            None => Err(StoreFailure(format!("its {method} did not answer within 10 seconds"))),
        }
    }
}

#[inline(never)]
fn load(place: Option<Storage>, memory: &RefCell<Shelf>, key: &str) -> Result<Option<String>, StoreFailure> {
    match place {
        Some(storage) => storage.get_item(key).map_err(failure),
        None => Ok(memory.borrow().get(key)),
    }
}

#[inline(never)]
fn save(place: Option<Storage>, memory: &RefCell<Shelf>, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
    match (place, text) {
        (Some(storage), Some(text)) => storage.set_item(key, text).map_err(failure),
        (Some(storage), None) => storage.remove_item(key).map_err(failure),
        (None, text) => {
            memory.borrow_mut().put(key, text);
            Ok(())
        }
    }
}

/// The storage of the tab, or the one that all tabs share; `None` where there are no tabs.
#[inline(never)]
fn web_storage(is_shared: bool) -> Result<Option<Storage>, StoreFailure> {
    let Some(window) = page::window() else { return Ok(None) };
    // Reading the property throws where storage is blocked.
    let storage = if is_shared { window.local_storage() } else { window.session_storage() };
    match storage {
        Ok(None) => Err(StoreFailure("there is none".to_owned())),
        storage => storage.map_err(failure),
    }
}

fn place_of(area: Area) -> Result<Option<Storage>, StoreFailure> {
    web_storage(area == Area::Marks)
}

/// What the host or the app's own store said. A key that is lost is told by its code: no trying again brings it back.
fn failure(thrown: JsValue) -> StoreFailure {
    let words = global::words(&thrown);
    let is_key_lost = global::member_of(&thrown, "code").is_some_and(|code| code == KEY_LOST);
    StoreFailure(if is_key_lost { format!("{KEY_LOST}: {words}") } else { words })
}

/// The code of [`crate::error::Code::KeyLost`].
const KEY_LOST: &str = "key_lost";

impl Store for JsHost {
    fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        load(place_of(area)?, self.storages.memory(area), key)
    }

    fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        save(place_of(area)?, self.storages.memory(area), key, Some(text))
    }

    fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure> {
        save(place_of(area)?, self.storages.memory(area), key, None)
    }

    fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        let Some(storage) = place_of(area)? else { return Ok(self.storages.memory(area).borrow().keys(prefix)) };
        let mut keys = Vec::new();
        for index in 0..storage.length().map_err(failure)? {
            match storage.key(index) {
                Ok(Some(key)) if key.starts_with(prefix) => keys.push(key),
                _ => {}
            }
        }
        Ok(keys)
    }
}

impl TokenStore for JsHost {
    async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        if self.storages.kind != StorageKind::Custom {
            return load(self.storages.tokens_place()?, &self.storages.tokens, key);
        }
        let answer = self.storages.ask("load", Array::of1(&key.into())).await?;
        match answer.as_string() {
            None if !answer.is_null() && !answer.is_undefined() => {
                Err(StoreFailure("its load gave neither a string nor null".to_owned()))
            }
            text => Ok(text),
        }
    }

    async fn save_tokens(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        if self.storages.kind != StorageKind::Custom {
            return save(self.storages.tokens_place()?, &self.storages.tokens, key, text);
        }
        let (method, arguments) = match text {
            Some(text) => ("save", Array::of2(&key.into(), &text.into())),
            None => ("delete", Array::of1(&key.into())),
        };
        self.storages.ask(method, arguments).await.map(drop)
    }
}
