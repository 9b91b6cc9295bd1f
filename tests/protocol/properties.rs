//! What holds for every input: no parser panics, what is written is read back, and no URL means two things.

use proptest::collection::vec;
use proptest::prelude::*;

use wasm_oidc::error::{Code, Error};
use wasm_oidc::protocol::authorization_request::{AuthorizationRequest, RequestSecrets, authorization_url};
use wasm_oidc::protocol::callback::{
    Outcome, Recognized, ResponseMode, parse_response, recognize, without_response_parameters,
};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::json::{self, Json, Number, Object};
use wasm_oidc::protocol::metadata::{ProviderMetadata, ProviderType, discovery_requests, judge_discovery};
use wasm_oidc::protocol::pkce::CodeVerifier;
use wasm_oidc::protocol::provider_error::refused;
use wasm_oidc::protocol::state::StateTag;
use wasm_oidc::protocol::url::{HttpsUrl, Issuer};

const MODES: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

/// Any text, often made of pieces that mean something to one of the parsers.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,8}",
        proptest::sample::select(vec![
            "https://",
            "http://localhost",
            "idp.example",
            "javascript:",
            "@",
            ":",
            "//",
            "/",
            "\\",
            "?",
            "#",
            "&",
            "=",
            "%",
            "%2e",
            "%00",
            "%ff",
            "[",
            "]",
            "..",
            "code",
            "state",
            "iss",
            "error",
            "response",
            "access_token",
            "{",
            "}",
            "\"",
            "\\u",
            "d800",
            ",",
            "1e400",
            "-",
            "0",
            "null",
            "true",
            "\u{feff}",
            "\u{0}",
            "é",
            "😀",
            "+",
        ])
        .prop_map(ToOwned::to_owned),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn tree() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|value| Json::Number(Number::Integer(value))),
        any::<i32>().prop_map(|value| Json::Number(Number::Decimal(format!("{value}.5e-7")))),
        any::<String>().prop_map(Json::String),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::Array),
            vec((name(), inner), 0..6).prop_map(|members| {
                let mut object = Object::new();
                for (name, value) in members {
                    object.insert(&name, value);
                }
                Json::Object(object)
            }),
        ]
    })
}

/// Text that is JSON often enough, and else nearly.
fn near_json() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "\\u", "d83d", "\\ude00", "\\n", "\\x", "\t", " ", "-",
        "0", "12", ".5", "e", "E+3", "e-400", "e309", "null", "true", "false", "\u{1}", "\u{7f}", "é",
    ]);
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn borrowed<S: AsRef<str>>(pairs: &[(S, S)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("__proto__".to_owned()), Just("constructor".to_owned()), "[0-9]{1,3}"]
}

/// An error may repeat what a provider sent, but only cut and in plain ASCII.
fn is_harmless(error: &Error) -> bool {
    let message = &error.failure().message;
    message.len() < 2000 && !message.chars().any(char::is_control)
}

