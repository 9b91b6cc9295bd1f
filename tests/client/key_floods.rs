//! Whatever tokens say, keys are asked for seldom: one forced request, and the next at least thirty seconds later
//! (RFC 8725 3.10).

use crate::simulated::{KEYS, SimulatedHost, Started, code_of, exchange, exchange_now, html};
use serde_json::json;
use wasm_oidc::client::Client;
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::HttpFailure;

/// A process that knows the keys, and a provider that from now on names keys that do not exist.
fn with_made_up_keys() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.makes_up_keys.set(true);
    (host, client)
}

/// So many tokens, one every other millisecond.
fn at_the_same_time(host: &SimulatedHost, client: &Client<SimulatedHost>, count: u32) -> Vec<Started<Result<()>>> {
    let one = |at: u32| {
        let (host, client) = (host.clone(), client.clone());
        host.clone().start(async move {
            host.executor.sleep(at * 2).await;
            exchange(host, client).await
        })
    };
    (0..count).map(one).collect()
}

#[test]
fn made_up_key_ids_force_one_request_in_thirty_seconds_x6() {
    let (host, client) = with_made_up_keys();
    for _ in 0..100 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert!(host.executor.milliseconds() < 30_000);
    assert_eq!(host.provider.count(KEYS), 2);
    host.pass_seconds(31);
    for _ in 0..10 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn a_key_id_that_was_not_in_the_keys_is_not_looked_for_again_for_thirty_seconds_x6() {
    let (host, client) = with_made_up_keys();
    host.provider.makes_up_keys.set(false);
    *host.provider.signs_with.borrow_mut() = "late".to_owned();
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    let forced_at = host.seconds();
    host.provider.rotate_keys("late");
    while host.seconds() < forced_at + 28 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
        host.pass_seconds(3);
    }
    assert_eq!(host.provider.count(KEYS), 2);
    host.pass_seconds(3);
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn made_up_key_ids_at_the_same_time_force_one_request_x6() {
    let (host, client) = with_made_up_keys();
    let started = at_the_same_time(&host, &client, 100);
    host.pass_seconds(10);
    assert!(started.iter().all(|call| code_of(call.take()) == Code::KeyNotFound));
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn forged_tokens_without_a_key_id_force_one_request_one_after_another_or_at_the_same_time_x6() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    *host.provider.header.borrow_mut() = json!({ "kid": null });
    host.provider.forges.set(true);
    let started = at_the_same_time(&host, &client, 100);
    host.pass_seconds(10);
    assert!(started.iter().all(|call| code_of(call.take()) == Code::SignatureInvalid));
    for _ in 0..20 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::SignatureInvalid);
    }
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn a_request_that_takes_longer_than_the_cool_down_is_not_followed_by_another_x6() {
    let (host, client) = with_made_up_keys();
    host.provider.take_time(KEYS, 9_900);
    for _ in 0..3 {
        host.provider.plan(KEYS, Ok(html(503)));
    }
    let began = host.executor.milliseconds();
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert!(host.executor.milliseconds() - began > 40_000);
    assert_eq!(host.provider.count(KEYS), 5);
    for _ in 0..10 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 5);
}

#[test]
fn made_up_key_ids_are_no_flood_while_the_keys_cannot_be_fetched_x6() {
    for at_once in [false, true] {
        let (host, client) = with_made_up_keys();
        for _ in 0..100 {
            host.provider.plan(KEYS, Ok(html(503)));
        }
        if at_once {
            let started = at_the_same_time(&host, &client, 100);
            host.pass_seconds(20);
            assert!(started.iter().all(|call| call.take().is_err()));
        } else {
            for _ in 0..100 {
                assert!(exchange_now(&host, &client).is_err());
            }
        }
        // One and three tries of it, since codes are spent.
        assert_eq!(host.provider.count(KEYS), 5);
    }
}

