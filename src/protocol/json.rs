//! The one reader of foreign JSON (RFC 8259): members in order, duplicates and deep nesting refused.

use std::fmt::{self, Write as _};

pub use self::number::Number;
pub use self::object::Object;
use self::reader::Reader;
use crate::error::{Code, Error, Result};

mod number;
mod object;
mod reader;

/// How deep arrays and objects may nest; honest documents of a provider stay below ten.
pub const MAX_DEPTH: usize = 64;

/// How many members an object may have. Each name is compared with each other one, so that this bounds the time; a
/// megabyte of objects just below it takes less than a second.
pub const MAX_MEMBERS: usize = 2000;

/// A JSON value. `Debug` shows no string, since it can be a token.
#[derive(Clone, PartialEq)]
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

/// Reads one JSON value.
///
/// # Errors
/// `InvalidResponse` for everything that RFC 8259 refuses, a name that occurs twice, more than [`MAX_DEPTH`] levels or
/// [`MAX_MEMBERS`] members, a byte order mark, or text after the value.
pub fn parse(text: &str) -> Result<Json> {
    Reader::new(text, Code::InvalidResponse).whole()
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
    match Reader::new(text, code).whole()? {
        Json::Object(object) => Ok(object),
        other => Err(Error::new(code, "the JSON text must be an object").mismatch("object", other.type_name())),
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

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(_) => f.write_str("String(…)"),
            Self::Array(elements) => f.debug_tuple("Array").field(elements).finish(),
            Self::Object(object) => f.debug_tuple("Object").field(object).finish(),
            Self::Null | Self::Bool(_) | Self::Number(_) => fmt::Display::fmt(self, f),
        }
    }
}

impl fmt::Display for Json {
    /// Writes compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(true) => f.write_str("true"),
            Self::Bool(false) => f.write_str("false"),
            Self::Number(Number::Integer(value)) => fmt::Display::fmt(value, f),
            Self::Number(Number::Decimal(text)) => f.write_str(text),
            Self::String(text) => write_string(text, f),
            Self::Array(elements) => {
                f.write_char('[')?;
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        f.write_char(',')?;
                    }
                    fmt::Display::fmt(element, f)?;
                }
                f.write_char(']')
            }
            Self::Object(object) => fmt::Display::fmt(object, f),
        }
    }
}

/// Writes a string with the escapes that RFC 8259 7 requires, and no others.
fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1f => b'u',
            _ => continue,
        };
        f.write_str(text.get(written..at).unwrap_or_default())?;
        f.write_char('\\')?;
        f.write_char(char::from(escape))?;
        if escape == b'u' {
            f.write_str(if byte < 0x10 { "000" } else { "001" })?;
            f.write_char(char::from_digit(u32::from(byte & 15), 16).unwrap_or_default())?;
        }
        written = at.saturating_add(1);
    }
    f.write_str(text.get(written..).unwrap_or_default())?;
    f.write_char('"')
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
    fn text_comes_back_with_members_in_order_x22() {
        let text = r#"{"z":[1,-2,1.5,true,false,null],"__proto__":{"constructor":"\u0000\"\\é😀"},"1":{},"0":[]}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        assert_eq!(object(text).to_string(), text);
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_at_any_depth_and_named_x22() {
        for text in [r#"{"iss":1,"a":2,"iss":1}"#, r#"[{"a":{"iss":1,"\u0069ss":2}}]"#] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::InvalidResponse);
            assert_eq!(error.failure().message, "the JSON text has the member \"iss\" twice");
        }
    }

    #[test]
    fn nesting_is_refused_beyond_the_limit_and_long_before_the_stack_ends_x23() {
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 10_000, 500_000] {
            assert_eq!(parse(&nested(depth)).unwrap_err().code(), Code::InvalidResponse);
        }
        let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert!(parse(&objects).unwrap_err().failure().message.contains("nested too deep"));
    }

    #[test]
    fn what_rfc_8259_does_not_allow_is_refused_x22() {
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
    fn bytes_that_are_not_utf_8_are_refused_x22() {
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
    fn an_object_has_a_limit_of_members_x23() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|i| format!("\"{i}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(parse(&object(MAX_MEMBERS)).is_ok());
        for text in [object(MAX_MEMBERS + 1), object(100_000)] {
            assert!(parse(&text).unwrap_err().failure().message.contains("too many members"));
        }
    }

    #[test]
    fn a_syntax_error_says_where_it_is_and_repeats_nothing() {
        let error = parse("{\"a\":\n canary}").unwrap_err();
        assert_eq!(error.failure().message, "the text is not JSON at line 2, column 2");
    }

    #[test]
    fn whole_numbers_beyond_i64_keep_their_text() {
        assert_eq!(parse("9223372036854775807").unwrap(), Json::Number(Number::Integer(i64::MAX)));
        assert_eq!(parse("-9223372036854775808").unwrap(), Json::Number(Number::Integer(i64::MIN)));
        assert_eq!(
            parse("9223372036854775808").unwrap(),
            Json::Number(Number::Decimal("9223372036854775808".to_owned()))
        );
    }
}
