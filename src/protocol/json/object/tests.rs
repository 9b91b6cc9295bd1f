//! Typed looks at members, and what they say of a wrong type.

use super::super::{parse, parse_object, parse_object_as};
use super::*;

fn object(text: &str) -> Object {
    parse_object(text.as_bytes()).unwrap()
}

#[test]
fn seconds_are_rounded_down_and_refused_beyond_64_bits_x21() {
    let seconds = |number: &str| object(&format!("{{\"exp\":{number}}}")).seconds("exp");
    assert_eq!(seconds("1700000000"), Ok(Some(1_700_000_000)));
    assert_eq!(seconds("1700000000.9"), Ok(Some(1_700_000_000)));
    assert_eq!(seconds("-0.5"), Ok(Some(-1)));
    assert_eq!(seconds("1.7e9"), Ok(Some(1_700_000_000)));
    assert_eq!(seconds("-9223372036854775808"), Ok(Some(i64::MIN)));
    for number in ["9223372036854775808", "1e308", "-1e19", "null", "\"1\"", "true", "[1]", "{}"] {
        assert_eq!(seconds(number).map_err(|error| error.code()), Err(Code::InvalidResponse), "{number}");
    }
    assert_eq!(Object::new().seconds("exp"), Ok(None));
}

#[test]
fn null_counts_as_absent_where_the_member_is_optional() {
    let object = object(r#"{"a":null}"#);
    assert_eq!(object.string("a"), Ok(None));
    assert_eq!(object.bool("a"), Ok(None));
    assert_eq!(object.strings("a"), Ok(None));
    assert_eq!(object.array("a"), Ok(None));
    assert_eq!(object.object("a"), Ok(None));
    assert_eq!(object.get("a"), Some(&Json::Null));
}

#[test]
fn a_member_of_the_wrong_type_is_named_with_both_types() {
    let object = parse_object_as(br#"{"a":{"b":1},"c":["x",2]}"#, Code::InvalidClaim).unwrap();
    let error = object.string("a").unwrap_err();
    assert_eq!(error.code(), Code::InvalidClaim);
    assert_eq!(error.failure().message, "\"a\" must be of type string, not object");
    assert_eq!(error.failure().expected.as_deref(), Some("string"));
    assert_eq!(error.failure().actual.as_deref(), Some("object"));
    assert_eq!(object.strings("c").unwrap_err().failure().actual.as_deref(), Some("number"));
    assert_eq!(object.object("a").unwrap().unwrap().bool("b").unwrap_err().code(), Code::InvalidClaim);
    assert_eq!(object.with_code(Code::InvalidOption).array("a").unwrap_err().code(), Code::InvalidOption);
}

#[test]
fn insert_replaces_in_place_and_remove_takes_out() {
    let mut object = object(r#"{"a":1,"b":2}"#);
    object.insert("a", Json::String("x".to_owned()));
    object.insert("c", Json::Null);
    assert_eq!(object.to_string(), r#"{"a":"x","b":2,"c":null}"#);
    assert_eq!(object.remove("a"), Some(Json::String("x".to_owned())));
    assert_eq!(object.remove("a"), None);
    assert_eq!(object.to_string(), r#"{"b":2,"c":null}"#);
}

#[test]
fn debug_shows_names_but_no_values() {
    assert_eq!(format!("{:?}", parse(r#"{"access_token":"canary"}"#).unwrap()), r#"Object({"access_token"})"#);
}
