//! Keeping text under keys: sessions, sign-ins under way and public documents, each with a life of its own.

use crate::protocol::secret::Secret;

/// What is kept where it can be had at once. A host may have one place for several areas and for tokens, as the storage of
/// a tab is, so no two of them use one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Sign-ins under way; bound to this user agent and gone with the tab.
    Transactions,
    /// Discovery documents and key sets; never a secret.
    Documents,
    /// What the tabs of an origin have to know of each other: sign-outs, and which refresh tokens are spent or under
    /// way. Never a secret. Shared by all tabs, whatever sessions are kept in.
    Marks,
}

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// In this page only.
    Memory,
    /// In this tab, over reloads; a duplicated tab begins with a copy.
    Session,
    /// In all tabs of the origin.
    Local,
    /// In a store of the app's own, which may be shared by more than tabs.
    Custom,
}

impl StorageKind {
    /// The name of the option's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Session => "session",
            Self::Local => "local",
            Self::Custom => "custom",
        }
    }

    /// Whether other tabs read and write the same sessions.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Local | Self::Custom)
    }
}

/// Why a store did not do it: blocked, full, or an app's own store that failed. Says what the host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFailure(pub String);

impl StoreFailure {
    /// Whether an encrypted store says that its key is gone, and that it deleted what nobody can read any more.
    #[must_use]
    pub fn is_key_lost(&self) -> bool {
        self.0.starts_with("key_lost")
    }
}

/// Keeps what is needed at once: every host has such a place, if only its memory.
pub trait Store {
    /// What is kept under the key.
    ///
    /// # Errors
    /// The store cannot be read.
    fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure>;

    /// Keeps the text under the key, instead of what was there.
    ///
    /// # Errors
    /// The store cannot be written: what was there is still there.
    fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure>;

    /// Forgets what is kept under the key.
    ///
    /// # Errors
    /// The store cannot be written.
    fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure>;

    /// The keys that begin so.
    ///
    /// # Errors
    /// The store cannot be read.
    fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure>;
}

/// Keeps sessions, where the app's `storage` option says: that may be far away, so these wait.
pub trait TokenStore {
    /// What is kept under the key.
    ///
    /// # Errors
    /// The store cannot be read.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure>;

    /// Keeps the text under the key, instead of what was there; `None` forgets it.
    ///
    /// # Errors
    /// The store cannot be written: what was there is still there.
    #[allow(async_fn_in_trait, reason = "hosts are single-threaded: no future is Send")]
    async fn save_tokens(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure>;
}

/// Text kept in memory; the few entries that a client has are found by looking through them.
#[derive(Debug, Default)]
pub struct Shelf(Vec<(String, Secret)>);

impl Shelf {
    /// What is kept under the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, text)| text.expose().to_owned())
    }

    /// Keeps the text under the key, instead of what was there; `None` forgets it.
    #[inline(never)]
    pub fn put(&mut self, key: &str, text: Option<&str>) {
        if let Some(at) = self.0.iter().position(|(name, _)| name == key) {
            self.0.swap_remove(at);
        }
        if let Some(text) = text {
            self.0.push((key.to_owned(), Secret::new(text)));
        }
    }

    /// The keys that begin so.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        found.map(|(name, _)| name.clone()).collect()
    }
}
