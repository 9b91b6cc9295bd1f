//! The parameters of an authorization response: finding them in a callback, and taking them out of the address bar.

use super::form::pairs;
use super::url::cut;
use crate::error::{Code, Error, Result};

/// The longest callback that is read, in bytes.
pub const MAX_CALLBACK_BYTES: usize = 64 * 1024;

/// Where the provider puts the response (OAuth 2.0 Multiple Response Type Encoding Practices 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseMode {
    /// `query`
    #[default]
    Query,
    /// `fragment`
    Fragment,
    /// `form_post`: the body stands where a query would stand.
    FormPost,
}

impl ResponseMode {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Query, Self::Fragment, Self::FormPost].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// The parameters of a response in the place where the response mode puts them.
const RESPONSE: &[&str] = &[
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "session_state",
    "response",
    "access_token",
    "id_token",
];

/// Parameters that an app can have in a query of its own, so that only those in the fragment belong to the response.
const RESPONSE_IN_FRAGMENT: &[&str] = &["token_type", "expires_in", "scope"];

/// Those of them that make a response ambiguous when they stand in the other place.
pub(super) const MISPLACED: &[&str] = &["code", "state", "iss", "error", "response", "access_token", "id_token"];

fn check_size(url: &str) -> Result<()> {
    if url.len() > MAX_CALLBACK_BYTES {
        return Err(Error::new(Code::InvalidCallback, "the callback is longer than 64 kB"));
    }
    Ok(())
}

/// The place of a URL where the mode puts the response, and the other one.
pub(super) fn places(url: &str, mode: ResponseMode) -> Result<(&str, &str)> {
    check_size(url)?;
    let (rest, fragment) = cut(url, b'#');
    let (query, fragment) = (cut(rest, b'?').1.unwrap_or_default(), fragment.unwrap_or_default());
    Ok(match mode {
        ResponseMode::Query | ResponseMode::FormPost => (query, fragment),
        ResponseMode::Fragment => (fragment, query),
    })
}

/// Parameters without a URL stand for themselves, whatever the mode.
pub(super) fn alone(parameters: &str) -> Result<(&str, &str)> {
    check_size(parameters)?;
    let (here, fragment) = cut(parameters, b'#');
    Ok((here, fragment.unwrap_or_default()))
}

/// The parameters of one place that a response can have. A name with an index (`code[]`, `code[0]`), which some servers
/// read as a list, counts as its base name, and as more than one value.
pub(super) struct Parameters(Vec<(&'static str, String, bool)>);

impl Parameters {
    pub(super) fn read(text: &str) -> Self {
        let mut found = Vec::new();
        for (name, value) in pairs(text.as_bytes()) {
            if let Some(known) = RESPONSE.iter().find(|known| **known == base(&name)) {
                found.push((*known, value, name.len() != known.len()));
            }
        }
        Self(found)
    }

    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, ..)| *known == name).map(|(_, value, _)| value.as_str())
    }

    #[inline(never)]
    pub(super) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    #[inline(never)]
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    pub(super) fn repeated(&self) -> Option<&'static str> {
        let mut seen = Vec::new();
        for (name, _, is_indexed) in &self.0 {
            if *is_indexed || seen.contains(name) {
                return Some(name);
            }
            seen.push(*name);
        }
        None
    }
}

fn base(name: &str) -> &str {
    cut(name, b'[').0
}

/// The URL without the response's parameters; all others keep their bytes and their order.
#[must_use]
pub fn without_response_parameters(url: &str, mode: ResponseMode) -> String {
    let (rest, fragment) = cut(url, b'#');
    let (path, query) = cut(rest, b'?');
    let in_fragment = mode == ResponseMode::Fragment;
    let query = query.and_then(|query| keep(query, &|name| is_response(name, !in_fragment, false)));
    let fragment = fragment.and_then(|fragment| keep(fragment, &|name| is_response(name, in_fragment, in_fragment)));
    joined(path, query.as_deref(), fragment.as_deref())
}

/// A URL of its parts again.
pub(super) fn joined(path: &str, query: Option<&str>, fragment: Option<&str>) -> String {
    let mut url = path.to_owned();
    for (mark, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            url.push(mark);
            url.push_str(part);
        }
    }
    url
}

fn is_response(name: &str, is_place: bool, is_fragment: bool) -> bool {
    let name = base(name);
    match (is_place, is_fragment) {
        (true, true) => RESPONSE.contains(&name) || RESPONSE_IN_FRAGMENT.contains(&name),
        (true, false) => RESPONSE.contains(&name),
        (false, _) => MISPLACED.contains(&name),
    }
}

/// What stays of a query or fragment; `None` when nothing does although there was something to take.
pub(super) fn keep(text: &str, is_taken: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut kept = String::new();
    let mut took = false;
    let mut first = true;
    for piece in text.split('&') {
        if pairs(piece.as_bytes()).iter().any(|(name, _)| is_taken(name)) {
            took = true;
            continue;
        }
        if !first {
            kept.push('&');
        }
        first = false;
        kept.push_str(piece);
    }
    (!took || !kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_the_names_of_the_wire() {
        for mode in [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost] {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(ResponseMode::parse("query.jwt"), None);
        assert_eq!(ResponseMode::default(), ResponseMode::Query);
    }

    #[test]
    fn only_the_parameters_of_the_response_leave_a_query_b7_b10() {
        for (before, after) in [
            ("https://a/cb?code=x&state=y", "https://a/cb"),
            ("https://a/cb?code=x&state=y#/route?code=1", "https://a/cb#/route?code=1"),
            ("https://a/cb?a=%20+b&code=x&&a=2&iss=https://i/?x&c", "https://a/cb?a=%20+b&&a=2&c"),
            ("https://a/cb?error=e&error_description=d&error_uri=u&session_state=s&lang=de", "https://a/cb?lang=de"),
            (
                "https://a/cb?scope=mine&expires_in=1&token_type=x&code=x",
                "https://a/cb?scope=mine&expires_in=1&token_type=x",
            ),
            ("https://a/cb?c%6Fde=x&st%61te=y&codes=1", "https://a/cb?codes=1"),
            ("https://a/cb?code[]=x&state[0]=y&k[]=1", "https://a/cb?k[]=1"),
            ("https://a/cb?k=1&code=x#access_token=t&k=2", "https://a/cb?k=1#k=2"),
            ("https://a/cb?code=x#code=y", "https://a/cb"),
            ("https://a/cb?", "https://a/cb?"),
            ("https://a/cb?#", "https://a/cb?#"),
            ("https://a/cb", "https://a/cb"),
            ("", ""),
        ] {
            assert_eq!(without_response_parameters(before, ResponseMode::Query), after);
        }
    }

    #[test]
    fn only_the_parameters_of_the_response_leave_a_fragment_b7_b10() {
        for (before, after) in [
            ("https://a/cb#code=x&state=y&scope=openid&token_type=b&expires_in=1", "https://a/cb"),
            ("https://a/cb?session_state=mine&k=1#k=2&code=x", "https://a/cb?session_state=mine&k=1#k=2"),
            ("https://a/cb?code=x#code=y", "https://a/cb"),
        ] {
            assert_eq!(without_response_parameters(before, ResponseMode::Fragment), after);
        }
    }
}
