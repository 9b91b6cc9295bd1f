//! The claims of providers, one file each: their terms, the shape of the claims, and what is made of them.

pub(super) mod auth0;
pub(super) mod authpi;
pub(super) mod entra;
pub(super) mod keycloak;
pub(super) mod okta;
pub(super) mod zitadel;

/// What stands before the names of roles of somebody else's, so that they are not taken for one's own.
fn prefix(owner: &str, own: &str) -> String {
    if owner == own { String::new() } else { [owner, ":"].concat() }
}
