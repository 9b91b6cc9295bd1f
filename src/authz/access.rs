//! The questions an app asks about an agent, over all of its organizations or one.

use super::grants::Grants;
use super::organizations::{self, Organization, Warning};
use crate::protocol::json::Object;

/// Compiled answers for one agent.
///
/// Scopes of the token itself count only where there is no organizations claim at all, as with machines: the `scope` of
/// OAuth is what the *client* asked for, not what the user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `None` where there is no organizations claim.
    organizations: Option<Vec<Organization>>,
    /// What each of the organizations grants, in their order; without the claim, what the token grants.
    grants: Vec<Grants>,
    roles: Vec<String>,
}

impl Access {
    /// Compiles what the organizations claim and the token response's `scope` say; `organizations` is `None` only where
    /// there is no such claim at all.
    #[must_use]
    pub fn new(organizations: Option<Vec<Organization>>, roles: Vec<String>, token_scopes: Vec<String>) -> Self {
        let mut grants = Vec::new();
        match &organizations {
            None => grants.push(Grants::compile(&token_scopes)),
            Some(list) => grants.extend(list.iter().map(|organization| Grants::compile(&organization.scopes))),
        }
        Self { organizations, grants, roles }
    }

    /// Compiles what verified claims and the granted scopes, separated by spaces, say.
    #[must_use]
    pub fn from_claims(claims: &Object, scope: Option<&str>) -> (Self, Vec<Warning>) {
        let (organizations, warnings) = organizations::from_claims(claims);
        let scopes: Vec<String> = scope.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        (Self::new(organizations, Vec::new(), scopes), warnings)
    }

    /// Whether any organization grants it, or, where there is no organizations claim, the token.
    #[must_use]
    pub fn has_access(&self, action: &str, resource: &str) -> bool {
        self.grants.iter().any(|grants| grants.allows(action, resource))
    }

    /// Whether this organization grants it.
    #[must_use]
    pub fn has_access_in(&self, organization: &str, action: &str, resource: &str) -> bool {
        self.grants_in(organization).is_some_and(|grants| grants.allows(action, resource))
    }

    /// The scopes of this organization as they came; none where the agent is no member.
    #[must_use]
    pub fn scopes_for(&self, organization: &str) -> &[String] {
        self.grants_in(organization).map_or(&[], Grants::raw)
    }

    /// Whether the organization lists the scope `owner`; no wildcard implies it.
    #[must_use]
    pub fn is_owner_of(&self, organization: &str) -> bool {
        self.grants_in(organization).is_some_and(|grants| grants.has_role("owner"))
    }

    /// Whether the organization lists the scope `admin`; no wildcard implies it.
    #[must_use]
    pub fn is_admin_of(&self, organization: &str) -> bool {
        self.grants_in(organization).is_some_and(|grants| grants.has_role("admin"))
    }

    /// Whether the organization is listed, with whatever scopes.
    #[must_use]
    pub fn is_member_of(&self, organization: &str) -> bool {
        self.grants_in(organization).is_some()
    }

    /// Whether the agent holds the role at token level, which makes nobody owner, admin or member of an organization.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }

    /// The roles at token level, in the order of the claims.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The organizations in the order of the claim.
    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.organizations.iter().flatten()
    }

    /// The scopes that grant nothing because they are malformed, in the order met.
    #[must_use]
    pub fn malformed_scopes(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for grants in &self.grants {
            all.append(&mut grants.malformed());
        }
        all
    }

    fn grants_in(&self, organization: &str) -> Option<&Grants> {
        let at = self.organizations.as_ref()?.iter().position(|known| known.id == organization)?;
        self.grants.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|&scope| scope.to_owned()).collect()
    }

    fn organization(id: &str, list: &[&str]) -> Organization {
        Organization { id: id.to_owned(), scopes: scopes(list), ..Organization::default() }
    }

    #[test]
    fn any_organization_grants_and_each_answers_for_itself() {
        let access = Access::new(
            Some(vec![organization("org_a", &["users:read"]), organization("org_b", &["projects:**", "a b"])]),
            Vec::new(),
            Vec::new(),
        );
        assert!(access.has_access("read", "users") && access.has_access("write", "projects.tasks"));
        assert!(access.has_access_in("org_b", "write", "projects.tasks"));
        assert!(!access.has_access_in("org_a", "write", "projects.tasks"));
        assert!(!access.has_access_in("org_c", "read", "users"));
        assert_eq!(access.scopes_for("org_a"), ["users:read"]);
        assert!(access.scopes_for("org_c").is_empty());
        assert_eq!(access.malformed_scopes(), ["a b"]);
        assert_eq!(access.organizations().count(), 2);
    }

    #[test]
    fn owner_and_admin_are_explicit_and_member_means_listed() {
        let access = Access::new(
            Some(vec![organization("all", &["*:**"]), organization("own", &["owner"]), organization("none", &[])]),
            Vec::new(),
            Vec::new(),
        );
        assert!(!access.is_owner_of("all") && !access.is_admin_of("all") && access.is_member_of("all"));
        assert!(access.is_owner_of("own") && !access.is_admin_of("own"));
        assert!(access.is_member_of("none") && !access.is_member_of("elsewhere"));
    }

    #[test]
    fn scopes_of_the_token_count_only_where_there_is_no_organizations_claim_at_all() {
        let machine = Access::new(None, Vec::new(), scopes(&["users:read", "owner"]));
        assert!(machine.has_access("read", "users"));
        assert!(!machine.has_access_in("org_a", "read", "users"));
        assert!(!machine.is_owner_of("org_a"));
        let person = Access::new(Some(Vec::new()), Vec::new(), scopes(&["users:read"]));
        assert!(!person.has_access("read", "users"));
    }
}
