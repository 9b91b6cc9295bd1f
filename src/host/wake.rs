//! `online`, `visibilitychange` and `pageshow`.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::{JsHost, global, page};
use crate::ports::{Guard, Wake};

const VISIBILITY: &str = "visibilitychange";

/// What tells that a page is back, and where it is told.
const EVENTS: [(&str, &str); 3] = [("window", "online"), ("document", VISIBILITY), ("window", "pageshow")];

impl Wake for JsHost {
    fn on_wake(&self, wake: Rc<dyn Fn()>) -> Guard {
        if page::window().is_none() {
            return Guard::nothing();
        }
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let kind = global::member_of(&event, "type");
            if kind.is_none_or(|kind| kind != VISIBILITY) || is_visible() {
                wake();
            }
        });
        on_events("addEventListener", listener.as_ref());
        Guard::new(move || {
            on_events("removeEventListener", listener.as_ref());
            drop(listener);
        })
    }

    fn is_visible(&self) -> bool {
        is_visible()
    }
}

fn is_visible() -> bool {
    let state = global::member("document").and_then(|document| global::member_of(&document, "visibilityState"));
    state.is_some_and(|state| state == "visible")
}

fn on_events(method: &str, listener: &JsValue) {
    for (target, event) in EVENTS {
        if let Some(target) = global::member(target) {
            // A page whose targets have no such method has nothing to tell.
            let _ = global::invoke(&target, method, &Array::of2(&event.into(), listener));
        }
    }
}
