//! The books of a simulation: what was sent, stored, verified, handed out and told. Each entry is looked at by the
//! invariants when it is made.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::Value;
use wasm_oidc::error::Result;
use wasm_oidc::ports::{Event, EventKind, EventSource, HttpFailure};
use wasm_oidc::protocol::http::HttpResponse;

use crate::host::Host;
use crate::invariants;
use crate::provider::Name;
use crate::scheduler::Owner;
use crate::tab::Realm;
use crate::world::{World, note};

/// Where a record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Realm(Owner),
    Tab(u32),
    Origin,
}

/// What a call came to.
#[derive(Debug)]
pub enum Answered {
    Done,
    Nobody,
    Token(String),
    /// These sign-ins are over.
    SignedOut(Vec<usize>),
}

/// A stored record as the outside sees it: which answers its tokens came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub version: i64,
    pub current: Option<Name>,
    pub refresh: Option<Name>,
    pub pending: Option<Name>,
    pub pending_refresh: Option<Name>,
}

impl Seen {
    pub fn of(text: &str) -> Self {
        let record: Value = serde_json::from_str(text).unwrap_or_default();
        let name = |token: &Value| token.as_str().and_then(Name::of);
        Self {
            version: record["version"].as_i64().unwrap_or_default(),
            current: name(&record["tokens"]["access_token"]),
            refresh: name(&record["tokens"]["refresh_token"]),
            pending: name(&record["pending"]["access_token"]),
            pending_refresh: name(&record["pending"]["refresh_token"]),
        }
    }

    /// What must not be lost: the newest refresh token, or the access token where there is none.
    pub fn newest(&self) -> Option<Name> {
        self.pending_refresh.max(self.refresh).or(self.current)
    }
}

/// A request that presents a refresh token.
#[derive(Debug, Clone, Copy)]
pub struct Flight {
    pub token: Name,
    pub realm: Owner,
    pub at: i64,
    pub is_over: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub realm: Owner,
    pub kind: &'static str,
    pub began: i64,
    pub is_over: bool,
    /// When it was over; not yet: never.
    pub ended: i64,
}

#[derive(Default)]
pub struct Ledger {
    violation: RefCell<Option<String>>,
    pub flights: RefCell<Vec<Flight>>,
    pub calls: RefCell<Vec<Call>>,
    /// When each request was sent.
    pub requests: RefCell<Vec<i64>>,
    /// Failures in a row of a realm with a family, and when the last one was.
    pub failures: RefCell<BTreeMap<(Owner, usize), (u32, i64)>>,
    pub forward_jump_at: Cell<Option<i64>>,
    pub jump_at: Cell<Option<i64>>,
    pub marks_failed_at: Cell<Option<i64>>,
    pub tokens_failed_at: Cell<Option<i64>>,
    pub refreshed: Cell<u32>,
    /// A newer version of the library wrote what is stored: this one keeps to its memory.
    pub was_newer: Cell<bool>,
    pub last_key_at: Cell<i64>,
    /// Everything works again.
    pub is_finale: Cell<bool>,
}

impl Ledger {
    /// An invariant does not hold.
    pub fn broken(&self, invariant: &str, words: String) {
        self.violation.borrow_mut().get_or_insert(format!("\"{invariant}\" does not hold: {words}"));
    }

    pub fn is_broken(&self) -> bool {
        self.violation.borrow().is_some()
    }

    pub fn violation(&self) -> Option<String> {
        self.violation.borrow().clone()
    }

    /// No call and no refresh is under way.
    pub fn is_quiet(&self) -> bool {
        let is_flying = self.flights.borrow().iter().any(|flight| !flight.is_over);
        !is_flying && self.calls.borrow().iter().all(|call| call.is_over)
    }

    pub fn jumped(&self, now: i64, by: i64) {
        self.jump_at.set(Some(now));
        if by > 0 {
            self.forward_jump_at.set(Some(now));
        }
        // Deadlines are on the wall clock: what a pause is worth is anybody's guess now.
        self.failures.borrow_mut().clear();
    }

    pub fn woken(&self, realm: Owner) {
        self.failures.borrow_mut().retain(|(owner, _), _| *owner != realm);
    }

    pub fn store_failed(&self, is_marks: bool, now: i64) {
        let at = if is_marks { &self.marks_failed_at } else { &self.tokens_failed_at };
        at.set(Some(now));
    }

    /// A request leaves a page; `token` where it is a refresh.
    pub fn sent(&self, world: &World, realm: Owner, token: Option<Name>) {
        self.requests.borrow_mut().push(world.now());
        invariants::requests_are_few(world);
        if let Some(token) = token {
            invariants::two_requests_never_present_one_refresh_token(world, realm, token);
            invariants::a_refresh_token_is_never_sent_after_its_answer_was_stored(world, realm, token);
            invariants::a_failure_is_followed_by_a_pause(world, realm, token);
            self.flights.borrow_mut().push(Flight { token, realm, at: world.now(), is_over: false });
        }
    }

    /// The page knows what came of its request.
    pub fn resolved(
        &self,
        world: &World,
        realm: Owner,
        token: Option<Name>,
        result: &std::result::Result<HttpResponse, HttpFailure>,
    ) {
        let Some(token) = token else { return };
        for flight in self.flights.borrow_mut().iter_mut().filter(|flight| flight.realm == realm) {
            flight.is_over |= flight.token == token;
        }
        let is_answer = result.as_ref().is_ok_and(|response| {
            response.status == 400 || (response.status == 200 && response.body.starts_with(b"{"))
        });
        let mut failures = self.failures.borrow_mut();
        if is_answer {
            failures.remove(&(realm, token.family));
        } else {
            let entry = failures.entry((realm, token.family)).or_default();
            *entry = (entry.0 + 1, world.now());
        }
    }

