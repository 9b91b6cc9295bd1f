//! Tokens that stay fresh: who asks for one, and what they get (RFC 6749 6).

use std::pin::pin;
use std::rc::Rc;

use super::obtain::as_refresh_error;
use super::renewal::{MAX_LOOKS, no_refresh_token};
use super::{Client, signed_out};
use crate::error::{Class, Code, Error, Result};
use crate::ports::Host;
use crate::protocol::secret::Secret;
use crate::session::{Agent, EndReason};

/// How long a caller whose token is still good waits for a better one, in milliseconds.
const DUE_WAITS_MILLISECONDS: u32 = 10_000;

impl<H: Host> Client<H> {
    /// The agent now, with tokens renewed where that is due; `None`: somebody has to sign in.
    ///
    /// # Errors
    /// `RefreshError` (retry) or `TimeoutError` when the access token is expired and a refresh failed for a reason that
    /// passes.
    pub async fn get_agent(&self) -> Result<Option<Rc<Agent>>> {
        self.require_ambient("getAgent")?;
        for _ in 0..MAX_LOOKS {
            let asked = self.session();
            let Err(error) = self.freshen(0, false).await else { break };
            // Who forgot the session here asked for no answer.
            self.require_alive()?;
            match (asked, self.session()) {
                // What became of one session says nothing of another that took its place.
                (Some(asked), Some(current)) if asked.id != current.id => {}
                (_, Some(_)) if error.code() != Code::SignedOut => return Err(error),
                _ => return Ok(None),
            }
        }
        Ok(self.agent())
    }

    /// An access token for a request; `minimum` seconds of life are tried for, once.
    ///
    /// # Errors
    /// `LoginRequiredError` `signed_out`, `SessionExpiredError`, `RefreshError`, `TimeoutError`.
    pub async fn access_token(&self, minimum: i64, force: bool) -> Result<Secret> {
        self.require_ambient("getAccessToken")?;
        if self.session().is_none() {
            return Err(signed_out());
        }
        match self.freshen(minimum, force).await {
            Err(error) if self.session().is_none() && error.code() != Code::SignedOut => Err(session_expired(error)),
            Err(error) => Err(error),
            Ok(()) => {
                let session = self.session().ok_or_else(signed_out)?;
                Ok(session.tokens.access_token.clone())
            }
        }
    }

    /// Renews the session's tokens where that is due, needed for `minimum` seconds of life, or forced. Fine as long as
    /// the access token is good, unless a refresh was forced.
    async fn freshen(&self, minimum: i64, force: bool) -> Result<()> {
        let Some(session) = self.session() else { return Ok(()) };
        let (now, options) = (self.now(), &self.inner.options);
        let is_good = |now| !session.tokens.is_expired(now, 0);
        if !force && !options.auto_refresh {
            return Ok(());
        }
        let wants_more = minimum > 0 && session.tokens.is_expired(now, minimum);
        let can_renew = session.tokens.is_refreshable(now) || session.pending.is_some();
        if can_renew && (force || wants_more || !is_good(now) || self.is_due(&session)) {
            let renewal = pin!(self.join_renewal(&session));
            if force || !is_good(now) {
                return match self.in_time(renewal).await.map_err(name_the_job) {
                    Err(_) if !force && self.session().is_some() && is_good(self.now()) => Ok(()),
                    renewed => renewed,
                };
            }
            return match self.within(DUE_WAITS_MILLISECONDS, renewal).await {
                // Who has a good token goes on with it.
                Some(Err(error)) if self.session().is_none() || !is_good(self.now()) => Err(name_the_job(error)),
                _ => Ok(()),
            };
        }
        if force {
            return Err(no_refresh_token());
        }
        if is_good(now) {
            return Ok(());
        }
        self.end_session(&session, EndReason::RefreshExpired, None).await;
        Err(no_refresh_token())
    }

    /// Renews the tokens of the session; concurrent calls are one request, which no caller can abort.
    ///
    /// # Errors
    /// `RefreshError`, `TimeoutError`, and everything that a token response can be refused for.
    pub async fn refresh(&self) -> Result<Rc<Agent>> {
        self.require_ambient("refresh")?;
        let session = self.session().ok_or_else(signed_out)?;
        if !session.tokens.is_refreshable(self.now()) && session.pending.is_none() {
            return Err(no_refresh_token());
        }
        self.in_time(pin!(self.join_renewal(&session))).await?;
        self.agent().ok_or_else(signed_out)
    }
}

/// Who asks for a token does not know that the provider is asked: its failure is one of the refresh.
fn name_the_job(error: Error) -> Error {
    if error.class() == Class::Provider { as_refresh_error(error) } else { error }
}

fn session_expired(cause: Error) -> Error {
    Error::new(Code::SessionExpired, "the session is over: sign in again").because(cause)
}
