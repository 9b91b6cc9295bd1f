//! Renewing tokens (RFC 6749 6, OIDC Core 12), so that a refresh token is never sent by two senders at a time and never
//! again once its answer was stored.
//!
//! In this order: one flight in this realm, the lock of all tabs, a look into the store, the mark that it is under way,
//! the request, the answer stored as pending, the mark that the token is spent, verification, the tokens made current,
//! and then the news.

use std::cell::RefCell;
use std::rc::Rc;

use super::api_tokens::Target;
use super::exchange::Exchanged;
use super::flight::Flight;
use super::obtain::{Obtained, as_refresh_error};
use super::stored::Written;
use super::{Client, disposed, event, signed_out};
use crate::error::{Class, Code, Error, Result};
use crate::ports::{Event, EventKind, Host, StorageKind};
use crate::protocol::id_token::{self, Expectations, NonceRule};
use crate::protocol::jwt;
use crate::protocol::token_response::TokenResponse;
use crate::session::{Agent, EndReason, Session, TokenSet};

/// How often a renewal looks again because another tab was quicker.
pub(super) const MAX_LOOKS: usize = 16;
/// How many refreshes are known to be under way where one that ended with its request cannot be told from them.
const MAX_FLIGHTS: usize = 256;

/// One refresh under way.
pub(super) struct RefreshFlight {
    fingerprint: String,
    flight: Rc<Flight>,
    /// Where the flight of an agent that the app keeps puts what it brings.
    place: Rc<RefCell<Option<Exchanged>>>,
}

impl<H: Host> Client<H> {
    /// Renews the session; whoever asks while it is under way gets the same. No caller can abort it.
    pub(super) async fn join_renewal(&self, session: &Session) -> Result<()> {
        self.join_flight(session).await?;
        match self.session() {
            // The refresh token was spent on a token for an API: the session's own is as old as it was.
            Some(current)
                if current.tokens.access_token == session.tokens.access_token
                    && current.tokens.issued_at == session.tokens.issued_at
                    && current.refresh_fingerprint() != session.refresh_fingerprint() =>
            {
                self.join_flight(&current).await
            }
            _ => Ok(()),
        }
    }

    async fn join_flight(&self, session: &Session) -> Result<()> {
        let fingerprint = session.refresh_fingerprint();
        if let Some(error) = self.too_early(&fingerprint) {
            return Err(error);
        }
        let (flight, _) = self.flight_of(&fingerprint);
        let work = self.clone().told_as_refresh(Box::pin(self.clone().renew_in_flight(fingerprint)));
        self.join(&flight, Box::pin(work)).await
    }

    pub(super) fn flight_of(&self, fingerprint: &str) -> (Rc<Flight>, Rc<RefCell<Option<Exchanged>>>) {
        let mut flights = self.inner.refreshes.borrow_mut();
        if let Some(found) = flights.iter().find(|flight| flight.fingerprint == fingerprint) {
            return (Rc::clone(&found.flight), Rc::clone(&found.place));
        }
        if self.host().isolates_requests() && flights.len() >= MAX_FLIGHTS {
            // The requests of the oldest may be gone, and nobody has asked again.
            flights.remove(0);
        }
        let (flight, place) = <(Rc<Flight>, Rc<RefCell<Option<Exchanged>>>)>::default();
        flights.push(RefreshFlight {
            fingerprint: fingerprint.to_owned(),
            flight: Rc::clone(&flight),
            place: Rc::clone(&place),
        });
        (flight, place)
    }

    pub(super) fn land(&self, fingerprint: &str) {
        self.inner.refreshes.borrow_mut().retain(|flight| flight.fingerprint != fingerprint);
    }

    async fn renew_in_flight(self, fingerprint: String) -> Result<()> {
        let renewed = self.renew_session(&fingerprint).await;
        self.land(&fingerprint);
        match &renewed {
            Ok(()) => self.succeeded(&fingerprint),
            Err(error) => self.failed(&fingerprint, error),
        }
        renewed
    }

    async fn renew_session(&self, fingerprint: &str) -> Result<()> {
        let turn = self.take_turn(fingerprint).await?;
        for _ in 0..MAX_LOOKS {
            self.catch_up().await;
            self.require_alive()?;
            let session = self.session().ok_or_else(signed_out)?;
            if session.refresh_fingerprint() != fingerprint {
                // Another tab renewed it, or somebody signed in.
                return Ok(());
            }
            if let Some(pending) = &session.pending {
                return self.make_current(&session, Rc::clone(pending), fingerprint).await;
            }
            let refresh_token = session.tokens.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
            match self.obtain(refresh_token, fingerprint, &turn, &Target::default()).await {
                Ok(Obtained::Response(response)) => return self.keep_answer(&session, response, fingerprint).await,
                // What was handed over may still have to be verified.
                Ok(Obtained::HandedOver(record)) => self.follow_record(&session, *record).await,
                Ok(Obtained::LookAgain) => {}
                Err(error) => return self.end_if_refused(&session, error).await,
            }
        }
        Err(busy())
    }

