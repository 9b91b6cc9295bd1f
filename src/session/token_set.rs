//! The token set: a token response (RFC 6749 5.1) with absolute times.

use crate::error::Result;
use crate::protocol::json::{Json, Object};
use crate::protocol::jwt;
use crate::protocol::metadata::ProviderType;
use crate::protocol::secret::Secret;
use crate::protocol::token_response::{self, TokenResponse};

/// The lifetime of an access token that comes without one, in seconds (RFC 6749 5.1 leaves it open).
pub const UNKNOWN_LIFETIME_SECONDS: i64 = 3600;

/// Tokens and when they end. Times are Unix seconds, counted from the local receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Secret,
    /// `Bearer`, as the provider spelled it.
    pub token_type: String,
    /// The granted scopes, separated by spaces; `None` where neither request nor response named any.
    pub scope: Option<String>,
    /// When the response arrived.
    pub issued_at: i64,
    /// When the access token ends; `None`: unknown, counted as one hour.
    pub expires_at: Option<i64>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// When the refresh token ends; `None`: unknown.
    pub refresh_expires_at: Option<i64>,
    /// The ID token.
    pub id_token: Option<Secret>,
    /// Who it is, as claims, where the provider has no ID tokens and the app said how it tells that.
    pub identity: Option<Object>,
    /// The response's other members.
    pub metadata: Object,
}

impl TokenSet {
    /// The tokens of a response that arrived at `now`; `requested` are the scopes asked for, which hold when the
    /// response names none (RFC 6749 5.1).
    #[must_use]
    pub fn from_response(response: TokenResponse, now: i64, requested: Option<&str>) -> Self {
        Self {
            access_token: response.access_token,
            token_type: response.token_type,
            scope: response.scope.or_else(|| requested.map(str::to_owned)),
            issued_at: now,
            expires_at: response.expires_in.map(|lifetime| now.saturating_add(lifetime)),
            refresh_token: response.refresh_token,
            refresh_expires_at: response.refresh_expires_in.map(|lifetime| now.saturating_add(lifetime)),
            id_token: response.id_token,
            identity: None,
            metadata: response.other,
        }
    }

    /// What an app kept: a token set, or a token response as it came. The age of a response is what the app says, else
    /// that of its ID token; where nobody knows it, the access token counts as due and the end of the refresh token as
    /// unknown.
    ///
    /// # Errors
    /// As [`TokenSet::from_json`] and [`token_response::tokens`].
    pub fn from_given(object: &Object, received_at: Option<i64>) -> Result<Self> {
        if object.get("issued_at").is_some() {
            return Self::from_json(object);
        }
        let response = token_response::tokens(object.clone(), ProviderType::Oidc)?;
        let id_token = response.id_token.as_ref().and_then(|token| jwt::parse(token.expose()).ok());
        let age = received_at.or_else(|| id_token.and_then(|token| token.claims.seconds("iat").ok().flatten()));
        let mut tokens = Self::from_response(response, age.unwrap_or(0), None);
        if age.is_none() {
            (tokens.expires_at, tokens.refresh_expires_at) = (None, None);
        }
        Ok(tokens)
    }

    /// The tokens of a refresh response: what it leaves out stays as it was (RFC 6749 6, OIDC Core 12.2).
    #[must_use]
    pub fn renewed(&self, response: TokenResponse, now: i64) -> Self {
        let mut next = Self::from_response(response, now, self.scope.as_deref());
        next.refresh_token = next.refresh_token.or_else(|| self.refresh_token.clone());
        // RFC 9700 4.14.2: rotation does not extend the absolute end unless the provider says so.
        next.refresh_expires_at = next.refresh_expires_at.or(self.refresh_expires_at);
        next.id_token = next.id_token.or_else(|| self.id_token.clone());
        next.identity = self.identity.clone();
        next
    }

    /// These tokens with the refresh token of others.
    #[must_use]
    #[inline(never)]
    pub fn with_refresh_token_of(&self, others: &Self) -> Self {
        let mut tokens = self.clone();
        tokens.refresh_token = others.refresh_token.clone();
        tokens.refresh_expires_at = others.refresh_expires_at;
        tokens
    }

