//! Access tokens that are JWTs (RFC 9068 2 and 4), as a resource server takes them.
//!
//! Nothing here verifies a signature: [`check_type`] and the algorithm come first and cost no request, the `Crypto` port
//! does, and then [`validate`] judges what was signed.

use super::claims::{audiences, missing, required_text, required_time, subject, text, time, wrong};
use super::id_token::refuse_before;
use super::json::{Json, Object};
use super::jwt::{self, Jwt};
use super::words;
use crate::error::{Class, Code, Error, Result};

/// The type of an access token (RFC 9068 2.1).
const TYPE: &str = "at+jwt";

/// Claims that only an ID token has (OIDC Core 3.1.3.6, 3.3.2.11; FAPI 1 part 2, 5.1).
const OF_ID_TOKENS: [&str; 3] = ["at_hash", "c_hash", "s_hash"];

/// Claims that are lists where they are there (RFC 9068 2.2.3.1).
const LISTS: [&str; 3] = ["groups", "roles", "entitlements"];

/// What a resource server expects of an access token.
#[derive(Clone, Copy)]
pub struct Expectations<'a> {
    /// The issuer that the token has to be of; compared byte by byte.
    pub issuer: &'a str,
    /// The names of the resource server, of which `aud` has to have one; `None`: the app wrote out that it does not matter
    /// for whom a token is.
    pub audiences: Option<&'a [String]>,
    /// Tokens of before RFC 9068: `typ` may be missing or `JWT`, `client_id` and `jti` may be missing, and `scp` says the
    /// scopes where `scope` is missing. Nothing else is looser.
    pub legacy: bool,
    /// Now, in Unix seconds.
    pub now: i64,
    /// How far the clocks may differ, in seconds.
    pub clock_tolerance: i64,
}

/// What was found in an access token.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    /// `sub`
    pub subject: String,
    /// `client_id`, which only a token of before RFC 9068 can be without.
    pub client_id: Option<String>,
    /// `exp`, in Unix seconds.
    pub expires_at: i64,
    /// The scopes, separated by spaces; `None` where the token says nothing about them.
    pub scope: Option<String>,
    /// All claims.
    pub claims: Object,
}

/// RFC 9068 4: the type says that it is an access token, so that no other token can be taken for one (RFC 8725 3.11, 3.12).
///
/// # Errors
/// `UnsupportedHeader`
pub fn check_type(jwt: &Jwt, legacy: bool) -> Result<()> {
    if says_its_type(jwt) {
        return Ok(());
    }
    if legacy {
        // Those of other tokens stay refused.
        return jwt::refuse_types_of_others(jwt);
    }
    let message = "the JWT \"typ\" (type) header of an access token must be \"at+jwt\" (RFC 9068 2.1); a provider of before \
                   RFC 9068 needs the option `legacyJwt`";
    Err(Error::new(Code::UnsupportedHeader, message).mismatch(TYPE, jwt.token_type.as_deref().unwrap_or("none")))
}

fn says_its_type(jwt: &Jwt) -> bool {
    let token_type = jwt.token_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    token_type.strip_prefix("application/").unwrap_or(&token_type) == TYPE
}

/// Checks the claims of an access token (RFC 9068 2.2 and 4).
///
/// # Errors
/// Of class `TokenVerification`: `IssuerMismatch`, `AudienceMismatch`, `NotYetValid`, `TokenTypeMismatch` for an ID token,
/// `MissingClaim` and `InvalidClaim` for absence and wrong types; `TokenExpired`.
pub fn validate(jwt: Jwt, expected: &Expectations<'_>) -> Result<AccessToken> {
    check_type(&jwt, expected.legacy)?;
    let says_its_type = says_its_type(&jwt);
    let claims = jwt.claims;
    let (subject, client_id, expires_at, scope) = checked(&claims, says_its_type, expected)?;
    Ok(AccessToken { subject, client_id, expires_at, scope, claims })
}

type Found = (String, Option<String>, i64, Option<String>);

