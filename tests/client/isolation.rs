//! One client that many requests share where a request can wait for nothing that another one does, and can be gone at any
//! time: no future is woken by another request, nobody hangs, and no refresh token has two senders.

use std::rc::Rc;

use crate::simulated::{
    DISCOVERY, KEYS, SimulatedHost, Started, TOKEN, TOKEN_LIFETIME, code_of, exchange, refreshes, refusal,
};
use serde_json::json;
use wasm_oidc::client::{Client, Exchanged};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::session::TokenSet;

/// The owner gives no sign of life for three seconds, and who waits looks some times more.
const TAKEN_OVER_AFTER_SECONDS: i64 = 5;

fn worker() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::worker();
    let client = host.client_with(json!({ "storage": "memory" }));
    (host, client)
}

/// A Worker and tokens of somebody who signed in elsewhere.
fn with_tokens() -> (SimulatedHost, Client<SimulatedHost>, TokenSet) {
    let page = SimulatedHost::page();
    let client = page.created();
    page.sign_in(&client);
    let tokens = TokenSet::clone(&client.session().unwrap().tokens);
    page.provider.log.borrow_mut().clear();
    let (mut host, _) = worker();
    host.provider = page.provider;
    let client = host.client_with(json!({ "storage": "memory" }));
    (host, client, tokens)
}

fn discovery(host: &SimulatedHost, client: &Client<SimulatedHost>, request: u32) -> Started<Result<()>> {
    let client = client.clone();
    host.request(request, async move { client.discover(false).await.map(drop) })
}

fn refresh(
    host: &SimulatedHost,
    client: &Client<SimulatedHost>,
    tokens: &TokenSet,
    request: u32,
) -> Started<Result<Exchanged>> {
    let (client, tokens) = (client.clone(), tokens.clone());
    host.request(request, async move { client.refresh_tokens(&tokens).await })
}

#[test]
fn requests_at_the_same_time_share_a_discovery_and_none_wakes_another() {
    let (host, client) = worker();
    host.provider.take_time(DISCOVERY, 20_000);
    let asked: Vec<_> = (1..=10).map(|request| discovery(&host, &client, request)).collect();
    host.pass_seconds(21);
    assert!(asked.iter().all(|asked| asked.take().is_ok()));
    assert_eq!((host.provider.count(DISCOVERY), host.executor.crossings()), (1, 0));
}

#[test]
fn on_other_hosts_callers_wake_each_other_as_before() {
    let host = SimulatedHost::process();
    let client = host.client();
    let asked: Vec<_> = (1..=2).map(|request| discovery(&host, &client, request)).collect();
    host.pass_seconds(1);
    assert!(asked.iter().all(|asked| asked.take().is_ok()));
    assert_eq!(host.executor.crossings(), 1);
}

#[test]
fn who_waits_hears_of_the_end_soon() {
    let (host, client) = worker();
    host.provider.take_time(DISCOVERY, 1000);
    let [_, second] = [1, 2].map(|request| discovery(&host, &client, request));
    host.executor.pass(1100);
    assert!(second.is_done());
}

#[test]
fn work_whose_request_is_gone_is_taken_over_by_one_of_those_who_wait() {
    let (host, client) = worker();
    host.provider.take_time(DISCOVERY, 1000);
    let asked: Vec<_> = (1..=4).map(|request| discovery(&host, &client, request)).collect();
    host.executor.pass(500);
    host.executor.end(1);
    host.pass_seconds(TAKEN_OVER_AFTER_SECONDS);
    assert!(asked[1..].iter().all(|asked| asked.take().is_ok()));
    assert_eq!((host.provider.count(DISCOVERY), host.executor.crossings()), (2, 0));
}

#[test]
fn work_that_a_gone_request_left_behind_long_ago_is_done_by_the_next_one() {
    let (host, client) = worker();
    discovery(&host, &client, 1);
    host.executor.end(1);
    host.pass_seconds(3600);
    let second = discovery(&host, &client, 2);
    host.pass_seconds(TAKEN_OVER_AFTER_SECONDS);
    assert!(second.take().is_ok());
}

#[test]
fn an_owner_that_is_slow_and_alive_keeps_its_work() {
    let (host, client) = worker();
    host.provider.take_time(DISCOVERY, 29_000);
    let [first, second] = [1, 2].map(|request| discovery(&host, &client, request));
    host.pass_seconds(28);
    assert_eq!((first.is_done(), second.is_done(), host.provider.count(DISCOVERY)), (false, false, 1));
    host.pass_seconds(2);
    assert!(first.take().and(second.take()).is_ok());
}

#[test]
fn a_failure_is_told_to_everybody_who_waits() {
    let (host, client) = worker();
    host.provider.is_away.set(true);
    let asked: Vec<_> = (1..=3).map(|request| discovery(&host, &client, request)).collect();
    host.pass_seconds(1);
    for asked in asked {
        assert_eq!(code_of(asked.take()), Code::NetworkFailure);
    }
    assert_eq!(host.executor.crossings(), 0);
    host.provider.is_away.set(false);
    let next = discovery(&host, &client, 4);
    host.pass_seconds(1);
    assert!(next.take().is_ok());
}

#[test]
fn sign_ins_at_the_same_time_share_keys_and_none_wakes_another() {
    let (host, client) = worker();
    host.provider.take_time(KEYS, 2000);
    let asked: Vec<_> = (1..=5).map(|request| host.request(request, exchange(host.clone(), client.clone()))).collect();
    host.pass_seconds(4);
    assert!(asked.iter().all(|asked| asked.take().is_ok()));
    assert_eq!((host.provider.count(KEYS), host.executor.crossings()), (1, 0));
}

