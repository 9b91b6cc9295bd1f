//! Futures on the microtask queue.

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::{App, JsHost, global};
use crate::ports::{Spawn, Work};

/// What is known of the requests that this realm answers.
#[derive(Default)]
pub(super) struct Requests {
    are_isolated: bool,
    /// Keeps a request alive until a promise settles.
    wait_until: Option<Function>,
}

impl JsHost {
    /// Takes what the app and the wrapper say about requests: `isolatesRequests` and `waitUntil`.
    #[must_use]
    pub fn with_requests(mut self, app: &App) -> Self {
        let are_isolated = app.object("isolatesRequests").is_truthy();
        self.requests = Requests { are_isolated, wait_until: app.function("waitUntil") };
        self
    }
}

/// The work, whose end the request waits for.
fn until_done(wait_until: &Function, work: Work) -> Work {
    let (end, ended) = global::promise();
    // Where there is no request to keep alive, it throws.
    let _ = wait_until.call1(&JsValue::UNDEFINED, &ended);
    Box::pin(async move {
        work.await;
        let _ = end.call0(&JsValue::UNDEFINED);
    })
}

impl Spawn for JsHost {
    fn spawn(&self, work: Work) {
        spawn_local(match &self.requests.wait_until {
            Some(wait_until) => until_done(wait_until, work),
            None => work,
        });
    }

    fn isolates_requests(&self) -> bool {
        self.requests.are_isolated
    }
}
