//! Storage that fails, is broken, or is shared: no sign-in is lost to it, and nobody else's keys are touched.

use std::cell::Cell;

use crate::simulated::{Places, SimulatedHost, TOKEN, code_of, here_only};
use serde_json::{Value, json};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind};

type Fault = fn(&Places) -> &Cell<bool>;

const LOAD: Fault = |places| &places.fails_to_load;
const SAVE: Fault = |places| &places.fails_to_save;

/// The `created_at` and whether it is used, of each transaction in the tab.
fn transactions(host: &SimulatedHost) -> Vec<(i64, bool)> {
    let texts = host.places.all(Area::Transactions).into_iter().map(|(_, text)| text);
    let records = texts.map(|text| serde_json::from_str::<Value>(&text).unwrap());
    let mut found: Vec<_> =
        records.map(|record| (record["created_at"].as_i64().unwrap(), record["used"] == true)).collect();
    found.sort_unstable();
    found
}

/// The one session in the store.
fn session(host: &SimulatedHost) -> (String, String) {
    let [session] = host.places.all_tokens().try_into().unwrap();
    session
}

#[test]
fn a_sign_in_works_in_memory_where_storage_fails_and_one_warning_says_so() {
    for faults in [&[LOAD][..], &[SAVE], &[LOAD, SAVE]] {
        let host = SimulatedHost::page();
        faults.iter().for_each(|fault| fault(&host.places).set(true));
        let client = host.created();
        for _ in 0..2 {
            let url = host.begin(&client);
            assert_eq!(host.come_back(&client, &url).unwrap().unwrap().agent.id, "usr_1");
            assert_eq!(code_of(host.come_back(&client, &url.replace("code=", "code=x"))), Code::StateMismatch);
        }
        assert_eq!(host.reasons(EventKind::Warning), [Some("storage_unavailable")]);
    }
}

#[test]
fn a_session_in_memory_is_renewed_and_signed_out_where_storage_fails() {
    let host = SimulatedHost::page();
    host.places.fails_to_load.set(true);
    host.places.fails_to_save.set(true);
    let client = host.created();
    host.sign_in(&client);
    host.run(client.refresh()).unwrap();
    host.run(client.sign_out(&here_only())).unwrap();
    host.run(client.restore()).unwrap();
    assert!(client.session().is_none());
    assert_eq!(host.provider.count(TOKEN), 2);
    assert_eq!(host.reasons(EventKind::Warning), [Some("storage_unavailable")]);
}

#[test]
fn a_stored_session_is_restored_as_it_was_without_a_request() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let before = client.session().unwrap();
    let host = host.reloaded();
    let requests = host.provider.requests();
    let client = host.created();
    let after = client.session().unwrap();
    assert_eq!((&after.id, after.tokens.to_json()), (&before.id, before.tokens.to_json()));
    assert_eq!(client.agent().unwrap().id, "usr_1");
    assert_eq!(host.provider.requests(), requests);
}

#[test]
fn an_expired_session_is_restored_offline_as_the_one_who_it_was() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let host = host.reloaded();
    host.pass_seconds(7200);
    host.provider.is_away.set(true);
    let client = host.created();
    assert_eq!(client.agent().unwrap().id, "usr_1");
    assert_eq!(code_of(host.run(client.get_agent())), Code::NetworkFailure);
    assert!(client.session().is_some());
    host.provider.is_away.set(false);
    host.pass_seconds(2);
    assert!(host.run(client.get_agent()).unwrap().is_some());
}

#[test]
fn a_broken_session_is_deleted_with_a_warning() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let (key, text) = session(&host);
    let id_token = serde_json::from_str::<Value>(&text).unwrap()["tokens"]["id_token"].as_str().unwrap().to_owned();
    for broken in ["", "null", "{", text.strip_suffix('}').unwrap(), &text.replace(&id_token, "x.y"), "{\"version\":0}"]
    {
        host.places.put_tokens(&key, broken);
        let host = host.reloaded();
        let client = host.created();
        assert!(client.session().is_none(), "{broken}");
        assert_eq!(host.reasons(EventKind::Warning), [Some("session_dropped")], "{broken}");
        assert_eq!(host.places.all_tokens(), [], "{broken}");
    }
}

