//! The rules of OAuth, OIDC and JOSE, as plain functions.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "../support/vectors.rs"]
mod published;
#[cfg(feature = "native-crypto")]
#[path = "../support/second_opinion.rs"]
mod second_opinion;
#[cfg(feature = "native-crypto")]
#[path = "../support/signing_keys.rs"]
mod signing_keys;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/timing.rs"]
mod timing;

#[cfg(feature = "native-crypto")]
mod client_assertion;
#[cfg(feature = "edge")]
mod dpop_proof;
mod id_token;
mod jose;
mod jose_properties;
mod key_set;
mod properties;
#[cfg(feature = "edge")]
mod request_credentials;
#[cfg(feature = "edge")]
mod token_binding;
mod token_response;
mod token_set;
mod vectors;
