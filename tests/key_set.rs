//! Key sets: odd keys are skipped, good ones found, and none serves what it is not for (RFC 7517, 8725 3.1).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic fails a test")]

mod support;

use support::{base64url, fixtures, text};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::{Json, parse_object};
use wasm_oidc::protocol::key_set::{KeySet, MAX_CANDIDATES, judge_key_set};

fn key_set() -> KeySet {
    KeySet::parse(fixtures().object("jwks").unwrap().unwrap()).unwrap()
}

/// A key set of keys as the text says, with one right key beside them.
fn keys(odd: &str) -> KeySet {
    KeySet::parse(&parse_object(format!("{{\"keys\":[{odd}]}}").as_bytes()).unwrap()).unwrap()
}

/// The first key of this `kid` in the fixtures that is right, with members changed.
fn key(kid: &str, changes: &[(&str, Json)]) -> String {
    let written = parse_object(key_set().to_json().to_string().as_bytes()).unwrap();
    let all = written.array("keys").unwrap().unwrap();
    let found = all.iter().find_map(|key| match key {
        Json::Object(key) if key.get("kid") == Some(&text(kid)) => Some(key.clone()),
        _ => None,
    });
    let mut found = found.expect("the fixtures have the key");
    for (name, value) in changes {
        found.insert(name, value.clone());
    }
    found.to_string()
}

#[test]
fn without_a_key_id_every_fitting_key_is_tried() {
    let one = keys(&key("rsa", &[]));
    assert_eq!(one.candidates(Algorithm::RS256, None).len(), 1);
    let several = keys(&[key("rsa", &[]), key("rsa", &[("kid", text("b"))]), key("p256", &[])].join(","));
    assert_eq!(several.candidates(Algorithm::RS256, None).len(), 2);
    assert_eq!(several.candidates(Algorithm::ES256, None).len(), 1);
    assert!(several.candidates(Algorithm::EdDSA, None).is_empty());
}

#[test]
fn keys_with_the_same_key_id_are_all_tried() {
    let twice = keys(&[key("rsa", &[]), key("rsa", &[])].join(","));
    assert_eq!(twice.candidates(Algorithm::RS256, Some("rsa")).len(), 2);
    assert!(twice.candidates(Algorithm::RS256, Some("rotated")).is_empty());
}

#[test]
fn an_rsa_key_says_how_long_its_signatures_are_and_others_leave_it_to_the_algorithm() {
    let length = |jwk: &str| keys(jwk).keys().first().unwrap().signature_length();
    let modulus = [&[0, 0, 0x80][..], &[1; 255]].concat();
    let padded = key("rsa", &[("n", text(&base64url(modulus)))]);
    assert_eq!(length(&padded), Some(256));
    assert_eq!(length(&key("p256", &[])), None);
}

#[test]
fn a_key_serves_only_the_algorithm_of_its_type_its_curve_and_its_own_alg() {
    for &algorithm in Algorithm::ALL {
        let fitting: Vec<_> =
            key_set().keys().iter().filter(|key| key.fits(algorithm)).map(|key| key.key_id.clone().unwrap()).collect();
        let expected = match algorithm {
            Algorithm::ES256 => "p256",
            Algorithm::ES384 => "p384",
            Algorithm::ES512 => "p521",
            Algorithm::EdDSA | Algorithm::Ed25519 => "ed",
            _ => "rsa",
        };
        assert_eq!(fitting, [expected], "{algorithm:?}");
    }
    let named = keys(&key("rsa", &[("alg", text("RS256"))]));
    assert_eq!(named.candidates(Algorithm::RS256, None).len(), 1);
    for other in [Algorithm::RS512, Algorithm::PS256] {
        assert!(named.candidates(other, None).is_empty(), "{other:?}");
    }
    assert!(keys(&key("rsa", &[("alg", text("RSA-OAEP"))])).candidates(Algorithm::RS256, None).is_empty());
}

