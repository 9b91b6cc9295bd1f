//! A list of scopes, compiled: the cost of a question depends on the depth of its resource, not on the list's length.

use super::scope::{ANY, ANY_BELOW, is_resource, is_segment, parse_scope};

/// The scopes of one organization, or of a token, ready to answer questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    raw: Vec<String>,
    malformed: Vec<String>,
    /// Sorted by name, each name once.
    named: Vec<(String, Granted)>,
    /// What the resource `*` grants: on any resource of one segment, and with [`Granted::below`] on everything.
    anywhere: Granted,
}

/// What the list says about one name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Granted {
    /// The name stands alone in the list, as `owner` and `openid` do.
    word: bool,
    /// Sorted, each action once.
    actions: Vec<String>,
    any_action: bool,
    /// Any action, on every resource below too.
    below: bool,
}

/// Stands where a word has no action; no action is empty, so nothing else has it.
const NO_ACTION: &str = "";

impl Granted {
    /// Takes the actions of one name in their order.
    fn add(&mut self, action: &str) {
        match action {
            NO_ACTION => self.word = true,
            ANY => self.any_action = true,
            ANY_BELOW => self.below = true,
            _ if self.actions.last().is_some_and(|last| last == action) => {}
            _ => self.actions.push(action.to_owned()),
        }
    }

    fn allows(&self, action: &str) -> bool {
        self.any_action || self.below || self.actions.binary_search_by(|known| known.as_str().cmp(action)).is_ok()
    }
}

impl Grants {
    /// Compiles a list. What is malformed grants nothing, stays in [`Grants::raw`] and is told by [`Grants::malformed`].
    #[must_use]
    pub fn compile(scopes: &[String]) -> Self {
        let mut grants = Self { raw: scopes.to_vec(), ..Self::default() };
        let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(scopes.len());
        for scope in scopes {
            match parse_scope(scope) {
                Some(parsed) => pairs.push((parsed.resource, parsed.action)),
                // A dotted word (`Mail.Read`) is somebody's scope as well, only not one that names an action.
                None if is_resource(scope) => pairs.push((scope, NO_ACTION)),
                None => grants.malformed.push(scope.clone()),
            }
        }
        // Sorted once, so that a list of any length costs n log n and never n².
        pairs.sort_unstable();
        for (name, action) in pairs {
            if name == ANY {
                grants.anywhere.add(action);
                continue;
            }
            match grants.named.last_mut() {
                Some((last, granted)) if last == name => granted.add(action),
                _ => {
                    let mut granted = Granted::default();
                    granted.add(action);
                    grants.named.push((name.to_owned(), granted));
                }
            }
        }
        grants
    }

    /// Whether the action is granted on the resource. A question is plain: a wildcard, an empty or a malformed part in
    /// it makes the answer `false`.
    #[must_use]
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        if !is_segment(action) || !is_resource(resource) {
            return false;
        }
        let top_level = !resource.contains('.');
        if self.anywhere.below || (top_level && self.anywhere.allows(action)) {
            return true;
        }
        if self.about(resource).is_some_and(|granted| granted.allows(action)) {
            return true;
        }
        let mut name = resource;
        while let Some((parent, _)) = name.rsplit_once('.') {
            if self.about(parent).is_some_and(|granted| granted.below) {
                return true;
            }
            name = parent;
        }
        false
    }

    /// Whether the role stands in the list, literally: no wildcard implies a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.about(role).is_some_and(|granted| granted.word)
    }

    /// The list as it came.
    #[must_use]
    pub fn raw(&self) -> &[String] {
        &self.raw
    }

    /// Those of the list that are neither a scope nor a word.
    #[must_use]
    pub fn malformed(&self) -> &[String] {
        &self.malformed
    }

    fn about(&self, name: &str) -> Option<&Granted> {
        let at = self.named.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.named.get(at).map(|(_, granted)| granted)
    }
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
        assert_eq!(twice.named, once.named);
    }
}
