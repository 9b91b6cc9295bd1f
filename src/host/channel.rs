//! `BroadcastChannel`.

use std::rc::Rc;

use super::JsHost;
use crate::ports::{Channel, Guard};

impl Channel for JsHost {
    fn post(&self, _: &str, _: &str) {}

    fn listen(&self, _: &str, _: Rc<dyn Fn(String)>) -> Guard {
        Guard::nothing()
    }
}
