//! Which keys are tried for a token: those of its issuer and `jwks_uri` that fit, and never what a token says of keys
//! (RFC 8725 3.1, 3.8, 3.10).

use crate::simulated::{
    DISCOVERY, ISSUER, KEYS, SimulatedHost, TOKEN, answer, code_of, exchange, exchange_now, key, metadata, sign,
};
use serde_json::{Value, json};
use wasm_oidc::client::KeptOptions;
use wasm_oidc::error::Code;
use wasm_oidc::ports::Area;
use wasm_oidc::protocol::json::parse_object;

/// Metadata whose keys lie elsewhere at the same provider.
fn metadata_with_keys_at(path: &str) -> Value {
    let mut metadata = metadata();
    metadata["jwks_uri"] = format!("{ISSUER}{path}").into();
    metadata
}

fn key_set(ids: &[&str]) -> Value {
    json!({ "keys": ids.iter().map(|id| key(id)).collect::<Value>() })
}

#[test]
fn a_signature_of_another_key_under_a_known_key_id_is_refused_without_a_request_c6_j3() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.forges.set(true);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::SignatureInvalid);
    assert_eq!(host.provider.count(KEYS), 1);
}

#[test]
fn keys_of_another_jwks_uri_are_not_used_x4_j8() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata_with_keys_at("/moved"))));
    host.run(client.discover(true)).unwrap();
    // Still signed with the key of the old place, which the new one does not have.
    for _ in 0..2 {
        host.provider.plan("/moved", Ok(answer(200, &key_set(&["k9"]))));
    }
    assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound);
    assert_eq!((host.provider.count(KEYS), host.provider.count("/moved")), (1, 2));
}

#[test]
fn an_answer_of_another_jwks_uri_that_comes_late_is_not_used_x4_j8() {
    let host = SimulatedHost::process();
    let client = host.client();
    host.provider.take_time(KEYS, 5_000);
    let early = host.start(exchange(host.clone(), client.clone()));
    host.pass_seconds(1);
    host.provider.plan(DISCOVERY, Ok(answer(200, &metadata_with_keys_at("/moved"))));
    host.run(client.discover(true)).unwrap();
    for _ in 0..2 {
        host.provider.plan("/moved", Ok(answer(200, &key_set(&["k9"]))));
    }
    let late = host.start(exchange(host.clone(), client.clone()));
    host.pass_seconds(20);
    early.take().unwrap();
    assert_eq!(code_of(late.take()), Code::KeyNotFound);
    assert_eq!((host.provider.count(KEYS), host.provider.count("/moved")), (1, 2));
}

#[test]
fn keys_belong_to_an_issuer_though_another_names_the_same_url_x4_j8() {
    let tenant = format!("{ISSUER}/tenant");
    let host = SimulatedHost::process();
    exchange_now(&host, &host.client()).unwrap();
    let mut metadata = metadata();
    metadata["issuer"] = tenant.clone().into();
    host.provider.plan(&format!("/tenant{DISCOVERY}"), Ok(answer(200, &metadata)));
    let other = host.client_with(json!({ "issuer": tenant }));
    let now = host.seconds();
    let claims = json!({ "iss": tenant, "sub": "usr_1", "aud": "spa", "iat": now, "exp": now + 300 });
    let tokens = json!({ "access_token": "a", "token_type": "Bearer", "id_token": sign("k1", &claims, false) });
    let tokens = parse_object(tokens.to_string().as_bytes()).unwrap();
    let options = KeptOptions { auto_refresh: false, verifies_signature: true };
    for _ in 0..2 {
        host.provider.plan(KEYS, Ok(answer(200, &key_set(&["k9"]))));
    }
    // The key is known for the one issuer, and was never the other's.
    assert_eq!(code_of(host.run(other.create_agent(&tokens, &options))), Code::KeyNotFound);
    assert_eq!(host.provider.count(KEYS), 3);
    host.pass_seconds(31);
    assert!(host.run(other.create_agent(&tokens, &options)).is_ok());
}

#[test]
fn at_most_a_hundred_keys_are_tried_for_one_token_x7_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    let ids: Vec<String> = (0..2_000).map(|id| format!("n{id}")).collect();
    *host.provider.published.borrow_mut() = [&["k1".to_owned()][..], &ids].concat();
    *host.provider.header.borrow_mut() = json!({ "kid": null });
    exchange_now(&host, &client).unwrap();
    let began = host.executor.milliseconds();
    host.provider.forges.set(true);
    assert_eq!(code_of(exchange_now(&host, &client)), Code::SignatureInvalid);
    // One check takes a millisecond here; a second hundred comes with the keys that were fetched again.
    let checked = host.executor.milliseconds() - began;
    assert!((200..400).contains(&checked), "{checked}");
}