    /// An answer came to a page that waited for it.
    pub fn arrived(&self, world: &World, issued: Option<Name>, refused: Option<Name>) {
        let mut families = world.provider.families.borrow_mut();
        if let Some(name) = issued {
            families[name.family].issues[name.number].arrived = true;
        }
        if let Some(name) = refused {
            families[name.family].refused = true;
        }
    }

    pub fn verified(&self, world: &World, signing_input: &[u8]) {
        if let Some(name) = world.provider.signed(signing_input) {
            world.provider.families.borrow_mut()[name.family].issues[name.number].verified = true;
        }
    }

    /// A store took a text.
    pub fn stored(&self, host: &Host, place: &Place, before: Option<&str>, text: Option<&str>) {
        let world = &host.world;
        let (before, after) = (before.map(Seen::of), text.map(Seen::of));
        invariants::a_store_never_goes_back(world, &host.realm, place, before, after);
        let mut families = world.provider.families.borrow_mut();
        for name in after.iter().flat_map(|seen| [seen.current, seen.pending]).flatten() {
            let issue = &mut families[name.family].issues[name.number];
            if issue.stored_at.is_none() {
                issue.stored_at = Some(world.now());
                self.refreshed.set(self.refreshed.get() + u32::from(name.number > 0));
            }
        }
    }

    pub fn told(&self, world: &World, realm: &Realm, event: &Event) {
        if event.kind == EventKind::Refreshed {
            self.woken(realm.number);
        }
        if event.kind == EventKind::SignedOut {
            realm.told_end.set(true);
            if matches!(event.reason, Some("signed_out" | "cleared")) && event.source == EventSource::ThisTab {
                realm.told_sign_out.set(true);
            }
            invariants::a_session_ends_for_a_reason_that_is_true(world, realm, event);
        }
    }

    pub fn session_changed(&self, world: &World, realm: &Realm, before: Option<Name>, after: Option<Name>) {
        invariants::a_page_never_goes_back_to_older_tokens(world, realm, before, after);
        if let Some(after) = after {
            invariants::nothing_is_handed_out_before_it_is_verified(world, after);
        }
    }

    pub fn began(&self, realm: Owner, kind: &'static str, now: i64) -> usize {
        let mut calls = self.calls.borrow_mut();
        calls.push(Call { realm, kind, began: now, is_over: false, ended: i64::MAX });
        calls.len() - 1
    }

    pub fn settled(&self, world: &World, realm: &Realm, call: usize, began: i64, result: Result<Answered>) {
        note!(
            world,
            "realm {}: call {call} ends with {:?}",
            realm.number,
            result.as_ref().map_err(|error| error.code())
        );
        self.end(&mut self.calls.borrow_mut()[call], world.now());
        match result {
            Ok(Answered::Token(token)) => self.handed_out(world, realm, began, &token),
            Ok(Answered::SignedOut(families)) if realm.told_sign_out.take() => {
                let mut all = world.provider.families.borrow_mut();
                families.iter().for_each(|family| all[*family].signed_out_at = Some(world.now()));
            }
            Ok(_) => {}
            Err(error) if self.is_finale.get() => {
                invariants::who_is_signed_in_gets_an_agent(world, realm, error.code());
            }
            // The last failure may have been before everything worked again.
            Err(_) if world.is_healed() => {}
            Err(error) => {
                let kind = self.calls.borrow()[call].kind;
                invariants::nothing_fails_where_nothing_is_broken(world, realm.number, kind, &error)
            }
        }
    }

    pub fn handed_out(&self, world: &World, realm: &Realm, began: i64, token: &str) {
        let Some(name) = Name::of(token) else { return };
        invariants::nothing_is_handed_out_before_it_is_verified(world, name);
        invariants::nothing_is_handed_out_after_the_sign_out(world, realm, began, name);
    }

    /// Somebody asks to sign out: which sign-ins that ends, once it is done.
    pub fn sign_out_begins(&self, world: &World, realm: &Realm) -> Vec<usize> {
        if realm.seen.get().is_none() {
            return Vec::new();
        }
        let mut families = world.provider.families.borrow_mut();
        let known = |family: &crate::provider::Family| family.issues[0].stored_at.is_some();
        families.iter_mut().for_each(|family| family.sign_out_begun = true);
        (0..families.len()).filter(|at| known(&families[*at])).collect()
    }

    /// Somebody asks to forget the session, which is everybody's where the store is.
    pub fn clear_begins(&self, world: &World, realm: &Realm) -> Vec<usize> {
        let Some(name) = realm.seen.get() else { return Vec::new() };
        let mut families = world.provider.families.borrow_mut();
        families.iter_mut().for_each(|family| family.clear_begun = true);
        if world.settings.storage.is_shared() { vec![name.family] } else { Vec::new() }
    }

    /// What a page asked for is awaited by nobody when the page is gone.
    pub fn realm_ended(&self, realm: Owner, now: i64) {
        for call in self.calls.borrow_mut().iter_mut().filter(|call| call.realm == realm) {
            self.end(call, now);
        }
    }

    fn end(&self, call: &mut Call, now: i64) {
        call.is_over = true;
        call.ended = call.ended.min(now);
    }
}
