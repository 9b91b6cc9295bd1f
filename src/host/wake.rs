//! `online`, `visibilitychange` and `pageshow`.

use std::rc::Rc;

use super::JsHost;
use crate::ports::{Guard, Wake};

impl Wake for JsHost {
    fn on_wake(&self, _: Rc<dyn Fn()>) -> Guard {
        Guard::nothing()
    }

    fn is_visible(&self) -> bool {
        false
    }
}
