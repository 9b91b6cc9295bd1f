//! What the tabs of an origin share beside the stores: locks and channels; and how a page comes back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_oidc::ports::{Channel, Guard, LockFailure, Locks, Wake};

use super::SimulatedHost;

type Ears = Rc<RefCell<Vec<(u64, String, Rc<dyn Fn(String)>)>>>;
type Wakers = Rc<RefCell<Vec<(u64, Rc<dyn Fn()>)>>>;

/// Locks that are held until their guard is gone or their time is over, and channels without delay.
#[derive(Default)]
pub struct Tabs {
    /// Until when each lock is held, in virtual milliseconds, and by which holding.
    held: Rc<RefCell<BTreeMap<String, (u64, i64)>>>,
    ears: Ears,
    wakers: Wakers,
    made: Cell<u64>,
    /// The host has no locks.
    pub has_no_locks: Cell<bool>,
    /// Somebody looks at the page.
    pub is_visible: Cell<bool>,
    /// What was said, in order.
    pub said: RefCell<Vec<String>>,
}

impl Tabs {
    fn next(&self) -> u64 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// The page comes back in one of the ways that wake a client.
    pub fn wake(&self) {
        let wakers: Vec<_> = self.wakers.borrow().iter().map(|(_, wake)| Rc::clone(wake)).collect();
        wakers.iter().for_each(|wake| wake());
    }
}

impl Locks for SimulatedHost {
    async fn lock(&self, name: &str, wait: u32, hold: u32) -> Result<Guard, LockFailure> {
        if self.tabs.has_no_locks.get() {
            return Err(LockFailure::Unavailable);
        }
        let end = self.executor.milliseconds() + i64::from(wait);
        let holding = self.tabs.next();
        loop {
            let now = self.executor.milliseconds();
            let free = self.tabs.held.borrow().get(name).is_none_or(|(_, until)| *until <= now);
            if free {
                self.tabs.held.borrow_mut().insert(name.to_owned(), (holding, now + i64::from(hold)));
                let (held, name) = (Rc::clone(&self.tabs.held), name.to_owned());
                return Ok(Guard::new(move || {
                    if held.borrow().get(&name).is_some_and(|(by, _)| *by == holding) {
                        held.borrow_mut().remove(&name);
                    }
                }));
            }
            if now >= end {
                return Err(LockFailure::Timeout);
            }
            self.executor.sleep(5).await;
        }
    }
}

impl Channel for SimulatedHost {
    fn post(&self, channel: &str, message: &str) {
        self.tabs.said.borrow_mut().push(message.to_owned());
        let ears: Vec<_> = self.tabs.ears.borrow().iter().filter(|(_, name, _)| name == channel).cloned().collect();
        for (at, _, hear) in ears {
            // A realm does not hear itself; each simulated client listens once.
            if at != self.voice() {
                hear(message.to_owned());
            }
        }
    }

    fn listen(&self, channel: &str, hear: Rc<dyn Fn(String)>) -> Guard {
        let at = self.voice();
        self.tabs.ears.borrow_mut().push((at, channel.to_owned(), hear));
        let ears = Rc::clone(&self.tabs.ears);
        Guard::new(move || ears.borrow_mut().retain(|(other, ..)| *other != at))
    }
}

impl Wake for SimulatedHost {
    fn on_wake(&self, wake: Rc<dyn Fn()>) -> Guard {
        let at = self.tabs.next();
        self.tabs.wakers.borrow_mut().push((at, wake));
        let wakers = Rc::clone(&self.tabs.wakers);
        Guard::new(move || wakers.borrow_mut().retain(|(other, _)| *other != at))
    }

    fn is_visible(&self) -> bool {
        self.tabs.is_visible.get()
    }
}
