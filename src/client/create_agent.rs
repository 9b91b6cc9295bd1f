//! Agents from tokens that the app keeps: checked again, renewed where that is due, or made the session.

use std::rc::Rc;

use super::Client;
use super::claim_mapping::claims_of;
use super::exchange::Exchanged;
use super::given::Given;
use super::request::is_passing;
use crate::error::{Class, Code, Error, Recovery, Result};
use crate::ports::Host;
use crate::protocol::claims;
use crate::protocol::id_token::{self, Expectations, NonceRule};
use crate::protocol::json::Object;
use crate::protocol::jwt::{self, Jwt};
use crate::protocol::metadata::{ProviderMetadata, ProviderType};
use crate::protocol::token_response;
use crate::protocol::words;
use crate::session::TokenSet;

/// How tokens that the app kept become an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOptions {
    /// Whether the tokens are renewed where that is due.
    pub auto_refresh: bool,
    /// Whether the signature of the ID token is checked, and not only its claims.
    pub verifies_signature: bool,
}

impl KeptOptions {
    /// Options from the JSON of JavaScript's object; what is missing comes from the client.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object, client: &super::ClientOptions) -> Result<Self> {
        let mut given = Given::new("option of createAgent", object);
        let options = Self {
            auto_refresh: given.flag("autoRefresh").unwrap_or(client.auto_refresh),
            verifies_signature: !given.is_second_of("verify", "signature", "claims").unwrap_or(false),
        };
        given.finish()?;
        Ok(options)
    }
}

/// An agent whose tokens the app keeps.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The tokens and whom they speak of.
    pub exchanged: Exchanged,
    /// The tokens want to be renewed before they are used.
    pub is_due: bool,
}

/// What came of renewing tokens that the app keeps.
#[derive(Debug, Clone)]
pub enum Renewed {
    /// New tokens, which the app has to keep instead of the old ones.
    Fresh(Exchanged),
    /// The old ones are still good, and the renewal failed for this reason, which passes.
    Unchanged(Error),
}

impl<H: Host> Client<H> {
    /// Makes an agent of a token set, or of a token response as it came from a provider. Its ID token is checked but for
    /// what held only when it was new: `exp`, `nonce`, and what came along with it.
    ///
    /// # Errors
    /// `TokenParseError` for what are no tokens, and where `openid` was granted and the ID token is missing;
    /// `TokenVerificationError`; `TokenExpiredError` where the tokens are over and nothing can renew them; for keys that
    /// are not known yet `NetworkError`, `TimeoutError`.
    pub async fn create_agent(&self, given: &Object, options: &KeptOptions) -> Result<Kept> {
        self.require_alive()?;
        let (mut tokens, counts_as_due) = self.read_tokens(given).map_err(as_parse_error)?;
        let claims = match self.id_token_of(&tokens)? {
            Some(jwt) => {
                self.check_kept(&jwt, options.verifies_signature).await?;
                jwt.claims
            }
            None => Object::new(),
        };
        let is_due = options.auto_refresh && self.is_renewal_due(&tokens, 0, counts_as_due)?;
        let claims = self.kept_identity(&mut tokens, is_due).await?.unwrap_or(claims);
        let agent = Rc::new(self.agent_from(claims, &tokens)?);
        self.warn_of(&agent);
        Ok(Kept { exchanged: Exchanged { tokens: Rc::new(tokens), agent }, is_due })
    }

    /// Whether tokens have to be renewed to be used: they are due, live shorter than `minimum` seconds from now, or it
    /// is `wanted` anyhow.
    ///
    /// # Errors
    /// `TokenExpiredError`: they are over, and there is nothing to renew them with.
    pub fn is_renewal_due(&self, tokens: &TokenSet, minimum: i64, wanted: bool) -> Result<bool> {
        let now = self.now();
        let buffer = self.inner.options.refresh_buffer;
        if tokens.is_refreshable(now) {
            return Ok(wanted || tokens.should_refresh(now, buffer) || tokens.is_expired(now, minimum));
        }
        if tokens.is_expired(now, 0) {
            let message = "the access token is expired and cannot be renewed: there is no refresh token, or it is \
                           expired too";
            return Err(Error::new(Code::TokenExpired, message));
        }
        Ok(false)
    }

    /// Whether tokens that are renewed without a refresh token have to be, to live `minimum` seconds from now.
    #[must_use]
    pub fn is_due_again(&self, tokens: &TokenSet, minimum: i64) -> bool {
        let now = self.now();
        tokens.is_due(now, self.inner.options.refresh_buffer) || tokens.is_expired(now, minimum)
    }

