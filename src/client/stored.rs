//! The session in the store, which other tabs may share: read, written and ended so that none undoes what another did.

use std::rc::Rc;

use super::{Client, event};
use crate::error::Error;
use crate::ports::{Event, EventKind, EventSource, Guard, Host};
use crate::session::{EndReason, Record, Session, TokenSet, Unreadable};

/// How long writing waits for its turn, in milliseconds.
const STORE_WAIT_MILLISECONDS: u32 = 5_000;
/// How long one turn at the store can take, in milliseconds.
const STORE_HOLD_MILLISECONDS: u32 = 15_000;

/// What is in the store.
pub(super) enum Stored {
    /// A session that is not over.
    Session(Session),
    /// Nothing.
    Nothing,
    /// A session that was signed out of meanwhile.
    Dead,
    /// Nothing that anybody could read.
    Broken,
    /// The record of a newer version of this library: it stays in place.
    Newer,
    /// The store cannot be read now.
    Unknown,
    /// An encrypted store lost its key and deleted what it kept.
    KeyLost,
}

/// What became of writing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is stored, or kept in memory where the store fails.
    Done,
    /// It was ended meanwhile: nothing was stored.
    Over(EndReason),
    /// Another session took its place in the store.
    Replaced,
    /// Another tab renewed it further: nothing was stored.
    Behind,
}

impl<H: Host> Client<H> {
    pub(super) async fn read_stored(&self) -> Stored {
        self.let_go_of_what_is_overtaken().await;
        let text = match self.load_tokens(&self.session_key()).await {
            Ok(Some(text)) => text,
            Ok(None) => return Stored::Nothing,
            Err(failure) if failure.is_key_lost() => return Stored::KeyLost,
            Err(_) => return Stored::Unknown,
        };
        let epoch = self.tombstone().epoch;
        match Record::from_text(&text).and_then(|record| self.session_of(record, epoch)) {
            Ok(session) if session.epoch < epoch => Stored::Dead,
            Ok(session) => Stored::Session(session),
            Err(Unreadable::Newer) => {
                self.leave_sessions_alone();
                Stored::Newer
            }
            Err(Unreadable::Corrupt) => Stored::Broken,
        }
    }

    /// What the store did not take is kept here, until another tab stored something newer.
    async fn let_go_of_what_is_overtaken(&self) {
        let key = self.session_key();
        let Some(kept) = self.kept(&key).filter(|_| self.inner.options.storage.is_shared()) else { return };
        let Ok(Some(stored)) = self.host().load_tokens(&key).await else { return };
        let (Ok(kept), Ok(stored)) = (Record::from_text(&kept), Record::from_text(&stored)) else { return };
        let spent = stored.tokens.refresh_token.as_ref().is_some_and(|token| self.is_spent(&token.fingerprint()));
        let is_over = stored.epoch.is_some_and(|epoch| epoch < self.tombstone().epoch);
        if !is_over && (!spent || stored.pending.is_some()) && received_at(&stored) > received_at(&kept) {
            self.keep(&key, None);
        }
    }

    /// Stores a session that begins, or one that goes on from the refresh token of that fingerprint.
    pub(super) async fn write_session(&self, session: &Session, from: Option<&str>) -> Written {
        let _turn = self.store_turn().await;
        self.inner.writing.set(self.inner.writing.get().saturating_add(1));
        let written = self.write_in_turn(session, from).await;
        self.inner.writing.set(self.inner.writing.get().saturating_sub(1));
        written
    }

    async fn write_in_turn(&self, session: &Session, from: Option<&str>) -> Written {
        let begins = from.is_none();
        if let Some(reason) = self.reason_it_is_over(session, begins) {
            return Written::Over(reason);
        }
        let (key, text) = (self.session_key(), session.record().to_text());
        let stored = self.read_stored().await;
        match stored {
            _ if !self.inner.options.storage.is_shared() => {}
            Stored::Session(other) if !begins && other.id != session.id => return Written::Replaced,
            Stored::Session(other) if from.is_some_and(|from| is_ahead(&other, session, from)) => {
                return Written::Behind;
            }
            Stored::Nothing if !begins && !self.is_only_here(&key) => return Written::Over(EndReason::Cleared),
            Stored::Session(_)
            | Stored::Nothing
            | Stored::Dead
            | Stored::Broken
            | Stored::Newer
            | Stored::Unknown
            | Stored::KeyLost => {}
        }
        self.save_tokens(&key, Some(&text)).await;
        // A store may be slow, and a sign-out quick.
        match self.reason_it_is_over(session, begins) {
            Some(reason) => {
                self.sweep_in_turn(Some(&session.id)).await;
                Written::Over(reason)
            }
            None => Written::Done,
        }
    }

