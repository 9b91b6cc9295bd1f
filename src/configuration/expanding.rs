//! Values with their references resolved.

use super::Reference;
use super::faults::below;
use super::kind::{Kind, Level};
use super::layers::Placed;
use super::reading::{member, members, named, url_fault_of};
use super::references::{self, Part};
use super::storages::Storage;
use crate::error::{Code, Error, Result};
use crate::given::split;
use crate::protocol::json::{Json, Object};

/// Where references lead to, and which of them wait for the app.
pub(super) struct Expanding<'a> {
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) secret: &'a dyn Fn(&str) -> Option<String>,
    pub(super) waiting: Vec<Reference>,
}

impl Expanding<'_> {
    /// The value as the client's options have it.
    pub(super) fn value(&mut self, placed: &Placed<'_>) -> Result<Json> {
        let Placed { kind, value, path, is_literal, .. } = placed;
        if *is_literal && *kind != Kind::Storage {
            return Ok((*value).clone());
        }
        Ok(match kind {
            Kind::Words if value.as_str().is_some() => {
                let words = value.as_str().map(split).unwrap_or_default();
                let texts: Result<Vec<Json>> =
                    words.iter().map(|word| Ok(Json::String(self.plain(word, path)?))).collect();
                Json::Array(texts?)
            }
            Kind::Words | Kind::Texts => match value {
                Json::Array(items) => {
                    let texts: Result<Vec<Json>> = items
                        .iter()
                        .map(|item| Ok(Json::String(self.plain(item.as_str().unwrap_or_default(), path)?)))
                        .collect();
                    Json::Array(texts?)
                }
                other => (*other).clone(),
            },
            Kind::Headers => self.headers(value, path)?,
            Kind::Authentication => self.object(Level::Authentication, value, path)?,
            Kind::Storage => self.storage(value, path, *is_literal)?,
            Kind::Text | Kind::Plain | Kind::Url | Kind::Issuer | Kind::Endpoint(_) => match value.as_str() {
                Some(text) => Json::String(self.text(*kind, text, path)?),
                None => (*value).clone(),
            },
            _ => (*value).clone(),
        })
    }

    /// The text that a written one means.
    pub(super) fn text(&mut self, kind: Kind, written: &str, path: &str) -> Result<String> {
        let text = self.plain(written, path)?;
        let text = match references::scheme(written).filter(|_| kind == Kind::Text) {
            None => text,
            Some(scheme) => match (self.secret)(&text) {
                Some(secret) => secret,
                None => {
                    let (path, scheme) = (path.to_owned(), scheme.to_owned());
                    self.waiting.push(Reference { reference: text.clone(), scheme, path });
                    text
                }
            },
        };
        if text.is_empty() {
            return Err(Error::new(Code::InvalidOption, format!("{path}: the reference stands for an empty text")));
        }
        if let Some(fault) = url_fault_of(kind, &text) {
            return Err(Error::new(Code::InvalidOption, format!("{path}: the URL {fault}")));
        }
        Ok(text)
    }

    fn plain(&mut self, written: &str, path: &str) -> Result<String> {
        let (mut text, mut missing) = (String::new(), None);
        references::each(written, &mut |part| match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Variable(name) => match (self.variable)(name) {
                Some(value) => text.push_str(&value),
                None => missing = missing.or(Some(name)),
            },
        });
        match missing {
            None => Ok(text),
            Some(name) => {
                let message = format!("{path}: the variable \"{name}\" is not among those in `env`, or no string");
                Err(Error::new(Code::MissingOption, message))
            }
        }
    }

    fn object(&mut self, level: Level, value: &Json, path: &str) -> Result<Json> {
        let Json::Object(object) = value else { return Ok(value.clone()) };
        let mut expanded = Object::new();
        for (key, name, value) in members(level, object) {
            let value = match value.as_str() {
                Some(text) if key.kind == Kind::Text => {
                    Json::String(self.text(key.kind, text, &format!("{path}.{name}"))?)
                }
                _ => value.clone(),
            };
            expanded.insert(key.name, value);
        }
        Ok(Json::Object(expanded))
    }

    fn headers(&mut self, value: &Json, path: &str) -> Result<Json> {
        let mut expanded = Object::new();
        for (name, value) in named(Some(value)) {
            let text = self.text(Kind::Text, value.as_str().unwrap_or_default(), &below(path, name))?;
            expanded.insert(name, Json::String(text));
        }
        Ok(Json::Object(expanded))
    }

    /// A word where that says everything, else an object with `kind`.
    fn storage(&mut self, value: &Json, path: &str, is_literal: bool) -> Result<Json> {
        let object = match value {
            Json::Object(object) => object,
            word => {
                let name = word.as_str().and_then(Storage::of).map(|storage| storage.name);
                return Ok(name.map_or_else(|| word.clone(), |name| Json::String(name.to_owned())));
            }
        };
        let word = ["kind", "type"].iter().find_map(|name| object.get(name)).and_then(Json::as_str).unwrap_or_default();
        let Some(storage) = Storage::of(word) else { return Ok(value.clone()) };
        let mut expanded = Object::new();
        for (name, value) in object.iter() {
            let Some(key) = storage.members.iter().find(|key| key.is_called(name)) else { continue };
            let value = match value.as_str() {
                Some(_) if key.name == "kind" => Json::String(storage.name.to_owned()),
                Some(text) if !is_literal => Json::String(self.text(key.kind, text, &format!("{path}.{name}"))?),
                _ => value.clone(),
            };
            expanded.insert(key.name, value);
        }
        if expanded.len() == 1 {
            return Ok(Json::String(storage.name.to_owned()));
        }
        Ok(Json::Object(expanded))
    }
}

/// The members of a storage that is named by a word, from the section beside it.
pub(super) fn storage_section<'a>(root: &'a Object, word: &str) -> Option<&'a Object> {
    match member(Level::Root, root, Storage::of(word)?.name) {
        Some(Json::Object(object)) => Some(object),
        _ => None,
    }
}
