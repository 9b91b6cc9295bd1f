//! The last step: every claim is judged, by the rules of its kind of token (OIDC Core 2 and 3.1.3.7, RFC 9068 2.2 and 4,
//! RFC 7519 4.1). All of them, not up to the first that is wrong: who looks at a token wants to see the rest, too.

use super::options::{TokenCheck, TokenType};
use crate::error::{Code, Error, Result};
use crate::protocol::claims::{audiences, missing, required_text, required_time, subject, text, time, wrong};
use crate::protocol::json::{Json, Object};
use crate::protocol::jwt::{self, Jwt};
use crate::protocol::words;

/// The member of `events` that makes a token a logout token (OIDC Back-Channel Logout 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A judged claim.
struct Judged {
    claim: &'static str,
    verdict: Result<String>,
}

/// The judged claims of a token.
pub(super) struct Verdicts(Vec<Judged>);

impl Verdicts {
    /// `issuer` is what `iss` has to be; `None` where any issuer is allowed.
    pub(super) fn of(jwt: &Jwt, token_type: TokenType, check: &TokenCheck, now: i64) -> Self {
        let claims = &jwt.claims;
        let is_id_token = token_type == TokenType::IdToken;
        // RFC 9068 2.2 requires of its tokens what other access tokens may leave out.
        let is_strict = is_id_token || is_at_jwt(jwt);
        let audience = check.audience_of(token_type);
        let mut verdicts = Self(Vec::new());
        let mut judge = |claim, verdict: Result<Option<String>>| {
            if let Some(verdict) = verdict.transpose() {
                verdicts.0.push(Judged { claim, verdict });
            }
        };
        judge("typ", kind(jwt, token_type).map(Some));
        judge("iss", issuer(claims, check).map(Some));
        judge("sub", subject_of(claims, is_id_token, is_strict));
        judge("aud", audience_verdict(claims, audience, check, is_id_token, is_strict));
        if is_id_token {
            judge("azp", authorized_party(claims, audience));
        }
        judge("exp", expiry(claims, token_type, check, now).map(Some));
        judge("nbf", begin(claims, "nbf", false, check, now));
        judge("iat", begin(claims, "iat", is_strict, check, now));
        if is_id_token {
            judge("auth_time", authentication(claims, now));
        } else if is_strict {
            for claim in ["client_id", "jti"] {
                judge(claim, required_text(claims, claim).map(|_| Some("present".to_owned())));
            }
        }
        verdicts
    }

    /// Whether `aud` names the audience; `None` where it cannot be read.
    pub(super) fn audience_match(claims: &Object, audience: &str) -> Option<bool> {
        audiences(claims).ok().map(|audiences| audiences.iter().any(|named| named == audience))
    }

    /// The first claim that is wrong.
    pub(super) fn failure(&self) -> Option<&Error> {
        self.0.iter().find_map(|judged| judged.verdict.as_ref().err())
    }

    /// How many claims are wrong.
    pub(super) fn failures(&self) -> usize {
        self.0.iter().filter(|judged| judged.verdict.is_err()).count()
    }

    /// Each claim with what was found.
    pub(super) fn to_json(&self) -> Json {
        let judged = |judged: &Judged| {
            let mut record = Object::new();
            record.put_text("claim", Some(judged.claim));
            record.insert("passed", Json::Bool(judged.verdict.is_ok()));
            match &judged.verdict {
                Ok(message) => record.put_text("message", Some(message)),
                Err(error) => {
                    let failure = error.failure();
                    record.put_text("message", Some(&failure.message));
                    record.put_text("code", Some(failure.code.as_str()));
                    record.put_text("expected", failure.expected.as_deref());
                    record.put_text("actual", failure.actual.as_deref());
                }
            }
            Json::Object(record)
        };
        Json::Array(self.0.iter().map(judged).collect())
    }
}

/// RFC 9068 2.1: whether the header says that this is an access token.
fn is_at_jwt(jwt: &Jwt) -> bool {
    let Some(typ) = &jwt.token_type else { return false };
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt"
}

/// RFC 8725 3.12: no kind of token passes for another.
fn kind(jwt: &Jwt, token_type: TokenType) -> Result<String> {
    let other = |message| Err(Error::new(Code::UnsupportedHeader, message));
    if jwt
        .claims
        .get("events")
        .is_some_and(|events| matches!(events, Json::Object(events) if events.get(LOGOUT_EVENT).is_some()))
    {
        return other("the token is a logout token: it has the claim \"events\" of one");
    }
    if is_at_jwt(jwt) && token_type == TokenType::AccessToken {
        return Ok("an access token of RFC 9068".to_owned());
    }
    jwt::refuse_types_of_others(jwt)?;
    if token_type == TokenType::IdToken {
        return match says(jwt, "Bearer") {
            true => other("the token is an access token: its claim \"typ\" is \"Bearer\""),
            false => Ok("nothing says that it is not an ID token".to_owned()),
        };
    }
    if says(jwt, "ID") || jwt.claims.get("at_hash").is_some() || jwt.claims.get("c_hash").is_some() {
        return other("the token is an ID token, which no API may take for an access token");
    }
    Ok("nothing says that it is not an access token; only the type \"at+jwt\" would say that it is one".to_owned())
}

