//! Verifying requests where there is no page: one host a request, on plain values that all requests of a process share.

pub mod dpop;
mod dpop_options;
pub mod introspection;
pub mod nonces;
pub mod replays;
