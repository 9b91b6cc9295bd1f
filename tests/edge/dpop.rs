//! Requests with DPoP proofs, one after the other and at the same time, as the isolates of a protected resource see them.
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use futures_util::future::{LocalBoxFuture, join, ready};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_oidc::edge::dpop::{Dpop, DpopOptions};
use wasm_oidc::edge::replays::SharedReplays;
use wasm_oidc::error::{Code, Error, Result};
use wasm_oidc::ports::CryptoFailure;
use wasm_oidc::protocol::challenge::Refusal;
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::protocol::key_set::PublicKey;
use wasm_oidc::protocol::request_credentials::RequestCredentials;
use wasm_oidc::protocol::secret::Secret;
use wasm_oidc::protocol::thumbprint;
use wasm_oidc::protocol::token_binding::DpopUse;

use crate::simulated::{SimulatedHost, key, sign_with};

const URL: &str = "https://api.example/orders";
const TOKEN: &str = "the-token";

fn host() -> SimulatedHost {
    SimulatedHost::process()
}

/// The thumbprint of the key of this name.
fn thumbprint_of(name: &str) -> String {
    let key = parse_object(key(name).to_string().as_bytes()).unwrap();
    thumbprint::of(&PublicKey::read(&key).unwrap())
}

fn proof_of(signer: &str, host: &SimulatedHost, changes: Value) -> String {
    let hash = Base64UrlUnpadded::encode_string(&Sha256::digest(TOKEN));
    let mut claims = json!({ "jti": "1", "htm": "GET", "htu": URL, "iat": host.seconds(), "ath": hash });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    sign_with(&json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": key("k1") }), signer, &claims)
}

fn proof(host: &SimulatedHost, changes: Value) -> String {
    proof_of("k1", host, changes)
}

fn request(method: &str, url: &str, scheme: &str, proofs: &[&str]) -> RequestCredentials {
    let mut headers = vec![("authorization".to_owned(), format!("{scheme} {TOKEN}"))];
    headers.extend(proofs.iter().map(|proof| ("dpop".to_owned(), (*proof).to_owned())));
    RequestCredentials::read(method, url, &headers).unwrap()
}

async fn checked(dpop: &Dpop, host: &SimulatedHost, request: &RequestCredentials) -> Result<Option<String>> {
    dpop.check(host, request, request.presented.as_ref().unwrap(), Some(&thumbprint_of("k1"))).await
}

fn sent(dpop: &Dpop, host: &SimulatedHost, proof: &str) -> Result<Option<String>> {
    host.run(checked(dpop, host, &request("GET", URL, "DPoP", &[proof])))
}

fn dpop() -> Dpop {
    Dpop::new(DpopOptions::default(), None)
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn a_request_with_the_proof_of_its_token_passes_once_d11() {
    let (host, dpop) = (host(), dpop());
    let proof = proof(&host, json!({}));
    assert_eq!(sent(&dpop, &host, &proof), Ok(None));
    let error = sent(&dpop, &host, &proof).unwrap_err();
    assert!(error.failure().message.contains("used before"));
    assert_eq!(Refusal::of(&error), Refusal::InvalidDpopProof);
    // Nor later within its time, nor when it is over.
    host.pass_seconds(100);
    assert_eq!(code(sent(&dpop, &host, &proof)), Code::InvalidDpopProof);
    host.pass_seconds(21);
    assert!(sent(&dpop, &host, &proof).unwrap_err().failure().message.contains("too long ago"));
}

#[test]
fn a_proof_passes_for_no_other_path_method_or_host_d11() {
    let (host, dpop) = (host(), dpop());
    let text = proof(&host, json!({}));
    for (method, url) in [
        ("POST", URL),
        ("GET", "https://api.example/orders/1"),
        ("GET", "https://api.example/"),
        ("GET", "https://other.example/orders"),
        ("GET", "http://api.example/orders"),
    ] {
        let result = host.run(checked(&dpop, &host, &request(method, url, "DPoP", &[&text])));
        assert_eq!(code(result), Code::InvalidDpopProof, "{method} {url}");
    }
    // What was tried in vain used nothing up.
    assert!(sent(&dpop, &host, &text).is_ok());
}

#[test]
fn urls_are_compared_as_the_url_standard_and_rfc_3986_normalize_them() {
    let (host, dpop) = (host(), dpop());
    for (number, (htu, url)) in [
        ("HTTPS://API.example:443/orders", URL),
        ("https://api.example/a/../orders?x=1#y", "https://api.example/orders?page=2"),
        ("https://api.example/%6Frders", URL),
        ("https://api.example/%c3%a9", "https://api.example/%C3%A9"),
        ("https://api.example", "https://api.example/"),
        ("https://b\u{fc}cher.example/", "https://xn--bcher-kva.example/"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = proof(&host, json!({ "htu": htu, "jti": number.to_string() }));
        let result = host.run(checked(&dpop, &host, &request("GET", url, "DPoP", &[&text])));
        assert_eq!(result, Ok(None), "{htu} {url}");
    }
    for htu in
        ["/orders", "orders", "//api.example/orders", "https://u:p@api.example/orders", "", "https://", "data:,x"]
    {
        let text = proof(&host, json!({ "htu": htu, "jti": htu }));
        assert_eq!(code(sent(&dpop, &host, &text)), Code::InvalidDpopProof, "{htu:?}");
    }
}

#[test]
fn behind_a_proxy_the_public_origin_counts_and_nothing_that_a_header_says() {
    let host = host();
    let options = DpopOptions { public_origin: Some("https://api.example".to_owned()), ..DpopOptions::default() };
    let dpop = Dpop::new(options, None);
    for (number, url) in ["http://10.0.0.7:8080/orders?x=1", "/orders"].into_iter().enumerate() {
        let text = proof(&host, json!({ "jti": number.to_string() }));
        let result = host.run(checked(&dpop, &host, &request("GET", url, "DPoP", &[&text])));
        assert_eq!(result, Ok(None), "{url}");
    }
    let slashes = proof(&host, json!({ "htu": "https://api.example//evil.example/x", "jti": "s" }));
    let request_there = request("GET", "http://10.0.0.7:8080//evil.example/x", "DPoP", &[&slashes]);
    assert_eq!(host.run(checked(&dpop, &host, &request_there)), Ok(None));
    let inner = proof(&host, json!({ "htu": "http://10.0.0.7:8080/orders" }));
    let result = host.run(checked(&dpop, &host, &request("GET", "http://10.0.0.7:8080/orders", "DPoP", &[&inner])));
    assert_eq!(code(result), Code::InvalidDpopProof);
}

#[test]
fn a_proof_that_another_key_signed_is_refused_and_uses_nothing_up_d11() {
    let (host, dpop) = (host(), dpop());
    assert_eq!(code(sent(&dpop, &host, &proof_of("thief", &host, json!({})))), Code::InvalidDpopProof);
    assert!(sent(&dpop, &host, &proof(&host, json!({}))).is_ok());
    // A right proof of the thief's own key, with the stolen token.
    let other = request("GET", URL, "DPoP", &[&proof(&host, json!({ "jti": "2" }))]);
    let result = host.run(dpop.check(&host, &other, other.presented.as_ref().unwrap(), Some(&thumbprint_of("k2"))));
    assert_eq!(code(result), Code::InvalidDpopProof);
}

#[test]
fn what_the_host_cannot_check_is_never_taken() {
    let (host, dpop) = (host(), dpop());
    for (failure, refusal) in [
        (CryptoFailure::InvalidKey, Refusal::InvalidDpopProof),
        (CryptoFailure::Unsupported, Refusal::InvalidDpopProof),
        (CryptoFailure::Unavailable, Refusal::Unavailable),
    ] {
        host.crypto_failure.set(Some(failure));
        let error = sent(&dpop, &host, &proof(&host, json!({}))).unwrap_err();
        assert_eq!(Refusal::of(&error), refusal, "{failure:?}");
    }
}

#[test]
fn a_bound_token_as_bearer_is_refused_even_with_a_right_proof_d12() {
    let host = host();
    for dpop_use in [DpopUse::Allowed, DpopUse::Required, DpopUse::Off] {
        let dpop = Dpop::new(DpopOptions { dpop_use, ..DpopOptions::default() }, None);
        let text = proof(&host, json!({}));
        for proofs in [&[][..], &[text.as_str()]] {
            let result = host.run(checked(&dpop, &host, &request("GET", URL, "Bearer", proofs)));
            assert_eq!(code(result), Code::TokenBound, "{dpop_use:?}");
        }
    }
}

#[test]
fn an_unbound_token_needs_no_proof_and_gets_none_by_dpop() {
    let host = host();
    let with = |dpop_use, scheme: &str| {
        let dpop = Dpop::new(DpopOptions { dpop_use, ..DpopOptions::default() }, None);
        let request = request("GET", URL, scheme, &[&proof(&host, json!({}))]);
        host.run(dpop.check(&host, &request, request.presented.as_ref().unwrap(), None)).map_err(|error| error.code())
    };
    assert_eq!(with(DpopUse::Allowed, "Bearer"), Ok(None));
    assert_eq!(with(DpopUse::Required, "Bearer"), Err(Code::InvalidToken));
    assert_eq!(with(DpopUse::Allowed, "DPoP"), Err(Code::InvalidToken));
}

#[test]
fn of_many_requests_with_one_proof_at_the_same_time_one_passes_d11() {
    let (host, dpop) = (host(), dpop());
    let request = request("GET", URL, "DPoP", &[&proof(&host, json!({}))]);
    let (one, other) = host.run(join(checked(&dpop, &host, &request), checked(&dpop, &host, &request)));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|&&ok| ok).count(), 1);
}

struct Store {
    known: RefCell<BTreeSet<String>>,
    fails: Cell<bool>,
}

impl SharedReplays for Store {
    fn add(&self, key: String, _: i64) -> LocalBoxFuture<'_, Result<bool>> {
        if self.fails.get() {
            return Box::pin(ready(Err(Error::new(Code::StorageUnavailable, "gone"))));
        }
        Box::pin(ready(Ok(self.known.borrow_mut().insert(key))))
    }
}

