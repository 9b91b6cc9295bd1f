//! Asking a provider, and checking what it signed: what clients, tools and verifiers have in common.

pub(crate) mod assertion;
pub(crate) mod discovery;
pub(crate) mod sending;
pub(crate) mod signature;
