//! Options that are right, wrong, unknown and missing.

use super::*;
use crate::protocol::json::parse_object;

fn options(json: &str) -> Result<ClientOptions> {
    ClientOptions::from_json(&parse_object(json.as_bytes()).unwrap(), false)
}

fn refusal(json: &str) -> (Code, String) {
    let error = options(json).unwrap_err();
    (error.code(), error.failure().message.to_string())
}

const LEAST: &str = r#""issuer":"https://op.example","clientId":"spa""#;

#[test]
fn the_least_is_an_issuer_and_a_client_id_w8() {
    let options = options(&format!("{{{LEAST}}}")).unwrap();
    assert_eq!(options.scopes, ["openid", "profile", "email"]);
    assert_eq!((options.clock_tolerance, options.storage), (60, StorageKind::Memory));
    assert!(options.verify_signature && options.asks_for_id_token(&options.scopes));
}

#[test]
fn a_missing_option_is_named() {
    assert_eq!(refusal(r#"{"issuer":"https://op.example"}"#).0, Code::MissingOption);
    assert!(refusal(r#"{"clientId":"spa"}"#).1.contains("\"issuer\" is missing"));
}

#[test]
fn an_unknown_option_is_named_with_the_nearest_known_one() {
    let (code, message) = refusal(&format!("{{{LEAST},\"redirectURI\":\"https://a.example\"}}"));
    assert_eq!(code, Code::UnknownOption);
    assert_eq!(message, "unknown option \"redirectURI\"; did you mean \"redirectUri\"?");
    assert_eq!(refusal(&format!("{{{LEAST},\"zzzzzzzzzz\":1}}")).1, "unknown option \"zzzzzzzzzz\"");
}

#[test]
fn a_wrong_value_is_named_with_what_was_expected_and_never_repeated_c8_j5_w7() {
    for (option, expected) in [
        (r#""scopes":7"#, "expected a list of strings, got number"),
        (r#""storage":"cookie""#, "\"encrypted\" or an object with load, save and delete, got string"),
        (r#""clockToleranceSeconds":301"#, "expected whole seconds from 0 to 300, got number"),
        (r#""timeoutSeconds":0"#, "expected whole seconds from 1 to 600, got number"),
        (r#""callbackTimeoutSeconds":601"#, "expected whole seconds from 1 to 600, got number"),
        (r#""autoRefresh":"yes""#, "expected true or false, got string"),
        (r#""algorithms":["HS256"]"#, "expected a list of asymmetric JWS algorithms"),
        (r#""clientSecret":{"a":"hunter2"}"#, "expected a string that is not empty, got object"),
    ] {
        let (code, message) = refusal(&format!("{{{LEAST},{option}}}"));
        assert_eq!(code, Code::InvalidOption, "{option}");
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("hunter2"));
    }
}

#[test]
fn an_issuer_or_redirect_uri_on_plain_http_is_refused_but_for_loopback_b14() {
    assert_eq!(refusal(r#"{"issuer":"http://op.example","clientId":"spa"}"#).0, Code::InvalidOption);
    assert_eq!(refusal(&format!("{{{LEAST},\"redirectUri\":\"javascript:alert(1)\"}}")).0, Code::InvalidOption);
    assert!(options(r#"{"issuer":"http://localhost:9000","clientId":"spa"}"#).is_ok());
}

#[test]
fn a_secret_is_refused_in_a_page_only_int4() {
    let json = parse_object(format!("{{{LEAST},\"clientSecret\":\"hunter2\"}}").as_bytes()).unwrap();
    assert!(ClientOptions::from_json(&json, false).is_ok());
    let error = ClientOptions::from_json(&json, true).unwrap_err();
    assert_eq!(error.code(), Code::SecretInBrowser);
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn manual_metadata_must_say_who_signs_and_with_which_keys() {
    assert!(refusal(r#"{"clientId":"spa","metadata":{"issuer":"https://op.example"}}"#).1.contains("jwks_uri"));
    assert!(refusal(r#"{"clientId":"spa","metadata":{"jwks_uri":"https://op.example/k"}}"#).1.contains("issuer"));
    assert!(options(r#"{"clientId":"spa","type":"oauth2","metadata":{}}"#).is_ok());
}

#[test]
fn a_session_key_makes_the_client_one_persons_and_stands_beside_a_store_of_the_apps_own_alone() {
    let whose = options(&format!(r#"{{{LEAST},"storage":"custom","sessionKey":"a"}}"#)).unwrap();
    assert!(whose.single_user && whose.session_key.is_some());
    for other in ["memory", "session", "local"] {
        let (code, message) = refusal(&format!(r#"{{{LEAST},"storage":"{other}","sessionKey":"a"}}"#));
        assert_eq!(code, Code::InvalidOption);
        assert!(message.contains("\"sessionKey\": only beside"), "{message}");
    }
}

#[test]
fn a_store_of_the_apps_own_is_refused_where_nobody_says_whose_session_it_keeps_x38() {
    let nobodys = options(&format!(r#"{{{LEAST},"storage":"custom"}}"#)).unwrap();
    assert_eq!(nobodys.check_whose(false).unwrap_err().code(), Code::MissingOption);
    assert!(nobodys.check_whose(true).is_ok());
    assert!(options(&format!("{{{LEAST}}}")).unwrap().check_whose(false).is_ok());
}
