//! Web Locks, or the locks of the app's own store.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::JsHost;
use super::global::{self, Alarm, Timeout};
use crate::ports::{Guard, LockFailure, Locks};

impl Locks for JsHost {
    async fn lock(&self, name: &str, wait_milliseconds: u32, hold_milliseconds: u32) -> Result<Guard, LockFailure> {
        let controller = AbortController::new().map_err(unavailable)?;
        let (release, held) = global::promise();
        let (grant, granted) = global::promise();
        let turn = Rc::new(Turn { controller, release, limit: Cell::new(None) });
        let run = {
            let turn = Rc::downgrade(&turn);
            // Whoever grants what nobody waits for any more gets it back at once.
            Closure::once_into_js(move || {
                let Some(turn) = turn.upgrade() else { return JsValue::UNDEFINED };
                // Neither the timer nor the promise needs the wasm: should it die now, others still get their turn.
                turn.limit.set(Some(Alarm::set(hold_milliseconds, &turn.release, &JsValue::UNDEFINED)));
                let _ = grant.call1(&JsValue::UNDEFINED, &turn.controller);
                held.into()
            })
        };
        let request = match self.storages.own_lock() {
            Some(store) => global::invoke(store, "lock", &Array::of2(&name.into(), &run)),
            None => turn.request(name, &run),
        };
        let over = Promise::resolve(&request.map_err(unavailable)?);
        let timeout = Timeout::start(wait_milliseconds, &turn.release);
        // The controller and the function are ours alone, so no answer can be one of them.
        let first = Promise::race(&Array::of3(&granted, &over, &timeout.passed));
        match JsFuture::from(first).await.map_err(unavailable)? {
            first if first == **turn.controller => Ok(Guard::new(move || drop(turn))),
            first if first == **turn.release => Err(LockFailure::Timeout),
            _ => Err(LockFailure::Unavailable),
        }
    }
}

/// A lock that is waited for or held; dropping it ends both.
struct Turn {
    controller: AbortController,
    release: Function,
    limit: Cell<Option<Alarm>>,
}

impl Turn {
    fn request(&self, name: &str, run: &JsValue) -> Result<JsValue, JsValue> {
        let locks = Reflect::get(&global::member("navigator").unwrap_or(JsValue::UNDEFINED), &"locks".into())?;
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), &self.controller.signal())?;
        global::invoke(&locks, "request", &Array::of3(&name.into(), &options, run))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.controller.abort();
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

fn unavailable(_: JsValue) -> LockFailure {
    LockFailure::Unavailable
}