    /// Makes tokens that the app kept the session of this client: stored, then announced.
    ///
    /// # Errors
    /// `no_ambient_session`, `disposed`; `TokenParseError` where the claims are not what the mapping reads.
    pub async fn adopt(&self, tokens: TokenSet) -> Result<()> {
        self.require_ambient("adopt")?;
        let claims = claims_of(&tokens)?;
        let agent = Rc::new(self.agent_from(claims, &tokens)?);
        let exchanged = Exchanged { tokens: Rc::new(tokens), agent };
        let epoch = self.tombstone().epoch;
        self.begin_session(exchanged, self.random_text()?, epoch, None).await.map(|_| ())
    }

    /// Renews tokens that the app keeps: one request for all who hold the same refresh token.
    ///
    /// # Errors
    /// `RefreshError`: retry, reauthenticate where the provider refused; `SubjectMismatchError`;
    /// `TokenVerificationError`.
    pub async fn renew_kept(&self, tokens: &TokenSet) -> Result<Renewed> {
        match self.refresh_tokens(tokens).await {
            Ok(exchanged) => Ok(Renewed::Fresh(exchanged)),
            Err(error) => self.unchanged(tokens, error).map(Renewed::Unchanged),
        }
    }

    /// The error of a renewal that failed for a reason that passes, while the old tokens are still good.
    pub(super) fn unchanged(&self, tokens: &TokenSet, error: Error) -> Result<Error> {
        let passes = is_passing(&error) || error.failure().recovery == Recovery::Retry;
        let error = if passes { as_refresh_error(error) } else { error };
        if passes && !tokens.is_expired(self.now(), 0) { Ok(error) } else { Err(error) }
    }

    /// The tokens, and whether their age is unknown.
    fn read_tokens(&self, given: &Object) -> Result<(TokenSet, bool)> {
        if given.get("issued_at").is_some() {
            return Ok((TokenSet::from_json(given)?, false));
        }
        let options = &self.inner.options;
        let response = token_response::tokens(given.clone(), options.provider_type)?;
        // An ID token is as old as the response that it came with.
        let issued_at = match &response.id_token {
            Some(id_token) => claims::time(&jwt::parse(id_token.expose())?.claims, "iat")?,
            None => None,
        };
        let scopes = words::join(&options.scopes);
        let tokens = TokenSet::from_response(response, issued_at.unwrap_or_else(|| self.now()), Some(&scopes));
        Ok((tokens, issued_at.is_none()))
    }

    /// The ID token, which has to be there where one was asked for: machines have none.
    fn id_token_of(&self, tokens: &TokenSet) -> Result<Option<Jwt>> {
        if self.inner.options.provider_type == ProviderType::Oauth2 {
            return Ok(None);
        }
        if let Some(id_token) = &tokens.id_token {
            return jwt::parse(id_token.expose()).map(Some);
        }
        let scopes: Vec<&str> = tokens.scope.as_deref().unwrap_or_default().split(' ').collect();
        if self.inner.options.asks_for_id_token(&scopes) {
            let message = "the tokens hold no `id_token` though their scope has `openid`: keep it with them";
            return Err(Error::new(Code::IdTokenMissing, message));
        }
        Ok(None)
    }

    async fn check_kept(&self, jwt: &Jwt, verifies_signature: bool) -> Result<()> {
        let metadata;
        let algorithm;
        if verifies_signature {
            metadata = self.discover(false).await?;
            algorithm = Some(self.check_authenticity(&metadata, jwt).await?);
        } else {
            // Without a request: this library verified it before, which the caller vouches for.
            metadata = Rc::new(ProviderMetadata::default());
            algorithm = None;
        }
        let expected = Expectations {
            issuer: self.inner.options.issuer_name(),
            nonce: NonceRule::Unchecked,
            // As of when it was new.
            now: claims::time(&jwt.claims, "iat")?.unwrap_or_default(),
            ..self.expectations(&metadata)
        };
        id_token::validate_claims(jwt, algorithm, &expected).map(|_| ())
    }
}

/// What cannot be read are no tokens, whichever member of them says so.
fn as_parse_error(error: Error) -> Error {
    match error.class() {
        Class::TokenParse => error,
        _ => {
            let message = format!("these are no tokens: {}", error.failure().message);
            Error::new(Code::MalformedToken, message)
        }
    }
}

fn as_refresh_error(error: Error) -> Error {
    if error.class() == Class::Refresh {
        return error;
    }
    let message = format!("the tokens could not be renewed: {}", error.failure().message);
    let (status, retry_after) = (error.failure().status, error.failure().retry_after);
    let failure = Error::new(error.code(), message).during(Class::Refresh).recover_by(Recovery::Retry);
    let failure = failure.with_retry_after(retry_after).because(error);
    status.into_iter().fold(failure, Error::with_status)
}