/// Keycloak and others write the kind of the token among the claims.
fn says(jwt: &Jwt, kind: &str) -> bool {
    jwt.claims.get("typ").and_then(Json::as_str).is_some_and(|typ| typ.eq_ignore_ascii_case(kind))
}

fn issuer(claims: &Object, check: &TokenCheck) -> Result<String> {
    let issuer = required_text(claims, "iss")?;
    match &check.expected_issuer {
        Some(expected) if expected.as_str() != issuer => {
            Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(expected.as_str(), issuer))
        }
        Some(_) => Ok("the expected issuer".to_owned()),
        None => Ok("the issuer that was asked for the keys; none was expected".to_owned()),
    }
}

fn subject_of(claims: &Object, is_id_token: bool, is_strict: bool) -> Result<Option<String>> {
    let found = if is_id_token {
        Some(subject(claims)?)
    } else if is_strict {
        Some(required_text(claims, "sub")?)
    } else {
        text(claims, "sub")?
    };
    Ok(found.map(|_| "present".to_owned()))
}

fn audience_verdict(
    claims: &Object,
    expected: Option<&str>,
    check: &TokenCheck,
    is_id_token: bool,
    is_strict: bool,
) -> Result<Option<String>> {
    if claims.get("aud").is_none() && !is_strict && expected.is_none() {
        return Ok(None);
    }
    let audiences = audiences(claims)?;
    let Some(expected) = expected else {
        if audiences.is_empty() {
            return Err(Error::new(Code::AudienceMismatch, "the JWT \"aud\" (audience) claim names nobody"));
        }
        return Ok(Some("not compared: no audience was expected".to_owned()));
    };
    if !audiences.iter().any(|audience| audience == expected) {
        return Err(wrong(Code::AudienceMismatch, "aud", "audience").mismatch(expected, words::join(&audiences)));
    }
    if is_id_token && text(claims, "azp")?.is_none() {
        let trusted = |audience: &String| audience == expected || check.trusted_audiences.contains(audience);
        if let Some(stranger) = audiences.iter().find(|audience| !trusted(audience)) {
            let message = "the JWT \"aud\" (audience) claim names others that are not trusted, and \"azp\" is missing";
            return Err(Error::new(Code::AudienceMismatch, message).mismatch(expected, stranger));
        }
    }
    Ok(Some("names the expected audience".to_owned()))
}

fn authorized_party(claims: &Object, expected: Option<&str>) -> Result<Option<String>> {
    match (text(claims, "azp")?, expected) {
        (None, _) => Ok(None),
        (Some(party), Some(expected)) if party != expected => {
            Err(wrong(Code::AzpMismatch, "azp", "authorized party").mismatch(expected, party))
        }
        (Some(_), Some(_)) => Ok(Some("the expected audience".to_owned())),
        (Some(_), None) => Ok(Some("not compared: no audience was expected".to_owned())),
    }
}

fn expiry(claims: &Object, token_type: TokenType, check: &TokenCheck, now: i64) -> Result<String> {
    let expires_at = required_time(claims, "exp")?;
    let left = expires_at.saturating_sub(now);
    if now < expires_at.saturating_add(check.clock_tolerance) {
        return Ok(match left {
            1.. => format!("expires in {left} s"),
            _ => format!("expired {} s ago, within the tolerance", left.saturating_neg()),
        });
    }
    let message = format!("the token expired {} s ago", left.saturating_neg());
    let code = match token_type {
        TokenType::IdToken => Code::IdTokenExpired,
        TokenType::AccessToken => Code::TokenExpired,
    };
    Err(Error::new(code, message).mismatch(now.to_string(), expires_at.to_string()))
}

/// Judged against `max_age` by who asked for one; here it only has to be a time.
fn authentication(claims: &Object, now: i64) -> Result<Option<String>> {
    Ok(time(claims, "auth_time")?.map(|at| format!("{} s ago", now.saturating_sub(at))))
}

/// A time that must have come.
fn begin(
    claims: &Object,
    claim: &'static str,
    is_required: bool,
    check: &TokenCheck,
    now: i64,
) -> Result<Option<String>> {
    let Some(at) = time(claims, claim)? else {
        return if is_required { Err(missing(claim)) } else { Ok(None) };
    };
    let ago = now.saturating_sub(at);
    if at > now.saturating_add(check.clock_tolerance) {
        let message = format!("the JWT \"{claim}\" claim lies {} s ahead of this device's clock", ago.saturating_neg());
        return Err(Error::new(Code::NotYetValid, message).mismatch(now.to_string(), at.to_string()));
    }
    Ok(Some(if ago < 0 {
        format!("{} s ahead, within the tolerance", ago.saturating_neg())
    } else {
        format!("{ago} s ago")
    }))
}
