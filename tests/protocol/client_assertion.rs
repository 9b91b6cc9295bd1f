//! Client assertions: the claims of RFC 7523 3 and OIDC Core 9, signed by real keys and judged by a second opinion.

use serde_json::{Value, json};
use wasm_oidc::error::{Code, Error};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::client_assertion::{Assertion, Audience, ClientAssertions, Signer, add_to};
use wasm_oidc::protocol::http::HttpRequest;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::jwt::{self, Jwt};
use wasm_oidc::protocol::metadata::ProviderMetadata;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::protocol::{base64, form, hmac};

use crate::{second_opinion, signing_keys};

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "canary-canary-canary-canary-canary";

fn metadata(more: &Value) -> ProviderMetadata {
    let mut document = json!({ "issuer": "https://idp.example/t1", "token_endpoint": "https://idp.example/t1/token" });
    for (name, value) in more.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    ProviderMetadata::from_object(parse_object(document.to_string().as_bytes()).unwrap()).unwrap()
}

fn of_key(algorithms: &[Algorithm]) -> ClientAssertions {
    ClientAssertions { signer: Signer::Key(algorithms.to_vec()), ..ClientAssertions::of_secret(Secret::new("")) }
}

/// The assertion as it is sent, signed by the real key of its algorithm.
fn made(assertions: &ClientAssertions, metadata: &ProviderMetadata) -> Result<Jwt, Error> {
    Ok(match assertions.assertion("client:1", metadata, NOW, "an-identifier")? {
        Assertion::Signed(whole) => jwt::parse(whole.expose()).unwrap(),
        Assertion::Unsigned(unsigned) => {
            let signature = signing_keys::sign(unsigned.algorithm, unsigned.signing_input()).unwrap();
            jwt::parse(unsigned.signed(&signature).expose()).unwrap()
        }
    })
}

fn with_audience(audience: Audience, more: &Value) -> Result<String, Error> {
    let assertions = ClientAssertions { audience, ..of_key(&[Algorithm::ES256]) };
    Ok(made(&assertions, &metadata(more))?.claims.required_string("aud").unwrap().to_owned())
}

#[test]
fn an_assertion_says_what_rfc_7523_3_asks_for_and_lives_a_minute() {
    let assertions = ClientAssertions { key_id: Some("k1".to_owned()), ..of_key(&[Algorithm::ES256]) };
    let jwt = made(&assertions, &metadata(&json!({}))).unwrap();
    assert_eq!(jwt.header.to_string(), r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#);
    assert_eq!(
        jwt.claims.to_string(),
        r#"{"iss":"client:1","sub":"client:1","aud":"https://idp.example/t1","jti":"an-identifier","iat":1800000000,"exp":1800000060}"#
    );
}

#[test]
fn every_kind_of_key_signs_so_that_others_can_verify_it() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::EdDSA,
        Algorithm::Ed25519,
    ] {
        let jwt = made(&of_key(&[algorithm]), &metadata(&json!({}))).unwrap();
        assert_eq!(jwt.algorithm, algorithm.as_str());
        let key = signing_keys::public_key(algorithm);
        let input = jwt.signing_input.as_bytes();
        assert_eq!(second_opinion::verdict(algorithm, &key, input, &jwt.signature), Some(true), "{algorithm:?}");
        assert_eq!(second_opinion::verdict(algorithm, &key, &input[1..], &jwt.signature), Some(false), "{algorithm:?}");
    }
}

