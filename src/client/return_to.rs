//! Where to go after a sign-in: the app's own origin only (RFC 9700 4.11.1).

use crate::error::{Code, Error, Result};
use crate::ports::Urls;

/// The serialized URL, if it stays on the origin of `base`.
///
/// # Errors
/// `redirect_target_rejected`.
pub fn same_origin(urls: &impl Urls, target: &str, base: &str) -> Result<String> {
    let rejected = || {
        Error::new(Code::RedirectTargetRejected, "`returnTo` has to stay on the app's own origin, as a path or a URL")
    };
    let base = urls.resolve(base, None).ok_or_else(rejected)?;
    let resolved = urls.resolve(target, Some(&base.href)).ok_or_else(rejected)?;
    // `blob:` URLs have the page's origin, and a path that begins with `//` leaves it once it is used alone.
    let is_http = resolved.href.starts_with("https://") || resolved.href.starts_with("http://");
    if !is_http || resolved.origin != base.origin || resolved.path.starts_with("//") {
        return Err(rejected());
    }
    Ok(resolved.href)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ResolvedUrl;

    struct RustUrls;

    impl Urls for RustUrls {
        fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
            let parser = url::Url::options();
            let base = base.map(url::Url::parse).transpose().ok()?;
            let url = parser.base_url(base.as_ref()).parse(input).ok()?;
            Some(ResolvedUrl {
                href: url.to_string(),
                origin: url.origin().ascii_serialization(),
                path: url.path().to_owned(),
                query: url.query().map(|query| format!("?{query}")).unwrap_or_default(),
            })
        }
    }

    /// The vectors of `tests/fixtures/return-to.json`, which the parser of JavaScript is held against too.
    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/fixtures/return-to.json")).unwrap()
    }

    #[test]
    fn paths_and_urls_of_the_own_origin_are_kept_as_their_parser_writes_them_x17() {
        for (target, expected) in vectors()["kept"].as_object().unwrap() {
            let kept = same_origin(&RustUrls, target, "https://app.example/x/y").unwrap();
            assert_eq!(kept, expected.as_str().unwrap(), "{target}");
        }
    }

    #[test]
    fn whatever_leaves_the_origin_is_rejected_b1_x16_x17() {
        for target in vectors()["rejected"].as_array().unwrap() {
            let result = same_origin(&RustUrls, target.as_str().unwrap(), "https://app.example/");
            assert_eq!(result.map_err(|error| error.code()), Err(Code::RedirectTargetRejected), "{target:?}");
        }
    }
}
