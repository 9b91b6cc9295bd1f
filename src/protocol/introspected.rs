//! What an introspection endpoint says of an access token (RFC 7662 2.2), as a resource server takes it.

use super::claims::{audiences, text, time, wrong};
use super::json::{Json, Object};
use super::words;
use crate::error::{Class, Code, Error, Result};

/// What a resource server expects of a token that it asked about.
#[derive(Clone, Copy)]
pub struct Expectations<'a> {
    /// The issuer whose endpoint was asked; compared byte by byte where the answer names one.
    pub issuer: &'a str,
    /// The names of the resource server, of which `aud` has to have one; `None`: the app wrote out that it does not matter
    /// for whom a token is.
    pub audiences: Option<&'a [String]>,
    /// Takes an answer without `aud`, which is optional in RFC 7662: the provider tells this client of no tokens but its own.
    pub may_lack_audience: bool,
    /// Now, in Unix seconds.
    pub now: i64,
    /// How far the clocks may differ, in seconds.
    pub clock_tolerance: i64,
}

/// What is known of a token that is active.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspected {
    /// `sub`; without one `client_id`, since it is a machine then that acts for nobody.
    pub subject: String,
    /// `client_id`
    pub client_id: Option<String>,
    /// `exp`, in Unix seconds.
    pub expires_at: Option<i64>,
    /// The scopes, separated by spaces.
    pub scope: Option<String>,
}

/// Judges an answer that [`super::introspection::judge`] took apart; its accessors' errors have the code `InvalidClaim`.
///
/// # Errors
/// `InvalidToken`: not active. `TokenExpired`; of class `TokenVerification`: `IssuerMismatch`, `AudienceMismatch`,
/// `NotYetValid`, `TokenTypeMismatch` for a token that is no access token, `MissingClaim` and `InvalidClaim`.
pub fn validate(answer: &Object, expected: &Expectations<'_>) -> Result<Introspected> {
    if answer.get("active") != Some(&Json::Bool(true)) {
        let message = "the provider says that the access token is not active: expired, revoked, or never its own";
        return Err(Error::new(Code::InvalidToken, message).during(Class::RequestAuth));
    }
    if let Some(issuer) = text(answer, "iss")?
        && issuer != expected.issuer
    {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(expected.issuer, issuer));
    }
    check_audience(answer, expected)?;
    check_type(answer)?;
    let expires_at = time(answer, "exp")?;
    if let Some(expires_at) = expires_at
        && expected.now >= expires_at.saturating_add(expected.clock_tolerance)
    {
        return Err(Error::new(Code::TokenExpired, "the access token is expired, though the provider calls it active"));
    }
    if let Some(not_before) = time(answer, "nbf")?
        && not_before > expected.now.saturating_add(expected.clock_tolerance)
    {
        return Err(wrong(Code::NotYetValid, "nbf", "not before"));
    }
    let client_id = text(answer, "client_id")?;
    let Some(subject) = text(answer, "sub")?.or(client_id).filter(|subject| !subject.is_empty()) else {
        let message = "the introspection endpoint names neither \"sub\" (subject) nor \"client_id\"";
        return Err(Error::new(Code::MissingClaim, message));
    };
    Ok(Introspected {
        subject: subject.to_owned(),
        client_id: client_id.map(str::to_owned),
        expires_at,
        scope: text(answer, "scope")?.map(str::to_owned),
    })
}

fn check_audience(answer: &Object, expected: &Expectations<'_>) -> Result<()> {
    let Some(own) = expected.audiences else { return Ok(()) };
    if answer.get("aud").is_none() {
        if expected.may_lack_audience {
            return Ok(());
        }
        let message = "the introspection endpoint does not say for whom the token is (\"aud\"): have the provider say it, or give \
                       `introspection: { allowMissingAudience: true }`";
        return Err(Error::new(Code::AudienceMismatch, message));
    }
    let audiences = audiences(answer)?;
    if audiences.iter().any(|audience| own.contains(audience)) {
        return Ok(());
    }
    Err(wrong(Code::AudienceMismatch, "aud", "audience").mismatch(words::join(own), words::join(&audiences)))
}

/// An endpoint answers for refresh tokens too, and calls them active. `token_type` (RFC 7662 2.2) is how a token is used at a
/// resource; Keycloak says `typ`, too.
fn check_type(answer: &Object) -> Result<()> {
    let kind = text(answer, "token_type")?;
    let is_dpop = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("DPoP"));
    let is_other = kind.is_some_and(|kind| !is_dpop && !kind.eq_ignore_ascii_case("Bearer"));
    let is_no_access_token = ["Refresh", "Offline", "ID"].map(Some).contains(&answer.get("typ").and_then(Json::as_str));
    if is_other || is_no_access_token {
        return Err(mismatch("the token is no access token that is used by Bearer or DPoP"));
    }
    if is_dpop && answer.get("cnf").is_none() {
        return Err(mismatch(
            "the access token is bound to a key, and the introspection endpoint does not say to which (\"cnf\")",
        ));
    }
    Ok(())
}

