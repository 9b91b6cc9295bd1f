//! Verifying requests where there is no page: one host a request, on plain values that all requests of a process share.
//!
//! No future, waker, promise or lock is reachable from two requests: in a Worker what one request waits for cannot wake
//! another, and a request that is cancelled never goes on. So who waits for what another request is fetching looks again
//! from time to time, and who has waited long enough fetches it itself.

mod agents;
mod begun;
pub mod dpop;
mod dpop_options;
pub mod introspection;
mod issuer;
mod keys;
mod metadata;
mod needs;
pub mod nonces;
mod opaque;
mod options;
mod organizations;
mod refused;
pub mod replays;
mod seen;
mod shared_keys;
mod verifier;

pub use agents::Verified;
pub use needs::Needs;
pub use options::{IssuerOptions, OrganizationsFrom, VerifierOptions};
pub use organizations::AppOrganizations;
pub use refused::Refused;
pub use verifier::{PlugIns, Verifier};

use crate::ports::{Random, Timer, TokenStore, VerifierHost};

/// What verifying needs: that of a [`VerifierHost`], random bytes for the key of a hash, a timer of the request's own, and
/// the store in which processes share keys.
pub trait EdgeHost: VerifierHost + Random + Timer + TokenStore {}

impl<T: VerifierHost + Random + Timer + TokenStore> EdgeHost for T {}
