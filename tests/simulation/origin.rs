//! What the tabs of an origin share: a storage, a store of the app's own, locks and channels.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use std::pin::pin;
use wasm_oidc::ports::{Guard, LockFailure, Shelf};

use crate::scheduler::{Owner, WORLD};
use crate::world::{World, note};

type Hear = Rc<dyn Fn(String)>;
type Awake = Rc<dyn Fn()>;

struct Held {
    by: Owner,
    holding: u64,
    waiting: VecDeque<(Owner, u64, oneshot::Sender<()>)>,
}

#[derive(Default)]
pub struct Origin {
    /// `localStorage`.
    pub local: RefCell<Shelf>,
    /// A store of the app's own, far away.
    pub custom: RefCell<Shelf>,
    locks: RefCell<BTreeMap<String, Held>>,
    ears: RefCell<Vec<(Owner, u64, String, Hear)>>,
    wakers: RefCell<Vec<(Owner, u64, Awake)>>,
    made: Cell<u64>,
}

impl Origin {
    fn next(&self) -> u64 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// Gives the lock to who waits longest, if this holding still has it.
    fn release(&self, name: &str, holding: u64) {
        let mut locks = self.locks.borrow_mut();
        let Some(held) = locks.get_mut(name).filter(|held| held.holding == holding) else { return };
        while let Some((by, holding, sender)) = held.waiting.pop_front() {
            if sender.send(()).is_ok() {
                (held.by, held.holding) = (by, holding);
                return;
            }
        }
        locks.remove(name);
    }

    /// A realm is gone: nobody hears through it, and nothing is its any more.
    pub fn forget(&self, realm: Owner) {
        let ears: Vec<_> = {
            let mut all = self.ears.borrow_mut();
            let (gone, left) = all.drain(..).partition(|(owner, ..)| *owner == realm);
            *all = left;
            gone
        };
        let wakers: Vec<_> = {
            let mut all = self.wakers.borrow_mut();
            let (gone, left) = all.drain(..).partition(|(owner, ..)| *owner == realm);
            *all = left;
            gone
        };
        drop((ears, wakers));
        let held: Vec<(String, u64)> = {
            let locks = self.locks.borrow();
            locks.iter().filter(|(_, held)| held.by == realm).map(|(name, held)| (name.clone(), held.holding)).collect()
        };
        held.iter().for_each(|(name, holding)| self.release(name, *holding));
    }

    /// The page of a realm comes back in one of the ways that wake a client.
    pub fn wake(&self, realm: Owner) {
        let wakers: Vec<_> = self
            .wakers
            .borrow()
            .iter()
            .filter(|(owner, ..)| *owner == realm)
            .map(|waker| Rc::clone(&waker.2))
            .collect();
        wakers.iter().for_each(|wake| wake());
    }
}

/// Waits for a lock; see the port.
pub async fn lock(world: &Rc<World>, realm: Owner, name: &str, wait: u32, hold: u32) -> Result<Guard, LockFailure> {
    if !world.settings.has_locks {
        return Err(LockFailure::Unavailable);
    }
    let origin = &world.origin;
    let holding = origin.next();
    let turn = {
        let mut locks = origin.locks.borrow_mut();
        match locks.get_mut(name) {
            None => {
                locks.insert(name.to_owned(), Held { by: realm, holding, waiting: VecDeque::new() });
                None
            }
            Some(held) => {
                let (sender, receiver) = oneshot::channel();
                held.waiting.push_back((realm, holding, sender));
                Some(receiver)
            }
        }
    };
    let guard = {
        let (world, name) = (Rc::clone(world), name.to_owned());
        Guard::new(move || world.origin.release(&name, holding))
    };
    if let Some(turn) = turn {
        match select(turn, pin!(world.scheduler.sleep(wait))).await {
            Either::Left((Ok(()), _)) => {}
            _ => return Err(LockFailure::Timeout),
        }
    }
    note!(world, "realm {realm} holds {}", short(name));
    let (world_again, name) = (Rc::clone(world), name.to_owned());
    world.scheduler.spawn(
        WORLD,
        Box::pin(async move {
            world_again.scheduler.sleep(hold).await;
            world_again.origin.release(&name, holding);
        }),
    );
    Ok(guard)
}

/// Says something to the other realms, each of which hears it a little later.
pub fn post(world: &Rc<World>, realm: Owner, channel: &str, message: &str) {
    note!(world, "realm {realm} says {}", short(message));
    let ears = world.origin.ears.borrow();
    for (owner, number, ..) in ears.iter().filter(|(owner, _, name, _)| *owner != realm && name == channel) {
        let (world, owner, number, message) = (Rc::clone(world), *owner, *number, message.to_owned());
        let delay = world.random.between(0, 50) as u32;
        let again = Rc::clone(&world);
        again.scheduler.spawn(
            owner,
            Box::pin(async move {
                world.scheduler.sleep(delay).await;
                let hear = world.origin.ears.borrow().iter().find(|ear| ear.1 == number).map(|ear| Rc::clone(&ear.3));
                if let Some(hear) = hear {
                    note!(world, "realm {owner} hears {}", short(&message));
                    hear(message);
                }
            }),
        );
    }
}

pub fn listen(world: &Rc<World>, realm: Owner, channel: &str, hear: Hear) -> Guard {
    let number = world.origin.next();
    world.origin.ears.borrow_mut().push((realm, number, channel.to_owned(), hear));
    let world = Rc::downgrade(world);
    Guard::new(move || {
        if let Some(world) = world.upgrade() {
            take(&world.origin.ears, |ear| ear.1 == number);
        }
    })
}

pub fn on_wake(world: &Rc<World>, realm: Owner, wake: Awake) -> Guard {
    let number = world.origin.next();
    world.origin.wakers.borrow_mut().push((realm, number, wake));
    let world = Rc::downgrade(world);
    Guard::new(move || {
        if let Some(world) = world.upgrade() {
            take(&world.origin.wakers, |waker| waker.1 == number);
        }
    })
}

/// Takes one out; what is dropped may look at the list.
fn take<T>(all: &RefCell<Vec<T>>, is_it: impl Fn(&T) -> bool) {
    let taken = {
        let mut all = all.borrow_mut();
        all.iter().position(is_it).map(|at| all.remove(at))
    };
    drop(taken);
}

/// A name or a message for the log.
pub fn short(text: &str) -> String {
    text.chars().take(160).collect()
}
