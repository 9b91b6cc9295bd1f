//! Talking with the other tabs of this origin.

use std::rc::Rc;

use super::Guard;

/// A channel by name, heard by every realm of this origin that listens on it.
pub trait Channel {
    /// Says something to the others, never to this realm; best effort.
    fn post(&self, channel: &str, message: &str);

    /// Calls `hear` with what others say, until the guard is dropped. Never calls it before this returns.
    fn listen(&self, channel: &str, hear: Rc<dyn Fn(String)>) -> Guard;
}
