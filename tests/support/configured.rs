//! A configuration as the tests of it read one and choose from it.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "each test file uses a part; a panic fails a test"
)]

use wasm_oidc::configuration::{Choice, Chosen, Configuration};
use wasm_oidc::error::{Code, Error};
use wasm_oidc::protocol::json::parse_object;

pub fn read(text: &str) -> Result<Configuration, Error> {
    Configuration::from_json(&parse_object(text.as_bytes()).unwrap())
}

pub fn refusal(text: &str) -> (Code, String) {
    let error = read(text).unwrap_err();
    (error.code(), error.failure().message.to_string())
}

pub fn nothing(_: &str) -> Option<String> {
    None
}

pub fn choose(text: &str, choice: &Choice<'_>) -> Result<Chosen, Error> {
    read(text)?.choose(choice, &nothing, &nothing)
}

pub fn chosen(text: &str, choice: &Choice<'_>) -> Chosen {
    choose(text, choice).unwrap_or_else(|error| panic!("{error}"))
}

pub fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("it is refused").failure().message.to_string()
}

pub fn option(chosen: &Chosen, name: &str) -> String {
    chosen.options.get(name).map(ToString::to_string).unwrap_or_default()
}

pub const TWO: &str = r#"{
    "defaultProvider": "corporate",
    "providers": {
        "corporate": { "issuer": "https://sso.company.example/realms/main", "clientId": "my-app" },
        "github": { "type": "oauth2", "authorize_url": "https://github.com/login/oauth/authorize",
            "token_url": "https://github.com/login/oauth/access_token", "client_id": "gh" }
    }
}"#;

/// A secret and other texts by reference.
pub const SECRETS: &str = r#"{"providers":{"github":{"type":"oauth2","client_id":"${GITHUB_ID}","scopes":"a ${SCOPE} api://app/read",
    "authorize_url":"https://${HOST}/authorize","token_url":"https://github.com/token",
    "client_secret":"sops://${FILE}.yaml#github.secret"},
    "other":{"issuer":"https://op.example","clientId":"${UNSET}","clientSecret":"vault://other"}}}"#;
