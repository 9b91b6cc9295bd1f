//! What an app plugs in where this library has no answer of its own, and what it wants to know.

use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, ready};

pub use crate::authz::mapping::AppClaimMapping;
use crate::error::Result;
use crate::protocol::http::{HttpRequest, HttpResponse};
use crate::protocol::json::Object;

/// How the client proves who it is, in a way that only the app knows.
pub trait AppClientAuthentication {
    /// The request with what says and proves who the client is: further form fields and headers. `client_id` may be left
    /// out; anything else that changed is refused (`plug_in_answer`). After ten seconds nobody waits for it.
    fn authenticate(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>>;
}

/// What the app does with every request to the provider, and with every answer. It sees the secrets in them.
pub trait AppHooks {
    /// The request with headers of the app's. Anything else that changed is refused (`plug_in_answer`). After ten seconds
    /// nobody waits for it.
    fn on_request(&self, request: HttpRequest) -> LocalBoxFuture<'_, Result<HttpRequest>> {
        Box::pin(ready(Ok(request)))
    }

    /// An answer, before anything is made of it. A job is in the middle of something: what takes time, or asks the client
    /// for something, is for later.
    fn on_response(&self, _request: &HttpRequest, _response: &HttpResponse) {}
}

/// Who is told of requests and answers, without the secrets in them.
pub trait AppLogger {
    /// A request, an answer, or that there is none: `type` (`request`, `response`, `failure`), `id` (one for each
    /// exchange), `purpose`, `method`, `url`, and as far as there are any `headers`, `body`, `status`, `durationMs`,
    /// `bodyBytes`, `error`. A job is in the middle of something: what takes time is for later.
    fn log(&self, event: Object);
}

/// The app's own parts of a client.
#[derive(Clone, Default)]
pub struct PlugIns {
    /// Instead of the mapping that the options name.
    pub claim_mapping: Option<Rc<dyn AppClaimMapping>>,
    /// Instead of the client authentication that the options name.
    pub client_authentication: Option<Rc<dyn AppClientAuthentication>>,
    /// Sees every request to the provider and every answer.
    pub hooks: Option<Rc<dyn AppHooks>>,
    /// Is told of them without their secrets.
    pub logger: Option<Rc<dyn AppLogger>>,
}
