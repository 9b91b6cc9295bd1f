//! Authorization responses: is it ours, and is it whole (RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode).

use super::response_parameters::{MISPLACED, Parameters, alone, places};
pub use super::response_parameters::{ResponseMode, without_response_parameters};
use super::secret::Secret;
use super::state::StateTag;
use crate::error::{Code, Error, Recovery, Result, harmless};

/// What a provider answered to an authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// `state`, unchecked: which request it answers.
    pub state: String,
    /// `iss` (RFC 9207), unchecked: see [`check_issuer`].
    pub iss: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

impl AuthorizationResponse {
    /// The authorization code, unless the provider refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Code(code) => Some(code.expose()),
            Outcome::Refused { .. } => None,
        }
    }
}

/// What came of an authorization request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The authorization code.
    Code(Secret),
    /// The provider refused; see [`super::provider_error::refused`]. Not to be believed before the issuer is checked.
    Refused {
        /// `error`, as it was sent.
        error: String,
        /// `error_description`, as it was sent.
        description: Option<String>,
    },
}

/// Whether a URL carries an authorization response for this client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognized {
    /// No response where the response mode puts one.
    NothingHere,
    /// A response for somebody else; to be left alone.
    NotOurs,
    /// A response for a window of this client's that waits beside this one: to be handed over as it is.
    ToRelay,
    /// A response for this client, complete and unambiguous.
    Ours(AuthorizationResponse),
}

/// Decides whether a URL at the redirect URI carries a response for this client: rows 3 to 5 of the callback table.
///
/// # Errors
/// `InvalidCallback` for an oversized URL or an impossible code. For a response that is ours by its state or its issuer:
/// `StateMissing`, `StateMismatch`, `DuplicateParameter` (also for `code[]`), `AmbiguousResponse` (code and error, or
/// parameters in query and fragment), `UnexpectedParameter` (tokens, or a JWT response that was never asked for).
#[inline(never)]
pub fn recognize(url: &str, mode: ResponseMode, tag: &StateTag, issuer: Option<&str>) -> Result<Recognized> {
    let (here, elsewhere) = places(url, mode)?;
    let here = Parameters::read(here);
    if !["code", "error", "response"].iter().any(|name| here.has(name)) {
        return Ok(Recognized::NothingHere);
    }
    if !here.values("state").any(|state| tag.owns(state)) {
        if !here.values("iss").any(|iss| Some(iss) == issuer) {
            return Ok(Recognized::NotOurs);
        }
        return Err(match here.has("state") {
            true => Error::new(Code::StateMismatch, "the authorization response has a foreign \"state\""),
            false => state_missing(),
        });
    }
    if here.values("state").any(|state| tag.relays(state)) {
        return Ok(Recognized::ToRelay);
    }
    judge(&here, &Parameters::read(elsewhere)).map(Recognized::Ours)
}

/// Whether a URL carries a response to the request with this `state`, whole or not.
#[must_use]
pub fn answers(url: &str, mode: ResponseMode, state: &str) -> bool {
    places(url, mode).is_ok_and(|(here, _)| Parameters::read(here).values("state").any(|value| value == state))
}

/// Reads a response that the caller knows to be one: a URL, or the parameters alone.
///
/// # Errors
/// As [`recognize`], and `InvalidCallback` where there is neither code nor error.
#[inline(never)]
pub fn parse_response(url_or_query: &str, mode: ResponseMode) -> Result<AuthorizationResponse> {
    let name = url_or_query.split_once('=').map_or(url_or_query, |(name, _)| name);
    let is_url = name.contains([':', '/', '?', '#']);
    let (here, elsewhere) = if is_url { places(url_or_query, mode)? } else { alone(url_or_query)? };
    judge(&Parameters::read(here), &Parameters::read(elsewhere))
}

/// Checks the issuer of a response (RFC 9207 2.4), also of one that says `error`.
///
/// # Errors
/// `IssMismatch` unless `iss` is byte for byte the issuer of the request, `IssMissing` when the provider announces `iss`
/// and did not send it.
pub fn check_issuer(response_iss: Option<&str>, issuer: Option<&str>, advertised: bool) -> Result<()> {
    match (response_iss, issuer) {
        (Some(actual), Some(expected)) if actual == expected => Ok(()),
        // Metadata of the app's own, without an issuer: there is nothing to compare with and nothing was promised.
        (Some(_), None) if !advertised => Ok(()),
        (Some(actual), expected) => {
            let message = "the authorization response comes from another issuer than the one asked";
            Err(Error::new(Code::IssMismatch, message).mismatch(expected.unwrap_or_default(), harmless(actual)))
        }
        (None, _) if advertised => {
            let message = "the provider announces \"iss\" in authorization responses, and this one has none";
            Err(Error::new(Code::IssMissing, message))
        }
        (None, _) => Ok(()),
    }
}

