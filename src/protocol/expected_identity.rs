//! Who is expected to sign in, held against verified claims (OpenID Connect Core 5.1 and 5.7, RFC 5321 2.4, UTS 46).
//!
//! An address is compared in one way only, so that no two parsers of it can differ: ASCII letters without case and every
//! other byte as it is, but for the domain, which counts in its ASCII form. Nothing is trimmed, unquoted or folded: to
//! many a mailbox `K` and U+212A are two.

use std::fmt;

use super::json::{Json, Object};
use crate::error::{Code, Error, Result, harmless};

/// What whoever signs in has to be; what is `None` does not matter. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Default)]
pub struct ExpectedIdentity {
    /// The e-mail address.
    pub email: Option<String>,
    /// The address counts also where the provider does not say that it was verified.
    pub allow_unverified_email: bool,
    /// The subject.
    pub sub: Option<String>,
    /// Other claims, each with the value that it has to have.
    pub claims: Option<Object>,
    /// The subject that was signed in when the sign-in began.
    pub same_subject: Option<String>,
}

/// The ASCII form of a domain, as the host's URL parser knows it; `None` for what is no domain.
pub type ToAscii<'a> = &'a dyn Fn(&str) -> Option<String>;

impl ExpectedIdentity {
    /// Whether anybody is right.
    #[must_use]
    pub fn is_anybody(&self) -> bool {
        self.email.is_none() && self.sub.is_none() && self.claims.is_none() && self.same_subject.is_none()
    }

    /// What [`ExpectedIdentity::to_json`] wrote, or an app. A member that nobody knows would be checked by nobody, so that
    /// it is refused.
    ///
    /// # Errors
    /// A member is of a wrong type, unknown, empty or no e-mail address, or there is nothing to expect.
    pub fn from_json(object: &Object) -> Result<Self> {
        let object = object.clone().with_code(Code::InvalidOption);
        let mut expected = Self {
            email: object.text("email")?,
            allow_unverified_email: object.bool("allowUnverifiedEmail")?.unwrap_or(false),
            sub: object.text("sub")?,
            claims: object.object("claims")?.cloned(),
            same_subject: object.text("sameSubject")?,
        };
        let known = ["email", "allowUnverifiedEmail", "sub", "claims", "sameSubject"];
        if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(name)) {
            return Err(Error::new(
                Code::UnknownOption,
                format!("there is no member \"{}\": use email, sub, claims", harmless(name)),
            ));
        }
        if expected.claims.as_ref().is_some_and(Object::is_empty) {
            expected.claims = None;
        }
        if expected.is_anybody() || [&expected.sub, &expected.same_subject].into_iter().flatten().any(String::is_empty)
        {
            return Err(Error::new(Code::InvalidOption, "expected an email, a sub or claims that are not empty"));
        }
        match &expected.email {
            Some(email) if parts(email).is_none() => {
                Err(Error::new(Code::InvalidOption, "expected an e-mail address: something, `@` and a domain"))
            }
            _ => Ok(expected),
        }
    }

    /// As JSON: what lies in a transaction, and what `createAuthorizationUrl` returns.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut object = Object::new();
        object.put_text("email", self.email.as_deref());
        if self.allow_unverified_email {
            object.insert("allowUnverifiedEmail", Json::Bool(true));
        }
        object.put_text("sub", self.sub.as_deref());
        if let Some(claims) = &self.claims {
            object.insert("claims", Json::Object(claims.clone()));
        }
        object.put_text("sameSubject", self.same_subject.as_deref());
        object
    }

    /// Holds the subject and the other claims against verified ones.
    ///
    /// # Errors
    /// `SubjectMismatchError`, `IdentityMismatchError` `identity_mismatch`.
    pub fn check_claims(&self, claims: &Object) -> Result<()> {
        let subject = claims.string("sub").ok().flatten();
        if let Some(expected) = self.same_subject.as_deref().filter(|expected| subject != Some(expected)) {
            let message = "another subject signed in than the one that was signed in before, and `sameSubject` was asked \
                           for: nothing was stored";
            return Err(Error::new(Code::SubjectMismatch, message).mismatch(expected, subject.unwrap_or_default()));
        }
        if let Some(expected) = self.sub.as_deref().filter(|expected| subject != Some(expected)) {
            return Err(mismatch("sub").with_identities(expected, subject));
        }
        for (name, expected) in self.claims.iter().flat_map(Object::iter) {
            let actual = claims.get(name);
            if !actual.is_some_and(|actual| is_equal(expected, actual)) {
                let shown = actual.map(shown);
                return Err(mismatch(name).with_identities(&self::shown(expected), shown.as_deref()));
            }
        }
        Ok(())
    }

    /// Holds the e-mail address against the document that tells it; `None`: no document does.
    ///
    /// # Errors
    /// `IdentityMismatchError`: `email_missing`, `identity_mismatch`, `email_unverified`.
    pub fn check_email(&self, document: Option<&Object>, to_ascii: ToAscii<'_>) -> Result<()> {
        let Some(expected) = &self.email else { return Ok(()) };
        let Some((document, actual)) = document.and_then(|document| Some((document, email_of(document)?))) else {
            let message = "neither the ID token nor userinfo tells the e-mail address of who signed in: ask for the scope \
                           `email`; nothing was stored";
            return Err(Error::new(Code::EmailMissing, message).with_identities(expected, None));
        };
        if !is_same_address(expected, actual, to_ascii) {
            return Err(mismatch("email").with_identities(expected, Some(actual)));
        }
        if !self.allow_unverified_email && document.get("email_verified") != Some(&Json::Bool(true)) {
            let message = "the provider does not say that the e-mail address of who signed in is verified \
                           (`email_verified` has to be true), so that it could be anybody's; nothing was stored";
            return Err(Error::new(Code::EmailUnverified, message).with_identities(expected, Some(actual)));
        }
        Ok(())
    }
}

