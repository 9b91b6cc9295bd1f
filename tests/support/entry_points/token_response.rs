//! Answers of the token endpoint: what is taken has the shape that everything behind relies on, and shows no token.

use super::{answer, check_error, check_hides, check_written, shown, texts};
use wasm_oidc::error::Class;
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::{Json, Number, Object, parse_object};
use wasm_oidc::protocol::metadata::ProviderType;
use wasm_oidc::protocol::token_response::{MAX_LIFETIME, TokenResponse, judge, tokens};
use wasm_oidc::session::token_set::TokenSet;

const SECRET: [&str; 3] = ["access_token", "refresh_token", "id_token"];

pub fn check(bytes: &[u8]) {
    let response = answer(bytes);
    for kind in [ProviderType::Oidc, ProviderType::Oauth2] {
        for job in [Class::TokenExchange, Class::Refresh] {
            match judge(&response, job, kind) {
                Ok(taken) => is_right(&response, &taken, kind),
                Err(error) => {
                    check_error(&error);
                    assert_ne!(error.class(), Class::Network);
                    if let Ok(members) = parse_object(&response.body) {
                        let elsewhere = texts(&members, &["error", "error_description", "token_type"]);
                        check_hides(&shown(&error), &texts(&members, &SECRET), &elsewhere);
                    }
                }
            }
        }
    }
}

fn is_right(response: &HttpResponse, taken: &TokenResponse, kind: ProviderType) {
    assert_eq!(response.status, 200);
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let given = [Some(&taken.access_token), taken.refresh_token.as_ref(), taken.id_token.as_ref()];
    let given: Vec<&str> = given.into_iter().flatten().map(wasm_oidc::protocol::secret::Secret::expose).collect();
    assert!(given.iter().all(|token| is_token(token)));
    assert_eq!(taken.token_type, "Bearer");
    assert!(taken.expires_in.is_none_or(|seconds| (0..=MAX_LIFETIME).contains(&seconds)));
    assert!(taken.refresh_expires_in.is_none_or(|seconds| (1..=MAX_LIFETIME).contains(&seconds)));
    assert!(kind == ProviderType::Oidc || taken.id_token.is_none());
    assert!(SECRET.iter().all(|name| taken.other.get(name).is_none()));

    let names: Vec<&str> = taken.other.iter().map(|(name, _)| name).chain(taken.scope.as_deref()).collect();
    check_hides(&format!("{taken:?}"), &given, &names);
    assert_eq!(tokens(written(taken), kind).as_ref(), Ok(taken));

    let set = TokenSet::from_response(taken.clone(), super::NOW, Some("openid"));
    check_hides(&format!("{set:?}"), &given, &names);
    check_written(&set.to_json());
    assert_eq!(TokenSet::from_json(&set.to_json()).as_ref(), Ok(&set));
    assert!(!set.access_valid(i64::MAX, 0) && !set.is_expired(i64::MIN, 0));
}

fn written(taken: &TokenResponse) -> Object {
    let mut members = taken.other.clone();
    let text = |text: &str| Json::String(text.to_owned());
    members.insert("access_token", text(taken.access_token.expose()));
    members.insert("token_type", text(&taken.token_type));
    for (name, secret) in [("refresh_token", &taken.refresh_token), ("id_token", &taken.id_token)] {
        if let Some(secret) = secret {
            members.insert(name, text(secret.expose()));
        }
    }
    for (name, seconds) in [("expires_in", taken.expires_in), ("refresh_expires_in", taken.refresh_expires_in)] {
        if let Some(seconds) = seconds {
            members.insert(name, Json::Number(Number::Integer(seconds)));
        }
    }
    if let Some(scope) = &taken.scope {
        members.insert("scope", text(scope));
    }
    members
}
