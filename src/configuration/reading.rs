//! Reading a document: each member has a key, and what stands there is what the key takes.

use super::faults::{Faults, below, listed};
use super::keys::Key;
use super::kind::{Kind, Level};
use super::references;
use super::storages::{STORAGES, Storage};
use crate::error::Code;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::json::{Json, Number, Object};
use crate::protocol::url::{issuer_fault, url_fault};

/// The members of an object that are there, each with its key; `null` counts as absent.
pub(super) fn members(level: Level, object: &Object) -> Vec<(&'static Key, &str, &Json)> {
    let of_level = |name: &str| level.keys().find(|key| key.is_called(name));
    object
        .iter()
        .filter(|(_, value)| **value != Json::Null)
        .filter_map(|(name, value)| Some((of_level(name)?, name, value)))
        .collect()
}

/// What stands at a key, whatever it is called there.
pub(super) fn member<'a>(level: Level, object: &'a Object, name: &str) -> Option<&'a Json> {
    members(level, object).into_iter().find(|(key, _, _)| key.name == name).map(|(_, _, value)| value)
}

/// Named objects that are there, in the order of the text.
pub(super) fn named(value: Option<&Json>) -> impl Iterator<Item = (&str, &Json)> {
    let object = match value {
        Some(Json::Object(object)) => Some(object),
        _ => None,
    };
    object.into_iter().flat_map(Object::iter).filter(|(_, value)| **value != Json::Null)
}

/// Checks each member of an object.
pub(super) fn check(level: Level, object: &Object, path: &str, faults: &mut Faults) {
    let keys: Vec<&'static Key> = level.keys().collect();
    check_members(&keys, object, path, faults);
    if level == Level::Environment || level == Level::Provider || level == Level::Overrides {
        check_said_once(level, object, path, faults);
    }
}

