//! What a store gives back, which an earlier version, another tab or a script in the page may have written.

use super::{NOW, check_error, check_hides, texts};
use wasm_oidc::protocol::json::{Object, parse_object};
use wasm_oidc::session::record::Record;
use wasm_oidc::session::token_set::TokenSet;
use wasm_oidc::session::transaction::Transaction;

const SECRET: [&str; 3] = ["access_token", "refresh_token", "id_token"];

pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(record) = Record::from_text(text) {
        assert_eq!(Record::from_text(&record.to_text()).as_ref(), Ok(&record));
    }
    match Transaction::from_text(text) {
        Ok(transaction) => {
            assert_eq!(Transaction::from_text(&transaction.to_text()).as_ref(), Ok(&transaction));
            let used = transaction.used(Some("code"), None);
            assert_eq!(Transaction::from_text(&used.to_text()).as_ref(), Ok(&used));
            let _ = (transaction.is_expired(i64::MIN), transaction.is_expired(i64::MAX));
        }
        Err(error) => check_error(&error),
    }
    let Ok(object) = parse_object(bytes) else { return };
    for received_at in [None, Some(NOW), Some(i64::MAX)] {
        check_tokens(&object, TokenSet::from_given(&object, received_at));
    }
    check_tokens(&object, TokenSet::from_json(&object));
}

fn check_tokens(object: &Object, tokens: wasm_oidc::error::Result<TokenSet>) {
    let secrets = texts(object, &SECRET);
    let elsewhere = texts(object, &["token_type", "scope"]);
    let names: Vec<&str> = object.iter().map(|(name, _)| name).chain(elsewhere).collect();
    match tokens {
        Ok(set) => {
            assert_eq!(TokenSet::from_json(&set.to_json()).as_ref(), Ok(&set));
            check_hides(&format!("{set:?}"), &secrets, &names);
            for now in [i64::MIN, 0, NOW, i64::MAX] {
                let _ = (set.is_due(now, 60), set.should_refresh(now, i64::MAX), set.is_refreshable(now));
                assert!(!(set.access_valid(now, 0) && set.is_expired(now, 0)));
            }
        }
        Err(error) => {
            check_error(&error);
            check_hides(&super::shown(&error), &secrets, &names);
        }
    }
}
