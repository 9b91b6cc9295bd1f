//! Okta: *groups*, by a groups claim that an administrator adds to the token.
//!
//! ```text
//! groups = [ "Everyone", "Engineering" … ]
//! ```
//!
//! Groups become roles of the token. Okta has no organizations in tokens: an Okta *org* is the whole issuer.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::Found;
use crate::protocol::json::Object;

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, found: &mut Found) {
    if rules.roles.is_none() {
        found.roles_at(claims, &["groups"], "");
    }
}
