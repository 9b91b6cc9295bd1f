//! Coming back: from sleep, from the network's absence, from another tab.

use std::rc::Rc;

use super::Guard;

/// Tells when deadlines have to be looked at, because timers may have stood still.
pub trait Wake {
    /// Calls `wake` whenever the network is back, the page becomes visible, or is shown again out of the browser's memory
    /// (`online`, `visibilitychange`, `pageshow`), until the guard is dropped.
    fn on_wake(&self, wake: Rc<dyn Fn()>) -> Guard;

    /// Whether somebody can look at the page now; never on a host that is no page.
    fn is_visible(&self) -> bool;
}