#[test]
fn a_session_of_a_newer_version_stays_in_place_with_a_warning() {
    let host = SimulatedHost::page();
    host.sign_in(&host.created());
    let (key, text) = session(&host);
    let newer = text.replacen("\"version\":2", "\"version\":3", 1);
    assert_ne!(newer, text);
    host.places.put_tokens(&key, &newer);
    let host = host.reloaded();
    assert!(host.created().session().is_none());
    assert_eq!(host.reasons(EventKind::Warning), [Some("session_unreadable")]);
    assert_eq!(session(&host), (key, newer));
}

#[test]
fn at_most_sixteen_sign_ins_are_remembered_and_the_oldest_goes_first() {
    let host = SimulatedHost::page();
    let client = host.created();
    let began = host.seconds();
    let urls: Vec<_> = (0..17)
        .map(|_| {
            let url = host.begin(&client);
            host.pass_seconds(1);
            url
        })
        .collect();
    let remembered = transactions(&host);
    assert_eq!(remembered.len(), 16);
    assert_eq!(remembered[0], (began + 1, false));
    assert_eq!(code_of(host.come_back(&client, &urls[0])), Code::TransactionNotFound);
    assert!(host.come_back(&client, &urls[1]).unwrap().is_some());
}

#[test]
fn a_used_sign_in_goes_before_an_older_one_that_is_still_open() {
    let host = SimulatedHost::page();
    let client = host.created();
    let open = host.begin(&client);
    for _ in 0..14 {
        host.pass_seconds(1);
        host.begin(&client);
    }
    host.pass_seconds(1);
    host.sign_in(&client);
    assert_eq!(transactions(&host).iter().filter(|(_, used)| *used).count(), 1);
    host.pass_seconds(1);
    host.begin(&client);
    let remembered = transactions(&host);
    assert_eq!((remembered.len(), remembered.iter().any(|(_, used)| *used)), (16, false));
    assert!(host.come_back(&client, &open).unwrap().is_some());
}

#[test]
fn a_clock_that_jumped_takes_no_sign_in_away() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    host.set_clock(864_000);
    host.begin(&client);
    host.set_clock(-864_000);
    host.begin(&client);
    assert_eq!(transactions(&host).len(), 3);
    assert!(host.come_back(&client, &url).unwrap().is_some());
}

#[test]
fn sixteen_is_the_limit_in_memory_too() {
    let host = SimulatedHost::page();
    host.places.fails_to_save.set(true);
    let client = host.created();
    let urls: Vec<_> = (0..17)
        .map(|_| {
            host.pass_seconds(1);
            host.begin(&client)
        })
        .collect();
    assert_eq!(code_of(host.come_back(&client, &urls[0])), Code::TransactionNotFound);
    assert!(host.come_back(&client, &urls[16]).unwrap().is_some());
    assert_eq!(transactions(&host), []);
}

#[test]
fn two_clients_on_one_store_keep_to_their_own_keys() {
    let host = SimulatedHost::page();
    let (one, two) = (host.client(), host.client_with(json!({ "clientId": "other" })));
    let foreign = host.begin(&two);
    let without_issuer = foreign.split("&iss=").next().unwrap();
    assert!(host.come_back(&one, without_issuer).unwrap().is_none());
    assert_eq!(host.provider.count(TOKEN), 0);
    host.sign_in(&one);
    let kept = session(&host);
    host.come_back(&two, &foreign).unwrap().unwrap();
    assert!(host.places.all_tokens().contains(&kept));
    assert_eq!(host.places.all_tokens().len(), 2);
    host.run(two.sign_out(&here_only())).unwrap();
    assert_eq!(session(&host), kept);
    assert!(one.session().is_some());
    let host = host.reloaded();
    let two = host.client_with(json!({ "clientId": "other" }));
    host.run(two.restore()).unwrap();
    assert!(two.session().is_none());
    assert!(host.created().session().is_some());
}

#[test]
fn keys_of_other_apps_in_the_store_are_left_alone() {
    let host = SimulatedHost::page();
    host.places.put(Area::Transactions, "theirs", "1");
    host.places.put(Area::Documents, "theirs", "2");
    host.places.put_tokens("theirs", "3");
    let client = host.created();
    for _ in 0..20 {
        host.begin(&client);
    }
    host.sign_in(&client);
    host.run(client.sign_out(&here_only())).unwrap();
    let theirs = |text: &str| ("theirs".to_owned(), text.to_owned());
    assert!(host.places.all(Area::Transactions).contains(&theirs("1")));
    assert!(host.places.all(Area::Documents).contains(&theirs("2")));
    assert_eq!(host.places.all_tokens(), [theirs("3")]);
}
