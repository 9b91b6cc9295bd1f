//! Inputs that are large or deep end in a typed error, in time and memory that grow no faster than they do.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

mod support;
#[path = "support/timing.rs"]
mod timing;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;
use support::base64url;
use timing::shortest;
use wasm_oidc::authz::mapping::ClaimMapping;
use wasm_oidc::error::{Class, Code, Error};
use wasm_oidc::protocol::callback::{ResponseMode, parse_response, recognize, without_response_parameters};
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::{MAX_DEPTH, MAX_MEMBERS, parse, parse_object};
use wasm_oidc::protocol::key_set::{MAX_CANDIDATES, judge_key_set};
use wasm_oidc::protocol::metadata::{ProviderType, judge_discovery};
use wasm_oidc::protocol::state::StateTag;
use wasm_oidc::protocol::url::Issuer;
use wasm_oidc::protocol::{jwt, token_response, user_info};
use wasm_oidc::session::record::Record;
use wasm_oidc::session::token_set::TokenSet;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test at a time: the allocator counts what all threads take.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const MEGABYTE: usize = 1 << 20;

fn answer(body: String) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    HttpResponse { status: 200, headers, body: body.into_bytes() }
}

/// The most memory that a job takes beyond what was there.
fn memory(job: &dyn Fn()) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    job();
    MEMORY.peak_usage().saturating_sub(before)
}

/// How much larger the large input is.
const FACTOR: usize = 32;

/// An input 32 times the size takes about 32 times the time and memory; 1024 times would be a square. Three times that
/// memory, and ten times that time, are what a growing buffer and a busy machine may add.
fn grows_no_faster_than_its_input(name: &str, size: usize, input: &dyn Fn(usize) -> String, job: &dyn Fn(&str)) {
    let (small, large) = (input(size), input(size * FACTOR));
    let (before, after) = (memory(&|| job(&small)), memory(&|| job(&large)));
    assert!(after <= before * FACTOR * 3 + 4096, "{name}: {before} bytes, and {after} for {FACTOR} times the input");
    let (before, after) = (shortest(&|| job(&small)), shortest(&|| job(&large)));
    assert!(after <= before * 320, "{name}: {before:?}, and {after:?} for {FACTOR} times the input");
}

fn many(count: usize, entry: &dyn Fn(usize) -> String) -> String {
    (0..count).map(entry).collect::<Vec<_>>().join(",")
}

#[test]
fn reading_costs_no_more_than_in_proportion_x23() {
    let _alone = alone();
    let tag = StateTag::new("https://idp", "spa", "https://app/cb", "");
    let callback = |count: usize| format!("https://app/cb?{}", "code[]=a&x=%20&state=b&".repeat(count));
    grows_no_faster_than_its_input("callback", 80, &callback, &|url| {
        for mode in [ResponseMode::Query, ResponseMode::Fragment] {
            let _ =
                (recognize(url, mode, &tag, None), parse_response(url, mode), without_response_parameters(url, mode));
        }
    });
    let array = |count: usize| format!("[{}]", many(count, &|at| format!("{{\"a\":[{at},\"\\u00e9\",1.5e-7]}}")));
    grows_no_faster_than_its_input("array", 500, &array, &|text| {
        assert!(parse(text).unwrap().to_string().len() <= text.len());
    });
    let text = |count: usize| format!("\"{}\"", "\\ud83d\\ude00x".repeat(count));
    grows_no_faster_than_its_input("string", 1000, &text, &|text| assert!(parse(text).is_ok()));
    let digits = |count: usize| "9".repeat(count);
    grows_no_faster_than_its_input("number", 2000, &digits, &|text| {
        let _ = parse(text);
    });
    let keys = |count: usize| {
        format!(
            "{{\"keys\":[{}]}}",
            many(count, &|at| format!("{{\"kty\":\"RSA\",\"kid\":\"{at}\",\"n\":\"AQAB\",\"e\":\"AQAB\"}}"))
        )
    };
    grows_no_faster_than_its_input("key set", 100, &keys, &|text| {
        assert!(judge_key_set(&answer(text.to_owned())).unwrap().is_empty());
    });
    let token = |size: usize| {
        format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256"}"#), base64url(format!("{{\"a\":\"{}\"}}", "x".repeat(size))))
    };
    grows_no_faster_than_its_input("token", 6000, &token, &|token| assert!(jwt::parse(token).is_ok()));
    let organizations = |count: usize| {
        let scopes = |at: usize| many(5, &|scope| format!("\"r{at}.s{scope}:read\""));
        format!(
            "{{\"organizations\":[{}]}}",
            many(count, &|at| format!("{{\"id\":\"o{}\",\"scopes\":[{}]}}", at / 2, scopes(at)))
        )
    };
    grows_no_faster_than_its_input("organizations", 40, &organizations, &|text| {
        let (access, _) = ClaimMapping::default().grants(&parse_object(text.as_bytes()).unwrap(), None).unwrap();
        assert!(!access.has_access("write", "r1.s1"));
    });
}

