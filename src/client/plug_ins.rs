//! What an app plugs in where this library has no answer of its own.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

pub use crate::authz::mapping::AppClaimMapping;
use crate::error::Result;
use crate::protocol::http::HttpRequest;

/// How the client proves who it is, in a way that only the app knows.
pub trait AppClientAuthentication {
    /// The request with what says and proves who the client is.
    fn authenticate(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>>;
}

/// The app's own parts of a client.
#[derive(Clone, Default)]
pub struct PlugIns {
    /// Instead of the mapping that the options name.
    pub claim_mapping: Option<Rc<dyn AppClaimMapping>>,
    /// Instead of the client authentication that the options name.
    pub client_authentication: Option<Rc<dyn AppClientAuthentication>>,
}
