//! The option `claimMapping`, and the agents that it makes of verified claims.
//!
//! A sign-in whose claims the mapping cannot read is refused. A session that is there already is not lost: its agent may
//! do nothing until the mapping or the claims are right again, and the app is warned.

use std::rc::Rc;

use super::Client;
use super::given::{Given, wrong};
use crate::authz::mapping::{ClaimMapping, OrganizationRole, Path, Preset, Rules};
use crate::authz::scope::{is_resource, parse_scope};
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::json::{Json, Object};
use crate::protocol::jwt;
use crate::session::agent::CLAIM_MAPPING_FAILED;
use crate::session::{Agent, TokenSet};

/// The mapping that the app named: the name of a preset, or an object of a preset and what is different from it.
///
/// # Errors
/// `invalid_option`, `unknown_option`.
pub(super) fn from_json(value: &Json, client_id: &str) -> Result<ClaimMapping> {
    let mut rules = Rules { is_configured: true, ..Rules::default() };
    match value {
        Json::Object(object) => rules = from_object(object, rules)?,
        other => rules.preset = preset(other)?,
    }
    if rules.preset == Preset::Keycloak && rules.own.is_empty() {
        client_id.clone_into(&mut rules.own);
    }
    Ok(ClaimMapping::Rules(rules))
}

fn preset(value: &Json) -> Result<Preset> {
    value.as_str().and_then(Preset::parse).ok_or_else(|| {
        let expected =
            "\"authpi\", \"keycloak\", \"auth0\", \"zitadel\", \"entra\" or \"okta\", an object or a function";
        wrong("preset", value, expected)
    })
}

fn from_object(object: &Object, mut rules: Rules) -> Result<Rules> {
    let mut given = Given::new("member of `claimMapping`", object);
    if let Some(value) = given.value("preset") {
        rules.preset = given.parsed("preset", preset(value)).unwrap_or_default();
    }
    // Elsewhere there is nobody whose roles are told apart.
    match rules.preset {
        Preset::Keycloak => rules.own = given.text("clientId").unwrap_or_default(),
        Preset::Zitadel => rules.own = given.text("projectId").unwrap_or_default(),
        Preset::AuthPi | Preset::Auth0 | Preset::Entra | Preset::Okta => {}
    }
    rules.organizations = path(&mut given, "organizations");
    rules.roles = path(&mut given, "roles");
    rules.scopes = path(&mut given, "scopes");
    for (organization, roles) in given.object("organizationRoles").into_iter().flat_map(Object::iter) {
        let Json::Object(roles) = roles else {
            given.wrong::<()>("organizationRoles", roles, "an object of roles for each organization");
            continue;
        };
        for (role, worth) in roles.iter() {
            let Some(scopes) = scopes(worth).filter(|_| !organization.is_empty() && !role.is_empty()) else {
                let expected = "for each role \"owner\", \"admin\", \"member\", a scope or a list of these";
                given.wrong::<()>("organizationRoles", worth, expected);
                continue;
            };
            let (organization, role) = (organization.to_owned(), role.to_owned());
            rules.organization_roles.push(OrganizationRole { organization, role, scopes });
        }
    }
    given.finish()?;
    Ok(rules)
}

/// One name, or the names from the outermost to the innermost.
fn path(given: &mut Given<'_>, name: &'static str) -> Option<Path> {
    match given.value(name)? {
        Json::String(one) if !one.is_empty() => Some(vec![one.clone()]),
        value @ Json::Array(names) if !names.is_empty() => {
            let names = names.iter().map(|name| name.as_str().filter(|name| !name.is_empty()).map(str::to_owned));
            names.collect::<Option<Path>>().or_else(|| given.wrong(name, value, "names that are not empty"))
        }
        value => given.wrong(name, value, "the name of a claim, or a list of names from the outermost on"),
    }
}

/// What a role is worth; to be listed is all that makes a member.
fn scopes(worth: &Json) -> Option<Vec<String>> {
    let one = std::slice::from_ref(worth);
    let list = if let Json::Array(list) = worth { list } else { one };
    let is_right = |scope: &&str| parse_scope(scope).is_some() || is_resource(scope);
    let texts = list.iter().map(|scope| scope.as_str().filter(is_right).map(str::to_owned));
    let mut scopes = texts.collect::<Option<Vec<String>>>()?;
    scopes.retain(|scope| scope != "member");
    Some(scopes)
}

impl<H: Host> Client<H> {
    /// The agent of verified claims.
    ///
    /// # Errors
    /// What [`ClaimMapping::grants`] says.
    pub(super) fn agent_from(&self, claims: Object, tokens: &TokenSet) -> Result<Agent> {
        Agent::from_claims(Rc::new(claims), tokens.scope.as_deref(), &self.inner.options.claim_mapping)
    }

    /// Who the tokens speak of. The ID token was verified before its tokens became current, so it is only read here.
    ///
    /// # Errors
    /// `MalformedToken`: it cannot be read at all.
    pub(super) fn agent_of(&self, tokens: &TokenSet) -> Result<Agent> {
        let claims = Rc::new(claims_of(tokens)?);
        let mapping = &self.inner.options.claim_mapping;
        let agent = Agent::from_claims(Rc::clone(&claims), tokens.scope.as_deref(), mapping);
        Ok(agent.unwrap_or_else(|error| Agent::without_access(claims, &error)))
    }

    /// Tells the app what was wrong with the claims.
    pub(super) fn warn_of(&self, agent: &Agent) {
        for warning in &agent.warnings {
            self.warn(warning.code, &warning.message);
        }
    }

    /// Of what was told when the session began nobody is told again.
    pub(super) fn warn_of_failed_mapping(&self, agent: &Agent) {
        if agent.warnings.iter().any(|warning| warning.code == CLAIM_MAPPING_FAILED) {
            self.warn_of(agent);
        }
    }
}

/// The claims of the ID token, else those that userinfo gave instead of one; none where there is neither.
pub(super) fn claims_of(tokens: &TokenSet) -> Result<Object> {
    match &tokens.id_token {
        Some(id_token) => {
            let unreadable = |_| Error::new(Code::MalformedToken, "the ID token cannot be read");
            Ok(jwt::parse(id_token.expose()).map_err(unreadable)?.claims)
        }
        None => Ok(tokens.identity.clone().unwrap_or_default()),
    }
}
