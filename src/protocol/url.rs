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
mod tests;
