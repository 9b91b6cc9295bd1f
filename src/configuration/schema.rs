//! The JSON Schema of a configuration (draft 7, which editors know), from the table of keys.

use super::keys::Key;
use super::kind::{Kind, Level};
use super::storages::{STORAGES, Storage};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::json::{Json, Number, Object};

/// Text in which `${` begins a reference or is escaped.
const REFERENCES: &str = r"^(?:\$\$\{|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$(?!\$?\{)|[^$])*$";

/// An https URL, or http on loopback, without user information and fragment; or a text with a reference in it.
const URL: &str =
    r"^https://[^\s/?#@]+(?:[/?][^\s#]*)?$|^http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:[/?][^\s#]*)?$|\$\{";

const ISSUER: &str =
    r"^https://[^\s/?#@]+(?:/[^\s?#]*)?$|^http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/[^\s?#]*)?$|\$\{";

/// The schema: what it takes is what [`Configuration::from_json`](super::Configuration::from_json) takes, but for what
/// names refer to and for the details of URLs, which only the reader knows.
#[must_use]
pub fn schema() -> Object {
    let mut definitions = Object::new();
    definitions.insert("name", string(&[]));
    definitions.insert("plain", string(&[REFERENCES]));
    definitions.insert("url", string(&[REFERENCES, URL]));
    definitions.insert("issuer", string(&[REFERENCES, ISSUER]));
    for (name, level) in LEVELS {
        definitions.insert(name, Json::Object(object_of(&level.keys().collect::<Vec<_>>())));
    }
    let root = with_required(definitions.remove("root"), "providers");
    definitions.insert("root", root);
    definitions.insert("clientAuth", authentication(definitions.get("clientAuth").cloned()));
    definitions.insert("storage", storage());
    // Where there is a section, the rest of the document has no keys.
    let has_section =
        object([("properties", object([("auth", object([("type", text("object"))]))])), ("required", texts(["auth"]))]);
    let whole = object([
        ("$schema", text("http://json-schema.org/draft-07/schema#")),
        ("title", text("The configuration of wasm-oidc")),
        ("description", text("Providers with environments, applications and storage; null counts as absent.")),
        ("type", text("object")),
        ("if", has_section),
        ("then", defined("wrapper")),
        ("else", defined("root")),
        ("definitions", Json::Object(definitions)),
    ]);
    match whole {
        Json::Object(schema) => schema,
        _ => Object::new(),
    }
}

const LEVELS: [(&str, Level); 6] = [
    ("wrapper", Level::Wrapper),
    ("root", Level::Root),
    ("provider", Level::Provider),
    ("environment", Level::Environment),
    ("application", Level::Application),
    ("clientAuth", Level::Authentication),
];

