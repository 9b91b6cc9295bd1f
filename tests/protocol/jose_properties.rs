//! No token, header, claim or key set makes the readers panic, and none gets past them by chance.

use crate::support::{assemble, base64url, claims, expectations, fixture, token};
use proptest::prelude::*;
use wasm_oidc::authz::mapping::ClaimMapping;
use wasm_oidc::error::Class;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::id_token::{Expectations, NonceRule, check_algorithm, validate_claims, validate_refreshed};
use wasm_oidc::protocol::json::{Json, Number, Object};
use wasm_oidc::protocol::jwt;
use wasm_oidc::protocol::key_set::{KeySet, judge_key_set};
use wasm_oidc::protocol::metadata::ProviderType;
use wasm_oidc::protocol::token_response::judge;

/// Any JSON value that is not deep.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(Number::Integer(number))),
        (1_799_999_000_i64..1_800_001_000).prop_map(|number| Json::Number(Number::Integer(number))),
        any::<f64>()
            .prop_filter("JSON has finite numbers only", |number| number.is_finite())
            .prop_map(|number| Json::Number(Number::Decimal(format!("{number:e}")))),
        ".{0,12}".prop_map(Json::String),
        prop_oneof![Just("spa"), Just("usr_1"), Just("sig"), Just("RSA"), Just("AQAB"), Just("P-256")]
            .prop_map(|text| Json::String(text.to_owned())),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            proptest::collection::vec((name(), inner), 0..4).prop_map(|members| Json::Object(object(members))),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            "iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "acr", "auth_time", "at_hash", "c_hash", "alg", "kid", "typ",
            "crit", "cty", "x5t", "x5t#S256", "jku", "kty", "crv", "x", "y", "n", "e", "d", "use", "key_ops", "keys", "organizations",
            "id", "scopes", "title", "joined_at", "access_token", "token_type", "expires_in", "error",
        ]).prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

fn object(members: Vec<(String, Json)>) -> Object {
    let mut object = Object::new();
    for (name, value) in members {
        object.insert(&name, value);
    }
    object
}

fn members() -> impl Strategy<Value = Object> {
    proptest::collection::vec((name(), json()), 0..10).prop_map(object)
}

