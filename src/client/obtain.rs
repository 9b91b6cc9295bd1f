//! Asking the provider for new tokens (RFC 6749 6): one tab at a time, and never with a refresh token that may be in the
//! hands of another sender.

use std::cell::RefCell;

use super::Client;
use super::api_tokens::Target;
use super::marks::Mark;
use super::renewal::busy;
use super::request::is_passing;
use crate::error::{Class, Code, Error, Result};
use crate::ports::{Guard, Host, LockFailure};
use crate::protocol::metadata::Endpoint;
use crate::protocol::secret::Secret;
use crate::protocol::token_request;
use crate::protocol::token_response::{self, TokenResponse};
use crate::session::{Record, TokenSet};

/// After how many seconds a request counts as lost, at least.
const LOST_AFTER_SECONDS: i64 = 60;
/// How often a tab without locks looks whether another one is done, in milliseconds.
const LOOK_MILLISECONDS: u32 = 500;
/// How long a tab without locks waits for another one's mark, in milliseconds.
const LEASE_MILLISECONDS: u32 = 100;
/// How long such a mark lets its tab send, in seconds.
const LEASE_LIVES_SECONDS: i64 = 5;

/// The turn at a refresh token.
pub(super) struct Turn {
    _lock: Option<Guard>,
    is_locked: bool,
    /// The request of a tab that is gone which was waited for until it counted as lost.
    waited_for: RefCell<Option<Mark>>,
}

/// What asking the provider came to.
pub(super) enum Obtained {
    Response(TokenResponse),
    HandedOver(Box<Record>),
    /// Another tab is doing it, or did: look again.
    LookAgain,
}

impl<H: Host> Client<H> {
    /// The lock of all tabs on a refresh token.
    pub(super) async fn take_turn(&self, fingerprint: &str) -> Result<Turn> {
        // Whoever holds it waits at most once for a lost request, sends one of its own, and checks its answer.
        let hold = milliseconds(self.lost_after().saturating_mul(3));
        match self.host().lock(&format!("wasm-oidc:refresh:{fingerprint}"), hold, hold).await {
            Ok(lock) => Ok(Turn { _lock: Some(lock), is_locked: true, waited_for: RefCell::default() }),
            Err(LockFailure::Unavailable) => Ok(Turn { _lock: None, is_locked: false, waited_for: RefCell::default() }),
            Err(LockFailure::Timeout) => Err(busy()),
        }
    }

    /// After how many seconds a request counts as lost.
    fn lost_after(&self) -> i64 {
        self.inner.options.timeout.saturating_mul(2).max(LOST_AFTER_SECONDS)
    }

    /// Sends the refresh token, unless its mark says that nobody may.
    pub(super) async fn obtain(
        &self,
        refresh_token: &Secret,
        fingerprint: &str,
        turn: &Turn,
        target: &Target,
    ) -> Result<Obtained> {
        let before = self.mark(fingerprint);
        let was_lost = match &before {
            Mark::Unsent => false,
            Mark::Lost { .. } => true,
            Mark::UnderWay { sent_at, .. } => {
                if turn.waited_for.borrow().as_ref() != Some(&before) {
                    self.wait_until_lost(fingerprint, *sent_at, &before).await;
                    *turn.waited_for.borrow_mut() = Some(before);
                    // What that tab wrote last may have reached a far store only now.
                    return Ok(Obtained::LookAgain);
                }
                true
            }
            Mark::Spent { .. } => {
                let handed_over = self.ask_for_successor(fingerprint).await.map(Box::new).map(Obtained::HandedOver);
                return handed_over.ok_or_else(|| outcome_lost("it was used in a tab that is gone"));
            }
        };
        let metadata = self.discover(false).await.map_err(as_refresh_error)?;
        let endpoint = metadata.endpoint(Endpoint::Token)?;
        let options = &self.inner.options;
        let request = token_request::refresh(
            endpoint,
            &options.client_id,
            &self.client_authentication(&metadata),
            refresh_token.expose(),
            target.scope.as_deref(),
            &target.resources,
        );
        // What fails in here was not sent, and leaves no mark.
        let request = self.prepare(request, options.timeout).await.map_err(as_refresh_error)?;
        if self.mark(fingerprint) != before {
            return Ok(Obtained::LookAgain);
        }
        let sent_at = self.now();
        let under_way = Mark::UnderWay { sent_at, by: self.random_text()? };
        self.set_mark(fingerprint, &under_way);
        // Requests of one isolate take turns at the flight, and no other isolate sees the mark.
        if !turn.is_locked && !self.host().isolates_requests() {
            // The mark itself is the lease: of two tabs that wrote it at the same time, the last one has it.
            self.host().sleep(LEASE_MILLISECONDS).await;
            // A device that slept meanwhile holds a mark that others count as lost.
            if self.mark(fingerprint) != under_way || self.now() > sent_at.saturating_add(LEASE_LIVES_SECONDS) {
                return Ok(Obtained::LookAgain);
            }
        }
        // From here on the token may be spent, whatever this page hears of it: nothing aborts the request.
        let judged = match self.transmit(request, self.lost_after()).await {
            Ok(response) => token_response::judge(&response, Class::Refresh, options.provider_type),
            Err(error) => Err(as_refresh_error(error)),
        };
        match judged {
            Ok(response) => {
                let is_rotated = response.refresh_token.as_ref().is_some_and(|token| token != refresh_token);
                if !is_rotated && self.mark(fingerprint) == under_way {
                    self.set_mark(fingerprint, &Mark::Unsent);
                }
                Ok(Obtained::Response(response))
            }
            Err(error) => Err(self.mark_failure(fingerprint, &under_way, was_lost, error)),
        }
    }

