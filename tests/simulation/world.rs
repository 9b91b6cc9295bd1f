//! The world that all tabs are in: one clock, one provider, one origin's storage, locks and channels.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};

use crate::answers::{DISCOVERY, ISSUER, KEYS, TOKEN, answer, html, pairs};
use crate::faults::{Endpoint, Fate, Mode, Settings, Weather};
use crate::ledger::Ledger;
use crate::origin::Origin;
use crate::provider::{BEGINNING, Name, Provider, REVOKE};
use crate::random::Random;
use crate::scheduler::{Owner, Scheduler, Step, WORLD};
use crate::tab::Tab;

/// More polls than a seed needs, a day of seven tabs with tokens of a minute among them: work that never rests is a finding.
const MAX_POLLS: u32 = 1_000_000;

/// Writes a line into the log, if one is kept.
macro_rules! note {
    ($world:expr, $($words:tt)*) => {
        if $world.keeps_log {
            $world.write(format!($($words)*));
        }
    };
}
pub(crate) use note;

/// What the browser does because of what a page did, outside of the page's tasks.
#[derive(Debug)]
pub enum Turn {
    /// The tab leaves its page for this URL.
    Leaves(u32, String),
    /// A page is opened in the tab at this URL.
    Arrives(u32, String),
    /// The realm dies where it stands; whether its tab opens the page again.
    Dies(Owner, bool),
}

pub struct World {
    pub random: Random,
    pub settings: Settings,
    pub scheduler: Scheduler,
    pub weather: Weather,
    pub provider: Provider,
    pub origin: Origin,
    pub ledger: Ledger,
    pub tabs: RefCell<Vec<Rc<Tab>>>,
    pub turns: RefCell<Vec<Turn>>,
    pub keeps_log: bool,
    is_calm: Cell<bool>,
    log: RefCell<Vec<String>>,
    /// How many milliseconds the devices' clock is ahead of the provider's.
    clock_error: Cell<i64>,
    numbers: Cell<u32>,
    polls: Cell<u32>,
}

impl World {
    pub fn new(random: Random, settings: Settings, keeps_log: bool) -> Rc<Self> {
        let world = Rc::new(Self {
            random,
            settings,
            scheduler: Scheduler::default(),
            weather: Weather::default(),
            provider: Provider::new(),
            origin: Origin::default(),
            ledger: Ledger::default(),
            tabs: RefCell::default(),
            turns: RefCell::default(),
            keeps_log,
            is_calm: Cell::new(false),
            log: RefCell::default(),
            clock_error: Cell::new(0),
            numbers: Cell::new(0),
            polls: Cell::new(0),
        });
        note!(world, "{:?}", world.settings);
        world
    }

    pub fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub fn now(&self) -> i64 {
        self.scheduler.now()
    }

    /// What the clock of the devices says, in Unix seconds.
    pub fn wall(&self) -> i64 {
        BEGINNING + (self.now() + self.clock_error.get()).div_euclid(1000)
    }

    /// The provider's clock, in Unix seconds.
    pub fn true_time(&self) -> i64 {
        BEGINNING + self.now().div_euclid(1000)
    }

    pub fn jump_clock(&self, milliseconds: i64) {
        note!(self, "the clock jumps by {milliseconds} ms");
        self.clock_error.set(self.clock_error.get() + milliseconds);
        self.ledger.jumped(self.now(), milliseconds);
    }

    /// No fault is left, on the device, on the way and at the provider.
    pub fn calms_down(&self) {
        self.weather.clear();
        self.is_calm.set(true);
        if self.clock_error.get() != 0 {
            self.jump_clock(-self.clock_error.get());
        }
        self.scheduler.thaw();
        for realm in self.tabs.borrow().iter().filter_map(|tab| tab.realm()) {
            realm.doom.set(None);
            realm.thaws_at.set(realm.thaws_at.get().min(self.now()));
        }
    }

    pub fn is_healed(&self) -> bool {
        self.is_calm.get()
    }

    pub fn write(&self, line: String) {
        self.log.borrow_mut().push(format!("{:>12} {line}", self.now()));
    }

    pub fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    /// Runs until the end, and looks at the invariants after every poll; whether all hold.
    pub fn run_until(self: &Rc<Self>, end: i64) -> bool {
        while !self.ledger.is_broken() {
            match self.scheduler.step(&self.random, end) {
                Step::Polled(owner) => self.polled(owner),
                Step::Waited => {}
                Step::Ended => return true,
            }
            self.take_turns();
        }
        false
    }

    pub fn pass(self: &Rc<Self>, milliseconds: i64) -> bool {
        self.run_until(self.now() + milliseconds)
    }

