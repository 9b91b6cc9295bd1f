//! What has to hold after every step, each as a sentence. Where it cannot hold in principle, the exception is written out:
//! which fault excuses it, and since when.

use wasm_oidc::error::{Code, Error};
use wasm_oidc::ports::{Event, StorageKind};

use crate::ledger::{Place, Seen};
use crate::provider::Name;
use crate::reasons::true_reasons;
use crate::scheduler::Owner;
use crate::tab::{Realm, is_plain};
use crate::world::World;

/// How long a request of a page that is gone counts as under way, in milliseconds.
fn request_limit(world: &World) -> i64 {
    // The marks count in whole seconds.
    (2 * world.settings.timeout).max(60) * 1000 - 1000
}

/// How long before its request a mark is written at most, in milliseconds.
const LEASE_LIMIT: i64 = 2000;
/// Of how many refresh tokens it is remembered that they are spent.
const REMEMBERED: usize = 256;
/// How long any call may take, in milliseconds: a request of somebody else, its own, and the key set's.
const CALL_LIMIT: i64 = 300_000;
/// How long a message takes to the other tabs at most, in milliseconds.
const MESSAGE_LIMIT: i64 = 2000;
/// How long after the end of a session the app hears of it at most, in milliseconds.
const WORD_LIMIT: i64 = 60_000;
const HOUR: i64 = 3_600_000;

fn since(at: Option<i64>, time: i64) -> bool {
    at.is_some_and(|at| at >= time)
}

/// MUST-NOT-FAIL B3. The request of a page that is gone lives on in the world, so until its limit nobody may send its token.
/// Excused: the clock was set forward, or the marks could not be read or written, since a little before: without locks the
/// mark is written first.
pub fn two_requests_never_present_one_refresh_token(world: &World, realm: Owner, token: Name) {
    let ledger = &world.ledger;
    for flight in ledger.flights.borrow().iter().filter(|flight| flight.token == token && !flight.is_over) {
        let marked = flight.at - LEASE_LIMIT;
        let is_excused = since(ledger.forward_jump_at.get(), marked) || since(ledger.marks_failed_at.get(), marked);
        if world.now() < flight.at + request_limit(world) && !is_excused {
            ledger.broken(
                "two requests never present one refresh token",
                format!("realm {realm} sends {token:?}, which realm {} sent at {}", flight.realm, flight.at),
            );
        }
    }
}

/// MUST-NOT-FAIL B3. Excused: marks or the store of tokens failed since the answer was stored; or so many answers came since
/// then that it is not remembered any more.
pub fn a_refresh_token_is_never_sent_after_its_answer_was_stored(world: &World, realm: Owner, token: Name) {
    let families = world.provider.families.borrow();
    let answer = families[token.family].issues.iter().find(|issue| issue.instead_of == Some(token.number));
    let Some(stored_at) = answer.and_then(|issue| issue.stored_at) else { return };
    let ledger = &world.ledger;
    let is_excused = since(ledger.marks_failed_at.get(), stored_at) || since(ledger.tokens_failed_at.get(), stored_at);
    let issues = families.iter().flat_map(|family| &family.issues);
    let later = issues.filter(|issue| issue.stored_at.is_some_and(|at| at >= stored_at)).count();
    if !is_excused && later < REMEMBERED {
        ledger.broken(
            "a refresh token is never sent after its answer was stored",
            format!("realm {realm} sends {token:?}, whose answer was stored at {stored_at}"),
        );
    }
}

/// MUST-NOT-FAIL B4: after failures in a row come pauses of 1, 2, 4 … 300 s, unless something woke the page.
pub fn a_failure_is_followed_by_a_pause(world: &World, realm: Owner, token: Name) {
    let failures = world.ledger.failures.borrow();
    let Some((count, at)) = failures.get(&(realm, token.family)) else { return };
    let pause = (1_i64 << (count - 1).min(20)).min(300) * 1000;
    // A second of the wall clock can be almost over.
    if world.now() < at + pause - 1000 {
        world.ledger.broken(
            "a failure is followed by a pause",
            format!("realm {realm} sends {token:?} {} ms after failure {count} in a row", world.now() - at),
        );
    }
}

/// MUST-NOT-FAIL B8: requests are bounded by what the app asks for, and by the number of pages.
pub fn requests_are_few(world: &World) {
    let begin = world.now() - HOUR;
    let requests = world.ledger.requests.borrow().iter().rev().take_while(|at| **at > begin).count();
    let calls = world.ledger.calls.borrow().iter().rev().take_while(|call| call.began > begin).count();
    let realms = world.tabs.borrow().len();
    // A page that is looked at renews its tokens before they end, but never in the first half of their life.
    let renewals = (2 * HOUR / 1000 / world.settings.access_lifetime) as usize;
    // Pauses reach 300 s after nine attempts, and one that waits for a key set costs four requests.
    let attempts = 9 + (HOUR / 300_000) as usize;
    if requests > (4 * attempts + renewals) * realms + 8 * calls {
        world
            .ledger
            .broken("requests are few", format!("{requests} requests in an hour, for {calls} calls in {realms} tabs"));
    }
}

