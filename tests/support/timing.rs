//! How long a job takes beside another one of its kind: never in seconds, since machines differ.

use std::time::{Duration, Instant};

/// The shortest of some runs: what else the machine does only ever adds.
pub fn shortest(job: &dyn Fn()) -> Duration {
    let once = || {
        let start = Instant::now();
        job();
        start.elapsed()
    };
    (0..7).map(|_| once()).min().unwrap()
}
