//! ID token validation: the numbered steps of OIDC Core 3.1.3.7, in their order, and 12.2 for refreshed ones.
//!
//! Nothing here verifies a signature: [`check_algorithm`] says which algorithm may, the `Crypto` port does, and then
//! [`validate_claims`] judges what was signed.

use super::base64;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::algorithm::{Algorithm, Hash};
use super::claims::{audiences, missing, required_text, required_time, subject, text, time, wrong};
use super::json::Object;
use super::jwt::{self, Jwt};
use super::words;
use crate::error::{Code, Error, Result};

/// The shortest RSA signature in bytes: that of a key of 2048 bits.
const MIN_RSA_SIGNATURE: usize = 256;

/// What the sign-in expects of its ID token.
#[derive(Clone, Copy)]
pub struct Expectations<'a> {
    /// The provider's issuer; compared byte by byte.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// Further audiences that the app trusts.
    pub trusted_audiences: &'a [String],
    /// What `nonce` has to be.
    pub nonce: NonceRule<'a>,
    /// Now, in Unix seconds.
    pub now: i64,
    /// How far the clocks may differ, in seconds.
    pub clock_tolerance: i64,
    /// The `max_age` that was sent, in seconds.
    pub max_age: Option<u64>,
    /// The `acr_values` that were sent; where there are any, the token must have one of them.
    pub acr_values: &'a [String],
    /// How old `iat` may be, in seconds.
    pub max_id_token_age: Option<i64>,
    /// The access token that came along, for `at_hash`.
    pub access_token: Option<&'a str>,
    /// The code that was redeemed, for `c_hash`.
    pub code: Option<&'a str>,
}