pub fn a_session_ends_for_a_reason_that_is_true(world: &World, realm: &Realm, event: &Event) {
    let Some(name) = realm.last.get() else { return };
    let reason = event.reason.unwrap_or("none");
    let reasons = true_reasons(world, name.family);
    if !reasons.contains(&reason) {
        world.ledger.broken(
            "a session ends for a reason that is true",
            format!("realm {} ends {name:?} as {reason}; true would be {reasons:?}", realm.number),
        );
    }
    if reason == "invalid_grant" {
        a_lost_answer_is_called_so(world, name.family, event.error.as_ref().map(Error::code));
    }
}

/// The one thing that cannot be had: an answer that was lost under rotation. Then the error says so.
fn a_lost_answer_is_called_so(world: &World, family: usize, code: Option<Code>) {
    let families = world.provider.families.borrow();
    let family = &families[family];
    // What ended it without any loss.
    let is_plain = matches!(family.over, Some("revoked" | "expired"));
    // So many answers came since then that it is not remembered any more.
    let is_forgotten = family.issues.len() > REMEMBERED;
    let is_stale = family.issues.last().is_some_and(|last| last.instead_of.is_some() && last.stored_at.is_none());
    if stores_failed(world) || is_forgotten {
        return;
    }
    if is_stale && !is_plain && world.settings.garbled == 0 && code.is_some_and(|code| code != Code::RefreshOutcomeLost)
    {
        world.ledger.broken("a lost answer is called so", format!("the session ended with {code:?}"));
    }
}

/// A far store may take a while to forget, and the word comes after that.
pub fn a_session_never_vanishes_without_a_word(world: &World) {
    for realm in world.tabs.borrow().iter().filter_map(|tab| tab.realm()) {
        let since = realm.owes_word_since.get().filter(|_| !realm.is_disposed.get());
        if since.is_some_and(|at| at.max(realm.thaws_at.get()) + WORD_LIMIT < world.now()) {
            let words = format!("realm {} had {:?} until {since:?} and has nothing", realm.number, realm.last.get());
            world.ledger.broken("a session never vanishes without a word", words);
        }
    }
}

/// Where refresh tokens rotate; elsewhere answers may overtake each other, and all of them are good.
pub fn a_page_never_goes_back_to_older_tokens(world: &World, realm: &Realm, before: Option<Name>, after: Option<Name>) {
    if !world.settings.rotates {
        return;
    }
    if let (Some(before), Some(after)) = (before, after)
        && before.family == after.family
        && after.number < before.number
    {
        let words = format!("realm {} had {before:?} and has {after:?}", realm.number);
        world.ledger.broken("a page never goes back to older tokens", words);
    }
}

/// MUST-NOT-FAIL B5: verified before anybody gets it, and stored before that.
pub fn nothing_is_handed_out_before_it_is_verified(world: &World, name: Name) {
    let families = world.provider.families.borrow();
    let issue = &families[name.family].issues[name.number];
    let broken = |words: &str| {
        world.ledger.broken("nothing is handed out before it is verified", format!("{name:?} {words}"));
    };
    if issue.has_id_token && !issue.verified {
        broken("was never verified");
    }
    if issue.wrong.is_some() {
        broken("is wrong");
    }
    let keeps_to_memory = world.ledger.tokens_failed_at.get().is_some() || world.ledger.was_newer.get();
    if issue.stored_at.is_none() && !keeps_to_memory {
        broken("was never stored");
    }
}

/// Excused: a store failed since the sign-out began, so that it could reach this page only.
pub fn nothing_is_handed_out_after_the_sign_out(world: &World, realm: &Realm, began: i64, name: Name) {
    let signed_out_at = world.provider.families.borrow()[name.family].signed_out_at;
    let Some(at) = signed_out_at else { return };
    let is_late = began > at.max(realm.thaws_at.get()) + MESSAGE_LIMIT;
    if is_late && !stores_failed(world) {
        let words = format!("realm {} hands out {name:?}, signed out at {at}", realm.number);
        world.ledger.broken("nothing is handed out after the sign-out", words);
    }
}

pub fn stores_failed(world: &World) -> bool {
    world.ledger.marks_failed_at.get().is_some() || world.ledger.tokens_failed_at.get().is_some()
}

