//! The strict grammar of the URLs that a provider names (RFC 3986, RFC 8414 2, OpenID Connect Discovery 3).
//!
//! Nothing here is normalized: what is compared is compared byte for byte, so a text is accepted only where every
//! parser reads it the same way.

use std::ops::RangeInclusive;

use super::form::append_pairs;
use crate::error::{Code, Error, Result, harmless};

/// The longest URL that is accepted, in bytes.
pub const MAX_URL_BYTES: usize = 4096;

/// An `https` URL, or an `http` one on loopback (`localhost`, `127.0.0.1`, `[::1]`), without user information and
/// fragment. Keeps its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// Takes a text that matches the grammar.
    ///
    /// # Errors
    /// `InsecureEndpoint` for `http` elsewhere than on loopback and for every other scheme, `InvalidMetadata` for the
    /// rest.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_URL_BYTES {
            return Err(Error::new(Code::InvalidMetadata, "the URL is longer than 4096 bytes"));
        }
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some((code, fault)) => {
                let message = format!("the URL \"{}\" {fault}", harmless(text));
                Err(Error::new(code, message).mismatch("an https URL", text))
            }
        }
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as written.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.parts().0
    }

    /// The path, as written; may be empty.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts().1
    }

    /// What follows the first `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        cut(&self.0, b'?').1
    }

    /// The URL with parameters added to its query (RFC 6749 3.1: an existing query is kept).
    #[must_use]
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        if !parameters.is_empty() {
            match self.query() {
                None => url.push('?'),
                Some(query) if query.is_empty() || query.ends_with('&') => {}
                Some(_) => url.push('&'),
            }
            append_pairs(&mut url, parameters);
        }
        url
    }

    fn parts(&self) -> (&str, &str) {
        let before_query = cut(&self.0, b'?').0;
        // The third slash: the scheme brings two.
        let third = before_query.bytes().enumerate().filter(|(_, byte)| *byte == b'/').nth(2);
        let path_at = third.map_or(before_query.len(), |(at, _)| at);
        before_query.split_at_checked(path_at).unwrap_or((before_query, ""))
    }
}

/// An issuer identifier (RFC 8414 2): an [`HttpsUrl`] without query, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(HttpsUrl);

impl Issuer {
    /// Takes a text that matches the grammar.
    ///
    /// # Errors
    /// Those of [`HttpsUrl::parse`], and `InvalidMetadata` for a query.
    pub fn parse(text: &str) -> Result<Self> {
        let url = HttpsUrl::parse(text)?;
        if url.query().is_some() {
            let message = format!("the issuer \"{}\" must have no query", harmless(text));
            return Err(Error::new(Code::InvalidMetadata, message));
        }
        Ok(Self(url))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The issuer as a URL.
    #[must_use]
    pub const fn url(&self) -> &HttpsUrl {
        &self.0
    }
}

/// What is wrong with a text as an [`HttpsUrl`], without repeating any of it.
#[must_use]
pub fn url_fault(text: &str) -> Option<&'static str> {
    if text.len() > MAX_URL_BYTES {
        return Some("is longer than 4096 bytes");
    }
    fault(text).map(|(_, fault)| fault)
}

/// What is wrong with a text as an [`Issuer`], without repeating any of it.
#[must_use]
pub fn issuer_fault(text: &str) -> Option<&'static str> {
    url_fault(text).or_else(|| cut(text, b'?').1.map(|_| "must have no query, as an issuer"))
}

