//! DPoP proofs at a protected resource (RFC 9449 4.3): each of its steps, on the proof of the standard and on broken ones.
use base64ct::{Base64UrlUnpadded, Encoding};
use proptest::prelude::*;
use serde_json::{Value, json};
use wasm_oidc::error::{Class, Code, Error};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::dpop_proof::{DpopProof, MAX_PROOF_BYTES, comparable};
use wasm_oidc::protocol::secret::Secret;

/// RFC 9449 7.1, figure 12.
const PUBLISHED: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
                         VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
                         nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
                         QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj\
                         oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z\
                         WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF\
                         c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E\
                         OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const TARGET: &str = "https://resource.example.org/protectedresource";
/// RFC 9449 6.1, figure 9.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const NOW: i64 = 1_562_262_618;

fn secrets(proofs: &[&str]) -> Vec<Secret> {
    proofs.iter().map(|proof| Secret::new(*proof)).collect()
}

fn read(proofs: &[&str]) -> Result<DpopProof, Error> {
    DpopProof::read(&secrets(proofs), Algorithm::ALL)
}

fn part(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": {
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    } })
}

fn claims() -> Value {
    json!({ "jti": "e1j3V_bKic8-LAEB", "htm": "GET", "htu": TARGET, "iat": NOW,
        "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" })
}

/// A proof with members changed, or taken away where they are null; signed by nobody.
fn changed(header_changes: Value, claim_changes: Value) -> String {
    let (mut header, mut claims) = (header(), claims());
    for (target, changes) in [(&mut header, header_changes), (&mut claims, claim_changes)] {
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(target.as_object_mut().unwrap().remove(name)),
                value => target[name] = value.clone(),
            }
        }
    }
    format!("{}.{}.AAAA", part(&header), part(&claims))
}

fn whole(proof: &str) -> Result<(), Error> {
    let proof = read(&[proof])?;
    proof.check_request("GET", TARGET, Some(&comparable(&proof.target)))?;
    proof.check_time(NOW, 60, 60)?;
    proof.check_token(&Secret::new(TOKEN), THUMBPRINT)
}

fn refused(proof: &str) -> String {
    let error = whole(proof).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::RequestAuth, Code::InvalidDpopProof), "{error}");
    error.failure().message.clone().into_owned()
}

fn refused_with(header_changes: Value, claim_changes: Value) -> String {
    refused(&changed(header_changes, claim_changes))
}

#[test]
fn the_proof_of_the_standard_passes_every_step_d3() {
    whole(PUBLISHED).unwrap();
    whole(&changed(json!({}), json!({}))).unwrap();
    let proof = read(&[PUBLISHED]).unwrap();
    assert_eq!((proof.thumbprint.as_str(), proof.jwt_id.as_str()), (THUMBPRINT, "e1j3V_bKic8-LAEB"));
    assert_eq!((proof.method.as_str(), proof.target.as_str(), proof.issued_at), ("GET", TARGET, NOW));
}

#[cfg(feature = "native-crypto")]
#[test]
fn what_its_key_signed_is_what_is_handed_to_cryptography_d11() {
    let proof = read(&[PUBLISHED]).unwrap();
    let (signing_input, signature) = proof.signed();
    assert_eq!(crate::second_opinion::verdict(proof.algorithm, &proof.key, signing_input, signature), Some(true));
    let forged = read(&[&changed(json!({}), json!({}))]).unwrap();
    let (signing_input, signature) = forged.signed();
    assert_eq!(crate::second_opinion::verdict(forged.algorithm, &forged.key, signing_input, signature), Some(false));
}

#[test]
fn step_1_there_is_one_header_d11() {
    assert!(read(&[]).unwrap_err().failure().message.contains("has no header"));
    let error = read(&[PUBLISHED, PUBLISHED]).unwrap_err();
    assert!(error.failure().message.contains("more than one header"));
    assert_eq!(error.code(), Code::InvalidDpopProof);
}

#[test]
fn step_2_it_is_one_well_formed_jwt_d11() {
    for proof in ["", "a", "a.b", "a.b.c", "....", &PUBLISHED.replace('.', ".."), &format!("{PUBLISHED}="), "{}"] {
        refused(proof);
    }
    refused_with(json!({ "crit": ["x"] }), json!({}));
    let message = refused_with(json!({ "x": "y".repeat(MAX_PROOF_BYTES) }), json!({}));
    assert!(message.contains("longer"), "{message}");
}

