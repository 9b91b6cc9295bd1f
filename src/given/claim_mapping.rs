//! The option `claimMapping`: a preset, or an object of a preset and what is different from it.

use super::{Given, wrong};
use crate::authz::mapping::{ClaimMapping, OrganizationRole, Path, Preset, Rules};
use crate::authz::scope::{is_resource, parse_scope};
use crate::error::{Error, Result};
use crate::protocol::json::{Json, Object};

/// The mapping that the app named: the name of a preset, or an object of a preset and what is different from it.
///
/// # Errors
/// `invalid_option`, `unknown_option`.
pub(crate) fn from_json(value: &Json, client_id: &str) -> Result<ClaimMapping> {
    let mut rules = Rules { is_configured: true, ..Rules::default() };
    match value {
        Json::Object(object) => rules = from_object(object, rules).map_err(of_option)?,
        other => rules.preset = preset(other, "claimMapping")?,
    }
    if rules.preset == Preset::Keycloak && rules.own.is_empty() {
        client_id.clone_into(&mut rules.own);
    }
    Ok(ClaimMapping::Rules(rules))
}

/// Says of which option a member is wrong.
fn of_option(error: Error) -> Error {
    Error::new(error.code(), format!("option \"claimMapping\": {}", error.failure().message))
}

fn preset(value: &Json, name: &str) -> Result<Preset> {
    value.as_str().and_then(Preset::parse).ok_or_else(|| {
        let expected =
            "\"authpi\", \"keycloak\", \"auth0\", \"zitadel\", \"entra\" or \"okta\", an object or a function";
        wrong(name, value, expected)
    })
}

fn from_object(object: &Object, mut rules: Rules) -> Result<Rules> {
    let mut given = Given::new("member of `claimMapping`", object);
    if let Some(value) = given.value("preset") {
        rules.preset = given.parsed("preset", preset(value, "preset")).unwrap_or_default();
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
