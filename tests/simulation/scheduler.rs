//! All tasks of all tabs on one virtual clock. Which of those that can go on does so is drawn, so that every interleaving
//! of await points has its seed.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use wasm_oidc::ports::Work;

use crate::random::Random;

/// Who a task belongs to: a realm by its number, or the world outside of all tabs.
pub type Owner = u32;
pub const WORLD: Owner = 0;

#[derive(Default)]
struct Ready(Mutex<Vec<u64>>);

struct Waking {
    task: u64,
    is_queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.ready.0.lock().unwrap().push(self.task);
        }
    }
}

struct Task {
    owner: Owner,
    work: Work,
    waking: Arc<Waking>,
}

struct Timer(i64, u64, Waker);

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.1 == other.1
    }
}

impl Eq for Timer {}

/// What one step was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A task of this owner went on.
    Polled(Owner),
    /// The clock went on.
    Waited,
    /// The time is over.
    Ended,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: Arc<Ready>,
    timers: RefCell<BinaryHeap<Reverse<Timer>>>,
    frozen: RefCell<BTreeMap<Owner, i64>>,
    made: Cell<u64>,
    now: Cell<i64>,
}

impl Scheduler {
    /// Virtual milliseconds since the beginning.
    pub fn now(&self) -> i64 {
        self.now.get()
    }

    fn number(&self) -> u64 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    pub fn spawn(&self, owner: Owner, work: Work) {
        let task = self.number();
        let waking = Arc::new(Waking { task, is_queued: AtomicBool::new(true), ready: Arc::clone(&self.ready) });
        self.tasks.borrow_mut().insert(task, Task { owner, work, waking });
        self.ready.0.lock().unwrap().push(task);
    }

    /// Drops every task of an owner where it stands, as the end of a realm does.
    pub fn kill(&self, owner: Owner) {
        let killed: Vec<Task> = {
            let mut tasks = self.tasks.borrow_mut();
            let numbers: Vec<u64> = tasks.iter().filter(|(_, task)| task.owner == owner).map(|(at, _)| *at).collect();
            numbers.iter().filter_map(|number| tasks.remove(number)).collect()
        };
        // What is dropped may use the scheduler.
        drop(killed);
        self.frozen.borrow_mut().remove(&owner);
    }

    /// Lets an owner stand still until then: a page in the background, a device that sleeps.
    pub fn freeze(&self, owner: Owner, until: i64) {
        self.frozen.borrow_mut().insert(owner, until);
    }

    /// Nobody stands still any more.
    pub fn thaw(&self) {
        self.frozen.borrow_mut().values_mut().for_each(|until| *until = (*until).min(self.now.get()));
        let tasks = self.tasks.borrow();
        tasks.values().for_each(|task| Waker::from(Arc::clone(&task.waking)).wake());
    }

    pub fn is_frozen(&self, owner: Owner) -> bool {
        self.frozen_until(owner) > self.now()
    }

    fn frozen_until(&self, owner: Owner) -> i64 {
        self.frozen.borrow().get(&owner).copied().unwrap_or_default()
    }

    pub async fn sleep(&self, milliseconds: u32) {
        let due = self.now() + i64::from(milliseconds);
        let mut known: Option<Waker> = None;
        poll_fn(|context| {
            if self.now() >= due {
                return Poll::Ready(());
            }
            if known.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
                known = Some(context.waker().clone());
                self.wake_at(due, context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn wake_at(&self, due: i64, waker: Waker) {
        let number = self.number();
        self.timers.borrow_mut().push(Reverse(Timer(due, number, waker)));
    }

    /// Polls one task that is ready, or lets time pass up to the end.
    pub fn step(&self, random: &Random, end: i64) -> Step {
        while let Some(number) = self.take_ready(random) {
            let Some(mut task) = self.tasks.borrow_mut().remove(&number) else { continue };
            task.waking.is_queued.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&task.waking));
            let thaws = self.frozen_until(task.owner);
            if thaws > self.now() {
                self.wake_at(thaws, waker);
                self.tasks.borrow_mut().insert(number, task);
                continue;
            }
            let owner = task.owner;
            if task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                self.tasks.borrow_mut().insert(number, task);
            }
            return Step::Polled(owner);
        }
        self.wait(end)
    }

    fn take_ready(&self, random: &Random) -> Option<u64> {
        let mut ready = self.ready.0.lock().unwrap();
        match ready.len() {
            0 => None,
            1 => ready.pop(),
            several => Some(ready.swap_remove(random.below(several))),
        }
    }

    fn wait(&self, end: i64) -> Step {
        let mut timers = self.timers.borrow_mut();
        let Some(next) = timers.peek().map(|Reverse(timer)| timer.0).filter(|due| *due <= end) else {
            self.now.set(end.max(self.now()));
            return Step::Ended;
        };
        self.now.set(next.max(self.now()));
        while timers.peek().is_some_and(|Reverse(timer)| timer.0 <= next) {
            if let Some(Reverse(timer)) = timers.pop() {
                timer.2.wake();
            }
        }
        Step::Waited
    }
}
