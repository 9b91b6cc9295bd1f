//! The storage of a tab, which can be told to fail and to be slow.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_oidc::ports::{Area, Shelf, Store, StoreFailure, TokenStore};

use super::SimulatedHost;

/// What outlives a reload.
#[derive(Default)]
pub struct Places {
    tokens: Rc<RefCell<Shelf>>,
    transactions: RefCell<Shelf>,
    documents: RefCell<Shelf>,
    marks: Rc<RefCell<Shelf>>,
    pub fails_to_load: Cell<bool>,
    pub fails_to_save: Cell<bool>,
    /// How long the store of tokens takes to save, in milliseconds.
    pub token_latency: Cell<u32>,
}

impl Places {
    fn shelf(&self, area: Area) -> &RefCell<Shelf> {
        match area {
            Area::Transactions => &self.transactions,
            Area::Documents => &self.documents,
            Area::Marks => &self.marks,
        }
    }

    /// The places of another tab that sees the same `localStorage`: sessions and marks.
    pub fn of_another_tab(&self) -> Self {
        Self { tokens: Rc::clone(&self.tokens), marks: Rc::clone(&self.marks), ..Self::default() }
    }

    /// The places of a tab that the browser duplicated: its own `sessionStorage` is a copy, and marks are shared.
    pub fn of_a_duplicate(&self) -> Self {
        let copy = Self { marks: Rc::clone(&self.marks), ..Self::default() };
        self.all_tokens().iter().for_each(|(key, text)| copy.put_tokens(key, text));
        copy
    }

    /// Everything kept in an area: keys and texts.
    pub fn all(&self, area: Area) -> Vec<(String, String)> {
        all(self.shelf(area))
    }

    pub fn all_tokens(&self) -> Vec<(String, String)> {
        all(&self.tokens)
    }

    /// Keeps a text as somebody else would.
    pub fn put(&self, area: Area, key: &str, text: &str) {
        self.shelf(area).borrow_mut().put(key, Some(text));
    }

    pub fn put_tokens(&self, key: &str, text: &str) {
        self.tokens.borrow_mut().put(key, Some(text));
    }

    pub fn forget_tokens(&self, key: &str) {
        self.tokens.borrow_mut().put(key, None);
    }

    fn check(fails: &Cell<bool>) -> Result<(), StoreFailure> {
        if fails.get() { Err(StoreFailure("simulated".to_owned())) } else { Ok(()) }
    }
}

fn all(shelf: &RefCell<Shelf>) -> Vec<(String, String)> {
    let shelf = shelf.borrow();
    let mut keys = shelf.keys("");
    keys.sort();
    keys.into_iter().filter_map(|key| shelf.get(&key).map(|text| (key, text))).collect()
}

impl Store for SimulatedHost {
    fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        Places::check(&self.places.fails_to_load)?;
        Ok(self.places.shelf(area).borrow().get(key))
    }

    fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        Places::check(&self.places.fails_to_save)?;
        self.places.put(area, key, text);
        Ok(())
    }

    fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure> {
        Places::check(&self.places.fails_to_save)?;
        self.places.shelf(area).borrow_mut().put(key, None);
        Ok(())
    }

    fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        Places::check(&self.places.fails_to_load)?;
        Ok(self.places.shelf(area).borrow().keys(prefix))
    }
}

impl TokenStore for SimulatedHost {
    async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        Places::check(&self.places.fails_to_load)?;
        Ok(self.places.tokens.borrow().get(key))
    }

    async fn save_tokens(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        self.executor.sleep(self.places.token_latency.get()).await;
        Places::check(&self.places.fails_to_save)?;
        self.places.tokens.borrow_mut().put(key, text);
        self.journal.borrow_mut().push(if text.is_some() { "stored".to_owned() } else { "erased".to_owned() });
        Ok(())
    }
}
