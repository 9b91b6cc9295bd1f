//! Where organizations, roles and scopes are found in verified claims: as a provider is known to send them, where the
//! app says that they are, or as a function of the app reads them.
//!
//! Roles of a provider are roles and nothing else: nobody is owner, admin or member of an organization because of one,
//! unless the app says so by name ([`OrganizationRole`]).

use std::fmt;
use std::rc::Rc;

use self::found::{Found, words};
use super::access::Access;
use super::organizations::{self, Organization, Warning};
use super::presets;
use crate::error::{Class, Code, Error, Result, harmless};
use crate::protocol::json::{Json, Object};

pub(super) mod found;

/// The place of "any organization" in [`OrganizationRole`].
pub const ANY_ORGANIZATION: &str = "*";

/// Where organizations, roles and scopes are found in claims, as only the app knows it.
pub trait AppClaimMapping {
    /// `organizations`, `roles` and `scopes` that verified claims grant, each of them optional.
    ///
    /// # Errors
    /// What keeps the app from saying so.
    fn map(&self, claims: &Object) -> Result<Object>;
}

/// A provider whose claims are known. Each preset says in its file what it reads and what it makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// AuthPI: `organizations`.
    #[default]
    AuthPi,
    /// Keycloak: `organization`, `realm_access`, `resource_access`.
    Keycloak,
    /// Auth0: `org_id`, `permissions`.
    Auth0,
    /// Zitadel: `urn:zitadel:iam:org:project:roles`.
    Zitadel,
    /// Microsoft Entra ID: `roles`, `groups`.
    Entra,
    /// Okta: `groups`.
    Okta,
}

impl Preset {
    /// The preset of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "authpi" => Self::AuthPi,
            "keycloak" => Self::Keycloak,
            "auth0" => Self::Auth0,
            "zitadel" => Self::Zitadel,
            "entra" => Self::Entra,
            "okta" => Self::Okta,
            _ => return None,
        })
    }
}

/// Member names from the outermost to the innermost, each of them exactly as it is called: a dot or a slash in a name
/// means nothing.
pub type Path = Vec<String>;

/// What a role is worth in an organization, because the app says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRole {
    /// The organization's id. It is given to whoever holds the role in it, or at token level. [`ANY_ORGANIZATION`]: to
    /// whoever holds the role in an organization, in that one.
    pub organization: String,
    /// The role, as the provider calls it.
    pub role: String,
    /// The scopes that it is worth there, `owner` and `admin` among them; without any it makes a member.
    pub scopes: Vec<String>,
}

/// A preset, and what the app says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// The provider.
    pub preset: Preset,
    /// The app named a mapping: claims of a wrong type are an error. Else they are a warning.
    pub is_configured: bool,
    /// Whose roles keep their name; others' are called `owner:role`. Keycloak: a client id. Zitadel: a project id.
    pub own: String,
    /// Where organizations are, instead of where the preset looks: a list of ids or of `{id, title, scopes, roles,
    /// joined_at}`.
    pub organizations: Option<Path>,
    /// Where the roles of the token are, instead: a list of names.
    pub roles: Option<Path>,
    /// Where the scopes of the token are, instead: a list, or one text with spaces in between.
    pub scopes: Option<Path>,
    /// What roles are worth in organizations.
    pub organization_roles: Vec<OrganizationRole>,
}

/// Where organizations, roles and scopes are found in claims.
#[derive(Clone)]
pub enum ClaimMapping {
    /// By rules.
    Rules(Rules),
    /// By a function of the app.
    App(Rc<dyn AppClaimMapping>),
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self::Rules(Rules::default())
    }
}

impl fmt::Debug for ClaimMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(rules) => rules.fmt(f),
            Self::App(_) => f.write_str("App"),
        }
    }
}

impl ClaimMapping {
    /// What verified claims and the granted scopes, separated by spaces, allow. Without claims there is nothing to map:
    /// a machine has the scopes of its token.
    ///
    /// # Errors
    /// `TokenParseError` (`invalid_claim`): the app named a mapping, and a claim that it reads has a wrong type; what the
    /// app's own function says.
    pub fn grants(&self, claims: &Object, scope: Option<&str>) -> Result<(Access, Vec<Warning>)> {
        let mut found = Found::default();
        let scope = scope.unwrap_or_default();
        match self {
            Self::Rules(rules) => {
                rules.read(claims, scope, &mut found);
                found.access(rules.is_configured, scope)
            }
            Self::App(_) if claims.is_empty() => found.access(true, scope),
            Self::App(app) => {
                read_result(&app.map(claims)?, &mut found)?;
                found.access(true, scope).map_err(|error| returned(&error.failure().message))
            }
        }
    }

