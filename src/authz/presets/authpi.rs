//! AuthPI: an *organization* lists the agent's *scopes* in it, its own grammar being that of this library.
//!
//! ```text
//! organizations = [ { id, title, scopes: [ "projects:**", "owner", … ], joined_at } … ]
//! ```
//!
//! Scopes become the scopes of that organization, `owner` and `admin` among them. There are no roles besides.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::Found;
use crate::authz::organizations;
use crate::protocol::json::Object;

const CLAIM: &str = "organizations";

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, found: &mut Found) {
    if rules.organizations.is_none()
        && let Some(value) = claims.get(CLAIM)
    {
        organizations::read(value, CLAIM, false, found);
    }
}
