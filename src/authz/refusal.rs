//! What an agent may not do, as an error that says what was needed, where, and what to do (RFC 6750 3.1
//! `insufficient_scope` has its name).

use super::access::{Access, Grant};
use super::question::Question;
use crate::error::{Code, Error, Result, harmless};

impl Access {
    /// What grants it, as [`Access::reason`].
    ///
    /// # Errors
    /// `InsufficientScope` where nothing does.
    pub fn require(&self, action: &str, resource: &str) -> Result<Grant<'_>> {
        self.reason(action, resource).ok_or_else(|| self.refusal(None, action, resource))
    }

    /// What grants it in this organization, as [`Access::reason_in`].
    ///
    /// # Errors
    /// `InsufficientScope` where nothing does.
    pub fn require_in(&self, organization: &str, action: &str, resource: &str) -> Result<Grant<'_>> {
        let reason = self.reason_in(organization, action, resource);
        reason.ok_or_else(|| self.refusal(Some(organization), action, resource))
    }

    /// The error of what nothing grants.
    #[must_use]
    pub fn refusal(&self, organization: Option<&str>, action: &str, resource: &str) -> Error {
        let (may, on) = (harmless(action), harmless(resource));
        let why = match organization {
            _ if Question::new(action, resource).is_none() => {
                "is no question: expected an action like \"read\" and a resource like \"projects.tasks\", without wildcards"
                    .to_owned()
            }
            Some(organization) if !self.is_member_of(organization) => format!(
                "is denied in the organization \"{}\", since the agent is no member of it; once it is, sign in again",
                harmless(organization)
            ),
            Some(organization) => format!(
                "needs the scope \"{on}:{may}\" or a wider one in the organization \"{}\", and the agent has none such there; \
                 have it granted there, then sign in again",
                harmless(organization)
            ),
            None if self.has_organizations() => format!(
                "needs the scope \"{on}:{may}\" or a wider one, and the agent has none such in any organization; have it \
                 granted in one, then sign in again"
            ),
            None => format!(
                "needs the scope \"{on}:{may}\" or a wider one, and the token has none such; ask for it with the token"
            ),
        };
        Error::new(Code::InsufficientScope, format!("\"{may}\" on \"{on}\" {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::organizations::Organization;

    fn member_of_org_a() -> Access {
        let scopes = vec!["users:read".to_owned()];
        Access::new(
            Some(vec![Organization { id: "org_a".to_owned(), scopes, ..Organization::default() }]),
            Vec::new(),
            Vec::new(),
        )
    }

    #[test]
    fn what_is_granted_is_no_error() {
        let access = member_of_org_a();
        assert_eq!(access.require("read", "users").unwrap().scope, "users:read");
        assert_eq!(access.require_in("org_a", "read", "users").unwrap().scope, "users:read");
    }

    #[test]
    fn a_refusal_says_what_was_needed_where_and_what_to_do() {
        let access = member_of_org_a();
        let token = Access::new(None, Vec::new(), Vec::new());
        for (refused, expected) in [
            (
                access.require("write", "users"),
                "needs the scope \"users:write\" or a wider one, and the agent has none such in any",
            ),
            (
                access.require_in("org_a", "write", "users"),
                "\"users:write\" or a wider one in the organization \"org_a\"",
            ),
            (
                access.require_in("org_b", "read", "users"),
                "in the organization \"org_b\", since the agent is no member of it",
            ),
            (access.require_in("", "read", "users"), "the agent is no member of it"),
            (token.require("read", "users"), "the token has none such; ask for it with the token"),
            (access.require("*", "users"), "\"*\" on \"users\" is no question: expected an action like"),
            (access.require_in("org_a", "read", ""), "is no question"),
        ] {
            let error = refused.unwrap_err();
            assert_eq!(error.code(), Code::InsufficientScope);
            let message = &error.failure().message;
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn what_is_asked_is_made_harmless_in_the_message() {
        let error = member_of_org_a().refusal(Some("o\n"), &"x".repeat(10_000), "a\u{0}");
        let message = &error.failure().message;
        assert!(message.len() < 2000 && !message.contains(['\n', '\u{0}']), "{message}");
    }
}
