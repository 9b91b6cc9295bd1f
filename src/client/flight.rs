//! One piece of work at a time, however many callers ask for it.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;

use super::{Client, disposed, event};
use crate::error::Result;
use crate::ports::{EventKind, Host, Spawn, Work};

/// A piece of work that is spawned once and whose end is told to everybody who joined while it was under way. No
/// caller can abort it. What it brings lies where the work puts it, so that there is one kind of flight for all.
#[derive(Debug, Default)]
pub(super) struct Flight(RefCell<Option<Vec<oneshot::Sender<Result<()>>>>>);

impl Flight {
    /// Whether there is work that one could join.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Joins the work under way, or starts this one.
    ///
    /// # Errors
    /// Those of the work; `disposed` where the host dropped it.
    pub(super) async fn join(self: &Rc<Self>, host: &impl Spawn, work: Work<Result<()>>) -> Result<()> {
        let (sender, receiver) = oneshot::channel();
        let starts = {
            let mut waiting = self.0.borrow_mut();
            let starts = waiting.is_none();
            waiting.get_or_insert_default().push(sender);
            starts
        };
        if starts {
            host.spawn(Box::pin(Rc::clone(self).carry(work)));
        }
        receiver.await.unwrap_or_else(|_| Err(disposed()))
    }

    async fn carry(self: Rc<Self>, work: Work<Result<()>>) {
        let result = work.await;
        let waiting = self.0.borrow_mut().take();
        for waiter in waiting.into_iter().flatten() {
            // A caller that went away misses nothing.
            let _ = waiter.send(result.clone());
        }
    }
}

impl<H: Host> Client<H> {
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
        let refreshing = &self.inner.refreshing;
        refreshing.set(count(refreshing.get(), 1));
        self.host().emit(event(EventKind::StateChanged, None));
    }
}
