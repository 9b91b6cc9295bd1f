//! The transaction: what this user agent remembers of a sign-in under way (RFC 6749 10.12, OIDC Core 3.1.2.1).

use std::fmt;

use crate::error::{Code, Error, Result};
use crate::protocol::expected_identity::ExpectedIdentity;
use crate::protocol::json::{self, Json, Object};
use crate::protocol::secret::{Secret, fingerprint};
use crate::protocol::words;

/// How long a sign-in may take, in seconds.
pub const LIFETIME_SECONDS: i64 = 600;
/// How many sign-ins may be under way at once.
pub const MAX_TRANSACTIONS: usize = 16;

/// A sign-in under way, or the mark of one that was used. `Debug` shows neither secrets nor what is the app's own.
#[derive(Clone, PartialEq)]
pub struct Transaction {
    /// When the authorization request was made, in Unix seconds.
    pub created_at: i64,
    /// The newest sign-out that was known then: a later one cancels the sign-in.
    pub epoch: i64,
    /// What the app wants back, as JSON text.
    pub app_state: Option<String>,
    /// Where the app wants to go afterwards: a URL of its own origin.
    pub return_to: Option<String>,
    /// Pending or used.
    pub progress: Progress,
}

/// How far a sign-in got.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The response has not come yet.
    Pending(Box<Pending>),
    /// The response came: it is never redeemed again.
    Used {
        /// A hash of the code; `None` when the response was an error.
        code_hash: Option<String>,
        /// The session that came of it; `None` when none did, or not yet.
        session: Option<String>,
    },
}

/// What checking the response and redeeming its code needs. `Debug` shows neither verifier nor nonce.
#[derive(Clone, PartialEq)]
pub struct Pending {
    /// The code verifier (RFC 7636 4.1).
    pub verifier: Secret,
    /// The nonce, where one was sent.
    pub nonce: Option<String>,
    /// The issuer that the request went to.
    pub issuer: Option<String>,
    /// The redirect URI that was sent.
    pub redirect_uri: String,
    /// The scopes asked for, separated by spaces.
    pub scope: String,
    /// The `max_age` that was sent, in seconds.
    pub max_age: Option<i64>,
    /// The `acr_values` that were sent.
    pub acr_values: Vec<String>,
    /// Who has to sign in.
    pub expected: ExpectedIdentity,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction {{ created_at: {}, epoch: {}, {:?}, … }}", self.created_at, self.epoch, self.progress)
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending {{ issuer: {:?}, scope: {:?}, … }}", self.issuer, self.scope)
    }
}

impl Transaction {
    /// Whether it took too long. A clock that was set back in between does not end it.
    #[must_use]
    pub fn is_expired(&self, now: i64) -> bool {
        now.saturating_sub(self.created_at) > LIFETIME_SECONDS
    }

