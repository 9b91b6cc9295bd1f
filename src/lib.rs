//! OAuth 2.0 / OpenID Connect for browsers, the edge and Node: strict as the standards, and whole.
//!
//! The map of the crate; arrows point down only:
//!
//! ```text
//! bindings            what JavaScript sees: conversions and promises     (wasm32 only)
//!    │
//! tools               looking at tokens and providers
//! configuration       one document for the clients of several providers
//!    │
//! client, edge        one file for each job a user asks for; verifying requests where there is no page
//! provider, given     asking a provider and checking what it signed; options as they were given
//!    │        host    the ports on a JavaScript host                     (wasm32 only)
//!    │         │
//!    │        ports   what a host has to offer: one file a trait
//!    │         │
//! session ─────┤      values and their life: token set, transaction, agent
//!    │         │
//! authz        │      what an agent may do
//!    │         │
//! protocol ────┘      the rules of OAuth, OIDC and JOSE as plain functions and types
//! ```
//!
//! A person reading from the callback URL to the agent walks `client::callback` → `protocol::callback` →
//! `protocol::token_response` → `protocol::id_token` → `session` → `authz`.

pub mod authz;
#[cfg(all(target_arch = "wasm32", feature = "bindings"))]
mod bindings;
#[cfg(feature = "core")]
pub mod client;
#[cfg(feature = "configuration")]
pub mod configuration;
#[cfg(feature = "edge")]
pub mod edge;
pub mod error;
#[cfg(any(feature = "core", feature = "edge"))]
mod given;
#[cfg(all(target_arch = "wasm32", feature = "host"))]
pub mod host;
pub mod ports;
pub mod protocol;
#[cfg(any(feature = "core", feature = "edge"))]
mod provider;
pub mod session;
#[cfg(feature = "tools")]
pub mod tools;