    fn polled(self: &Rc<Self>, owner: Owner) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() > MAX_POLLS {
            self.ledger.broken("the work rests at some time", format!("{MAX_POLLS} polls and still something to do"));
        }
        if owner != WORLD
            && let Some(tab) = self.tab_of(owner)
        {
            tab.was_polled(self);
        }
    }

    pub fn tab_of(&self, realm: Owner) -> Option<Rc<Tab>> {
        self.tabs.borrow().iter().find(|tab| tab.realm_number() == Some(realm)).cloned()
    }

    pub fn tab(&self, number: u32) -> Option<Rc<Tab>> {
        self.tabs.borrow().iter().find(|tab| tab.number == number).cloned()
    }

    fn take_turns(self: &Rc<Self>) {
        loop {
            let Some(turn) = self.turns.borrow_mut().pop() else { return };
            match turn {
                Turn::Leaves(number, url) => {
                    let Some(tab) = self.tab(number) else { continue };
                    tab.close_page(self);
                    let (world, user) = (Rc::clone(self), format!("usr_{}", self.random.between(1, 2)));
                    let delay = self.random.between(100, 20_000) as u32;
                    self.scheduler.spawn(
                        WORLD,
                        Box::pin(async move {
                            world.scheduler.sleep(delay).await;
                            let is_logout = url.starts_with(&format!("{ISSUER}/logout"));
                            let url = if is_logout {
                                crate::tab::APP.to_owned()
                            } else {
                                world.provider.authorize(&url, &user)
                            };
                            world.turns.borrow_mut().push(Turn::Arrives(number, url));
                        }),
                    );
                }
                Turn::Arrives(number, url) => {
                    if let Some(tab) = self.tab(number) {
                        tab.open_page(self, &url);
                    }
                }
                Turn::Dies(realm, opens_again) => {
                    let Some(tab) = self.tab_of(realm) else { continue };
                    note!(self, "tab {} dies in the middle of everything", tab.number);
                    tab.close_page(self);
                    if opens_again {
                        let url = tab.url.borrow().clone();
                        tab.open_page(self, &url);
                    }
                }
            }
        }
    }

    /// Puts a request on its way. It is a task of the world: it goes on when the page that sent it does not.
    pub fn post(self: &Rc<Self>, request: HttpRequest) -> oneshot::Receiver<Result<HttpResponse, HttpFailure>> {
        let (sender, receiver) = oneshot::channel();
        let world = Rc::clone(self);
        let fate =
            if self.is_calm.get() { Fate::usual(&self.random) } else { Fate::draw(&self.random, &self.settings) };
        self.scheduler.spawn(
            WORLD,
            Box::pin(async move {
                let outcome = world.carry(&request, fate).await;
                let presented = world.presented(&request);
                match outcome {
                    Some((result, issued)) => {
                        let is_refusal = result.as_ref().is_ok_and(|response| response.status == 400);
                        if sender.send(result).is_ok() {
                            world.ledger.arrived(&world, issued, presented.filter(|_| is_refusal));
                        }
                    }
                    // Nobody ever answers: the page waits for its limit.
                    None => std::future::pending().await,
                }
            }),
        );
        receiver
    }

    fn presented(&self, request: &HttpRequest) -> Option<Name> {
        let body = request.body.as_ref()?;
        Name::of(pairs(body.expose()).get("refresh_token")?)
    }

    async fn carry(
        &self,
        request: &HttpRequest,
        fate: Fate,
    ) -> Option<(Result<HttpResponse, HttpFailure>, Option<Name>)> {
        let path = request.url.strip_prefix(ISSUER).expect("requests go to the provider only");
        let endpoint = match path {
            DISCOVERY => Endpoint::Discovery,
            KEYS => Endpoint::Keys,
            TOKEN | REVOKE => Endpoint::Token,
            _ => panic!("no such endpoint: {path}"),
        };
        self.scheduler.sleep(fate.up).await;
        let mode = self.weather.mode(endpoint, self.now());
        let lost = |why: &str| (!fate.is_silent).then(|| (Err(HttpFailure::Network(why.to_owned())), None));
        if fate.request_is_lost {
            note!(self, "the request to {path} is lost");
            return lost("the request was lost");
        }
        if mode != Mode::Fine {
            note!(self, "{path} is {mode:?}");
        }
        let (response, issued) = match mode {
            Mode::Away => return Some((Err(HttpFailure::Network("nobody is there".to_owned())), None)),
            Mode::Silent => return None,
            Mode::Status(status) => (answer(status, &serde_json::json!({})), None),
            Mode::TooMany(seconds) => {
                let mut response = answer(429, &serde_json::json!({}));
                response.headers.extend(seconds.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
                (response, None)
            }
            Mode::Portal => (html(200), None),
            Mode::Fine => {
                let body = request.body.as_ref().map(|body| body.expose()).unwrap_or_default();
                let (response, issued) =
                    self.provider.serve(path, body, self.true_time(), &self.settings, &self.random);
                note!(self, "{path} serves {:?} with {} {issued:?}", self.presented(request), response.status);
                if fate.is_garbled {
                    note!(self, "which becomes a 502 on its way");
                    (html(502), None)
                } else {
                    (response, issued)
                }
            }
        };
        self.scheduler.sleep(fate.down).await;
        if fate.answer_is_lost {
            note!(self, "the answer of {path} is lost");
            return lost("the answer was lost");
        }
        Some((Ok(response), issued))
    }
}
