//! No document makes the reader panic; what it refuses it refuses with a path, and what it takes makes a client or a typed
//! error.

use std::time::Duration;

use crate::timing::shortest;
use proptest::prelude::*;
use wasm_oidc::configuration::{Choice, Configuration, schema};
use wasm_oidc::error::{Class, Error};
use wasm_oidc::protocol::json::{Json, Number, Object, parse_object};

const SECRET: &str = "hunter2";

/// Every key of every level.
fn keys() -> Vec<String> {
    let mut keys =
        vec!["__proto__".to_owned(), "constructor".to_owned(), String::new(), "x".to_owned(), "a.b".to_owned()];
    for (_, level) in schema().required_object("definitions").unwrap().iter() {
        if let Json::Object(level) = level
            && let Ok(Some(properties)) = level.object("properties")
        {
            keys.extend(properties.iter().map(|(name, _)| name.to_owned()));
        }
    }
    keys
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(Number::Integer(number))),
        prop_oneof![
            Just(SECRET),
            Just("https://op.example"),
            Just("${A}"),
            Just("$${A}${B}"),
            Just("${hunter2"),
            Just("vault://hunter2"),
            Just("oidc"),
            Just("oauth2"),
            Just("file"),
            Just("none"),
            Just("client_secret_post"),
            Just("prod"),
            Just("https://hunter2@op.example/"),
            Just("openid hunter2"),
        ]
        .prop_map(|text| Json::String(text.to_owned())),
        ".{0,8}".prop_map(Json::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            5 => proptest::collection::vec((proptest::sample::select(keys()), inner), 0..6).prop_map(object),
        ]
    })
}

fn object(members: Vec<(String, Json)>) -> Json {
    let mut object = Object::new();
    for (name, value) in members {
        object.insert(&name, value);
    }
    Json::Object(object)
}

fn check(error: &Error) {
    assert_eq!(error.class(), Class::Configuration, "{error}");
    assert!(!error.to_string().contains(SECRET), "{error}");
}

/// A value in the place of a provider, of an environment, of the whole document.
fn documents(value: &Json) -> Vec<(&'static str, Object)> {
    let wrap = |name: &str, value: Json| object(vec![(name.to_owned(), value)]);
    let provider = wrap("providers", wrap("p", value.clone()));
    let environment = wrap("providers", wrap("p", wrap("environments", wrap("prod", value.clone()))));
    [("providers.p", provider), ("providers.p.environments.prod", environment), ("", value.clone())]
        .into_iter()
        .filter_map(|(path, json)| match json {
            Json::Object(object) => Some((path, object)),
            _ => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn every_document_is_read_or_refused_with_a_path_and_no_value(value in json()) {
        for (path, document) in documents(&value) {
            let configuration = match Configuration::from_json(&document) {
                Ok(configuration) => configuration,
                Err(error) => {
                    check(&error);
                    let message = &error.failure().message;
                    prop_assert!(message.contains(&format!(" at {path}")), "{}", message);
                    continue;
                }
            };
            for provider in configuration.providers().map(Some).chain([None, Some("nobody")]) {
                for (environment, application) in [(None, None), (Some("prod"), Some("x"))] {
                    let choice = Choice { provider, environment, application, ..Choice::default() };
                    for variable in [None, Some("https://op.example"), Some(SECRET), Some("")] {
                        let lookup = |_: &str| variable.map(str::to_owned);
                        if let Err(error) = configuration.choose(&choice, &lookup, &lookup) {
                            check(&error);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_override_is_taken_or_refused_and_never_shown(value in json()) {
        let Json::Object(overrides) = value else { return Ok(()) };
        let text = br#"{"providers":{"p":{"issuer":"https://op.example","clientId":"a","clientSecret":"vault://a"}}}"#;
        let configuration = Configuration::from_json(&parse_object(text).unwrap()).unwrap();
        let choice = Choice { overrides: Some(&overrides), ..Choice::default() };
        if let Err(error) = configuration.choose(&choice, &|_| None, &|_| None) {
            check(&error);
        }
    }
}

/// Documents of so many thousand bytes, each wrong in its way.
fn large(kilobytes: usize) -> Vec<Object> {
    let long = "k".repeat(1000 * kilobytes);
    let wide = |at: usize| (0..30).map(|key| format!("\"isuer{at}{key}\":1")).collect::<Vec<_>>().join(",");
    let providers: Vec<String> = (0..2 * kilobytes).map(|at| format!("\"p{at}\":{{{}}}", wide(at))).collect();
    [
        format!("{{\"{long}\":1}}"),
        format!("{{\"providers\":{{\"p\":{{\"issuer\":\"{long}\"}}}}}}"),
        format!("{{\"providers\":{{\"p\":{{\"clientId\":\"{}\"}}}}}}", "${".repeat(500 * kilobytes)),
        format!("{{\"providers\":{{\"p\":{{\"clientId\":\"{}${{\"}}}}}}", "$${".repeat(300 * kilobytes)),
        format!("{{\"providers\":{{\"p\":{{\"scopes\":\"{}\"}}}}}}", "${x ".repeat(250 * kilobytes)),
        format!("{{\"providers\":{{{}}}}}", providers.join(",")),
        format!("{{\"providers\":{{\"{long}\":{{\"x\":1}}}}}}"),
        format!("{{\"providers\":{{}},\"defaultProvider\":\"{long}\"}}"),
    ]
    .iter()
    .map(|text| parse_object(text.as_bytes()).unwrap())
    .collect()
}

#[test]
fn a_megabyte_of_mistakes_is_refused_in_few_words_and_a_time_that_grows_with_its_size() {
    for (large, small) in large(1000).iter().zip(&large(50)) {
        let refuse = |document: &Object| {
            let error = Configuration::from_json(document).map(|_| ()).expect_err("it is refused");
            check(&error);
            assert!(error.failure().message.len() < 4000, "{}", error.failure().message.len());
        };
        // As much in small pieces: on a busy machine a long job is interrupted more often than a short one.
        let pieces = || (0..20).for_each(|_| refuse(small));
        let (slow, quick) = (shortest(&|| refuse(large)), shortest(&pieces));
        assert!(slow < quick.max(Duration::from_millis(2)) * 6, "{slow:?} and {quick:?}");
    }
}
