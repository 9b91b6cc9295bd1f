//! What a token set says of itself, from a response and back from text.

use super::*;

fn response(expires_in: Option<i64>, refresh_token: Option<&str>) -> TokenResponse {
    TokenResponse {
        access_token: Secret::new("at"),
        token_type: "Bearer".into(),
        expires_in,
        refresh_token: refresh_token.map(Secret::new),
        refresh_expires_in: Some(86_400),
        id_token: Some(Secret::new("id")),
        scope: None,
        other: Object::new(),
    }
}

#[test]
fn a_response_without_scope_grants_what_was_asked_for() {
    let tokens = TokenSet::from_response(response(Some(300), None), 1000, Some("openid email"));
    assert_eq!(tokens.scope.as_deref(), Some("openid email"));
    assert_eq!(tokens.expires_at, Some(1300));
}

#[test]
fn an_unknown_lifetime_counts_as_one_hour_o2() {
    let tokens = TokenSet::from_response(response(None, None), 1000, None);
    assert!(!tokens.is_expired(4599, 0));
    assert!(tokens.is_expired(4600, 0));
}

#[test]
fn a_refresh_that_leaves_out_tokens_keeps_the_old_ones_and_the_absolute_end_o5_w3() {
    let old = TokenSet::from_response(response(Some(300), Some("rt-1")), 1000, None);
    let mut answer = response(Some(300), None);
    answer.id_token = None;
    answer.refresh_expires_in = None;
    let new = old.renewed(answer, 2000);
    assert_eq!(new.refresh_token.as_ref().map(Secret::expose), Some("rt-1"));
    assert_eq!(new.id_token.as_ref().map(Secret::expose), Some("id"));
    assert_eq!(new.refresh_expires_at, Some(87_400));
    assert_eq!(new.expires_at, Some(2300));
}

#[test]
fn a_rotated_refresh_token_and_its_end_replace_the_old_ones_o5_b11_w3() {
    let old = TokenSet::from_response(response(Some(300), Some("rt-1")), 1000, None);
    let mut answer = response(Some(300), Some("rt-2"));
    answer.refresh_expires_in = Some(60);
    let new = old.renewed(answer, 2000);
    assert_eq!(new.refresh_token.as_ref().map(Secret::expose), Some("rt-2"));
    assert_eq!((old.refresh_expires_at, new.refresh_expires_at), (Some(87_400), Some(2060)));
}

#[test]
fn a_refresh_is_due_ahead_of_the_end_but_never_in_the_first_half_of_the_life() {
    let long = TokenSet::from_response(response(Some(3600), Some("rt")), 0, None);
    assert!(!long.should_refresh(3539, 60));
    assert!(long.should_refresh(3540, 60));
    let short = TokenSet::from_response(response(Some(20), Some("rt")), 0, None);
    assert!(!short.should_refresh(9, 60));
    assert!(short.should_refresh(10, 60));
}

#[test]
fn an_expired_refresh_token_is_not_used() {
    let tokens = TokenSet::from_response(response(Some(300), Some("rt")), 0, None);
    assert!(tokens.is_refreshable(86_399));
    assert!(!tokens.is_refreshable(86_400));
}

#[test]
fn times_at_the_limits_do_not_overflow_x30() {
    let tokens = TokenSet::from_response(response(Some(i64::MAX), Some("rt")), i64::MAX, None);
    assert!(!tokens.should_refresh(i64::MIN, i64::MAX));
    assert!(tokens.is_expired(i64::MAX, i64::MAX));
}

#[test]
fn json_round_trips() {
    let tokens = TokenSet::from_response(response(Some(300), Some("rt")), 1000, Some("openid"));
    let text = tokens.to_json().to_string();
    let object = crate::protocol::json::parse_object(text.as_bytes()).unwrap();
    assert_eq!(TokenSet::from_json(&object).unwrap(), tokens);
}

#[test]
fn debug_output_shows_no_token_x26() {
    let shown = format!("{:?}", TokenSet::from_response(response(None, Some("rt-secret")), 0, None));
    assert!(!shown.contains("rt-secret"));
}