    /// The mark that stays when the response has come: no verifier, no nonce, no code.
    #[must_use]
    pub fn used(&self, code: Option<&str>, session: Option<String>) -> Self {
        Self {
            created_at: self.created_at,
            epoch: self.epoch,
            app_state: self.app_state.clone(),
            return_to: self.return_to.clone(),
            progress: Progress::Used { code_hash: code.map(fingerprint), session },
        }
    }

    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut object = Object::new();
        object.put_integer("created_at", Some(self.created_at));
        object.put_integer("epoch", Some(self.epoch));
        object.put_text("app_state", self.app_state.as_deref());
        object.put_text("return_to", self.return_to.as_deref());
        match &self.progress {
            Progress::Pending(pending) => {
                object.put_text("verifier", Some(pending.verifier.expose()));
                object.put_text("nonce", pending.nonce.as_deref());
                object.put_text("issuer", pending.issuer.as_deref());
                object.put_text("redirect_uri", Some(&pending.redirect_uri));
                object.put_text("scope", Some(&pending.scope));
                if !pending.acr_values.is_empty() {
                    object.put_text("acr_values", Some(&words::join(&pending.acr_values)));
                }
                object.put_integer("max_age", pending.max_age);
                if !pending.expected.is_anybody() {
                    object.insert("expect", Json::Object(pending.expected.to_json()));
                }
            }
            Progress::Used { code_hash, session } => {
                object.put_text("code_hash", code_hash.as_deref());
                object.put_text("session", session.as_deref());
                object.insert("used", Json::Bool(true));
            }
        }
        object.to_string()
    }

    /// A transaction from stored text.
    ///
    /// # Errors
    /// `transaction_not_found`: the text is none.
    pub fn from_text(text: &str) -> Result<Self> {
        let read = || -> Result<Self> {
            let object = json::parse_object(text.as_bytes())?;
            let progress = if object.bool("used")? == Some(true) {
                Progress::Used { code_hash: object.text("code_hash")?, session: object.text("session")? }
            } else {
                Progress::Pending(Box::new(Pending {
                    verifier: Secret::new(object.required_text("verifier")?),
                    nonce: object.text("nonce")?,
                    issuer: object.text("issuer")?,
                    redirect_uri: object.required_text("redirect_uri")?,
                    scope: object.required_text("scope")?,
                    max_age: object.seconds("max_age")?,
                    acr_values: object
                        .text("acr_values")?
                        .map(|values| values.split_ascii_whitespace().map(str::to_owned).collect())
                        .unwrap_or_default(),
                    expected: object
                        .object("expect")?
                        .map(ExpectedIdentity::from_json)
                        .transpose()?
                        .unwrap_or_default(),
                }))
            };
            Ok(Self {
                created_at: object.required_seconds("created_at")?,
                epoch: object.seconds("epoch")?.unwrap_or(0),
                app_state: object.text("app_state")?,
                return_to: object.text("return_to")?,
                progress,
            })
        };
        read().map_err(|_| Error::new(Code::TransactionNotFound, "the stored record of this sign-in is broken"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Transaction {
        Transaction {
            created_at: 1000,
            epoch: 7,
            app_state: Some("{\"tab\":3}".into()),
            return_to: Some("https://app.example/a".into()),
            progress: Progress::Pending(Box::new(Pending {
                verifier: Secret::new("the-verifier"),
                nonce: Some("the-nonce".into()),
                issuer: Some("https://op.example".into()),
                redirect_uri: "https://app.example/callback".into(),
                scope: "openid email".into(),
                max_age: Some(60),
                acr_values: vec!["a".into(), "b".into()],
                expected: ExpectedIdentity {
                    email: Some("ada@example.com".into()),
                    allow_unverified_email: true,
                    claims: Some(json::parse_object(br#"{"org":{"id":1}}"#).unwrap()),
                    ..ExpectedIdentity::default()
                },
            })),
        }
    }

    #[test]
    fn a_pending_and_a_used_transaction_round_trip() {
        let transaction = pending();
        assert_eq!(Transaction::from_text(&transaction.to_text()).unwrap(), transaction);
        let used = transaction.used(Some("the-code"), Some("s1".into()));
        assert_eq!(Transaction::from_text(&used.to_text()).unwrap(), used);
    }

    #[test]
    fn the_mark_of_a_used_transaction_holds_no_secret_p4_x26() {
        let text = pending().used(Some("the-code"), None).to_text();
        for secret in ["the-verifier", "the-nonce", "the-code"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    #[test]
    fn debug_output_and_the_mark_of_a_used_transaction_do_not_say_who_was_expected() {
        let transaction = pending();
        assert!(transaction.to_text().contains("ada@example.com"));
        assert!(!transaction.used(None, None).to_text().contains("ada@example.com"));
        let Progress::Pending(pending) = &transaction.progress else { panic!() };
        assert!(!format!("{transaction:?} {pending:?} {:?}", pending.expected).contains("ada"));
    }

    #[test]
    fn a_transaction_expires_after_ten_minutes_and_survives_a_clock_that_was_set_back_x30() {
        assert!(!pending().is_expired(1600));
        assert!(pending().is_expired(1601));
        assert!(!pending().is_expired(i64::MIN));
    }

    #[test]
    fn a_broken_record_is_no_transaction() {
        let expects_nobody = pending().to_text().replace("\"email\"", "\"mail\"");
        for text in ["", "{}", "[]", "{\"created_at\":\"x\"}", "{\"created_at\":1,\"verifier\":2}", &expects_nobody] {
            assert_eq!(Transaction::from_text(text).unwrap_err().code(), Code::TransactionNotFound, "{text}");
        }
    }
}
