//! Tokens that stay fresh (RFC 6749 6, OIDC Core 12).

use std::rc::Rc;

use super::exchange::Exchanged;
use super::request::is_passing;
use super::restore::agent_of;
use super::{Client, disposed, event};
use crate::error::{Class, Code, Error, Result};
use crate::ports::{Event, EventKind, Host};
use crate::protocol::id_token::{self, Expectations, NonceRule};
use crate::protocol::metadata::Endpoint;
use crate::protocol::secret::Secret;
use crate::protocol::{jwt, token_request, token_response};
use crate::session::{Agent, Session, TokenSet};

impl<H: Host> Client<H> {
    /// The agent now, with tokens renewed where that is due; `None`: somebody has to sign in.
    ///
    /// # Errors
    /// `RefreshError` (retry) when the access token is expired and a refresh failed for a reason that passes.
    pub async fn get_agent(&self) -> Result<Option<Rc<Agent>>> {
        self.require_ambient("getAgent")?;
        let Some(session) = self.session() else { return Ok(None) };
        let options = &self.inner.options;
        let now = self.now();
        if !options.auto_refresh {
            return Ok(Some(Rc::clone(&session.agent)));
        }
        if session.tokens.should_refresh(now, options.refresh_buffer) {
            return match self.refresh().await {
                Ok(agent) => Ok(Some(agent)),
                Err(_) if self.session().is_none() => Ok(None),
                Err(_) if !session.tokens.is_expired(self.now(), 0) => Ok(Some(Rc::clone(&session.agent))),
                Err(error) => Err(error),
            };
        }
        if session.tokens.is_expired(now, 0) {
            self.end_session("refresh_expired").await;
            return Ok(None);
        }
        Ok(Some(Rc::clone(&session.agent)))
    }

    /// An access token for a request; `minimum` seconds of life are tried for, once.
    ///
    /// # Errors
    /// `LoginRequiredError` `signed_out`, `SessionExpiredError`, `RefreshError`.
    pub async fn access_token(&self, minimum: i64, force: bool) -> Result<Secret> {
        self.require_ambient("getAccessToken")?;
        let session = self.session().ok_or_else(signed_out)?;
        let (now, options) = (self.now(), &self.inner.options);
        let tokens = &session.tokens;
        let is_due = options.auto_refresh
            && (tokens.should_refresh(now, options.refresh_buffer) || tokens.is_expired(now, minimum));
        if (force || is_due) && tokens.is_refreshable(now) {
            match self.refresh().await {
                Ok(_) => {}
                Err(error) if self.session().is_none() => return Err(session_expired(error)),
                Err(_) if !force && !tokens.is_expired(self.now(), 0) => {}
                Err(error) => return Err(error),
            }
        } else if force {
            return Err(no_refresh_token());
        } else if options.auto_refresh && tokens.is_expired(now, 0) {
            self.end_session("refresh_expired").await;
            return Err(session_expired(no_refresh_token()));
        }
        let session = self.session().ok_or_else(signed_out)?;
        Ok(session.tokens.access_token.clone())
    }

    /// Renews the tokens of the session; concurrent calls are one request, which no caller can abort.
    ///
    /// # Errors
    /// `RefreshError`, and everything that a token response can be refused for.
    pub async fn refresh(&self) -> Result<Rc<Agent>> {
        self.require_ambient("refresh")?;
        self.inner.refreshes.join(self.host(), Box::pin(self.clone().refresh_session())).await?;
        self.agent().ok_or_else(signed_out)
    }

