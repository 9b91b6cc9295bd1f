//! Key sets: odd keys are skipped, good ones found, and none serves what it is not for (RFC 7517, 8725 3.1).

use crate::support::{base64url, fixtures, text};
use crate::timing::shortest;
use wasm_oidc::error::{Code, Result};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::http::{HttpResponse, MAX_RESPONSE_BYTES};
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

fn read(status: u16, media_type: &str, body: &str) -> Result<KeySet> {
    let headers = vec![("content-type".to_owned(), media_type.to_owned())];
    judge_key_set(&HttpResponse { status, headers, body: body.as_bytes().to_vec() })
}

#[test]
fn without_a_key_id_every_fitting_key_is_tried_x8() {
    let one = keys(&key("rsa", &[]));
    assert_eq!(one.candidates(Algorithm::RS256, None).len(), 1);
    let several = keys(&[key("rsa", &[]), key("rsa", &[("kid", text("b"))]), key("p256", &[])].join(","));
    assert_eq!(several.candidates(Algorithm::RS256, None).len(), 2);
    assert_eq!(several.candidates(Algorithm::ES256, None).len(), 1);
    assert!(several.candidates(Algorithm::EdDSA, None).is_empty());
}

#[test]
fn keys_with_the_same_key_id_are_all_tried_x8() {
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
fn a_key_serves_only_the_algorithm_of_its_type_its_curve_and_its_own_alg_x2_j1() {
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
fn odd_keys_are_skipped_and_the_good_ones_beside_them_found_x7_j4() {
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
fn of_5_000_keys_at_most_100_are_tried_x7() {
    let many = keys(&vec![key("p256", &[]); 5_000].join(","));
    assert_eq!(many.keys().len(), 5_000);
    assert_eq!(many.candidates(Algorithm::ES256, None).len(), MAX_CANDIDATES);
    assert_eq!(many.candidates(Algorithm::ES256, Some("p256")).len(), MAX_CANDIDATES);
}

#[test]
fn a_set_of_5_000_keys_below_a_megabyte_costs_no_more_than_in_proportion_and_the_good_key_is_found_x7() {
    let odd = key("p256", &[("kid", text("x")), ("use", Json::Null)]);
    let set_of = |count| format!("{{\"keys\":[{},{}]}}", vec![odd.clone(); count].join(","), key("p384", &[]));
    let (few, body) = (set_of(500), set_of(5_000));
    assert!((800_000..MAX_RESPONSE_BYTES).contains(&body.len()), "{}", body.len());
    let find = |body: &str| {
        let set = read(200, "application/json", body).unwrap();
        let found = set.candidates(Algorithm::ES384, Some("p384")).len();
        (set, found)
    };
    costs_no_more_than_in_proportion(&few, &body, &|body| assert_eq!(find(body).1, 1));
    let (set, found) = find(&body);
    assert_eq!((set.keys().len(), found), (5_001, 1));
    assert!(set.candidates(Algorithm::ES256, Some("p384")).is_empty());
}

#[test]
fn a_set_of_odd_entries_below_a_megabyte_costs_no_more_than_in_proportion_x7_x23() {
    let entries = ["{}", "[]", "null", "\"\"", "{\"kty\":\"RSA\"}", "{\"kty\":{\"kty\":[]}}"].join(",");
    let set_of = |count| format!("{{\"keys\":[{}]}}", vec![entries.clone(); count].join(","));
    let (few, body) = (set_of(2_000), set_of(20_000));
    assert!((800_000..MAX_RESPONSE_BYTES).contains(&body.len()), "{}", body.len());
    costs_no_more_than_in_proportion(&few, &body, &|body| {
        assert_eq!(read(200, "application/json", body).map(|set| set.is_empty()), Ok(true));
    });
}

/// Ten times the set may take ten times as long, and six times that on a busy machine; a square would take a hundred times.
fn costs_no_more_than_in_proportion(few: &str, many: &str, job: &dyn Fn(&str)) {
    let [before, after] = [few, many].map(|body| shortest(&|| job(body)));
    assert!(after < before * 60, "{before:?}, and {after:?} for ten times the set");
}

#[test]
fn what_a_key_says_of_certificates_and_other_places_is_never_looked_at_x3() {
    for (name, value) in [
        ("x5c", Json::Array(vec![text("MIIB==\n")])),
        ("x5c", text("none")),
        ("x5u", text("https://attacker.example/certificates")),
        ("x5t", text("?")),
        ("jku", text("https://attacker.example/keys")),
    ] {
        let set = keys(&key("rsa", &[(name, value)]));
        assert_eq!(set.candidates(Algorithm::RS256, Some("rsa")).len(), 1, "{name}");
        assert_eq!(set, keys(&key("rsa", &[])), "{name}");
    }
}

#[test]
fn a_point_of_small_order_is_no_key_of_ed25519_x25_j4() {
    let point = |first: u8, middle: u8, last: u8| {
        let mut point = [middle; 32];
        (point[0], point[31]) = (first, last);
        point
    };
    let mut small = Vec::new();
    for sign in [0, 0x80] {
        // y is 0 or 1, as it should be written and over the prime, or -1.
        small.extend([0, 1].map(|first| point(first, 0, sign)));
        small.extend([0xec, 0xed, 0xee].map(|first| point(first, 0xff, 0x7f | sign)));
        for y in [
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ] {
            let mut point = [0; 32];
            for (at, byte) in point.iter_mut().enumerate() {
                *byte = u8::from_str_radix(y.get(2 * at..2 * at + 2).unwrap(), 16).unwrap();
            }
            point[31] |= sign;
            small.push(point);
        }
    }
    assert_eq!(small.len(), 14);
    for point in small {
        assert!(keys(&key("ed", &[("x", text(&base64url(point)))])).is_empty(), "{point:?}");
    }
    for honest in [point(0, 1, 0), point(0xec, 0xfe, 0x7f), point(0xeb, 0xff, 0x7f), point(2, 0, 0)] {
        assert_eq!(keys(&key("ed", &[("x", text(&base64url(honest)))])).keys().len(), 1, "{honest:?}");
    }
}

#[cfg(feature = "native-crypto")]
#[test]
fn a_point_off_the_curve_has_the_form_of_a_key_and_verifies_nothing_j4_x25() {
    let token = wasm_oidc::protocol::jwt::parse(&crate::support::fixture("tokens", "ES256")).unwrap();
    let verdict = |jwk: &str| {
        let keys = keys(jwk);
        let key = keys.keys().first().expect("it has the form of a key");
        crate::second_opinion::verdict(Algorithm::ES256, key, token.signing_input.as_bytes(), &token.signature)
    };
    assert_eq!(verdict(&key("p256", &[])), Some(true));
    let written = parse_object(key("p256", &[]).as_bytes()).unwrap();
    let y = wasm_oidc::protocol::base64::decode(written.string("y").unwrap().unwrap()).unwrap();
    for at in [0, 15, 31] {
        let mut off = y.clone();
        off[at] ^= 1;
        assert_eq!(verdict(&key("p256", &[("y", text(&base64url(off)))])), Some(false), "byte {at}");
    }
}

#[test]
fn what_a_key_set_writes_it_reads_back_with_public_members_only_x3() {
    let set = key_set();
    let text = set.to_json().to_string();
    assert_eq!(KeySet::parse(&parse_object(text.as_bytes()).unwrap()).unwrap(), set);
    for key in set.keys() {
        let members = parse_object(key.to_jwk_json().as_bytes()).unwrap();
        assert!(members.iter().all(|(name, _)| ["kty", "crv", "n", "e", "x", "y"].contains(&name)), "{members}");
    }
}

#[test]
fn an_answer_that_is_no_key_set_is_refused_x7() {
    let answer = read;
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