proptest! {
    #[test]
    fn any_text_is_a_token_or_an_error_of_parsing_x24_j14(text in prop_oneof![any::<String>(), "[A-Za-z0-9_.=-]{0,200}"]) {
        if let Err(error) = jwt::parse(&text) {
            prop_assert!(matches!(error.class(), Class::TokenParse | Class::TokenVerification));
        }
    }

    #[test]
    fn a_changed_byte_never_keeps_signing_input_and_signature_x24_j3(name in proptest::sample::select(vec!["RS256", "ES256", "EdDSA"]), at in any::<proptest::sample::Index>(), byte in "[ -~]") {
        let right = fixture("tokens", name);
        let at = at.index(right.len());
        let mut changed = right.clone();
        changed.replace_range(at..=at, &byte);
        if let (Ok(before), Ok(after)) = (jwt::parse(&right), jwt::parse(&changed)) {
            prop_assert_eq!(changed == right, before.signing_input == after.signing_input && before.signature == after.signature);
        }
    }

    #[test]
    fn any_header_and_any_claims_are_judged_x21_x22(header in members(), payload in members()) {
        if let Ok(jwt) = jwt::parse(&assemble(&header.to_string(), &payload.to_string())) {
            prop_assert!(jwt.header.get("crit").is_none());
            let _ = check_algorithm(&jwt, Algorithm::ALL);
            prop_assert!(validate_refreshed(&payload, &jwt, None, &expectations()).is_err() || payload.string("sub") == Ok(Some("usr_1")));
        }
    }

    #[test]
    fn with_any_claim_changed_only_a_right_one_passes_x21_c17(name in name(), value in json()) {
        let text = value.to_string();
        let jwt = jwt::parse(&token(&[(&name, Some(&text))])).unwrap();
        let accepted = validate_claims(&jwt, Some(Algorithm::RS256), &expectations());
        if let Ok(found) = accepted {
            prop_assert_eq!(found.claims.string("iss"), Ok(Some(crate::support::ISSUER)));
            prop_assert_eq!(found.claims.string("nonce"), Ok(Some(crate::support::NONCE)));
            prop_assert!(found.audiences.iter().any(|audience| audience == crate::support::CLIENT_ID));
            prop_assert!(matches!(found.claims.string("azp"), Ok(None | Some(crate::support::CLIENT_ID))));
            prop_assert!(found.expires_at > crate::support::NOW - 60 && found.issued_at <= crate::support::NOW + 60);
        }
    }

    #[test]
    fn no_clock_and_no_limit_overflows_x21_x30(
        now in any::<i64>(), clock_tolerance in any::<i64>(), max_age in any::<u64>(), age in any::<i64>(),
        at in any::<i64>(), float in any::<f64>(),
    ) {
        let expected = Expectations {
            now, clock_tolerance, max_age: Some(max_age), max_id_token_age: Some(age), nonce: NonceRule::Unchecked, ..expectations()
        };
        for number in [at.to_string(), format!("{float:e}")] {
            let changes = ["exp", "iat", "nbf", "auth_time"].map(|name| (name, Some(number.as_str())));
            if float.is_finite() {
                let _ = validate_claims(&jwt::parse(&token(&changes)).unwrap(), None, &expected);
            }
        }
    }

    #[test]
    fn any_key_set_is_read_and_holds_only_what_can_verify_x7_j4(entries in proptest::collection::vec(members(), 0..6)) {
        let mut document = Object::new();
        document.insert("keys", Json::Array(entries.into_iter().map(Json::Object).collect()));
        let set = KeySet::parse(&document).unwrap();
        prop_assert!(set.keys().iter().all(|key| Algorithm::ALL.iter().any(|&algorithm| key.fits(algorithm)) || key.algorithm.is_some()));
        prop_assert_eq!(&KeySet::parse(&wasm_oidc::protocol::json::parse_object(set.to_json().to_string().as_bytes()).unwrap()).unwrap(), &set);
    }

    #[test]
    fn any_answer_is_judged(status in any::<u16>(), kind in 0..4_usize, body in prop_oneof![
        members().prop_map(|members| members.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..80),
        "[a-z_]{0,12}=[a-z0-9%&=]{0,40}".prop_map(String::into_bytes),
    ]) {
        let media_types = ["application/json", "application/x-www-form-urlencoded", "text/html", ""];
        let media_type = media_types.get(kind).copied().unwrap_or_default();
        let response = HttpResponse { status, headers: vec![("content-type".to_owned(), media_type.to_owned())], body };
        prop_assert!(status == 200 || judge_key_set(&response).is_err());
        for provider in [ProviderType::Oidc, ProviderType::Oauth2] {
            if let Ok(tokens) = judge(&response, Class::TokenExchange, provider) {
                prop_assert_eq!(status, 200);
                prop_assert!(!tokens.access_token.is_empty());
            }
        }
    }

    #[test]
    fn any_organizations_claim_is_read_and_only_its_absence_is_none(claim in json()) {
        let mut all = claims(&[]);
        let is_there = |claims: &Object| ClaimMapping::default().grants(claims, None).unwrap().0.has_organizations();
        prop_assert!(!is_there(&all));
        all.insert("organizations", claim);
        prop_assert!(is_there(&all));
    }

    #[test]
    fn a_signature_of_any_bytes_comes_back_as_it_was(signature in proptest::collection::vec(any::<u8>(), 0..600)) {
        let token = format!("{}.{}.{}", base64url(r#"{"alg":"RS256"}"#), base64url("{}"), base64url(&signature));
        prop_assert_eq!(jwt::parse(&token).unwrap().signature, signature);
    }
}