/// What is wrong with a URL, with the code that says so.
fn fault(text: &str) -> Option<(Code, &'static str)> {
    let (scheme, Some(rest)) = cut(text, b':') else {
        return Some((Code::InvalidMetadata, "must start with https://"));
    };
    let Some(rest) = rest.strip_prefix("//").filter(|_| matches!(scheme, "https" | "http")) else {
        return Some(if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
            (Code::InvalidMetadata, "must start with https:// in lower case")
        } else {
            (Code::InsecureEndpoint, "must start with https://")
        });
    };
    if let Some(fault) = character_fault(rest) {
        return Some((Code::InvalidMetadata, fault));
    }
    let (authority, path) = cut(cut(rest, b'?').0, b'/');
    // The colons within brackets are those of an IPv6 address.
    let port_at = authority.bytes().rposition(|byte| matches!(byte, b':' | b']'));
    let (host, port) = match port_at.and_then(|at| authority.split_at_checked(at)) {
        Some((host, port)) if port.starts_with(':') => (host, Some(port)),
        _ => (authority, None),
    };
    if !is_host(host) {
        return Some((Code::InvalidMetadata, "has no valid host"));
    }
    if port.and_then(|port| port.strip_prefix(':')).is_some_and(|port| !is_number(port, 1..=65_535)) {
        return Some((Code::InvalidMetadata, "has no valid port"));
    }
    if path.unwrap_or_default().split('/').any(is_dot_segment) {
        return Some((Code::InvalidMetadata, "must have no dot segments"));
    }
    if scheme == "http" && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        return Some((Code::InsecureEndpoint, "must start with https://; http is for loopback only"));
    }
    None
}

/// What follows `scheme://` may hold the characters of RFC 3986, but no fragment; `@` only after the authority.
fn character_fault(rest: &str) -> Option<&'static str> {
    let mut bytes = rest.bytes();
    let mut in_authority = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'/' | b'?' => in_authority = false,
            b'#' => return Some("must have no fragment"),
            b'@' if in_authority => return Some("must hold no user name or password"),
            b'[' | b']' if in_authority => {}
            b'%' if !in_authority => {
                let mut is_hex = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                if !(is_hex() && is_hex()) {
                    return Some("holds a % that encodes nothing");
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {
            }
            b':' | b'@' => {}
            _ => return Some("holds a character that a URL must encode"),
        }
    }
    None
}

/// A host name in ASCII, a dotted IPv4 address, or something in brackets with the characters of an IPv6 address.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|inner| inner.contains(':') && inner.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'));
    }
    if host.len() > 253 {
        return false;
    }
    let (mut labels, mut octets, mut last) = (0_usize, 0_usize, host);
    for label in host.split('.') {
        if !is_label(label) {
            return false;
        }
        labels = labels.saturating_add(1);
        octets = octets.saturating_add(usize::from(is_number(label, 0..=255)));
        last = label;
    }
    // Parsers read a host that ends in a number as an IPv4 address, in shapes like 127.1 or 0x7f000001 too.
    let digits = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let ends_in_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    !ends_in_number || (labels == 4 && octets == 4)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A number of decimal digits without a zero in front.
fn is_number(text: &str, range: RangeInclusive<i64>) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
        && text.parse().is_ok_and(|number| range.contains(&number))
}

/// What stands before the first mark, an ASCII character, and what stands behind it.
// The pattern searches of the standard library are generic: each use would hold one.
#[inline(never)]
pub(super) fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|byte| byte == mark);
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((before, rest)) => (before, rest.get(1..)),
        None => (text, None),
    }
}