    /// Why nothing of this session may be stored any more.
    fn reason_it_is_over(&self, session: &Session, begins: bool) -> Option<EndReason> {
        let tombstone = self.tombstone();
        if session.epoch < tombstone.epoch {
            return Some(tombstone.reason);
        }
        // A client that is gone has no session, but what it sent is still stored.
        let is_current = || self.session().is_some_and(|current| current.id == session.id);
        (!begins && !self.inner.disposed.get() && !is_current()).then_some(EndReason::Cleared)
    }

    /// Deletes what is stored and over, or broken.
    pub(super) async fn sweep(&self) {
        let _turn = self.store_turn().await;
        self.sweep_in_turn(None).await;
    }

    /// Deletes what is stored where it is over, broken, or the session of that id.
    async fn sweep_in_turn(&self, id: Option<&str>) {
        let is_rubbish = match self.read_stored().await {
            Stored::Session(session) => id == Some(session.id.as_str()),
            Stored::Dead | Stored::Broken => true,
            Stored::Unknown => id.is_some(),
            Stored::Nothing | Stored::Newer | Stored::KeyLost => false,
        };
        if is_rubbish {
            self.save_tokens(&self.session_key(), None).await;
        }
    }

    /// Ends a session for a reason that this client found: gone from memory first, so that an answer which comes while
    /// a slow store erases it is too late; then from the store, for good; then announced.
    pub(super) async fn end_session(&self, session: &Session, reason: EndReason, error: Option<Error>) {
        let is_another = self.session().is_some_and(|current| current.id != session.id);
        if !is_another && self.session().is_some() {
            self.set_session(None);
        }
        let is_shared = self.inner.options.storage.is_shared();
        if reason == EndReason::SignedOut {
            // At once, whatever the store is busy with: from here on nothing older can come back.
            self.begin_epoch(session.epoch, reason);
        }
        {
            let _turn = self.store_turn().await;
            let is_replaced =
                is_shared && matches!(self.read_stored().await, Stored::Session(other) if other.id != session.id);
            if is_shared && reason != EndReason::SignedOut && !is_replaced {
                self.begin_epoch(session.epoch, reason);
            }
            self.sweep_in_turn(Some(&session.id)).await;
        }
        if is_another || self.session().is_some() {
            // Somebody signed in meanwhile: that session goes on, and nobody is signed out.
            return;
        }
        self.tell_tabs("signed_out", session, reason.as_str());
        self.host().emit(Event { error, ..event(EventKind::SignedOut, Some(reason.as_str())) });
    }

    /// Comes into step with what other tabs did, and tells the app.
    pub(super) async fn catch_up(&self) {
        if let Some(session) = self.session() {
            let tombstone = self.tombstone();
            if session.epoch < tombstone.epoch {
                self.set_session(None);
                // Before the store, which may be slow: somebody may sign in meanwhile, and that news comes later.
                self.tell_of_others(EventKind::SignedOut, Some(tombstone.reason));
                self.sweep().await;
            }
        }
        if !self.inner.options.storage.is_shared() {
            return;
        }
        let before = self.inner.changes.get();
        let stored = self.read_stored().await;
        if self.inner.changes.get() != before || self.inner.writing.get() > 0 || self.inner.disposed.get() {
            // This tab did something meanwhile, and looked into the store itself.
            return;
        }
        match (self.session(), stored) {
            (None, Stored::Session(stored)) => self.follow(stored, EventKind::SignedIn),
            (Some(mine), Stored::Session(stored)) if mine.id == stored.id => self.follow_renewal(&mine, stored),
            (Some(mine), Stored::Session(stored)) => {
                if mine.agent.id != stored.agent.id {
                    self.set_session(None);
                    self.tell_of_others(EventKind::SignedOut, Some(EndReason::StorageReplaced));
                }
                self.follow(stored, EventKind::SignedIn);
            }
            (Some(mine), Stored::Nothing) if !self.is_only_here(&self.session_key()) => {
                // Who erased it said why before, but a far store is read slowly.
                let tombstone = self.tombstone();
                let reason = if mine.epoch < tombstone.epoch { tombstone.reason } else { EndReason::Cleared };
                self.set_session(None);
                self.tell_of_others(EventKind::SignedOut, Some(reason));
            }
            _ => {}
        }
    }

