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
        let place = harmless(organization.unwrap_or_default());
        let scope = [on.as_str(), ":", &may].concat();
        let why: [&str; 5] = match organization {
            _ if Question::new(action, resource).is_none() => {
                ["is no question: ask like \"read\" on \"projects.tasks\", without wildcards", "", "", "", ""]
            }
            Some(organization) if !self.is_member_of(organization) => {
                ["is denied in \"", &place, "\": the agent is no member; once it is, sign in again", "", ""]
            }
            Some(_) => [
                "needs the scope \"",
                &scope,
                "\" or a wider one in \"",
                &place,
                "\"; once it is granted, sign in again",
            ],
            None if self.has_organizations() => [
                "needs the scope \"",
                &scope,
                "\" or a wider one in any organization",
                "; ",
                "once it is granted, sign in again",
            ],
            None => {
                ["needs the scope \"", &scope, "\" or a wider one for the token", "; ", "ask for it with the token"]
            }
        };
        Error::new(Code::InsufficientScope, ["\"", &may, "\" on \"", &on, "\" ", &why.concat()].concat())
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
                "\"write\" on \"users\" needs the scope \"users:write\" or a wider one in any organization",
            ),
            (
                access.require_in("org_a", "write", "users"),
                "\"users:write\" or a wider one in \"org_a\"; once it is granted, sign in again",
            ),
            (access.require_in("org_b", "read", "users"), "is denied in \"org_b\": the agent is no member"),
            (access.require_in("", "read", "users"), "the agent is no member"),
            (token.require("read", "users"), "\"users:read\" or a wider one for the token; ask for it with the token"),
            (access.require("*", "users"), "\"*\" on \"users\" is no question: ask like"),
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
