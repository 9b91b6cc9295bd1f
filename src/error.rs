//! What can go wrong: one table of code → class → recovery.
//!
//! A *class* says which job failed and becomes the JavaScript class; a *code* says why and is stable; *recovery* says
//! what the caller can do. No message holds a token, a code, a verifier or a secret.

mod table;

use std::borrow::Cow;
use std::fmt;

pub use table::{Class, Code, Recovery};

/// The result of everything fallible in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of this crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Failure>);

/// What an [`Error`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which job failed.
    pub class: Class,
    /// Why it failed.
    pub code: Code,
    /// What happened and what to do, for a developer to read.
    pub message: Cow<'static, str>,
    /// What the caller can do.
    pub recovery: Recovery,
    /// The provider's `error`, as it was sent.
    pub error: Option<String>,
    /// The provider's `error_description`, cut and within the character set of RFC 6749 5.2.
    pub error_description: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// Seconds that the provider asked to wait.
    pub retry_after: Option<i64>,
    /// What was expected, where that is no secret.
    pub expected: Option<String>,
    /// What came instead, where that is no secret.
    pub actual: Option<String>,
    /// What the app gave to the sign-in that failed, as JSON text.
    pub app_state: Option<String>,
    /// The error behind this one.
    pub cause: Option<Error>,
}

impl Error {
    /// An error with the class and recovery of its code.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::make(code, message.into())
    }

    // Errors are made in two hundred places: what is inlined there weighs more than everything else.
    #[inline(never)]
    fn make(code: Code, message: Cow<'static, str>) -> Self {
        Self(Box::new(Failure {
            class: code.class(),
            code,
            message,
            recovery: code.recovery(),
            error: None,
            error_description: None,
            status: None,
            retry_after: None,
            expected: None,
            actual: None,
            app_state: None,
            cause: None,
        }))
    }

    /// Says that another job failed than the code's usual one.
    #[must_use]
    #[inline(never)]
    pub fn during(mut self, class: Class) -> Self {
        self.0.class = class;
        self
    }

    /// Says that another way out is right than the code's usual one.
    #[must_use]
    pub fn recover_by(mut self, recovery: Recovery) -> Self {
        self.0.recovery = recovery;
        self
    }

    /// Adds what was expected and what came; neither may be a secret. What came is made harmless: a claim can be as long
    /// as a token, and hold anything.
    #[must_use]
    pub fn mismatch(self, expected: impl AsRef<str>, actual: impl AsRef<str>) -> Self {
        self.with_mismatch(expected.as_ref(), actual.as_ref())
    }

    #[inline(never)]
    fn with_mismatch(mut self, expected: &str, actual: &str) -> Self {
        self.0.expected = Some(expected.to_owned());
        self.0.actual = Some(harmless(actual));
        self
    }

    /// Adds who was expected and who came, as they are: an address with `?` in it would be another one. Only for classes
    /// whose errors do not show them by themselves.
    #[must_use]
    #[inline(never)]
    pub fn with_identities(mut self, expected: &str, actual: Option<&str>) -> Self {
        self.0.expected = Some(expected.to_owned());
        self.0.actual = actual.map(|actual| actual.chars().take(PROVIDER_TEXT_LIMIT).collect());
        self
    }

    /// Adds the HTTP status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the seconds that the provider asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: Option<i64>) -> Self {
        self.0.retry_after = seconds;
        self
    }

    /// Adds `error` and `error_description` as the provider sent them, made harmless.
    #[must_use]
    #[inline(never)]
    pub fn from_provider(mut self, error: &str, description: Option<&str>) -> Self {
        self.0.error = Some(without_tokens(&harmless(error)));
        self.0.error_description = description.map(|text| without_tokens(&harmless(text)));
        self
    }

    /// Adds what the app gave to the sign-in that failed.
    #[must_use]
    pub fn with_app_state(mut self, app_state: Option<String>) -> Self {
        self.0.app_state = app_state;
        self
    }

    /// Adds the error behind this one.
    #[must_use]
    #[inline(never)]
    pub fn because(mut self, cause: Error) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// Why it failed.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Which job failed.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// Everything it says.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.0.class, self.0.code, self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

/// The longest text of a provider's that an error repeats, in characters.
const PROVIDER_TEXT_LIMIT: usize = 500;

/// Text of a provider's, cut and within the character set of RFC 6749 5.2 (`%x20-21 / %x23-5B / %x5D-7E`).
#[must_use]
#[inline(never)]
pub fn harmless(text: &str) -> String {
    text.chars()
        .take(PROVIDER_TEXT_LIMIT)
        .map(|c| if matches!(c, ' '..='!' | '#'..='[' | ']'..='~') { c } else { '?' })
        .collect()
}

/// The shortest run of a token's characters that is taken for a token; a UUID, by which providers name their log entries,
/// is shorter.
const TOKEN_LENGTH: usize = 40;

/// Words of somebody else's, who may repeat a code or a token that was given to them: what looks like one is left out.
#[must_use]
#[inline(never)]
pub fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+');
    let mut words = String::new();
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let run = piece.trim_end_matches(|c| !is_part(c));
        let is_token = run.len() >= TOKEN_LENGTH && run.bytes().any(|byte| byte.is_ascii_digit());
        words.push_str(if is_token { "[redacted]" } else { run });
        words.push_str(piece.get(run.len()..).unwrap_or_default());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_provider_is_cut_and_cannot_carry_markup_lines_or_quotes() {
        assert_eq!(harmless("a\"b\\c\r\nd\u{e9}"), "a?b?c??d?");
        assert_eq!(harmless(&"x".repeat(10_000)).len(), PROVIDER_TEXT_LIMIT);
    }

    #[test]
    fn what_looks_like_a_token_is_left_out_of_what_a_provider_says() {
        let token = "0123456789abcdef".repeat(3);
        for (said, shown) in [
            (format!("the code '{token}' is gone"), "the code '[redacted]' is gone"),
            (token.clone(), "[redacted]"),
            (format!("{token}, {token}.x_y-z~+"), "[redacted], [redacted]"),
            (
                "AADSTS70008 (Trace ID: 0b1a4f2e-77d1-4c51-9d52-1c0b3e2d4f60)".to_owned(),
                "AADSTS70008 (Trace ID: 0b1a4f2e-77d1-4c51-9d52-1c0b3e2d4f60)",
            ),
            ("x".repeat(60), &"x".repeat(60)),
            ("é \u{2028}".to_owned(), "é \u{2028}"),
            (String::new(), ""),
        ] {
            assert_eq!(without_tokens(&said), shown);
        }
        // A token that is cut is still one.
        assert_eq!(without_tokens(&harmless(&"a1".repeat(10_000))), "[redacted]");
    }

    #[test]
    fn what_came_instead_is_cut_and_made_harmless_wherever_it_comes_from() {
        let error =
            Error::new(Code::IssuerMismatch, "another issuer").mismatch("https://idp", "x\n\u{7f}".repeat(9000));
        let actual = error.failure().actual.clone().unwrap_or_default();
        assert!(actual.starts_with("x??x??") && actual.len() == PROVIDER_TEXT_LIMIT);
    }

    #[test]
    fn a_cause_is_reachable_and_the_message_names_class_and_code() {
        let error = Error::new(Code::SessionExpired, "the session is over")
            .because(Error::new(Code::InvalidGrant, "refused").during(Class::Refresh));
        assert_eq!(error.to_string(), "SessionExpiredError (session_expired): the session is over");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("RefreshError (invalid_grant): refused"));
    }
}