proptest! {
    // A failure prints its smallest input, which then becomes a test with a name; no files are left behind.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_json_or_a_typed_error(text in text()) {
        match json::parse(&text) {
            Ok(json) => prop_assert!(json::parse(&json.to_string()).is_ok()),
            Err(error) => prop_assert!(error.code() == Code::InvalidResponse && is_harmless(&error), "{}", error),
        }
    }

    #[test]
    fn another_parser_reads_the_same_or_refuses_too_x22(text in prop_oneof![text(), near_json()]) {
        let own = json::parse(&text);
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match (own, other) {
            (Ok(own), Ok(other)) => {
                let written = serde_json::from_str::<serde_json::Value>(&own.to_string());
                prop_assert_eq!(written.unwrap(), other);
            }
            // Objects with a name twice are the one thing that is refused here alone.
            (Err(own), Ok(_)) => prop_assert!(own.failure().message.ends_with("twice"), "{own}"),
            (Ok(own), Err(other)) => prop_assert!(false, "{own} is refused elsewhere: {other}"),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn any_bytes_are_an_object_or_a_typed_error_x22(bytes in vec(any::<u8>(), 0..200)) {
        if let Err(error) = json::parse_object(&bytes) {
            prop_assert_eq!(error.code(), Code::InvalidResponse);
        }
    }

    #[test]
    fn json_that_is_written_is_read_back(tree in tree()) {
        let written = tree.to_string();
        prop_assert_eq!(json::parse(&written), Ok(tree), "{}", written);
    }

    #[test]
    fn accessors_never_panic_and_agree_with_the_type(tree in tree()) {
        let mut object = Object::new();
        object.insert("m", tree.clone());
        prop_assert_eq!(object.string("m").is_ok(), matches!(tree, Json::String(_) | Json::Null));
        prop_assert_eq!(object.bool("m").is_ok(), matches!(tree, Json::Bool(_) | Json::Null));
        prop_assert_eq!(object.array("m").is_ok(), matches!(tree, Json::Array(_) | Json::Null));
        prop_assert_eq!(object.object("m").is_ok(), matches!(tree, Json::Object(_) | Json::Null));
        if object.seconds("m").is_ok() {
            prop_assert!(matches!(tree, Json::Number(_)));
        }
        if object.strings("m").is_ok() {
            prop_assert!(matches!(tree, Json::Array(_) | Json::Null));
        }
    }

    #[test]
    fn a_url_that_is_accepted_means_the_same_to_the_url_standard_x17(text in text()) {
        match HttpsUrl::parse(&text) {
            Ok(url) => {
                prop_assert_eq!(url.as_str(), &text);
                // Where the standard refuses (impossible punycode or IPv6), no request is made at all.
                if let Ok(parsed) = url::Url::parse(&text) {
                    prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
                    prop_assert_eq!(parsed.fragment(), None);
                    let host = parsed.host_str().unwrap_or_default();
                    let scheme_and_host = format!("{}://{host}", parsed.scheme());
                    prop_assert!(url.origin().to_ascii_lowercase().starts_with(&scheme_and_host), "{}", text);
                    prop_assert_eq!(if url.path().is_empty() { "/" } else { url.path() }, parsed.path());
                    let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
                    prop_assert!(parsed.scheme() == "https" || (parsed.scheme() == "http" && is_loopback));
                }
            }
            Err(error) => {
                prop_assert!(matches!(error.code(), Code::InvalidMetadata | Code::InsecureEndpoint), "{}", error);
                prop_assert!(is_harmless(&error), "{}", error);
            }
        }
    }

    #[test]
    fn a_plain_url_is_accepted_and_its_parts_are_those_of_the_url_standard(
        text in r"https://[a-z][a-z0-9]{0,8}(\.[a-z]{1,9}){0,3}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_~-]{1,5}){0,3}/?(\?[a-z=&]{0,9})?"
    ) {
        let (ours, theirs) = (HttpsUrl::parse(&text).unwrap(), url::Url::parse(&text).unwrap());
        prop_assert_eq!(ours.origin().trim_end_matches(":443"), theirs.origin().ascii_serialization());
        prop_assert_eq!(ours.query(), theirs.query());
        prop_assert_eq!(format!("{}{}", ours.origin(), ours.path()), text.split('?').next().unwrap());
    }

    #[test]
    fn pairs_come_back_from_a_url_and_from_a_form(pairs in vec((any::<String>(), any::<String>()), 0..6)) {
        let url = HttpsUrl::parse("https://idp/a").unwrap().with_query(&borrowed(&pairs));
        let read: Vec<(String, String)> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        prop_assert_eq!(&read, &pairs);
        let form = HttpRequest::post_form("https://idp/a", &borrowed(&pairs)).body.unwrap();
        let read: Vec<(String, String)> = form_urlencoded::parse(form.expose().as_bytes()).into_owned().collect();
        prop_assert_eq!(&read, &pairs);
    }

    #[test]
    fn an_issuer_has_discovery_urls_on_its_own_origin_m2(text in text()) {
        if let Ok(issuer) = Issuer::parse(&text) {
            for kind in [ProviderType::Oidc, ProviderType::Oauth2] {
                for request in discovery_requests(&issuer, kind) {
                    let url = HttpsUrl::parse(&request.url);
                    // Only an issuer at the size limit has no room for the path.
                    prop_assert!(url.is_err() == (request.url.len() > 4096));
                    prop_assert!(request.url.starts_with(issuer.url().origin()));
                }
            }
        }
    }

    #[test]
    fn any_answer_to_discovery_is_metadata_or_a_typed_error(
        status in any::<u16>(), content_type in text(), value in text(), tree in tree(),
    ) {
        let issuer = Issuer::parse("https://idp").unwrap();
        let mut document = Object::new();
        document.insert("issuer", Json::String("https://idp".to_owned()));
        document.insert("token_endpoint", Json::String(value.clone()));
        document.insert("code_challenge_methods_supported", tree.clone());
        for (status, content_type) in [(status, content_type.as_str()), (200, "application/json")] {
            for body in [document.to_string(), tree.to_string(), value.clone()] {
                let headers = vec![("content-type".to_owned(), content_type.to_owned())];
                let response = HttpResponse { status, headers, body: body.into_bytes() };
                match judge_discovery(&response, &issuer) {
                    Ok(metadata) => prop_assert_eq!(metadata.issuer.as_ref(), Some(&issuer)),
                    Err(error) => prop_assert!(is_harmless(&error), "{}", error),
                }
            }
        }
    }

    #[test]
    fn any_callback_is_recognized_left_alone_or_refused_o7_x18(text in text(), ours in any::<bool>()) {
        let tag = StateTag::new("https://idp", "spa", "https://app/cb", "");
        let text = if ours { text.replace("state=", &format!("state={}", tag.state("x"))) } else { text };
        for mode in MODES {
            match recognize(&text, mode, &tag, Some("https://idp")) {
                Ok(Recognized::Ours(response)) => prop_assert!(
                    tag.owns(&response.state) || response.iss.as_deref() == Some("https://idp")
                ),
                Ok(Recognized::NothingHere | Recognized::NotOurs | Recognized::ToRelay) => {}
                Err(error) => prop_assert!(is_harmless(&error), "{}", error),
            }
            if let Err(error) = parse_response(&text, mode) {
                prop_assert!(is_harmless(&error), "{}", error);
            }
        }
    }

    #[test]
    fn a_response_comes_back_and_leaves_nothing_in_the_url(
        code in "[ -~]{1,40}", own in vec(("[a-c]{1,3}", any::<String>()), 0..4), at in 0_usize..4,
    ) {
        let tag = StateTag::new("https://idp", "spa", "https://app/cb", "");
        let state = tag.state("random");
        let base = HttpsUrl::parse("https://app/cb").unwrap();
        let mut all = own.clone();
        let at = at.min(own.len());
        for (name, value) in [("code", &code), ("state", &state)] {
            all.insert(at, (name.to_owned(), value.clone()));
        }
        let (before, full) = (base.with_query(&borrowed(&own)), base.with_query(&borrowed(&all)));
        for (mode, mark) in [(ResponseMode::Query, "?"), (ResponseMode::Fragment, "#")] {
            let (before, full) = (before.replacen('?', mark, 1), full.replacen('?', mark, 1));
            let Ok(Recognized::Ours(response)) = recognize(&full, mode, &tag, None) else {
                return Err(TestCaseError::fail(full));
            };
            prop_assert_eq!(&response.state, &state);
            let Outcome::Code(read) = &response.outcome else { return Err(TestCaseError::fail(full)) };
            prop_assert_eq!(read.expose(), &code);
            prop_assert_eq!(&without_response_parameters(&full, mode), &before);
        }
    }

    #[test]
    fn taking_a_response_out_leaves_none_and_does_nothing_twice_b7(text in text()) {
        let tag = StateTag::new("https://idp", "spa", "https://app/cb", "");
        for mode in MODES {
            let once = without_response_parameters(&text, mode);
            prop_assert!(once.len() <= text.len());
            prop_assert_eq!(&without_response_parameters(&once, mode), &once);
            prop_assert_eq!(recognize(&once, mode, &tag, None), Ok(Recognized::NothingHere));
        }
    }

    #[test]
    fn a_verifier_is_accepted_exactly_by_rfc_7636_p1(text in prop_oneof![text(), "[A-Za-z0-9._~-]{40,131}"]) {
        let valid = (43..=128).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
        prop_assert_eq!(CodeVerifier::parse(&text).is_ok(), valid);
    }

    #[test]
    fn a_verifier_made_from_random_bytes_is_valid_and_has_a_challenge_of_43_characters_p1(bytes in any::<[u8; 32]>()) {
        let verifier = CodeVerifier::from_random(bytes);
        prop_assert_eq!(CodeVerifier::parse(verifier.as_str()), Ok(verifier.clone()));
        prop_assert_eq!(verifier.challenge().len(), 43);
    }

    #[test]
    fn any_authorization_request_is_a_url_with_each_parameter_once_or_a_typed_error_x37(
        scope in text(), hint in any::<String>(), prompt in text(), resource in text(), name in text(), client in text(),
    ) {
        let document = br#"{"authorization_endpoint":"https://idp/auth?own=1"}"#;
        let metadata = ProviderMetadata::from_object(json::parse_object(document).unwrap()).unwrap();
        let verifier = CodeVerifier::from_random([1; 32]);
        let secrets = RequestSecrets { state: "s", nonce: Some("n"), verifier: &verifier };
        let mut request = AuthorizationRequest { login_hint: Some(hint.clone()), ..AuthorizationRequest::default() };
        let plain = authorization_url(&metadata, &client, "https://app/cb", &request, &secrets, false).unwrap();
        let pairs: Vec<(String, String)> = url::Url::parse(&plain).unwrap().query_pairs().into_owned().collect();
        for (name, value) in [("own", "1"), ("client_id", &client), ("login_hint", &hint), ("state", "s")] {
            let values: Vec<_> = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
            prop_assert_eq!(values, [value]);
        }
        request.scopes = vec![scope];
        request.prompt = Some(prompt);
        request.resources = vec![resource];
        request.extra_params = vec![(name, hint)];
        if let Err(error) = authorization_url(&metadata, &client, "https://app/cb", &request, &secrets, false) {
            prop_assert!(matches!(error.code(), Code::InvalidOption | Code::ReservedParameter), "{}", error);
            prop_assert!(is_harmless(&error), "{}", error);
        }
    }

    #[test]
    fn an_error_of_the_provider_is_harmless_whatever_it_says_x34(error in text(), description in text()) {
        let failure = refused(&error, Some(&description));
        prop_assert!(is_harmless(&failure));
        let description = failure.failure().error_description.clone().unwrap_or_default();
        prop_assert!(description.len() <= 500 && description.is_ascii() && !description.contains(['"', '\\', '\n']));
    }
}

#[test]
fn a_megabyte_of_objects_with_as_many_members_as_may_be_is_read() {
    let members: Vec<String> = (0..json::MAX_MEMBERS).map(|at| format!("\"{at}\":0")).collect();
    let object = format!("{{{}}}", members.join(","));
    assert!(json::parse(&format!("[{}]", vec![object; 60].join(","))).is_ok());
}
