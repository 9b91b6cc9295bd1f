//! JSON: read as another parser reads it, or refused; and written as it was read.

use super::check_error;
use wasm_oidc::error::Code;
use wasm_oidc::protocol::json::{Json, parse, parse_object, parse_object_as};

/// What is refused here alone, in the words of the errors.
const STRICTER: [&str; 3] = ["twice", "nested too deep", "too many members"];

pub fn check(bytes: &[u8]) {
    for error in [parse_object(bytes).err(), parse_object_as(bytes, Code::InvalidClaim).err()].into_iter().flatten() {
        check_error(&error);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(parse_object(bytes).is_err());
        return;
    };
    let other = serde_json::from_str::<serde_json::Value>(text);
    match parse(text) {
        Ok(json) => {
            let written = json.to_string();
            assert_eq!(parse(&written).as_ref(), Ok(&json));
            visit(&json);
            match (other, serde_json::from_str(&written)) {
                (Ok(other), Ok(again)) => assert_eq!(without_negative_zero(again), without_negative_zero(other)),
                // It rounds less exactly: a number just below the largest double is out of its range.
                (Err(error), Err(again)) if error.to_string().starts_with("number out of range") => {
                    assert!(again.to_string().starts_with("number out of range"), "{text:?}: {again}");
                }
                (other, again) => panic!("{text:?} is {other:?} elsewhere, and written {again:?}"),
            }
        }
        Err(error) => {
            check_error(&error);
            assert_eq!(error.code(), Code::InvalidResponse);
            let message = &error.failure().message;
            assert!(other.is_err() || STRICTER.iter().any(|words| message.contains(words)), "{text:?}: {message}");
        }
    }
}

/// `-0` is read as the integer that it is.
fn without_negative_zero(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.as_f64() == Some(0.0) => Value::from(0),
        Value::Array(elements) => elements.into_iter().map(without_negative_zero).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, without_negative_zero(value))).collect())
        }
        other => other,
    }
}

/// No accessor panics on any member.
fn visit(json: &Json) {
    match json {
        Json::Object(object) => {
            for (name, value) in object.iter() {
                let _ = (object.seconds(name), object.bool(name), object.strings(name), object.text(name));
                assert_eq!(object.get(name), Some(value));
                visit(value);
            }
        }
        Json::Array(elements) => elements.iter().for_each(visit),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