#[test]
fn a_token_without_a_key_id_is_checked_with_every_key_that_fits_x8() {
    let host = SimulatedHost::process();
    let client = host.client();
    *host.provider.published.borrow_mut() = vec!["k0".to_owned(), "k1".to_owned(), "k2".to_owned()];
    *host.provider.header.borrow_mut() = json!({ "kid": null });
    for signer in ["k0", "k1", "k2"] {
        *host.provider.signs_with.borrow_mut() = signer.to_owned();
        exchange_now(&host, &client).unwrap();
    }
    assert_eq!(host.provider.count(KEYS), 1);
    // And fetched once more where none of them is the one.
    host.provider.rotate_keys("k3");
    exchange_now(&host, &client).unwrap();
    assert_eq!(host.provider.count(KEYS), 2);
}

#[test]
fn keys_that_the_app_gave_are_the_only_ones_x4() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "jwks": key_set(&["k1"]) }));
    exchange_now(&host, &client).unwrap();
    host.pass_seconds(100_000);
    exchange_now(&host, &client).unwrap();
    for header in [json!({}), json!({ "kid": null })] {
        *host.provider.header.borrow_mut() = header;
        host.provider.rotate_keys("k2");
        assert!(matches!(code_of(exchange_now(&host, &client)), Code::KeyNotFound | Code::SignatureInvalid));
    }
    assert_eq!(host.provider.count(KEYS), 0);
    // Nor is anything about them written down.
    assert!(host.places.all(Area::Documents).iter().all(|(name, _)| name.starts_with("wasm-oidc:metadata:")));
}

#[test]
fn what_a_header_says_of_keys_is_never_followed_x3_j10() {
    let elsewhere = "https://attacker.example/keys";
    let headers: [Value; 5] = [
        json!({ "jku": elsewhere }),
        json!({ "x5u": elsewhere }),
        json!({ "jwk": key("thief") }),
        json!({ "x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA" }),
        json!({ "jku": elsewhere, "jwk": key("thief"), "kid": "thief" }),
    ];
    for header in headers {
        let host = SimulatedHost::process();
        let client = host.client();
        exchange_now(&host, &client).unwrap();
        let before = host.provider.requests();
        *host.provider.header.borrow_mut() = header.clone();
        // The right key passes, whatever stands beside it. The provider of this test fails on a request to anybody else.
        if header.get("kid").is_none() {
            exchange_now(&host, &client).unwrap();
            assert_eq!(host.provider.requests(), before + 1, "{header}");
        }
        host.provider.forges.set(true);
        let expected = if header.get("kid").is_none() { Code::SignatureInvalid } else { Code::KeyNotFound };
        assert_eq!(code_of(exchange_now(&host, &client)), expected, "{header}");
        let (tokens, keys) = (host.provider.count(TOKEN), host.provider.count(KEYS));
        assert_eq!(host.provider.requests(), before + tokens - 1 + keys - 1, "{header}");
        assert_eq!(keys, if header.get("kid").is_none() { 1 } else { 2 }, "{header}");
    }
}

#[test]
fn a_key_id_is_never_part_of_a_request_x4_j10() {
    for key_id in ["../../etc/passwd", "' OR 1=1 --", "https://attacker.example/keys", "k1/../k1", "K1", "k1 ", ""] {
        let host = SimulatedHost::process();
        let client = host.client();
        exchange_now(&host, &client).unwrap();
        // Signed with the published key: only its name is wrong.
        *host.provider.header.borrow_mut() = json!({ "kid": key_id });
        assert_eq!(code_of(exchange_now(&host, &client)), Code::KeyNotFound, "{key_id}");
        assert_eq!((host.provider.count(KEYS), host.provider.count(TOKEN)), (2, 2), "{key_id}");
        assert_eq!(host.provider.requests(), 5, "{key_id}");
    }
}

#[test]
fn a_key_id_that_is_too_long_forces_nothing_x4() {
    let host = SimulatedHost::process();
    let client = host.client();
    exchange_now(&host, &client).unwrap();
    *host.provider.header.borrow_mut() = json!({ "kid": "k".repeat(10_000) });
    assert_eq!(code_of(exchange_now(&host, &client)), Code::MalformedToken);
    assert_eq!(host.provider.count(KEYS), 1);
}

#[test]
fn an_algorithm_that_is_not_allowed_forces_nothing_x1_x2_j1_j2_c7() {
    for algorithm in ["none", "None", "nOnE", "HS256", "HS512", "ES256K", "rs256", "RS384"] {
        let host = SimulatedHost::process();
        let client = host.client();
        exchange_now(&host, &client).unwrap();
        *host.provider.header.borrow_mut() = json!({ "alg": algorithm });
        let before = host.provider.count(KEYS);
        assert_eq!(code_of(exchange_now(&host, &client)), Code::AlgNotAllowed, "{algorithm}");
        assert_eq!(host.provider.count(KEYS), before, "{algorithm}");
    }
}
