//! Tokens: real signatures, hostile headers, hostile JSON (RFC 7515, 7518, 8725).

use crate::support::{CLIENT_ID, assemble, base64url, claims, expectations, fixture, fixtures, token};
use crate::timing::shortest;
use wasm_oidc::error::Code;
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::id_token::{Expectations, check_algorithm, validate_claims};
use wasm_oidc::protocol::json::Json;
use wasm_oidc::protocol::jwt::{self, Jwt};
use wasm_oidc::protocol::key_set::KeySet;

fn key_set() -> KeySet {
    KeySet::parse(fixtures().object("jwks").unwrap().unwrap()).unwrap()
}

fn read(name: &str) -> Jwt {
    jwt::parse(&fixture("tokens", name)).unwrap()
}

fn refused(token: &str) -> Code {
    jwt::parse(token).expect_err("the token was taken").code()
}

#[test]
fn a_token_of_every_algorithm_passes_with_at_hash_and_c_hash_c14() {
    let (fixtures, set) = (fixtures(), key_set());
    let expected = Expectations {
        access_token: fixtures.string("access_token").unwrap(),
        code: fixtures.string("code").unwrap(),
        ..expectations()
    };
    for &algorithm in Algorithm::ALL {
        let jwt = read(algorithm.as_str());
        assert_eq!(check_algorithm(&jwt, Algorithm::ALL), Ok(algorithm));
        assert_eq!(set.candidates(algorithm, jwt.key_id.as_deref()).len(), 1, "{algorithm:?}");
        let found = validate_claims(&jwt, Some(algorithm), &expected).unwrap();
        assert_eq!((found.subject.as_str(), found.audiences), ("usr_1", vec![CLIENT_ID.to_owned()]));
    }
}

#[test]
fn a_wrong_at_hash_or_c_hash_is_refused_for_every_algorithm_c14() {
    for &algorithm in Algorithm::ALL {
        let jwt = read(algorithm.as_str());
        let check = |expected| validate_claims(&jwt, Some(algorithm), &expected).unwrap_err().code();
        let access_token = Expectations { access_token: Some("another token"), ..expectations() };
        assert_eq!(check(access_token), Code::AtHashMismatch, "{algorithm:?}");
        assert_eq!(check(Expectations { code: Some("another code"), ..expectations() }), Code::CHashMismatch);
    }
}

