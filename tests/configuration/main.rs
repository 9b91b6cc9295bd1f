//! One document for the clients of several providers.

#![cfg(feature = "configuration")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/configured.rs"]
mod configured;
#[path = "../support/timing.rs"]
mod timing;

mod choosing;
mod properties;
mod reading;
mod schema;
