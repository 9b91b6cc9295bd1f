//! References within a text: `${NAME}`, and those of an app's own scheme such as `sops://secrets.yaml#github.secret`.
//!
//! `$${` is `${` itself; a `$` elsewhere is a dollar sign. What a reference stands for is taken as it is, and never read
//! for references again.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// As it is written.
    Literal(&'a str),
    /// The name of a variable.
    Variable(&'a str),
}

/// The pieces of a text; `None` where `${` begins no reference.
pub(super) fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (rest.get(..at)?, rest.get(at.saturating_add(2)..)?);
        if let Some(escaped) = before.strip_suffix('$') {
            parts.push(Part::Literal(escaped));
            parts.push(Part::Literal("${"));
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').filter(|(name, _)| is_name(name))?;
        parts.push(Part::Literal(before));
        parts.push(Part::Variable(name));
        rest = after;
    }
    parts.push(Part::Literal(rest));
    Some(parts)
}

/// Whether the text names a variable.
pub(super) fn names_variables(text: &str) -> bool {
    parts(text).is_some_and(|parts| parts.iter().any(|part| matches!(part, Part::Variable(_))))
}

/// A text that names no variable, as it is meant.
pub(super) fn unescaped(text: &str) -> String {
    let literal = |part| match part {
        Part::Literal(text) => text,
        Part::Variable(_) => "",
    };
    parts(text).unwrap_or_default().into_iter().map(literal).collect()
}

/// The scheme of a reference that the app resolves (RFC 3986 3.1, followed by `://`); that of a web address is none.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    (is_scheme && !is_web).then_some(scheme)
}

fn is_name(name: &str) -> bool {
    name.bytes()
        .enumerate()
        .all(|(at, byte)| byte.is_ascii_alphabetic() || byte == b'_' || (at > 0 && byte.is_ascii_digit()))
        && !name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_anywhere_in_a_text_and_an_escape_is_none() {
        let read = |text| {
            parts(text).map(|parts| parts.into_iter().filter(|part| *part != Part::Literal("")).collect::<Vec<_>>())
        };
        assert_eq!(read("${A}"), Some(vec![Part::Variable("A")]));
        assert_eq!(read("a${A_1}b"), Some(vec![Part::Literal("a"), Part::Variable("A_1"), Part::Literal("b")]));
        assert_eq!(read("$5 {A} $A $"), Some(vec![Part::Literal("$5 {A} $A $")]));
        assert_eq!(unescaped("a$${A}$$${B}"), "a${A}$${B}");
        for broken in ["${", "${}", "${1}", "${A", "${A-B}", "${A:-b}", "${ A }"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_scheme_of_the_apps_own_is_one_and_that_of_a_web_address_is_not() {
        assert_eq!(scheme("sops://secrets.yaml#github.secret"), Some("sops"));
        assert_eq!(scheme("vault+kv://a"), Some("vault+kv"));
        for none in ["https://a", "HTTP://a", "urn:a:b", "plain", "1a://b", "${A}://b", "a b://c", "://"] {
            assert_eq!(scheme(none), None, "{none}");
        }
    }
}
