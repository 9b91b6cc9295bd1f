//! Answers of the token endpoint: what is taken, and what a lying or failing provider gets (RFC 6749 5.1 and 5.2).

use wasm_oidc::error::{Class, Code, Recovery, Result};
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::{parse, parse_object};
use wasm_oidc::protocol::metadata::ProviderType;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::protocol::token_response::{MAX_LIFETIME, TokenResponse, judge};

fn response(status: u16, media_type: &str, body: &str) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), media_type.to_owned()), ("retry-after".to_owned(), "7".to_owned())];
    HttpResponse { status, headers, body: body.as_bytes().to_vec() }
}

fn oidc(status: u16, body: &str) -> Result<TokenResponse> {
    judge(&response(status, "application/json;charset=UTF-8", body), Class::Refresh, ProviderType::Oidc)
}

fn code(result: Result<TokenResponse>) -> Code {
    result.map(|_| ()).unwrap_err().code()
}

/// A right response with one more member, or one replaced.
fn with(name: &str, value: &str) -> Result<TokenResponse> {
    let mut members = parse_object(br#"{"access_token":"at","token_type":"Bearer"}"#).unwrap();
    members.insert(name, parse(value).unwrap());
    oidc(200, &members.to_string())
}

#[test]
fn tokens_are_read_and_other_members_handed_on_o2() {
    let found = oidc(
        200,
        r#"{"access_token":"at","token_type":"bEARER","expires_in":3600,"refresh_token":"rt","refresh_expires_in":0,
            "id_token":"a.b.c","scope":"openid email","session_state":"s","not-before-policy":0}"#,
    )
    .unwrap();
    assert_eq!((found.access_token.expose(), found.token_type.as_str()), ("at", "Bearer"));
    assert_eq!((found.expires_in, found.refresh_expires_in), (Some(3600), None));
    assert_eq!(found.refresh_token, Some(Secret::new("rt")));
    assert_eq!(found.id_token, Some(Secret::new("a.b.c")));
    assert_eq!(found.scope.as_deref(), Some("openid email"));
    assert_eq!(found.other.to_string(), r#"{"session_state":"s","not-before-policy":0}"#);
}

#[test]
fn lifetime_scope_and_the_other_tokens_may_be_missing_or_null_o2() {
    let bare = oidc(200, r#"{"access_token":"at","token_type":"Bearer"}"#).unwrap();
    assert_eq!((bare.expires_in, &bare.scope, &bare.refresh_token, &bare.id_token), (None, &None, &None, &None));
    for name in ["expires_in", "scope", "refresh_token", "id_token", "refresh_expires_in"] {
        assert_eq!(with(name, "null").unwrap(), bare, "{name}");
    }
    assert_eq!(with("refresh_token", "\"\"").unwrap(), bare);
}

#[test]
fn a_lifetime_is_a_number_or_its_digits_never_negative_and_at_most_a_year_x30() {
    for (value, seconds) in [
        ("60", 60),
        ("\"60\"", 60),
        ("59.9", 59),
        ("0", 0),
        ("1e12", MAX_LIFETIME),
        ("1000000000000000000", MAX_LIFETIME),
    ] {
        assert_eq!(with("expires_in", value).unwrap().expires_in, Some(seconds), "{value}");
    }
    for value in ["-1", "\"-1\"", "-0.1", "true", "[60]", "\"\"", "\"soon\"", "1e300", "\"1e3\""] {
        assert_eq!(code(with("expires_in", value)), Code::InvalidResponse, "{value}");
    }
    assert_eq!(with("refresh_token_expires_in", "90").unwrap().refresh_expires_in, Some(90));
}

#[test]
fn tokens_of_another_type_are_refused_b16() {
    for value in ["\"DPoP\"", "\"mac\"", "\"\"", "\"N_A\""] {
        assert_eq!(code(with("token_type", value)), Code::TokenTypeMismatch, "{value}");
    }
    for value in ["null", "7"] {
        assert_eq!(code(with("token_type", value)), Code::InvalidResponse, "{value}");
    }
}

#[test]
fn what_could_not_stand_in_a_header_is_no_token_x33() {
    for value in ["\"\"", "null", "7", "\"a b\"", "\"a\\r\\nb\"", "\"\u{e9}\"", "{}"] {
        assert_eq!(code(with("access_token", value)), Code::InvalidResponse, "{value}");
    }
    assert_eq!(code(with("refresh_token", "\"a\\nb\"")), Code::InvalidResponse);
}

#[test]
fn an_error_has_its_code_the_job_that_failed_and_what_the_provider_said() {
    let error = oidc(400, r#"{"error":"invalid_grant","error_description":"token revoked"}"#).unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::InvalidGrant, Class::Refresh));
    let failure = error.failure();
    assert_eq!((failure.status, failure.retry_after), (Some(400), Some(7)));
    assert_eq!(failure.error_description.as_deref(), Some("token revoked"));
    assert_eq!(code(oidc(401, r#"{"error":"invalid_client"}"#)), Code::InvalidClient);
    assert_eq!(code(oidc(403, r#"{"error":"user_blocked"}"#)), Code::UserBlocked);
}

#[test]
fn a_provider_that_fails_has_decided_nothing_whatever_its_body_says() {
    for (status, expected) in [
        (500, Code::ServerError),
        (502, Code::ServerError),
        (503, Code::TemporarilyUnavailable),
        (429, Code::TemporarilyUnavailable),
    ] {
        for body in [r#"{"error":"invalid_grant"}"#, "<html>", ""] {
            let error = oidc(status, body).unwrap_err();
            assert_eq!((error.code(), error.failure().recovery), (expected, Recovery::Retry), "{status} {body}");
        }
    }
}

#[test]
fn answers_that_are_no_token_response_are_refused_x33() {
    let right = r#"{"access_token":"at","token_type":"Bearer"}"#;
    for status in [201, 202, 204, 206, 301, 302, 307, 400, 404] {
        let error = oidc(status, right).unwrap_err();
        assert_eq!((error.code(), error.failure().status), (Code::InvalidResponse, Some(status)));
    }
    for media_type in ["text/html", "text/plain", "", "application/x-www-form-urlencoded", "text/json"] {
        let error = judge(&response(200, media_type, right), Class::Refresh, ProviderType::Oidc).unwrap_err();
        assert_eq!((error.code(), error.class()), (Code::InvalidResponse, Class::Refresh), "{media_type}");
    }
    for body in ["", "[]", "<html>", "{}", r#"{"error":"invalid_grant"}"#, r#"{"access_token":"a","access_token":"b"}"#]
    {
        assert_eq!(code(oidc(200, body)), Code::InvalidResponse, "{body}");
    }
}

#[test]
fn plain_oauth_providers_may_answer_with_a_form_and_say_no_with_status_200() {
    let form = |body| {
        let response = response(200, "application/x-www-form-urlencoded; charset=utf-8", body);
        judge(&response, Class::TokenExchange, ProviderType::Oauth2)
    };
    let found = form("access_token=gho_1&scope=repo%2Cuser&token_type=bearer&expires_in=60&id_token=x").unwrap();
    assert_eq!((found.access_token.expose(), found.scope.as_deref()), ("gho_1", Some("repo user")));
    assert_eq!((found.expires_in, &found.id_token), (Some(60), &None));
    let error = form("error=bad_verification_code&error_description=expired").unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::InvalidGrant, Class::TokenExchange));
    assert_eq!(error.failure().error.as_deref(), Some("bad_verification_code"));
    assert_eq!(code(form("access_token=a&access_token=b&token_type=bearer")), Code::InvalidResponse);
    let json = response(200, "application/json", r#"{"error":"invalid_grant"}"#);
    assert_eq!(code(judge(&json, Class::Refresh, ProviderType::Oauth2)), Code::InvalidGrant);
    let many: String = (0..=2000).map(|at| format!("&x{at}=")).collect();
    assert_eq!(code(form(&format!("access_token=a&token_type=bearer{many}"))), Code::InvalidResponse);
}

#[test]
fn a_comma_separates_the_scopes_of_a_plain_oauth_provider_and_is_a_part_of_one_elsewhere() {
    let scope_of = |kind, scope: &str| {
        let body = format!("{{\"access_token\":\"a\",\"token_type\":\"bearer\",\"scope\":\"{scope}\"}}");
        judge(&response(200, "application/json", &body), Class::TokenExchange, kind).unwrap().scope.unwrap()
    };
    for (written, read) in [
        ("repo,gist", "repo gist"),
        ("repo, gist", "repo gist"),
        ("repo gist", "repo gist"),
        ("read:user,user:email", "read:user user:email"),
        (",repo,,gist,", "repo gist"),
        ("", ""),
    ] {
        assert_eq!(scope_of(ProviderType::Oauth2, written), read);
        assert_eq!(scope_of(ProviderType::Oidc, written), written);
    }
}

#[test]
fn the_words_of_github_are_those_of_rfc_6749_5_2_for_every_decision_and_stay_to_be_read() {
    for (word, job, expected) in [
        ("bad_verification_code", Class::TokenExchange, Code::InvalidGrant),
        ("bad_refresh_token", Class::Refresh, Code::InvalidGrant),
        ("incorrect_client_credentials", Class::TokenExchange, Code::InvalidClient),
        ("redirect_uri_mismatch", Class::TokenExchange, Code::ProviderRefused),
    ] {
        let body = format!("error={word}&error_description=It+is+so.&error_uri=https%3A%2F%2Fdocs.example%2F");
        let answer = response(200, "application/x-www-form-urlencoded", &body);
        let error = judge(&answer, job, ProviderType::Oauth2).unwrap_err();
        assert_eq!((error.code(), error.class()), (expected, job), "{word}");
        let failure = error.failure();
        let said = (failure.error.as_deref(), failure.error_description.as_deref(), failure.status);
        assert_eq!(said, (Some(word), Some("It is so."), Some(200)));
    }
}

#[test]
fn neither_debug_nor_an_error_shows_a_token_x26() {
    let found = with("refresh_token", "\"canary-1\"").unwrap();
    assert!(!format!("{found:?}").contains("canary"));
    for (name, value) in [("access_token", "\"canary 2\""), ("token_type", "\"x\""), ("expires_in", "\"canary\"")] {
        assert!(!format!("{:?}", with(name, value).unwrap_err()).contains("canary"), "{name}");
    }
}
