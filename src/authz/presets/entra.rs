//! Microsoft Entra ID: *app roles* and *groups*; `tid` is the *tenant*.
//!
//! ```text
//! roles  = [ "Task.Write" … ]                       values of app roles that the app's registration declares
//! groups = [ "0760b6cf-170e-4a14-91b3-4b78e0739963" … ]       object ids, or names where somebody chose these
//! tid    = "833ced3d-cb2e-41de-92f1-29e2af035ddc"
//! ```
//!
//! App roles and groups become roles of the token. The tenant is who vouches for the user, no organization of the app's,
//! and makes nobody a member of anything. Where a user has too many groups, Entra leaves them out and says where to ask
//! (`_claim_names`, or `hasgroups` in the implicit flow): then there are no groups, and a warning.

use crate::authz::mapping::Rules;
use crate::authz::mapping::found::Found;
use crate::protocol::json::{Json, Object};

/// Groups were left out of the token, since there are too many.
const GROUPS_OMITTED: &str = "groups_omitted";

pub(in crate::authz) fn read(rules: &Rules, claims: &Object, found: &mut Found) {
    if rules.roles.is_some() {
        return;
    }
    found.roles_at(claims, &["roles"], "");
    if are_elsewhere(claims) {
        let message = "this user has more groups than Entra puts into a token: none of them counts. Assign app roles, \
                       or let the token hold only groups that are assigned to the app";
        found.warn(GROUPS_OMITTED, message.to_owned());
    } else {
        found.roles_at(claims, &["groups"], "");
    }
}

/// The group overage: the token says where to ask for groups (distributed claims, OIDC Core 5.6.2), or that there are some.
fn are_elsewhere(claims: &Object) -> bool {
    let is_named = match claims.get("_claim_names") {
        None => false,
        Some(Json::Object(names)) => names.get("groups").is_some(),
        // What cannot be understood is taken in the way that grants less.
        Some(_) => true,
    };
    is_named || !matches!(claims.get("hasgroups"), None | Some(Json::Bool(false)))
}
