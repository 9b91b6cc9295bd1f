//! The table of the hostile provider (`tests/op/modules/*.json`) natively: every row that needs no network, judged by
//! `protocol`, with real signatures (OIDC Core 3.1.3.7, 5.3 and 12.2, RFC 9207, RFC 6749 4.1.2 and 5.1, RFC 8725).

#![cfg(feature = "native-crypto")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

mod support;

#[path = "hostile/client.rs"]
mod client;
#[path = "hostile/edits.rs"]
mod edits;
#[path = "hostile/provider.rs"]
mod provider;
#[path = "hostile/signing.rs"]
mod signing;

use serde_json::Value;
use wasm_oidc::protocol::callback::ResponseMode;

/// Rows that are not for `protocol` to judge, or that Rust has no key for.
const ELSEWHERE: &[(&str, &str)] = &[
    ("response_state_unknown", "the client knows its transactions"),
    ("error_with_unknown_state", "the client knows its transactions"),
    ("response_another_code", "the client knows its transactions"),
    ("response_again", "the client knows its transactions"),
    ("logout_token_twice", "the client remembers the tokens that it took"),
    ("huge_token", "the host counts the bytes of an answer"),
    ("alg_of_another_key", "the row is about an RSA signature over a changed header"),
    ("client_secret_basic", "how the client authenticates shows in its request alone"),
    ("client_secret_post", "how the client authenticates shows in its request alone"),
];

fn rows(chapter: &str) -> Vec<Value> {
    let Value::Array(rows) = serde_json::from_str(chapter).unwrap() else { panic!("a chapter is a list") };
    rows
}

/// Tries the rows of a chapter in every response mode, and says how many there were.
fn check(chapter: &str) -> usize {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for row in rows(chapter) {
        let fault = row["fault"].as_str().unwrap();
        if row["hook"] == true || ELSEWHERE.iter().any(|(name, _)| *name == fault) {
            continue;
        }
        tried += 1;
        for mode in [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost] {
            let seen = match client::attempt(&row, mode) {
                Ok(true) => "accepted".to_owned(),
                Ok(false) => "not ours".to_owned(),
                Err(error) => format!("[\"{}\",\"{}\"]", error.class().as_str(), error.code().as_str()),
            };
            let expected = row["expected"].as_str().map_or_else(|| row["expected"].to_string(), str::to_owned);
            if seen != expected {
                wrong.push(format!("{fault}: expected {expected}, seen {seen} ({})", mode.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tried
}

macro_rules! chapters {
    ($($test:ident: $file:literal, $tried:literal;)+) => {
        $(#[test]
        fn $test() {
            assert_eq!(check(include_str!(concat!("op/modules/", $file, ".json"))), $tried, "rows that were tried");
        })+

        #[test]
        fn every_row_that_is_left_out_is_one_of_the_table() {
            let chapters = [$(include_str!(concat!("op/modules/", $file, ".json"))),+];
            let faults: Vec<_> = chapters.iter().flat_map(|chapter| rows(chapter)).map(|row| row["fault"].clone()).collect();
            for (fault, _) in ELSEWHERE {
                assert!(faults.iter().any(|known| known == fault), "{fault}");
            }
        }
    };
}

chapters! {
    metadata_ends_as_the_table_says: "discovery", 16;
    authorization_responses_end_as_the_table_says: "callback", 36;
    token_responses_end_as_the_table_says: "token-response", 14;
    id_tokens_end_as_the_table_says: "id-token", 33;
    claims_of_time_end_as_the_table_says: "times", 39;
    forms_of_tokens_end_as_the_table_says: "forms", 24;
    signatures_end_as_the_table_says: "signature", 31;
    key_sets_end_as_the_table_says: "keys", 19;
    userinfo_ends_as_the_table_says: "userinfo", 8;
    refreshed_id_tokens_end_as_the_table_says: "refresh", 17;
    honest_providers_are_accepted_as_the_table_says: "honest", 12;
    logout_tokens_end_as_the_table_says: "logout-token", 24;
    front_channel_logouts_end_as_the_table_says: "front-channel", 7;
}
