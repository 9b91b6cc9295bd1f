//! Tabs that share a session, or hold copies of it: one refresh for all, one sign-out for all, and nothing comes back.

use crate::simulated::{SimulatedHost, TOKEN, TOKEN_LIFETIME, code_of, here_only, refreshes};
use serde_json::{Value, json};
use wasm_oidc::client::Client;
use wasm_oidc::error::Code;
use wasm_oidc::ports::{EventKind, EventSource};

pub type Tab = (SimulatedHost, Client<SimulatedHost>);

/// As long as a request that nobody has heard of may live, in seconds.
pub const LOST: i64 = 60;

pub fn client(host: &SimulatedHost, storage: &str) -> Client<SimulatedHost> {
    let client = host.client_with(json!({ "storage": storage }));
    host.run(client.restore()).unwrap();
    client
}

/// Somebody signed in, in a tab with this kind of storage.
pub fn signed_in(storage: &str) -> Tab {
    let host = SimulatedHost::page();
    let client = client(&host, storage);
    host.sign_in(&client);
    (host, client)
}

/// Another tab of the same app on the same store.
pub fn another(tab: &Tab) -> Tab {
    let host = tab.0.tab_with(tab.0.places.of_another_tab());
    let client = client(&host, tab.1.options().storage.as_str());
    (host, client)
}

/// The tab as the browser duplicates it.
pub fn duplicate(tab: &Tab) -> Tab {
    let host = tab.0.tab_with(tab.0.places.of_a_duplicate());
    let client = client(&host, "session");
    (host, client)
}

pub fn access_token(client: &Client<SimulatedHost>) -> String {
    client.session().unwrap().tokens.access_token.expose().to_owned()
}

/// The events that came from other tabs, with their reasons.
pub fn heard(host: &SimulatedHost) -> Vec<(EventKind, Option<&'static str>)> {
    let events = host.events.borrow();
    let others = events.iter().filter(|event| event.source == EventSource::OtherTab);
    others.map(|event| (event.kind, event.reason)).collect()
}

pub fn stored(host: &SimulatedHost) -> Value {
    serde_json::from_str(&host.places.all_tokens()[0].1).unwrap()
}

pub fn ask_all(tabs: &[Tab], calls: usize) -> Vec<crate::simulated::Started<wasm_oidc::error::Result<String>>> {
    let mut started = Vec::new();
    for (host, client) in tabs {
        for _ in 0..calls {
            let client = client.clone();
            started.push(
                host.start(async move { client.access_token(0, false).await.map(|token| token.expose().to_owned()) }),
            );
        }
    }
    started
}

#[test]
fn ten_tabs_on_one_expired_session_cost_one_request() {
    for has_no_locks in [false, true] {
        let first = signed_in("local");
        let host = first.0.clone();
        let mut tabs = vec![first];
        while tabs.len() < 10 {
            tabs.push(another(&tabs[0]));
        }
        host.tabs.has_no_locks.set(has_no_locks);
        host.pass_seconds(TOKEN_LIFETIME + 1);
        let calls = ask_all(&tabs, 20);
        host.pass_seconds(20);
        let current = access_token(&tabs[0].1);
        assert!(calls.iter().all(|call| call.take().unwrap() == current));
        assert_eq!(refreshes(&host), 1, "without locks: {has_no_locks}");
        assert!(tabs[1..].iter().all(|(host, _)| heard(host) == [(EventKind::Refreshed, None)]));
    }
}

#[test]
fn a_duplicated_tab_is_handed_the_tokens_that_the_other_one_got() {
    for has_no_locks in [false, true] {
        let tab = signed_in("session");
        let twin = duplicate(&tab);
        let host = tab.0.clone();
        host.tabs.has_no_locks.set(has_no_locks);
        host.pass_seconds(TOKEN_LIFETIME + 1);
        let tabs = [tab, twin];
        let calls = ask_all(&tabs, 3);
        host.pass_seconds(20);
        let current = access_token(&tabs[0].1);
        assert!(calls.iter().all(|call| call.take().unwrap() == current));
        assert_eq!((refreshes(&host), access_token(&tabs[1].1)), (1, current));
        assert_eq!(stored(&tabs[1].0), stored(&tabs[0].0));
    }
}

#[test]
fn a_duplicate_that_heard_nothing_asks_for_what_came_after_its_spent_token() {
    let tab = signed_in("session");
    let old = tab.0.places.of_a_duplicate();
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    for _ in 0..3 {
        tab.0.run(tab.1.refresh()).unwrap();
    }
    let host = tab.0.tab_with(old);
    let twin = client(&host, "session");
    assert_eq!(host.run(twin.access_token(0, false)).unwrap().expose(), access_token(&tab.1));
    assert_eq!(refreshes(&host), 3);
}

#[test]
fn a_duplicate_of_a_tab_that_is_gone_never_sends_the_spent_token() {
    let tab = signed_in("session");
    let old = tab.0.places.of_a_duplicate();
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    tab.0.run(tab.1.refresh()).unwrap();
    tab.1.dispose();
    let host = tab.0.tab_with(old);
    let twin = client(&host, "session");
    let error = host.run(twin.access_token(0, false)).unwrap_err();
    assert_eq!(error.failure().cause.as_ref().unwrap().code(), Code::RefreshOutcomeLost);
    assert_eq!((refreshes(&host), host.reasons(EventKind::SignedOut)), (1, vec![Some("invalid_grant")]));
}

