//! Which key an access token is bound to (RFC 7800 3.1, RFC 9449 6), and by which scheme it may come (RFC 9449 7.2).

use super::json::{Json, Object};
use super::request_credentials::Scheme;
use crate::error::{Class, Code, Error, Result};

/// The characters of a SHA-256 hash in base64url.
pub(super) const HASH_LENGTH: usize = 43;

/// Which schemes a protected resource takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopUse {
    /// Bound tokens have to come by `DPoP` with a proof; others come by `Bearer`.
    #[default]
    Allowed,
    /// Every token has to be bound.
    Required,
    /// `DPoP` is not looked at, and bound tokens are refused.
    Off,
}

/// The thumbprint of the key that verified claims bind the token to: `cnf.jkt` (RFC 9449 6.1 and 6.2).
///
/// # Errors
/// `TokenBound`: `cnf` names no thumbprint. It binds the token in a way that cannot be proved here, such as a client
/// certificate (RFC 8705 3.1), so the token must not pass for an unbound one.
pub fn bound_key(claims: &Object) -> Result<Option<&str>> {
    let confirmation = match claims.get("cnf") {
        None => return Ok(None),
        Some(Json::Object(confirmation)) => confirmation,
        Some(_) => return Err(unproved("\"cnf\" (confirmation) of the access token is no object")),
    };
    match confirmation.get("jkt") {
        Some(Json::String(thumbprint)) if thumbprint.len() == HASH_LENGTH => Ok(Some(thumbprint)),
        _ => Err(unproved(
            "the access token is bound in another way than to the thumbprint of a key (\"cnf\" without \"jkt\")",
        )),
    }
}

/// Whether a scheme is looked at, before anything is known of the token.
///
/// # Errors
/// `CredentialsMissing`: `DPoP` where it is switched off.
pub fn check_scheme(scheme: Scheme, dpop: DpopUse) -> Result<()> {
    match (scheme, dpop) {
        (Scheme::Dpop, DpopUse::Off) => {
            Err(Error::new(Code::CredentialsMissing, "the scheme DPoP is switched off here: option \"dpop\""))
        }
        _ => Ok(()),
    }
}

/// Whether a token may come by this scheme: a bound one with a proof, another one without. Taking one for the other would
/// make the binding worth nothing.
///
/// # Errors
/// `TokenBound` (RFC 9449 7.2); `InvalidToken`: it is bound to none.
pub fn check_use(scheme: Scheme, bound_key: Option<&str>, dpop: DpopUse) -> Result<()> {
    match (scheme, bound_key, dpop) {
        (Scheme::Bearer, Some(_), _) => {
            Err(unproved("the access token is bound to a key: it has to come with the scheme DPoP and a proof"))
        }
        (Scheme::Dpop, None, _) => {
            Err(refuse("the scheme DPoP needs an access token that is bound to a key (\"cnf\" with \"jkt\")"))
        }
        (Scheme::Bearer, None, DpopUse::Required) => {
            Err(refuse("only access tokens that are bound to a key are taken here: option \"dpop\""))
        }
        (Scheme::Bearer, None, DpopUse::Allowed | DpopUse::Off) | (Scheme::Dpop, Some(_), _) => Ok(()),
    }
}

fn unproved(message: &'static str) -> Error {
    Error::new(Code::TokenBound, message)
}

fn refuse(message: &'static str) -> Error {
    Error::new(Code::InvalidToken, message).during(Class::RequestAuth)
}
