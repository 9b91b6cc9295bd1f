//! A grant of the app's own (RFC 6749 4.5): the app says what is sent, the library sends it and judges the answer.

use std::pin::pin;

use super::{Client, Exchanged, Renewed};
use crate::client::given::wrong;
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::grant_request::GrantRequest;
use crate::protocol::json::{Json, Object};
use crate::protocol::secret::Secret;
use crate::session::TokenSet;

/// The fields of a token request.
#[derive(Debug)]
pub struct CustomGrant(GrantRequest);

impl CustomGrant {
    /// Fields whose values are strings, or lists of strings for one that repeats.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option` without `grant_type`, `invalid_option` for a grant that has its own method
    /// and for a value that is no string, `reserved_parameter` for what says who the client is.
    pub fn from_json(fields: &Object) -> Result<Self> {
        let mut pairs = Vec::new();
        for (name, value) in fields.iter() {
            let values = match value {
                Json::Null => continue,
                Json::Array(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                let Some(text) = value.as_str() else { return Err(wrong(name, value, "a string")) };
                pairs.push((name.to_owned(), Secret::new(text)));
            }
        }
        GrantRequest::of_fields(pairs).map(Self)
    }
}

impl<H: Host> Client<H> {
    /// Tokens for the fields of an app; with `old` ones instead of these. An ID token that comes along is verified.
    ///
    /// # Errors
    /// `TokenExchangeError`; what an ID token can be refused for; `NetworkError`; `TimeoutError`; with `old` tokens that
    /// are over `RefreshError` (retry).
    pub async fn custom_grant(&self, grant: CustomGrant, old: Option<&TokenSet>) -> Result<Renewed> {
        self.require_alive()?;
        let name = format!("custom {}", grant.0.value("grant_type").unwrap_or_default());
        let work = pin!(self.sign_in_by_fields(grant));
        if old.is_some() { self.ask_again(&name, old, work).await } else { work.await.map(Renewed::Fresh) }
    }

    async fn sign_in_by_fields(&self, grant: CustomGrant) -> Result<Exchanged> {
        let metadata = self.discover(false).await?;
        let tokens = self.ask_for_tokens(&metadata, &grant.0, grant.0.value("scope")).await?;
        drop(grant);
        self.exchanged_of(&metadata, tokens, false).await
    }
}
