//! Stores that cannot fail the caller: where the host's store is blocked or full, memory takes its place.

use std::cell::{Cell, RefCell};

use super::Client;
use crate::ports::{Area, Host, Shelf, StoreFailure};

/// What this page keeps itself because the host's store does not.
#[derive(Default)]
pub(super) struct Storage {
    kept: RefCell<Shelf>,
    warned: Cell<bool>,
}

impl<H: Host> Client<H> {
    pub(super) async fn load(&self, area: Area, key: &str) -> Option<String> {
        let kept = self.inner.storage.kept.borrow().get(area, key);
        match kept {
            Some(text) => Some(text),
            None => self.host().load(area, key).await.unwrap_or_else(|failure| {
                self.storage_failed(area, &failure);
                None
            }),
        }
    }

    pub(super) async fn save(&self, area: Area, key: &str, text: &str) {
        if let Err(failure) = self.host().save(area, key, text).await {
            self.inner.storage.kept.borrow_mut().put(area, key, text);
            self.storage_failed(area, &failure);
        } else {
            self.inner.storage.kept.borrow_mut().remove(area, key);
        }
    }

    pub(super) async fn delete(&self, area: Area, key: &str) {
        self.inner.storage.kept.borrow_mut().remove(area, key);
        if let Err(failure) = self.host().delete(area, key).await {
            self.storage_failed(area, &failure);
        }
    }

    pub(super) async fn keys(&self, area: Area, prefix: &str) -> Vec<String> {
        let mut keys = self.host().keys(area, prefix).await.unwrap_or_default();
        keys.extend(self.inner.storage.kept.borrow().keys(area, prefix));
        keys
    }

    fn storage_failed(&self, area: Area, failure: &StoreFailure) {
        // Documents are a convenience: without them a request more is sent.
        if area != Area::Documents && !self.inner.storage.warned.replace(true) {
            self.warn(
                "storage_unavailable",
                format!("the browser's storage cannot be used ({}): nothing will survive a reload", failure.0),
            );
        }
    }
}
