//! The host's own URL parser, so that what is compared is what is navigated to.

/// A URL as the host's parser sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedUrl {
    /// The whole URL, serialized: the only form that may be used from here on.
    pub href: String,
    /// Scheme, host and port; `null` for schemes that have none.
    pub origin: String,
    /// The path.
    pub path: String,
    /// The query with its `?`, or nothing.
    pub query: String,
}

/// Resolves URLs as the WHATWG URL standard says.
pub trait Urls {
    /// Resolves `input` against `base`; `None` for what is no URL.
    fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl>;
}
