//! What an app plugs in where this library has no answer of its own.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::error::Result;
use crate::protocol::http::HttpRequest;
use crate::protocol::json::Object;

/// Where organizations, roles and scopes are found in claims, as the app knows it.
pub trait AppClaimMapping {
    /// `organizations`, `roles` and `scopes` that verified claims grant, each of them optional.
    ///
    /// # Errors
    /// What keeps the app from saying so.
    fn map(&self, claims: &Object) -> Result<Object>;
}

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