#[test]
fn a_secret_signs_with_hs256_and_is_nowhere_in_the_assertion() {
    let jwt = made(&ClientAssertions::of_secret(Secret::new(SECRET)), &metadata(&json!({}))).unwrap();
    assert_eq!(jwt.header.to_string(), r#"{"alg":"HS256","typ":"JWT"}"#);
    assert_eq!(jwt.signature, hmac::sha256(SECRET.as_bytes(), jwt.signing_input.as_bytes()).unwrap());
    assert!(!jwt.claims.to_string().contains("canary"));
}

#[test]
fn the_example_of_rfc_7515_a_1_has_the_same_signature_here() {
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = base64::decode(key).unwrap();
    let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leG\
                 FtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = base64::encode(&hmac::sha256(&key, input.as_bytes()).unwrap());
    assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

#[test]
fn a_secret_shorter_than_the_hash_signs_nothing_rfc_7518_3_2() {
    for (length, is_fine) in [(0, false), (31, false), (32, true), (65, true)] {
        let assertions = ClientAssertions::of_secret(Secret::new("s".repeat(length)));
        assert_eq!(assertions.check().is_ok(), is_fine, "{length}");
        assert_eq!(made(&assertions, &metadata(&json!({}))).is_ok(), is_fine, "{length}");
    }
}

#[test]
fn an_assertion_is_for_the_issuer_unless_the_app_says_otherwise() {
    assert_eq!(with_audience(Audience::default(), &json!({})).unwrap(), "https://idp.example/t1");
    assert_eq!(with_audience(Audience::TokenEndpoint, &json!({})).unwrap(), "https://idp.example/t1/token");
    assert_eq!(with_audience(Audience::Other("urn:idp".to_owned()), &json!({})).unwrap(), "urn:idp");
    for (audience, missing) in [(Audience::Issuer, "issuer"), (Audience::TokenEndpoint, "token_endpoint")] {
        let error = with_audience(audience, &json!({ missing: null })).unwrap_err();
        assert_eq!(error.code(), Code::MissingOption);
        assert!(error.to_string().contains("clientAuth.audience"), "{error}");
    }
}

#[test]
fn the_first_algorithm_that_the_provider_lists_is_used_and_none_that_it_does_not() {
    let list = |names: &[&str]| metadata(&json!({ "token_endpoint_auth_signing_alg_values_supported": names }));
    let rsa = of_key(&[Algorithm::RS256, Algorithm::PS256]);
    let used = |metadata| made(&rsa, &metadata).map(|jwt| jwt.algorithm);
    assert_eq!(used(metadata(&json!({}))).unwrap(), "RS256");
    assert_eq!(used(list(&["ES256", "PS256", "RS256"])).unwrap(), "RS256");
    assert_eq!(used(list(&["ES256", "PS256"])).unwrap(), "PS256");
    assert_eq!(used(list(&["Ed25519", "PS256"])).unwrap(), "PS256");
    let error = used(list(&["ES256", "EdDSA"])).unwrap_err();
    assert_eq!(error.code(), Code::InvalidOption);
    assert!(
        error.to_string().contains("of what the provider takes, \"ES256 EdDSA\", its key or secret signs by none"),
        "{error}"
    );
    let secret = ClientAssertions::of_secret(Secret::new(SECRET));
    assert!(made(&secret, &list(&["RS256", "HS256"])).is_ok());
    let error = made(&secret, &list(&["RS256", "HS384"])).unwrap_err();
    assert_eq!(error.code(), Code::InvalidOption);
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn a_certificate_is_named_by_its_thumbprint_rfc_7515_4_1_8() {
    let thumbprint = Some("A1bC".to_owned());
    let assertions = ClientAssertions { certificate_thumbprint: thumbprint, ..of_key(&[Algorithm::PS256]) };
    let jwt = made(&assertions, &metadata(&json!({}))).unwrap();
    assert_eq!(jwt.header.to_string(), r#"{"alg":"PS256","typ":"JWT","x5t#S256":"A1bC"}"#);
}

#[test]
fn a_clock_at_its_end_makes_no_assertion_that_is_over_before_it_began() {
    let Assertion::Unsigned(unsigned) =
        of_key(&[Algorithm::ES256]).assertion("c", &metadata(&json!({})), i64::MAX, "i").unwrap()
    else {
        panic!("a key signs later");
    };
    let jwt = jwt::parse(unsigned.signed(&[7; 64]).expose()).unwrap();
    assert_eq!(jwt.claims.required_seconds("exp").unwrap(), i64::MAX);
}

#[test]
fn it_is_added_to_the_form_by_the_names_of_rfc_7521_4_2() {
    let mut request = HttpRequest::post_form("https://idp.example/token", &[("grant_type", "x"), ("client_id", "c")]);
    add_to(&mut request, &Secret::new("a.b+/c"));
    let body = request.body.as_ref().unwrap().expose().to_owned();
    let pairs = form::pairs(body.as_bytes());
    let named: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        named,
        [
            ("grant_type", "x"),
            ("client_id", "c"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "a.b+/c"),
        ]
    );
}

#[test]
fn debug_shows_neither_secret_nor_assertion_x26() {
    let secret = ClientAssertions::of_secret(Secret::new(SECRET));
    let assertion = secret.assertion("c", &metadata(&json!({})), NOW, "canary").unwrap();
    let unsigned = of_key(&[Algorithm::ES256]).assertion("c", &metadata(&json!({})), NOW, "canary").unwrap();
    let shown = format!("{secret:?} {assertion:?} {unsigned:?}");
    assert!(!shown.contains("canary") && !shown.contains("eyJ"), "{shown}");
}