pub(super) fn check_members(keys: &[&'static Key], object: &Object, path: &str, faults: &mut Faults) {
    let mut seen: Vec<(&'static str, &str)> = Vec::new();
    for (name, value) in object.iter() {
        let path = below(path, name);
        let Some(key) = keys.iter().find(|key| key.is_called(name)) else {
            let listed = if faults.is_full() { &[][..] } else { keys };
            let names: Vec<String> = listed.iter().flat_map(|key| key.names()).collect();
            faults.unknown(&path, "key", name, &names.iter().map(String::as_str).collect::<Vec<_>>());
            continue;
        };
        match seen.iter().find(|(known, _)| *known == key.name) {
            Some((_, other)) => faults.wrong(&path, &format!("says the same as \"{other}\" beside it; leave one out")),
            None => seen.push((key.name, name)),
        }
        if *value != Json::Null {
            check_value(key.kind, value, &path, faults);
        }
    }
}

/// What two keys can say together only where they agree.
fn check_said_once(level: Level, object: &Object, path: &str, faults: &mut Faults) {
    let of_level = |name: &str| level.keys().find(|key| key.is_called(name));
    let members: Vec<_> = object.iter().filter_map(|(name, value)| Some((of_level(name)?, name, value))).collect();
    let written = |wanted: &str| members.iter().find(|(key, _, _)| key.name == wanted);
    if let (Some(_), Some((_, name, _))) = (written("redirectUri"), written("redirectPort")) {
        faults.wrong(&below(path, name), "says the same as \"redirectUri\" beside it; leave one out");
    }
    if let (Some(_), Some((_, name, _))) = (written("clientAuth"), written("clientSecret")) {
        faults.wrong(&below(path, name), "belongs into \"clientAuth\" beside it; leave one out");
    }
    let Some((_, _, Json::Object(metadata))) = written("metadata") else { return };
    for (key, name, _) in &members {
        if let Kind::Endpoint(member) = key.kind
            && metadata.get(member).is_some()
        {
            faults.wrong(&below(path, name), "says the same as \"metadata\" beside it; leave one out");
        }
    }
}

fn check_value(kind: Kind, value: &Json, path: &str, faults: &mut Faults) {
    match kind {
        Kind::Name | Kind::Plain | Kind::Text | Kind::Url | Kind::Issuer | Kind::Endpoint(_) => {
            check_text(kind, value, path, faults);
        }
        Kind::Flag => expect(matches!(value, Json::Bool(_)), "true or false", value, path, faults),
        Kind::Always(reason) => match value {
            Json::Bool(true) => {}
            Json::Bool(false) => faults.wrong(path, &format!("cannot be false: {reason}")),
            _ => expect(false, "true", value, path, faults),
        },
        Kind::Whole { least, most: i64::MAX } => {
            expect(is_whole(value, least, i64::MAX), &format!("whole seconds, at least {least}"), value, path, faults);
        }
        Kind::Whole { least, most } => {
            let expected = format!("whole seconds from {least} to {most}");
            expect(is_whole(value, least, most), &expected, value, path, faults);
        }
        Kind::Port => expect(is_whole(value, 1, 65_535), "a port from 1 to 65535", value, path, faults),
        Kind::Words if value.as_str().is_some() => {
            value.as_str().unwrap_or_default().split(' ').for_each(|word| check_plain(word, path, faults));
        }
        Kind::Words | Kind::Texts | Kind::Algorithms => check_list(kind, value, path, faults),
        Kind::Mapping(_) if matches!(value, Json::Object(_)) => {}
        Kind::OneOf(words) | Kind::Mapping(words) => {
            let expected = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
            expect(value.as_str().is_some_and(|text| words.contains(&text)), &expected, value, path, faults);
        }
        Kind::Metadata => check_metadata(value, path, faults),
        Kind::Free => expect(matches!(value, Json::Object(_)), "an object", value, path, faults),
        Kind::Authentication => check_authentication(value, path, faults),
        Kind::Storage => check_storage(value, path, faults),
        Kind::StorageMembers(kind) => match (value, Storage::of(kind)) {
            (Json::Object(object), Some(storage)) => {
                let keys: Vec<_> = storage.members.iter().filter(|key| key.name != "kind").collect();
                check_members(&keys, object, path, faults);
            }
            _ => expect(false, "an object", value, path, faults),
        },
        Kind::ProjectId => match value {
            Json::Object(_) => check_by_name(Kind::Text, value, path, faults),
            _ => check_text(Kind::Text, value, path, faults),
        },
        Kind::ProjectIds => check_by_name(Kind::ProjectId, value, path, faults),
        Kind::Headers => check_by_name(Kind::Text, value, path, faults),
        Kind::Section(level) => match value {
            Json::Object(object) => check(level, object, path, faults),
            _ => expect(false, "an object", value, path, faults),
        },
        Kind::Named(level) => {
            expect(matches!(value, Json::Object(_)), "an object", value, path, faults);
            for (name, value) in named(Some(value)) {
                let path = below(path, name);
                check_name(name, &path, faults);
                check_value(Kind::Section(level), value, &path, faults);
            }
        }
    }
}

fn check_text(kind: Kind, value: &Json, path: &str, faults: &mut Faults) {
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return expect(false, "a string that is not empty", value, path, faults);
    };
    if kind == Kind::Name {
        return;
    }
    check_plain(text, path, faults);
    if url_fault_of(kind, text).is_some()
        && let Some(meant) = references::without_variables(text)
        && let Some(fault) = url_fault_of(kind, &meant)
    {
        faults.wrong(path, &format!("the URL {fault}"));
    }
}

/// What is wrong with a text as the URL that the key takes.
pub(super) fn url_fault_of(kind: Kind, text: &str) -> Option<&'static str> {
    match kind {
        Kind::Url | Kind::Endpoint(_) => url_fault(text),
        Kind::Issuer => issuer_fault(text),
        _ => None,
    }
}

fn check_plain(text: &str, path: &str, faults: &mut Faults) {
    if !references::is_well_formed(text) {
        faults.wrong(path, "\"${\" begins no reference; a reference is ${NAME}, and $${ is ${ itself");
    }
}

fn check_list(kind: Kind, value: &Json, path: &str, faults: &mut Faults) {
    let expected = match kind {
        Kind::Words => "a list of strings, or one string with spaces",
        Kind::Algorithms => "a list of asymmetric JWS algorithms such as \"RS256\", \"ES256\" or \"EdDSA\"",
        _ => "a list of strings",
    };
    let Json::Array(items) = value else { return expect(false, expected, value, path, faults) };
    if kind == Kind::Algorithms && items.is_empty() {
        faults.wrong(path, "is empty: no ID token could be verified");
    }
    for (at, item) in items.iter().enumerate() {
        let path = format!("{path}[{at}]");
        match item.as_str().filter(|text| !text.is_empty()) {
            Some(text) if kind == Kind::Algorithms => {
                expect(Algorithm::parse(text).is_some(), "an asymmetric JWS algorithm", item, &path, faults);
            }
            Some(text) => check_plain(text, &path, faults),
            None => expect(false, "a string that is not empty", item, &path, faults),
        }
    }
}

