//! Tokens that are renewed before anybody has to wait for them. Nothing depends on it: every deadline is looked at again
//! when the token is used, since timers stand still in pages that sleep.

use super::Client;
use crate::ports::Host;
use crate::session::{Session, TokenSet};

/// The longest time between two looks at the clock, in seconds: a longer timer could miss a clock that was set, and no
/// host has timers of more than 24 days.
const LONGEST_SLEEP: i64 = 3600;
/// The shortest time between two refreshes that nobody asked for, in milliseconds: a provider may give tokens that end at
/// once.
const SHORTEST_PAUSE_MILLISECONDS: u32 = 5_000;
/// How far a clock may be set back before tokens count as due, in seconds: their ends cannot be trusted any more.
const CLOCK_SET_BACK: i64 = 60;

impl<H: Host> Client<H> {
    /// Whether the session has to be renewed or checked.
    pub(super) fn is_due(&self, session: &Session) -> bool {
        let (now, tokens) = (self.now(), &session.tokens);
        let was_set_back = now < tokens.issued_at.saturating_sub(CLOCK_SET_BACK) && tokens.is_refreshable(now);
        session.pending.is_some() || was_set_back || tokens.should_refresh(now, self.inner.options.refresh_buffer)
    }

    /// The page came back: other tabs may have done something, deadlines may have passed, the network may be there.
    pub(super) async fn wake_up(self) {
        self.try_again_soon();
        self.catch_up().await;
        self.tend();
    }

    /// Looks after the session while somebody can see the page; only the latest call goes on.
    pub(super) fn tend(&self) {
        let turn = self.inner.tending.get().wrapping_add(1);
        self.inner.tending.set(turn);
        // No timer outlives the request that set it, where requests are isolated.
        let goes_on = self.host().is_visible() && !self.host().isolates_requests();
        if self.inner.options.auto_refresh && self.session().is_some() && goes_on {
            self.host().spawn(Box::pin(self.clone().tend_in_turn(turn)));
        }
    }

    async fn tend_in_turn(self, turn: u32) {
        loop {
            let Some(session) = self.session() else { return };
            let wait = self.seconds_until_due(&session);
            let is_renewable = session.tokens.is_refreshable(self.now()) || session.pending.is_some();
            // What sleeps here must not keep the tokens of a session that ended meanwhile.
            drop(session);
            if wait > 0 {
                let milliseconds = u32::try_from(wait.min(LONGEST_SLEEP).saturating_mul(1000)).unwrap_or(u32::MAX);
                self.host().sleep(milliseconds).await;
            } else if !is_renewable {
                return;
            } else {
                // Its failure is told by events, and makes the next pause longer.
                let _ = self.refresh().await;
                self.host().sleep(SHORTEST_PAUSE_MILLISECONDS).await;
            }
            if self.inner.tending.get() != turn || !self.host().is_visible() {
                return;
            }
        }
    }

    /// How long until the session is due, with its share of chance so that many tabs do not all come at once.
    fn seconds_until_due(&self, session: &Session) -> i64 {
        let buffer = buffer_of(&session.tokens, self.inner.options.refresh_buffer);
        let chance = self.random_bytes().map_or(0, |bytes| i64::from(bytes[0]));
        let late = buffer.saturating_mul(chance).checked_div(1024).unwrap_or(0);
        let due = session.tokens.ends_at().saturating_sub(buffer).saturating_add(late);
        let pause = self.too_early(&session.refresh_fingerprint()).and_then(|error| error.failure().retry_after);
        let until_due = if self.is_due(session) { 0 } else { due.saturating_sub(self.now()).max(1) };
        until_due.max(pause.unwrap_or(0))
    }
}

/// How long before its end a token is renewed: never in the first half of its life.
fn buffer_of(tokens: &TokenSet, buffer: i64) -> i64 {
    let lifetime = tokens.ends_at().saturating_sub(tokens.issued_at).max(0);
    buffer.min(lifetime.checked_div(2).unwrap_or(0))
}