    /// Stores an answer before anything else is done with it.
    async fn keep_answer(&self, session: &Session, response: TokenResponse, fingerprint: &str) -> Result<()> {
        let renewed = Rc::new(session.tokens.renewed(response, self.now()));
        if renewed.id_token == session.tokens.id_token {
            // Nothing to verify.
            return self.make_current(session, renewed, fingerprint).await;
        }
        let pending = Session { pending: Some(Rc::clone(&renewed)), ..session.clone() };
        if !self.write_renewed(&pending, &renewed, fingerprint).await? {
            return Ok(());
        }
        // Where this client is gone meanwhile, the next start verifies it.
        self.require_alive()?;
        self.put_session(Some(Rc::new(pending.clone())));
        self.make_current(&pending, renewed, fingerprint).await
    }

    /// Stores a session with an answer in it. From then on the token that it came from is spent. `false`: another tab got
    /// further with the same answer.
    pub(super) async fn write_renewed(
        &self,
        session: &Session,
        renewed: &Rc<TokenSet>,
        fingerprint: &str,
    ) -> Result<bool> {
        let written = self.write_session(session, Some(fingerprint)).await;
        // Nobody else can hold a token of this page's memory.
        let is_held_elsewhere = self.inner.options.storage != StorageKind::Memory;
        self.mark_as_used(fingerprint, renewed, is_held_elsewhere);
        match written {
            Written::Done => Ok(true),
            Written::Behind => {
                self.catch_up().await;
                Ok(false)
            }
            Written::Over(EndReason::Cleared) if self.inner.options.storage == StorageKind::Session => {
                // Forgotten in this tab only: a duplicate may go on with it.
                self.hand_over(fingerprint, &session.record());
                Err(signed_out())
            }
            Written::Over(_) => {
                // A sign-out in between is never undone by a late answer.
                self.revoke_later(Rc::clone(renewed));
                // The store may know of it before this tab has heard.
                self.catch_up().await;
                Err(signed_out())
            }
            Written::Replaced => {
                self.revoke_later(Rc::clone(renewed));
                self.catch_up().await;
                Err(Error::new(Code::SignedOut, "another session took the place of this one"))
            }
        }
    }

    /// Verifies an answer and makes it the session's tokens.
    async fn make_current(&self, session: &Session, renewed: Rc<TokenSet>, fingerprint: &str) -> Result<()> {
        let agent = match self.verify_renewed(&session.tokens, &renewed).await {
            Ok(agent) => agent,
            Err(error) => {
                let Some(reason) = reason_to_end(&error) else {
                    return Err(self.keep_refresh_token(session, &renewed, fingerprint, error).await);
                };
                self.end_session(session, reason, Some(error.clone())).await;
                self.revoke_later(renewed);
                return Err(error);
            }
        };
        let current = Rc::new(Session {
            id: session.id.clone(),
            epoch: session.epoch,
            tokens: Rc::clone(&renewed),
            pending: None,
            agent: Rc::new(agent),
        });
        if !self.write_renewed(&current, &renewed, fingerprint).await? {
            return Ok(());
        }
        self.require_alive()?;
        self.remember_renewal(fingerprint, renewed, true);
        self.set_session(Some(Rc::clone(&current)));
        self.host().emit(event(EventKind::Refreshed, None));
        self.spread(fingerprint, &current);
        Ok(())
    }

    /// Lets other tabs follow, which hold the refresh token that was spent.
    pub(super) fn spread(&self, fingerprint: &str, current: &Session) {
        match self.inner.options.storage {
            StorageKind::Session => self.hand_over(fingerprint, &current.record()),
            StorageKind::Memory => {}
            StorageKind::Local | StorageKind::Custom => self.tell_tabs("changed", current, ""),
        }
    }

