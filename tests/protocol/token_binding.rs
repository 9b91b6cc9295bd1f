//! Which key a token is bound to, and the scheme that it comes by (RFC 9449 6 and 7.2).

use serde_json::json;
use wasm_oidc::error::Code;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::request_credentials::Scheme;
use wasm_oidc::protocol::token_binding::{DpopUse, bound_key, check_scheme, check_use};

/// RFC 9449 6.1, figure 9.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

#[test]
fn a_token_is_bound_to_the_key_that_its_claims_name() {
    let bound = |claims: &str| {
        let claims = parse_object(claims.as_bytes()).unwrap();
        bound_key(&claims).map(|key| key.map(str::to_owned)).map_err(|error| error.code())
    };
    assert_eq!(bound("{}"), Ok(None));
    assert_eq!(bound(&json!({ "cnf": { "jkt": THUMBPRINT } }).to_string()), Ok(Some(THUMBPRINT.to_owned())));
    for cnf in [
        json!(null),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "jkt": 1 }),
        json!({ "jkt": "" }),
        json!({ "jkt": "short" }),
        json!({ "x5t#S256": THUMBPRINT }),
    ] {
        assert_eq!(bound(&json!({ "cnf": cnf }).to_string()), Err(Code::TokenBound), "{cnf}");
    }
}

#[test]
fn a_bound_token_comes_by_dpop_and_an_unbound_one_by_bearer_d4_d12() {
    use DpopUse::{Allowed, Off, Required};
    let used = |scheme, key: Option<&str>, dpop| check_use(scheme, key, dpop).map_err(|error| error.code());
    for dpop in [Allowed, Required, Off] {
        assert_eq!(used(Scheme::Bearer, Some(THUMBPRINT), dpop), Err(Code::TokenBound));
        assert_eq!(used(Scheme::Dpop, None, dpop), Err(Code::InvalidToken));
    }
    assert_eq!(used(Scheme::Dpop, Some(THUMBPRINT), Allowed), Ok(()));
    assert_eq!(used(Scheme::Dpop, Some(THUMBPRINT), Required), Ok(()));
    assert_eq!(used(Scheme::Bearer, None, Allowed), Ok(()));
    assert_eq!(used(Scheme::Bearer, None, Off), Ok(()));
    assert_eq!(used(Scheme::Bearer, None, Required), Err(Code::InvalidToken));
    assert_eq!(check_scheme(Scheme::Dpop, Off).map_err(|error| error.code()), Err(Code::CredentialsMissing));
    assert_eq!(check_scheme(Scheme::Bearer, Off), Ok(()));
    assert_eq!(check_scheme(Scheme::Dpop, Allowed), Ok(()));
}