#[test]
fn step_3_it_has_every_claim_with_its_type_d11() {
    for name in ["jti", "htm", "htu", "iat"] {
        assert!(refused_with(json!({}), json!({ name: null })).contains(name));
        for value in [json!([]), json!({}), json!(true)] {
            refused_with(json!({}), json!({ name: value }));
        }
    }
    for value in [json!(1), json!(["a"]), json!({})] {
        refused_with(json!({}), json!({ "nonce": value }));
        refused_with(json!({}), json!({ "ath": value }));
    }
    for iat in [json!("1562262618"), json!(-1), json!(1e300), json!(1_562_262_618_000_i64)] {
        refused_with(json!({}), json!({ "iat": iat }));
    }
    let text = changed(json!({}), json!({}));
    let twice = PUBLISHED.split('.').next().unwrap().to_owned()
        + "."
        + &Base64UrlUnpadded::encode_string(br#"{"jti":"a","jti":"b","htm":"GET","htu":"x","iat":1}"#)
        + ".AAAA";
    assert_ne!(text, twice);
    refused(&twice);
}

#[test]
fn what_has_to_be_remembered_is_bounded_d11() {
    for jti in [String::new(), "x".repeat(513)] {
        assert!(refused_with(json!({}), json!({ "jti": jti })).contains("jti"));
    }
    whole(&changed(json!({}), json!({ "jti": "x".repeat(512) }))).unwrap();
}

#[test]
fn step_4_its_type_is_dpop_jwt_d11() {
    for typ in
        [json!(null), json!("JWT"), json!("at+jwt"), json!("dpop"), json!("DPOP+JWT"), json!("application/dpop+jwt")]
    {
        assert!(refused_with(json!({ "typ": typ }), json!({})).contains("typ"));
    }
    refused_with(json!({ "typ": ["dpop+jwt"] }), json!({}));
}

#[test]
fn step_5_its_algorithm_is_asymmetric_and_allowed_d11() {
    for alg in ["none", "None", "nOnE", "HS256", "HS384", "HS512", "dir", "es256", ""] {
        assert!(refused_with(json!({ "alg": alg }), json!({})).contains("algorithm"), "{alg}");
    }
    refused_with(json!({ "alg": null }), json!({}));
    let only = DpopProof::read(&secrets(&[PUBLISHED]), &[Algorithm::RS256]).unwrap_err();
    assert_eq!((only.failure().expected.as_deref(), only.failure().actual.as_deref()), (Some("RS256"), Some("ES256")));
}

#[test]
fn step_7_its_key_is_a_public_one_of_its_algorithm_d11() {
    let key = &header()["jwk"];
    let with = |changes: Value| {
        let mut key = key.clone();
        for (name, value) in changes.as_object().unwrap() {
            key[name] = value.clone();
        }
        refused_with(json!({ "jwk": key }), json!({}))
    };
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(with(json!({ private: "AAAA" })).contains("public key"), "{private}");
    }
    for changes in [
        json!({ "kty": "oct", "k": "c2VjcmV0" }),
        json!({ "kty": "oct" }),
        json!({ "kty": "RSA" }),
        json!({ "crv": "P-384" }),
        json!({ "crv": "secp256k1" }),
        json!({ "x": "AAAA" }),
        json!({ "y": 1 }),
        json!({ "use": "enc" }),
        json!({ "key_ops": ["encrypt"] }),
        json!({ "alg": "ES384" }),
    ] {
        with(changes);
    }
    for jwk in [json!(null), json!("key"), json!([key]), json!({})] {
        refused_with(json!({ "jwk": jwk }), json!({}));
    }
    // A key by reference, or one in a certificate, is none.
    refused_with(json!({ "jwk": null, "jku": "https://thief.example/keys", "kid": "k", "x5c": ["AAAA"] }), json!({}));
    refused_with(json!({ "alg": "RS256" }), json!({}));
}

#[test]
fn step_8_it_is_for_the_method_byte_for_byte_d11() {
    for method in ["POST", "get", "Get", "GET ", ""] {
        assert!(refused_with(json!({}), json!({ "htm": method })).contains("htm"), "{method:?}");
    }
}