#[test]
fn a_refusal_of_the_keys_is_not_tried_again_and_cools_down_too_x6_x7() {
    let (host, client) = with_made_up_keys();
    for _ in 0..100 {
        host.provider.plan(KEYS, Err(HttpFailure::Redirect));
    }
    assert_eq!(code_of(exchange_now(&host, &client)), Code::RedirectRefused);
    for _ in 0..20 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn a_scheduled_fetch_does_not_shorten_the_cool_down_of_a_forced_one_x6() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.pass_seconds(3590);
    host.provider.makes_up_keys.set(true);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 2);
    // Set back by an hour, the clock makes a scheduled fetch due at once.
    host.set_clock(-3600);
    host.provider.makes_up_keys.set(false);
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 3);
    host.provider.makes_up_keys.set(true);
    for _ in 0..10 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 3);
    host.pass_seconds(31);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 4);
}

#[test]
fn an_unknown_key_forces_a_request_even_right_after_a_scheduled_one_x6_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.pass_seconds(3601);
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 2);
    host.provider.rotate_keys("k2");
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn a_clock_that_is_set_back_begins_the_cool_down_anew_x6() {
    let (host, client) = with_made_up_keys();
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 2);
    // By less than the keys are old, so that no fetch is due.
    host.pass_seconds(20);
    host.set_clock(-20);
    for _ in 0..10 {
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 2);
    host.pass_seconds(31);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn a_clock_that_is_set_back_by_years_locks_nobody_out_for_longer_x6() {
    let (host, client) = with_made_up_keys();
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    host.set_clock(-100_000_000);
    // These keys are from the future: fetching them anew is scheduled.
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 3);
    host.pass_seconds(31);
    host.provider.makes_up_keys.set(false);
    host.provider.rotate_keys("k2");
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 4);
}

fn forged_sign_in(host: &SimulatedHost) -> Code {
    let client = host.created();
    let url = host.begin(&client);
    code_of(host.come_back(&client, &url).map(drop))
}

#[test]
fn a_reload_does_not_end_the_cool_down_x6() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    host.provider.makes_up_keys.set(true);
    assert_eq!(forged_sign_in(&host), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 2);
    for _ in 0..3 {
        let host = host.reloaded();
        assert_eq!(forged_sign_in(&host), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 2);
    let host = host.reloaded();
    host.pass_seconds(31);
    assert_eq!(forged_sign_in(&host), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 3);
}

#[test]
fn a_reload_in_the_middle_of_a_forced_request_does_not_end_the_cool_down_x6() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.provider.makes_up_keys.set(true);
    let url = host.begin(&client);
    host.go(&url);
    let left = host.start(async move { client.handle_redirect_callback(None).await });
    host.executor.pass(70);
    assert_eq!((host.provider.count(KEYS), left.is_done()), (2, false));
    let host = host.reloaded();
    assert_eq!(forged_sign_in(&host), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn the_cool_down_holds_where_nothing_can_be_stored_or_read_back_x6() {
    for (loads, saves) in [(false, false), (false, true), (true, false)] {
        let (host, client) = with_made_up_keys();
        host.places.fails_to_load.set(!loads);
        host.places.fails_to_save.set(!saves);
        for _ in 0..10 {
            assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
        }
        assert_eq!(host.provider.count(KEYS), 2);
    }
}

#[test]
fn two_clients_of_one_page_force_one_request_and_both_get_the_new_key_x6_x8() {
    let host = SimulatedHost::process();
    let (one, other) = (host.client(), host.client());
    exchange_now(&host, &one).unwrap();
    exchange_now(&host, &other).unwrap();
    // The second took what the first had stored.
    assert_eq!(host.provider.count(KEYS), 1);
    host.pass_seconds(5);
    host.provider.rotate_keys("k2");
    host.provider.take_time(KEYS, 700);
    let first = host.start(exchange(host.clone(), one.clone()));
    host.executor.pass(5);
    let second = host.start(exchange(host.clone(), other.clone()));
    host.pass_seconds(10);
    first.take().unwrap();
    second.take().unwrap();
    assert_eq!(host.provider.count(KEYS), 2);
    // Nor does the one end the other's cool-down.
    host.provider.makes_up_keys.set(true);
    for client in [&one, &other, &one] {
        assert_eq!(code_of(exchange_now(&host, client)), Code::KeyNotFound);
    }
    assert_eq!(host.provider.count(KEYS), 2);
}
