//! `BroadcastChannel`, in a page: elsewhere an open one would keep the process alive.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::BroadcastChannel;

use super::{JsHost, global};
use crate::ports::{Channel, Guard};

/// One object a name, which both posts and listens: a realm hears what another object of its own posts.
#[derive(Default)]
pub(super) struct Channels(RefCell<Vec<(String, BroadcastChannel)>>);

impl Channels {
    /// The channel of this name; `None` on a host that has none, or refuses it.
    #[inline(never)]
    fn open(&self, name: &str) -> Option<BroadcastChannel> {
        if let Some((_, channel)) = self.0.borrow().iter().find(|(known, _)| known == name) {
            return Some(channel.clone());
        }
        if !JsHost::is_page() {
            return None;
        }
        let channel = BroadcastChannel::new(name).ok()?;
        self.0.borrow_mut().push((name.to_owned(), channel.clone()));
        Some(channel)
    }

    fn close(&self, name: &str) {
        let at = self.0.borrow().iter().position(|(known, _)| known == name);
        if let Some((_, channel)) = at.map(|at| self.0.borrow_mut().swap_remove(at)) {
            channel.close();
        }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        for (_, channel) in self.0.take() {
            channel.close();
        }
    }
}

impl Channel for JsHost {
    fn post(&self, name: &str, message: &str) {
        if let Some(channel) = self.channels.open(name) {
            // Text can be cloned, and this channel is open: there is nothing to throw.
            let _ = channel.post_message(&message.into());
        }
    }

    fn listen(&self, name: &str, hear: Rc<dyn Fn(String)>) -> Guard {
        let Some(channel) = self.channels.open(name) else { return Guard::nothing() };
        let ear = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            if let Some(message) = global::member_of(&event, "data").and_then(|message| message.as_string()) {
                hear(message);
            }
        });
        channel.set_onmessage(Some(ear.as_ref().unchecked_ref()));
        let (channels, name) = (Rc::clone(&self.channels), name.to_owned());
        Guard::new(move || {
            channel.set_onmessage(None);
            channels.close(&name);
            drop(ear);
        })
    }
}