/// An object with these keys, by all their names, and no others.
fn object_of(keys: &[&'static Key]) -> Object {
    let (mut properties, mut alone) = (Object::new(), Object::new());
    for key in keys {
        let names = key.names();
        for (at, name) in names.iter().enumerate() {
            let about = if at == 0 { key.about.to_owned() } else { format!("The same as \"{}\".", key.name) };
            let mut property = Object::new();
            property.put_text("description", Some(&about));
            if let Json::Object(value) = value(key.kind) {
                value.iter().for_each(|(name, value)| property.insert(name, value.clone()));
            }
            properties.insert(name, Json::Object(property));
            let mut others = Object::new();
            names.iter().take(at).for_each(|other| others.insert(other, Json::Bool(false)));
            for other in keys.iter().filter(|other| is_one_thing(key.name, other.name)) {
                other.names().iter().for_each(|name| others.insert(name, Json::Bool(false)));
            }
            if let Kind::Endpoint(member) = key.kind {
                let says_it = object([("type", text("object")), ("required", texts([member]))]);
                others.insert("metadata", object([("not", says_it)]));
            }
            if !others.is_empty() {
                alone.insert(name, object([("properties", Json::Object(others))]));
            }
        }
    }
    let mut whole = Object::new();
    whole.put_text("type", Some("object"));
    whole.insert("properties", Json::Object(properties));
    whole.insert("additionalProperties", Json::Bool(false));
    if !alone.is_empty() {
        whole.insert("dependencies", Json::Object(alone));
    }
    whole
}

/// Whether the first key cannot stand beside the other.
fn is_one_thing(one: &str, other: &str) -> bool {
    matches!((one, other), ("redirectPort", "redirectUri") | ("clientSecret", "clientAuth"))
}

/// What may stand at a key, `null` among it.
fn value(kind: Kind) -> Json {
    match kind {
        Kind::Name => or_null(defined("name")),
        Kind::Plain | Kind::Text => or_null(defined("plain")),
        Kind::Url | Kind::Endpoint(_) => or_null(defined("url")),
        Kind::Issuer => or_null(defined("issuer")),
        Kind::Flag => object([("type", texts(["boolean", "null"]))]),
        Kind::Always(_) => object([("enum", Json::Array(vec![Json::Bool(true), Json::Null]))]),
        Kind::Whole { least, most } => whole(least, most),
        Kind::Port => whole(1, 65_535),
        Kind::Words => object([
            ("type", texts(["string", "array", "null"])),
            ("pattern", text(REFERENCES)),
            ("items", defined("plain")),
        ]),
        Kind::Texts => object([("type", texts(["array", "null"])), ("items", defined("plain"))]),
        Kind::Algorithms => object([
            ("type", texts(["array", "null"])),
            ("items", object([("enum", texts(Algorithm::ALL.iter().map(|algorithm| algorithm.as_str())))])),
            ("minItems", integer(1)),
        ]),
        Kind::OneOf(words) => {
            let words = words.iter().map(|word| text(word)).chain([Json::Null]);
            object([("enum", Json::Array(words.collect()))])
        }
        Kind::Mapping(words) => {
            any_of([object([("enum", texts(words.iter().copied()))]), object([("type", texts(["object", "null"]))])])
        }
        Kind::Metadata => metadata(),
        Kind::Headers => by_name(defined("plain")),
        Kind::Free => object([("type", texts(["object", "null"]))]),
        Kind::Authentication => or_null(defined("clientAuth")),
        Kind::Storage => or_null(defined("storage")),
        Kind::StorageMembers(kind) => {
            let members = Storage::of(kind).map(|storage| storage.members).unwrap_or_default();
            or_null(Json::Object(object_of(&members.iter().filter(|key| key.name != "kind").collect::<Vec<_>>())))
        }
        Kind::ProjectId => any_of([defined("plain"), by_name(defined("plain")), null()]),
        Kind::ProjectIds => by_name(any_of([defined("plain"), by_name(defined("plain"))])),
        Kind::Section(level) => or_null(level_of(level)),
        Kind::Named(level) => by_name(level_of(level)),
    }
}

fn level_of(level: Level) -> Json {
    LEVELS.iter().find(|(_, known)| *known == level).map_or(Json::Bool(true), |(name, _)| defined(name))
}

fn metadata() -> Json {
    let mut properties = Object::new();
    properties.insert("issuer", or_null(defined("issuer")));
    for kind in Level::Overrides.keys().map(|key| key.kind) {
        if let Kind::Endpoint(member) = kind {
            properties.insert(member, or_null(defined("url")));
        }
    }
    object([
        ("type", texts(["object", "null"])),
        ("properties", Json::Object(properties)),
        ("additionalProperties", object([("pattern", text(REFERENCES))])),
    ])
}

/// The method `none` has no secret and no key, `private_key_jwt` has a key, every other one a secret.
fn authentication(members: Option<Json>) -> Json {
    let with = |name: &&str| {
        object([("properties", object([(*name, object([("type", text("string"))]))])), ("required", texts([*name]))])
    };
    let one_of = |names: &[&str]| object([("anyOf", Json::Array(names.iter().map(with).collect()))]);
    let (secret, key) =
        (|| one_of(&["clientSecret", "client_secret"]), || one_of(&["key", "privateKey", "private_key"]));
    let method = |name: &str| object([("properties", object([("method", object([("const", text(name))]))]))]);
    let only = |has: Json, has_not: Json| object([("allOf", Json::Array(vec![has, object([("not", has_not)])]))]);
    let Json::Object(mut whole) = with_required(members, "method") else { return Json::Bool(true) };
    whole.insert("if", method("none"));
    whole.insert("then", object([("not", any_of([secret(), key()]))]));
    let others =
        object([("if", method("private_key_jwt")), ("then", only(key(), secret())), ("else", only(secret(), key()))]);
    whole.insert("else", others);
    Json::Object(whole)
}

fn storage() -> Json {
    let names_of =
        |storage: &Storage| std::iter::once(storage.name).chain(storage.aliases.iter().copied()).collect::<Vec<_>>();
    let words = texts(STORAGES.iter().flat_map(names_of));
    let mut ways = vec![object([("enum", words)])];
    for storage in STORAGES {
        let mut whole = object_of(&storage.members.iter().collect::<Vec<_>>());
        if let Some(Json::Object(mut properties)) = whole.remove("properties") {
            for name in ["kind", "type"] {
                properties.insert(name, object([("enum", texts(names_of(storage)))]));
            }
            for required in storage.required {
                properties.insert(required, defined("plain"));
            }
            whole.insert("properties", Json::Object(properties));
        }
        if !storage.required.is_empty() {
            whole.insert("required", texts(storage.required.iter().copied()));
        }
        let named = ["kind", "type"].map(|name| object([("required", texts([name]))]));
        whole.insert("oneOf", Json::Array(named.into()));
        ways.push(Json::Object(whole));
    }
    object([("oneOf", Json::Array(ways))])
}

/// The object with a member that has to be there.
fn with_required(object: Option<Json>, name: &str) -> Json {
    let Some(Json::Object(mut whole)) = object else { return Json::Bool(true) };
    whole.insert("required", texts([name]));
    whole.insert("not", self::object([("properties", self::object([(name, null())])), ("required", texts([name]))]));
    Json::Object(whole)
}

/// Names of the document's own, which are not empty, and what they name.
fn by_name(value: Json) -> Json {
    object([
        ("type", texts(["object", "null"])),
        ("propertyNames", object([("minLength", integer(1))])),
        ("additionalProperties", or_null(value)),
    ])
}

fn string(patterns: &[&str]) -> Json {
    let patterns: Vec<Json> = patterns.iter().map(|pattern| object([("pattern", text(pattern))])).collect();
    let mut whole = Object::new();
    whole.put_text("type", Some("string"));
    whole.insert("minLength", integer(1));
    if !patterns.is_empty() {
        whole.insert("allOf", Json::Array(patterns));
    }
    Json::Object(whole)
}

fn whole(least: i64, most: i64) -> Json {
    let mut whole = Object::new();
    whole.insert("type", texts(["integer", "null"]));
    whole.put_integer("minimum", Some(least));
    whole.put_integer("maximum", Some(most).filter(|most| *most != i64::MAX));
    Json::Object(whole)
}

fn defined(name: &str) -> Json {
    object([("$ref", Json::String(format!("#/definitions/{name}")))])
}

fn null() -> Json {
    object([("type", text("null"))])
}

fn or_null(value: Json) -> Json {
    any_of([value, null()])
}

fn any_of<const N: usize>(values: [Json; N]) -> Json {
    object([("anyOf", Json::Array(values.into()))])
}

fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let mut object = Object::new();
    for (name, value) in members {
        object.insert(name, value);
    }
    Json::Object(object)
}

fn texts<'a>(words: impl IntoIterator<Item = &'a str>) -> Json {
    Json::Array(words.into_iter().map(text).collect())
}

fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}

const fn integer(number: i64) -> Json {
    Json::Number(Number::Integer(number))
}
