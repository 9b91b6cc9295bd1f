//! Authorization responses: ours, foreign, twisted and doubled.

use super::super::response_parameters::MAX_CALLBACK_BYTES;
use super::*;

const ISSUER: &str = "https://idp";

fn tag() -> StateTag {
    StateTag::new(ISSUER, "spa", "https://app/cb", "")
}

/// Recognizes a URL in which `OURS` stands for a state of ours.
fn at(url: &str, mode: ResponseMode) -> Result<Recognized> {
    recognize(&url.replace("OURS", &tag().state("random")), mode, &tag(), Some(ISSUER))
}

fn query(query: &str) -> Result<Recognized> {
    at(&format!("https://app/cb?{query}"), ResponseMode::Query)
}

fn code_of(result: Result<Recognized>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn row_3_no_response_where_the_mode_puts_one() {
    for url in ["https://app/cb", "https://app/cb?state=OURS", "https://app/cb#code=x&state=OURS", "?codes=1", ""] {
        assert_eq!(at(url, ResponseMode::Query), Ok(Recognized::NothingHere), "{url}");
    }
    assert_eq!(at("https://app/cb?code=x&state=OURS", ResponseMode::Fragment), Ok(Recognized::NothingHere));
}

#[test]
fn row_4_without_our_state_and_our_issuer_it_is_left_alone_b2_w2_o7() {
    for text in [
        "code=x",
        "code=x&state=theirs",
        "code=x&state=",
        "code=x&state=theirs&iss=https://idp/",
        "code=x&code=y&state=theirs&state=others",
        "code=x&error=y",
        "error=x&state=theirs",
        "response=jwt",
        "code=x&access_token=y",
        "code=x&state=%FF%FE",
    ] {
        assert_eq!(query(text), Ok(Recognized::NotOurs), "{text}");
    }
    assert_eq!(at("https://app/cb?code=x#state=OURS", ResponseMode::Query), Ok(Recognized::NotOurs));
}

#[test]
fn row_4_without_a_known_issuer_only_the_state_counts() {
    let url = "https://app/cb?code=x&state=theirs&iss=https://idp";
    assert_eq!(recognize(url, ResponseMode::Query, &tag(), None), Ok(Recognized::NotOurs));
}

#[test]
fn a_response_to_a_popup_or_frame_is_relayed_as_it_is_and_judged_by_the_one_who_waits() {
    let relayed = tag().relayed_state("random");
    for text in ["code=x&state=R", "error=x&state=R", "code=x&error=y&state=R", "code=x&code=y&state=R&access_token=z"]
    {
        assert_eq!(query(&text.replace('R', &relayed)), Ok(Recognized::ToRelay), "{text}");
    }
    assert_eq!(query(&format!("state={relayed}")), Ok(Recognized::NothingHere));
    let fragment = format!("https://app/cb#code=x&state={relayed}");
    assert_eq!(at(&fragment, ResponseMode::Fragment), Ok(Recognized::ToRelay));
    assert_eq!(at(&fragment, ResponseMode::Query), Ok(Recognized::NothingHere));
}

#[test]
fn a_url_answers_the_request_whose_state_it_has_where_the_mode_puts_it() {
    let url = "https://app/cb?code=x&state=one%7Etwo";
    assert!(answers(url, ResponseMode::Query, "one~two"));
    assert!(!answers(url, ResponseMode::Query, "one"));
    assert!(!answers(url, ResponseMode::Fragment, "one~two"));
    assert!(answers("https://app/cb#state=one", ResponseMode::Fragment, "one"));
    let long = format!("{url}&x={}", "x".repeat(MAX_CALLBACK_BYTES));
    assert!(!answers(&long, ResponseMode::Query, "one~two"));
}

#[test]
fn row_5_our_issuer_with_a_missing_or_foreign_state_b2_o7() {
    assert_eq!(code_of(query("code=x&iss=https%3A%2F%2Fidp")), Code::StateMissing);
    assert_eq!(code_of(query("error=x&error=y&iss=https://idp")), Code::StateMissing);
    assert_eq!(code_of(query("code=x&state=theirs&iss=https://idp")), Code::StateMismatch);
    assert_eq!(code_of(query("code=x&state=&iss=https://idp")), Code::StateMismatch);
}

#[test]
fn row_5_what_occurs_twice_is_refused_in_lists_and_across_places_too_x12_i5() {
    for text in [
        "code=x&code=x&state=OURS",
        "code=x&state=OURS&state=OURS",
        "code=x&state=theirs&state=OURS",
        "code=x&state=OURS&iss=https://idp&iss=https://idp",
        "error=x&error=x&state=OURS",
        "error=x&error_description=a&error_description=b&state=OURS",
        "code[]=x&state=OURS",
        "code[0]=x&state=OURS",
        "code=x&state[]=OURS",
        "c%6Fde=x&code=y&state=OURS",
        "code=x&state=OURS#code=x",
        "code=x&state=OURS#/&state=y",
    ] {
        assert_eq!(code_of(query(text)), Code::DuplicateParameter, "{text}");
    }
}

#[test]
fn row_5_a_response_that_says_two_things_or_is_split_is_refused_x12() {
    for text in ["code=x&error=y&state=OURS", "code=x&state=OURS#error=y", "error=x&state=OURS#iss=https://idp"] {
        assert_eq!(code_of(query(text)), Code::AmbiguousResponse, "{text}");
    }
    let split = at("https://app/cb?state=x#code=x&iss=https://idp", ResponseMode::Fragment);
    assert_eq!(code_of(split), Code::StateMissing);
    let split = at("https://app/cb?iss=https://idp#code=x&state=OURS", ResponseMode::Fragment);
    assert_eq!(code_of(split), Code::AmbiguousResponse);
}

#[test]
fn row_5_tokens_and_jwt_responses_are_refused_b10_w6() {
    for text in [
        "code=x&state=OURS&access_token=canary",
        "code=x&state=OURS&id_token=canary",
        "response=canary&state=OURS",
        "code=x&state=OURS#access_token=canary",
    ] {
        let error = query(text).unwrap_err();
        assert_eq!(error.code(), Code::UnexpectedParameter, "{text}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    let hybrid = at("https://app/cb#code=x&state=OURS&access_token=y", ResponseMode::Fragment);
    assert_eq!(code_of(hybrid), Code::UnexpectedParameter);
}

#[test]
fn row_5_an_implicit_response_to_a_request_of_ours_is_refused_wherever_it_stands_b10_w6() {
    for mode in [ResponseMode::Query, ResponseMode::Fragment] {
        for token in ["access_token=canary&token_type=bearer", "id_token=canary", "expires_in=1&access_token[]=canary"]
        {
            for mark in ['?', '#'] {
                let error = at(&format!("https://app/cb{mark}{token}&state=OURS"), mode).unwrap_err();
                assert_eq!(error.code(), Code::UnexpectedParameter, "{mark}{token}");
                assert!(!format!("{error:?}").contains("canary"));
                // The app's own.
                let theirs = at(&format!("https://app/cb{mark}{token}&state=theirs"), mode);
                assert_eq!(theirs, Ok(Recognized::NothingHere), "{mark}{token}");
            }
        }
    }
    assert_eq!(at("https://app/cb?state=OURS#access_token=x", ResponseMode::Query), Ok(Recognized::NothingHere));
}

#[test]
fn an_impossible_code_or_error_is_refused_x18_o7() {
    for text in
        ["code=&state=OURS", "error=&state=OURS", "code=%00&state=OURS", "code=%FF&state=OURS", "code=é&state=OURS"]
    {
        assert_eq!(code_of(query(text)), Code::InvalidCallback, "{text}");
    }
}

#[test]
fn a_callback_beyond_the_size_limit_is_refused_x18() {
    let url = format!("https://app/cb?{}", "a".repeat(MAX_CALLBACK_BYTES));
    assert_eq!(code_of(at(&url, ResponseMode::Query)), Code::InvalidCallback);
    let error = parse_response(&"a".repeat(MAX_CALLBACK_BYTES + 1), ResponseMode::Query).unwrap_err();
    assert_eq!(error.code(), Code::InvalidCallback);
}

#[test]
fn a_code_for_us_is_read_with_foreign_parameters_and_hash_routes_left_alone_o4() {
    let state = tag().state("random");
    let expected = Recognized::Ours(AuthorizationResponse {
        state: state.clone(),
        iss: Some(ISSUER.to_owned()),
        outcome: Outcome::Code(Secret::new("a+b c")),
    });
    let parameters = "code=a%2Bb+c&state=OURS&iss=https%3A%2F%2Fidp";
    assert_eq!(
        query(&format!("k=1&{parameters}&session_state=s&k=2&scope=a&scope=b#/route?code=1")),
        Ok(expected.clone())
    );
    assert_eq!(at(&format!("https://app/cb?k=1#{parameters}"), ResponseMode::Fragment), Ok(expected.clone()));
    assert_eq!(at(&format!("https://app/cb?{parameters}"), ResponseMode::FormPost), Ok(expected));
}

#[test]
fn an_error_for_us_is_read_with_its_description() {
    let Ok(Recognized::Ours(response)) = query("error=access_denied&error_description=No+way&state=OURS") else {
        panic!("not recognized");
    };
    assert_eq!(response.iss, None);
    let description = Some("No way".to_owned());
    assert_eq!(response.outcome, Outcome::Refused { error: "access_denied".to_owned(), description });
}

#[test]
fn by_hand_a_url_a_query_and_bare_parameters_are_read_alike() {
    let parameters = "code=x&state=y&iss=https://idp/?a";
    let expected = parse_response(&format!("https://app/cb;v=1?{parameters}"), ResponseMode::Query).unwrap();
    assert_eq!(expected.iss.as_deref(), Some("https://idp/?a"));
    for text in [parameters.to_owned(), format!("?{parameters}"), format!("/cb?{parameters}#/route")] {
        assert_eq!(parse_response(&text, ResponseMode::Query).as_ref(), Ok(&expected), "{text}");
    }
    for text in [parameters.to_owned(), format!("#{parameters}"), format!("app.example:/cb#{parameters}")] {
        assert_eq!(parse_response(&text, ResponseMode::Fragment).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn by_hand_the_same_faults_are_refused_x12() {
    let code = |text: &str| parse_response(text, ResponseMode::Query).unwrap_err().code();
    assert_eq!(code("code=x"), Code::StateMissing);
    assert_eq!(code("state=x"), Code::InvalidCallback);
    assert_eq!(code(""), Code::InvalidCallback);
    assert_eq!(code("https://app/cb"), Code::InvalidCallback);
    assert_eq!(code("code=x&code=y&state=z"), Code::DuplicateParameter);
    assert_eq!(code("?code=x&state=z#code=y"), Code::DuplicateParameter);
    assert_eq!(code("?code=x&error=y&state=z"), Code::AmbiguousResponse);
    assert_eq!(code("?response=x"), Code::UnexpectedParameter);
}

#[test]
fn the_issuer_is_compared_byte_for_byte_i1_i3() {
    for advertised in [true, false] {
        assert_eq!(check_issuer(Some("https://as"), Some("https://as"), advertised), Ok(()));
        for actual in ["https://as/", "https://AS", "https://as:443", "https://a%73", "http://as", ""] {
            let error = check_issuer(Some(actual), Some("https://as"), advertised).unwrap_err();
            assert_eq!((error.code(), error.failure().recovery), (Code::IssMismatch, Recovery::Stop));
            assert_eq!(error.failure().expected.as_deref(), Some("https://as"));
            assert_eq!(error.failure().actual.as_deref(), Some(actual));
        }
    }
}

#[test]
fn an_issuer_that_was_announced_must_be_there_i2_i3() {
    assert_eq!(check_issuer(None, Some("https://as"), true).unwrap_err().code(), Code::IssMissing);
    assert_eq!(check_issuer(None, Some("https://as"), false), Ok(()));
    assert_eq!(check_issuer(Some("https://as"), None, true).unwrap_err().code(), Code::IssMismatch);
    assert_eq!(check_issuer(Some("https://as"), None, false), Ok(()));
}

#[test]
fn debug_shows_no_code_x26() {
    assert!(!format!("{:?}", query("code=canary&state=OURS")).contains("canary"));
}