    /// An answer whose ID token does not fit the clock of this device is not used, but its refresh token is the only one
    /// that is still good: the next attempt sends that one, when the clock may be right again.
    async fn keep_refresh_token(
        &self,
        session: &Session,
        renewed: &Rc<TokenSet>,
        fingerprint: &str,
        error: Error,
    ) -> Error {
        if !is_about_clocks(&error) {
            return error;
        }
        let tokens = Rc::new(session.tokens.with_refresh_token_of(renewed));
        let kept = Rc::new(Session { tokens, pending: None, ..session.clone() });
        match self.write_renewed(&kept, renewed, fingerprint).await {
            Ok(true) if !self.inner.disposed.get() => {
                let successor = kept.refresh_fingerprint();
                self.put_session(Some(kept));
                if successor != fingerprint {
                    // Each attempt brings a new token: the pauses grow over all of them.
                    self.pass_on(fingerprint, &successor);
                    self.failed(&successor, &error);
                }
                error
            }
            Ok(_) if self.inner.disposed.get() => disposed(),
            Ok(_) => error,
            Err(over) => over,
        }
    }

    /// Checks a refreshed ID token against the one before (OIDC Core 12.2), by the clock of when it arrived.
    pub(super) async fn verify_renewed(&self, old: &TokenSet, renewed: &TokenSet) -> Result<Agent> {
        if let Some(fresh) = &renewed.id_token
            && renewed.id_token != old.id_token
        {
            let metadata = self.discover(false).await.map_err(as_refresh_error)?;
            let previous = old.id_token.as_ref().map(|token| jwt::parse(token.expose())).transpose()?;
            let previous = previous.map(|token| token.claims);
            let jwt = jwt::parse(fresh.expose())?;
            let algorithm = self.check_authenticity(&metadata, &jwt).await?;
            let nonce = previous.as_ref().and_then(|claims| claims.string("nonce").ok().flatten());
            let expected = Expectations {
                nonce: if previous.is_some() { NonceRule::IfPresent(nonce) } else { NonceRule::Unchecked },
                now: renewed.issued_at,
                access_token: Some(renewed.access_token.expose()),
                ..self.expectations(&metadata)
            };
            match &previous {
                Some(previous) => id_token::validate_refreshed(previous, &jwt, Some(algorithm), &expected)?,
                // The first one that these tokens ever brought: a token that came from elsewhere had none.
                None => id_token::validate_claims(&jwt, Some(algorithm), &expected)?,
            };
        }
        self.agent_of(renewed)
    }

    pub(super) async fn end_if_refused(&self, session: &Session, error: Error) -> Result<()> {
        let Some(reason) = reason_to_end(&error) else { return Err(error) };
        // Another tab may have stored a newer token meanwhile, which this one was only slow to see.
        self.catch_up().await;
        match self.session() {
            Some(current) if current.refresh_fingerprint() == session.refresh_fingerprint() => {
                self.end_session(&current, reason, Some(error.clone())).await;
                Err(error)
            }
            Some(_) => Ok(()),
            None => Err(signed_out()),
        }
    }

    /// A refresh failed and the session lives on; that its access token is past its end is told once.
    fn failed(&self, fingerprint: &str, error: &Error) {
        let Some(session) = self.session().filter(|session| session.refresh_fingerprint() == fingerprint) else {
            return;
        };
        self.back_off(fingerprint, error);
        let failed = event(EventKind::RefreshFailed, Some(error.code().as_str()));
        self.host().emit(Event { error: Some(error.clone()), ..failed });
        let revision = Some(self.revision());
        if session.tokens.is_expired(self.now(), 0) && self.inner.told_expired.replace(revision) != revision {
            self.host().emit(event(EventKind::Expired, None));
        }
    }
}

/// Why an error ends a session; everything that is not listed leaves it alone.
pub(super) fn reason_to_end(error: &Error) -> Option<EndReason> {
    match (error.code(), error.class()) {
        (Code::InvalidGrant | Code::RefreshOutcomeLost, _) => Some(EndReason::InvalidGrant),
        (Code::SubjectMismatch, _) => Some(EndReason::SubjectChanged),
        // A key set that cannot be had proves nothing about the token.
        (Code::KeyNotFound | Code::InvalidKeySet, _) => None,
        _ if is_about_clocks(error) => None,
        (_, Class::TokenVerification | Class::TokenParse) => Some(EndReason::VerificationFailed),
        _ => None,
    }
}

/// Whether a token may only look wrong because the clock of this device is.
fn is_about_clocks(error: &Error) -> bool {
    matches!(error.code(), Code::IdTokenExpired | Code::NotYetValid)
}

#[inline(never)]
pub(super) fn no_refresh_token() -> Error {
    Error::new(
        Code::NoRefreshToken,
        "there is no refresh token that is still good: ask for the scope `offline_access`, or sign in again when the access token ends",
    )
}

#[inline(never)]
pub(super) fn busy() -> Error {
    Error::new(Code::Timeout, "another tab is renewing the tokens and does not come to an end").during(Class::Refresh)
}
