//! Requests and responses without their secrets, for a log. What is shown is listed; everything else is redacted,
//! whoever made it up.

use super::form::pairs;
use super::http::HttpResponse;
use super::json::{Json, Object, parse_object};
use crate::error::{harmless, without_tokens};

/// What stands where something was.
const REDACTED: &str = "[redacted]";

/// How many elements of a list are shown; a key set has a few.
const MAX_ELEMENTS: usize = 50;

/// Parameters and members that are no secret and say nothing of a person: of OAuth requests and answers, key sets and
/// metadata. Those of metadata that are URLs or lists of what is offered are known by their endings.
const SHOWN: [&str; 34] = [
    "active",
    "actor_token_type",
    "alg",
    "audience",
    "client_assertion_type",
    "client_id",
    "code_challenge_method",
    "crv",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "grant_type",
    "interval",
    "issued_token_type",
    "issuer",
    "jwks_uri",
    "key_ops",
    "keys",
    "kid",
    "kty",
    "prompt",
    "redirect_uri",
    "refresh_expires_in",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "subject_token_type",
    "token_type",
    "token_type_hint",
    "use",
    "verification_uri",
];

/// Headers that are no secret.
const SHOWN_HEADERS: [&str; 13] = [
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "vary",
    "www-authenticate",
    "x-request-id",
];

fn is_shown(name: &str) -> bool {
    SHOWN.contains(&name) || name.ends_with("_endpoint") || name.ends_with("_supported")
}

/// Somebody's text, in which a token may be repeated.
#[inline(never)]
fn text(text: &str) -> Json {
    Json::String(without_tokens(&harmless(text)))
}

fn redacted() -> Json {
    Json::String(REDACTED.to_owned())
}

/// A name that somebody made up may be a secret itself.
#[inline(never)]
fn put(object: &mut Object, name: &str, value: Json) {
    object.insert(&without_tokens(&harmless(name)), value);
}

/// A URL with the names of its query, and the values that are no secret.
#[must_use]
pub fn url(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let mut shown = place.to_owned();
    for (at, (name, value)) in pairs(query.as_bytes()).iter().enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        shown.push_str(&without_tokens(&harmless(name)));
        shown.push('=');
        shown.push_str(&if is_shown(name) { without_tokens(&harmless(value)) } else { REDACTED.to_owned() });
    }
    shown
}

/// Headers by their names, in lower case.
#[must_use]
pub fn headers(headers: &[(String, String)]) -> Json {
    let mut shown = Object::new();
    for (name, value) in headers {
        put(&mut shown, name, if SHOWN_HEADERS.contains(&name.as_str()) { text(value) } else { redacted() });
    }
    Json::Object(shown)
}

/// A form by the names of its fields; of a field that is there twice the last.
#[must_use]
pub fn form(body: &[u8]) -> Json {
    let mut shown = Object::new();
    for (name, value) in pairs(body) {
        put(&mut shown, &name, if is_shown(&name) { text(&value) } else { redacted() });
    }
    Json::Object(shown)
}

/// The body of an answer: the members of its object, or its fields; `None` for what is neither.
#[must_use]
pub fn body(response: &HttpResponse) -> Option<Json> {
    if response.media_type().as_deref() == Some("application/x-www-form-urlencoded") {
        return Some(form(&response.body));
    }
    if !response.is_json() {
        return None;
    }
    // A value without a name is on no list.
    parse_object(&response.body).ok().map(|object| of_object(&object))
}

fn of_object(object: &Object) -> Json {
    let mut shown = Object::new();
    for (name, value) in object.iter() {
        put(&mut shown, name, if is_shown(name) { of_value(value) } else { redacted() });
    }
    Json::Object(shown)
}

