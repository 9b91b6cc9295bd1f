//! What an agent may do, and where that stands in claims.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/mapped.rs"]
mod mapped;
#[path = "../support/plain_access.rs"]
mod plain_access;
#[path = "../support/plain_scopes.rs"]
mod plain_scopes;
#[path = "../support/timing.rs"]
mod timing;

mod claim_mapping;
mod claim_presets;
mod claim_properties;
mod examples;
mod reference;
