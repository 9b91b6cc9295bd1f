//! Keycloak: *realm roles*, *client roles* and *organizations*.
//!
//! ```text
//! realm_access    = { roles: [ "offline_access", "auditor" … ] }
//! resource_access = { "<client id>": { roles: [ "manage-account" … ] } … }
//! organization    = [ "<alias>" … ]
//!                 / { "<alias>": { id: "<id>", "<attribute>": [ … ] … } … }      with "Add organization id"
//! ```
//!
//! Realm roles and the roles of one's own client become roles of the token; a role of another client is called
//! `<client id>:<role>`, so that what has the same name elsewhere does not count as one's own. An organization is known by
//! its id where there is one, else by its alias; being listed makes a member, with no scopes: Keycloak has no roles in
//! organizations. The claim has to be "Multivalued", as it is unless somebody switches that off.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::Found;
use crate::authz::organizations::Organization;
use crate::protocol::json::{Json, Object};

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, found: &mut Found) {
    if rules.organizations.is_none()
        && let Some(value) = claims.get("organization")
    {
        organizations(value, found);
    }
    if rules.roles.is_some() {
        return;
    }
    found.roles_at(claims, &["realm_access", "roles"]);
    match claims.get("resource_access") {
        None => {}
        Some(Json::Object(clients)) => {
            for (client, _) in clients.iter() {
                let roles = found.texts(clients, &[client, "roles"]).unwrap_or_default();
                let is_own = client == rules.own;
                found
                    .roles
                    .extend(roles.into_iter().map(|role| if is_own { role } else { format!("{client}:{role}") }));
            }
        }
        Some(other) => found.complain("resource_access", "an object", other),
    }
}

fn organizations(value: &Json, found: &mut Found) {
    const CLAIM: &str = "organization";
    found.organizations.get_or_insert_default();
    let named = |id: &str| Organization { id: id.to_owned(), ..Organization::default() };
    match value {
        Json::Object(aliases) => {
            for (alias, about) in aliases.iter() {
                let id = match about {
                    Json::Object(about) => about.get("id"),
                    other => return found.complain(CLAIM, "an object of objects", other),
                };
                match id {
                    None => found.add(CLAIM, named(alias)),
                    Some(Json::String(id)) if !id.is_empty() => {
                        found.add(CLAIM, Organization { title: Some(alias.to_owned()), ..named(id) });
                    }
                    Some(other) => return found.complain(CLAIM, "an object of objects whose `id` is text", other),
                }
            }
        }
        other => {
            for alias in found.list(other, CLAIM) {
                found.add(CLAIM, named(&alias));
            }
        }
    }
}
