//! The claims of an ID token: what a lying provider must not get through (OIDC Core 3.1.3.7 and 12.2).

use crate::support::{CLIENT_ID, ISSUER, NONCE, NOW, assemble, claims, expectations, token};
use wasm_oidc::error::{Class, Code, Error, Result};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::{Expectations, IdTokenClaims, NonceRule, validate_claims, validate_refreshed};
use wasm_oidc::protocol::jwt;

type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

fn validate(changes: Changes<'_>, expected: &Expectations<'_>) -> Result<IdTokenClaims> {
    validate_claims(&jwt::parse(&token(changes))?, Some(Algorithm::RS256), expected)
}

fn refused(changes: Changes<'_>, expected: &Expectations<'_>) -> Error {
    match validate(changes, expected) {
        Ok(_) => panic!("{changes:?} was accepted"),
        Err(error) => error,
    }
}

fn code(changes: Changes<'_>) -> Code {
    refused(changes, &expectations()).code()
}

#[test]
fn a_right_id_token_is_accepted() {
    let found = validate(&[], &expectations()).unwrap();
    assert_eq!((found.subject.as_str(), found.issued_at, found.expires_at), ("usr_1", 1_800_000_000, 1_800_000_300));
    assert_eq!(found.audiences, [CLIENT_ID]);
}

#[test]
fn another_issuer_is_refused_and_named_c2() {
    for issuer in ["1", "/", "/ISS_1"] {
        let error = refused(&[("iss", Some(&format!("\"{ISSUER}{issuer}\"")))], &expectations());
        assert_eq!((error.code(), error.class()), (Code::IssuerMismatch, Class::TokenVerification));
        assert_eq!(error.failure().expected.as_deref(), Some(ISSUER));
        assert_eq!(error.failure().actual.as_deref(), Some(&*format!("{ISSUER}{issuer}")));
    }
}

#[test]
fn a_missing_required_claim_is_refused_c2_c3_c9_c10() {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        assert_eq!(code(&[(name, None)]), Code::MissingClaim, "{name}");
        assert_eq!(code(&[(name, Some("null"))]), Code::InvalidClaim, "{name}");
    }
}

#[test]
fn a_subject_has_1_to_255_ascii_characters_c17() {
    for subject in ["\"\"", &format!("\"{}\"", "x".repeat(256)), "\"us\u{e9}r\"", "7", "[\"usr_1\"]"] {
        assert_eq!(code(&[("sub", Some(subject))]), Code::InvalidClaim, "{subject}");
    }
    assert!(validate(&[("sub", Some(&format!("\"{}\"", "x".repeat(255))))], &expectations()).is_ok());
}

#[test]
fn an_audience_that_is_not_this_client_is_refused_c3_j9() {
    for audience in ["\"spa1\"", "\"\"", "[]", "[\"other\"]", "\"SPA\""] {
        assert_eq!(code(&[("aud", Some(audience))]), Code::AudienceMismatch, "{audience}");
    }
    for audience in ["7", "true", "{}", "[\"spa\",7]", "[null]", "[[\"spa\"]]"] {
        assert_eq!(code(&[("aud", Some(audience))]), Code::InvalidClaim, "{audience}");
    }
}

#[test]
fn an_audience_that_is_an_array_of_one_is_accepted_c3_c17() {
    assert!(validate(&[("aud", Some("[\"spa\"]"))], &expectations()).is_ok());
}

#[test]
fn further_audiences_need_azp_or_trust_c3_c4() {
    let several: (&str, Option<&str>) = ("aud", Some("[\"project\",\"spa\",\"other\"]"));
    assert_eq!(code(&[several]), Code::AudienceMismatch);
    assert!(validate(&[several, ("azp", Some("\"spa\""))], &expectations()).is_ok());
    let trusted = ["project".to_owned(), "other".to_owned()];
    let expected = Expectations { trusted_audiences: &trusted, ..expectations() };
    assert!(validate(&[several], &expected).is_ok());
    let expected = Expectations { trusted_audiences: trusted.get(..1).unwrap(), ..expectations() };
    let error = refused(&[several], &expected);
    assert_eq!((error.code(), error.failure().actual.as_deref()), (Code::AudienceMismatch, Some("other")));
}

#[test]
fn trust_in_other_audiences_never_replaces_this_client_c3() {
    let trusted = ["project".to_owned()];
    let expected = Expectations { trusted_audiences: &trusted, ..expectations() };
    let changes: Changes<'_> = &[("aud", Some("[\"project\"]")), ("azp", Some("\"spa\""))];
    assert_eq!(refused(changes, &expected).code(), Code::AudienceMismatch);
}

