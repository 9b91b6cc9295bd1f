//! One piece of work at a time, however many callers ask for it.
//!
//! Where requests are isolated from each other, nobody can wait for what another request does, and a request can be gone
//! without a word. There, who comes second looks again and again for the plain result, and takes the work over when its
//! owner gives no sign of life any more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;

use super::{Client, disposed, event};
use crate::error::Result;
use crate::ports::{EventKind, Host, Work};

/// How often an owner gives a sign of life, in milliseconds.
const SIGN_MILLISECONDS: u32 = 500;
/// After how much waiting of one's own without a sign an owner counts as gone, in milliseconds. Not by the clock: what
/// keeps the owner from running keeps who waits from it as well.
const GONE_AFTER_MILLISECONDS: u32 = 3_000;
/// The longest pause between two looks, in milliseconds; the first ones are shorter.
const LONGEST_PAUSE_MILLISECONDS: u32 = 64;

/// A piece of work that is spawned once and whose end is told to everybody who joined while it was under way. No
/// caller can abort it. What it brings lies where the work puts it, so that there is one kind of flight for all.
#[derive(Debug, Default)]
pub(super) struct Flight(RefCell<Option<Rc<Trip>>>);

/// The work that is under way.
#[derive(Debug, Default)]
struct Trip {
    /// Callers that may be woken: those of the same request, where requests are isolated.
    waiting: RefCell<Vec<oneshot::Sender<Result<()>>>>,
    signs: Cell<u32>,
    landed: RefCell<Option<Result<()>>>,
}

impl Flight {
    /// Whether there is work that one could join.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn current(&self) -> Option<Rc<Trip>> {
        self.0.borrow().clone()
    }

    /// Makes room for another trip, unless that has begun.
    fn leave(&self, trip: &Rc<Trip>) {
        self.0.borrow_mut().take_if(|current| Rc::ptr_eq(current, trip));
    }
}

impl<H: Host> Client<H> {
    /// Joins the work under way, or starts this one.
    ///
    /// # Errors
    /// Those of the work; `disposed` where the host dropped it.
    pub(super) async fn join(&self, flight: &Rc<Flight>, work: Work<Result<()>>) -> Result<()> {
        let isolates = self.host().isolates_requests();
        if isolates {
            while let Some(trip) = flight.current() {
                if let Some(landed) = self.outcome_elsewhere(&trip).await {
                    return landed;
                }
                flight.leave(&trip);
            }
        }
        let (sender, receiver) = oneshot::channel();
        let under_way = flight.current();
        let starts = under_way.is_none();
        let trip = under_way.unwrap_or_default();
        trip.waiting.borrow_mut().push(sender);
        if starts {
            *flight.0.borrow_mut() = Some(Rc::clone(&trip));
            self.host().spawn(Box::pin(self.clone().carry(Rc::clone(flight), trip, work)));
        }
        receiver.await.unwrap_or_else(|_| Err(disposed()))
    }

    /// How a trip of another request ends; `None`: nobody is on it any more.
    async fn outcome_elsewhere(&self, trip: &Trip) -> Option<Result<()>> {
        let (mut pause, mut waited, mut signs) = (1_u32, 0_u32, trip.signs.get());
        while waited < GONE_AFTER_MILLISECONDS {
            self.host().sleep(pause).await;
            let landed = trip.landed.borrow().clone();
            if landed.is_some() {
                return landed;
            }
            waited = if trip.signs.get() == signs { waited.saturating_add(pause) } else { 0 };
            signs = trip.signs.get();
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE_MILLISECONDS);
        }
        None
    }

    async fn carry(self, flight: Rc<Flight>, trip: Rc<Trip>, mut work: Work<Result<()>>) {
        let result = if self.host().isolates_requests() {
            loop {
                if let Some(result) = self.within(SIGN_MILLISECONDS, work.as_mut()).await {
                    break result;
                }
                trip.signs.set(trip.signs.get().wrapping_add(1));
            }
        } else {
            work.await
        };
        flight.leave(&trip);
        *trip.landed.borrow_mut() = Some(result.clone());
        for waiter in trip.waiting.take() {
            // A caller that went away misses nothing.
            let _ = waiter.send(result.clone());
        }
    }

    /// Whether a refresh is under way.
    #[must_use]
    pub fn is_refreshing(&self) -> bool {
        self.inner.refreshing.get() > 0
    }

    /// The work of a refresh, whose beginning and end are told: what shows the state asks then.
    pub(super) async fn told_as_refresh(self, work: Work<Result<()>>) -> Result<()> {
        self.count_refreshes(u32::saturating_add);
        let result = work.await;
        self.count_refreshes(u32::saturating_sub);
        result
    }

    fn count_refreshes(&self, count: fn(u32, u32) -> u32) {
        // A request that is gone would be counted for ever.
        if !self.host().isolates_requests() {
            let refreshing = &self.inner.refreshing;
            refreshing.set(count(refreshing.get(), 1));
            self.host().emit(event(EventKind::StateChanged, None));
        }
    }
}
