//! What a client with this `claimMapping` makes of claims.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a panic fails a test")]

use serde_json::{Value, json};
use wasm_oidc::authz::access::Access;
use wasm_oidc::authz::mapping::ClaimMapping;
use wasm_oidc::client::ClientOptions;
use wasm_oidc::error::Result;
use wasm_oidc::protocol::json::parse_object;

/// The names that would do harm if somebody took them for what they are at AuthPI.
pub const HARMFUL: [&str; 6] = ["admin", "owner", "member", "org_x", "*:**", "users:read"];

pub fn option(mapping: &Value) -> Result<ClaimMapping> {
    let options = json!({ "issuer": "https://idp.example", "clientId": "spa", "claimMapping": mapping });
    let options = ClientOptions::from_json(&parse_object(options.to_string().as_bytes()).unwrap(), false)?;
    Ok(options.claim_mapping)
}

/// The access and the codes of the warnings.
pub fn mapped_with(mapping: &Value, claims: &Value, scope: &str) -> Result<(Access, Vec<&'static str>)> {
    let claims = parse_object(claims.to_string().as_bytes()).unwrap();
    let (access, warnings) = option(mapping)?.grants(&claims, Some(scope))?;
    Ok((access, warnings.iter().map(|warning| warning.code).collect()))
}

pub fn mapped(mapping: &Value, claims: &Value) -> Access {
    mapped_with(mapping, claims, "openid users:read").unwrap().0
}

pub fn ids(access: &Access) -> Vec<&str> {
    access.organizations().map(|organization| organization.id.as_str()).collect()
}

/// Whether nobody is anything in `org_x`, no organization has scopes, and no resource can be reached.
pub fn grants_nothing(access: &Access) -> bool {
    let is_nobody = ["org_x", "admin", "owner", "member", "*", ""].iter().all(|organization| {
        !access.is_owner_of(organization) && !access.is_admin_of(organization) && !access.is_member_of(organization)
    });
    let has_no_scopes = access.organizations().all(|organization| {
        let id = organization.id.as_str();
        organization.scopes.is_empty() && !access.is_owner_of(id) && !access.is_admin_of(id)
    });
    let reaches = ["users", "admin", "projects.tasks", "x"].iter().any(|resource| access.has_access("read", resource));
    is_nobody && has_no_scopes && !reaches
}
