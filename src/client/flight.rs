//! One piece of work at a time, however many callers ask for it.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures_channel::oneshot;

use crate::ports::Spawn;

/// A piece of work that is spawned once and whose result goes to everybody who joined while it was under way. No
/// caller can abort it.
#[derive(Debug)]
pub(super) struct Flight<T>(RefCell<Option<Vec<oneshot::Sender<T>>>>);

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<T: Clone + 'static> Flight<T> {
    /// Joins the work under way, or starts it. `None`: the host dropped it.
    pub(super) async fn join<F>(self: &Rc<Self>, host: &impl Spawn, work: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = T> + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let starts = {
            let mut waiting = self.0.borrow_mut();
            let starts = waiting.is_none();
            waiting.get_or_insert_default().push(sender);
            starts
        };
        if starts {
            let flight = Rc::clone(self);
            let work = work();
            host.spawn(async move {
                let result = work.await;
                let waiting = flight.0.borrow_mut().take();
                for waiter in waiting.into_iter().flatten() {
                    // A caller that went away misses nothing.
                    let _ = waiter.send(result.clone());
                }
            });
        }
        receiver.await.ok()
    }
}
