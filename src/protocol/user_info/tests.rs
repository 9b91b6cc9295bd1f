//! What an answer of the userinfo endpoint must not get through.

use super::*;
use crate::protocol::base64;

const NOW: i64 = 1_800_000_000;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    HttpResponse { status, headers, body: body.as_bytes().to_vec() }
}

fn claims(text: &str) -> Object {
    match judge(&answer(200, &[("content-type", "application/json")], text)).unwrap() {
        Answer::Plain(claims) => claims,
        signed @ Answer::Signed(_) => panic!("{signed:?}"),
    }
}

fn signed(header: &str, payload: &str) -> Jwt {
    let token = format!("{}.{}.AAAA\n", base64::encode(header.as_bytes()), base64::encode(payload.as_bytes()));
    match judge(&answer(200, &[("content-type", "application/jwt; charset=utf-8")], &token)).unwrap() {
        Answer::Signed(jwt) => *jwt,
        plain @ Answer::Plain(_) => panic!("{plain:?}"),
    }
}

#[test]
fn the_token_goes_into_the_header_and_nowhere_else_b7_o6() {
    let request = request(&HttpsUrl::parse("https://idp.example/me").unwrap(), "canary");
    assert_eq!(
        (request.method.as_str(), request.url.as_str(), &request.body),
        ("GET", "https://idp.example/me", &None)
    );
    assert!(request.headers.contains(&("authorization".to_owned(), "Bearer canary".to_owned())));
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn claims_of_another_subject_or_of_none_are_refused_c15_x32() {
    assert_eq!(check_subject(&claims(r#"{"sub":"u1"}"#), "u1"), Ok(()));
    let error = check_subject(&claims(r#"{"sub":"u2"}"#), "u1").unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::SubjectMismatch, Code::SubjectMismatch));
    assert_eq!((error.failure().expected.as_deref(), error.failure().actual.as_deref()), (Some("u1"), Some("u2")));
    for (text, code) in [
        ("{}", Code::MissingClaim),
        (r#"{"sub":null}"#, Code::InvalidClaim),
        (r#"{"sub":""}"#, Code::InvalidClaim),
        (r#"{"sub":["u1"]}"#, Code::InvalidClaim),
        (r#"{"SUB":"u1"}"#, Code::MissingClaim),
    ] {
        assert_eq!(check_subject(&claims(text), "u1").unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn a_signed_answer_is_for_this_client_of_this_issuer_and_not_expired_x32() {
    let check = |payload: &str| {
        let jwt = signed(r#"{"alg":"RS256"}"#, payload);
        check_signed(&jwt, "https://idp", "spa", NOW, 60).map_err(|error| error.code())
    };
    for payload in [
        r#"{"sub":"u1"}"#,
        r#"{"iss":"https://idp","aud":"spa"}"#,
        r#"{"aud":["api","spa"],"exp":1800000001}"#,
        r#"{"exp":1799999941}"#,
    ] {
        assert_eq!(check(payload), Ok(()), "{payload}");
    }
    for (payload, code) in [
        (r#"{"iss":"https://idp/"}"#, Code::IssuerMismatch),
        (r#"{"iss":null}"#, Code::InvalidClaim),
        (r#"{"aud":"api"}"#, Code::AudienceMismatch),
        (r#"{"aud":[]}"#, Code::AudienceMismatch),
        (r#"{"aud":null}"#, Code::InvalidClaim),
        (r#"{"exp":1799999940}"#, Code::IdTokenExpired),
        (r#"{"exp":"never"}"#, Code::InvalidClaim),
    ] {
        assert_eq!(check(payload), Err(code), "{payload}");
    }
    let other_use = signed(r#"{"alg":"RS256","typ":"at+jwt"}"#, r#"{"sub":"u1"}"#);
    let refused = check_signed(&other_use, "https://idp", "spa", NOW, 60).unwrap_err();
    assert_eq!(refused.code(), Code::UnsupportedHeader);
}

#[test]
fn an_encrypted_answer_and_other_media_types_are_refused_with_words() {
    let jwt = |body: &str| judge(&answer(200, &[("content-type", "application/jwt")], body)).unwrap_err();
    let encrypted = jwt("a.b.c.d.e");
    assert_eq!((encrypted.class(), encrypted.code()), (Class::TokenParse, Code::MalformedToken));
    assert!(encrypted.failure().message.contains("userinfo_encrypted_response_alg"));
    assert_eq!(jwt("{\"sub\":\"u1\"}").code(), Code::MalformedToken);
    for headers in [&[][..], &[("content-type", "text/html")], &[("content-type", "text/plain")]] {
        let error = judge(&answer(200, headers, "{\"sub\":\"u1\"}")).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::Provider, Code::InvalidResponse));
    }
    let error = judge(&answer(200, &[("content-type", "application/json")], "[]")).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Provider, Code::InvalidResponse));
}

#[test]
fn a_refusal_is_named_by_its_body_its_challenge_or_its_status() {
    let json = ("content-type", "application/json");
    let challenge = |text| ("www-authenticate", text);
    for (status, headers, body, class, code) in [
        (401, vec![json], r#"{"error":"invalid_token"}"#, Class::Provider, Code::InvalidToken),
        (401, vec![challenge(r#"Bearer realm="x", error="invalid_token""#)], "", Class::Provider, Code::InvalidToken),
        (401, vec![], "", Class::Provider, Code::InvalidToken),
        (
            401,
            vec![challenge("Bearer error=insufficient_scope")],
            "",
            Class::InsufficientScope,
            Code::InsufficientScope,
        ),
        (403, vec![json], r#"{"error":"insufficient_scope"}"#, Class::InsufficientScope, Code::InsufficientScope),
        (403, vec![], "", Class::Provider, Code::InvalidResponse),
        (503, vec![], "", Class::Provider, Code::TemporarilyUnavailable),
        (500, vec![json], r#"{"error":"invalid_token"}"#, Class::Provider, Code::ServerError),
    ] {
        let error = judge(&answer(status, &headers, body)).unwrap_err();
        assert_eq!((error.class(), error.code()), (class, code), "{status} {headers:?} {body}");
        assert_eq!(error.failure().status, Some(status));
    }
}
