//! Authorization responses: whatever is taken for ours is exactly one response, and nothing of it stays in the URL.

use super::{check_error, check_hides, shown};
use wasm_oidc::protocol::callback::{
    AuthorizationResponse, Outcome, Recognized, ResponseMode, answers, check_issuer, parse_response, recognize,
    without_response_parameters,
};
use wasm_oidc::protocol::provider_error::refused;
use wasm_oidc::protocol::state::StateTag;
use wasm_oidc::protocol::url::HttpsUrl;

const ISSUER: &str = "https://idp";
const MODES: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

pub fn check(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else { return };
    let tag = StateTag::new(ISSUER, "spa", "https://app/cb", "");
    for mode in MODES {
        check_mode(url, mode, &tag);
    }
}

fn check_mode(url: &str, mode: ResponseMode, tag: &StateTag) {
    let pairs = pairs_of(url);
    match recognize(url, mode, tag, Some(ISSUER)) {
        Ok(Recognized::Ours(response)) => {
            assert!(tag.owns(&response.state) && !tag.relays(&response.state));
            assert!(answers(url, mode, &response.state));
            is_exactly_one(&pairs, &response);
            comes_back(&response, tag);
        }
        Ok(Recognized::ToRelay) => assert!(values(&pairs, "state").iter().any(|state| tag.relays(state))),
        Ok(Recognized::NothingHere | Recognized::NotOurs) => {}
        Err(error) => hides_the_response(&shown(&error), &error, &pairs),
    }
    match parse_response(url, mode) {
        Ok(response) => {
            hides_code(&format!("{response:?}"), &response);
            if let Err(error) = check_issuer(response.iss.as_deref(), Some(ISSUER), true) {
                check_error(&error);
            }
            if let Outcome::Refused { error, description } = &response.outcome {
                check_error(&refused(error, description.as_deref()));
            }
        }
        Err(error) => hides_the_response(&shown(&error), &error, &pairs),
    }
    let left = without_response_parameters(url, mode);
    assert!(left.len() <= url.len());
    assert_eq!(without_response_parameters(&left, mode), left);
    assert!(matches!(recognize(&left, mode, tag, Some(ISSUER)), Ok(Recognized::NothingHere) | Err(_)));
}

/// One state, one outcome, no token, in all of the URL: counted by another reader than the one under test.
fn is_exactly_one(pairs: &[(String, String)], response: &AuthorizationResponse) {
    assert_eq!(values(pairs, "state"), [response.state.as_str()]);
    assert_eq!(values(pairs, "code").len() + values(pairs, "error").len(), 1, "{pairs:?}");
    assert!(values(pairs, "iss").len() <= 1);
    for token in ["access_token", "id_token", "response"] {
        assert!(values(pairs, token).is_empty());
    }
    match &response.outcome {
        Outcome::Code(code) => {
            assert!(!code.is_empty() && code.expose().bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            assert_eq!(values(pairs, "code"), [code.expose()]);
        }
        Outcome::Refused { error, .. } => assert_eq!(values(pairs, "error"), [error.as_str()]),
    }
}

/// Written as a provider would, it is read as the same response.
fn comes_back(response: &AuthorizationResponse, tag: &StateTag) {
    let mut pairs = vec![("state", response.state.as_str())];
    match &response.outcome {
        Outcome::Code(code) => pairs.push(("code", code.expose())),
        Outcome::Refused { error, description } => {
            pairs.push(("error", error));
            pairs.extend(description.as_deref().map(|description| ("error_description", description)));
        }
    }
    pairs.extend(response.iss.as_deref().map(|iss| ("iss", iss)));
    let written = HttpsUrl::parse("https://app/cb").expect("it is a URL").with_query(&pairs);
    // Written by us a character can be three times as long, and only then the cap on the size is met.
    if written.len() <= 64 * 1024 {
        let read = recognize(&written, ResponseMode::Query, tag, Some(ISSUER));
        assert_eq!(read, Ok(Recognized::Ours(response.clone())));
    }
}

fn hides_code(shown: &str, response: &AuthorizationResponse) {
    let mut elsewhere = vec![response.state.as_str()];
    elsewhere.extend(response.iss.as_deref());
    check_hides(shown, response.code().as_slice(), &elsewhere);
}

fn hides_the_response(shown: &str, error: &wasm_oidc::error::Error, pairs: &[(String, String)]) {
    check_error(error);
    let secret = ["code", "access_token", "id_token", "response", "state"];
    let secrets: Vec<&str> = secret.iter().flat_map(|name| values(pairs, name)).collect();
    let elsewhere: Vec<&str> =
        ["iss", "error", "error_description"].iter().flat_map(|name| values(pairs, name)).collect();
    check_hides(shown, &secrets, &elsewhere);
}

/// The pairs of query and fragment, a list's (`code[]`) under the name of the list.
fn pairs_of(url: &str) -> Vec<(String, String)> {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = Vec::new();
    for place in [query, fragment] {
        for (name, value) in form_urlencoded::parse(place.as_bytes()) {
            pairs.push((name.split('[').next().unwrap_or_default().to_owned(), value.into_owned()));
        }
    }
    pairs
}

fn values<'p>(pairs: &'p [(String, String)], name: &str) -> Vec<&'p str> {
    pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}
