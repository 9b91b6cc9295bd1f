//! The session engine in a world of virtual time, where everything that can go wrong does, drawn from a seed. A seed that
//! breaks an invariant is printed, and replays exactly: `npm run simulate -- --seed N`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/simulated/answers.rs"]
mod answers;
mod faults;
mod host;
mod invariants;
mod ledger;
mod origin;
mod provider;
mod random;
mod reasons;
mod scenario;
mod scheduler;
mod tab;
mod world;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scenario::Outcome;

/// What `npm test` simulates, if it fits into its time.
const SEEDS: u64 = 20_000;
const TIME: Duration = Duration::from_secs(110);
/// Fewer would not be a test.
const LEAST_SEEDS: u64 = 1000;
const THREADS: usize = 2;
/// How much of the log of a seed that failed is shown.
const LAST_LINES: usize = 60;

fn from_environment(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: expected a number, got {text}")))
}

/// What is wrong with a seed, if something is: an invariant or a panic.
fn failure_of(seed: u64) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| scenario::run(seed, false))) {
        Ok(outcome) => outcome.violation,
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
            Some(format!("seed {seed}: panicked: {words}"))
        }
    }
}

/// The same seed again, with its log.
fn report(seed: u64, failure: &str) -> String {
    let lines = match catch_unwind(AssertUnwindSafe(|| scenario::run(seed, true))) {
        Ok(Outcome { log, .. }) => log[log.len().saturating_sub(LAST_LINES)..].join("\n"),
        Err(_) => "no log: it panics".to_owned(),
    };
    format!("{lines}\n{failure}\nreplay: npm run simulate -- --seed {seed}")
}

#[test]
fn every_invariant_holds_in_every_seed() {
    if let Some(seed) = from_environment("SIMULATION_SEED") {
        let outcome = scenario::run(seed, true);
        println!("{}", outcome.log.join("\n"));
        assert!(outcome.violation.is_none(), "{}", outcome.violation.unwrap_or_default());
        return;
    }
    let asked = from_environment("SIMULATION_SEEDS");
    let from = from_environment("SIMULATION_FROM").unwrap_or(0);
    let goes_on = env::var("SIMULATION_GOES_ON").is_ok();
    let end = from + asked.unwrap_or(SEEDS);
    let (next, failures, begin) = (AtomicU64::new(from), Mutex::new(Vec::new()), Instant::now());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let is_late = asked.is_none() && begin.elapsed() > TIME;
                    if is_late || (!goes_on && !failures.lock().unwrap().is_empty()) {
                        return;
                    }
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    if let Some(failure) = failure_of(seed) {
                        failures.lock().unwrap().push((seed, failure));
                    }
                }
            });
        }
    });
    let simulated = next.into_inner().min(end) - from;
    println!("simulated {simulated} seeds in {:.1} s", begin.elapsed().as_secs_f64());
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    for (_, failure) in failures.iter().skip(1) {
        println!("{failure}");
    }
    if let Some((seed, failure)) = failures.first() {
        panic!("{} of {simulated} seeds fail; the first:\n{}", failures.len(), report(*seed, failure));
    }
    assert!(asked.is_some() || simulated >= LEAST_SEEDS, "only {simulated} seeds in {TIME:?}");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..20 {
        let (first, second) = (scenario::run(seed, true), scenario::run(seed, true));
        assert_eq!(first.log, second.log, "seed {seed}");
        assert!(first.log.len() > 20, "seed {seed} is empty");
    }
}

#[test]
fn keeping_a_log_changes_nothing() {
    for seed in 0..20 {
        let (first, second) = (scenario::run(seed, false), scenario::run(seed, true));
        assert_eq!((first.refreshed, first.violation), (second.refreshed, second.violation), "seed {seed}");
    }
}