    async fn refresh_session(self) -> Result<()> {
        let session = self.session().ok_or_else(signed_out)?;
        let renewed = self.refresh_tokens(&session.tokens).await;
        if self.inner.disposed.get() {
            if let Ok(Exchanged { tokens, agent }) = renewed {
                // The old refresh token is spent: what is stored has to go on with the new one.
                self.store_if_kept(&Session { id: session.id.clone(), tokens, agent }).await;
            }
            return Err(disposed());
        }
        if self.session().is_none_or(|current| current.id != session.id) {
            // A sign-out in between is never undone by a late answer.
            return Err(signed_out());
        }
        match renewed {
            Ok(Exchanged { tokens, agent }) => {
                let session = Rc::new(Session { id: session.id.clone(), tokens, agent });
                self.store_session(&session).await;
                if self.session().is_none_or(|current| current.id != session.id) {
                    // A sign-out while it was being stored: a slow store may have taken the tokens after the end.
                    self.erase_if_signed_out().await;
                    return Err(signed_out());
                }
                self.set_session(Some(session));
                self.host().emit(event(EventKind::Refreshed, None));
                Ok(())
            }
            Err(error) => {
                match reason_to_end(&error) {
                    Some(reason) => self.end_session(reason).await,
                    None => self.tell_failure(&session, &error),
                }
                Err(error)
            }
        }
    }

    /// A refresh failed and the session lives on; that its access token is past its end is told once.
    fn tell_failure(&self, session: &Session, error: &Error) {
        let failed = event(EventKind::RefreshFailed, Some(error.code().as_str()));
        self.host().emit(Event { error: Some(error.clone()), ..failed });
        let revision = Some(self.revision());
        if session.tokens.is_expired(self.now(), 0) && self.inner.told_expired.replace(revision) != revision {
            self.host().emit(event(EventKind::Expired, None));
        }
    }

    /// Renews tokens that the caller keeps.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub async fn refresh_tokens(&self, old: &TokenSet) -> Result<Exchanged> {
        self.require_alive()?;
        let refresh_token = old.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
        let metadata = self.discover(false).await.map_err(as_refresh_error)?;
        let options = &self.inner.options;
        let request = token_request::refresh(
            metadata.endpoint(Endpoint::Token)?,
            &options.client_id,
            &options.client_auth,
            refresh_token.expose(),
            None,
        );
        let response = self.send(request).await.map_err(as_refresh_error)?;
        let response = token_response::judge(&response, Class::Refresh, options.provider_type)?;
        let fresh_id_token = response.id_token.clone();
        let tokens = old.renewed(response, self.now());
        if let (Some(fresh), Some(previous)) = (fresh_id_token, &old.id_token) {
            let previous = jwt::parse(previous.expose())?.claims;
            let jwt = jwt::parse(fresh.expose())?;
            let algorithm = self.check_authenticity(&metadata, &jwt).await?;
            let nonce = previous.string("nonce").ok().flatten().map(str::to_owned);
            let expected = Expectations {
                nonce: NonceRule::IfPresent(nonce.as_deref()),
                access_token: Some(tokens.access_token.expose()),
                ..self.expectations(&metadata)
            };
            id_token::validate_refreshed(&previous, &jwt, Some(algorithm), &expected)?;
        }
        let agent = agent_of(&tokens)
            .ok_or_else(|| Error::new(Code::MalformedToken, "the ID token of this session cannot be read"))?;
        Ok(Exchanged { tokens: Rc::new(tokens), agent: Rc::new(agent) })
    }
}

/// Why an error ends a session; everything that is not listed leaves it alone.
fn reason_to_end(error: &Error) -> Option<&'static str> {
    match (error.code(), error.class()) {
        (Code::InvalidGrant, _) => Some("invalid_grant"),
        (Code::SubjectMismatch, _) => Some("subject_changed"),
        // A key set that cannot be had proves nothing about the token.
        (Code::KeyNotFound | Code::InvalidKeySet, _) => None,
        (_, Class::TokenVerification | Class::TokenParse) => Some("verification_failed"),
        _ => None,
    }
}

fn as_refresh_error(error: Error) -> Error {
    if is_passing(&error) {
        let message = format!("the tokens could not be renewed: {}", error.failure().message);
        return Error::new(error.code(), message).during(Class::Refresh).because(error);
    }
    error
}

#[inline(never)]
pub(super) fn signed_out() -> Error {
    Error::new(Code::SignedOut, "nobody is signed in")
}

fn session_expired(cause: Error) -> Error {
    Error::new(Code::SessionExpired, "the session is over: sign in again").because(cause)
}

#[inline(never)]
fn no_refresh_token() -> Error {
    Error::new(
        Code::NoRefreshToken,
        "there is no refresh token: ask for the scope `offline_access`, or sign in again when the access token ends",
    )
}
