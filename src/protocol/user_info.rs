//! The claims that the userinfo endpoint gives (OpenID Connect Core 5.3): the request, and the judgement of the answer.

use super::claims::{audiences, subject, text, time, wrong};
use super::http::{HttpRequest, HttpResponse};
use super::json::{Object, parse_object};
use super::jwt::{self, Jwt};
use super::provider_error;
use super::purpose::Purpose;
use super::url::HttpsUrl;
use super::words;
use crate::error::{Class, Code, Error, Result, without_tokens};

/// What the endpoint answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Claims that TLS alone vouches for.
    Plain(Object),
    /// Claims with a signature, which is not verified yet.
    Signed(Box<Jwt>),
}

/// Asks for the claims of whom the access token speaks of (OpenID Connect Core 5.3.1, RFC 6750 2.1).
#[must_use]
pub fn request(endpoint: &HttpsUrl, access_token: &str) -> HttpRequest {
    HttpRequest::get(endpoint.as_str(), "application/json, application/jwt")
        .for_purpose(Purpose::Userinfo)
        .with_header("authorization", &format!("Bearer {access_token}"))
}

/// Judges an answer (OpenID Connect Core 5.3.2 and 5.3.3). Its claims are for [`check_signed`] and [`check_subject`].
///
/// # Errors
/// `invalid_token` for a 401 that names no other error; those of the provider; `ProviderError` `invalid_response` for
/// another media type; `TokenParseError` for a JWT that is none, or is encrypted.
pub fn judge(response: &HttpResponse) -> Result<Answer> {
    if response.status != 200 {
        return Err(refused(response));
    }
    if response.is_json() {
        let claims = parse_object(&response.body).map_err(|error| error.during(Class::Provider))?;
        return Ok(Answer::Plain(claims.with_code(Code::InvalidClaim)));
    }
    if response.media_type().as_deref() != Some("application/jwt") {
        let actual = without_tokens(response.header("content-type").unwrap_or("no media type"));
        let message = "the userinfo endpoint must answer with application/json or application/jwt";
        let error = Error::new(Code::InvalidResponse, message).during(Class::Provider);
        return Err(error.mismatch("application/json", actual));
    }
    let token = std::str::from_utf8(&response.body).unwrap_or_default().trim_ascii();
    if token.split('.').count() == 5 {
        let message = "the userinfo answer is encrypted (JWE), which is not supported: register the client without \
                       `userinfo_encrypted_response_alg`";
        return Err(Error::new(Code::MalformedToken, message));
    }
    Ok(Answer::Signed(Box::new(jwt::parse(token)?)))
}

/// What a refusal says: the body, the challenge (RFC 6750 3), else the status. A browser hides the challenge of another
/// origin, so that a bare 401 is about the token.
fn refused(response: &HttpResponse) -> Error {
    let failure = provider_error::of_answer(response, "userinfo endpoint");
    if failure.failure().error.is_some() {
        return failure;
    }
    let challenged = response.header("www-authenticate").and_then(provider_error::of_challenge);
    match (challenged, response.status) {
        (Some(error), _) => {
            let failure = provider_error::from_wire(error, None, Class::Provider, Some(response.status));
            failure.with_retry_after(response.retry_after())
        }
        (None, 401) => {
            let message = "the userinfo endpoint does not take the access token";
            Error::new(Code::InvalidToken, message).with_status(401)
        }
        (None, _) => failure,
    }
}

/// Checks the claims of a signed answer beside the signature: `iss` and `aud`, where they are there, are those of an ID
/// token (OpenID Connect Core 5.3.2), and it is not expired (RFC 7519 4.1.4).
///
/// # Errors
/// `TokenVerificationError`: `issuer_mismatch`, `audience_mismatch`, `id_token_expired`, `invalid_claim`,
/// `unsupported_header` for a token with another use.
pub fn check_signed(jwt: &Jwt, issuer: &str, client_id: &str, now: i64, clock_tolerance: i64) -> Result<()> {
    jwt::refuse_types_of_others(jwt)?;
    let claims = &jwt.claims;
    if let Some(actual) = text(claims, "iss")?
        && actual != issuer
    {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(issuer, actual));
    }
    if claims.get("aud").is_some() {
        let audiences = audiences(claims)?;
        if !audiences.iter().any(|audience| audience == client_id) {
            return Err(wrong(Code::AudienceMismatch, "aud", "audience").mismatch(client_id, words::join(&audiences)));
        }
    }
    let ends_at = time(claims, "exp")?;
    if ends_at.is_some_and(|ends_at| now >= ends_at.saturating_add(clock_tolerance)) {
        return Err(wrong(Code::IdTokenExpired, "exp", "expiration time"));
    }
    Ok(())
}

/// The claims speak of whom the ID token speaks of; without that check they may be anybody's (OpenID Connect Core 5.3.4).
///
/// # Errors
/// `TokenVerificationError` `missing_claim`, `invalid_claim`; `SubjectMismatchError` with both subjects.
pub fn check_subject(claims: &Object, expected: &str) -> Result<()> {
    let actual = subject(claims)?;
    if actual == expected {
        return Ok(());
    }
    let message = "the userinfo answer speaks of another subject than the ID token, and is not used";
    Err(Error::new(Code::SubjectMismatch, message).mismatch(expected, actual))
}

#[cfg(test)]
mod tests;
