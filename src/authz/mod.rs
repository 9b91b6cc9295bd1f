//! What an agent may do: scopes, organizations, roles. Convenience over verified claims; the API that is called decides.

pub mod access;
pub mod grants;
mod order;
pub mod organizations;
pub mod scope;
