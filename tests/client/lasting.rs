//! What outlives a request and a tab: pauses after failures, answers that came too early or never, records in a store.

use super::tabs::*;
use crate::simulated::{KEYS, SimulatedHost, TOKEN, TOKEN_LIFETIME, answer, code_of, refreshes, refusal};
use serde_json::json;
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind, HttpFailure};

#[test]
fn an_answer_that_cannot_be_verified_yet_survives_a_reload_and_is_not_asked_for_again() {
    let tab = signed_in("session");
    tab.0.pass_seconds(TOKEN_LIFETIME - 30);
    tab.0.provider.rotate_keys("k2");
    for _ in 0..8 {
        tab.0.provider.plan(KEYS, Err(HttpFailure::Network("offline".to_owned())));
    }
    let before = access_token(&tab.1);
    assert_eq!(tab.0.run(tab.1.access_token(0, false)).unwrap().expose(), before);
    assert!(stored(&tab.0)["pending"].is_object());
    let host = tab.0.reloaded();
    host.provider.forget_plans();
    let client = client(&host, "session");
    // A reload ends no cool-down: until the keys may be asked for again, the old token serves.
    host.pass_seconds(2);
    assert_eq!(host.run(client.access_token(0, false)).unwrap().expose(), before);
    host.pass_seconds(31);
    let renewed = host.run(client.access_token(0, false)).unwrap();
    assert_ne!(renewed.expose(), before);
    assert_eq!((refreshes(&host), stored(&host)["pending"].is_null()), (1, true));
}

#[test]
fn a_lost_answer_under_rotation_ends_the_session_with_a_code_of_its_own_b11() {
    let tab = signed_in("session");
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    tab.0.provider.plan(TOKEN, Err(HttpFailure::Network("reset".to_owned())));
    assert_eq!(code_of(tab.0.run(tab.1.refresh())), Code::NetworkFailure);
    assert!(tab.1.session().is_some());
    tab.0.pass_seconds(2);
    tab.0.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    assert_eq!(code_of(tab.0.run(tab.1.refresh())), Code::RefreshOutcomeLost);
    assert_eq!(tab.0.reasons(EventKind::SignedOut), [Some("invalid_grant")]);
}

#[test]
fn failures_make_longer_and_longer_pauses_and_a_wake_up_ends_them() {
    let tab = signed_in("session");
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    tab.0.provider.is_away.set(true);
    for _ in 0..3600 {
        assert!(tab.0.run(tab.1.get_agent()).is_err());
        tab.0.pass_seconds(1);
    }
    // 1, 2, 4 … 256 seconds, and then 300 each.
    assert!((15..=22).contains(&refreshes(&tab.0)), "{}", refreshes(&tab.0));
    tab.0.provider.is_away.set(false);
    let before = refreshes(&tab.0);
    tab.0.tabs.is_visible.set(true);
    tab.0.tabs.wake();
    tab.0.pass_seconds(3);
    assert_eq!(refreshes(&tab.0), before + 1);
    assert!(tab.0.run(tab.1.get_agent()).unwrap().is_some());
}

#[test]
fn a_provider_that_asks_to_wait_is_not_asked_before() {
    let tab = signed_in("session");
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    let mut busy = answer(429, &json!({}));
    busy.headers.push(("retry-after".to_owned(), "120".to_owned()));
    tab.0.provider.plan(TOKEN, Ok(busy));
    let error = tab.0.run(tab.1.refresh()).unwrap_err();
    assert_eq!((error.failure().status, error.failure().retry_after), (Some(429), Some(120)));
    tab.0.tabs.wake();
    tab.0.pass_seconds(100);
    assert_eq!(tab.0.run(tab.1.refresh()).unwrap_err().failure().retry_after, Some(20));
    assert_eq!(refreshes(&tab.0), 1);
    tab.0.pass_seconds(21);
    tab.0.run(tab.1.refresh()).unwrap();
}

