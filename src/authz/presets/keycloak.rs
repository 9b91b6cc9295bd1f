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
use crate::authz::presets::prefix;
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
    found.roles_at(claims, &["realm_access", "roles"], "");
    match claims.get("resource_access") {
        None => {}
        Some(Json::Object(clients)) => {
            for (client, _) in clients.iter() {
                found.roles_at(clients, &[client, "roles"], &prefix(client, &rules.own));
            }
        }
        Some(other) => found.complain("resource_access", "an object", other),
    }
}

fn organizations(value: &Json, found: &mut Found) {
    const CLAIM: &str = "organization";
    found.organizations.get_or_insert_default();
    let Json::Object(aliases) = value else {
        for alias in found.list(value, CLAIM) {
            found.add(CLAIM, &alias, None);
        }
        return;
    };
    for (alias, about) in aliases.iter() {
        let Json::Object(about) = about else { return found.complain(CLAIM, "an object of objects", about) };
        match about.get("id") {
            None => drop(found.add(CLAIM, alias, None)),
            Some(Json::String(id)) => drop(found.add(CLAIM, id, Some(alias))),
            Some(other) => found.complain(CLAIM, "an object of objects with a text as `id`", other),
        }
    }
}
