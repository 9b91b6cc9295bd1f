//! A client that authenticates by assertions: at which endpoints, that none is used twice, and what goes wrong before
//! anything is sent.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};
use wasm_oidc::client::{Client, ClientCredentials, ClientOptions, Renewed};
use wasm_oidc::error::{Class, Code};
use wasm_oidc::ports::{CryptoFailure, HttpFailure};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::json::{parse_object, parse_object_as};
use wasm_oidc::protocol::jwt::{self, Jwt};
use wasm_oidc::session::TokenSet;

use crate::simulated::{
    self, DISCOVERY, INTROSPECT, ISSUER, REVOKE, SimulatedHost, TOKEN, answer, code_of, exchange_now, metadata, pairs,
};
use crate::{second_opinion, signing_keys};

const SECRET: &str = "canary-canary-canary-canary-canary";

fn by_key() -> Value {
    json!({ "clientAuth": { "method": "private_key_jwt", "algorithms": ["ES256"], "keyId": "k1" } })
}

fn by_secret() -> Value {
    json!({ "clientAuth": { "method": "client_secret_jwt", "clientSecret": SECRET } })
}

/// A server whose key signs.
fn server() -> SimulatedHost {
    let host = SimulatedHost::process();
    *host.signs.borrow_mut() = Some(Rc::new(signing_keys::sign));
    host
}

/// The assertions of all requests, with their paths.
fn assertions(host: &SimulatedHost) -> Vec<(String, Jwt)> {
    let seen = host.provider.seen.borrow();
    let sent = seen.iter().filter_map(|request| {
        let form = pairs(request.body.as_ref()?.expose());
        let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!(form["client_id"], "spa");
        assert!(!form.contains_key("client_secret") && request.headers.iter().all(|(name, _)| name != "authorization"));
        Some((path, jwt::parse(&form["client_assertion"]).unwrap()))
    });
    sent.collect()
}

fn tokens(refresh_token: Option<&str>) -> TokenSet {
    let tokens = json!({
        "access_token": "at", "token_type": "Bearer", "issued_at": 0, "expires_at": 0, "refresh_token": refresh_token,
        "version": 1,
    });
    TokenSet::from_json(&parse_object(tokens.to_string().as_bytes()).unwrap()).unwrap()
}

fn machine(host: &SimulatedHost, client: &Client<SimulatedHost>) -> wasm_oidc::error::Result<Renewed> {
    let options = ClientCredentials::from_json(&parse_object(br#"{"scopes":["a:b"]}"#).unwrap()).unwrap();
    host.run(client.client_credentials(&options, None))
}

fn token_answer() -> Result<wasm_oidc::protocol::http::HttpResponse, HttpFailure> {
    Ok(answer(200, &json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 60 })))
}

#[test]
fn every_request_that_says_who_the_client_is_carries_an_assertion_of_its_own() {
    for options in [by_key(), by_secret()] {
        let host = server();
        let client = host.client_with(options.clone());
        exchange_now(&host, &client).unwrap();
        let refresh_token = host.provider.refresh_token();
        host.run(client.refresh_tokens(&tokens(Some(&refresh_token)))).unwrap();
        host.run(client.introspect("at", None)).unwrap();
        host.run(client.revoke_token(Some("at"), None)).unwrap();
        host.provider.plan(TOKEN, token_answer());
        machine(&host, &client).unwrap();
        let sent = assertions(&host);
        let paths: Vec<_> = sent.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [TOKEN, TOKEN, INTROSPECT, REVOKE, TOKEN], "{options}");
        let identifiers: BTreeSet<_> = sent.iter().map(|(_, jwt)| jwt.claims.required_string("jti").unwrap()).collect();
        assert_eq!(identifiers.len(), sent.len());
        for (path, jwt) in &sent {
            assert_eq!(jwt.claims.required_string("aud").unwrap(), ISSUER, "{path}");
            assert_eq!(jwt.claims.required_string("jti").unwrap().len(), 43);
            let iat = jwt.claims.required_seconds("iat").unwrap();
            assert!((0..=10).contains(&(host.seconds() - iat)), "{path}");
            if jwt.algorithm == "ES256" {
                assert_eq!(jwt.key_id.as_deref(), Some("k1"));
                let key = signing_keys::public_key(Algorithm::ES256);
                let input = jwt.signing_input.as_bytes();
                assert_eq!(second_opinion::verdict(Algorithm::ES256, &key, input, &jwt.signature), Some(true));
            }
        }
    }
}

