//! What a seed decides before the first step: the deployment, how often things fail, and the weather at the provider.

use std::cell::{Cell, RefCell};

use wasm_oidc::ports::StorageKind;

use crate::random::Random;

/// How the app, its users' devices and its provider are, for the whole of a seed. Rates are per thousand.
#[derive(Debug, Clone)]
pub struct Settings {
    pub storage: StorageKind,
    pub has_locks: bool,
    pub first_tabs: usize,
    pub access_lifetime: i64,
    /// The life of a refresh token, and whether the answers tell it.
    pub refresh_lifetime: Option<(i64, bool)>,
    pub gives_refresh_tokens: bool,
    pub rotates: bool,
    pub revokes_on_reuse: bool,
    pub refreshes_with_id_token: bool,
    pub is_revocation_offered: bool,
    pub timeout: i64,
    /// Nothing fails in a calm seed.
    pub is_calm: bool,
    pub lost_request: u32,
    pub lost_answer: u32,
    pub slow: u32,
    pub garbled: u32,
    pub wrong_answer: u32,
    pub killed: u32,
    pub frozen: u32,
    pub clock_jump: u32,
    pub storage_failure: u32,
    pub outage: u32,
    pub other_version: u32,
    pub throttles: bool,
}

impl Settings {
    pub fn draw(random: &Random) -> Self {
        let is_calm = random.chance(200);
        let rate = |often: &[u32]| if is_calm { 0 } else { random.pick(often) };
        let storage = random.pick(&[
            StorageKind::Memory,
            StorageKind::Session,
            StorageKind::Session,
            StorageKind::Local,
            StorageKind::Local,
            StorageKind::Custom,
        ]);
        Self {
            storage,
            // A shared store of the app's own has to bring locks.
            has_locks: random.chance(700) || storage == StorageKind::Custom,
            first_tabs: random.between(1, 5) as usize,
            access_lifetime: random.pick(&[60, 300, 300, 900, 3600]),
            refresh_lifetime: random.pick(&[None, None, Some((7200, true)), Some((7200, false)), Some((86_400, true))]),
            gives_refresh_tokens: random.chance(950),
            rotates: random.chance(800),
            revokes_on_reuse: random.chance(700),
            refreshes_with_id_token: random.chance(600),
            is_revocation_offered: random.chance(500),
            timeout: random.pick(&[5, 30, 30, 45]),
            is_calm,
            lost_request: rate(&[0, 0, 20, 100]),
            lost_answer: rate(&[0, 0, 20, 100]),
            slow: rate(&[0, 20, 100]),
            garbled: rate(&[0, 0, 20, 60]),
            wrong_answer: rate(&[0, 0, 0, 0, 30]),
            killed: rate(&[0, 50, 150]),
            frozen: rate(&[0, 0, 30]),
            clock_jump: rate(&[0, 0, 0, 40]),
            storage_failure: rate(&[0, 0, 0, 40]),
            outage: rate(&[0, 40, 120]),
            other_version: rate(&[0, 0, 0, 30]),
            throttles: !is_calm && random.chance(200),
        }
    }
}

/// What an endpoint does with every request for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Fine,
    /// Nothing is there: the connection is refused.
    Away,
    /// Nothing comes back at all.
    Silent,
    Status(u16),
    /// Too many requests; so many seconds to wait, where the header can be seen.
    TooMany(Option<i64>),
    /// Somebody else answers: a captive portal.
    Portal,
}

/// The state of the endpoints, each until a time.
#[derive(Debug)]
pub struct Weather {
    modes: RefCell<[(Mode, i64); 3]>,
    /// Until when the store of tokens and the shared place for marks fail.
    pub tokens_fail_until: Cell<i64>,
    pub marks_fail_until: Cell<i64>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Discovery,
    Keys,
    Token,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            modes: RefCell::new([(Mode::Fine, 0); 3]),
            tokens_fail_until: Cell::new(0),
            marks_fail_until: Cell::new(0),
        }
    }
}

impl Weather {
    pub fn mode(&self, endpoint: Endpoint, now: i64) -> Mode {
        let (mode, until) = self.modes.borrow()[endpoint as usize];
        if until > now { mode } else { Mode::Fine }
    }

    pub fn set(&self, endpoint: Endpoint, mode: Mode, until: i64) {
        self.modes.borrow_mut()[endpoint as usize] = (mode, until);
    }

    /// Everything works again.
    pub fn clear(&self) {
        *self.modes.borrow_mut() = [(Mode::Fine, 0); 3];
        self.tokens_fail_until.set(0);
        self.marks_fail_until.set(0);
    }

    pub fn draw_mode(random: &Random) -> Mode {
        match random.below(7) {
            0 | 1 => Mode::Away,
            2 => Mode::Silent,
            3 => Mode::Status(random.pick(&[500, 502, 503])),
            4 => Mode::TooMany(None),
            5 => Mode::TooMany(Some(random.between(1, 600))),
            _ => Mode::Portal,
        }
    }
}

/// What happens to one request on its way.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    pub up: u32,
    pub down: u32,
    pub request_is_lost: bool,
    pub answer_is_lost: bool,
    /// What is lost is lost without a word.
    pub is_silent: bool,
    /// Something between answers 502 though the provider did its work.
    pub is_garbled: bool,
}

impl Fate {
    /// Nothing happens to it.
    pub fn usual(random: &Random) -> Self {
        let way = || random.between(5, 300) as u32;
        let [request_is_lost, answer_is_lost, is_silent, is_garbled] = [false; 4];
        Self { up: way(), down: way(), request_is_lost, answer_is_lost, is_silent, is_garbled }
    }

    pub fn draw(random: &Random, settings: &Settings) -> Self {
        let way = |slowest: i64| -> u32 {
            let most = if random.chance(settings.slow) { slowest } else { 300 };
            random.between(5, most) as u32
        };
        Self {
            // Never as long as a request that nobody waits for counts: the provider has it by then, or never.
            up: way(20_000),
            down: way(90_000),
            request_is_lost: random.chance(settings.lost_request),
            answer_is_lost: random.chance(settings.lost_answer),
            is_silent: random.chance(400),
            is_garbled: random.chance(settings.garbled),
        }
    }
}
