//! The JSON Schema that ships is the one that the table of keys makes.

use std::fs;
use std::path::Path;

use wasm_oidc::client::ClientOptions;
use wasm_oidc::configuration::{Choice, Configuration, schema};
use wasm_oidc::protocol::json::{Json, Object, parse_object};

/// JSON text for people: what fits into a line stands on one.
fn pretty(value: &Json, indent: usize, text: &mut String) {
    let compact = value.to_string();
    let (open, close, parts): (char, char, Vec<(String, &Json)>) = match value {
        Json::Object(object) => (
            '{',
            '}',
            object.iter().map(|(name, value)| (format!("{}: ", Json::String(name.to_owned())), value)).collect(),
        ),
        Json::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect()),
        _ => return text.push_str(&compact),
    };
    if indent + compact.len() <= 100 {
        return text.push_str(&compact);
    }
    text.push(open);
    for (at, (name, part)) in parts.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 2));
        text.push_str(name);
        pretty(part, indent + 2, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

#[test]
fn the_schema_of_the_package_is_the_one_of_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-template/configuration.schema.json");
    let mut text = String::new();
    pretty(&Json::Object(schema()), 0, &mut text);
    text.push('\n');
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|shipped| shipped == text),
        "pkg-template/configuration.schema.json is not what the table of keys makes; write it anew by \
         WRITE_SCHEMA=1 cargo test --features configuration --test configuration"
    );
}

/// The properties of a provider, by their names, in the schema.
fn properties() -> Object {
    let schema = schema();
    let provider = schema.required_object("definitions").unwrap().required_object("provider").unwrap();
    provider.required_object("properties").unwrap().clone()
}

fn is_taken(option: &str, value: &str) -> (bool, bool) {
    let provider = format!(r#""issuer":"https://op.example","clientId":"a","{option}":{value}"#);
    let document = format!(r#"{{"providers":{{"p":{{{provider}}}}}}}"#);
    let by_reader = Configuration::from_json(&parse_object(document.as_bytes()).unwrap()).is_ok();
    let by_client =
        ClientOptions::from_json(&parse_object(format!("{{{provider}}}").as_bytes()).unwrap(), false).is_ok();
    (by_reader, by_client)
}

#[test]
fn limits_are_those_of_the_options_of_a_client() {
    let mut seen = 0;
    for (name, property) in properties().iter() {
        let Json::Object(property) = property else { continue };
        let (Ok(Some(least)), most) = (property.seconds("minimum"), property.seconds("maximum").unwrap()) else {
            continue;
        };
        if name.contains('_') || !name.ends_with("Seconds") {
            continue;
        }
        seen += 1;
        assert_eq!(is_taken(name, &least.to_string()), (true, true), "{name} {least}");
        assert_eq!(is_taken(name, &(least - 1).to_string()), (false, false), "{name} {least} - 1");
        if let Some(most) = most {
            assert_eq!(is_taken(name, &most.to_string()), (true, true), "{name} {most}");
            assert_eq!(is_taken(name, &(most + 1).to_string()), (false, false), "{name} {most} + 1");
        }
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn every_option_of_the_table_is_one_of_a_client() {
    let values = [
        "true",
        "false",
        "7",
        "\"https://op.example\"",
        "\"query\"",
        "\"oidc\"",
        "\"single-user\"",
        "\"memory\"",
        "[\"RS256\"]",
        "{\"keys\":[]}",
        "{\"method\":\"none\"}",
        "{\"p\":{}}",
        "\"okta\"",
        "{}",
    ];
    for (name, _) in properties().iter() {
        let document = |value: &str| {
            let own = match name {
                "issuer" | "clientId" => String::new(),
                "identity" => r#","type":"oauth2","identity":{"id":"id"}"#.to_owned(),
                _ => format!(r#","{name}":{value}"#),
            };
            format!(r#"{{"providers":{{"p":{{"issuer":"https://op.example","clientId":"a"{own}}}}}}}"#)
        };
        let is_chosen = values.iter().any(|value| {
            Configuration::from_json(&parse_object(document(value).as_bytes()).unwrap())
                .and_then(|configuration| configuration.choose(&Choice::default(), &|_| None, &|_| None))
                .is_ok()
        });
        // These say what another key of this document says, or name an environment that it does not have.
        let is_other_name =
            ["issuer_url", "issuerUrl", "client_id", "default_environment", "defaultEnvironment"].contains(&name);
        // Beside a store that only an app can hand over.
        let needs_store = ["sessionKey", "session_key"].contains(&name);
        assert!(is_chosen || is_other_name || needs_store, "{name}");
    }
}
