//! The other tabs of this origin: what they tell, and what they are told.
//!
//! A message says that something changed; what changed is read from the store. The one exception is the hand-over: a
//! browser copies the storage of a tab into its duplicate, so that two tabs hold one refresh token and no common store.
//! Who renewed it hands the new tokens over.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures_channel::oneshot;

use super::stored::Written;
use super::{Client, Inner, disposed};
use crate::error::Result;
use crate::ports::{EventKind, Host, StorageKind};
use crate::protocol::json::{self, Object};
use crate::session::{Record, Session};

/// How long a tab that holds a spent refresh token waits for the new tokens, in milliseconds.
const HAND_OVER_MILLISECONDS: u32 = 2_000;

/// A caller that waits for the successor of a refresh token.
pub(super) struct Waiting {
    spent: String,
    told: oneshot::Sender<Result<()>>,
    place: Rc<RefCell<Option<Record>>>,
}

impl<H: Host> Client<H> {
    /// Listens to other tabs and to the page's coming back, where there is a page.
    pub(super) fn listen(&self) {
        if self.host().location().is_none() || !self.inner.guards.borrow().is_empty() {
            return;
        }
        // Weak, or the client would keep itself alive through its host.
        let (tabs, page) = (Rc::downgrade(&self.inner), Rc::downgrade(&self.inner));
        let hear = Rc::new(move |message: String| {
            if let Some(inner) = tabs.upgrade() {
                Client { inner }.hear(&message);
            }
        });
        let wake = Rc::new(move || {
            if let Some(inner) = page.upgrade() {
                let client = Client { inner };
                let work = Box::pin(client.clone().wake_up());
                client.host().spawn(work);
            }
        });
        let guards = vec![self.host().listen(&self.channel(), hear), self.host().on_wake(wake)];
        *self.inner.guards.borrow_mut() = guards;
    }

    pub(super) fn tell_tabs(&self, kind: &str, session: &Session, reason: &str) {
        let mut message = Object::new();
        message.put_text("kind", Some(kind));
        message.put_text("session", Some(&session.id));
        message.put_integer("epoch", Some(self.tombstone().epoch));
        message.put_text("reason", Some(reason));
        self.post(&message);
        // Firefox shows other processes what a task wrote when the task is over, and the message may be there before.
        let client = self.clone();
        self.host().spawn(Box::pin(async move {
            client.host().sleep(0).await;
            if !client.inner.disposed.get() {
                client.post(&message);
            }
        }));
    }

    /// Gives the new tokens to tabs that hold the same spent refresh token.
    pub(super) fn hand_over(&self, spent: &str, record: &Record) {
        let mut message = Object::new();
        message.put_text("kind", Some("tokens"));
        message.put_text("hash", Some(spent));
        message.put_text("record", Some(&record.to_text()));
        self.post(&message);
    }

    /// Asks the other tabs for what came after a spent refresh token; `None`: nobody who knows is there.
    pub(super) async fn ask_for_successor(&self, spent: &str) -> Option<Record> {
        let (sender, receiver) = oneshot::channel();
        let place = Rc::<RefCell<Option<Record>>>::default();
        let waiting = Waiting { spent: spent.to_owned(), told: sender, place: Rc::clone(&place) };
        self.inner.waiting.borrow_mut().push(waiting);
        let mut message = Object::new();
        message.put_text("kind", Some("need"));
        message.put_text("hash", Some(spent));
        self.post(&message);
        let answer = async { receiver.await.unwrap_or_else(|_| Err(disposed())) };
        self.within(HAND_OVER_MILLISECONDS, pin!(answer)).await;
        self.inner.waiting.borrow_mut().retain(|waiting| waiting.spent != spent || !waiting.told.is_canceled());
        place.take()
    }

    fn post(&self, message: &Object) {
        if self.host().location().is_some() {
            self.host().post(&self.channel(), &message.to_string());
        }
    }

    fn hear(&self, message: &str) {
        let Ok(message) = json::parse_object(message.as_bytes()) else { return };
        let text = |name: &str| message.text(name).ok().flatten().unwrap_or_default();
        match text("kind").as_str() {
            "signed_out" => {
                self.believe(message.seconds("epoch").ok().flatten().unwrap_or(0), &text("reason"));
                self.look_again();
            }
            "changed" => self.look_again(),
            "need" => {
                let spent = text("hash");
                if let Some(record) = self.successor(&spent) {
                    self.hand_over(&spent, &record);
                }
            }
            "tokens" => {
                if let Ok(record) = Record::from_text(&text("record")) {
                    self.take_over(&text("hash"), record);
                }
            }
            _ => {}
        }
    }

    fn look_again(&self) {
        let client = self.clone();
        self.host().spawn(Box::pin(async move { client.catch_up().await }));
    }

    /// New tokens from another tab: for callers that asked, else for the session where it holds the spent token.
    fn take_over(&self, spent: &str, record: Record) {
        let asked = {
            let mut waiting = self.inner.waiting.borrow_mut();
            let at = waiting.iter().position(|waiting| waiting.spent == spent);
            at.map(|at| waiting.swap_remove(at))
        };
        if let Some(asked) = asked {
            *asked.place.borrow_mut() = Some(record);
            // The caller may have given up just now.
            let _ = asked.told.send(Ok(()));
            return;
        }
        let Some(session) = self.session() else { return };
        let is_ours = session.id == record.id && session.pending.is_none() && session.refresh_fingerprint() == spent;
        if is_ours && self.inner.options.storage == StorageKind::Session {
            let client = self.clone();
            self.host().spawn(Box::pin(async move { client.follow_record(&session, record).await }));
        }
    }

    /// Goes on with a session that another tab renewed: stored before it is told.
    pub(super) async fn follow_record(&self, session: &Session, record: Record) {
        let Ok(renewed) = self.session_of(record, session.epoch) else { return };
        let renewed = Session { id: session.id.clone(), epoch: session.epoch, ..renewed };
        let written = self.write_session(&renewed, Some(&session.refresh_fingerprint())).await;
        if written == Written::Done && self.session().is_some_and(|current| current.id == session.id) {
            self.follow(renewed, EventKind::Refreshed);
        }
    }

    /// The tokens that came after a spent refresh token, as far as this tab knows.
    fn successor(&self, spent: &str) -> Option<Record> {
        let newest = self.renewed_from(spent);
        let session = self.session();
        let is_of_session = session.as_ref().is_some_and(|session| match &newest {
            Some(newest) => newest.refresh_token == session.tokens.refresh_token,
            // An answer that could not be verified yet is handed on as such.
            None => session.pending.is_some() && session.refresh_fingerprint() == spent,
        });
        match (session, newest) {
            (Some(session), _) if is_of_session => Some(session.record()),
            (_, Some(tokens)) => {
                Some(Record { id: String::new(), epoch: None, tokens: (*tokens).clone(), pending: None })
            }
            _ => None,
        }
    }

    fn channel(&self) -> String {
        format!("wasm-oidc:{}", self.inner.store_tag.as_str())
    }
}

impl<H: Host> Inner<H> {
    /// Hears and tells nothing any more.
    pub(super) fn stop_listening(&self) {
        let guards = self.guards.take();
        drop(guards);
        self.waiting.take();
    }
}
