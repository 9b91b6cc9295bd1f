//! Stores that cannot fail the caller: where the host's store is blocked or full, memory takes its place.

use std::cell::{Cell, RefCell};

use super::{Client, event};
use crate::error::{Code, Error};
use crate::ports::{Area, Event, EventKind, Host, Shelf, StoreFailure};
use crate::protocol::json::{self, Json, Number, Object};

/// What this page keeps itself because the host's store does not.
#[derive(Default)]
pub(super) struct Storage {
    kept: RefCell<Shelf>,
    /// The host's store failed, which was told. From then on everything is kept here too: what it took it may not give.
    warned: Cell<bool>,
    /// A newer version of this library keeps its session in the store: ours stays in memory.
    leaves_sessions_alone: Cell<bool>,
}

impl<H: Host> Client<H> {
    #[inline(never)]
    pub(super) fn load(&self, area: Area, key: &str) -> Option<String> {
        self.kept(key).or_else(|| match self.host().load(area, key) {
            Ok(text) => text,
            Err(failure) => {
                self.storage_failed(area, &failure);
                None
            }
        })
    }

    #[inline(never)]
    pub(super) fn save(&self, area: Area, key: &str, text: &str) {
        let saved = self.host().save(area, key, text);
        self.keep(key, self.needs_memory(&saved).then_some(text));
        if let Err(failure) = saved {
            self.storage_failed(area, &failure);
        }
    }

    pub(super) fn delete(&self, area: Area, key: &str) {
        self.keep(key, None);
        if let Err(failure) = self.host().delete(area, key) {
            self.storage_failed(area, &failure);
        }
    }

    pub(super) fn keys(&self, area: Area, prefix: &str) -> Vec<String> {
        let mut keys = self.host().keys(area, prefix).unwrap_or_else(|failure| {
            self.storage_failed(area, &failure);
            Vec::new()
        });
        let kept = self.inner.storage.kept.borrow().keys(prefix);
        keys.retain(|key| !kept.contains(key));
        keys.extend(kept);
        keys
    }

    /// A public document and when it was fetched, in Unix seconds; what cannot be read is as good as nothing.
    pub(super) fn load_document(&self, key: &str) -> Option<(Object, i64)> {
        let text = self.load(Area::Documents, key)?;
        let mut cached = json::parse_object(text.as_bytes()).ok()?;
        let fetched_at = cached.required_seconds("fetched_at").ok()?;
        match cached.remove("document") {
            Some(Json::Object(document)) => Some((document, fetched_at)),
            _ => None,
        }
    }

    pub(super) fn save_document(&self, key: &str, document: Object, fetched_at: i64) {
        let mut cached = Object::new();
        cached.insert("fetched_at", Json::Number(Number::Integer(fetched_at)));
        cached.insert("document", Json::Object(document));
        self.save(Area::Documents, key, &cached.to_string());
    }

    /// What is kept under the key.
    ///
    /// # Errors
    /// The store cannot be read, which was told: what is kept there is unknown.
    pub(super) async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        if let Some(text) = self.kept(key) {
            return Ok(Some(text));
        }
        let loaded = self.host().load_tokens(key).await;
        if let Err(failure) = &loaded
            && !failure.is_key_lost()
        {
            self.warn_once(failure);
        }
        loaded
    }

    /// Keeps the text under the key, in memory where the store does not take it; `None` forgets it.
    pub(super) async fn save_tokens(&self, key: &str, text: Option<&str>) {
        if self.inner.storage.leaves_sessions_alone.get() {
            return self.keep(key, text);
        }
        let saved = self.host().save_tokens(key, text).await;
        self.keep(key, text.filter(|_| saved.is_err()));
        if let Err(failure) = saved {
            self.warn_once(&failure);
        }
    }

    /// Keeps sessions in memory from now on: what is in the store is a newer version's.
    pub(super) fn leave_sessions_alone(&self) {
        self.inner.storage.leaves_sessions_alone.set(true);
    }

    /// Whether the text under the key is nowhere but in this page, because the store did not take it.
    pub(super) fn is_only_here(&self, key: &str) -> bool {
        self.kept(key).is_some()
    }

    fn needs_memory(&self, saved: &Result<(), StoreFailure>) -> bool {
        saved.is_err() || self.inner.storage.warned.get()
    }

    pub(super) fn kept(&self, key: &str) -> Option<String> {
        self.inner.storage.kept.borrow().get(key)
    }

    pub(super) fn keep(&self, key: &str, text: Option<&str>) {
        self.inner.storage.kept.borrow_mut().put(key, text);
    }

    fn storage_failed(&self, area: Area, failure: &StoreFailure) {
        // Documents are a convenience: without them a request more is sent.
        if area != Area::Documents {
            self.warn_once(failure);
        }
    }

    #[inline(never)]
    fn warn_once(&self, failure: &StoreFailure) {
        if !self.inner.storage.warned.replace(true) {
            let message = format!("the storage cannot be used ({}): nothing will survive a reload", failure.0);
            let warning = event(EventKind::Warning, Some("storage_unavailable"));
            let error = Error::new(Code::StorageUnavailable, message.clone());
            self.host().emit(Event { message: Some(message), error: Some(error), ..warning });
        }
    }
}