type Reader = fn(&str) -> Option<Error>;

/// The readers of foreign text by name, each with the error that it ends in.
fn readers() -> Vec<(&'static str, Reader)> {
    vec![
        ("json", |text| parse(text).err()),
        ("token", |text| jwt::parse(text).err()),
        ("header of a token", |text| jwt::parse(&format!("{}.e30.AAAA", base64url(text))).err()),
        ("claims of a token", |text| {
            jwt::parse(&format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256"}"#), base64url(text))).err()
        }),
        ("token response", |text| {
            token_response::judge(&answer(text.to_owned()), Class::TokenExchange, ProviderType::Oidc).err()
        }),
        ("key set", |text| judge_key_set(&answer(text.to_owned())).err()),
        ("metadata", |text| judge_discovery(&answer(text.to_owned()), &Issuer::parse("https://idp").unwrap()).err()),
        ("userinfo", |text| user_info::judge(&answer(text.to_owned())).err()),
        ("callback", |text| parse_response(text, ResponseMode::Query).err()),
    ]
}

#[test]
fn huge_and_deep_inputs_end_in_typed_errors_x23() {
    let _alone = alone();
    let members = |count: usize| format!("{{{}}}", many(count, &|at| format!("\"c{at}\":{at}")));
    let inputs = [
        ("a megabyte of nothing", "A".repeat(MEGABYTE)),
        ("a megabyte of dots", ".".repeat(MEGABYTE)),
        ("a megabyte of one token", format!("e30.{}.AAAA", "A".repeat(MEGABYTE))),
        ("arrays 10,000 deep", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
        ("objects 10,000 deep", format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000))),
        ("100,000 members", members(100_000)),
        ("the most members and one", members(MAX_MEMBERS + 1)),
        ("100,000 times the same member", format!("{{{}}}", many(100_000, &|_| "\"a\":1".to_owned()))),
        ("a megabyte of digits", format!("{{\"a\":{}", "9".repeat(MEGABYTE))),
        ("a string without an end", format!("{{\"a\":\"{}", "\\u0041".repeat(MEGABYTE / 6))),
    ];
    for (name, input) in &inputs {
        for (reader, read) in readers() {
            let taken = memory(&|| {
                let error = read(input).unwrap_or_else(|| panic!("{reader} takes {name}"));
                assert!(error.failure().message.len() <= 800, "{reader}, {name}: {error}");
            });
            // A copy for the answer, one in base64, one decoded, and the tree of what was read up to the error.
            assert!(taken <= 16 * input.len(), "{reader} takes {taken} bytes for {name}");
        }
    }
}

#[test]
fn a_token_that_is_too_long_is_refused_before_any_of_it_is_decoded_x23() {
    let _alone = alone();
    let token = format!("{}.{}.AAAA", base64url(r#"{"alg":"RS256"}"#), "A".repeat(MEGABYTE));
    let taken = memory(&|| assert_eq!(jwt::parse(&token).unwrap_err().code(), Code::MalformedToken));
    assert!(taken < 4096, "{taken}");
}

#[test]
fn of_very_many_keys_only_some_are_tried_x7() {
    let _alone = alone();
    let key = |at: usize| {
        format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k{}\",\"x\":\"{}\"}}", at % 2, base64url([7; 32]))
    };
    let set = judge_key_set(&answer(format!("{{\"keys\":[{}]}}", many(5000, &key)))).unwrap();
    let algorithm = wasm_oidc::protocol::algorithm::Algorithm::EdDSA;
    assert_eq!(set.candidates(algorithm, None).len(), MAX_CANDIDATES);
    assert_eq!(set.candidates(algorithm, Some("k1")).len(), MAX_CANDIDATES);
}

#[test]
fn what_a_provider_may_send_can_be_stored_and_read_back_however_deep_it_is() {
    let _alone = alone();
    for depth in 1..=MAX_DEPTH {
        let more = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let more = if more.is_empty() { "1".to_owned() } else { more };
        let body = format!("{{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"more\":{more}}}");
        let Ok(response) = token_response::judge(&answer(body), Class::TokenExchange, ProviderType::Oidc) else {
            continue;
        };
        let tokens = TokenSet::from_response(response, 1, None);
        let record = Record { id: "s".to_owned(), epoch: Some(1), tokens, pending: None };
        assert_eq!(Record::from_text(&record.to_text()), Ok(record), "{depth} levels");
    }
}