/// Excused: the store of tokens failed once. A page keeps to its own memory then, and writes that when it can again.
pub fn a_store_never_goes_back(world: &World, realm: &Realm, place: &Place, before: Option<Seen>, after: Option<Seen>) {
    let Some(before) = before.filter(|_| world.ledger.tokens_failed_at.get().is_none()) else { return };
    let broken = |words: &str| {
        let words = format!("realm {} at {place:?}: {before:?} becomes {after:?}: {words}", realm.number);
        world.ledger.broken("a store never goes back", words);
    };
    let is_first_of =
        |name: Name| name.number == 0 && world.provider.families.borrow()[name.family].issues[0].stored_at.is_none();
    let signs_in = after.and_then(|after| after.current).is_some_and(is_first_of);
    let Some(old) = before.newest() else { return };
    let is_over = !true_reasons(world, old.family).is_empty();
    if before.version > 2 && !signs_in && !is_over {
        return broken("a newer version's record is left alone");
    }
    match after.and_then(|after| after.newest()) {
        None if !is_over => broken("a session that is not over is erased"),
        Some(new) if new.family == old.family && new.number < old.number => broken("newer tokens are lost"),
        Some(new) if new.family < old.family && !signs_in => broken("an older session takes the newer one's place"),
        _ => {}
    }
}

/// In a calm seed there is nothing to fail for but the end of a refresh token's life (duplicated tabs then ask each other,
/// one after the other, which may take longer than a caller's patience), and a duplicate that slept until nobody is left
/// who could hand it the tokens that came after its own.
pub fn nothing_fails_where_nothing_is_broken(world: &World, realm: Owner, kind: &str, error: &Error) {
    let is_refused = matches!(error.code(), Code::InvalidGrant | Code::RefreshOutcomeLost | Code::Timeout)
        && world.settings.refresh_lifetime.is_some();
    let is_orphan = error.code() == Code::RefreshOutcomeLost
        && world.settings.storage == StorageKind::Session
        && has_nobody_to_ask(world, realm);
    if world.settings.is_calm && !is_plain(error.code()) && !is_refused && !is_orphan {
        world.ledger.broken("nothing fails where nothing is broken", format!("{kind} fails: {error}"));
    }
}

/// Whether no page is left that has newer tokens of the session that this one had.
fn has_nobody_to_ask(world: &World, realm: Owner) -> bool {
    let tabs = world.tabs.borrow();
    let mine =
        tabs.iter().filter_map(|tab| tab.realm()).find(|page| page.number == realm).and_then(|page| page.last.get());
    let is_newer = |name: Name| mine.is_some_and(|mine| name.family == mine.family && name.number > mine.number);
    !tabs
        .iter()
        .filter_map(|tab| tab.realm())
        .any(|page| !page.is_disposed.get() && page.seen.get().is_some_and(is_newer))
}

pub fn every_call_settles(world: &World) {
    for call in world.ledger.calls.borrow().iter().filter(|call| !call.is_over) {
        let is_standing_still = world
            .tab_of(call.realm)
            .and_then(|tab| tab.realm())
            .is_some_and(|realm| realm.thaws_at.get() + CALL_LIMIT > world.now());
        if call.began + CALL_LIMIT < world.now() && !is_standing_still {
            let words = format!("{} of realm {} began at {}", call.kind, call.realm, call.began);
            world.ledger.broken("every call settles", words);
        }
    }
}

/// When everything rested: no store and no page has a session again that was signed out.
pub fn nothing_resurrects_after_a_sign_out(world: &World) {
    let families = world.provider.families.borrow();
    let is_over = |name: Name| families[name.family].signed_out_at.is_some();
    for tab in world.tabs.borrow().iter() {
        let Some(realm) = tab.realm() else { continue };
        let place = match world.settings.storage {
            StorageKind::Memory => &realm.memory,
            StorageKind::Session => &tab.storage.tokens,
            StorageKind::Local => &world.origin.local,
            StorageKind::Custom => &world.origin.custom,
        };
        let stored = place.borrow().keys("wasm-oidc:session:");
        let stored = stored.first().and_then(|key| place.borrow().get(key)).map(|text| Seen::of(&text));
        // A newer version reads the tombstone itself.
        let stored = stored.filter(|seen| seen.version <= 2).and_then(|seen| seen.newest());
        for (where_it_is, name) in [("the page", realm.seen.get()), ("the store", stored)] {
            if name.is_some_and(is_over) && !stores_failed(world) && !realm.is_disposed.get() {
                let words = format!("{where_it_is} of realm {} has {name:?}", realm.number);
                world.ledger.broken("nothing resurrects after a sign-out", words);
            }
        }
    }
}

/// When everything works again and everything rested: whoever is signed in gets what an app asks for.
pub fn who_is_signed_in_gets_an_agent(world: &World, realm: &Realm, code: Code) {
    let words = format!("realm {} is signed in, and get_agent fails with {}", realm.number, code.as_str());
    world.ledger.broken("who is signed in gets an agent", words);
}
