//! What a request says about who sent it (RFC 6750 2, RFC 9449 7.1), and the challenges that answer it.
use proptest::prelude::*;
use wasm_oidc::error::{Class, Code, Error};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::challenge::{Challenger, Refusal};
use wasm_oidc::protocol::request_credentials::{RequestCredentials, Scheme};

const URL: &str = "https://api.example/orders?page=2";

fn read_at(url: &str, headers: &[(&str, &str)]) -> Result<RequestCredentials, Error> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RequestCredentials::read("GET", url, &headers)
}

fn presented(authorization: &str) -> Result<Option<(Scheme, String)>, Code> {
    let read = read_at(URL, &[("authorization", authorization)]);
    read.map(|credentials| credentials.presented.map(|found| (found.scheme, found.token.expose().to_owned())))
        .map_err(|error| error.code())
}

fn refused(url: &str, headers: &[(&str, &str)]) -> Error {
    read_at(url, headers).unwrap_err()
}

#[test]
fn the_example_of_rfc_6750_2_1_is_read() {
    assert_eq!(presented("Bearer mF_9.B5f-4.1JqM"), Ok(Some((Scheme::Bearer, "mF_9.B5f-4.1JqM".to_owned()))));
}

#[test]
fn the_name_of_a_scheme_has_no_case_and_any_number_of_spaces_follows_it_d4() {
    for name in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        assert_eq!(presented(&format!("{name} a1")), Ok(Some((Scheme::Bearer, "a1".to_owned()))));
    }
    for name in ["DPoP", "dpop", "DPOP"] {
        assert_eq!(presented(&format!(" {name}   a1 ")), Ok(Some((Scheme::Dpop, "a1".to_owned()))));
    }
}

#[test]
fn a_token_has_the_characters_of_rfc_6750_and_padding_at_its_end_alone() {
    for token in ["a", "-._~+/", "AZaz09==", "a="] {
        assert_eq!(presented(&format!("Bearer {token}")), Ok(Some((Scheme::Bearer, token.to_owned()))));
    }
    for token in ["=", "==", "a=b", "a b", "a\tb", "\"a\"", "a%20", "t\u{f6}ken", "a:b", "a;b", "{}", "a\0"] {
        assert_eq!(presented(&format!("Bearer {token}")), Err(Code::InvalidRequest), "{token:?}");
    }
}

#[test]
fn a_scheme_without_a_token_is_refused() {
    for value in ["Bearer", "Bearer ", "Bearer    ", "dpop", "DPoP "] {
        assert_eq!(presented(value), Err(Code::InvalidRequest), "{value:?}");
    }
}

#[test]
fn a_token_longer_than_any_honest_one_is_refused() {
    assert_eq!(presented(&format!("Bearer {}", "a".repeat(1024 * 1024))), Err(Code::InvalidRequest));
}

#[test]
fn no_credentials_and_those_of_another_scheme_are_a_state_of_their_own() {
    for headers in [
        &[][..],
        &[("authorization", "")],
        &[("authorization", "Basic dTpw")],
        &[("authorization", "Digest username=\"a\", realm=\"b\"")],
        &[("authorization", "Bearer\ta")],
        &[("authorization", "Bearertoken a")],
        &[("x-authorization", "Bearer a")],
        &[("authorizations", "Bearer a")],
    ] {
        assert_eq!(read_at(URL, headers).map(|read| read.presented), Ok(None), "{headers:?}");
    }
}

#[test]
fn two_authorization_headers_are_refused_also_where_the_host_joined_them_o6() {
    for headers in [
        &[("authorization", "Bearer a"), ("Authorization", "Bearer a")][..],
        &[("authorization", "Bearer a"), ("authorization", "Basic dTpw")],
        &[("authorization", "Basic dTpw"), ("AUTHORIZATION", "DPoP a")],
        &[("authorization", ""), ("authorization", "Bearer a")],
        &[("authorization", "Bearer a, Bearer a")],
        &[("authorization", "Bearer a,")],
        &[("authorization", "Bearer , Bearer a")],
        &[("authorization", "Basic dTpw, Bearer a")],
        &[("authorization", ", Bearer a")],
        &[("authorization", "Basic dTpw,dpop a")],
    ] {
        let error = refused(URL, headers);
        assert_eq!((error.class(), error.code()), (Class::RequestAuth, Code::InvalidRequest), "{headers:?}");
    }
}

