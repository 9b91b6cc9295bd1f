//! Zitadel: *roles* of a *project*, granted in *organizations*.
//!
//! ```text
//! urn:zitadel:iam:org:project:roles              = { "<role>": { "<organization id>": "<primary domain>" … } … }
//! urn:zitadel:iam:org:project:<project id>:roles = the same, of one of the projects in the audience
//! ```
//!
//! The documentation shows a list of such objects, which is read, too. Each organization that grants a role is one that
//! the agent is a member of, with the role among its *roles*, never among its scopes: a role called `admin` makes nobody
//! an admin. A role that no organization grants becomes a role of the token. The first claim speaks of the project that
//! the client belongs to; a role of another project is called `<project id>:<role>`, unless the app says that the project
//! is its own.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::Found;
use crate::authz::presets::prefix;
use crate::protocol::json::{Json, Object};

const PREFIX: &str = "urn:zitadel:iam:org:project:";

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, found: &mut Found) {
    // Where the app says that organizations or roles are elsewhere, these are only what is left.
    let (organizations, roles) = (found.organizations.take(), std::mem::take(&mut found.roles));
    for (name, value) in claims.iter() {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let project =
            if rest == "roles" { rules.own.as_str() } else { rest.strip_suffix(":roles").unwrap_or_default() };
        if rest != "roles" && project.is_empty() {
            continue;
        }
        let prefix = prefix(project, &rules.own);
        found.organizations.get_or_insert_default();
        match value {
            Json::Object(granted) => roles_of(granted, name, &prefix, found),
            Json::Array(list) => {
                for entry in list {
                    match entry {
                        Json::Object(granted) => roles_of(granted, name, &prefix, found),
                        Json::String(role) if !role.is_empty() => found.roles.push(format!("{prefix}{role}")),
                        other => found.complain(name, "a list of objects", other),
                    }
                }
            }
            other => found.complain(name, "an object", other),
        }
    }
    if rules.organizations.is_some() {
        found.organizations = organizations;
    }
    if rules.roles.is_some() {
        found.roles = roles;
    }
}

fn roles_of(granted: &Object, name: &str, prefix: &str, found: &mut Found) {
    for (role, organizations) in granted.iter() {
        let Json::Object(organizations) = organizations else {
            found.complain(name, "an object of objects", organizations);
            continue;
        };
        let role = format!("{prefix}{role}");
        if organizations.is_empty() {
            found.roles.push(role);
            continue;
        }
        for (id, domain) in organizations.iter() {
            let Some(domain) = domain.as_str() else {
                found.complain(name, "an object whose organizations have a domain", domain);
                continue;
            };
            if let Some(organization) = found.add(name, id, Some(domain).filter(|domain| !domain.is_empty())) {
                organization.roles.push(role.clone());
            }
        }
    }
}
