//! What a host has to offer: one file a trait.
//!
//! A host is one JavaScript realm: a page, a worker, a server process, or a simulated one in a test. Futures are not
//! `Send`: every host is single-threaded.

mod channel;
mod clock;
mod crypto;
mod events;
mod guard;
mod http;
mod locks;
mod page;
mod random;
mod spawn;
mod store;
pub(crate) mod timer;
mod urls;
mod wake;

pub use channel::Channel;
pub use clock::Clock;
pub use crypto::{Crypto, CryptoFailure};
pub use events::{Event, EventKind, EventSource, Events};
pub use guard::Guard;
pub use http::{Http, HttpFailure, Limits, Reach};
pub use locks::{LockFailure, Locks};
pub use page::Page;
pub use random::{Random, RandomUnavailable};
pub use spawn::{Spawn, Work};
pub use store::{Area, Shelf, StorageKind, Store, StoreFailure, TokenStore};
pub use timer::Timer;
pub use urls::{ResolvedUrl, Urls};
pub use wake::Wake;

/// What verifying needs: no storage, no page, nothing that lasts.
pub trait VerifierHost: Http + Crypto + Clock + Urls + 'static {}

impl<T: Http + Crypto + Clock + Urls + 'static> VerifierHost for T {}

/// What a client needs.
pub trait Host:
    VerifierHost + Timer + Spawn + Random + Store + TokenStore + Locks + Channel + Page + Wake + Events
{
}

impl<T: VerifierHost + Timer + Spawn + Random + Store + TokenStore + Locks + Channel + Page + Wake + Events> Host
    for T
{
}