#[test]
fn azp_is_this_client_wherever_it_stands_c4_c5() {
    for audience in ["\"spa\"", "[\"spa\"]", "[\"spa\",\"project\"]"] {
        let changes: Changes<'_> = &[("aud", Some(audience)), ("azp", Some("\"other\""))];
        assert_eq!(code(changes), Code::AzpMismatch, "{audience}");
    }
    assert_eq!(code(&[("azp", Some("7"))]), Code::InvalidClaim);
    assert_eq!(code(&[("azp", Some("null"))]), Code::InvalidClaim);
}

#[test]
fn a_token_that_expired_6_minutes_ago_is_refused_and_the_message_measures_it_c9() {
    let error = refused(&[("exp", Some("1799999650"))], &expectations());
    assert_eq!(error.code(), Code::IdTokenExpired);
    assert!(error.failure().message.contains("360 s"), "{error}");
}

#[test]
fn clocks_may_differ_by_the_tolerance_and_no_more_c9_c10() {
    let at = |offset: i64| (NOW.saturating_add(offset)).to_string();
    assert!(validate(&[("exp", Some(&at(-59)))], &expectations()).is_ok());
    assert_eq!(code(&[("exp", Some(&at(-60)))]), Code::IdTokenExpired);
    for name in ["iat", "nbf"] {
        assert!(validate(&[(name, Some(&at(60)))], &expectations()).is_ok(), "{name}");
        let error = refused(&[(name, Some(&at(61)))], &expectations());
        assert_eq!(error.code(), Code::NotYetValid, "{name}");
        assert!(error.failure().message.contains("61 s"), "{error}");
    }
}

#[test]
fn an_id_token_of_last_week_is_refused_where_an_age_is_set_c10() {
    let week_old: Changes<'_> = &[("iat", Some("1799395210"))];
    assert!(validate(week_old, &expectations()).is_ok());
    let expected = Expectations { max_id_token_age: Some(600), ..expectations() };
    assert_eq!(refused(week_old, &expected).code(), Code::IdTokenTooOld);
    assert!(validate(&[], &expected).is_ok());
}

#[test]
fn the_nonce_is_that_of_the_request_c11() {
    assert_eq!(code(&[("nonce", Some("\"another\""))]), Code::NonceMismatch);
    assert_eq!(code(&[("nonce", None)]), Code::NonceMismatch);
    assert_eq!(code(&[("nonce", Some("7"))]), Code::InvalidClaim);
    let none_sent = Expectations { nonce: NonceRule::NoneSent, ..expectations() };
    assert_eq!(refused(&[], &none_sent).code(), Code::NonceMismatch);
    assert!(validate(&[("nonce", None)], &none_sent).is_ok());
    let unchecked = Expectations { nonce: NonceRule::Unchecked, ..expectations() };
    assert!(validate(&[("nonce", Some("\"another\""))], &unchecked).is_ok());
}

#[test]
fn acr_is_one_of_those_asked_for_c12() {
    let asked = ["gold".to_owned(), "silver".to_owned()];
    let expected = Expectations { acr_values: &asked, ..expectations() };
    assert!(validate(&[("acr", Some("\"silver\""))], &expected).is_ok());
    assert_eq!(refused(&[("acr", Some("\"bronze\""))], &expected).code(), Code::AcrMismatch);
    assert_eq!(refused(&[], &expected).code(), Code::AcrMismatch);
    assert!(validate(&[("acr", Some("0"))], &expectations()).is_ok());
}

#[test]
fn auth_time_is_there_and_recent_where_max_age_was_sent_c13() {
    let expected = Expectations { max_age: Some(300), ..expectations() };
    assert_eq!(refused(&[], &expected).code(), Code::MissingClaim);
    assert!(validate(&[("auth_time", Some("1799999700.25"))], &expected).is_ok());
    assert_eq!(refused(&[("auth_time", Some("1799999600"))], &expected).code(), Code::AuthTimeTooOld);
    assert_eq!(refused(&[("auth_time", Some("1800000100"))], &expected).code(), Code::NotYetValid);
    let forever = Expectations { max_age: Some(u64::MAX), ..expectations() };
    assert!(validate(&[("auth_time", Some("0"))], &forever).is_ok());
}

#[test]
fn a_time_of_a_wrong_type_is_an_invalid_claim_x21() {
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for value in ["null", "\"1800000300\"", "true", "[1]", "[]", "{}"] {
            assert_eq!(code(&[(name, Some(value))]), Code::InvalidClaim, "{name} {value}");
        }
    }
}

#[test]
fn a_fractional_time_is_accepted_x21_c17() {
    let changes: Changes<'_> =
        &[("exp", Some("1800000300.75")), ("iat", Some("1.8e9")), ("nbf", Some("1799999999.999"))];
    let found = validate(changes, &expectations()).unwrap();
    assert_eq!((found.expires_at, found.issued_at), (1_800_000_300, 1_800_000_000));
}

