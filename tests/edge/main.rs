//! Verifying requests on a simulated host: proofs of possession, and asking a provider about tokens.
#![cfg(all(feature = "edge", feature = "core"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/simulated/mod.rs"]
mod simulated;
#[path = "../support/verifying.rs"]
mod verifying;

mod agents;
mod begun;
mod dpop;
mod introspection;
mod issuers;
mod keys;
mod seen;
mod verifier;