#[test]
fn odd_keys_are_skipped_and_the_good_ones_beside_them_found() {
    let found: Vec<_> = key_set().keys().iter().map(|key| key.key_id.clone().unwrap()).collect();
    assert_eq!(found, ["rsa", "p256", "p384", "p521", "ed"]);
    let short = Json::String(base64url([1; 31]));
    for odd in [
        key("rsa", &[("use", text("enc"))]),
        key("rsa", &[("use", Json::Null), ("key_ops", Json::Array(vec![text("encrypt")]))]),
        key("rsa", &[("use", Json::Bool(true))]),
        key("rsa", &[("d", text("AQAB"))]),
        key("rsa", &[("kid", Json::Bool(true))]),
        key("rsa", &[("e", text("AQ"))]),
        key("rsa", &[("e", text("Ag"))]),
        key("rsa", &[("e", text(""))]),
        key("rsa", &[("n", text(""))]),
        key("rsa", &[("n", Json::String(base64url([255; 128])))]),
        key("rsa", &[("n", Json::String(base64url([[127].as_slice(), &[255; 255]].concat())))]),
        key("rsa", &[("n", Json::String(base64url([255; 2049])))]),
        key("rsa", &[("kty", text("rsa"))]),
        key("p256", &[("x", short.clone())]),
        key("p256", &[("y", short.clone())]),
        key("p256", &[("crv", text("P-384"))]),
        key("p256", &[("crv", text("secp256k1"))]),
        key("ed", &[("x", short)]),
        key("ed", &[("crv", text("X25519"))]),
        key("ed", &[("crv", text("Ed448"))]),
        r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
        r#"{"kty":7}"#.to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
    ] {
        let set = keys(&format!("{odd},{}", key("p384", &[])));
        assert_eq!(set.keys().len(), 1, "{odd}");
        assert_eq!(set.candidates(Algorithm::ES384, Some("p384")).len(), 1, "{odd}");
    }
}

#[test]
fn a_modulus_with_a_sign_byte_is_the_same_key() {
    let plain = keys(&key("rsa", &[]));
    let written = parse_object(key("rsa", &[]).as_bytes()).unwrap();
    let modulus = written.string("n").unwrap().unwrap();
    // Three zero bytes are four characters, so the text can simply be put before.
    let padded = keys(&key("rsa", &[("n", text(&format!("AAAA{modulus}")))]));
    assert_eq!(plain, padded);
}

#[test]
fn of_5_000_keys_at_most_100_are_tried() {
    let many = keys(&vec![key("p256", &[]); 5_000].join(","));
    assert_eq!(many.keys().len(), 5_000);
    assert_eq!(many.candidates(Algorithm::ES256, None).len(), MAX_CANDIDATES);
    assert_eq!(many.candidates(Algorithm::ES256, Some("p256")).len(), MAX_CANDIDATES);
}

#[test]
fn what_a_key_set_writes_it_reads_back_with_public_members_only() {
    let set = key_set();
    let text = set.to_json().to_string();
    assert_eq!(KeySet::parse(&parse_object(text.as_bytes()).unwrap()).unwrap(), set);
    for key in set.keys() {
        let members = parse_object(key.to_jwk_json().as_bytes()).unwrap();
        assert!(members.iter().all(|(name, _)| ["kty", "crv", "n", "e", "x", "y"].contains(&name)), "{members}");
    }
}

#[test]
fn an_answer_that_is_no_key_set_is_refused() {
    let answer = |status, media_type: &str, body: &str| {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        judge_key_set(&HttpResponse { status, headers, body: body.as_bytes().to_vec() })
    };
    let good = key_set().to_json().to_string();
    let code = |result: Result<KeySet>| result.unwrap_err().code();
    assert_eq!(answer(200, "application/jwk-set+json; charset=utf-8", &good), Ok(key_set()));
    assert_eq!(answer(200, "application/json", &good), Ok(key_set()));
    assert_eq!(code(answer(200, "text/html", &good)), Code::InvalidKeySet);
    assert_eq!(code(answer(404, "application/json", &good)), Code::InvalidKeySet);
    assert_eq!(code(answer(302, "application/json", &good)), Code::InvalidKeySet);
    assert_eq!(code(answer(502, "text/html", "oops")), Code::ServerError);
    assert_eq!(code(answer(503, "application/json", &good)), Code::TemporarilyUnavailable);
    for body in
        ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, "\u{feff}{\"keys\":[]}", r#"{"keys":[],"keys":[]}"#]
    {
        assert_eq!(code(answer(200, "application/json", body)), Code::InvalidKeySet, "{body}");
    }
    let deep = format!("{{\"keys\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(code(answer(200, "application/json", &deep)), Code::InvalidKeySet);
    assert_eq!(answer(200, "application/json", r#"{"keys":[]}"#).map(|set| set.is_empty()), Ok(true));
}
