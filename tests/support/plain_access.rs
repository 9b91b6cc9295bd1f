//! What an agent may do, asked of each organization and each scope in turn, with no thought of cost.

use crate::plain_scopes::{has_access, resource_is_right, scope_is_right};
use wasm_oidc::authz::access::Access;
use wasm_oidc::authz::organizations::Organization;

/// What was said of an agent.
#[derive(Debug, Clone)]
pub struct PlainAccess {
    pub organizations: Option<Vec<(String, Vec<String>)>>,
    pub roles: Vec<String>,
    pub token_scopes: Vec<String>,
}

impl PlainAccess {
    /// The same for the engine.
    pub fn compiled(&self) -> Access {
        // Roles of whatever kind open nothing.
        let organization = |(id, scopes): &(String, Vec<String>)| Organization {
            id: id.clone(),
            scopes: scopes.clone(),
            roles: self.roles.clone(),
            ..Organization::default()
        };
        let organizations = self.organizations.as_ref().map(|list| list.iter().map(organization).collect());
        Access::new(organizations, self.roles.clone(), self.token_scopes.clone())
    }

    /// The lists of scopes that count.
    fn lists(&self) -> Vec<&Vec<String>> {
        match &self.organizations {
            Some(organizations) => organizations.iter().map(|(_, scopes)| scopes).collect(),
            None => vec![&self.token_scopes],
        }
    }

    fn scopes_in(&self, organization: &str) -> Option<&Vec<String>> {
        let listed = self.organizations.iter().flatten().find(|(id, _)| !id.is_empty() && id == organization);
        listed.map(|(_, scopes)| scopes)
    }

    pub fn has_access(&self, action: &str, resource: &str) -> bool {
        self.lists().iter().any(|scopes| has_access(scopes, action, resource))
    }

    pub fn has_access_in(&self, organization: &str, action: &str, resource: &str) -> bool {
        self.scopes_in(organization).is_some_and(|scopes| has_access(scopes, action, resource))
    }

    pub fn is_member_of(&self, organization: &str) -> bool {
        self.scopes_in(organization).is_some()
    }

    /// Whether the organization lists the word itself.
    pub fn lists_role(&self, organization: &str, role: &str) -> bool {
        self.scopes_in(organization).is_some_and(|scopes| scopes.iter().any(|scope| scope == role))
    }

    pub fn has_role(&self, role: &str) -> bool {
        !role.is_empty() && self.roles.iter().any(|known| known == role)
    }

    pub fn malformed_scopes(&self) -> Vec<&str> {
        let all = self.lists().into_iter().flatten().map(String::as_str);
        all.filter(|scope| !scope_is_right(scope) && !resource_is_right(scope)).collect()
    }
}
