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

/// Hands out the pieces of a text, in order; whether every `${` begins a reference or is escaped.
pub(super) fn each<'t>(text: &'t str, take: &mut dyn FnMut(Part<'t>)) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            take(Part::Literal(escaped));
            take(Part::Literal("${"));
            rest = after;
            continue;
        }
        let Some((name, after)) = after.split_once('}').filter(|(name, _)| is_name(name)) else { return false };
        take(Part::Literal(before));
        take(Part::Variable(name));
        rest = after;
    }
    take(Part::Literal(rest));
    true
}

/// Whether every `${` of a text begins a reference or is escaped.
pub(super) fn is_well_formed(text: &str) -> bool {
    each(text, &mut |_| {})
}

/// A text as it is meant; `None` where it names a variable.
pub(super) fn without_variables(text: &str) -> Option<String> {
    let (mut meant, mut has_variable) = (String::new(), false);
    each(text, &mut |part| match part {
        Part::Literal(literal) => meant.push_str(literal),
        Part::Variable(_) => has_variable = true,
    });
    (!has_variable).then_some(meant)
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

    fn read(text: &str) -> Option<Vec<Part<'_>>> {
        let mut parts = Vec::new();
        let is_read = each(text, &mut |part| {
            if part != Part::Literal("") {
                parts.push(part);
            }
        });
        is_read.then_some(parts)
    }

    #[test]
    fn a_reference_is_found_anywhere_in_a_text_and_an_escape_is_none() {
        assert_eq!(read("${A}"), Some(vec![Part::Variable("A")]));
        assert_eq!(read("a${A_1}b"), Some(vec![Part::Literal("a"), Part::Variable("A_1"), Part::Literal("b")]));
        assert_eq!(read("$5 {A} $A $"), Some(vec![Part::Literal("$5 {A} $A $")]));
        assert_eq!(without_variables("a$${A}$$${B}").as_deref(), Some("a${A}$${B}"));
        assert_eq!(without_variables("a${A}"), None);
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