impl fmt::Debug for ExpectedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_anybody() { "ExpectedIdentity(anybody)" } else { "ExpectedIdentity(…)" })
    }
}

/// The e-mail address that a document tells; one of another type says nothing.
#[must_use]
pub fn email_of(claims: &Object) -> Option<&str> {
    claims.string("email").ok().flatten()
}

/// Whether two texts are one e-mail address.
fn is_same_address(expected: &str, actual: &str, to_ascii: ToAscii<'_>) -> bool {
    let (Some((local, domain)), Some((other_local, other_domain))) = (parts(expected), parts(actual)) else {
        return false;
    };
    let ascii = |domain: &str| ascii_domain(domain, to_ascii);
    let (Some(domain), Some(other_domain)) = (ascii(domain), ascii(other_domain)) else { return false };
    local.eq_ignore_ascii_case(other_local) && domain.eq_ignore_ascii_case(&other_domain)
}

/// Local part and domain: what comes after the last `@` is where the mail goes.
fn parts(address: &str) -> Option<(&str, &str)> {
    // By bytes, which a search for a character weighs three times.
    let (local, rest) = address.split_at_checked(address.bytes().rposition(|byte| byte == b'@')?)?;
    let domain = rest.strip_prefix('@')?;
    (!local.is_empty() && !domain.is_empty()).then_some((local, domain))
}

/// A domain in its ASCII form. One that is ASCII already is not shown to a URL parser, which would decode and cut it; nor
/// is one with an ASCII character that means something to such a parser.
fn ascii_domain(domain: &str, to_ascii: ToAscii<'_>) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    let is_plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if domain.chars().all(is_plain) { to_ascii(domain) } else { None }
}

/// Whether two values are one: the members of objects in any order, numbers as they are written.
fn is_equal(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Array(expected), Json::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| is_equal(one, other))
        }
        (Json::Object(expected), Json::Object(actual)) => {
            let has = |name: &str, value: &Json| actual.get(name).is_some_and(|other| is_equal(value, other));
            expected.len() == actual.len() && expected.iter().all(|(name, value)| has(name, value))
        }
        (expected, actual) => expected == actual,
    }
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn mismatch(claim: &str) -> Error {
    let claim = harmless(claim);
    Error::new(
        Code::IdentityMismatch,
        format!(
            "somebody else signed in than was expected: \"{claim}\" differs; nothing was stored, and the tokens are revoked"
        ),
    )
}

#[cfg(test)]
mod tests;