    fn follow_renewal(&self, mine: &Session, stored: Session) {
        let is_same_token = mine.tokens.refresh_token == stored.tokens.refresh_token;
        let is_older = if is_same_token {
            stored.tokens.issued_at < mine.tokens.issued_at
        } else {
            // A browser may show a tab what another one has replaced already; beside a pending answer it is the newest.
            stored.pending.is_none() && self.is_spent(&stored.refresh_fingerprint())
        };
        if is_older {
            return;
        }
        if mine.tokens.access_token == stored.tokens.access_token {
            // Only its refresh token is newer: what made another tab fail would make this one.
            self.pass_on(&mine.refresh_fingerprint(), &stored.refresh_fingerprint());
        }
        if mine.tokens != stored.tokens {
            self.follow(stored, EventKind::Refreshed);
        } else if mine.pending != stored.pending {
            self.put_session(Some(Rc::new(stored)));
        }
    }

    /// Takes over what another tab stored.
    pub(super) fn follow(&self, session: Session, kind: EventKind) {
        self.set_session(Some(Rc::new(session)));
        self.tell_of_others(kind, None);
    }

    fn tell_of_others(&self, kind: EventKind, reason: Option<EndReason>) {
        let reason = reason.map(EndReason::as_str);
        self.host().emit(Event { source: EventSource::OtherTab, ..event(kind, reason) });
    }

    /// Tells the provider of tokens that nobody will use; nobody waits for it.
    pub(super) fn revoke_later(&self, tokens: Rc<TokenSet>) {
        let client = self.clone();
        self.host().spawn(Box::pin(async move { client.revoke_tokens(&tokens).await }));
    }

    /// One tab at a time reads and writes what they share.
    async fn store_turn(&self) -> Option<Guard> {
        if !self.inner.options.storage.is_shared() {
            return None;
        }
        let name = format!("wasm-oidc:store:{}", self.inner.store_tag.as_str());
        self.host().lock(&name, STORE_WAIT_MILLISECONDS, STORE_HOLD_MILLISECONDS).await.ok()
    }

    /// The session of a record; what an older version stored belongs to the current epoch.
    pub(super) fn session_of(&self, record: Record, epoch: i64) -> Result<Session, Unreadable> {
        let agent = self.agent_of(&record.tokens).map_err(|_| Unreadable::Corrupt)?;
        Ok(Session {
            id: record.id,
            epoch: record.epoch.unwrap_or(epoch),
            tokens: Rc::new(record.tokens),
            pending: record.pending.map(Rc::new),
            agent: Rc::new(agent),
        })
    }

    /// One session for a client id at an issuer, whichever of its redirect URIs it began at.
    pub(super) fn session_key(&self) -> String {
        format!("wasm-oidc:session:{}", self.inner.store_tag.as_str())
    }
}

/// When the newest tokens of a record arrived, in Unix seconds.
fn received_at(record: &Record) -> i64 {
    record.pending.as_ref().map_or(record.tokens.issued_at, |pending| pending.issued_at)
}

/// Whether what is stored has got further than a session that goes on from that refresh token: another tab verified the
/// same answer, and renewed it already.
fn is_ahead(stored: &Session, session: &Session, from: &str) -> bool {
    let pending = session.pending.as_ref().map(|pending| pending.refresh_fingerprint()).unwrap_or_default();
    let known = [from.to_owned(), session.refresh_fingerprint(), pending];
    let is_news = |tokens: &Rc<TokenSet>| !known.contains(&tokens.refresh_fingerprint());
    is_news(&stored.tokens) || stored.pending.as_ref().is_some_and(is_news)
}
