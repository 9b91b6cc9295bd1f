//! The one reader of foreign JSON (RFC 8259): members in order, duplicates and deep nesting refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

pub use self::object::Object;
use crate::error::{Code, Error, Result, harmless};

mod object;

/// How deep arrays and objects may nest; honest documents of a provider stay below ten.
pub const MAX_DEPTH: usize = 64;

/// How many members an object may have. Each name is compared with each other one, so that this bounds the time; a
/// megabyte of objects just below it takes less than a second.
pub const MAX_MEMBERS: usize = 2000;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string; never with lone surrogates.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// A JSON number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number, written without fraction and exponent, that fits.
    Integer(i64),
    /// Any other finite number, to the nearest double or one beside it.
    Float(f64),
}

/// Reads one JSON value.
///
/// # Errors
/// `InvalidResponse` for everything that RFC 8259 refuses, a name that occurs twice, more than [`MAX_DEPTH`] levels or
/// [`MAX_MEMBERS`] members, a byte order mark, or text after the value.
pub fn parse(text: &str) -> Result<Json> {
    read(text, Code::InvalidResponse)
}

/// Reads one JSON object; errors, also those of its accessors, have the code `InvalidResponse`.
///
/// # Errors
/// As [`parse`], and for text that is no object or not UTF-8.
pub fn parse_object(bytes: &[u8]) -> Result<Object> {
    parse_object_as(bytes, Code::InvalidResponse)
}

/// Reads one JSON object; errors, also those of its accessors and of the objects within, have the given code.
///
/// # Errors
/// As [`parse_object`].
pub fn parse_object_as(bytes: &[u8], code: Code) -> Result<Object> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Error::new(code, "the JSON text is not UTF-8"));
    };
    match read(text, code)? {
        Json::Object(object) => Ok(object),
        other => Err(Error::new(code, "the JSON text must be an object").mismatch("object", other.type_name())),
    }
}

fn read(text: &str, code: Code) -> Result<Json> {
    let fault = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Reader { depth: 0, code, fault: &fault }.deserialize(&mut deserializer);
    let read = read.and_then(|json| deserializer.end().map(|()| json));
    match (fault.into_inner(), read) {
        (None, Ok(json)) => Ok(json),
        (Some(fault), _) => Err(Error::new(code, format!("the JSON text {fault}"))),
        (None, Err(error)) => {
            // Not the parser's own words: they weigh a kilobyte, and the place says as much.
            let message = format!("the text is not JSON at line {}, column {}", error.line(), error.column());
            Err(Error::new(code, message))
        }
    }
}

/// Reads one value at a depth. A fault beyond the syntax is noted and reading goes on, since an error of serde's own
/// would be made by formatting a text and parsing it again.
#[derive(Clone, Copy)]
struct Reader<'a> {
    depth: usize,
    code: Code,
    fault: &'a Cell<Option<String>>,
}

