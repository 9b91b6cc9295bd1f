//! What holds for every input, however hostile: one function an entry point, which the fuzz targets (`fuzz/`) and the
//! native tests (`tests/entry_points.rs`) share. Each takes bytes, and panics where a property is broken.

#![allow(dead_code, reason = "each fuzz target uses one of the entry points")]

pub mod callback_url;
pub mod discovery;
pub mod json;
pub mod jwks;
pub mod jwt;
pub mod logout_token;
pub mod request;
pub mod scope;
pub mod stored;
pub mod token_response;
pub mod userinfo;

use wasm_oidc::error::{Error, harmless};
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::{Json, Object, parse_object};

/// Takes any bytes, and panics where a property is broken.
pub type EntryPoint = fn(&[u8]);

/// Every entry point by the name of its fuzz target and of its corpus.
pub const ALL: &[(&str, EntryPoint)] = &[
    ("callback_url", callback_url::check),
    ("discovery", discovery::check),
    ("json", json::check),
    ("jwks", jwks::check),
    ("jwt", jwt::check),
    ("logout_token", logout_token::check),
    ("request", request::check),
    ("scope", scope::check),
    ("stored", stored::check),
    ("token_response", token_response::check),
    ("userinfo", userinfo::check),
];

pub const ISSUER: &str = "https://idp.example.com/iss_1";
pub const CLIENT_ID: &str = "spa";
pub const SUBJECT: &str = "usr_1";
pub const NONCE: &str = "the-nonce-of-the-request";
pub const NOW: i64 = 1_800_000_010;

/// The longest text that an error may repeat of what came, in characters: that of `harmless`.
const LONGEST_ECHO: usize = 500;
/// The longest words of our own around it.
const LONGEST_FRAME: usize = 300;

/// An answer as it is written: the status, header lines, an empty line, the body. Without an empty line everything is
/// the body of a JSON answer with status 200.
pub fn answer(bytes: &[u8]) -> HttpResponse {
    let Some(end) = bytes.windows(2).position(|two| two == b"\n\n") else {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        return HttpResponse { status: 200, headers, body: bytes.to_vec() };
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().parse().unwrap_or(200);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let body = bytes.get(end.saturating_add(2)..).unwrap_or_default().to_vec();
    HttpResponse { status, headers: lines.filter_map(header).collect(), body }
}

/// An error says what failed in words of our own, with at most a cut piece of the input in plain ASCII.
pub fn check_error(error: &Error) {
    let failure = error.failure();
    let texts = [&failure.error, &failure.error_description, &failure.expected, &failure.actual];
    for text in texts.into_iter().flatten() {
        assert!(text.chars().count() <= LONGEST_ECHO, "{error} repeats {} characters", text.chars().count());
        assert_eq!(*text, harmless(text), "{error}");
    }
    let message = &failure.message;
    assert!(!message.is_empty() && message.chars().count() <= LONGEST_ECHO + LONGEST_FRAME, "{message}");
    assert!(message.chars().all(|c| (' '..='~').contains(&c)), "{message:?}");
    assert!(failure.retry_after.is_none_or(|seconds| (0..=86_400).contains(&seconds)));
    if let Some(cause) = &failure.cause {
        check_error(cause);
    }
}

/// What can be seen of a value does not hold these secrets. Short and plain ones are left out, since words of our own can
/// be such; so is what stands elsewhere in the input, where it is no secret.
pub fn check_hides(shown: &str, secrets: &[&str], elsewhere: &[&str]) {
    for secret in secrets {
        let is_recognizable = secret.len() >= 20 && secret.bytes().any(|byte| byte.is_ascii_digit());
        if is_recognizable && !elsewhere.iter().any(|text| text.contains(secret)) {
            assert!(!shown.contains(secret), "{secret} can be seen in {shown}");
        }
    }
}

/// Everything of an error that somebody can see, its cause included.
pub fn shown(error: &Error) -> String {
    format!("{error} {error:?}")
}

/// What is written is read back as it was.
pub fn check_written(object: &Object) {
    assert_eq!(parse_object(object.to_string().as_bytes()).as_ref(), Ok(object));
}

/// The texts of an object's members with these names.
pub fn texts<'o>(object: &'o Object, names: &[&str]) -> Vec<&'o str> {
    names.iter().filter_map(|name| object.get(name).and_then(Json::as_str)).collect()
}