    /// The access token and its end, with nothing that brings another one.
    #[must_use]
    pub fn access_token_alone(&self) -> Self {
        Self {
            access_token: self.access_token.clone(),
            token_type: self.token_type.clone(),
            scope: self.scope.clone(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            refresh_token: None,
            refresh_expires_at: None,
            id_token: None,
            identity: None,
            metadata: Object::new(),
        }
    }

    /// What the refresh token is known by; empty where there is none.
    #[must_use]
    #[inline(never)]
    pub fn refresh_fingerprint(&self) -> String {
        self.refresh_token.as_ref().map(Secret::fingerprint).unwrap_or_default()
    }

    /// When the access token ends, an unknown end counted as one hour after the receipt.
    #[must_use]
    pub fn ends_at(&self) -> i64 {
        self.expires_at.unwrap_or_else(|| self.issued_at.saturating_add(UNKNOWN_LIFETIME_SECONDS))
    }

    /// Whether the access token ends within `skew` seconds.
    #[must_use]
    pub fn is_expired(&self, now: i64, skew: i64) -> bool {
        self.ends_at().saturating_sub(skew) <= now
    }

    /// Whether the access token is good for more than `skew` seconds.
    #[must_use]
    pub fn access_valid(&self, now: i64, skew: i64) -> bool {
        !self.is_expired(now, skew)
    }

    /// Whether there is a refresh token that is not known to end within `skew` seconds.
    #[must_use]
    pub fn refresh_valid(&self, now: i64, skew: i64) -> bool {
        self.refresh_token.is_some() && self.refresh_expires_at.is_none_or(|end| end.saturating_sub(skew) > now)
    }

    /// Whether there is a refresh token that is not known to be expired.
    #[must_use]
    pub fn is_refreshable(&self, now: i64) -> bool {
        self.refresh_valid(now, 0)
    }

    /// The granted scopes one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.as_deref().unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether another access token is due: `buffer` seconds ahead of the end, but never more than half the lifetime, so
    /// that short-lived tokens are not renewed at every use.
    #[must_use]
    pub fn is_due(&self, now: i64, buffer: i64) -> bool {
        let lifetime = self.ends_at().saturating_sub(self.issued_at).max(0);
        self.is_expired(now, buffer.min(lifetime.checked_div(2).unwrap_or(0)))
    }

    /// Whether a refresh is due, and possible.
    #[must_use]
    pub fn should_refresh(&self, now: i64, buffer: i64) -> bool {
        self.is_refreshable(now) && self.is_due(now, buffer)
    }

    /// The token set as JSON: the shape of `TokenSet` in `index.d.ts`, version 1.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut object = Object::new();
        object.put_text("access_token", Some(self.access_token.expose()));
        object.put_text("token_type", Some(&self.token_type));
        object.put_text("scope", self.scope.as_deref());
        object.put_integer("issued_at", Some(self.issued_at));
        object.put_integer("expires_at", self.expires_at);
        object.put_text("refresh_token", self.refresh_token.as_ref().map(Secret::expose));
        object.put_integer("refresh_expires_at", self.refresh_expires_at);
        object.put_text("id_token", self.id_token.as_ref().map(Secret::expose));
        if let Some(identity) = &self.identity {
            object.insert("identity", Json::Object(identity.clone()));
        }
        if !self.metadata.is_empty() {
            object.insert("metadata", Json::Object(self.metadata.clone()));
        }
        object.put_integer("version", Some(1));
        object
    }

    /// A token set from the JSON that [`TokenSet::to_json`] writes.
    ///
    /// # Errors
    /// A member is missing or of a wrong type; the message names it.
    pub fn from_json(object: &Object) -> Result<Self> {
        let secret = |name: &str| Ok(object.text(name)?.map(Secret::new));
        Ok(Self {
            access_token: Secret::new(object.required_text("access_token")?),
            token_type: object.required_text("token_type")?,
            scope: object.text("scope")?,
            issued_at: object.required_seconds("issued_at")?,
            expires_at: object.seconds("expires_at")?,
            refresh_token: secret("refresh_token")?,
            refresh_expires_at: object.seconds("refresh_expires_at")?,
            id_token: secret("id_token")?,
            identity: object.object("identity")?.cloned(),
            metadata: object.object("metadata")?.cloned().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
