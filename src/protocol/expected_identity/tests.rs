use super::*;
use crate::error::Class;
use crate::protocol::json::parse_object;

fn object(text: &str) -> Object {
    parse_object(text.as_bytes()).unwrap()
}

fn expected(text: &str) -> ExpectedIdentity {
    ExpectedIdentity::from_json(&object(text)).unwrap()
}

/// What no domain should be handed to.
fn never(domain: &str) -> Option<String> {
    panic!("{domain} was handed to the URL parser")
}

fn code<T>(result: Result<T>) -> Option<Code> {
    result.err().map(|error| error.code())
}

fn codes_of_email(expected: &ExpectedIdentity, document: &str) -> Option<Code> {
    code(expected.check_email(Some(&object(document)), &never))
}

#[test]
fn what_is_expected_round_trips_and_debug_output_does_not_show_it() {
    for text in [
        r#"{"email":"ada@example.com","allowUnverifiedEmail":true,"sub":"s","claims":{"a":[1]},"sameSubject":"t"}"#,
        r#"{"sub":"s"}"#,
        r#"{"email":"\"a b\"@é.example"}"#,
    ] {
        let expected = expected(text);
        assert_eq!(expected.to_json().to_string(), text);
        assert_eq!(format!("{expected:?}"), "ExpectedIdentity(…)");
    }
    assert_eq!(format!("{:?}", ExpectedIdentity::default()), "ExpectedIdentity(anybody)");
}

