//! Who has to sign in, checked before anything of a sign-in is stored (OpenID Connect Core 3.1.3.7 and 5.3.2).

use std::rc::Rc;

use super::exchange::{Exchanged, not_by_the_same_call};
use super::given::Given;
use super::sign_in::SignInOptions;
use super::{Client, signed_out};
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::expected_identity::{ExpectedIdentity, email_of};

/// Who is expected by the options of a sign-in: `expect`, `enforceLoginHint`, `allowUnverifiedEmail`.
#[inline(never)]
pub(super) fn of_options(given: &mut Given<'_>, login_hint: Option<&str>) -> Option<ExpectedIdentity> {
    let asked = given.object("expect");
    let enforces_hint = given.flag("enforceLoginHint").unwrap_or(false);
    let allows_unverified = given.flag("allowUnverifiedEmail").unwrap_or(false);
    let mut object = asked.cloned().unwrap_or_default();
    if enforces_hint {
        let Some(hint) = login_hint else {
            let message = "option \"loginHint\" is missing: it is what `enforceLoginHint` enforces";
            given.fails(Error::new(Code::MissingOption, message));
            return None;
        };
        if object.string("email").ok().flatten().is_some_and(|email| email != hint) {
            let message = "option \"enforceLoginHint\": `loginHint` and `expect.email` are two addresses";
            given.fails(Error::new(Code::InvalidOption, message));
        }
        object.put_text("email", Some(hint));
    }
    if asked.is_none() && !enforces_hint {
        return None;
    }
    let name = if asked.is_some() { "expect" } else { "loginHint" };
    let mut expected = given.parsed(name, ExpectedIdentity::from_json(&object))?;
    expected.allow_unverified_email |= allows_unverified;
    Some(expected)
}

impl<H: Host> Client<H> {
    /// Checks that the new tokens speak of who is expected. Whatever the error: nothing of them may be stored, and they are
    /// being revoked already.
    ///
    /// # Errors
    /// `IdentityMismatchError`: `identity_mismatch`, `email_missing`, `email_unverified`; `SubjectMismatchError`; where
    /// userinfo has to be asked for the e-mail address, those of [`Client::user_info`].
    pub async fn check_expected(&self, expected: &ExpectedIdentity, exchanged: &Exchanged) -> Result<()> {
        if expected.is_anybody() {
            return Ok(());
        }
        let checked = Box::pin(self.check_identity(expected, exchanged)).await;
        if checked.is_err() {
            self.revoke_later(Rc::clone(&exchanged.tokens));
        }
        // The code is spent.
        checked.map_err(not_by_the_same_call)
    }

    async fn check_identity(&self, expected: &ExpectedIdentity, exchanged: &Exchanged) -> Result<()> {
        let claims = &exchanged.agent.claims;
        expected.check_claims(claims)?;
        if expected.email.is_none() {
            return Ok(());
        }
        let to_ascii = |domain: &str| {
            let origin = self.host().resolve(&format!("https://{domain}/"), None)?.origin;
            origin.strip_prefix("https://").map(str::to_owned)
        };
        // Where there is an identity, userinfo was asked for it.
        if email_of(claims).is_some() || exchanged.tokens.identity.is_some() {
            return expected.check_email(Some(claims), &to_ascii);
        }
        let told = match self.claims_of(&exchanged.tokens).await {
            Ok(claims) => Some(claims),
            Err(error) if error.code() == Code::EndpointMissing => None,
            Err(error) => return Err(error),
        };
        expected.check_email(told.as_ref(), &to_ascii)
    }

    /// Who is expected by a sign-in that begins now.
    pub(super) fn expected_of(&self, options: &SignInOptions) -> Result<ExpectedIdentity> {
        let mut expected = options.expected.clone();
        if options.same_subject == Some(true) {
            let session = self.session().ok_or_else(signed_out)?;
            if session.agent.id.is_empty() {
                let message = "option \"sameSubject\": nobody knows the subject of who is signed in, since the provider gave \
                               no ID token";
                return Err(Error::new(Code::InvalidOption, message));
            }
            expected.same_subject = Some(session.agent.id.clone());
        }
        Ok(expected)
    }
}