#[test]
fn isolates_that_share_a_store_take_a_proof_once_and_none_while_it_is_gone_d11() {
    let host = host();
    let store = Rc::new(Store { known: RefCell::default(), fails: Cell::new(false) });
    let isolate = || Dpop::new(DpopOptions::default(), Some(store.clone()));
    let (one, other) = (isolate(), isolate());
    let first = proof(&host, json!({}));
    assert!(sent(&one, &host, &first).is_ok());
    assert_eq!(code(sent(&other, &host, &first)), Code::InvalidDpopProof);
    assert!(store.known.borrow().iter().all(|key| key.starts_with("wasm-oidc:dpop:") && key.len() == 58));
    store.fails.set(true);
    let error = sent(&one, &host, &proof(&host, json!({ "jti": "2" }))).unwrap_err();
    assert_eq!((error.code(), Refusal::of(&error)), (Code::StorageUnavailable, Refusal::Unavailable));
}

fn with_nonces(secret: Option<&str>) -> Dpop {
    let nonce_secret = secret.map(Secret::new);
    Dpop::new(DpopOptions { requires_nonce: true, nonce_secret, ..DpopOptions::default() }, None)
}

fn first_nonce(dpop: &Dpop, host: &SimulatedHost) -> String {
    dpop.nonce_of_refusal(host, &Error::new(Code::UseDpopNonce, "x")).unwrap()
}

