//! The registered claims of an ID token (RFC 7519 4.1, OIDC Core 2), read with the types that they must have.

use super::json::{Json, Object};
use crate::error::{Class, Code, Error, Result};

/// The longest `sub`, in characters (OIDC Core 2).
pub const MAX_SUBJECT_LENGTH: usize = 255;

/// The last second that a claim of time may name: the year 5138. Beyond lie times in milliseconds and worse.
const LAST_SECOND: i64 = 99_999_999_999;

/// `sub`: 1 to 255 ASCII characters (OIDC Core 2).
pub(crate) fn subject(claims: &Object) -> Result<&str> {
    let subject = required_text(claims, "sub")?;
    if subject.is_empty() || subject.len() > MAX_SUBJECT_LENGTH || !subject.is_ascii() {
        let message = "the JWT \"sub\" (subject) claim must have 1 to 255 ASCII characters";
        return Err(Error::new(Code::InvalidClaim, message));
    }
    Ok(subject)
}

/// `aud`: one audience as a string, or some as an array (RFC 7519 4.1.3).
pub(crate) fn audiences(claims: &Object) -> Result<Vec<String>> {
    let audiences = match claims.get("aud") {
        None => return Err(missing("aud")),
        Some(Json::String(audience)) => vec![audience.clone()],
        // `null` is no empty list.
        Some(Json::Null) => return Err(is_null("aud")),
        Some(_) => claims.strings("aud")?.unwrap_or_default(),
    };
    Ok(audiences)
}

/// A string claim that has to be there.
pub(crate) fn required_text<'c>(claims: &'c Object, name: &str) -> Result<&'c str> {
    text(claims, name)?.ok_or_else(|| missing(name))
}

/// A string claim. `null` is refused: taken for absent it would switch checks off.
pub(crate) fn text<'c>(claims: &'c Object, name: &str) -> Result<Option<&'c str>> {
    if claims.get(name) == Some(&Json::Null) {
        return Err(is_null(name));
    }
    claims.string(name)
}

/// A time that has to be there.
pub(crate) fn required_time(claims: &Object, name: &str) -> Result<i64> {
    time(claims, name)?.ok_or_else(|| missing(name))
}

/// A claim of time in whole seconds (`NumericDate`, RFC 7519 2), fractions rounded down.
pub(crate) fn time(claims: &Object, name: &str) -> Result<Option<i64>> {
    let at = claims.seconds(name)?;
    if at.is_some_and(|at| !(0..=LAST_SECOND).contains(&at)) {
        let message = format!("the JWT \"{name}\" claim is no plausible time in seconds");
        return Err(Error::new(Code::InvalidClaim, message));
    }
    Ok(at)
}

/// The error for a claim that has to be there.
pub(crate) fn missing(name: &str) -> Error {
    Error::new(Code::MissingClaim, format!("the JWT \"{name}\" claim is missing"))
}

fn is_null(name: &str) -> Error {
    Error::new(Code::InvalidClaim, format!("the JWT \"{name}\" claim must not be null"))
}

/// The error for a claim that says something it must not say; the caller adds what was expected.
pub(crate) fn wrong(code: Code, name: &str, meaning: &str) -> Error {
    Error::new(code, format!("unexpected JWT \"{name}\" ({meaning}) claim value")).during(Class::TokenVerification)
}