    /// Nothing at all, for claims that the mapping cannot read and for people who must not lose their session because
    /// of that: no organization, and no scope of the token either.
    #[must_use]
    pub fn nothing() -> Access {
        Access::new(Some(Vec::new()), Vec::new(), Vec::new())
    }
}

impl Rules {
    fn read(&self, claims: &Object, scope: &str, found: &mut Found) {
        if let Some(path) = &self.organizations
            && let Some(value) = found.claim(claims, &names(path))
        {
            organizations::read(value, &path.join("."), true, found);
        }
        if let Some(path) = &self.roles {
            found.roles_at(claims, &names(path), "");
        }
        if let Some(path) = &self.scopes
            && !claims.is_empty()
        {
            found.scopes = match found.claim(claims, &names(path)) {
                None => Some(Vec::new()),
                Some(value) => Some(scopes(value, &path.join("."), found)),
            };
        }
        match self.preset {
            Preset::AuthPi => presets::authpi::read(self, claims, found),
            Preset::Keycloak => presets::keycloak::read(self, claims, found),
            Preset::Auth0 => presets::auth0::read(self, claims, scope, found),
            Preset::Zitadel => presets::zitadel::read(self, claims, found),
            Preset::Entra => presets::entra::read(self, claims, found),
            Preset::Okta => presets::okta::read(self, claims, found),
        }
        // Each of Zitadel's roles lists its organizations.
        found.unite(self.preset != Preset::Zitadel);
        if !self.organization_roles.is_empty() {
            self.name_roles(found);
            found.unite(false);
        }
    }

    /// Makes of roles what the app says that they are worth.
    fn name_roles(&self, found: &mut Found) {
        for OrganizationRole { organization, role, scopes } in &self.organization_roles {
            let is_any = organization == ANY_ORGANIZATION;
            for known in found.organizations.iter_mut().flatten() {
                if (is_any || known.id == *organization) && known.roles.contains(role) {
                    known.scopes.extend_from_slice(scopes);
                }
            }
            if !is_any
                && found.roles.contains(role)
                && let Some(given) = found.add("", organization, None)
            {
                given.scopes.clone_from(scopes);
            }
        }
    }
}

fn names(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

/// A list, or one text with spaces in between, as `scope` of RFC 9068 2.2.3 is.
fn scopes(value: &Json, name: &str, found: &mut Found) -> Vec<String> {
    match value {
        Json::String(text) => words(text),
        other => found.list(other, name),
    }
}

/// Reads what the app's function made of claims. A member that nobody knows could be a misspelt one, without which the
/// scopes of the token would start to count.
fn read_result(result: &Object, found: &mut Found) -> Result<()> {
    for (name, value) in result.iter() {
        match name {
            "organizations" => {
                organizations::read(value, name, true, found);
                found.unite(true);
            }
            "roles" => found.roles = found.list(value, name),
            "scopes" => found.scopes = Some(scopes(value, name, found)),
            _ => {
                let name = harmless(name);
                return Err(returned(&format!("\"{name}\" is neither `organizations` nor `roles` nor `scopes`")));
            }
        }
    }
    Ok(())
}

/// Organizations as the app found them elsewhere: a list of ids or of `{id, title, scopes, roles, joinedAt}`; `None` where
/// there is nothing to say about organizations.
///
/// # Errors
/// `TokenParseError` (`invalid_claim`): it is no such list.
pub fn organizations_given(value: &Json) -> Result<Option<Vec<Organization>>> {
    if *value == Json::Null {
        return Ok(None);
    }
    let mut found = Found::default();
    organizations::read(value, "organizations", true, &mut found);
    found.unite(true);
    let (access, _) = found.access(true, "")?;
    Ok(Some(access.organizations().cloned().collect()))
}

fn returned(what: &str) -> Error {
    Error::new(Code::InvalidClaim, format!("what `claimMapping` returned: {what}")).during(Class::TokenParse)
}