    /// Waits for the request of a tab that is gone: it lives on in the network; or until somebody tells its end, or
    /// another session makes it needless.
    async fn wait_until_lost(&self, fingerprint: &str, sent_at: i64, mark: &Mark) {
        let limit = self.lost_after();
        let is_of_session = || self.session().is_some_and(|session| session.refresh_fingerprint() == fingerprint);
        let was_of_session = is_of_session();
        let mut waited = 0_i64;
        // A clock that was set back must not make it longer than the limit.
        while waited < limit.saturating_mul(1000) && self.now() <= sent_at.saturating_add(limit) {
            self.host().sleep(LOOK_MILLISECONDS).await;
            waited = waited.saturating_add(LOOK_MILLISECONDS.into());
            if self.mark(fingerprint) != *mark || was_of_session != is_of_session() {
                return;
            }
        }
    }

    /// What a failure says about the refresh token.
    fn mark_failure(&self, fingerprint: &str, under_way: &Mark, was_lost: bool, error: Error) -> Error {
        let is_refused = error.code() == Code::InvalidGrant;
        let is_answered = match error.failure().status {
            // Plain OAuth providers say "no" with it.
            Some(200) => error.failure().error.is_some(),
            status => matches!(status, Some(400..=499)),
        };
        let mark = match (is_refused, is_answered) {
            (true, _) if was_lost => Mark::Spent { since: self.now() },
            // Who says no has rotated nothing.
            (true, _) | (false, true) if !was_lost => Mark::Unsent,
            _ => Mark::Lost { sent_at: self.now() },
        };
        // Another tab may have sent it meanwhile, for which this request was lost: its mark stays.
        if self.mark(fingerprint) == *under_way {
            self.set_mark(fingerprint, &mark);
        }
        if is_refused && was_lost {
            return outcome_lost("the provider may have answered a request whose answer never arrived").because(error);
        }
        error
    }

    /// From here on the token that an answer came from is spent, unless the provider lets it live.
    pub(super) fn mark_as_used(&self, fingerprint: &str, renewed: &TokenSet, is_held_elsewhere: bool) {
        // A token that lives on lost its mark with the answer; by now it may be another tab's.
        if renewed.refresh_fingerprint() != fingerprint {
            let mark = if is_held_elsewhere { Mark::Spent { since: self.now() } } else { Mark::Unsent };
            self.set_mark(fingerprint, &mark);
        }
    }

    /// Whether the answer of a refresh token was stored.
    pub(super) fn is_spent(&self, fingerprint: &str) -> bool {
        matches!(self.mark(fingerprint), Mark::Spent { .. })
    }
}

pub(super) fn as_refresh_error(error: Error) -> Error {
    if is_passing(&error) {
        let message = format!("the tokens could not be renewed: {}", error.failure().message);
        let (status, retry_after) = (error.failure().status, error.failure().retry_after);
        let failure = Error::new(error.code(), message).during(Class::Refresh).with_retry_after(retry_after);
        let failure = status.into_iter().fold(failure, Error::with_status);
        return failure.because(error);
    }
    error
}

fn milliseconds(seconds: i64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(1000)
}

fn outcome_lost(why: &str) -> Error {
    Error::new(Code::RefreshOutcomeLost, format!("the refresh token is spent and its successor never arrived: {why}"))
}
