//! One thread of futures on virtual time: when nothing can go on, the clock jumps to the next timer.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use wasm_oidc::ports::Work;

/// More turns than any test needs: a loop without an end fails instead of hanging.
const MAX_TURNS: usize = 100_000;

struct Woken(AtomicBool);

impl Woken {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
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
    timers: RefCell<Vec<(i64, Waker)>>,
    milliseconds: Cell<i64>,
}

impl Executor {
    /// Virtual time since the beginning.
    pub fn milliseconds(&self) -> i64 {
        self.milliseconds.get()
    }

    pub fn spawn(&self, work: Work) {
        self.tasks.borrow_mut().push(Task { work, woken: Woken::new() });
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
        let woken = Woken::new();
        let waker = Waker::from(Arc::clone(&woken));
        for _ in 0..MAX_TURNS {
            if woken.take()
                && let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return result;
            }
            if !self.turn() && !woken.0.load(Ordering::Relaxed) {
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
            if task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
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
        due.into_iter().for_each(|(_, waker)| waker.wake());
        true
    }
}
