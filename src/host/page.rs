//! `window`, where there is one.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

use super::{JsHost, global};
use crate::ports::Page;

/// The window of a page: Deno has the name without the thing, so its document is asked for.
pub(super) fn window() -> Option<Window> {
    global::member("document")?;
    global::member("window").map(JsCast::unchecked_into)
}

impl Page for JsHost {
    fn location(&self) -> Option<String> {
        window()?.location().href().ok()
    }

    fn replace_location(&self, url: &str) {
        if let Some(history) = window().and_then(|window| window.history().ok()) {
            let state = history.state().unwrap_or(JsValue::NULL);
            // A sandboxed frame may refuse; the response then stays visible there.
            let _ = history.replace_state_with_url(&state, "", Some(url));
        }
    }

    fn navigate(&self, url: &str) -> bool {
        if let Some(open_url) = &self.open_url {
            return open_url.call1(&JsValue::UNDEFINED, &url.into()).is_ok();
        }
        window().is_some_and(|window| window.location().assign(url).is_ok())
    }
}
