//! Scopes and organizations claims: compiled they answer as the plain rules do, and nothing malformed grants anything.

#[path = "../plain_scopes.rs"]
mod plain;

use super::check_written;
use wasm_oidc::authz::access::Access;
use wasm_oidc::authz::mapping::ClaimMapping;
use wasm_oidc::authz::organizations::Organization;
use wasm_oidc::authz::scope::parse_scope;
use wasm_oidc::protocol::json::{Json, parse_object};

/// The action, the resource and the organization that are asked about in the first line, separated by spaces; then either
/// claims as JSON, or scopes, one a line.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (question, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = question.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (action, resource, organization) = (word(), word(), word());
    let scopes: Vec<String> = rest.lines().map(str::to_owned).collect();
    check_scopes(&scopes, action, resource);
    if let Ok(claims) = parse_object(rest.as_bytes()) {
        check_claims(&claims, action, resource, organization);
    }
}

fn check_scopes(scopes: &[String], action: &str, resource: &str) {
    let only = Organization { id: "org".to_owned(), scopes: scopes.to_vec(), ..Organization::default() };
    let access = Access::new(Some(vec![only]), scopes.to_vec(), Vec::new());
    assert_eq!(access.has_access(action, resource), plain::has_access(scopes, action, resource));
    assert_eq!(access.scopes_for("org"), scopes);
    if let Some(reason) = access.reason(action, resource) {
        assert!(plain::has_access(&[reason.scope.to_owned()], action, resource));
    }
    for scope in scopes {
        let parsed = parse_scope(scope);
        assert_eq!(parsed.is_some(), plain::scope_is_right(scope), "{scope:?}");
        if let Some(parsed) = parsed {
            assert_eq!(format!("{}:{}", parsed.resource, parsed.action), *scope);
            assert!(!access.malformed_scopes().contains(&scope.as_str()));
        }
    }
    assert_eq!(access.is_owner_of("org"), scopes.iter().any(|scope| scope == "owner"));
    assert_eq!(access.is_admin_of("org"), scopes.iter().any(|scope| scope == "admin"));
    assert_eq!(access.has_role(action), !action.is_empty() && scopes.iter().any(|scope| scope == action));
}

fn check_claims(claims: &wasm_oidc::protocol::json::Object, action: &str, resource: &str, organization: &str) {
    check_written(claims);
    let (access, warnings) = ClaimMapping::default().grants(claims, Some("*:**")).unwrap();
    let listed: Vec<_> = access.organizations().collect();
    let is_claimed = claims.get("organizations").is_some();
    assert!(is_claimed || listed.is_empty());
    // The token's own scopes count only where there is no such claim at all.
    let answer = access.has_access(action, resource);
    let by_any = listed.iter().any(|organization| plain::has_access(&organization.scopes, action, resource));
    assert_eq!(answer, if is_claimed { by_any } else { plain::has_access(&["*:**".to_owned()], action, resource) });
    let found = listed.iter().find(|known| known.id == organization);
    assert_eq!(access.is_member_of(organization), found.is_some());
    assert_eq!(
        access.has_access_in(organization, action, resource),
        found.is_some_and(|known| plain::has_access(&known.scopes, action, resource))
    );
    let mut ids: Vec<&str> = listed.iter().map(|organization| organization.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), listed.len());
    assert!(!ids.contains(&""));
    if is_claimed && !matches!(claims.get("organizations"), Some(Json::Array(_))) {
        assert!(!warnings.is_empty() && listed.is_empty());
    }
}