/// What `nonce` has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NonceRule<'a> {
    /// One was sent: it must be there and be this.
    Equal(&'a str),
    /// None was sent: there must be none.
    NoneSent,
    /// A refresh: it may be missing; if there, it must be that of the first ID token.
    IfPresent(Option<&'a str>),
    /// Checked when the token arrived, and not again.
    Unchecked,
}

/// What the steps found.
#[derive(Debug, Clone, PartialEq)]
pub struct IdTokenClaims {
    /// `sub`: 1 to 255 ASCII characters.
    pub subject: String,
    /// `aud`, at least this client.
    pub audiences: Vec<String>,
    /// `iat`, in Unix seconds.
    pub issued_at: i64,
    /// `exp`, in Unix seconds.
    pub expires_at: i64,
    /// `auth_time`, in Unix seconds.
    pub authenticated_at: Option<i64>,
    /// All claims.
    pub claims: Object,
}

/// Steps 6 to 8: the algorithm has to be one of those allowed. This stands before any key is looked up.
///
/// # Errors
/// `AlgNotAllowed`; `SignatureInvalid` where no signature of that algorithm has the length.
pub fn check_algorithm(jwt: &Jwt, allowed: &[Algorithm]) -> Result<Algorithm> {
    let algorithm = Algorithm::parse(&jwt.algorithm).filter(|algorithm| allowed.contains(algorithm));
    let Some(algorithm) = algorithm else {
        let names: Vec<_> = allowed.iter().map(|algorithm| algorithm.as_str()).collect();
        return Err(Error::new(Code::AlgNotAllowed, "unexpected JWT \"alg\" (algorithm) header value")
            .mismatch(names.join(" "), crate::error::harmless(&jwt.algorithm)));
    };
    let length = jwt.signature.len();
    // DER instead of the raw form of RFC 7518 3.4 has another length, too.
    if algorithm.signature_length().map_or(length < MIN_RSA_SIGNATURE, |expected| length != expected) {
        return Err(Error::new(Code::SignatureInvalid, "the signature of the token has a wrong length"));
    }
    Ok(algorithm)
}

/// Checks the claims of an ID token that came from the token endpoint. `algorithm` is what [`check_algorithm`] found;
/// `None` only where the app switched signatures off.
///
/// # Errors
/// All of class `TokenVerification`: `MissingClaim` and `InvalidClaim` for absence and wrong types, and a code of its
/// own for each step.
pub fn validate_claims(jwt: &Jwt, algorithm: Option<Algorithm>, expected: &Expectations<'_>) -> Result<IdTokenClaims> {
    let claims = &jwt.claims;
    jwt::refuse_types_of_others(jwt)?;

    // Step 1: encrypted tokens do not get here, `jwt::parse` refuses them.

    // Step 2: `iss` is exactly the issuer.
    let issuer = required_text(claims, "iss")?;
    if issuer != expected.issuer {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(expected.issuer, issuer));
    }
    let subject = subject(claims)?;

    // Step 3: `aud` names this client, and nobody who is not trusted, unless the token was made for this client.
    let audiences = audiences(claims)?;
    let authorized_party = text(claims, "azp")?;
    if !audiences.iter().any(|audience| audience == expected.client_id) {
        return Err(
            wrong(Code::AudienceMismatch, "aud", "audience").mismatch(expected.client_id, words::join(&audiences))
        );
    }
    if authorized_party.is_none() {
        let trusted =
            |audience: &String| audience == expected.client_id || expected.trusted_audiences.contains(audience);
        if let Some(stranger) = audiences.iter().find(|audience| !trusted(audience)) {
            let message = "the JWT \"aud\" (audience) claim names others that are not trusted, and \"azp\" is missing";
            return Err(Error::new(Code::AudienceMismatch, message).mismatch(expected.client_id, stranger));
        }
    }

    // Steps 4 and 5: `azp`, where it is there, is this client.
    if let Some(party) = authorized_party
        && party != expected.client_id
    {
        return Err(wrong(Code::AzpMismatch, "azp", "authorized party").mismatch(expected.client_id, party));
    }

    // Steps 6 to 8: `check_algorithm`, and the signature by the `Crypto` port.

    // Step 9: `exp` lies ahead.
    let expires_at = required_time(claims, "exp")?;
    if expected.now >= expires_at.saturating_add(expected.clock_tolerance) {
        let late = expected.now.saturating_sub(expires_at);
        let message = format!(
            "the ID token expired {late} s ago by this device's clock; an ID token is new when it arrives, so the clock \
             of the device or of the provider is wrong"
        );
        return Err(
            Error::new(Code::IdTokenExpired, message).mismatch(expected.now.to_string(), expires_at.to_string())
        );
    }
    if let Some(not_before) = time(claims, "nbf")? {
        refuse_future("nbf", not_before, expected)?;
    }

    // Step 10: `iat` is there, has passed, and not too long ago.
    let issued_at = required_time(claims, "iat")?;
    refuse_future("iat", issued_at, expected)?;
    if let Some(limit) = expected.max_id_token_age {
        let age = expected.now.saturating_sub(issued_at);
        if age > limit.saturating_add(expected.clock_tolerance) {
            let message = format!("the ID token was issued {age} s ago, and at most {limit} s are allowed");
            return Err(Error::new(Code::IdTokenTooOld, message));
        }
    }

    // Step 11: `nonce` is that of the request.
    check_nonce(text(claims, "nonce")?, expected.nonce)?;

    // Step 12: `acr` is one of those asked for; where none was, it is not looked at.
    if !expected.acr_values.is_empty() {
        let context = text(claims, "acr")?.unwrap_or("none");
        if !expected.acr_values.iter().any(|value| value == context) {
            return Err(wrong(Code::AcrMismatch, "acr", "authentication context class reference")
                .mismatch(words::join(expected.acr_values), context));
        }
    }

    // Step 13: `auth_time` is there and recent, if `max_age` was sent.
    let authenticated_at = time(claims, "auth_time")?;
    if let Some(max_age) = expected.max_age {
        let Some(authenticated_at) = authenticated_at else { return Err(missing("auth_time")) };
        refuse_future("auth_time", authenticated_at, expected)?;
        let limit = i64::try_from(max_age).unwrap_or(i64::MAX);
        let age = expected.now.saturating_sub(authenticated_at);
        if age > limit.saturating_add(expected.clock_tolerance) {
            let message = format!("the user signed in {age} s ago, and at most {limit} s (\"max_age\") are allowed");
            return Err(Error::new(Code::AuthTimeTooOld, message));
        }
    }

    // 3.1.3.8 and 3.3.2.11: what came along belongs to this ID token.
    check_hash(claims, "at_hash", expected.access_token, algorithm, jwt, Code::AtHashMismatch)?;
    check_hash(claims, "c_hash", expected.code, algorithm, jwt, Code::CHashMismatch)?;

    Ok(IdTokenClaims {
        subject: subject.to_owned(),
        audiences,
        issued_at,
        expires_at,
        authenticated_at,
        claims: claims.clone(),
    })
}

