//! One thread of futures on virtual time: when nothing can go on, the clock jumps to the next timer. Each future belongs to
//! a request, as in workerd: what it spawns does too, and a request can be gone with all of them.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use wasm_oidc::ports::Work;

/// More turns than any test needs: a loop without an end fails instead of hanging.
const MAX_TURNS: usize = 100_000;

/// No request: time passes.
const NOBODY: u32 = u32::MAX;

/// Which request runs, and how often one woke another.
#[derive(Default)]
struct Requests {
    running: AtomicU32,
    crossings: AtomicU32,
}

struct Woken {
    is_set: AtomicBool,
    request: u32,
    requests: Arc<Requests>,
}

impl Woken {
    fn take(&self) -> bool {
        self.is_set.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        let running = self.requests.running.load(Ordering::Relaxed);
        if running != NOBODY && running != self.request {
            self.requests.crossings.fetch_add(1, Ordering::Relaxed);
        }
        self.is_set.store(true, Ordering::Relaxed);
    }
}

struct Task {
    work: Work,
    woken: Arc<Woken>,
}

/// What a started future came to, once it did.
pub struct Started<T>(Rc<RefCell<Option<T>>>);

impl<T> Started<T> {
    pub fn is_done(&self) -> bool {
        self.0.borrow().is_some()
    }

    pub fn take(&self) -> T {
        self.0.borrow_mut().take().expect("the started work has ended")
    }
}

#[derive(Default)]
pub struct Executor {
    tasks: RefCell<Vec<Task>>,
    /// What requests that are gone left behind: workerd drops nothing of it and polls it never again.
    left: RefCell<Vec<Task>>,
    timers: RefCell<Vec<(i64, Waker)>>,
    milliseconds: Cell<i64>,
    requests: Arc<Requests>,
}

impl Executor {
    /// Virtual time since the beginning.
    pub fn milliseconds(&self) -> i64 {
        self.milliseconds.get()
    }

    pub fn spawn(&self, work: Work) {
        let woken = self.woken(self.requests.running.load(Ordering::Relaxed));
        self.tasks.borrow_mut().push(Task { work, woken });
    }

    fn woken(&self, request: u32) -> Arc<Woken> {
        Arc::new(Woken { is_set: AtomicBool::new(true), request, requests: Arc::clone(&self.requests) })
    }

    /// Does something as a request, which may be any number but the greatest.
    pub fn within<T>(&self, request: u32, act: impl FnOnce() -> T) -> T {
        let before = self.requests.running.swap(request, Ordering::Relaxed);
        let done = act();
        self.requests.running.store(before, Ordering::Relaxed);
        done
    }

    /// Ends a request: nothing of it is ever polled again.
    pub fn end(&self, request: u32) {
        let (left, tasks) = self.tasks.take().into_iter().partition(|task| task.woken.request == request);
        *self.tasks.borrow_mut() = tasks;
        self.left.borrow_mut().append(&mut { left });
    }

    /// How often what one request did woke another one.
    pub fn crossings(&self) -> u32 {
        self.requests.crossings.load(Ordering::Relaxed)
    }

    /// Starts a future; its result can be taken when it has ended.
    pub fn start<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Started<T> {
        let place = Rc::new(RefCell::new(None));
        let result = Rc::clone(&place);
        self.spawn(Box::pin(async move { *place.borrow_mut() = Some(future.await) }));
        Started(result)
    }

    /// Drops everything that runs, as a page that is closed does.
    pub fn kill(&self) {
        self.tasks.take();
        self.timers.take();
    }

    pub async fn sleep(&self, milliseconds: u32) {
        let due = self.milliseconds.get() + i64::from(milliseconds);
        poll_fn(|context| {
            if self.milliseconds.get() >= due {
                return Poll::Ready(());
            }
            self.timers.borrow_mut().push((due, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Runs until the future has its result, however much virtual time that takes.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let woken = self.woken(0);
        let waker = Waker::from(Arc::clone(&woken));
        for _ in 0..MAX_TURNS {
            if woken.take()
                && let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return result;
            }
            if !self.turn() && !woken.is_set.load(Ordering::Relaxed) {
                assert!(self.jump(i64::MAX), "nothing runs and nobody waits for time: the future is stuck");
            }
        }
        panic!("the future never ends");
    }

    /// Lets so much virtual time pass.
    pub fn pass(&self, milliseconds: i64) {
        let end = self.milliseconds.get() + milliseconds;
        for _ in 0..MAX_TURNS {
            if !self.turn() && !self.jump(end) {
                self.milliseconds.set(end);
                return;
            }
        }
        panic!("what runs never rests");
    }

    /// Polls what was woken; whether there was something.
    fn turn(&self) -> bool {
        let mut polled = false;
        let mut pending = Vec::new();
        let tasks = self.tasks.take();
        for mut task in tasks {
            if !task.woken.take() {
                pending.push(task);
                continue;
            }
            polled = true;
            let waker = Waker::from(Arc::clone(&task.woken));
            let poll = || task.work.as_mut().poll(&mut Context::from_waker(&waker));
            if self.within(task.woken.request, poll).is_pending() {
                pending.push(task);
            }
        }
        self.tasks.borrow_mut().splice(0..0, pending);
        polled
    }

    /// Jumps to the next timer, if it is not after the limit.
    fn jump(&self, limit: i64) -> bool {
        let mut timers = self.timers.borrow_mut();
        let Some(next) = timers.iter().map(|(due, _)| *due).min().filter(|due| *due <= limit) else { return false };
        self.milliseconds.set(next.max(self.milliseconds.get()));
        let (due, later) = mem::take(&mut *timers).into_iter().partition(|(due, _)| *due <= next);
        *timers = later;
        let due: Vec<(i64, Waker)> = due;
        self.within(NOBODY, || due.into_iter().for_each(|(_, waker)| waker.wake()));
        true
    }
}
