//! What is asked of an agent in any of its organizations, in one, and of its token.

use super::*;

fn scopes(list: &[&str]) -> Vec<String> {
    list.iter().map(|&scope| scope.to_owned()).collect()
}

fn organization(id: &str, list: &[&str]) -> Organization {
    Organization { id: id.to_owned(), scopes: scopes(list), ..Organization::default() }
}

fn in_organizations(list: &[(&str, &[&str])]) -> Access {
    Access::new(Some(list.iter().map(|(id, list)| organization(id, list)).collect()), Vec::new(), Vec::new())
}

fn of_token(list: &[&str]) -> Access {
    Access::new(None, Vec::new(), scopes(list))
}

#[test]
fn any_organization_grants_and_each_answers_for_itself() {
    let access = in_organizations(&[("org_a", &["users:read"]), ("org_b", &["projects:**", "a b"])]);
    assert!(access.has_access("read", "users") && access.has_access("write", "projects.tasks"));
    assert!(access.has_access_in("org_b", "write", "projects.tasks"));
    assert!(!access.has_access_in("org_a", "write", "projects.tasks"));
    assert!(!access.has_access_in("org_b", "read", "users"));
    assert!(!access.has_access_in("org_c", "read", "users"));
    assert_eq!(access.scopes_for("org_a"), ["users:read"]);
    assert!(access.scopes_for("org_c").is_empty());
    assert_eq!(access.malformed_scopes(), ["a b"]);
    assert_eq!(access.organizations().count(), 2);
}

#[test]
fn owner_and_admin_are_explicit_and_member_means_listed() {
    let access = in_organizations(&[("all", &["*:**", "owner:read", "owners"]), ("own", &["owner"]), ("none", &[])]);
    assert!(!access.is_owner_of("all") && !access.is_admin_of("all") && access.is_member_of("all"));
    assert!(access.is_owner_of("own") && !access.is_admin_of("own"));
    assert!(access.is_member_of("none") && !access.is_member_of("elsewhere"));
    assert!(!access.is_member_of(""));
    assert!(!access.has_access_in("own", "read", "owner"));
    assert!(!in_organizations(&[("org", &["users:read"])]).has_role_in(0, "users:read"));
}

#[test]
fn scopes_of_the_token_count_only_where_there_is_no_organizations_claim_at_all() {
    let machine = of_token(&["users:read", "owner"]);
    assert!(machine.has_access("read", "users"));
    assert!(!machine.has_access_in("org_a", "read", "users") && !machine.has_access_in("", "read", "users"));
    assert!(!machine.is_owner_of("org_a") && !machine.is_owner_of("") && !machine.is_member_of(""));
    let person = Access::new(Some(Vec::new()), Vec::new(), scopes(&["users:read", "a b"]));
    assert!(!person.has_access("read", "users"));
    assert!(person.malformed_scopes().is_empty());
}

#[test]
fn roles_of_the_token_are_literal_and_open_nothing_else() {
    let own = vec![organization("org_a", &["users:read"])];
    let roles = scopes(&["admin", "owner", "*:**", "users:write", "Global Reader", "org_a", "a:b"]);
    for access in [Access::new(Some(own), roles.clone(), Vec::new()), Access::new(None, roles.clone(), Vec::new())] {
        assert!(roles.iter().all(|role| access.has_role(role)));
        assert!(!access.has_role("") && !access.has_role("Admin") && !access.has_role("users:read"));
        assert!(!access.is_owner_of("org_a") && !access.is_admin_of("org_a") && !access.is_member_of("admin"));
        assert!(!access.has_access("write", "users") && !access.has_access("b", "a"));
        assert!(access.malformed_scopes().is_empty());
        assert_eq!(access.roles(), roles);
    }
    assert!(!of_token(&["admin"]).has_role("admin"));
}

#[test]
fn an_empty_name_names_no_organization_and_no_role() {
    let nameless = Access::new(Some(vec![organization("", &["*:**", "owner"])]), scopes(&[""]), Vec::new());
    assert!(!nameless.has_access_in("", "read", "users") && !nameless.is_owner_of("") && !nameless.is_member_of(""));
    assert!(nameless.scopes_for("").is_empty() && !nameless.has_role(""));
}

#[test]
fn one_star_is_any_action_here_and_two_are_any_action_here_and_below() {
    let here = of_token(&["projects:*"]);
    assert!(here.has_access("read", "projects"));
    assert!(!here.has_access("read", "projects.tasks"));
    let below = of_token(&["projects:**"]);
    assert!(below.has_access("read", "projects"));
    assert!(below.has_access("write", "projects.tasks.comments"));
    assert!(!below.has_access("read", "projects2"));
}

#[test]
fn a_star_for_a_resource_reaches_one_segment_unless_everything_is_granted() {
    let readers = of_token(&["*:read"]);
    assert!(readers.has_access("read", "anything"));
    assert!(!readers.has_access("write", "anything"));
    assert!(!readers.has_access("read", "any.thing"));
    let any_action = of_token(&["*:*"]);
    assert!(any_action.has_access("write", "anything"));
    assert!(!any_action.has_access("write", "any.thing"));
    assert!(of_token(&["*:**"]).has_access("write", "any.thing.at.all"));
}

#[test]
fn a_grant_on_a_sub_resource_says_nothing_about_its_parent() {
    assert!(!of_token(&["projects.tasks:**"]).has_access("read", "projects"));
}

#[test]
fn malformed_scopes_stay_raw_grant_nothing_and_are_told() {
    let list = ["users:read", "a*:read", "a:b:c", "openid", "Mail.Read", "", "*"];
    let access = in_organizations(&[("org", &list)]);
    assert_eq!(access.scopes_for("org"), list);
    assert_eq!(access.malformed_scopes(), ["a*:read", "a:b:c", "", "*"]);
    assert!(!access.has_access("read", "ab") && !access.has_access("b:c", "a") && !access.has_access("", ""));
}

#[test]
fn the_reason_is_the_widest_scope_in_the_first_organization_that_has_it() {
    let access = in_organizations(&[
        ("org_a", &["users:read", "projects.tasks:*"]),
        ("org_b", &["projects:**", "users:read", "users:*"]),
        ("org_c", &["projects:**"]),
    ]);
    let told = |reason: Option<Grant<'_>>| {
        reason.map(|Grant { organization, scope }| format!("{} {scope}", organization.map_or("-", |known| &known.id)))
    };
    assert_eq!(told(access.reason("read", "users")).as_deref(), Some("org_b users:*"));
    assert_eq!(told(access.reason_in("org_a", "read", "users")).as_deref(), Some("org_a users:read"));
    assert_eq!(told(access.reason("write", "projects.tasks")).as_deref(), Some("org_b projects:**"));
    assert_eq!(told(access.reason_in("org_a", "write", "projects.tasks")).as_deref(), Some("org_a projects.tasks:*"));
    assert_eq!(told(access.reason_in("org_c", "write", "users")), None);
    assert_eq!(told(access.reason_in("org_d", "read", "users")), None);
    assert_eq!(told(access.reason("*", "users")), None);
    assert_eq!(told(of_token(&["users:read"]).reason("read", "users")).as_deref(), Some("- users:read"));
}

#[test]
fn equal_are_those_that_say_the_same_whether_asked_or_not() {
    let (asked, other) = (of_token(&["users:read"]), of_token(&["users:read"]));
    assert!(asked.has_access("read", "users"));
    assert_eq!(asked, other);
    assert_ne!(asked, of_token(&["users:write"]));
    assert!(asked.clone().has_access("read", "users"));
}
