//! Looking at tokens and providers, on a simulated host.

#![cfg(feature = "tools")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/token_looked_at.rs"]
mod looked_at;
#[path = "../support/preflight_setting.rs"]
mod setting;
#[path = "../support/simulated/mod.rs"]
mod simulated;

mod check_token;
mod check_token_claims;
mod check_token_keys;
mod check_token_requests;
mod preflight;
mod preflight_cors;
mod preflight_steps;
