//! A JSON object, with accessors that name the member in their errors.

use std::fmt::{self, Write as _};

use super::{Json, Number, write_string};
use crate::error::{Code, Error, Result};

/// A JSON object: members in the order of the text, no name twice. `Debug` shows the names only, since values can be
/// tokens.
#[derive(Clone)]
pub struct Object {
    members: Vec<(String, Json)>,
    code: Code,
}

impl Object {
    /// An object without members, whose accessors' errors have the code `InvalidResponse`.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new(), code: Code::InvalidResponse }
    }

    /// Members whose names the reader has found to be different.
    pub(super) const fn from_members(members: Vec<(String, Json)>, code: Code) -> Self {
        Self { members, code }
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
    #[inline(never)]
    pub fn insert(&mut self, name: &str, value: Json) {
        match self.members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.members.push((name.to_owned(), value)),
        }
    }

    /// Adds a string, where there is one.
    #[inline(never)]
    pub fn put_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.insert(name, Json::String(text.to_owned()));
        }
    }

    /// Adds a whole number, where there is one.
    #[inline(never)]
    pub fn put_integer(&mut self, name: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.insert(name, Json::Number(Number::Integer(number)));
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

    /// A string of one's own; `null` counts as absent.
    ///
    /// # Errors
    /// The object's code, when the member is something else.
    // Read in dozens of places, each of which would hold the code of an allocation.
    #[inline(never)]
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.string(name)?.map(str::to_owned))
    }

    /// A string of one's own that has to be there.
    ///
    /// # Errors
    /// The object's code, when the member is missing or something else.
    #[inline(never)]
    pub fn required_text(&self, name: &str) -> Result<String> {
        self.required_string(name).map(str::to_owned)
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

    #[inline(never)]
    fn missing(&self, name: &str) -> Error {
        Error::new(self.code, format!("\"{name}\" is missing"))
    }

    #[inline(never)]
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

impl fmt::Display for Object {
    /// Writes compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (at, (name, value)) in self.members.iter().enumerate() {
            if at > 0 {
                f.write_char(',')?;
            }
            write_string(name, f)?;
            f.write_char(':')?;
            fmt::Display::fmt(value, f)?;
        }
        f.write_char('}')
    }
}

#[cfg(test)]
mod tests;
