//! The rules of token sets, held against the same table as those of the wrapper (tests/session/token-set.test.mjs).

use serde_json::{Value, json};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::session::TokenSet;

#[test]
fn the_table_holds() {
    let table: Vec<Value> = serde_json::from_str(include_str!("../fixtures/token-sets.json")).unwrap();
    for row in table {
        let given = parse_object(row["given"].to_string().as_bytes()).unwrap();
        let tokens = TokenSet::from_given(&given, row["receivedAt"].as_i64()).unwrap();
        let (now, skew) = (row["now"].as_i64().unwrap(), row["skew"].as_i64().unwrap());
        let said = json!({
            "isExpired": tokens.is_expired(now, skew),
            "accessValid": tokens.access_valid(now, skew),
            "refreshValid": tokens.refresh_valid(now, skew),
            "isRefreshable": tokens.is_refreshable(now),
            "shouldRefresh": tokens.should_refresh(now, 60),
            "expiresIn": tokens.expires_at.map(|end| end - now),
            "scopes": tokens.scopes().collect::<Vec<_>>(),
        });
        for (name, value) in said.as_object().unwrap() {
            assert_eq!(*value, row[name], "{name}: {}", row["name"]);
        }
        let set: Value = serde_json::from_str(&tokens.to_json().to_string()).unwrap();
        assert_eq!(&set, row.get("set").unwrap_or(&row["given"]), "{}", row["name"]);
    }
}