/// Row 5: refuses what is not exactly one response.
fn judge(here: &Parameters, elsewhere: &Parameters) -> Result<AuthorizationResponse> {
    let misplaced: Vec<&str> = MISPLACED.iter().copied().filter(|name| elsewhere.has(name)).collect();
    let present = |name: &&&str| here.has(name);
    if let Some(name) = here.repeated().or_else(|| misplaced.iter().find(present).copied()) {
        let message = format!("the authorization response has \"{name}\" more than once");
        return Err(Error::new(Code::DuplicateParameter, message));
    }
    for name in ["access_token", "id_token", "response"] {
        if here.has(name) || elsewhere.has(name) {
            let message = format!("the authorization response has \"{name}\", which was not asked for");
            return Err(Error::new(Code::UnexpectedParameter, message));
        }
    }
    if let Some(name) = misplaced.first() {
        let message = format!("the authorization response is split: \"{name}\" is not where the rest is");
        return Err(Error::new(Code::AmbiguousResponse, message));
    }
    let outcome = match (here.first("code"), here.first("error")) {
        (Some(_), Some(_)) => {
            let message = "the authorization response has both \"code\" and \"error\"";
            return Err(Error::new(Code::AmbiguousResponse, message));
        }
        (Some(code), None) if is_visible(code) => Outcome::Code(Secret::new(code)),
        (None, Some(error)) if !error.is_empty() => Outcome::Refused {
            error: error.to_owned(),
            description: here.first("error_description").map(ToOwned::to_owned),
        },
        (None, None) => {
            return Err(Error::new(Code::InvalidCallback, "the callback has neither \"code\" nor \"error\""));
        }
        _ => {
            let message = "the \"code\" or \"error\" of the authorization response is empty or not ASCII";
            return Err(Error::new(Code::InvalidCallback, message).recover_by(Recovery::Reauthenticate));
        }
    };
    match here.first("state") {
        None => Err(state_missing()),
        Some(state) => Ok(AuthorizationResponse {
            state: state.to_owned(),
            iss: here.first("iss").map(ToOwned::to_owned),
            outcome,
        }),
    }
}

fn state_missing() -> Error {
    Error::new(Code::StateMissing, "the authorization response has no \"state\"")
}

/// One or more `VSCHAR` (RFC 6749 appendix A.11).
fn is_visible(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
mod tests {
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
    fn row_4_without_our_state_and_our_issuer_it_is_left_alone() {
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
        for text in
            ["code=x&state=R", "error=x&state=R", "code=x&error=y&state=R", "code=x&code=y&state=R&access_token=z"]
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
    fn row_5_our_issuer_with_a_missing_or_foreign_state() {
        assert_eq!(code_of(query("code=x&iss=https%3A%2F%2Fidp")), Code::StateMissing);
        assert_eq!(code_of(query("error=x&error=y&iss=https://idp")), Code::StateMissing);
        assert_eq!(code_of(query("code=x&state=theirs&iss=https://idp")), Code::StateMismatch);
        assert_eq!(code_of(query("code=x&state=&iss=https://idp")), Code::StateMismatch);
    }

    #[test]
    fn row_5_what_occurs_twice_is_refused_in_lists_and_across_places_too() {
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
    fn row_5_a_response_that_says_two_things_or_is_split_is_refused() {
        for text in ["code=x&error=y&state=OURS", "code=x&state=OURS#error=y", "error=x&state=OURS#iss=https://idp"] {
            assert_eq!(code_of(query(text)), Code::AmbiguousResponse, "{text}");
        }
        let split = at("https://app/cb?state=x#code=x&iss=https://idp", ResponseMode::Fragment);
        assert_eq!(code_of(split), Code::StateMissing);
        let split = at("https://app/cb?iss=https://idp#code=x&state=OURS", ResponseMode::Fragment);
        assert_eq!(code_of(split), Code::AmbiguousResponse);
    }

    #[test]
    fn row_5_tokens_and_jwt_responses_are_refused() {
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
    fn an_impossible_code_or_error_is_refused() {
        for text in
            ["code=&state=OURS", "error=&state=OURS", "code=%00&state=OURS", "code=%FF&state=OURS", "code=é&state=OURS"]
        {
            assert_eq!(code_of(query(text)), Code::InvalidCallback, "{text}");
        }
    }

    #[test]
    fn a_callback_beyond_the_size_limit_is_refused() {
        let url = format!("https://app/cb?{}", "a".repeat(MAX_CALLBACK_BYTES));
        assert_eq!(code_of(at(&url, ResponseMode::Query)), Code::InvalidCallback);
        let error = parse_response(&"a".repeat(MAX_CALLBACK_BYTES + 1), ResponseMode::Query).unwrap_err();
        assert_eq!(error.code(), Code::InvalidCallback);
    }

    #[test]
    fn a_code_for_us_is_read_with_foreign_parameters_and_hash_routes_left_alone() {
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
    fn by_hand_the_same_faults_are_refused() {
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
    fn the_issuer_is_compared_byte_for_byte_rfc_9207_2_4() {
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
    fn an_issuer_that_was_announced_must_be_there_rfc_9207_2_4() {
        assert_eq!(check_issuer(None, Some("https://as"), true).unwrap_err().code(), Code::IssMissing);
        assert_eq!(check_issuer(None, Some("https://as"), false), Ok(()));
        assert_eq!(check_issuer(Some("https://as"), None, true).unwrap_err().code(), Code::IssMismatch);
        assert_eq!(check_issuer(Some("https://as"), None, false), Ok(()));
    }

    #[test]
    fn debug_shows_no_code() {
        assert!(!format!("{:?}", query("code=canary&state=OURS")).contains("canary"));
    }
}