#[test]
fn a_visible_page_renews_ahead_of_the_end_and_a_hidden_one_leaves_it() {
    for (is_visible, expected) in [(true, 3), (false, 0)] {
        let host = SimulatedHost::page();
        host.tabs.is_visible.set(is_visible);
        let tab = (host.clone(), client(&host, "session"));
        host.sign_in(&tab.1);
        for _ in 0..3 {
            host.pass_seconds(TOKEN_LIFETIME - 20);
            if is_visible {
                assert!(!tab.1.session().unwrap().tokens.is_expired(host.seconds(), 0));
            }
        }
        assert_eq!(refreshes(&host), expected);
    }
}

#[test]
fn a_record_that_vanished_from_a_shared_store_ends_the_session_and_one_of_a_newer_version_is_left_alone() {
    let tab = signed_in("local");
    let key = tab.0.places.all_tokens()[0].0.clone();
    let newer = r#"{"version":3,"soul":"?"}"#;
    tab.0.places.put_tokens(&key, newer);
    tab.0.run(tab.1.refresh()).unwrap();
    assert_eq!(tab.0.places.all_tokens(), [(key.clone(), newer.to_owned())]);
    let other = signed_in("local");
    other.0.places.forget_tokens(&key);
    other.0.pass_seconds(TOKEN_LIFETIME + 1);
    assert!(other.0.run(other.1.get_agent()).unwrap().is_none());
    assert_eq!(heard(&other.0), [(EventKind::SignedOut, Some("cleared"))]);
}

#[test]
fn what_is_cleared_is_forgotten_in_the_tabs_that_share_it_and_the_provider_hears_nothing() {
    let tab = signed_in("local");
    let other = another(&tab);
    tab.0.pass_seconds(1);
    let requests = tab.0.provider.requests();
    tab.0.run(tab.1.clear()).unwrap();
    tab.0.pass_seconds(1);
    assert_eq!(tab.0.reasons(EventKind::SignedOut), [Some("cleared")]);
    assert_eq!(heard(&other.0), [(EventKind::SignedOut, Some("cleared"))]);
    assert_eq!((tab.0.provider.requests(), tab.0.places.all_tokens()), (requests, vec![]));
}

#[test]
fn agents_that_the_app_keeps_share_one_request_for_one_refresh_token() {
    let host = SimulatedHost::page();
    let tab = (host.clone(), client(&host, "memory"));
    host.sign_in(&tab.1);
    let tokens = (*tab.1.session().unwrap().tokens).clone();
    host.run(tab.1.clear()).unwrap();
    let (one, two) = (client(&host, "memory"), tab.0.tab_with(tab.0.places.of_another_tab()));
    let two = (two.clone(), client(&two, "memory"));
    let calls: Vec<_> = [&one, &one, &two.1]
        .into_iter()
        .map(|client| {
            let (client, tokens) = (client.clone(), tokens.clone());
            host.start(async move { client.refresh_tokens(&tokens).await })
        })
        .collect();
    host.pass_seconds(20);
    let renewed: Vec<_> = calls.iter().map(|call| call.take().unwrap().tokens.access_token.clone()).collect();
    assert!(renewed.iter().all(|token| *token == renewed[0]));
    assert_eq!(refreshes(&host), 1);
    // And later, for who still holds the old one.
    assert_eq!(host.run(one.refresh_tokens(&tokens)).unwrap().tokens.access_token, renewed[0]);
    assert_eq!(refreshes(&host), 1);
}

#[test]
fn marks_hold_no_token_x26() {
    let tab = signed_in("session");
    tab.0.pass_seconds(TOKEN_LIFETIME + 1);
    let old = tab.1.session().unwrap();
    tab.0.run(tab.1.refresh()).unwrap();
    let marks = tab.0.places.all(Area::Marks);
    assert_eq!(marks.len(), 1);
    let shown = format!("{marks:?}");
    assert!(!shown.contains(old.tokens.refresh_token.as_ref().unwrap().expose()));
}
