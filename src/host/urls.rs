//! `URL`.

use web_sys::Url;

use super::JsHost;
use crate::ports::{ResolvedUrl, Urls};

impl Urls for JsHost {
    fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
        let url = match base {
            Some(base) => Url::new_with_base(input, base),
            None => Url::new(input),
        };
        let url = url.ok()?;
        Some(ResolvedUrl { href: url.href(), origin: url.origin(), path: url.pathname(), query: url.search() })
    }
}
