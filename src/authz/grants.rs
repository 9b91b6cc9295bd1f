//! A list of scopes, compiled: the cost of a question depends on the depth of its resource, not on the list's length.

use std::cmp::Ordering;

use super::order::sorted;
use super::scope::{ANY, ANY_BELOW, is_resource, is_segment, parse_scope};

/// The scopes of one organization, or of a token, ready to answer questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    raw: Vec<String>,
    /// The places in `raw` of what is well-formed, sorted by the text there.
    order: Vec<usize>,
}

impl Grants {
    /// Compiles a list. What is malformed grants nothing, stays in [`Grants::raw`] and is told by [`Grants::malformed`].
    #[must_use]
    pub fn compile(scopes: &[String]) -> Self {
        // Sorted once, so that a list of any length costs n log n and never n².
        let mut order = sorted(scopes);
        order.retain(|&place| scopes.get(place).is_some_and(|scope| is_well_formed(scope)));
        Self { raw: scopes.to_vec(), order }
    }

    /// Whether the action is granted on the resource. A question is plain: a wildcard, an empty or a malformed part in
    /// it makes the answer `false`.
    #[must_use]
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        if !is_segment(action) || !is_resource(resource) {
            return false;
        }
        let top_level = !resource.bytes().any(|byte| byte == b'.');
        if self.lists(ANY, ANY_BELOW) || (top_level && self.lists_action(ANY, action)) {
            return true;
        }
        if self.lists_action(resource, action) || self.lists(resource, ANY_BELOW) {
            return true;
        }
        let mut name = resource;
        while let Some(dot) = name.bytes().rposition(|byte| byte == b'.') {
            name = name.get(..dot).unwrap_or_default();
            if self.lists(name, ANY_BELOW) {
                return true;
            }
        }
        false
    }

    /// Whether the role stands in the list, literally: no wildcard implies a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        is_resource(role) && self.finds([role, "", ""])
    }

    /// The list as it came.
    #[must_use]
    pub fn raw(&self) -> &[String] {
        &self.raw
    }

    /// Those of the list that are neither a scope nor a word.
    #[must_use]
    pub fn malformed(&self) -> Vec<&str> {
        self.raw.iter().map(String::as_str).filter(|scope| !is_well_formed(scope)).collect()
    }

    fn lists_action(&self, resource: &str, action: &str) -> bool {
        self.lists(resource, action) || self.lists(resource, ANY)
    }

    fn lists(&self, resource: &str, action: &str) -> bool {
        self.finds([resource, ":", action])
    }

    /// Whether the list holds the text that these parts make.
    fn finds(&self, parts: [&str; 3]) -> bool {
        let text = |place: &usize| self.raw.get(*place).map_or("", String::as_str);
        self.order.binary_search_by(|place| compare(text(place), parts)).is_ok()
    }
}

/// A scope, or a word. A dotted word (`Mail.Read`) is somebody's scope as well, only not one that names an action.
fn is_well_formed(scope: &str) -> bool {
    parse_scope(scope).is_some() || is_resource(scope)
}

/// Compares a text with the one that parts make, without making it.
fn compare(text: &str, parts: [&str; 3]) -> Ordering {
    let mut rest = text.as_bytes();
    for part in parts {
        let (head, tail) = rest.split_at_checked(part.len()).unwrap_or((rest, &[]));
        let order = head.cmp(part.as_bytes());
        if order.is_ne() {
            return order;
        }
        rest = tail;
    }
    if rest.is_empty() { Ordering::Equal } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(scopes: &[&str]) -> Grants {
        Grants::compile(&scopes.iter().map(|&scope| scope.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn one_star_is_any_action_here_and_two_are_any_action_here_and_below() {
        let here = grants(&["projects:*"]);
        assert!(here.allows("read", "projects"));
        assert!(!here.allows("read", "projects.tasks"));
        let below = grants(&["projects:**"]);
        assert!(below.allows("read", "projects"));
        assert!(below.allows("write", "projects.tasks.comments"));
        assert!(!below.allows("read", "projects2"));
    }

    #[test]
    fn a_star_for_a_resource_reaches_one_segment_unless_everything_is_granted() {
        let readers = grants(&["*:read"]);
        assert!(readers.allows("read", "anything"));
        assert!(!readers.allows("write", "anything"));
        assert!(!readers.allows("read", "any.thing"));
        let any_action = grants(&["*:*"]);
        assert!(any_action.allows("write", "anything"));
        assert!(!any_action.allows("write", "any.thing"));
        assert!(grants(&["*:**"]).allows("write", "any.thing.at.all"));
    }

    #[test]
    fn a_grant_on_a_sub_resource_says_nothing_about_its_parent() {
        assert!(!grants(&["projects.tasks:**"]).allows("read", "projects"));
    }

    #[test]
    fn a_question_with_a_wildcard_or_a_malformed_part_is_denied_even_to_who_may_do_everything() {
        let all = grants(&["*:**", "users:*", "users:read"]);
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
            ("read", "us\u{e9}rs"),
        ] {
            assert!(!all.allows(action, resource), "{action} {resource}");
        }
    }

    #[test]
    fn roles_are_literal_words_that_grant_no_resource() {
        let all = grants(&["*:**", "owner:read", "owners"]);
        assert!(!all.has_role("owner"));
        let owner = grants(&["owner"]);
        assert!(owner.has_role("owner") && !owner.has_role("admin"));
        assert!(!owner.allows("read", "owner"));
        assert!(!grants(&["users:read"]).has_role("users:read"));
    }

    #[test]
    fn malformed_scopes_stay_raw_grant_nothing_and_are_told() {
        let list = grants(&["users:read", "a*:read", "a:b:c", "openid", "Mail.Read", "", "*"]);
        assert_eq!(list.raw().len(), 7);
        assert_eq!(list.malformed(), ["a*:read", "a:b:c", "", "*"]);
        assert!(!list.allows("read", "ab"));
    }

    #[test]
    fn a_scope_that_is_listed_twice_grants_as_if_listed_once() {
        let twice = grants(&["a:write", "a:read", "a:read", "a:**", "a:**"]);
        let once = grants(&["a:**", "a:read", "a:write"]);
        for (action, resource) in [("read", "a"), ("write", "a"), ("delete", "a.b"), ("read", "b")] {
            assert_eq!(twice.allows(action, resource), once.allows(action, resource), "{action} {resource}");
        }
    }
}