/// Checks an ID token that came with a refresh (OIDC Core 12.2) against the claims of the one before. Of `expected`,
/// `nonce`, `max_age`, `acr_values` and `code` do not apply: they belong to the sign-in.
///
/// # Errors
/// As [`validate_claims`]; `SubjectMismatch` when it is somebody else's.
pub fn validate_refreshed(
    previous: &Object,
    jwt: &Jwt,
    algorithm: Option<Algorithm>,
    expected: &Expectations<'_>,
) -> Result<IdTokenClaims> {
    // The nonce comes after the subject: another subject's token has a nonce of its own as well, and whom it speaks of is
    // what the app has to know.
    let expected =
        Expectations { nonce: NonceRule::Unchecked, max_age: None, acr_values: &[], code: None, ..*expected };
    let found = validate_claims(jwt, algorithm, &expected)?;

    let issuer = text(previous, "iss")?.unwrap_or_default();
    if issuer != expected.issuer {
        return Err(wrong(Code::IssuerMismatch, "iss", "issuer").mismatch(issuer, expected.issuer));
    }
    let subject = text(previous, "sub")?.unwrap_or_default();
    if subject != found.subject {
        return Err(Error::new(Code::SubjectMismatch, "the refreshed ID token is another subject's")
            .mismatch(subject, found.subject));
    }
    check_nonce(text(&found.claims, "nonce")?, NonceRule::IfPresent(text(previous, "nonce")?))?;
    let last = time(previous, "iat")?.unwrap_or_default();
    if found.issued_at.saturating_add(expected.clock_tolerance) < last {
        return Err(Error::new(Code::IdTokenTooOld, "the refreshed ID token is older than the one before"));
    }
    let (before, after) = (text(previous, "azp")?, text(&found.claims, "azp")?);
    if before != after {
        return Err(wrong(Code::AzpMismatch, "azp", "authorized party")
            .mismatch(before.unwrap_or("none"), after.unwrap_or("none")));
    }
    Ok(found)
}

fn check_nonce(nonce: Option<&str>, rule: NonceRule<'_>) -> Result<()> {
    let problem = match (rule, nonce) {
        (NonceRule::Unchecked, _) | (NonceRule::NoneSent | NonceRule::IfPresent(_), None) => return Ok(()),
        (NonceRule::Equal(sent) | NonceRule::IfPresent(Some(sent)), Some(nonce)) if nonce == sent => return Ok(()),
        (NonceRule::Equal(_), None) => "the JWT \"nonce\" claim is missing",
        (NonceRule::NoneSent | NonceRule::IfPresent(None), Some(_)) => "the JWT \"nonce\" claim was never asked for",
        (NonceRule::Equal(_) | NonceRule::IfPresent(Some(_)), Some(_)) => {
            "the JWT \"nonce\" claim is not that of the request"
        }
    };
    Err(Error::new(Code::NonceMismatch, problem))
}

/// `at_hash` and `c_hash`: the left half of the hash of what came along, base64url (OIDC Core 3.1.3.6, 3.3.2.11).
fn check_hash(
    claims: &Object,
    name: &str,
    of: Option<&str>,
    algorithm: Option<Algorithm>,
    jwt: &Jwt,
    code: Code,
) -> Result<()> {
    let (Some(claimed), Some(of)) = (text(claims, name)?, of) else { return Ok(()) };
    let digest = match algorithm.map(Algorithm::hash).or_else(|| Hash::of_algorithm(&jwt.algorithm)) {
        Some(Hash::Sha256) => Sha256::digest(of).to_vec(),
        Some(Hash::Sha384) => Sha384::digest(of).to_vec(),
        Some(Hash::Sha512) => Sha512::digest(of).to_vec(),
        None => {
            let message = format!("the JWT \"{name}\" claim cannot be checked, since the algorithm is not known");
            return Err(Error::new(code, message));
        }
    };
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    if base64::encode(half) == claimed {
        return Ok(());
    }
    Err(Error::new(code, format!("the JWT \"{name}\" claim does not fit what came along with the token")))
}

pub(super) fn refuse_future(name: &str, at: i64, expected: &Expectations<'_>) -> Result<()> {
    refuse_before(name, at, expected.now, expected.clock_tolerance)
}

/// Refuses what is good from a time on that has not come.
pub(super) fn refuse_before(name: &str, at: i64, now: i64, clock_tolerance: i64) -> Result<()> {
    if at <= now.saturating_add(clock_tolerance) {
        return Ok(());
    }
    let early = at.saturating_sub(now);
    let message = format!(
        "the JWT \"{name}\" claim lies {early} s ahead of this device's clock; the clock of the device or of the \
         provider is wrong"
    );
    Err(Error::new(Code::NotYetValid, message).mismatch(now.to_string(), at.to_string()))
}