fn check_metadata(value: &Json, path: &str, faults: &mut Faults) {
    expect(matches!(value, Json::Object(_)), "an object", value, path, faults);
    for (name, value) in named(Some(value)) {
        if let Some(kind) = kind_of_metadata(name) {
            check_text(kind, value, &below(path, name), faults);
        } else if let Some(text) = value.as_str() {
            check_plain(text, &below(path, name), faults);
        }
    }
}

/// What a member of the metadata takes, where this library acts on it.
pub(super) fn kind_of_metadata(name: &str) -> Option<Kind> {
    if name == "issuer" {
        return Some(Kind::Issuer);
    }
    Level::Overrides.keys().map(|key| key.kind).find(|kind| matches!(kind, Kind::Endpoint(member) if *member == name))
}

fn check_authentication(value: &Json, path: &str, faults: &mut Faults) {
    let Json::Object(object) = value else { return expect(false, "an object", value, path, faults) };
    check(Level::Authentication, object, path, faults);
    let has = |name| member(Level::Authentication, object, name).is_some();
    let fault =
        match (member(Level::Authentication, object, "method").and_then(Json::as_str), has("clientSecret"), has("key"))
        {
            (None, ..) => "expected a \"method\"",
            (Some("none"), true, _) => "the method \"none\" takes no client secret",
            (Some("private_key_jwt"), _, false) => "expected \"key\" beside such a method",
            (Some("private_key_jwt"), true, true) => "the method \"private_key_jwt\" takes no client secret",
            (Some("client_secret_basic" | "client_secret_post" | "client_secret_jwt"), false, _) => {
                "expected \"clientSecret\" beside such a method"
            }
            (Some(method), _, true) if method != "private_key_jwt" => "only the method \"private_key_jwt\" takes a key",
            (Some(_), ..) => return,
        };
    faults.wrong(path, fault);
}

fn check_storage(value: &Json, path: &str, faults: &mut Faults) {
    let (word, word_path, object) = match value {
        Json::String(word) => (word.as_str(), path.to_owned(), None),
        Json::Object(object) => {
            let kind = object.iter().find(|(name, _)| matches!(*name, "kind" | "type"));
            let Some(word) = kind.and_then(|(_, value)| value.as_str()) else {
                return faults.wrong(path, "expected a \"kind\", which is a string");
            };
            (word, below(path, kind.map_or("kind", |(name, _)| name)), Some(object))
        }
        _ => return expect(false, "a kind of storage, or an object with \"kind\"", value, path, faults),
    };
    let Some(storage) = Storage::of(word) else {
        let names: Vec<_> = STORAGES.iter().map(|storage| storage.name).collect();
        let what = format!("kind of storage ({})", listed(&names));
        return faults.unknown(&word_path, &what, word, &names);
    };
    let Some(object) = object else { return };
    check_members(&storage.members.iter().collect::<Vec<_>>(), object, path, faults);
    for required in storage.required {
        if object.get(required).is_none_or(|value| *value == Json::Null) {
            faults.add(Code::MissingOption, &below(path, required), "is missing: this kind of storage needs it");
        }
    }
}

fn check_by_name(kind: Kind, value: &Json, path: &str, faults: &mut Faults) {
    expect(matches!(value, Json::Object(_)), "an object", value, path, faults);
    for (name, value) in named(Some(value)) {
        let path = below(path, name);
        check_name(name, &path, faults);
        check_value(kind, value, &path, faults);
    }
}

fn check_name(name: &str, path: &str, faults: &mut Faults) {
    if name.is_empty() {
        faults.wrong(path, "a name must not be empty");
    }
}

fn is_whole(value: &Json, least: i64, most: i64) -> bool {
    matches!(value, Json::Number(Number::Integer(number)) if (least..=most).contains(number))
}

/// Notes what was expected, and the type of what is there.
#[inline(never)]
fn expect(is_right: bool, expected: &str, value: &Json, path: &str, faults: &mut Faults) {
    if !is_right {
        faults.wrong(path, &format!("expected {expected}, got {}", value.type_name()));
    }
}