/// `sub`, `client_id`, `exp` and the scopes of claims that are right.
fn checked(claims: &Object, says_its_type: bool, expected: &Expectations<'_>) -> Result<Found> {
    let issuer = required_text(claims, "iss")?;
    if issuer != expected.issuer {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(expected.issuer, issuer));
    }
    if !says_its_type {
        refuse_id_token(claims)?;
    }
    check_audience(claims, expected)?;
    let expires_at = required_time(claims, "exp")?;
    if expected.now >= expires_at.saturating_add(expected.clock_tolerance) {
        let late = expected.now.saturating_sub(expires_at);
        return Err(Error::new(Code::TokenExpired, format!("the access token expired {late} s ago"))
            .mismatch(expected.now.to_string(), expires_at.to_string()));
    }
    for name in ["iat", "nbf"] {
        match time(claims, name)? {
            Some(at) => refuse_before(name, at, expected.now, expected.clock_tolerance)?,
            None if name == "iat" => return Err(missing(name)),
            None => {}
        }
    }
    let subject = subject(claims)?.to_owned();
    for name in ["client_id", "jti"] {
        match text(claims, name)? {
            Some("") => {
                return Err(Error::new(Code::InvalidClaim, format!("the JWT \"{name}\" claim must not be empty")));
            }
            None if !expected.legacy => return Err(missing(name)),
            _ => {}
        }
    }
    for name in LISTS {
        check_list(claims, name)?;
    }
    Ok((subject, claims.text("client_id")?, expires_at, scope(claims, expected.legacy)?))
}

/// RFC 9068 4: the resource server is among those the token is for.
fn check_audience(claims: &Object, expected: &Expectations<'_>) -> Result<()> {
    let Some(own) = expected.audiences else { return Ok(()) };
    let audiences = audiences(claims)?;
    if audiences.iter().any(|audience| own.contains(audience)) {
        return Ok(());
    }
    Err(wrong(Code::AudienceMismatch, "aud", "audience").mismatch(words::join(own), words::join(&audiences)))
}

/// An ID token says who signed in, to its client, and opens nothing. Where `typ` does not tell them apart its claims do:
/// the hashes of what comes along with one, `nonce`, and what Keycloak (`typ`) and Cognito (`token_use`) call it.
fn refuse_id_token(claims: &Object) -> Result<()> {
    let says = |name: &str| claims.get(name).and_then(Json::as_str);
    let has_nonce = claims.get("nonce").is_some() && says("typ") != Some("Bearer");
    let is_id_token = has_nonce
        || OF_ID_TOKENS.iter().any(|name| claims.get(name).is_some())
        || says("typ").is_some_and(|name| name.eq_ignore_ascii_case("ID"))
        || says("token_use") == Some("id");
    if is_id_token {
        let message = "the token is an ID token: it tells its client who signed in, and opens no resource";
        return Err(Error::new(Code::TokenTypeMismatch, message).during(Class::TokenVerification));
    }
    Ok(())
}

/// A list of texts, or of objects with a text `value` (RFC 7643 4.1.2).
fn check_list(claims: &Object, name: &str) -> Result<()> {
    let is_right = |item: &Json| match item {
        Json::String(_) => true,
        Json::Object(entry) => matches!(entry.get("value"), Some(Json::String(_))),
        _ => false,
    };
    match claims.get(name) {
        None => Ok(()),
        Some(Json::Array(items)) if items.iter().all(is_right) => Ok(()),
        Some(_) => {
            let message =
                format!("the JWT \"{name}\" claim must be a list of texts, or of objects with a text \"value\"");
            Err(Error::new(Code::InvalidClaim, message))
        }
    }
}

/// `scope` (RFC 8693 4.2); in tokens of before RFC 9068 also `scp`, one text or a list.
fn scope(claims: &Object, legacy: bool) -> Result<Option<String>> {
    if let Some(scope) = text(claims, "scope")? {
        return Ok(Some(scope.to_owned()));
    }
    match claims.get("scp") {
        Some(Json::Array(_)) if legacy => Ok(claims.strings("scp")?.map(|scopes| words::join(&scopes))),
        Some(_) if legacy => Ok(text(claims, "scp")?.map(str::to_owned)),
        _ => Ok(None),
    }
}
