//! Sign-ins under way, in the store: one record for each `state`.

use super::Client;
use crate::error::Result;
use crate::ports::{Area, Host};
use crate::session::Transaction;
use crate::session::transaction::{MAX_TRANSACTIONS, Progress};

const PREFIX: &str = "wasm-oidc:transaction:";

impl<H: Host> Client<H> {
    pub(super) async fn save_transaction(&self, state: &str, transaction: &Transaction) {
        self.save(Area::Transactions, &key(state), &transaction.to_text()).await;
    }

    /// The transaction of a `state`, if there is a readable one.
    ///
    /// # Errors
    /// `transaction_not_found`: the record is broken.
    pub(super) async fn load_transaction(&self, state: &str) -> Result<Option<Transaction>> {
        let text = self.load(Area::Transactions, &key(state)).await;
        text.map(|text| Transaction::from_text(&text)).transpose()
    }

    /// Makes room for one more transaction. Only their number counts: a clock that jumped must not take away the
    /// sign-in that the user is in the middle of. Used ones go first, then the oldest.
    pub(super) async fn prune_transactions(&self) {
        let keys = self.keys(Area::Transactions, PREFIX).await;
        if keys.len() < MAX_TRANSACTIONS {
            return;
        }
        let mut records = Vec::with_capacity(keys.len());
        for key in keys {
            let text = self.load(Area::Transactions, &key).await.unwrap_or_default();
            let rank = match Transaction::from_text(&text) {
                Ok(Transaction { progress: Progress::Pending(_), created_at, .. }) => (1, created_at),
                Ok(Transaction { created_at, .. }) => (0, created_at),
                Err(_) => (0, i64::MIN),
            };
            records.push((rank, key));
        }
        while records.len() >= MAX_TRANSACTIONS {
            let first = records.iter().enumerate().min_by_key(|(_, (rank, _))| *rank).map(|(at, _)| at);
            let Some(at) = first else { break };
            let (_, key) = records.swap_remove(at);
            self.delete(Area::Transactions, &key).await;
        }
    }
}

fn key(state: &str) -> String {
    format!("{PREFIX}{state}")
}