/// A value whose name is listed.
fn of_value(value: &Json) -> Json {
    match value {
        Json::Object(object) => of_object(object),
        Json::Array(elements) => Json::Array(elements.iter().take(MAX_ELEMENTS).map(of_value).collect()),
        Json::String(words) => text(words),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(media_type: &str, body: &str) -> Option<String> {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        let response = HttpResponse { status: 200, headers, body: body.as_bytes().to_vec() };
        super::body(&response).map(|shown| shown.to_string())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn of_a_form_only_what_is_listed_is_shown_x26() {
        let body = "grant_type=refresh_token&refresh_token=canary&client_id=spa&client_secret=canary&scope=openid+email\
                    &code=canary&code_verifier=canary&client_assertion=canary&password=canary&made_up=canary";
        assert_eq!(
            form(body.as_bytes()).to_string(),
            r#"{"grant_type":"refresh_token","refresh_token":"[redacted]","client_id":"spa","client_secret":"[redacted]","scope":"openid email","code":"[redacted]","code_verifier":"[redacted]","client_assertion":"[redacted]","password":"[redacted]","made_up":"[redacted]"}"#
        );
    }

    #[test]
    fn of_an_answer_only_what_is_listed_is_shown_at_any_depth_x26() {
        let body = r#"{"access_token":"canary","token_type":"Bearer","expires_in":300,"id_token":null,
            "made_up":{"scope":"canary"},"keys":[{"kty":"RSA","n":"canary","scope":["openid"]},"sig"]}"#;
        let shown = r#"{"access_token":"[redacted]","token_type":"Bearer","expires_in":300,"id_token":"[redacted]","made_up":"[redacted]","keys":[{"kty":"RSA","n":"[redacted]","scope":["openid"]},"sig"]}"#;
        assert_eq!(answer("application/json", body).as_deref(), Some(shown));
        let form = "access_token=canary&token_type=bearer&scope=repo%2Cuser";
        let shown = r#"{"access_token":"[redacted]","token_type":"bearer","scope":"repo,user"}"#;
        assert_eq!(answer("application/x-www-form-urlencoded", form).as_deref(), Some(shown));
    }

    #[test]
    fn what_is_neither_json_nor_a_form_is_not_shown_x26() {
        assert_eq!(answer("text/html", "<p>canary</p>"), None);
        assert_eq!(answer("application/json", "{\"canary"), None);
        for nameless in [r#""canary""#, r#"["canary"]"#, r#"[{"scope":"canary"}]"#] {
            assert_eq!(answer("application/json", nameless), None);
        }
    }

    #[test]
    fn a_token_in_a_name_or_in_words_that_are_shown_is_left_out_x26() {
        let token = "a1".repeat(30);
        let shown = answer("application/json", &format!(r#"{{"error_description":"no {token}","{token}":1}}"#));
        assert_eq!(shown.as_deref(), Some(r#"{"error_description":"no [redacted]","[redacted]":"[redacted]"}"#));
        let challenge = headers(&[pair("www-authenticate", &format!("Bearer {token}"))]);
        assert_eq!(challenge.to_string(), r#"{"www-authenticate":"Bearer [redacted]"}"#);
    }

    #[test]
    fn headers_are_shown_by_name_and_those_that_are_listed_by_value_x26() {
        let sent = [pair("accept", "application/json"), pair("authorization", "Basic canary"), pair("x-key", "canary")];
        let shown = r#"{"accept":"application/json","authorization":"[redacted]","x-key":"[redacted]"}"#;
        assert_eq!(headers(&sent).to_string(), shown);
    }

    #[test]
    fn a_url_is_shown_without_the_values_of_its_query_x26() {
        assert_eq!(url("https://idp.example/token"), "https://idp.example/token");
        assert_eq!(
            url("https://idp.example/token?tenant=canary&client_id=spa&x"),
            "https://idp.example/token?tenant=[redacted]&client_id=spa&x=[redacted]"
        );
    }

    #[test]
    fn a_list_without_end_is_cut() {
        let keys = vec![r#"{"kid":"a"}"#; 5000].join(",");
        let shown = answer("application/json", &format!(r#"{{"keys":[{keys}]}}"#)).unwrap();
        assert_eq!(shown.matches("kid").count(), MAX_ELEMENTS);
    }
}
