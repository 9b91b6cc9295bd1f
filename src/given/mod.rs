//! Options and arguments as they were given, with the ways to read them: every mistake is named with what was expected.
#![cfg_attr(not(feature = "core"), allow(dead_code, reason = "a verifier has options of fewer kinds"))]

pub(crate) mod claim_mapping;
pub(crate) mod client_auth;
mod common;

#[cfg(feature = "edge")]
pub(crate) use common::count;
pub(crate) use common::{algorithms, issuer, missing};

use crate::error::{Code, Error, Result, harmless};
use crate::protocol::callback::ResponseMode;
use crate::protocol::json::{Json, Number, Object};
use crate::protocol::url::HttpsUrl;
use crate::protocol::words;

/// How many letters a name may be off to be suggested.
const NEAR: usize = 3;

/// The longest name that is compared with others, in bytes: no name of an option is nearly as long.
const LONGEST: usize = 256;

/// An object of options that is being read. A mistake is noted and reading goes on, so that reading a member is one call
/// and no way out; what nobody asked for is unknown. `null` counts as absent.
pub(crate) struct Given<'a> {
    what: &'static str,
    object: &'a Object,
    known: Vec<&'static str>,
    fault: Option<Error>,
}

impl<'a> Given<'a> {
    /// `what` the members are called in messages.
    pub(crate) fn new(what: &'static str, object: &'a Object) -> Self {
        Self { what, object, known: Vec::new(), fault: None }
    }

    /// The first mistake, where members that nobody asked for are none.
    pub(crate) fn finish_loosely(self) -> Result<()> {
        self.fault.map_or(Ok(()), Err)
    }

    /// The first mistake.
    pub(crate) fn finish(self) -> Result<()> {
        for (name, value) in self.object.iter() {
            let is_unknown = !matches!(value, Json::Null) && !self.known.contains(&name);
            if is_unknown && self.fault.is_none() {
                return Err(self.unknown(name));
            }
        }
        self.finish_loosely()
    }

    /// The value of a member, which may be read elsewhere.
    #[inline(never)]
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        self.object.get(name).filter(|value| !matches!(value, Json::Null))
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Json::String(text) if !text.is_empty() => Some(text.clone()),
            value => self.wrong(name, value, "a string that is not empty"),
        }
    }

    #[inline(never)]
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.value(name)? {
            Json::Bool(flag) => Some(*flag),
            value => self.wrong(name, value, "true or false"),
        }
    }

    #[inline(never)]
    pub(crate) fn seconds(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        match self.value(name)? {
            Json::Number(Number::Integer(seconds)) if (least..=most).contains(seconds) => Some(*seconds),
            value if most == i64::MAX => self.wrong(name, value, &format!("whole seconds, at least {least}")),
            value => self.wrong(name, value, &format!("whole seconds from {least} to {most}")),
        }
    }

    /// A list of strings that are not empty.
    #[inline(never)]
    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let Json::Array(items) = value else { return self.wrong(name, value, "a list of strings") };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Json::String(text) if !text.is_empty() => texts.push(text.clone()),
                value => return self.wrong(name, value, "a string that is not empty"),
            }
        }
        Some(texts)
    }

    /// A list, or one string with spaces between the words.
    #[inline(never)]
    pub(crate) fn words(&mut self, name: &'static str) -> Option<Vec<String>> {
        match self.object.get(name) {
            Some(Json::String(text)) => {
                self.known.push(name);
                Some(split(text))
            }
            _ => self.texts(name),
        }
    }

    /// The words as one string again.
    #[inline(never)]
    pub(crate) fn joined(&mut self, name: &'static str) -> Option<String> {
        Some(words::join(&self.words(name)?))
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Option<&'a Object> {
        match self.value(name)? {
            Json::Object(object) => Some(object),
            value => self.wrong(name, value, "an object"),
        }
    }

    /// An https URL, or http on loopback, byte for byte as it was given.
    #[inline(never)]
    pub(crate) fn url(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        self.parsed(name, HttpsUrl::parse(&text)).map(|_| text)
    }

    /// Whether it is the second of two words; the first means no.
    #[inline(never)]
    pub(crate) fn is_second_of(&mut self, name: &'static str, first: &str, second: &str) -> Option<bool> {
        let value = self.value(name)?;
        match value.as_str() {
            Some(text) if text == second => Some(true),
            Some(text) if text == first => Some(false),
            _ => self.wrong(name, value, &format!("\"{first}\" or \"{second}\"")),
        }
    }

    /// `form_post` only where somebody can take a form: a page cannot.
    pub(crate) fn response_mode(&mut self, takes_forms: bool) -> Option<ResponseMode> {
        let value = self.value("responseMode")?;
        match value.as_str().and_then(ResponseMode::parse) {
            Some(mode) if takes_forms || mode != ResponseMode::FormPost => Some(mode),
            _ if takes_forms => self.wrong("responseMode", value, "\"query\", \"fragment\" or \"form_post\""),
            _ => self.wrong("responseMode", value, "\"query\" or \"fragment\""),
        }
    }

    /// What a member's text was parsed to.
    pub(crate) fn parsed<T>(&mut self, name: &'static str, parsed: Result<T>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(cause) => {
                self.refused(name, cause);
                None
            }
        }
    }

    /// What was read of several members, whose errors name them.
    #[cfg(feature = "edge")]
    pub(crate) fn outcome<T>(&mut self, read: Result<T>) -> Option<T> {
        read.map_err(|fault| self.fails(fault)).ok()
    }

    #[inline(never)]
    fn refused(&mut self, name: &'static str, cause: Error) {
        let message = format!("option \"{name}\": {}", cause.failure().message);
        self.fails(Error::new(Code::InvalidOption, message).because(cause));
    }

    /// Notes what is wrong with a member, never with its value: that may be a secret that slipped into the wrong place.
    pub(crate) fn wrong<T>(&mut self, name: &str, value: &Json, expected: &str) -> Option<T> {
        self.fails(wrong(name, value, expected));
        None
    }

    /// Notes a mistake; the first one counts.
    #[inline(never)]
    pub(crate) fn fails(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }

    /// An unknown name, with the nearest known one where there is one near.
    fn unknown(&self, name: &str) -> Error {
        let near = nearest(name, &self.known);
        let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        Error::new(Code::UnknownOption, format!("unknown {} \"{}\"{hint}", self.what, harmless(name)))
    }
}

/// The known name that is nearest to the name, where one is near.
#[inline(never)]
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let mut found = None;
    let mut least = NEAR;
    if name.len() > LONGEST {
        return None;
    }
    for known in known {
        let distance = strsim::levenshtein(name, known);
        if distance < least || (distance == least && found.is_none()) {
            least = distance;
            found = Some(*known);
        }
    }
    found
}

/// What stands between spaces.
#[inline(never)]
pub(crate) fn split(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A member that is not what was expected.
#[inline(never)]
pub(crate) fn wrong(name: &str, value: &Json, expected: &str) -> Error {
    let actual = value.type_name();
    Error::new(Code::InvalidOption, format!("option \"{name}\": expected {expected}, got {actual}"))
        .mismatch(expected, actual)
}
