//! Renewing tokens that the app keeps, for everybody who holds the same refresh token.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use super::api_tokens::Target;
use super::exchange::Exchanged;
use super::obtain::Obtained;
use super::renewal::{MAX_LOOKS, busy, no_refresh_token, reason_to_end};
use super::{Client, signed_out};
use crate::error::Result;
use crate::ports::Host;
use crate::session::TokenSet;

/// How many renewed token sets are remembered for callers and tabs that still hold what they came from: few for one person,
/// as many as there are marks where a process serves many.
const MAX_RENEWALS: usize = 16;
const MAX_RENEWALS_OF_MANY: usize = 256;

/// Tokens that came of others.
pub(super) struct Renewal {
    spent: String,
    tokens: Rc<TokenSet>,
    /// They are checked; else they are handed to nobody.
    is_verified: bool,
}

impl<H: Host> Client<H> {
    /// Renews tokens that the app keeps: one request for all who hold the same refresh token.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub async fn refresh_tokens(&self, old: &TokenSet) -> Result<Exchanged> {
        self.require_alive()?;
        let refresh_token = old.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
        let fingerprint = refresh_token.fingerprint();
        if self.session().is_some_and(|session| session.refresh_fingerprint() == fingerprint) {
            self.refresh().await?;
            let session = self.session().ok_or_else(signed_out)?;
            return Ok(Exchanged { tokens: Rc::clone(&session.tokens), agent: Rc::clone(&session.agent) });
        }
        if let Some(tokens) = self.renewed_from(&fingerprint) {
            let agent = Rc::new(self.agent_of(&tokens)?);
            return Ok(Exchanged { tokens, agent });
        }
        if let Some(error) = self.too_early(&fingerprint) {
            return Err(error);
        }
        let (flight, place) = self.flight_of(&fingerprint);
        let work = Box::pin(self.clone().renew_detached(old.clone(), fingerprint, Rc::clone(&place)));
        self.in_time(pin!(self.join(&flight, work))).await?;
        let renewed = place.borrow().clone();
        renewed.ok_or_else(busy)
    }

    async fn renew_detached(
        self,
        old: TokenSet,
        fingerprint: String,
        place: Rc<RefCell<Option<Exchanged>>>,
    ) -> Result<()> {
        let renewed = self.renew_alone(&old, &fingerprint).await;
        self.land(&fingerprint);
        match renewed {
            Ok(exchanged) => {
                self.succeeded(&fingerprint);
                *place.borrow_mut() = Some(exchanged);
                Ok(())
            }
            Err(error) => {
                if reason_to_end(&error).is_none() {
                    self.back_off(&fingerprint, &error);
                }
                Err(error)
            }
        }
    }

    async fn renew_alone(&self, old: &TokenSet, fingerprint: &str) -> Result<Exchanged> {
        let refresh_token = old.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
        let turn = self.take_turn(fingerprint).await?;
        for _ in 0..MAX_LOOKS {
            let unverified = self.unverified(fingerprint);
            let renewed = match unverified {
                Some(renewed) => renewed,
                None => match self.obtain(refresh_token, fingerprint, &turn, &Target::default()).await? {
                    Obtained::Response(response) => {
                        let renewed = Rc::new(old.renewed(response, self.now()));
                        self.remember_renewal(fingerprint, Rc::clone(&renewed), false);
                        self.mark_as_used(fingerprint, &renewed, true);
                        renewed
                    }
                    Obtained::HandedOver(record) => {
                        let session = self.session_of(*record, 0).map_err(|_| busy())?;
                        return Ok(Exchanged { tokens: session.tokens, agent: session.agent });
                    }
                    Obtained::LookAgain => continue,
                },
            };
            // Whom the old tokens spoke of may never have been asked.
            let identity = self.identity_of(&renewed).await?;
            let renewed = Rc::new(TokenSet { identity, ..(*renewed).clone() });
            let agent = match self.verify_renewed(old, &renewed).await {
                Ok(agent) => agent,
                Err(error) => {
                    if reason_to_end(&error).is_some() {
                        self.forget_renewal(fingerprint);
                        self.revoke_later(renewed);
                    }
                    return Err(error);
                }
            };
            self.remember_renewal(fingerprint, Rc::clone(&renewed), true);
            self.warn_of_failed_mapping(&agent);
            return Ok(Exchanged { tokens: renewed, agent: Rc::new(agent) });
        }
        Err(busy())
    }

    /// The newest tokens that came of a refresh token, as far as this realm renewed them.
    pub(super) fn renewed_from(&self, spent: &str) -> Option<Rc<TokenSet>> {
        let renewals = self.inner.renewals.borrow();
        let mut newest: Option<Rc<TokenSet>> = None;
        let mut fingerprint = spent.to_owned();
        for _ in 0..renewals.len() {
            let next = renewals.iter().find(|renewal| renewal.is_verified && renewal.spent == fingerprint);
            let Some(next) = next else { break };
            newest = Some(Rc::clone(&next.tokens));
            fingerprint = next.tokens.refresh_fingerprint();
        }
        newest
    }

    fn unverified(&self, fingerprint: &str) -> Option<Rc<TokenSet>> {
        let renewals = self.inner.renewals.borrow();
        let found = renewals.iter().find(|renewal| !renewal.is_verified && renewal.spent == fingerprint);
        found.map(|renewal| Rc::clone(&renewal.tokens))
    }

    fn forget_renewal(&self, fingerprint: &str) {
        self.inner.renewals.borrow_mut().retain(|renewal| renewal.spent != fingerprint);
    }

    /// Remembers what came of a refresh token.
    pub(super) fn remember_renewal(&self, fingerprint: &str, tokens: Rc<TokenSet>, is_verified: bool) {
        self.forget_renewal(fingerprint);
        if is_verified && tokens.refresh_fingerprint() == fingerprint {
            // The same refresh token is good again.
            return;
        }
        let mut renewals = self.inner.renewals.borrow_mut();
        if renewals.len() >= if self.is_ambient() { MAX_RENEWALS } else { MAX_RENEWALS_OF_MANY } {
            renewals.remove(0);
        }
        renewals.push(Renewal { spent: fingerprint.to_owned(), tokens, is_verified });
    }
}