#[test]
fn an_expectation_that_would_let_anybody_in_is_refused() {
    for text in [
        "{}",
        r#"{"email":null}"#,
        r#"{"allowUnverifiedEmail":true}"#,
        r#"{"claims":{}}"#,
        r#"{"claims":null,"sub":null}"#,
        r#"{"sub":""}"#,
        r#"{"sub":"s","sameSubject":""}"#,
        r#"{"email":""}"#,
        r#"{"email":"ada"}"#,
        r#"{"email":"@example.com"}"#,
        r#"{"email":"ada@"}"#,
        r#"{"email":["ada@example.com"]}"#,
        r#"{"sub":1}"#,
        r#"{"sub":"s","claims":[]}"#,
        r#"{"sub":"s","allowUnverifiedEmail":"yes"}"#,
    ] {
        assert_eq!(code(ExpectedIdentity::from_json(&object(text))), Some(Code::InvalidOption), "{text}");
    }
    let unknown = ExpectedIdentity::from_json(&object(r#"{"sub":"s","mail":"ada@example.com"}"#)).unwrap_err();
    assert_eq!(unknown.code(), Code::UnknownOption);
    assert_eq!(unknown.failure().message, "there is no member \"mail\": use email, sub, claims");
}

#[test]
fn an_address_has_to_be_verified_unless_the_app_takes_any() {
    let strict = expected(r#"{"email":"ada@example.com"}"#);
    let lax = expected(r#"{"email":"ada@example.com","allowUnverifiedEmail":true}"#);
    for (verified, refusal) in [
        (r#","email_verified":true"#, None),
        ("", Some(Code::EmailUnverified)),
        (r#","email_verified":false"#, Some(Code::EmailUnverified)),
        (r#","email_verified":"true""#, Some(Code::EmailUnverified)),
        (r#","email_verified":1"#, Some(Code::EmailUnverified)),
        (r#","email_verified":null"#, Some(Code::EmailUnverified)),
        (r#","email_verified":[true]"#, Some(Code::EmailUnverified)),
    ] {
        let document = format!("{{\"email\":\"ADA@example.com\"{verified}}}");
        assert_eq!(codes_of_email(&strict, &document), refusal, "{document}");
        assert_eq!(codes_of_email(&lax, &document), None, "{document}");
        // That it is another one counts more than that nobody verified it.
        let other = document.replace("ADA", "BEN");
        assert_eq!(codes_of_email(&strict, &other), Some(Code::IdentityMismatch), "{other}");
        assert_eq!(codes_of_email(&lax, &other), Some(Code::IdentityMismatch), "{other}");
    }
}

#[test]
fn an_address_of_another_type_says_nothing() {
    let expected = expected(r#"{"email":"ada@example.com"}"#);
    for document in [r#"{"email":["ada@example.com"],"email_verified":true}"#, r#"{"email":null}"#, "{}"] {
        assert_eq!(codes_of_email(&expected, document), Some(Code::EmailMissing), "{document}");
    }
    assert_eq!(code(expected.check_email(None, &never)), Some(Code::EmailMissing));
    assert_eq!(code(ExpectedIdentity::default().check_email(None, &never)), None);
}

#[test]
fn a_domain_that_is_ascii_or_has_ascii_with_a_meaning_in_urls_is_not_shown_to_the_parser() {
    for domain in
        ["example.com", "127.1", "[::1]", "é:443", "é/x", "é\\x", "é?x", "é#x", "x@é/", "%65é", "é\t", " é", "é\u{0}"]
    {
        let email = format!("ada@{domain}");
        let document = object(&format!("{{\"email_verified\":true,\"email\":{}}}", Json::String(email.clone())));
        let expected = ExpectedIdentity { email: Some(email), ..ExpectedIdentity::default() };
        let is_same = expected.check_email(Some(&document), &never).is_ok();
        assert_eq!(is_same, domain.is_ascii(), "{domain}");
    }
}

#[test]
fn a_domain_without_an_ascii_form_is_nobodys() {
    let expected = expected(r#"{"email":"ada@é.example"}"#);
    let document = object(r#"{"email":"ada@é.example","email_verified":true}"#);
    assert_eq!(code(expected.check_email(Some(&document), &|_| None)), Some(Code::IdentityMismatch));
    assert_eq!(code(expected.check_email(Some(&document), &|_| Some("same".to_owned()))), None);
}

#[test]
fn a_subject_is_compared_byte_for_byte() {
    let expected = expected(r#"{"sub":"usr_1"}"#);
    assert_eq!(code(expected.check_claims(&object(r#"{"sub":"usr_1"}"#))), None);
    for claims in [r#"{"sub":"USR_1"}"#, r#"{"sub":"usr_1 "}"#, r#"{"sub":1}"#, r#"{"sub":null}"#, "{}"] {
        let error = expected.check_claims(&object(claims)).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::IdentityMismatch, Code::IdentityMismatch), "{claims}");
    }
}

#[test]
fn the_subject_that_was_signed_in_before_is_a_matter_of_its_own() {
    let expected = expected(r#"{"sameSubject":"usr_1"}"#);
    assert_eq!(code(expected.check_claims(&object(r#"{"sub":"usr_1"}"#))), None);
    let error = expected.check_claims(&object(r#"{"sub":"usr_2"}"#)).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::SubjectMismatch, Code::SubjectMismatch));
    let failure = error.failure();
    assert_eq!((failure.expected.as_deref(), failure.actual.as_deref()), (Some("usr_1"), Some("usr_2")));
    assert!(!error.to_string().contains("usr_"));
}

#[test]
fn claims_are_equal_as_deep_as_they_go() {
    for (expected, actual, is_same) in [
        (r#""a""#, r#""a""#, true),
        (r#""a""#, r#""A""#, false),
        (r#""1""#, "1", false),
        ("1", "1", true),
        ("1", "2", false),
        ("18446744073709551616", "18446744073709551616", true),
        ("18446744073709551616", "18446744073709551617", false),
        ("true", "true", true),
        ("true", r#""true""#, false),
        ("null", "null", true),
        ("null", "false", false),
        ("[1,[2]]", "[1,[2]]", true),
        ("[1,2]", "[2,1]", false),
        ("[1]", "[1,2]", false),
        ("[]", "{}", false),
        (r#"{"a":1,"b":{"c":[]}}"#, r#"{"b":{"c":[]},"a":1}"#, true),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false),
        (r#"{"a":1}"#, r#"{"b":1}"#, false),
        (r#"{"__proto__":1}"#, "{}", false),
    ] {
        let expected = self::expected(&format!("{{\"claims\":{{\"x\":{expected}}}}}"));
        let verdict = expected.check_claims(&object(&format!("{{\"x\":{actual},\"y\":0}}")));
        assert_eq!(verdict.is_ok(), is_same, "{expected:?} {actual}");
        assert!(expected.check_claims(&object("{\"y\":0}")).is_err(), "a claim that is missing");
    }
}

#[test]
fn who_came_is_on_the_error_and_not_in_its_message() {
    let expected = expected(r#"{"email":"ada@é.example","sub":"usr_1","claims":{"org":{"id":"org_1"}}}"#);
    let to_ascii = |domain: &str| Some(domain.to_owned());
    let document = object(r#"{"email":"ben@ü.example"}"#);
    let by_email = expected.check_email(Some(&document), &to_ascii).unwrap_err();
    let by_sub = expected.check_claims(&object(r#"{"sub":"usr_2"}"#)).unwrap_err();
    let by_claim = expected.check_claims(&object(r#"{"sub":"usr_1","org":{"id":"org_2"}}"#)).unwrap_err();
    let missing = expected.check_claims(&object(r#"{"sub":"usr_1"}"#)).unwrap_err();
    for (error, named, values) in [
        (by_email, "email", ("ada@é.example", Some("ben@ü.example"))),
        (by_sub, "sub", ("usr_1", Some("usr_2"))),
        (by_claim, "org", (r#"{"id":"org_1"}"#, Some(r#"{"id":"org_2"}"#))),
        (missing, "org", (r#"{"id":"org_1"}"#, None)),
    ] {
        let failure = error.failure();
        assert_eq!((failure.expected.as_deref().unwrap(), failure.actual.as_deref()), values);
        assert!(failure.message.contains(&format!("\"{named}\" differs")), "{}", failure.message);
        for value in ["ada", "ben", "usr_", "org_"] {
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