#[test]
fn step_9_it_is_for_the_url_d11() {
    let proof = read(&[PUBLISHED]).unwrap();
    for other in [
        "https://resource.example.org/protectedresource/",
        "https://resource.example.org/Protectedresource",
        "https://resource.example.org/other",
        "https://resource.example.org:8443/protectedresource",
        "http://resource.example.org/protectedresource",
        "https://resource.example.com/protectedresource",
    ] {
        let error = proof.check_request("GET", other, Some(TARGET)).unwrap_err();
        assert!(error.failure().message.contains("htu"), "{other}");
    }
    // What no parser takes for a URL is none of ours.
    assert!(proof.check_request("GET", TARGET, None).is_err());
}

#[test]
fn urls_are_compared_without_query_and_fragment_and_however_they_are_encoded() {
    for (href, normal) in [
        ("https://a.example/b?c=d#e", "https://a.example/b"),
        ("https://a.example/b#e?c", "https://a.example/b"),
        ("https://a.example/%7euser/%41", "https://a.example/~user/A"),
        ("https://a.example/%2f%c3%a9", "https://a.example/%2F%C3%A9"),
        ("https://a.example/100%/%zz%2", "https://a.example/100%/%zz%2"),
        ("https://a.example/%+1%25", "https://a.example/%+1%25"),
        ("https://a.example/%E9\u{e9}%", "https://a.example/%E9\u{e9}%"),
        ("", ""),
    ] {
        assert_eq!(comparable(href), normal);
        assert_eq!(comparable(normal), normal);
    }
    assert_ne!(comparable("https://a.example/a%2Fb"), comparable("https://a.example/a/b"));
}

#[test]
fn step_11_it_was_made_just_now_d11() {
    let proof = read(&[PUBLISHED]).unwrap();
    for (now, is_good) in [
        (NOW, true),
        (NOW + 120, true),
        (NOW + 121, false),
        (NOW - 60, true),
        (NOW - 61, false),
        (i64::MAX, false),
        (0, false),
    ] {
        assert_eq!(proof.check_time(now, 60, 60).is_ok(), is_good, "{now}");
    }
    assert_eq!(proof.latest_use(60, 60), NOW + 120);
}

#[test]
fn step_12_it_is_for_the_token_and_of_the_key_that_the_token_is_bound_to_d3_d11() {
    let proof = read(&[PUBLISHED]).unwrap();
    let message = |token: &str, key: &str| {
        let error = proof.check_token(&Secret::new(token), key).unwrap_err();
        error.failure().message.clone().into_owned()
    };
    assert!(message("another", THUMBPRINT).contains("ath"));
    assert!(message(TOKEN, &THUMBPRINT.to_lowercase()).contains("bound to"));
    assert!(message(TOKEN, "").contains("bound to"));
    assert!(refused_with(json!({}), json!({ "ath": null })).contains("ath"));
    assert!(refused_with(json!({}), json!({ "ath": "" })).contains("ath"));
}

#[test]
fn a_proof_is_known_by_its_key_and_its_id() {
    let identity = |header: Value, claims: Value| read(&[&changed(header, claims)]).unwrap().identity();
    let first = identity(json!({}), json!({}));
    assert_eq!(first.len(), 43);
    assert_eq!(identity(json!({}), json!({ "htm": "POST", "iat": 1 })), first);
    assert_ne!(identity(json!({}), json!({ "jti": "another" })), first);
    let ed25519 = json!({ "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } });
    assert_ne!(identity(ed25519, json!({})), first);
}

#[test]
fn nothing_shows_what_a_proof_holds_x26() {
    let proof = changed(json!({}), json!({ "jti": "canary", "nonce": "canary" }));
    assert!(!format!("{:?}", read(&[&proof]).unwrap()).contains("canary"));
    let error = whole(&changed(json!({}), json!({ "htu": "https://a.example/?key=canary" }))).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

proptest! {
    #[test]
    fn whatever_is_sent_as_a_proof_is_refused_or_has_what_a_proof_has(text in "[A-Za-z0-9_.{}\" -]{0,200}") {
        prop_assert!(read(&[&text]).is_err());
    }

    #[test]
    fn no_url_changes_when_it_is_normalized_twice(path in "[a-zA-Z0-9%/.~ é?#-]{0,60}") {
        let normal = comparable(&format!("https://a.example/{path}"));
        prop_assert_eq!(comparable(&normal), normal.clone());
        prop_assert!(!normal.contains(['?', '#']));
    }
}
