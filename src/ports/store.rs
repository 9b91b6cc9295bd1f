//! Keeping text under keys: sessions, sign-ins under way and public documents, each with a life of its own.

use crate::protocol::secret::Secret;

/// Where something is kept. A host may have one place for several areas, as the storage of a tab is, so no two areas use
/// one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Sessions, where the app's `storage` option says.
    Tokens,
    /// Sign-ins under way; bound to this user agent and gone with the tab.
    Transactions,
    /// Discovery documents and key sets; never a secret.
    Documents,
}

/// Why a store did not do it: blocked, full, or an app's own store that failed. Says what the host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFailure(pub String);

/// Keeps text under keys.
pub trait Store {
    /// What is kept under the key.
    ///
    /// # Errors
    /// The store cannot be read.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure>;

    /// Keeps the text under the key, instead of what was there.
    ///
    /// # Errors
    /// The store cannot be written: what was there is still there.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure>;

    /// Forgets what is kept under the key.
    ///
    /// # Errors
    /// The store cannot be written.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure>;

    /// The keys that begin so.
    ///
    /// # Errors
    /// The store cannot be read.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure>;
}

/// Text kept in memory; the few entries that a client has are found by looking through them.
#[derive(Debug, Default)]
pub struct Shelf(Vec<(Area, String, Secret)>);

impl Shelf {
    /// What is kept under the key.
    #[must_use]
    pub fn get(&self, area: Area, key: &str) -> Option<String> {
        let found = self.0.iter().find(|(at, name, _)| *at == area && name == key);
        found.map(|(_, _, text)| text.expose().to_owned())
    }

    /// Keeps the text under the key, instead of what was there.
    pub fn put(&mut self, area: Area, key: &str, text: &str) {
        self.remove(area, key);
        self.0.push((area, key.to_owned(), Secret::new(text)));
    }

    /// Forgets what is kept under the key.
    pub fn remove(&mut self, area: Area, key: &str) {
        self.0.retain(|(at, name, _)| *at != area || name != key);
    }

    /// The keys that begin so.
    #[must_use]
    pub fn keys(&self, area: Area, prefix: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(at, name, _)| *at == area && name.starts_with(prefix));
        found.map(|(_, name, _)| name.clone()).collect()
    }
}