#[test]
fn hashes_are_checked_without_a_signature_too_and_refused_where_none_is_defined_c14() {
    let check = |algorithm: &str, hash: &str| {
        let payload = claims(&[("at_hash", Some(&format!("\"{hash}\"")))]).to_string();
        let jwt = jwt::parse(&assemble(&format!(r#"{{"alg":"{algorithm}"}}"#), &payload))?;
        validate_claims(&jwt, None, &Expectations { access_token: Some("token"), ..expectations() })
    };
    // The left half of SHA-256("token").
    assert!(check("HS256", "PEaenWxYddN6Q_NT1PiOYQ").is_ok());
    assert_eq!(check("HS256", "PEaenWxYddN6Q_NT1PiOYR").unwrap_err().code(), Code::AtHashMismatch);
    assert_eq!(check("none", "PEaenWxYddN6Q_NT1PiOYQ").unwrap_err().code(), Code::AtHashMismatch);
}

#[test]
fn an_algorithm_that_is_not_allowed_is_refused_before_any_key_is_looked_up_x1_x2_j1_j2_c7_c8() {
    let payload = claims(&[]).to_string();
    for name in ["none", "None", "nOnE", "HS256", "HS512", "rs256", "ES256K", ""] {
        let jwt = jwt::parse(&assemble(&format!(r#"{{"alg":"{name}"}}"#), &payload)).unwrap();
        assert_eq!(check_algorithm(&jwt, Algorithm::ALL).unwrap_err().code(), Code::AlgNotAllowed, "{name}");
    }
    let unsecured = jwt::parse(&fixture("hostile", "none")).unwrap();
    assert_eq!(check_algorithm(&unsecured, Algorithm::ALL).unwrap_err().code(), Code::AlgNotAllowed);
    let symmetric = jwt::parse(&fixture("hostile", "hs256_with_public_key")).unwrap();
    assert_eq!(check_algorithm(&symmetric, Algorithm::ALL).unwrap_err().code(), Code::AlgNotAllowed);
    let error = check_algorithm(&read("PS256"), &[Algorithm::RS256, Algorithm::ES256]).unwrap_err();
    assert_eq!(error.code(), Code::AlgNotAllowed);
    assert_eq!(error.failure().expected.as_deref(), Some("RS256 ES256"));
    assert_eq!(error.failure().actual.as_deref(), Some("PS256"));
}

#[test]
fn a_signature_of_a_wrong_length_is_refused_before_any_key_is_looked_up_x1_x25_c6() {
    let der = jwt::parse(&fixture("hostile", "es256_der")).unwrap();
    assert_eq!(check_algorithm(&der, Algorithm::ALL).unwrap_err().code(), Code::SignatureInvalid);
    for &algorithm in Algorithm::ALL {
        let mut jwt = read(algorithm.as_str());
        let _ = jwt.signature.pop();
        assert_eq!(check_algorithm(&jwt, Algorithm::ALL).unwrap_err().code(), Code::SignatureInvalid, "{algorithm:?}");
        jwt.signature.clear();
        assert_eq!(check_algorithm(&jwt, Algorithm::ALL).unwrap_err().code(), Code::SignatureInvalid, "{algorithm:?}");
    }
}

#[test]
fn keys_in_the_header_are_never_used_x3_j10() {
    let jwt = jwt::parse(&fixture("hostile", "key_in_header")).unwrap();
    assert!(jwt.header.get("jwk").is_some() && jwt.header.get("jku").is_some());
    let set = key_set();
    let candidates = set.candidates(check_algorithm(&jwt, Algorithm::ALL).unwrap(), jwt.key_id.as_deref());
    assert_eq!(candidates, set.candidates(Algorithm::RS256, Some("rsa")));
}

#[test]
fn crit_and_b64_are_refused_x5() {
    for header in [
        r#"{"alg":"RS256","crit":["exp"]}"#,
        r#"{"alg":"RS256","crit":[]}"#,
        r#"{"alg":"RS256","crit":null}"#,
        r#"{"alg":"RS256","b64":false}"#,
        r#"{"alg":"RS256","b64":true}"#,
    ] {
        assert_eq!(refused(&assemble(header, "{}")), Code::UnsupportedHeader, "{header}");
    }
}

#[test]
fn a_key_id_is_opaque_and_at_most_one_kilobyte_long_x4_j10() {
    let with = |kid: &str| assemble(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#), "{}");
    assert_eq!(refused(&with(&format!("\"{}\"", "k".repeat(10_000)))), Code::MalformedToken);
    assert_eq!(refused(&with("7")), Code::MalformedToken);
    for kid in ["../../dev/null", "' OR 1=1 --", "https://attacker.example/jwks", "RSA", "rsa ", ""] {
        let jwt = jwt::parse(&with(&format!("\"{kid}\""))).unwrap();
        assert_eq!(jwt.key_id.as_deref(), Some(kid));
        assert!(key_set().candidates(Algorithm::RS256, Some(kid)).is_empty(), "{kid}");
    }
}

#[test]
fn what_is_no_compact_token_is_refused_x24_j14_j15_c1() {
    let right = token(&[]);
    assert!(jwt::parse(&right).is_ok());
    let parts: Vec<&str> = right.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{right}."),
        format!("{right}.{signature}"),
        format!("{right}.{signature}.{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}. {signature}"),
        format!("{right}\n"),
        format!(" {right}"),
        format!("{header}.{payload}.+/{signature}"),
        // One character more than whole bytes, and bits that no byte has.
        format!("{header}.{payload}.A"),
        format!("{header}.{payload}.AB"),
        r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        "\u{e9}.\u{e9}.\u{e9}".to_owned(),
    ] {
        assert_eq!(refused(&token), Code::MalformedToken, "{token}");
    }
    for token in [format!(".{payload}.{signature}"), format!("{header}..{signature}")] {
        assert_eq!(jwt::parse(&token).unwrap_err().failure().message, "a part of the token is empty");
    }
    let encrypted = jwt::parse("e30.e30.e30.e30.e30").unwrap_err();
    assert!(encrypted.failure().message.contains("JWE"), "{encrypted}");
}

#[test]
fn json_that_readers_disagree_about_is_refused_x22() {
    for part in [
        "[]",
        "null",
        "\"text\"",
        "{",
        "{} {}",
        r#"{"alg":"RS256","alg":"none"}"#,
        r#"{"alg":"RS256","\u0061lg":"none"}"#,
        "\u{feff}{\"alg\":\"RS256\"}",
        r#"{"alg":"RS256","x":"\ud800"}"#,
        r#"{"alg":"RS256","x":{"a":1,"a":2}}"#,
        r#"{"alg":"RS256","x":1e400}"#,
        r#"{"alg":"RS256","x":NaN}"#,
    ] {
        assert_eq!(refused(&assemble(part, "{}")), Code::MalformedToken, "header {part}");
        assert_eq!(refused(&assemble(r#"{"alg":"RS256"}"#, part)), Code::MalformedToken, "payload {part}");
    }
    for header in ["{}", r#"{"alg":null}"#, r#"{"alg":7}"#, r#"{"alg":["RS256"]}"#, r#"{"alg":"RS256","typ":7}"#] {
        assert_eq!(refused(&assemble(header, "{}")), Code::MalformedToken, "{header}");
    }
    let not_utf8 = format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256"}"#), base64url([b'{', 0xff, b'}']));
    assert_eq!(refused(&not_utf8), Code::MalformedToken);
}

#[test]
fn bombs_are_refused_x23() {
    assert_eq!(refused(&"A".repeat(1_000_000)), Code::MalformedToken);
    assert_eq!(
        refused(&assemble(r#"{"alg":"RS256"}"#, &format!("{{\"x\":\"{}\"}}", "x".repeat(1_000_000)))),
        Code::MalformedToken
    );
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(refused(&assemble(r#"{"alg":"RS256"}"#, &deep)), Code::MalformedToken);
    assert_eq!(refused(&assemble(&deep, "{}")), Code::MalformedToken);
    let members: Vec<String> = (0..15_000).map(|n| format!("\"{n}\":0")).collect();
    let many = assemble(r#"{"alg":"RS256"}"#, &format!("{{{}}}", members.join(",")));
    assert_eq!(refused(&many), Code::MalformedToken);
}

#[test]
fn the_most_expensive_token_below_the_limits_costs_no_more_than_in_proportion_x23() {
    let members: Vec<String> = (0..1_990).map(|n| format!("\"{n}\":0")).collect();
    let object = format!("{{{}}}", members.join(","));
    let token = |objects| {
        let payload = format!("{{\"x\":[{}]}}", vec![object.clone(); objects].join(","));
        assemble(r#"{"alg":"RS256"}"#, &payload)
    };
    let (small, large) = (token(1), token(11));
    assert!((240_000..jwt::MAX_TOKEN_BYTES).contains(&large.len()), "{}", large.len());
    let [one, eleven] = [&small, &large].map(|token| shortest(&|| assert!(jwt::parse(token).is_ok())));
    assert!(eleven < one * 66, "{one:?}, and {eleven:?} for eleven times the token");
}

#[test]
fn a_token_over_the_limit_is_refused_before_it_is_decoded_x23() {
    let payload = format!("{{\"x\":\"{}\"}}", "x".repeat(200_000));
    let refused = jwt::parse(&assemble(r#"{"alg":"RS256"}"#, &payload)).unwrap_err();
    assert_eq!(refused.failure().message, "the token is longer than any honest one");
    // What is no base64url at all is not looked at either.
    let refused = jwt::parse(&"%".repeat(jwt::MAX_TOKEN_BYTES + 1)).unwrap_err();
    assert_eq!(refused.failure().message, "the token is longer than any honest one");
}

#[test]
fn passwords_encryption_and_compression_of_a_header_are_for_nothing_x23_j13_j15() {
    for header in [
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2147483647,"p2s":"AAAA"}"#,
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
    ] {
        let payload = claims(&[]).to_string();
        let jwt = jwt::parse(&assemble(header, &payload)).unwrap();
        assert_eq!(check_algorithm(&jwt, Algorithm::ALL).unwrap_err().code(), Code::AlgNotAllowed, "{header}");
        let encrypted = format!("{}.AAAA.AAAA.AAAA.AAAA", base64url(header));
        let error = jwt::parse(&encrypted).unwrap_err();
        assert_eq!(error.code(), Code::MalformedToken, "{header}");
        assert!(error.failure().message.contains("JWE"), "{error}");
    }
    // "deflated" as zlib writes it: never inflated, so it is no JSON.
    let deflated = [0x4b, 0x49, 0x4d, 0xcb, 0x49, 0x2c, 0x49, 0x4d, 0x01, 0x00];
    let token = format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256","zip":"DEF"}"#), base64url(deflated));
    assert_eq!(refused(&token), Code::MalformedToken);
}

#[test]
fn what_has_a_character_of_json_or_of_a_url_is_no_token_x24_j14() {
    let right = token(&[]);
    for odd in ["{", "}", "\"", "'", ":", ",", "%2E", "+", "/", "=", " ", "\t", "\r\n", "\0", "\u{feff}", "\u{ff0e}"] {
        for token in [format!("{odd}{right}"), format!("{right}{odd}"), right.replacen('.', &format!("{odd}."), 1)] {
            assert_eq!(refused(&token), Code::MalformedToken, "{odd:?}");
        }
    }
    for token in [format!("\"{right}\""), format!("[\"{right}\"]"), format!("{{\"token\":\"{right}\"}}")] {
        assert_eq!(refused(&token), Code::MalformedToken, "{token}");
    }
}

#[test]
fn names_that_mean_something_to_javascript_are_plain_claims_x22() {
    let jwt = jwt::parse(&token(&[("__proto__", Some(r#"{"polluted":true}"#)), ("constructor", Some("1"))])).unwrap();
    let found = validate_claims(&jwt, None, &expectations()).unwrap();
    let members: Vec<&str> = found.claims.iter().map(|(name, _)| name).collect();
    assert!(members.contains(&"__proto__") && members.contains(&"constructor"));
    assert!(matches!(found.claims.get("__proto__"), Some(Json::Object(value)) if value.get("polluted").is_some()));
}

#[test]
fn debug_and_errors_show_nothing_of_a_token_x26() {
    let token = token(&[("canary", Some("\"canary-in-a-claim\""))]);
    let jwt = jwt::parse(&token).unwrap();
    let shown = format!("{jwt:?} {:?}", validate_claims(&jwt, None, &expectations()).unwrap());
    assert!(!shown.contains("canary-in-a-claim") && !shown.contains(&jwt.signing_input), "{shown}");
    let broken = format!("{token}.{token}");
    let said = format!("{:?}", jwt::parse(&broken).unwrap_err());
    assert!(token.split('.').all(|part| !said.contains(part)), "{said}");
}

#[cfg(feature = "native-crypto")]
mod judged_natively {
    use super::*;

    /// `None` for curves that have no second opinion.
    fn verdict(jwt: &Jwt) -> Option<bool> {
        let algorithm = check_algorithm(jwt, Algorithm::ALL).unwrap();
        let set = key_set();
        let candidates = set.candidates(algorithm, jwt.key_id.as_deref());
        crate::second_opinion::verdict(algorithm, candidates[0], jwt.signing_input.as_bytes(), &jwt.signature)
    }

    #[test]
    fn a_right_signature_is_right_and_a_broken_one_is_not_c6_j3() {
        let mut judged = 0;
        for &algorithm in Algorithm::ALL {
            let mut jwt = read(algorithm.as_str());
            let Some(right) = verdict(&jwt) else { continue };
            judged = i32::saturating_add(judged, 1);
            assert!(right, "{algorithm:?}");
            jwt.signature[10] ^= 1;
            assert_eq!(verdict(&jwt), Some(false), "{algorithm:?}");
            jwt.signature[10] ^= 1;
            jwt.signing_input.push('A');
            assert_eq!(verdict(&jwt), Some(false), "{algorithm:?}");
        }
        assert_eq!(judged, 9);
    }

    #[test]
    fn a_key_in_the_header_does_not_vouch_for_its_own_signature_x3() {
        assert_eq!(verdict(&jwt::parse(&fixture("hostile", "key_in_header")).unwrap()), Some(false));
    }

    #[test]
    fn an_ecdsa_signature_of_zeros_is_wrong_x25() {
        assert_eq!(verdict(&jwt::parse(&fixture("hostile", "es256_zero")).unwrap()), Some(false));
    }
}
