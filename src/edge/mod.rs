//! Verifying requests where there is no page: one host a request, on plain values that all requests of a process share.

pub mod dpop;
pub mod introspection;
pub mod nonces;
pub mod replays;
