//! The questions an app asks about an agent, over all of its organizations or one.

use std::cell::OnceCell;

use super::compiled::{Compiled, Sources};
use super::organizations::Organization;
use super::question::Question;
use super::scope::{is_resource, is_scope_or_word};

/// Compiled answers for one agent: what an answer costs depends on the depth of the resource, not on how many scopes or
/// organizations there are.
///
/// Scopes of the token itself count only where there is no organizations claim at all, as with machines: the `scope` of
/// OAuth is what the *client* asked for, not what the user may do. A question that is malformed or has a wildcard in it
/// is answered with no.
#[derive(Debug, Clone)]
pub struct Access {
    sources: Sources,
    /// Compiled at the first question: most of those that hold an agent never ask one.
    compiled: OnceCell<Compiled>,
}

/// Why something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The organization whose scope it is; `None` for a scope of the token.
    pub organization: Option<&'a Organization>,
    /// The scope, as it came.
    pub scope: &'a str,
}

impl PartialEq for Access {
    fn eq(&self, other: &Self) -> bool {
        self.sources == other.sources
    }
}

impl Eq for Access {}

impl Access {
    /// `organizations` is `None` only where there is no such claim at all; where it lists one twice, the first counts.
    /// `roles` are the token's own: they make nobody owner, admin or member of an organization, and grant no resource.
    #[must_use]
    pub const fn new(organizations: Option<Vec<Organization>>, roles: Vec<String>, token_scopes: Vec<String>) -> Self {
        Self { sources: Sources { organizations, roles, token_scopes }, compiled: OnceCell::new() }
    }

    /// Whether any organization grants it, or, where there is no organizations claim, the token.
    #[must_use]
    pub fn has_access(&self, action: &str, resource: &str) -> bool {
        self.reason(action, resource).is_some()
    }

    /// Whether this organization grants it.
    #[must_use]
    pub fn has_access_in(&self, organization: &str, action: &str, resource: &str) -> bool {
        self.reason_in(organization, action, resource).is_some()
    }

    /// What grants it: the widest of the scopes that do, in the first organization that has it; `None` where it is denied.
    #[must_use]
    pub fn reason(&self, action: &str, resource: &str) -> Option<Grant<'_>> {
        self.grant(&Question::new(action, resource)?, None)
    }

    /// What grants it in this organization: the widest of the scopes that do; `None` where it is denied.
    #[must_use]
    pub fn reason_in(&self, organization: &str, action: &str, resource: &str) -> Option<Grant<'_>> {
        self.grant(&Question::new(action, resource)?, Some(self.place_of(organization)?))
    }

    /// As [`Access::reason`] and [`Access::reason_in`], for who knows the organization by its place.
    #[must_use]
    pub fn grant(&self, question: &Question<'_>, organization: Option<usize>) -> Option<Grant<'_>> {
        self.compiled().grant(&self.sources, question, organization)
    }

    /// The place of the organization in [`Access::organizations`]; none for an empty name, which names nothing.
    #[must_use]
    pub fn place_of(&self, organization: &str) -> Option<usize> {
        if organization.is_empty() { None } else { self.compiled().place_of(&self.sources, organization) }
    }

    /// The scopes of this organization as they came; none where the agent is no member.
    #[must_use]
    pub fn scopes_for(&self, organization: &str) -> &[String] {
        let place = self.place_of(organization);
        place.and_then(|place| self.sources.organization(place)).map_or(&[], |organization| &organization.scopes)
    }

    /// Whether the organization lists the scope `owner`; no wildcard implies it.
    #[must_use]
    pub fn is_owner_of(&self, organization: &str) -> bool {
        self.place_of(organization).is_some_and(|place| self.has_role_in(place, "owner"))
    }

    /// Whether the organization lists the scope `admin`; no wildcard implies it.
    #[must_use]
    pub fn is_admin_of(&self, organization: &str) -> bool {
        self.place_of(organization).is_some_and(|place| self.has_role_in(place, "admin"))
    }

    /// Whether the organization at this place lists the role literally, among its scopes.
    #[must_use]
    pub fn has_role_in(&self, organization: usize, role: &str) -> bool {
        is_resource(role) && self.compiled().lists_word(&self.sources, organization, role)
    }

    /// Whether the organization is listed, with whatever scopes.
    #[must_use]
    pub fn is_member_of(&self, organization: &str) -> bool {
        self.place_of(organization).is_some()
    }

    /// Whether the token itself has this role: nothing that an organization knows of.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        !role.is_empty() && self.compiled().has_role(&self.sources, role)
    }

    /// The roles of the token itself, as they came.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.sources.roles
    }

    /// Whether there is an organizations claim: if so, the scopes of the token do not count.
    #[must_use]
    pub const fn has_organizations(&self) -> bool {
        self.sources.organizations.is_some()
    }

    /// The organizations in the order of the claim.
    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.sources.organizations.iter().flatten()
    }

    /// The scopes of the token itself, as they came, whether they count or not.
    #[must_use]
    pub fn token_scopes(&self) -> &[String] {
        &self.sources.token_scopes
    }

    /// Those of the scopes that count which grant nothing because they are malformed, in the order met.
    #[must_use]
    pub fn malformed_scopes(&self) -> Vec<&str> {
        let all = self.sources.lists().flatten().map(String::as_str);
        all.filter(|scope| !is_scope_or_word(scope)).collect()
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::of(&self.sources))
    }
}

/// Whether a list of scopes grants an action on a resource; for one question, since it compiles the list.
///
/// ```
/// use wasm_oidc::authz::access::has_access;
/// let scopes = ["users:read".to_owned(), "projects:**".to_owned()];
/// assert!(has_access(&scopes, "write", "projects.tasks"));
/// assert!(!has_access(&scopes, "delete", "users"));
/// ```
#[must_use]
pub fn has_access(scopes: &[String], action: &str, resource: &str) -> bool {
    Access::new(None, Vec::new(), scopes.to_vec()).has_access(action, resource)
}

#[cfg(test)]
mod tests;
