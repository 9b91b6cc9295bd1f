//! A question, and which scopes grant it: the one place where the meaning of wildcards stands.

use super::index::Hash;
use super::scope::{ANY, ANY_BELOW, is_resource, is_segment};

/// May this be done with that? Without wildcards, well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    action: &'a str,
    resource: &'a str,
}

/// The text of a scope in the parts that it is put together of, so that nobody has to.
pub(super) type Parts<'a> = [&'a str; 3];

impl<'a> Question<'a> {
    /// `None` for a wildcard, an empty or a malformed part: nothing grants that.
    #[must_use]
    pub fn new(action: &'a str, resource: &'a str) -> Option<Self> {
        (is_segment(action) && is_resource(resource)).then_some(Self { action, resource })
    }

    /// A question as the scope that answers it exactly: `projects.tasks:write`.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // A second colon ends up in the action, where no colon is allowed.
        let (resource, action) = text.split_once(':')?;
        Self::new(action, resource)
    }

    /// Asks for every scope that grants it, the widest first, until one is there: two for the resource and two for each of
    /// its segments at the most, so that the cost depends on nothing else.
    pub(super) fn granted_by<T>(&self, mut there: impl FnMut(u32, Parts<'_>) -> Option<T>) -> Option<T> {
        let &Self { action, resource } = self;
        let mut ask = |hash: Hash, on: &str, may: &str| there(hash.and(":").and(may).done(), [on, ":", may]);
        let any = Hash::SCOPE.and(ANY);
        let is_top_level = !resource.bytes().any(|byte| byte == b'.');
        let mut found = ask(any, ANY, ANY_BELOW);
        if is_top_level {
            found = found.or_else(|| ask(any, ANY, ANY)).or_else(|| ask(any, ANY, action));
        }
        // From the first segment to the whole resource, its hash going on where that of the name above it ended.
        let (mut hash, mut taken) = (Hash::SCOPE, 0);
        while found.is_none() {
            let rest = resource.get(taken..).unwrap_or_default();
            let more = rest.bytes().skip(1).position(|byte| byte == b'.').map_or(rest.len(), |at| at.saturating_add(1));
            hash = hash.and(rest.get(..more).unwrap_or_default());
            taken = taken.saturating_add(more);
            let name = resource.get(..taken).unwrap_or_default();
            found = ask(hash, name, ANY_BELOW);
            if taken >= resource.len() {
                break;
            }
        }
        found.or_else(|| ask(hash, resource, ANY)).or_else(|| ask(hash, resource, action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: &str, resource: &str) -> Vec<String> {
        let mut asked = Vec::new();
        let question = Question::new(action, resource).unwrap();
        let nothing: Option<()> = question.granted_by(|hash, parts| {
            let text = parts.concat();
            assert_eq!(hash, Hash::of(&text), "{text}");
            asked.push(text);
            None
        });
        assert!(nothing.is_none());
        asked
    }

    #[test]
    fn the_scopes_that_grant_it_are_asked_for_from_the_widest_to_the_exact_one() {
        assert_eq!(asked("read", "users"), ["*:**", "*:*", "*:read", "users:**", "users:*", "users:read"]);
        assert_eq!(asked("w", "a.bc.d"), ["*:**", "a:**", "a.bc:**", "a.bc.d:**", "a.bc.d:*", "a.bc.d:w"]);
    }

    #[test]
    fn what_is_there_ends_the_asking() {
        let question = Question::new("read", "a.b").unwrap();
        let mut count = 0;
        let found = question.granted_by(|_, parts| {
            count += 1;
            (parts.concat() == "a:**").then_some("a:**")
        });
        assert_eq!((found, count), (Some("a:**"), 2));
    }

    #[test]
    fn a_question_is_plain() {
        for (action, resource) in [
            ("*", "users"),
            ("**", "users"),
            ("read", "*"),
            ("", "users"),
            ("read", ""),
            ("read", "users."),
            ("read", ".users"),
            ("read", "a..b"),
            ("re ad", "users"),
            ("read", "users:read"),
            ("users:read", "users"),
            ("read", "us\u{e9}rs"),
        ] {
            assert_eq!(Question::new(action, resource), None, "{action} {resource}");
            assert_eq!(Question::parse(&format!("{resource}:{action}")), None, "{action} {resource}");
        }
        assert_eq!(Question::parse("a.b:read"), Question::new("read", "a.b"));
        assert_eq!(Question::parse("users"), None);
    }
}
