//! What an agent may do: scopes, organizations, roles. Convenience over verified claims; the API that is called decides.

pub mod access;
mod compiled;
mod index;
pub mod mapping;
mod order;
pub mod organizations;
mod presets;
pub mod question;
mod refusal;
pub mod scope;
mod written;