/// `.` and `..`, also in the spellings with `%2e` that parsers resolve.
fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0_usize;
    while let Some(after) =
        rest.strip_prefix('.').or_else(|| rest.strip_prefix("%2e")).or_else(|| rest.strip_prefix("%2E"))
    {
        rest = after;
        dots = dots.saturating_add(1);
    }
    rest.is_empty() && (1..=2).contains(&dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        HttpsUrl::parse(text).err().map(|error| error.code())
    }

    #[test]
    fn https_and_http_on_loopback_are_accepted_and_keep_their_bytes() {
        for text in [
            "https://idp.example.com",
            "https://IDP.example.com/",
            "https://xn--bcher-kva.example/a/%C3%A9;v=1/@x?y=z&w",
            "https://idp.example.com:8443/realms/main",
            "https://192.0.2.1/",
            "https://[2001:db8::1]:444/token",
            "https://my_idp/",
            "http://localhost",
            "http://localhost:3000/oidc",
            "http://127.0.0.1:65535/",
            "http://[::1]:1/",
        ] {
            assert_eq!(HttpsUrl::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_schemes_and_http_elsewhere_are_insecure_b14_x15() {
        for text in [
            "http://idp.example.com/",
            "http://localhost.example.com/",
            "http://a.localhost/",
            "http://127.0.0.2/",
            "http://localhosT/",
            "javascript:alert(1)",
            "javascript://%0aalert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "blob:https://idp/x",
            "ftp://idp/",
            "ws://localhost/",
            " https://idp/",
            "java\tscript:x",
        ] {
            assert_eq!(code(text), Some(Code::InsecureEndpoint), "{text:?}");
        }
    }

    #[test]
    fn what_parsers_could_read_differently_is_refused_m3_x17() {
        for text in [
            "",
            "//e",
            "/\\e",
            "idp.example.com",
            "https:///e",
            "https:\\\\e",
            "https:/e",
            "HTTPS://idp/",
            "https://",
            "https://?x",
            "https://app@e/",
            "https://user:pass@e/",
            "https://app%2ee/",
            "https://e\\f/",
            "https://e/\\f",
            "https://e/a b",
            "https://e/\t",
            "https://e/\n",
            "https://e/#f",
            "https://e/?a#",
            "https://e/%",
            "https://e/%2",
            "https://e/%zz",
            "https://é.example/",
            "https://e/é",
            "https://e\u{3002}f/",
            "https://e:/",
            "https://e:0/",
            "https://e:080/",
            "https://e:65536/",
            "https://e:+1/",
            "https://e:1:2/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://1.2.3.256/",
            "https://01.2.3.4/",
            "https://xn--app-.example/",
            "https://-a.example/",
            "https://a..b/",
            "https://a./",
            "https://[::1/",
            "https://[]/",
            "https://::1/",
            "https://[::1]x/",
            "https://e/[x]",
            "https://e/{tenantid}",
            "https://e/a/../b",
            "https://e/./b",
            "https://e/a/%2e%2E",
            "https://e/<script>",
            "https://e/\u{0}",
        ] {
            assert_eq!(code(text), Some(Code::InvalidMetadata), "{text:?}");
        }
    }

    #[test]
    fn a_url_beyond_the_size_limit_is_refused() {
        let url = |length: usize| format!("https://e/{}", "a".repeat(length - 10));
        assert_eq!(code(&url(MAX_URL_BYTES)), None);
        assert_eq!(code(&url(MAX_URL_BYTES + 1)), Some(Code::InvalidMetadata));
    }

    #[test]
    fn origin_path_and_query_are_cut_as_written() {
        let parts = |text: &str| {
            let url = HttpsUrl::parse(text).unwrap();
            (url.origin().to_owned(), url.path().to_owned(), url.query().map(ToOwned::to_owned))
        };
        let text = |text: &str| text.to_owned();
        assert_eq!(parts("https://e"), (text("https://e"), text(""), None));
        assert_eq!(parts("https://e:443/a//b?c=/d?e"), (text("https://e:443"), text("/a//b"), Some(text("c=/d?e"))));
        assert_eq!(parts("http://[::1]:80?"), (text("http://[::1]:80"), text(""), Some(text(""))));
    }

    #[test]
    fn an_existing_query_is_kept_rfc_6749_3_1() {
        let with = |text: &str| HttpsUrl::parse(text).unwrap().with_query(&[("a b", "&="), ("c", "")]);
        assert_eq!(with("https://e/auth"), "https://e/auth?a+b=%26%3D&c=");
        assert_eq!(with("https://e/auth?"), "https://e/auth?a+b=%26%3D&c=");
        assert_eq!(with("https://e/auth?p=x%20y"), "https://e/auth?p=x%20y&a+b=%26%3D&c=");
        assert_eq!(with("https://e/auth?p&"), "https://e/auth?p&a+b=%26%3D&c=");
        assert_eq!(HttpsUrl::parse("https://e/").unwrap().with_query(&[]), "https://e/");
    }

    #[test]
    fn an_issuer_has_no_query_and_differs_by_a_single_byte_m1() {
        assert_eq!(Issuer::parse("https://e/?").unwrap_err().code(), Code::InvalidMetadata);
        assert_eq!(Issuer::parse("http://e").unwrap_err().code(), Code::InsecureEndpoint);
        assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://e/").unwrap());
        assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://E").unwrap());
        assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://e:443").unwrap());
    }
}
