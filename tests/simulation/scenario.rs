//! One seed: a deployment is drawn, somebody signs in, then anything may happen for some virtual hours, and in the end
//! everything works again.

use std::rc::Rc;

use wasm_oidc::ports::StorageKind;

use crate::faults::{Endpoint, Settings, Weather};
use crate::invariants;
use crate::random::Random;
use crate::scheduler::WORLD;
use crate::tab::{APP, Realm, Tab};
use crate::world::{World, note};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// How often an agent is asked for in the end; the last time there has to be one.
const ROUNDS: usize = 3;
const MOST_TABS: usize = 6;

/// What a seed came to.
#[derive(Debug)]
pub struct Outcome {
    pub violation: Option<String>,
    pub log: Vec<String>,
    /// Refreshes whose answer was stored.
    pub refreshed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    GetAgent,
    AccessToken,
    Forced,
    Refresh,
    Fetch,
    Burst,
    SignIn,
    SignOut,
    Clear,
    Dispose,
    Reload,
    Close,
    OpenTab,
    Duplicate,
    Wake,
    RotateKeys,
    Doom,
    Freeze,
    Sleep,
    Jump,
    BreakStore,
    Outage,
    OtherVersion,
}

pub fn run(seed: u64, keeps_log: bool) -> Outcome {
    let random = Random::new(seed);
    let settings = Settings::draw(&random);
    let world = World::new(random, settings, keeps_log);
    let words = play(&world).err().map(|step| {
        format!("seed {seed}, step {step}, at {} ms: {}", world.now(), world.ledger.violation().unwrap_or_default())
    });
    let outcome = Outcome { violation: words, log: world.log(), refreshed: world.ledger.refreshed.get() };
    for tab in world.tabs.take() {
        tab.close_page(&world);
    }
    world.scheduler.kill(WORLD);
    outcome
}

/// Plays the seed; the step that an invariant did not outlive.
fn play(world: &Rc<World>) -> Result<(), usize> {
    for _ in 0..world.settings.first_tabs {
        Tab::new(world).open_page(world, APP);
    }
    held(world, 0, 10_000)?;
    if let Some(realm) = any_realm(world) {
        realm.sign_in(world);
    }
    held(world, 0, 40_000)?;
    let steps = world.random.between(10, 60) as usize;
    for step in 1..=steps {
        act(world);
        held(world, step, pause(world))?;
    }
    finale(world, steps)
}

/// Lets time pass, and looks whether all invariants hold.
fn held(world: &Rc<World>, step: usize, milliseconds: i64) -> Result<(), usize> {
    world.pass(milliseconds);
    invariants::every_call_settles(world);
    invariants::a_session_never_vanishes_without_a_word(world);
    if world.ledger.is_broken() { Err(step) } else { Ok(()) }
}

fn pause(world: &World) -> i64 {
    let random = &world.random;
    match random.below(20) {
        0..8 => random.between(0, 300),
        8..13 => random.between(300, 5000),
        13..16 => random.between(5, 120) * 1000,
        16..19 => random.between(0, world.settings.access_lifetime * 1300),
        _ => random.between(1, 9) * HOUR,
    }
}

fn any_realm(world: &World) -> Option<Rc<Realm>> {
    let usable: Vec<_> = world.tabs.borrow().iter().filter_map(|tab| tab.usable(world)).collect();
    (!usable.is_empty()).then(|| Rc::clone(&usable[world.random.below(usable.len())]))
}

fn any_tab(world: &World) -> Rc<Tab> {
    let tabs = world.tabs.borrow();
    Rc::clone(&tabs[world.random.below(tabs.len())])
}

