//! What a client does for each job, on a simulated host: one file a job.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/plugged.rs"]
mod plugged;
#[cfg(feature = "native-crypto")]
#[path = "../support/vectors.rs"]
mod published;
#[cfg(feature = "native-crypto")]
#[path = "../support/second_opinion.rs"]
mod second_opinion;
#[path = "../support/signing_in.rs"]
mod signing_in;
#[cfg(feature = "native-crypto")]
#[path = "../support/signing_keys.rs"]
mod signing_keys;
#[path = "../support/simulated/mod.rs"]
mod simulated;

mod answers;
mod api_tokens;
#[cfg(feature = "native-crypto")]
mod assertions;
mod callback;
mod claim_mapping;
mod create_agent;
mod device;
mod discovery;
mod dispose;
mod expected_identity;
mod get_agent;
mod hooks;
mod isolation;
mod issuers;
mod key_choice;
mod key_floods;
mod keys;
mod lasting;
mod logout;
mod origins;
mod plain_oauth;
mod plug_ins;
mod relayed;
mod revoke;
mod same_subject;
mod session;
mod sign_in;
mod storage;
mod tabs;
mod user_info;