#[test]
fn requests_with_one_refresh_token_send_it_once_and_get_the_same_tokens() {
    let (host, client, tokens) = with_tokens();
    host.provider.take_time(TOKEN, 10_000);
    let asked: Vec<_> = (1..=10).map(|request| refresh(&host, &client, &tokens, request)).collect();
    host.pass_seconds(11);
    let renewed: Vec<_> = asked.iter().map(|asked| asked.take().unwrap().tokens).collect();
    assert!(renewed.iter().all(|tokens| tokens == &renewed[0]));
    assert_eq!((refreshes(&host), host.executor.crossings()), (1, 0));
}

#[test]
fn a_refresh_whose_request_is_gone_is_not_sent_by_another_before_it_counts_as_lost() {
    let (host, client, tokens) = with_tokens();
    host.provider.take_time(TOKEN, 10_000);
    refresh(&host, &client, &tokens, 1);
    host.pass_seconds(1);
    host.executor.end(1);
    let second = refresh(&host, &client, &tokens, 2);
    host.pass_seconds(31);
    assert_eq!((code_of(second.take()), refreshes(&host)), (Code::Timeout, 1));
    host.executor.end(2);
    let third = refresh(&host, &client, &tokens, 3);
    host.pass_seconds(20);
    let fourth = refresh(&host, &client, &tokens, 4);
    host.executor.end(3);
    // The mark of the first is more than a minute old by now. The provider may have rotated the token for it.
    host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
    host.pass_seconds(30);
    assert!(!third.is_done());
    assert_eq!((code_of(fourth.take()), refreshes(&host)), (Code::RefreshOutcomeLost, 2));
    assert_eq!(host.executor.crossings(), 0);
}

#[test]
fn a_refresh_that_ended_serves_requests_that_come_late_with_the_old_tokens() {
    let (host, client, tokens) = with_tokens();
    let first = refresh(&host, &client, &tokens, 1);
    host.pass_seconds(1);
    host.executor.end(1);
    let late = refresh(&host, &client, &tokens, 2);
    host.pass_seconds(1);
    assert!(Rc::ptr_eq(&first.take().unwrap().tokens, &late.take().unwrap().tokens));
    assert_eq!(refreshes(&host), 1);
}

/// The same with other refresh tokens.
fn of_others(host: &SimulatedHost, tokens: &TokenSet, many: usize) -> Vec<TokenSet> {
    let other = |_| {
        let mut others = tokens.to_json();
        others.put_text("refresh_token", Some(&host.provider.another_refresh_token()));
        TokenSet::from_json(&others).unwrap()
    };
    (0..many).map(other).collect()
}

#[test]
fn the_successors_of_many_users_tokens_are_remembered() {
    let (host, client, tokens) = with_tokens();
    let all = of_others(&host, &tokens, 100);
    for first in [1, 1000] {
        for (tokens, request) in all.iter().zip(first..) {
            let renewed = refresh(&host, &client, tokens, request);
            host.pass_seconds(1);
            renewed.take().unwrap();
        }
    }
    assert_eq!(refreshes(&host), 100);
}

#[test]
fn refreshes_of_requests_that_are_gone_do_not_pile_up() {
    let (host, client, tokens) = with_tokens();
    host.provider.take_time(DISCOVERY, 1000);
    let all = of_others(&host, &tokens, 300);
    for (tokens, request) in all.iter().zip(1..) {
        refresh(&host, &client, tokens, request);
        host.executor.pass(1);
        host.executor.end(request);
    }
    let discovered = discovery(&host, &client, 999);
    host.pass_seconds(TAKEN_OVER_AFTER_SECONDS);
    discovered.take().unwrap();
    // The newest is waited for until it counts as gone; the oldest nobody knows of any more.
    let [oldest, newest] = [(0, 1000), (299, 1001)].map(|(at, request)| refresh(&host, &client, &all[at], request));
    host.pass_seconds(1);
    assert_eq!((oldest.is_done(), newest.is_done()), (true, false));
    host.pass_seconds(TAKEN_OVER_AFTER_SECONDS);
    assert!(newest.take().is_ok());
}

#[test]
fn a_request_that_is_gone_leaves_no_sign_of_a_refresh() {
    let (host, client) = person();
    host.provider.take_time(TOKEN, 10_000);
    let refreshing = client.clone();
    host.request(1, async move { refreshing.refresh().await.map(drop) });
    host.pass_seconds(1);
    host.executor.end(1);
    assert_eq!((refreshes(&host), client.is_refreshing()), (1, false));
}

#[test]
fn a_session_of_one_person_is_renewed_when_it_is_asked_for_and_not_by_a_timer_that_ends_with_its_request() {
    let (host, client) = person();
    host.pass_seconds(2 * TOKEN_LIFETIME);
    assert_eq!(refreshes(&host), 0);
    let asking = client.clone();
    let asked = host.request(1, async move { asking.get_agent().await.map(|agent| agent.is_some()) });
    host.pass_seconds(1);
    assert!(asked.take().unwrap());
    assert_eq!(refreshes(&host), 1);
}

/// A Worker that serves one person, who is signed in.
fn person() -> (SimulatedHost, Client<SimulatedHost>) {
    let (host, _, tokens) = with_tokens();
    let client = host.client_with(json!({ "storage": "memory", "session": "single-user" }));
    host.run(client.adopt(tokens)).unwrap();
    (host, client)
}
