//! Logout tokens (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6): what a provider posts to end a session.
//!
//! Nothing here verifies a signature: that is done first, as for an ID token. Whether a token was seen before is for who
//! keeps those that were.

use super::claims::{audiences, required_text, required_time, subject, text, time, wrong};
use super::id_token::{Expectations, refuse_future};
use super::json::Json;
use super::jwt::Jwt;
use super::words;
use crate::error::{Code, Error, Result};

/// The type that a logout token says to have, if it says one (section 2.4).
const TYPE: &str = "logout+jwt";

/// The member of `events` that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Which session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutToken {
    /// `iss`
    pub issuer: String,
    /// `sub`: all sessions of this subject, unless `session_id` names one.
    pub subject: Option<String>,
    /// `sid`: the session at the provider, as the ID token's claim `sid` names it.
    pub session_id: Option<String>,
    /// `iat`, in Unix seconds.
    pub issued_at: i64,
    /// `exp`, in Unix seconds.
    pub expires_at: i64,
    /// `jti`: no token with it is taken again.
    pub jwt_id: String,
}

/// Checks the type of a token, which costs no request.
///
/// # Errors
/// `UnsupportedHeader`: the token says that it is made for something else (RFC 8725 3.11).
pub fn check_type(jwt: &Jwt) -> Result<()> {
    let Some(token_type) = &jwt.token_type else { return Ok(()) };
    let lower = token_type.to_ascii_lowercase();
    if lower.strip_prefix("application/").unwrap_or(&lower) == TYPE {
        return Ok(());
    }
    let message = "the JWT \"typ\" (type) header of a logout token must be \"logout+jwt\", if it is there";
    Err(Error::new(Code::UnsupportedHeader, message).mismatch(TYPE, token_type))
}

/// Checks the claims of a logout token: steps 4 to 9 of section 2.6. Of `expected`, what belongs to a sign-in (`nonce`,
/// `max_age`, `acr_values`, what came along) does not apply.
///
/// # Errors
/// All of class `TokenVerification`: `IssuerMismatch`, `AudienceMismatch`, `AzpMismatch`, `IdTokenExpired`, `NotYetValid`,
/// `EventMissing`, `NonceMismatch`; `MissingClaim` and `InvalidClaim` for absence and wrong types.
pub fn validate(jwt: &Jwt, expected: &Expectations<'_>) -> Result<LogoutToken> {
    let claims = &jwt.claims;
    check_type(jwt)?;

    // Step 4: `iss`, `aud`, `iat` and `exp` as in an ID token.
    let issuer = required_text(claims, "iss")?;
    if issuer != expected.issuer {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(expected.issuer, issuer));
    }
    check_audience(jwt, expected)?;
    let issued_at = required_time(claims, "iat")?;
    refuse_future("iat", issued_at, expected)?;
    let expires_at = required_time(claims, "exp")?;
    if expected.now >= expires_at.saturating_add(expected.clock_tolerance) {
        let late = expected.now.saturating_sub(expires_at);
        let message = format!("the logout token expired {late} s ago by this device's clock");
        return Err(
            Error::new(Code::IdTokenExpired, message).mismatch(expected.now.to_string(), expires_at.to_string())
        );
    }
    if let Some(not_before) = time(claims, "nbf")? {
        refuse_future("nbf", not_before, expected)?;
    }

    // Step 5: `sub`, `sid` or both.
    let session_id = text(claims, "sid")?;
    if session_id == Some("") {
        return Err(Error::new(Code::InvalidClaim, "the JWT \"sid\" (session ID) claim must not be empty"));
    }
    let has_subject = claims.get("sub").is_some();
    if !has_subject && session_id.is_none() {
        let message = "a logout token needs the JWT claim \"sub\" (subject), \"sid\" (session ID) or both";
        return Err(Error::new(Code::MissingClaim, message));
    }
    let subject = if has_subject { Some(subject(claims)?.to_owned()) } else { None };

    // Step 6: `events` says that this is a logout token.
    check_event(claims.get("events"))?;

    // Step 7: no `nonce`, whatever its value, so that no ID token can be taken for a logout token.
    if claims.get("nonce").is_some() {
        return Err(Error::new(Code::NonceMismatch, "a logout token must have no JWT \"nonce\" claim"));
    }

    // Step 8 is the caller's: here only that there is something to know the token by.
    let jwt_id = required_text(claims, "jti")?;
    if jwt_id.is_empty() {
        return Err(Error::new(Code::InvalidClaim, "the JWT \"jti\" (JWT ID) claim must not be empty"));
    }

    Ok(LogoutToken {
        issuer: issuer.to_owned(),
        subject,
        session_id: session_id.map(str::to_owned),
        issued_at,
        expires_at,
        jwt_id: jwt_id.to_owned(),
    })
}

/// As steps 3 to 5 of OIDC Core 3.1.3.7 for an ID token.
fn check_audience(jwt: &Jwt, expected: &Expectations<'_>) -> Result<()> {
    let audiences = audiences(&jwt.claims)?;
    let refused = |actual: &str| wrong(Code::AudienceMismatch, "aud", "audience").mismatch(expected.client_id, actual);
    if !audiences.iter().any(|audience| audience == expected.client_id) {
        return Err(refused(&words::join(&audiences)));
    }
    match text(&jwt.claims, "azp")? {
        Some(party) if party == expected.client_id => Ok(()),
        Some(party) => Err(wrong(Code::AzpMismatch, "azp", "authorized party").mismatch(expected.client_id, party)),
        None => {
            let trusted =
                |audience: &&String| *audience == expected.client_id || expected.trusted_audiences.contains(*audience);
            audiences.iter().find(|audience| !trusted(audience)).map_or(Ok(()), |stranger| Err(refused(stranger)))
        }
    }
}

fn check_event(events: Option<&Json>) -> Result<()> {
    let (place, value) = match events {
        Some(Json::Object(events)) => ("the back-channel logout event in the JWT \"events\" claim", events.get(EVENT)),
        events => ("the JWT \"events\" claim", events),
    };
    match (value, events) {
        (Some(Json::Object(_)), Some(Json::Object(_))) => Ok(()),
        (Some(other), _) => {
            let message = format!("{place} must be an object");
            Err(Error::new(Code::InvalidClaim, message).mismatch("object", other.type_name()))
        }
        (None, _) => {
            let message = format!("{place} is missing, so this is no logout token");
            Err(Error::new(Code::EventMissing, message))
        }
    }
}