#[test]
fn impossible_times_are_refused_and_never_a_panic_x21() {
    for value in [
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "-1",
        "-0.5",
        "1800000300000",
        "1e300",
        "-1e300",
    ] {
        for name in ["exp", "iat", "nbf", "auth_time"] {
            assert_eq!(code(&[(name, Some(value))]), Code::InvalidClaim, "{name} {value}");
        }
    }
    let overflowing = r#"{"iss":"https://idp.example.com/iss_1","sub":"usr_1","aud":"spa","exp":1e400,"iat":1}"#;
    assert_eq!(jwt::parse(&assemble(r#"{"alg":"RS256"}"#, overflowing)).unwrap_err().code(), Code::MalformedToken);
    let extreme = Expectations {
        now: i64::MIN,
        clock_tolerance: i64::MAX,
        max_age: Some(u64::MAX),
        max_id_token_age: Some(i64::MIN),
        ..expectations()
    };
    assert!(validate(&[("auth_time", Some("1"))], &extreme).is_err());
}

#[test]
fn a_token_of_another_type_is_no_id_token_j11_j12() {
    let payload = claims(&[]).to_string();
    let check = |header: &str| {
        validate_claims(&jwt::parse(&assemble(header, &payload))?, Some(Algorithm::RS256), &expectations())
    };
    for other in ["at+jwt", "application/at+jwt", "AT+JWT", "logout+jwt", "dpop+jwt", "secevent+jwt"] {
        let error = check(&format!(r#"{{"alg":"RS256","typ":"{other}"}}"#)).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedHeader, "{other}");
    }
    for right in [r#"{"alg":"RS256"}"#, r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"alg":"RS256","typ":"jwt"}"#] {
        assert!(check(right).is_ok(), "{right}");
    }
}

fn refresh(previous: Changes<'_>, changes: Changes<'_>) -> Result<IdTokenClaims> {
    let jwt = jwt::parse(&token(changes)).unwrap();
    let strict = ["gold".to_owned()];
    // What belongs to the sign-in alone must not count here.
    let expected = Expectations { nonce: NonceRule::NoneSent, acr_values: &strict, max_age: Some(1), ..expectations() };
    validate_refreshed(&claims(previous), &jwt, Some(Algorithm::RS256), &expected)
}

#[test]
fn a_refreshed_id_token_keeps_issuer_subject_audience_and_azp_c16_x31() {
    assert!(refresh(&[], &[]).is_ok());
    for (change, code) in [
        (("iss", Some("\"https://idp.example.com/iss_2\"")), Code::IssuerMismatch),
        (("aud", Some("\"other\"")), Code::AudienceMismatch),
        (("azp", Some("\"other\"")), Code::AzpMismatch),
        (("azp", Some("\"spa\"")), Code::AzpMismatch),
        (("iat", Some("1799990000")), Code::IdTokenTooOld),
    ] {
        assert_eq!(refresh(&[], &[change]).unwrap_err().code(), code, "{change:?}");
    }
    let error = refresh(&[], &[("sub", Some("\"usr_2\""))]).unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::SubjectMismatch, Class::SubjectMismatch));
    let said = (error.failure().expected.as_deref(), error.failure().actual.as_deref());
    assert_eq!(said, (Some("usr_1"), Some("usr_2")));
    // Another subject's sign-in had another nonce.
    let his = [("sub", Some("\"usr_2\"")), ("nonce", Some("\"another\""))];
    assert_eq!(refresh(&[], &his).unwrap_err().code(), Code::SubjectMismatch);
    let moved = refresh(&[("iss", Some("\"https://idp.example.com/iss_2\""))], &[]);
    assert_eq!(moved.unwrap_err().code(), Code::IssuerMismatch);
    let azp = [("azp", Some("\"spa\""))];
    assert!(refresh(&azp, &azp).is_ok());
    assert_eq!(refresh(&azp, &[]).unwrap_err().code(), Code::AzpMismatch);
}

#[test]
fn further_audiences_may_come_and_go_with_a_refresh_c16() {
    let azp = ("azp", Some("\"spa\""));
    let several = ("aud", Some("[\"spa\",\"project\"]"));
    assert!(refresh(&[azp], &[azp, several]).is_ok());
    assert!(refresh(&[azp, several], &[azp]).is_ok());
}

#[test]
fn auth_time_of_a_refreshed_id_token_may_be_absent_or_newer_c16() {
    let then = ("auth_time", Some("1799990000"));
    assert!(refresh(&[then], &[]).is_ok());
    assert!(refresh(&[then], &[("auth_time", Some("1800000000"))]).is_ok());
}

#[test]
fn the_nonce_of_a_refreshed_id_token_is_the_first_one_or_missing_c16() {
    assert!(refresh(&[], &[("nonce", None)]).is_ok());
    assert!(refresh(&[], &[("nonce", Some(&format!("\"{NONCE}\"")))]).is_ok());
    assert_eq!(refresh(&[], &[("nonce", Some("\"another\""))]).unwrap_err().code(), Code::NonceMismatch);
    assert_eq!(refresh(&[("nonce", None)], &[]).unwrap_err().code(), Code::NonceMismatch);
}