#[test]
fn a_token_in_the_query_is_refused_alone_and_beside_a_header_o6() {
    let header = [("authorization", "Bearer a")];
    for query in [
        "?access_token=a",
        "?x=1&access_token=",
        "?access_token",
        "?%61ccess%5Ftoken=a",
        "?access_token=a#f",
        "?&access_token=a",
    ] {
        for headers in [&[][..], &header] {
            let error = refused(&format!("https://api.example/{query}"), headers);
            assert_eq!((error.class(), error.code()), (Class::RequestAuth, Code::InvalidRequest), "{query}");
        }
    }
    for url in ["https://api.example/access_token=a", "https://api.example/#access_token=a", "/?my_access_token=a"] {
        assert!(read_at(url, &header).is_ok(), "{url}");
    }
}

#[test]
fn every_proof_is_told_however_the_host_hands_them_over() {
    let proofs = |headers: &[(&str, &str)]| {
        let read = read_at(URL, headers).unwrap();
        read.dpop_proofs.iter().map(|proof| proof.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(proofs(&[]), Vec::<String>::new());
    assert_eq!(proofs(&[("DPoP", " a.b.c ")]), ["a.b.c"]);
    assert_eq!(proofs(&[("dpop", "a.b.c"), ("DPOP", "d.e.f")]), ["a.b.c", "d.e.f"]);
    assert_eq!(proofs(&[("dpop", "a.b.c, d.e.f")]), ["a.b.c", "d.e.f"]);
    assert_eq!(proofs(&[("dpop", "a.b.c,")]), ["a.b.c", ""]);
}

#[test]
fn a_method_keeps_its_case_and_must_be_one() {
    assert_eq!(RequestCredentials::read("patch", URL, &[]).unwrap().method, "patch");
    for method in ["", "GET /", "G\nT"] {
        assert_eq!(RequestCredentials::read(method, URL, &[]).unwrap_err().code(), Code::InvalidRequest);
    }
}

#[test]
fn neither_debug_nor_a_refusal_shows_what_the_request_holds_x26() {
    let headers = [("authorization", "DPoP canary"), ("dpop", "canary")];
    let shown = format!("{:?}", read_at("https://api.example/a?key=canary", &headers).unwrap());
    assert!(shown.contains("https://api.example/a") && !shown.contains("canary"), "{shown}");
    for (url, authorization) in [
        ("https://api.example/?access_token=canary", "Bearer a"),
        (URL, "Bearer canary canary"),
        (URL, "Bearer canary,"),
    ] {
        assert!(!refused(url, &[("authorization", authorization)]).to_string().contains("canary"));
    }
}

fn both() -> Challenger {
    Challenger {
        realm: None,
        takes_bearer: true,
        dpop_algorithms: vec![Algorithm::ES256, Algorithm::PS256],
        announces_dpop: true,
    }
}

fn challenge(refusal: Refusal, presented: Option<Scheme>) -> String {
    both().challenge(refusal, presented, &["orders:read".to_owned(), "orders:write".to_owned()]).unwrap()
}

#[test]
fn a_request_without_credentials_gets_a_challenge_of_each_scheme_without_an_error() {
    // RFC 9449 7.2
    let bare = both().challenge(Refusal::CredentialsMissing, None, &[]);
    assert_eq!(bare.as_deref(), Some("Bearer, DPoP algs=\"ES256 PS256\""));
    let only_bearer = Challenger { realm: Some("example".to_owned()), takes_bearer: true, ..Challenger::default() };
    // RFC 6750 3
    let bare = only_bearer.challenge(Refusal::CredentialsMissing, None, &[]);
    assert_eq!(bare.as_deref(), Some("Bearer realm=\"example\""));
    let silent = Challenger { announces_dpop: false, ..both() };
    assert_eq!(silent.challenge(Refusal::CredentialsMissing, None, &[]).as_deref(), Some("Bearer"));
    let told = silent.challenge(Refusal::InvalidToken, Some(Scheme::Dpop), &[]).unwrap();
    assert!(told.starts_with("Bearer, DPoP error=\"invalid_token\""), "{told}");
    let only_dpop = Challenger { takes_bearer: false, ..both() };
    let bare = only_dpop.challenge(Refusal::CredentialsMissing, None, &[]);
    assert_eq!(bare.as_deref(), Some("DPoP algs=\"ES256 PS256\""));
}

#[test]
fn the_error_stands_in_the_challenge_of_the_scheme_that_was_used() {
    let invalid = "error=\"invalid_token\", error_description=\"The access token is expired, revoked, malformed or not \
                   for this resource\"";
    let bearer = format!("Bearer {invalid}, DPoP algs=\"ES256 PS256\"");
    assert_eq!(challenge(Refusal::InvalidToken, Some(Scheme::Bearer)), bearer);
    let dpop = format!("Bearer, DPoP {invalid}, algs=\"ES256 PS256\"");
    assert_eq!(challenge(Refusal::InvalidToken, Some(Scheme::Dpop)), dpop);
    let nonce = challenge(Refusal::UseDpopNonce, Some(Scheme::Dpop));
    assert!(nonce.starts_with("Bearer, DPoP error=\"use_dpop_nonce\","), "{nonce}");
    // A token by Bearer where only DPoP is taken.
    let only_dpop = Challenger { takes_bearer: false, ..both() };
    let told = only_dpop.challenge(Refusal::InvalidToken, Some(Scheme::Bearer), &[]).unwrap();
    assert!(told.starts_with("DPoP error=\"invalid_token\"") && !told.contains("Bearer"), "{told}");
}

#[test]
fn the_scopes_that_are_missing_are_told() {
    let told = challenge(Refusal::InsufficientScope, Some(Scheme::Bearer));
    assert!(
        told.contains("error=\"insufficient_scope\"") && told.contains("scope=\"orders:read orders:write\""),
        "{told}"
    );
    assert!(!challenge(Refusal::InvalidToken, Some(Scheme::Bearer)).contains("scope="));
}

#[test]
fn each_refusal_has_the_status_of_its_standard() {
    for (refusal, status, error) in [
        (Refusal::CredentialsMissing, 401, None),
        (Refusal::InvalidRequest, 400, Some("invalid_request")),
        (Refusal::InvalidToken, 401, Some("invalid_token")),
        (Refusal::InsufficientScope, 403, Some("insufficient_scope")),
        (Refusal::InvalidDpopProof, 401, Some("invalid_dpop_proof")),
        (Refusal::UseDpopNonce, 401, Some("use_dpop_nonce")),
        (Refusal::Unavailable, 503, None),
    ] {
        assert_eq!((refusal.status(), refusal.error()), (status, error));
    }
    assert_eq!(both().challenge(Refusal::Unavailable, Some(Scheme::Bearer), &[]), None);
}

#[test]
fn what_is_wrong_with_a_token_is_401_and_what_is_wrong_with_the_provider_503() {
    for (code, refusal) in [
        (Code::CredentialsMissing, Refusal::CredentialsMissing),
        (Code::SignatureInvalid, Refusal::InvalidToken),
        (Code::MalformedToken, Refusal::InvalidToken),
        (Code::TokenExpired, Refusal::InvalidToken),
        (Code::KeyNotFound, Refusal::InvalidToken),
        (Code::InvalidDpopProof, Refusal::InvalidDpopProof),
        (Code::UseDpopNonce, Refusal::UseDpopNonce),
        (Code::InsufficientScope, Refusal::InsufficientScope),
        (Code::NetworkFailure, Refusal::Unavailable),
        (Code::DiscoveryFailed, Refusal::Unavailable),
        (Code::InvalidKeySet, Refusal::Unavailable),
        (Code::CryptoUnavailable, Refusal::Unavailable),
        (Code::InvalidRequest, Refusal::Unavailable),
    ] {
        assert_eq!(Refusal::of(&Error::new(code, "x")), refusal, "{code}");
    }
    let unreadable = Error::new(Code::InvalidRequest, "x").during(Class::RequestAuth);
    assert_eq!(Refusal::of(&unreadable), Refusal::InvalidRequest);
    let by_introspection = Error::new(Code::InvalidToken, "x").during(Class::RequestAuth);
    assert_eq!(Refusal::of(&by_introspection), Refusal::InvalidToken);
}

/// The parameters of challenges, by a reader that knows nothing of how they are written.
fn is_one_header_line(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.matches('"').count().is_multiple_of(2)
        && !text.contains('\\')
}

proptest! {
    #[test]
    fn whatever_a_request_holds_is_read_or_refused_with_a_status(
        url in any::<String>(),
        values in proptest::collection::vec("(?s)(bearer|DPoP|basic|)[ ,]?.{0,40}", 0..4),
        names in proptest::collection::vec("(authorization|DPoP|Authorization|x)", 4),
    ) {
        let headers: Vec<(String, String)> = names.into_iter().zip(values).collect();
        match RequestCredentials::read("POST", &url, &headers) {
            Ok(read) => {
                if let Some(found) = read.presented {
                    let token = found.token.expose();
                    prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
                }
            }
            Err(error) => prop_assert_eq!(Refusal::of(&error).status(), 400),
        }
    }

    #[test]
    fn no_realm_and_no_scope_can_leave_its_quotes(realm in any::<String>(), scope in any::<String>()) {
        let challenger = Challenger { realm: Some(realm), ..both() };
        for refusal in [Refusal::CredentialsMissing, Refusal::InsufficientScope, Refusal::InvalidToken] {
            let told = challenger.challenge(refusal, Some(Scheme::Dpop), std::slice::from_ref(&scope)).unwrap();
            prop_assert!(is_one_header_line(&told), "{}", told);
        }
    }
}
