//! The one reader of foreign JSON (RFC 8259): members in order, duplicates and deep nesting refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::error::{Code, Error, Result, harmless};

/// How deep arrays and objects may nest; honest documents of a provider stay below ten.
pub const MAX_DEPTH: usize = 64;

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
    /// Any other finite number.
    Float(f64),
}

/// A JSON object: members in the order of the text, no name twice. `Debug` shows the names only, since values can be
/// tokens.
#[derive(Clone)]
pub struct Object {
    members: Vec<(String, Json)>,
    code: Code,
}

/// Reads one JSON value.
///
/// # Errors
/// `InvalidResponse` for everything that RFC 8259 refuses, a name that occurs twice, nesting over [`MAX_DEPTH`], a byte
/// order mark, or text after the value.
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
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = Reader { depth: 0, code };
    // The text of a syntax error says what was expected and where, and repeats nothing of the document.
    reader
        .deserialize(&mut deserializer)
        .and_then(|json| deserializer.end().map(|()| json))
        .map_err(|error| Error::new(code, format!("not valid JSON: {error}")))
}

#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
    code: Code,
}

impl Reader {
    fn deeper<E: serde::de::Error>(self) -> std::result::Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Self { depth: self.depth.saturating_add(1), code: self.code })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
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
        let reader = self.deeper()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(reader)? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Json, A::Error> {
        let reader = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            members.push((name, entries.next_value_seed(reader)?));
        }
        // Sorted, since comparing each name with each other one takes minutes for a megabyte of short names.
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[_]>::first) {
            Some(name) => Err(A::Error::custom(format!("the member \"{}\" occurs twice", harmless(name)))),
            None => Ok(Json::Object(Object { members, code: self.code })),
        }
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

impl Object {
    /// An object without members, whose accessors' errors have the code `InvalidResponse`.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new(), code: Code::InvalidResponse }
    }

    /// Gives the errors of this object's accessors another code; the objects within keep theirs.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// A member's value, `null` included.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a member, or replaces the value of the one with that name.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) {
        let name = name.into();
        match self.members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.members.push((name, value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(at).1)
    }

    /// A string; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    pub fn string(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "string", other)),
        }
    }

    /// A boolean; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    pub fn bool(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(name, "boolean", other)),
        }
    }

    /// A `NumericDate` (RFC 7519 2) in whole seconds, fractions rounded down. `null` is refused: no claim of time has a
    /// meaning for it, and taking it for absent would switch the check off.
    ///
    /// # Errors
    /// The object's code, when the member is something else or lies outside the range of `i64`.
    pub fn seconds(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Number(number)) => match number.seconds() {
                Some(seconds) => Ok(Some(seconds)),
                None => Err(Error::new(self.code, format!("\"{name}\" is out of range"))),
            },
            Some(other) => Err(self.wrong(name, "number", other)),
        }
    }

    /// An array of strings; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    pub fn strings(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(elements) = self.array(name)? else { return Ok(None) };
        let mut texts = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Json::String(text) => texts.push(text.clone()),
                other => return Err(self.wrong(name, "array of strings", other)),
            }
        }
        Ok(Some(texts))
    }

    /// An array; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    pub fn array(&self, name: &str) -> Result<Option<&[Json]>> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Array(elements)) => Ok(Some(elements)),
            Some(other) => Err(self.wrong(name, "array", other)),
        }
    }

    /// An object; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    pub fn object(&self, name: &str) -> Result<Option<&Object>> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(other) => Err(self.wrong(name, "object", other)),
        }
    }

    /// A string that has to be there.
    ///
    /// # Errors
    /// The object's code, when the member is missing or something else.
    pub fn required_string(&self, name: &str) -> Result<&str> {
        self.string(name)?.ok_or_else(|| self.missing(name))
    }

    /// A `NumericDate` that has to be there; see [`Object::seconds`].
    ///
    /// # Errors
    /// The object's code, when the member is missing, something else or out of range.
    pub fn required_seconds(&self, name: &str) -> Result<i64> {
        self.seconds(name)?.ok_or_else(|| self.missing(name))
    }

    /// An object that has to be there.
    ///
    /// # Errors
    /// The object's code, when the member is missing or something else.
    pub fn required_object(&self, name: &str) -> Result<&Object> {
        self.object(name)?.ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        Error::new(self.code, format!("\"{name}\" is missing"))
    }

    fn wrong(&self, name: &str, expected: &str, actual: &Json) -> Error {
        let actual = actual.type_name();
        Error::new(self.code, format!("\"{name}\" must be of type {expected}, not {actual}")).mismatch(expected, actual)
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Object {
    /// Compares the members and their order; the code of the errors says nothing about the content.
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
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

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, value) in &self.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Json {
    /// Writes compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for Object {
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
            assert!(error.failure().message.contains("the member \"iss\" occurs twice"), "{error}");
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
    fn a_megabyte_of_short_names_is_read_in_time() {
        let members: Vec<String> = (0..100_000).map(|i| format!("\"{i}\":0")).collect();
        let started = std::time::Instant::now();
        assert_eq!(object(&format!("{{{}}}", members.join(","))).len(), 100_000);
        assert!(started.elapsed().as_secs() < 10);
    }

    #[test]
    fn whole_numbers_beyond_i64_are_floats() {
        assert_eq!(parse("9223372036854775807").unwrap(), Json::Number(Number::Integer(i64::MAX)));
        assert_eq!(parse("-9223372036854775808").unwrap(), Json::Number(Number::Integer(i64::MIN)));
        assert_eq!(parse("9223372036854775808").unwrap(), Json::Number(Number::Float(9_223_372_036_854_775_808.0)));
    }

    #[test]
    fn seconds_are_rounded_down_and_refused_outside_i64() {
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
        assert_eq!(Number::Float(f64::NAN).seconds(), None);
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
}
