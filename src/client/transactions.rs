//! Sign-ins under way: one record for each `state`. Those that leave the page lie in the store; those of a popup or a
//! frame in memory, since the page that waits for them is the only one that may end them.

use super::Client;
use crate::error::Result;
use crate::ports::{Area, Host};
use crate::session::Transaction;
use crate::session::transaction::{MAX_TRANSACTIONS, Progress};

const PREFIX: &str = "wasm-oidc:transaction:";

impl<H: Host> Client<H> {
    pub(super) fn save_transaction(&self, state: &str, transaction: &Transaction) {
        if self.inner.tag.relays(state) {
            let mut kept = self.inner.relayed.borrow_mut();
            kept.retain(|(other, _)| other != state);
            if kept.len() >= MAX_TRANSACTIONS {
                kept.remove(0);
            }
            kept.push((state.to_owned(), transaction.to_text()));
            return;
        }
        self.save(Area::Transactions, &key(state), &transaction.to_text());
    }

    /// The transaction of a `state`, if there is a readable one.
    ///
    /// # Errors
    /// `transaction_not_found`: the record is broken.
    pub(super) fn load_transaction(&self, state: &str) -> Result<Option<Transaction>> {
        let text = if self.inner.tag.relays(state) {
            let kept = self.inner.relayed.borrow();
            kept.iter().find(|(other, _)| other == state).map(|(_, text)| text.clone())
        } else {
            self.load(Area::Transactions, &key(state))
        };
        match text {
            Some(text) => Transaction::from_text(&text).map(Some),
            None => Ok(None),
        }
    }

    /// Makes room for one more transaction. Only their number counts: a clock that jumped must not take away the
    /// sign-in that the user is in the middle of. Used ones go first, then the oldest.
    #[inline(never)]
    pub(super) fn prune_transactions(&self) {
        let mut keys = self.keys(Area::Transactions, PREFIX);
        while keys.len() >= MAX_TRANSACTIONS {
            let mut first = 0;
            let mut lowest = (u8::MAX, i64::MAX);
            for (at, key) in keys.iter().enumerate() {
                let rank = self.rank(key);
                if rank < lowest {
                    (first, lowest) = (at, rank);
                }
            }
            self.delete(Area::Transactions, &keys.swap_remove(first));
        }
    }

    fn rank(&self, key: &str) -> (u8, i64) {
        let text = self.load(Area::Transactions, key).unwrap_or_default();
        match Transaction::from_text(&text) {
            Ok(Transaction { progress: Progress::Pending(_), created_at, .. }) => (1, created_at),
            Ok(Transaction { created_at, .. }) => (0, created_at),
            Err(_) => (0, i64::MIN),
        }
    }
}

fn key(state: &str) -> String {
    format!("{PREFIX}{state}")
}