#[test]
fn a_proof_without_a_nonce_is_told_to_use_one_and_passes_with_it() {
    let (host, dpop) = (host(), with_nonces(None));
    let error = sent(&dpop, &host, &proof(&host, json!({}))).unwrap_err();
    assert_eq!((error.code(), Refusal::of(&error)), (Code::UseDpopNonce, Refusal::UseDpopNonce));
    let nonce = first_nonce(&dpop, &host);
    assert_eq!(sent(&dpop, &host, &proof(&host, json!({ "nonce": nonce }))), Ok(None));
    assert_eq!(code(sent(&dpop, &host, &proof(&host, json!({ "nonce": nonce })))), Code::InvalidDpopProof);
    // What others made up.
    assert_eq!(code(sent(&dpop, &host, &proof(&host, json!({ "nonce": "made-up" })))), Code::UseDpopNonce);
    assert_eq!(self::dpop().nonce_of_refusal(&host, &error), None);
    assert_eq!(dpop.nonce_of_refusal(&host, &Error::new(Code::TokenExpired, "x")), None);
}

#[test]
fn an_answer_brings_the_next_nonce_before_the_one_in_use_is_over() {
    let (host, dpop) = (host(), with_nonces(None));
    let nonce = first_nonce(&dpop, &host);
    host.pass_seconds(150);
    let next = sent(&dpop, &host, &proof(&host, json!({ "nonce": nonce }))).unwrap().unwrap();
    host.pass_seconds(151);
    assert_eq!(code(sent(&dpop, &host, &proof(&host, json!({ "nonce": nonce, "jti": "2" })))), Code::UseDpopNonce);
    assert!(sent(&dpop, &host, &proof(&host, json!({ "nonce": next, "jti": "3" }))).is_ok());
}

#[test]
fn with_a_nonce_the_clock_of_the_sender_does_not_matter_and_a_replay_does() {
    let (host, dpop) = (host(), with_nonces(None));
    let nonce = first_nonce(&dpop, &host);
    let slow = proof(&host, json!({ "nonce": nonce, "iat": host.seconds() - 86_400 }));
    assert!(sent(&dpop, &host, &slow).is_ok());
    host.pass_seconds(300);
    assert_eq!(code(sent(&dpop, &host, &slow)), Code::InvalidDpopProof);
    host.pass_seconds(1);
    assert_eq!(code(sent(&dpop, &host, &slow)), Code::UseDpopNonce);
}

#[test]
fn isolates_with_one_secret_take_each_others_nonces() {
    let host = host();
    let (one, other) = (with_nonces(Some("a secret of all isolates")), with_nonces(Some("a secret of all isolates")));
    let nonce = first_nonce(&one, &host);
    assert!(sent(&other, &host, &proof(&host, json!({ "nonce": nonce }))).is_ok());
    assert_eq!(code(sent(&with_nonces(None), &host, &proof(&host, json!({ "nonce": nonce })))), Code::UseDpopNonce);
}