#[test]
fn the_request_of_a_tab_that_was_killed_is_waited_for_before_the_token_is_sent_again() {
    for storage in ["local", "session"] {
        let (host, _) = signed_in(storage);
        host.pass_seconds(TOKEN_LIFETIME + 1);
        host.provider.take_time(TOKEN, 5_000);
        let killed = client(&host, storage);
        let _call = host.start(async move { killed.refresh().await });
        host.pass_seconds(1);
        assert_eq!(refreshes(&host), 1);
        let host = host.reloaded();
        host.provider.take_time(TOKEN, 50);
        let client = client(&host, storage);
        let caller = client.clone();
        let _call = host.start(async move { caller.get_agent().await });
        host.pass_seconds(LOST - 5);
        assert_eq!(refreshes(&host), 1, "{storage}");
        host.pass_seconds(10);
        assert_eq!(refreshes(&host), 2, "{storage}");
        assert!(client.session().is_some());
    }
}

#[test]
fn a_sign_out_reaches_every_tab_whatever_sessions_are_kept_in() {
    for storage in ["local", "session", "memory"] {
        let tab = signed_in(storage);
        let other = another(&tab);
        if other.1.session().is_none() {
            other.0.sign_in(&other.1);
        }
        tab.0.run(tab.1.sign_out(&here_only())).unwrap();
        tab.0.pass_seconds(1);
        assert!(other.1.session().is_none(), "{storage}");
        assert_eq!(heard(&other.0), [(EventKind::SignedOut, Some("signed_out"))], "{storage}");
        assert_eq!(other.0.places.all_tokens(), [], "{storage}");
        let late = another(&tab);
        assert!(late.1.session().is_none());
    }
}

#[test]
fn a_tab_that_slept_through_a_sign_out_learns_of_it_when_it_wakes() {
    let tab = signed_in("session");
    let old = tab.0.places.of_a_duplicate();
    tab.0.run(tab.1.sign_out(&here_only())).unwrap();
    // Stored before the sign-out, read after it: the tombstone is newer.
    let host = tab.0.tab_with(old);
    let twin = client(&host, "session");
    assert!(twin.session().is_none());
    assert_eq!(host.places.all_tokens(), []);
}

#[test]
fn a_sign_in_shows_in_the_other_tabs_of_a_shared_store() {
    let host = SimulatedHost::page();
    let tab = (host.clone(), client(&host, "local"));
    let other = another(&tab);
    tab.0.sign_in(&tab.1);
    tab.0.pass_seconds(1);
    assert_eq!(access_token(&other.1), access_token(&tab.1));
    assert_eq!(heard(&other.0), [(EventKind::SignedIn, None)]);
    assert_eq!(heard(&tab.0), []);
}

#[test]
fn another_user_in_a_shared_store_takes_the_place_of_the_first() {
    let tab = signed_in("local");
    let other = another(&tab);
    *other.0.provider.subject.borrow_mut() = "usr_2".to_owned();
    other.0.sign_in(&other.1);
    tab.0.pass_seconds(1);
    assert_eq!(tab.1.agent().unwrap().id, "usr_2");
    assert_eq!(heard(&tab.0), [(EventKind::SignedOut, Some("storage_replaced")), (EventKind::SignedIn, None)]);
}

#[test]
fn a_sign_out_in_one_tab_cancels_a_sign_in_under_way_in_another() {
    for storage in ["local", "session", "memory"] {
        let tab = signed_in(storage);
        let other = another(&tab);
        let url = other.0.begin(&other.1);
        tab.0.run(tab.1.sign_out(&here_only())).unwrap();
        tab.0.pass_seconds(1);
        assert_eq!(code_of(other.0.come_back(&other.1, &url)), Code::SignedOut, "{storage}");
        assert!(other.1.session().is_none());
        assert_eq!(other.0.places.all_tokens(), []);
    }
}

#[test]
fn a_late_answer_does_not_undo_the_sign_out_of_another_tab() {
    let tab = signed_in("local");
    let other = another(&tab);
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    let (host, caller) = (tab.0.clone(), tab.1.clone());
    let call = host.start(async move { caller.refresh().await });
    host.executor.pass(20);
    assert_eq!(refreshes(&host), 1);
    host.run(other.1.sign_out(&here_only())).unwrap();
    host.pass_seconds(1);
    assert_eq!(code_of(call.take()), Code::SignedOut);
    assert_eq!(host.places.all_tokens(), []);
    assert!(tab.1.session().is_none() && other.1.session().is_none());
}

#[test]
fn what_one_duplicate_forgets_in_the_middle_of_a_refresh_the_other_goes_on_with() {
    let tab = signed_in("session");
    let twin = duplicate(&tab);
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    let caller = tab.1.clone();
    let call = tab.0.start(async move { caller.refresh().await });
    tab.0.executor.pass(20);
    tab.0.run(tab.1.clear()).unwrap();
    tab.0.pass_seconds(5);
    assert_eq!(code_of(call.take()), Code::SignedOut);
    twin.0.run(twin.1.access_token(0, false)).unwrap();
    assert_eq!((refreshes(&tab.0), tab.0.places.all_tokens()), (1, vec![]));
    assert_eq!(stored(&twin.0)["pending"], Value::Null);
}
