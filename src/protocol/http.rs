//! Requests and responses as values: what builds and judges them needs no network.

use std::fmt;

use super::form::append_pairs;
use super::purpose::Purpose;
use super::secret::Secret;

/// The largest body that is read, in bytes; honest answers of a provider are far below it.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// The longest wait that a provider can ask for, in seconds: one day.
const MAX_RETRY_AFTER: i64 = 86_400;

/// The methods that requests to a provider use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `OPTIONS`, as a browser asks whether a request may be sent (Fetch 3.3.3).
    #[cfg(feature = "tools")]
    Options,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            #[cfg(feature = "tools")]
            Self::Options => "OPTIONS",
        }
    }
}

/// A request to a provider. `Debug` shows header names, but neither their values nor the body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub url: String,
    /// Names and values, in order; the names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Secret>,
    /// Whether it goes on when the page that sent it is left.
    pub keepalive: bool,
    /// Whether the answer has to be the provider's of now, and not one that the host kept.
    pub skips_cache: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether an assertion, or the app's own client authentication, is still to prove who the client is.
    pub awaits_client_authentication: bool,
}

impl HttpRequest {
    const fn new(method: Method, url: String, body: Option<Secret>) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body,
            keepalive: false,
            skips_cache: false,
            purpose: Purpose::Other,
            awaits_client_authentication: false,
        }
    }

    /// A `GET` that asks for one media type.
    #[must_use]
    pub fn get(url: impl Into<String>, accept: &str) -> Self {
        Self::new(Method::Get, url.into(), None).with_header("accept", accept)
    }

    /// A `POST` of a form (RFC 6749 appendix B) that asks for JSON.
    #[must_use]
    pub fn post_form(url: impl Into<String>, form: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        append_pairs(&mut body, form);
        Self::new(Method::Post, url.into(), Some(Secret::new(body)))
            .with_header("content-type", "application/x-www-form-urlencoded")
            .with_header("accept", "application/json")
    }

    /// Asks as a browser would before a request with these headers.
    #[cfg(feature = "tools")]
    #[must_use]
    pub fn preflight(url: impl Into<String>, method: &str, headers: &str) -> Self {
        Self::new(Method::Options, url.into(), None)
            .with_header("access-control-request-method", method)
            .with_header("access-control-request-headers", headers)
    }

    /// Says what it is for.
    #[must_use]
    pub const fn for_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// Adds a header; its name in lower case.
    #[must_use]
    #[inline(never)]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (", self.method.as_str(), self.url.split('?').next().unwrap_or_default())?;
        for (name, _) in &self.headers {
            write!(f, "{name} ")?;
        }
        f.write_str("…)")
    }
}

/// The answer to an [`HttpRequest`]. `Debug` shows the status and the size only.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names, in lower case, and values, as far as the host lets them be seen.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`MAX_RESPONSE_BYTES`].
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first value of a header; the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The media type in lower case and without parameters; `None` when it is missing or said twice.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let mut values = self.headers.iter().filter(|(name, _)| name == "content-type");
        let (_, value) = values.next()?;
        if values.next().is_some() {
            return None;
        }
        let essence = value.split(';').next().unwrap_or_default().trim_ascii();
        (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
    }

    /// Whether the media type is `application/json` or ends in `+json` (RFC 6839 3.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type().is_some_and(|media_type| {
            media_type == "application/json" || (media_type.ends_with("+json") && !media_type.contains(','))
        })
    }

    /// `Retry-After` in seconds, at most one day. A date counts as absent: it would need a clock that can be trusted.
    #[must_use]
    pub fn retry_after(&self) -> Option<i64> {
        let value = self.header("retry-after")?.trim_ascii();
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| value.parse().unwrap_or(MAX_RETRY_AFTER).min(MAX_RETRY_AFTER))
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {} ({} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpResponse { status: 200, headers, body: b"canary".to_vec() }
    }

    #[test]
    fn a_form_is_encoded_as_rfc_6749_appendix_b_says() {
        let request = HttpRequest::post_form("https://idp/token", &[("test", " %&+£€"), ("empty", "")]);
        assert_eq!(request.body.unwrap().expose(), "test=+%25%26%2B%C2%A3%E2%82%AC&empty=");
        assert_eq!(
            request.headers,
            [
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("accept".to_owned(), "application/json".to_owned())
            ]
        );
    }

    #[test]
    fn debug_shows_no_body_no_query_and_no_header_value_x26() {
        let request = HttpRequest::post_form("https://idp/token?key=canary", &[("code", "canary")])
            .with_header("authorization", "Basic canary");
        let shown = format!("{request:?} {:?}", response(&[("x", "canary")]));
        assert_eq!(shown, "POST https://idp/token (content-type accept authorization …) HTTP 200 (6 bytes)");
    }

    #[test]
    fn the_media_type_is_compared_without_parameters_and_case() {
        assert!(response(&[("content-type", "Application/JSON ; charset=utf-8")]).is_json());
        assert!(response(&[("content-type", "application/jwk-set+json")]).is_json());
        assert!(!response(&[("content-type", "text/html")]).is_json());
        assert!(!response(&[("content-type", "")]).is_json());
        assert!(!response(&[]).is_json());
    }

    #[test]
    fn a_media_type_said_twice_is_none_m4_x33() {
        assert!(!response(&[("content-type", "application/json"), ("content-type", "text/html")]).is_json());
        assert!(!response(&[("content-type", "application/json, text/html")]).is_json());
        assert!(!response(&[("content-type", "text/html, application/jwk-set+json")]).is_json());
    }

    #[test]
    fn retry_after_is_capped_and_dates_count_as_absent_x30() {
        let seconds = |value| response(&[("retry-after", value)]).retry_after();
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("99999999999999999999999"), Some(86_400));
        assert_eq!(seconds("-1"), None);
        assert_eq!(seconds(""), None);
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(response(&[]).retry_after(), None);
    }
}
