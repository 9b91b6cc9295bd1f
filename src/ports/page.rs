//! The page, where there is one.

/// The page that the client runs in.
pub trait Page {
    /// The URL in the address bar; `None` on a host that is no page.
    fn location(&self) -> Option<String>;

    /// Puts another URL of the same origin into the address bar, without loading it.
    fn replace_location(&self, url: &str);

    /// Leaves for another URL, or opens it in the way that the app gave; `false` where neither is there.
    fn navigate(&self, url: &str) -> bool;
}