impl Reader<'_> {
    fn deeper(self) -> Self {
        if self.depth == MAX_DEPTH {
            self.fault.set(Some("is nested too deep".to_owned()));
        }
        Self { depth: self.depth.saturating_add(1), ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Json, E> {
        Ok(Json::Number(Number::Integer(value)))
    }

    #[allow(clippy::cast_precision_loss, reason = "above the range of i64 a JSON number is a double")]
    fn visit_u64<E>(self, value: u64) -> std::result::Result<Json, E> {
        Ok(Json::Number(i64::try_from(value).map_or(Number::Float(value as f64), Number::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Json, E> {
        Ok(Json::Number(Number::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Json, A::Error> {
        let reader = self.deeper();
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(reader)? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Json, A::Error> {
        let reader = self.deeper();
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            if members.len() >= MAX_MEMBERS {
                self.fault.set(Some("has an object with too many members".to_owned()));
            } else if members.iter().any(|(earlier, _)| *earlier == name) {
                self.fault.set(Some(format!("has the member \"{}\" twice", harmless(&name))));
            }
            members.push((name, entries.next_value_seed(reader)?));
        }
        Ok(Json::Object(Object::from_members(members, self.code)))
    }
}

impl Json {
    /// The name of the type, as error messages say it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Number {
    /// Whole seconds of a `NumericDate` (RFC 7519 2), rounded down; `None` outside the range of `i64`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
    pub fn seconds(self) -> Option<i64> {
        /// 2^63: the first double above the range of `i64`, whose lowest value is the negative of it.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self {
            Self::Integer(seconds) => Some(seconds),
            Self::Float(seconds) => (-LIMIT..LIMIT).contains(&seconds).then(|| seconds.floor() as i64),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(Number::Integer(value)) => serializer.serialize_i64(*value),
            Self::Number(Number::Float(value)) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => {
                let mut sequence = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    sequence.serialize_element(element)?;
                }
                sequence.end()
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl fmt::Display for Json {
    /// Writes compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        parse_object(text.as_bytes()).unwrap()
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn text_comes_back_with_members_in_order() {
        let text = r#"{"z":[1,-2,1.5,true,false,null],"__proto__":{"constructor":"\u0000\"\\é😀"},"1":{},"0":[]}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        assert_eq!(object(text).to_string(), text);
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_at_any_depth_and_named() {
        for text in [r#"{"iss":1,"a":2,"iss":1}"#, r#"[{"a":{"iss":1,"\u0069ss":2}}]"#] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::InvalidResponse);
            assert_eq!(error.failure().message, "the JSON text has the member \"iss\" twice");
        }
    }

    #[test]
    fn nesting_is_refused_beyond_the_limit_and_long_before_the_stack_ends() {
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 10_000, 500_000] {
            assert_eq!(parse(&nested(depth)).unwrap_err().code(), Code::InvalidResponse);
        }
        let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert!(parse(&objects).unwrap_err().failure().message.contains("nested too deep"));
    }

    #[test]
    fn what_rfc_8259_does_not_allow_is_refused() {
        for text in [
            "",
            " ",
            "\u{feff}{}",
            "{} {}",
            "{}x",
            "{'a':1}",
            "{a:1}",
            "[1,]",
            "NaN",
            "Infinity",
            "01",
            "+1",
            ".5",
            "1e400",
            "-1e400",
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            "\"\n\"",
            "nul",
            "\u{2028}1",
            "<html>",
        ] {
            assert_eq!(parse(text).map_err(|error| error.code()), Err(Code::InvalidResponse), "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        for bytes in [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"{\"a\":\"\xed\xa0\x80\"}"] {
            assert_eq!(parse_object(bytes).unwrap_err().code(), Code::InvalidResponse);
        }
    }

    #[test]
    fn a_document_that_is_no_object_is_refused_with_the_code_asked_for() {
        let error = parse_object_as(b"[1]", Code::InvalidMetadata).unwrap_err();
        assert_eq!(error.code(), Code::InvalidMetadata);
        assert_eq!(error.failure().actual.as_deref(), Some("array"));
    }

    #[test]
    fn an_object_has_a_limit_of_members_and_a_megabyte_of_them_is_refused_in_time() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|i| format!("\"{i}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(parse(&object(MAX_MEMBERS)).is_ok());
        for text in [object(MAX_MEMBERS + 1), object(100_000)] {
            assert!(parse(&text).unwrap_err().failure().message.contains("too many members"));
        }
        let started = std::time::Instant::now();
        assert!(parse(&format!("[{}]", vec![object(MAX_MEMBERS); 60].join(","))).is_ok());
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn a_syntax_error_says_where_it_is_and_repeats_nothing() {
        let error = parse("{\"a\":\n canary}").unwrap_err();
        assert_eq!(error.failure().message, "the text is not JSON at line 2, column 2");
    }

    #[test]
    fn whole_numbers_beyond_i64_are_floats() {
        assert_eq!(parse("9223372036854775807").unwrap(), Json::Number(Number::Integer(i64::MAX)));
        assert_eq!(parse("-9223372036854775808").unwrap(), Json::Number(Number::Integer(i64::MIN)));
        assert_eq!(parse("9223372036854775808").unwrap(), Json::Number(Number::Float(9_223_372_036_854_775_808.0)));
    }
}