#[test]
fn the_same_request_again_carries_a_new_assertion() {
    let host = server();
    let client = host.client_with(by_key());
    host.provider.plan(TOKEN, Err(HttpFailure::Network("reset".to_owned())));
    host.provider.plan(TOKEN, token_answer());
    assert_eq!(code_of(machine(&host, &client)), Code::NetworkFailure);
    host.pass_seconds(120);
    machine(&host, &client).unwrap();
    let sent = assertions(&host);
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].1.claims.required_string("jti").unwrap(), sent[1].1.claims.required_string("jti").unwrap());
    assert_ne!(sent[0].1.claims.required_seconds("exp").unwrap(), sent[1].1.claims.required_seconds("exp").unwrap());
}

#[test]
fn what_keeps_the_key_from_signing_is_a_typed_error_and_nothing_is_sent() {
    let failing = |failure| -> Rc<simulated::Signs> { Rc::new(move |_: Algorithm, _: &[u8]| Err(failure)) };
    for (signs, code) in [
        (Some(failing(CryptoFailure::InvalidKey)), Code::InvalidOption),
        (Some(failing(CryptoFailure::Unsupported)), Code::CryptoUnavailable),
        (None, Code::CryptoUnavailable),
    ] {
        let host = SimulatedHost::process();
        *host.signs.borrow_mut() = signs;
        let error = machine(&host, &host.client_with(by_key())).unwrap_err();
        assert_eq!((error.code(), error.class()), (code, Class::Configuration));
        assert!(error.to_string().contains("this host signs nothing by ES256"), "{error}");
        assert_eq!(host.provider.count(TOKEN), 0);
    }
}

#[test]
fn an_algorithm_that_the_provider_does_not_list_is_said_before_anything_is_sent() {
    let mut document = metadata();
    document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256"]);
    for options in [by_key(), by_secret()] {
        let host = server();
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        let error = machine(&host, &host.client_with(options)).unwrap_err();
        assert_eq!((error.code(), error.class()), (Code::InvalidOption, Class::Configuration));
        assert!(
            error.to_string().contains("of what the provider takes, \"RS256\", its key or secret signs by none"),
            "{error}"
        );
        assert_eq!(host.provider.count(TOKEN), 0);
    }
}

#[test]
fn a_secret_alone_goes_by_an_assertion_where_the_provider_lists_nothing_else() {
    let mut document = metadata();
    document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "client_secret_jwt"]);
    for options in [json!({ "clientSecret": SECRET }), json!({ "clientAuth": { "clientSecret": SECRET } })] {
        let host = server();
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        host.provider.plan(TOKEN, token_answer());
        machine(&host, &host.client_with(options)).unwrap();
        assert_eq!(assertions(&host)[0].1.algorithm, "HS256");
    }
}

#[test]
fn a_refusal_of_the_client_says_where_to_look() {
    let host = server();
    host.provider.plan(TOKEN, Ok(answer(401, &json!({ "error": "invalid_client" }))));
    let error = machine(&host, &host.client_with(by_key())).unwrap_err();
    assert_eq!(error.code(), Code::InvalidClient);
    assert!(error.to_string().contains("check `clientId`"), "{error}");
    assert!(!format!("{error:?}").contains("eyJ"));
}

#[test]
fn options_that_name_no_method_or_half_of_one_are_refused() {
    let options = |client_auth: Value, in_page: bool| {
        let options = json!({ "issuer": ISSUER, "clientId": "web", "clientAuth": client_auth });
        ClientOptions::from_json(
            &parse_object_as(options.to_string().as_bytes(), Code::InvalidOption).unwrap(),
            in_page,
        )
    };
    for right in [by_key(), by_secret(), json!({ "clientAuth": { "algorithms": ["EdDSA", "Ed25519"] } })] {
        assert!(options(right["clientAuth"].clone(), false).is_ok(), "{right}");
        assert_eq!(code_of(options(right["clientAuth"].clone(), true)), Code::SecretInBrowser);
    }
    for (wrong, expected) in [
        (json!({ "method": "private_key_jwt" }), "\"private_key_jwt\" with `key`"),
        (json!({ "method": "private_key_jwt", "clientSecret": "canary" }), "\"private_key_jwt\" with `key`"),
        (json!({ "method": "private_key_jwt", "algorithms": ["HS256"] }), "\"private_key_jwt\" with `key`"),
        (json!({ "method": "client_secret_jwt" }), "\"client_secret_jwt\" with `clientSecret`"),
        (json!({ "method": "client_secret_jwt", "clientSecret": "canary" }), "32 bytes or more"),
        (json!({ "method": "tls_client_auth" }), "a `method` that is \"none\""),
        (json!({}), "a `method` that is \"none\""),
        (json!({ "method": "client_secret_jwt", "clientSecret": SECRET, "audience": 7 }), "audience"),
    ] {
        let error = options(wrong.clone(), false).unwrap_err();
        assert_eq!(error.code(), Code::InvalidOption, "{wrong}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