fn act(world: &Rc<World>) {
    use Action::*;
    let (random, settings) = (&world.random, &world.settings);
    let now = world.now();
    let action = random.weighted(&[
        (120, GetAgent),
        (120, AccessToken),
        (60, Forced),
        (60, Refresh),
        (80, Fetch),
        (150, Burst),
        (40, SignIn),
        (30, SignOut),
        (10, Clear),
        (8, Dispose),
        (60, Reload),
        (15, Close),
        (25, OpenTab),
        (40, Duplicate),
        (50, Wake),
        (15, RotateKeys),
        (settings.killed, Doom),
        (settings.frozen, Freeze),
        (settings.frozen, Sleep),
        (settings.clock_jump, Jump),
        (settings.storage_failure, BreakStore),
        (settings.outage, Outage),
        (settings.other_version, OtherVersion),
    ]);
    note!(world, "-- {action:?}");
    let tab = any_tab(world);
    let tabs = world.tabs.borrow().len();
    match action {
        // A calm page is never closed, and forgets nothing, while a request is under way.
        Reload | Close | SignIn | SignOut | Clear if settings.is_calm && !world.ledger.is_quiet() => {}
        GetAgent | AccessToken | Forced | Refresh | Fetch => one_call(world, action),
        Burst => {
            for _ in 0..random.between(2, 8) {
                one_call(world, random.pick(&[GetAgent, AccessToken, AccessToken, Forced, Refresh, Fetch]));
            }
        }
        SignIn | SignOut | Clear | Dispose => one_call(world, action),
        // Nor are keys used before anybody could hear of them.
        RotateKeys if settings.is_calm && world.ledger.last_key_at.get() + 2 * MINUTE > now => {}
        Reload => {
            let url = tab.url.borrow().clone();
            tab.open_page(world, &url);
        }
        Close if tabs > 1 => {
            tab.close_page(world);
            world.tabs.borrow_mut().retain(|other| other.number != tab.number);
        }
        OpenTab if tabs < MOST_TABS => Tab::new(world).open_page(world, APP),
        Duplicate if tabs < MOST_TABS => tab.duplicate(world),
        Wake => {
            if let Some(realm) = tab.usable(world) {
                world.ledger.woken(realm.number);
                world.origin.wake(realm.number);
            }
        }
        RotateKeys => {
            world.ledger.last_key_at.set(now);
            world.provider.rotate_keys();
        }
        Doom => {
            if let Some(realm) = tab.realm() {
                realm.doom.set(Some((random.between(0, 25) as u32, random.chance(700))));
            }
        }
        Freeze => freeze(world, &tab, now + random.between(1, 7200) * 1000),
        Sleep => {
            let until = now + random.between(1, 10 * 3600) * 1000;
            let all: Vec<_> = world.tabs.borrow().clone();
            all.iter().for_each(|tab| freeze(world, tab, until));
        }
        Jump => {
            let by = random.between(1, 4 * 3600) * 1000;
            world.jump_clock(if random.chance(500) { by } else { -by });
        }
        BreakStore => break_store(world, now + random.between(1, 900) * 1000),
        Outage => {
            let endpoint =
                random.pick(&[Endpoint::Token, Endpoint::Token, Endpoint::Keys, Endpoint::Keys, Endpoint::Discovery]);
            let (mode, until) = (Weather::draw_mode(random), now + random.between(5, 3600) * 1000);
            note!(world, "{endpoint:?} is {mode:?} until {until}");
            world.weather.set(endpoint, mode, until);
            if endpoint == Endpoint::Keys && random.chance(500) {
                world.provider.rotate_keys();
            }
        }
        OtherVersion => put_other_version(world),
        Close | OpenTab | Duplicate => {}
    }
}

fn one_call(world: &Rc<World>, action: Action) {
    let Some(realm) = any_realm(world) else { return };
    match action {
        Action::AccessToken => realm.access_token(world, false),
        Action::Forced => realm.access_token(world, true),
        Action::Refresh => realm.refresh(world),
        Action::Fetch => realm.fetch(world),
        Action::SignIn => realm.sign_in(world),
        Action::SignOut => realm.sign_out(world),
        Action::Clear => realm.clear(world),
        Action::Dispose => realm.dispose(world),
        _ => realm.get_agent(world),
    }
}

fn freeze(world: &World, tab: &Tab, until: i64) {
    if let Some(realm) = tab.realm() {
        note!(world, "realm {} stands still until {until}", realm.number);
        let until = until.max(realm.thaws_at.get());
        realm.thaws_at.set(until);
        world.scheduler.freeze(realm.number, until);
    }
}

fn break_store(world: &World, until: i64) {
    // One storage holds marks and tokens where sessions are local.
    let (marks, tokens) = match world.settings.storage {
        StorageKind::Local => (true, true),
        _ => world.random.pick(&[(true, false), (false, true), (true, true)]),
    };
    note!(world, "until {until}, marks fail: {marks}, tokens fail: {tokens}");
    if marks {
        world.weather.marks_fail_until.set(until);
    }
    if tokens {
        world.weather.tokens_fail_until.set(until);
    }
}

/// Another version of the library wrote what is stored.
fn put_other_version(world: &World) {
    let shelf = match world.settings.storage {
        StorageKind::Local => &world.origin.local,
        StorageKind::Custom => &world.origin.custom,
        StorageKind::Memory | StorageKind::Session => return,
    };
    let Some(key) = shelf.borrow().keys("wasm-oidc:session:").first().cloned() else { return };
    let Some(text) = shelf.borrow().get(&key) else { return };
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    if record["version"] != 2 || record["pending"].is_object() || !world.ledger.is_quiet() {
        return;
    }
    let version = if world.random.chance(600) { 1 } else { 3 };
    note!(world, "the stored record is of version {version} now");
    world.ledger.was_newer.set(world.ledger.was_newer.get() || version > 2);
    record["version"] = version.into();
    if version == 1 {
        record.as_object_mut().unwrap().remove("epoch");
    }
    shelf.borrow_mut().put(&key, Some(&record.to_string()));
}

/// Everything works again: every call settles, whoever is signed in gets an agent, and who signed out stays so.
fn finale(world: &Rc<World>, step: usize) -> Result<(), usize> {
    note!(world, "-- everything works again");
    world.calms_down();
    held(world, step, 12 * MINUTE)?;
    for round in 0..ROUNDS {
        let realms: Vec<_> = world.tabs.borrow().iter().filter_map(|tab| tab.usable(world)).collect();
        for realm in &realms {
            world.ledger.woken(realm.number);
            world.origin.wake(realm.number);
        }
        held(world, step, MINUTE)?;
        // What a wrong clock or a page that is gone left behind may cost an attempt or two.
        world.ledger.is_finale.set(round + 1 == ROUNDS);
        realms.iter().for_each(|realm| realm.get_agent(world));
        held(world, step, 6 * MINUTE)?;
    }
    invariants::nothing_resurrects_after_a_sign_out(world);
    held(world, step, 0)
}