fn mismatch(message: &'static str) -> Error {
    Error::new(Code::TokenTypeMismatch, message).during(Class::TokenVerification)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::parse_object_as;

    const ISSUER: &str = "https://idp.example";

    fn judged(more: &str) -> std::result::Result<Introspected, Code> {
        let separator = if more.is_empty() { "" } else { "," };
        whole(&format!(
            r#"{{"active":true,"sub":"usr_1","aud":"https://api.example","iss":"{ISSUER}"{separator}{more}}}"#
        ))
    }

    fn whole(answer: &str) -> std::result::Result<Introspected, Code> {
        with(answer, false)
    }

    fn with(answer: &str, may_lack_audience: bool) -> std::result::Result<Introspected, Code> {
        let own = ["https://api.example".to_owned(), "orders".to_owned()];
        let expected =
            Expectations { issuer: ISSUER, audiences: Some(&own), may_lack_audience, now: 1000, clock_tolerance: 60 };
        let answer = parse_object_as(answer.as_bytes(), Code::InvalidClaim).unwrap();
        validate(&answer, &expected).map_err(|error| error.code())
    }

    #[test]
    fn an_active_token_is_what_the_answer_says() {
        let found = judged(r#""exp":2000,"client_id":"spa","scope":"orders:read openid","username":"ada""#).unwrap();
        let expected = Introspected {
            subject: "usr_1".to_owned(),
            client_id: Some("spa".to_owned()),
            expires_at: Some(2000),
            scope: Some("orders:read openid".to_owned()),
        };
        assert_eq!(found, expected);
        assert_eq!(judged("").unwrap().expires_at, None);
    }

    #[test]
    fn only_true_is_active_int1() {
        for active in ["false", "\"true\"", "1", "null", "[true]", "{}"] {
            assert_eq!(whole(&format!(r#"{{"active":{active},"sub":"u","aud":"orders"}}"#)), Err(Code::InvalidToken));
        }
        assert_eq!(whole(r#"{"sub":"u","aud":"orders"}"#), Err(Code::InvalidToken));
    }

    #[test]
    fn an_answer_of_another_issuer_or_for_another_audience_is_refused_int3() {
        assert!(whole(r#"{"active":true,"sub":"u","aud":["x","orders"]}"#).is_ok());
        for (answer, code) in [
            (r#"{"active":true,"sub":"u","aud":"orders","iss":"https://idp.example/"}"#, Code::IssuerMismatch),
            (r#"{"active":true,"sub":"u","aud":"orders","iss":null}"#, Code::InvalidClaim),
            (r#"{"active":true,"sub":"u","aud":"billing"}"#, Code::AudienceMismatch),
            (r#"{"active":true,"sub":"u","aud":[]}"#, Code::AudienceMismatch),
            (r#"{"active":true,"sub":"u","aud":null}"#, Code::InvalidClaim),
            (r#"{"active":true,"sub":"u"}"#, Code::AudienceMismatch),
        ] {
            assert_eq!(whole(answer), Err(code), "{answer}");
        }
        assert!(with(r#"{"active":true,"sub":"u"}"#, true).is_ok());
        assert_eq!(with(r#"{"active":true,"sub":"u","aud":"billing"}"#, true), Err(Code::AudienceMismatch));
    }

    #[test]
    fn a_token_is_good_within_its_times() {
        assert_eq!(judged(r#""exp":940"#), Err(Code::TokenExpired));
        assert!(judged(r#""exp":941"#).is_ok());
        assert_eq!(judged(r#""nbf":1061"#), Err(Code::NotYetValid));
        assert!(judged(r#""nbf":1060"#).is_ok());
        for claim in [r#""exp":"2000""#, r#""exp":[]"#, r#""nbf":"x""#, r#""exp":1e300"#] {
            assert_eq!(judged(claim), Err(Code::InvalidClaim), "{claim}");
        }
    }

    #[test]
    fn a_refresh_token_that_is_active_opens_nothing() {
        for claim in [r#""token_type":"Refresh""#, r#""token_type":"mac""#, r#""typ":"Refresh""#, r#""typ":"ID""#] {
            assert_eq!(judged(claim), Err(Code::TokenTypeMismatch), "{claim}");
        }
        for claim in [r#""token_type":"bearer""#, r#""typ":"Bearer""#, r#""token_type":"DPoP","cnf":{"jkt":"x"}"#] {
            assert!(judged(claim).is_ok(), "{claim}");
        }
        assert_eq!(judged(r#""token_type":"dpop""#), Err(Code::TokenTypeMismatch));
    }

    #[test]
    fn who_acts_is_the_subject_and_for_a_machine_the_client() {
        let machine = whole(r#"{"active":true,"client_id":"cron","aud":"orders"}"#).unwrap();
        assert_eq!(machine.subject, "cron");
        for answer in [r#"{"active":true,"aud":"orders"}"#, r#"{"active":true,"aud":"orders","sub":""}"#] {
            assert_eq!(whole(answer), Err(Code::MissingClaim), "{answer}");
        }
        assert_eq!(whole(r#"{"active":true,"aud":"orders","sub":7}"#), Err(Code::InvalidClaim));
    }
}
