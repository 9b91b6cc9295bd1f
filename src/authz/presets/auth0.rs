//! Auth0: *organizations*, one a sign-in, and *permissions* of an API.
//!
//! ```text
//! org_id      = "org_9ybsU1dN2dKfDkBi"
//! org_name    = "travelfoo"                            where the tenant allows names
//! permissions = [ "read:users", "write:projects" … ]   action:resource, with RBAC switched on for the API
//! ```
//!
//! Auth0 puts `permissions` into access tokens; an ID token has them where an action of the tenant adds them, as a rule
//! under a name with a namespace, which `scopes` names. They are turned round to `resource:action`. Where there is an
//! `org_id` they are the scopes of that organization, else those of the token; without the claim the token has those of
//! its `scope`, turned round too. A permission that is not one action on one resource grants nothing: Auth0 knows no
//! wildcards, and a permission called `admin` makes no admin. Roles are in no claim of Auth0's own.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::{Found, words};
use crate::authz::scope::{is_resource, is_segment};
use crate::protocol::json::{Json, Object};

/// A permission is not `action:resource`.
const PERMISSION_IGNORED: &str = "permission_ignored";

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, scope: &str, found: &mut Found) {
    let listed = match rules.scopes {
        Some(_) => found.scopes.take(),
        None => found.texts(claims, &["permissions"]),
    };
    let is_listed = listed.is_some();
    let permissions = listed.unwrap_or_else(|| words(scope));
    let turned: Vec<String> = permissions.iter().filter_map(|permission| turned_round(permission)).collect();
    if is_listed && turned.len() < permissions.len() {
        let message = "permissions that are not `action:resource`, without wildcards, grant nothing";
        found.warn(PERMISSION_IGNORED, message.to_owned());
    }
    if rules.organizations.is_none()
        && let Some(id) = claims.get("org_id")
    {
        found.organizations.get_or_insert_default();
        let Some(id) = id.as_str() else { return found.complain("org_id", "text", id) };
        if let Some(organization) = found.add("org_id", id, claims.get("org_name").and_then(Json::as_str))
            && is_listed
        {
            organization.scopes.clone_from(&turned);
        }
    }
    found.scopes = Some(turned);
}

/// `resource:action`, where it is one action on one resource.
fn turned_round(permission: &str) -> Option<String> {
    let (action, resource) = permission.split_once(':')?;
    (is_segment(action) && is_resource(resource)).then(|| [resource, ":", action].concat())
}
