//! The organizations that claims list, read so that a lying or broken claim never grants more.

use super::mapping::found::Found;
use super::order::first_places;
use crate::protocol::json::{Json, Object};

/// One organization that the agent is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Organization {
    /// Its identifier, unique at the provider.
    pub id: String,
    /// Its name for people, where the provider sent one.
    pub title: Option<String>,
    /// The agent's scopes in it, as they came.
    pub scopes: Vec<String>,
    /// The agent's roles in it, as they came. They grant nothing by themselves and make nobody its owner or admin.
    pub roles: Vec<String>,
    /// When the agent joined, in Unix seconds.
    pub joined_at: Option<i64>,
}

/// Something that is wrong and was taken in the way that grants less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable name of what is wrong.
    pub code: &'static str,
    /// What is wrong, for a developer to read.
    pub message: String,
}

/// The claim, or a part of it, has a wrong type.
pub const ORGANIZATIONS_MALFORMED: &str = "organizations_malformed";
/// An organization is listed more than once.
pub const ORGANIZATION_REPEATED: &str = "organization_repeated";

/// Reads a list of `{id, title, scopes, joined_at}`. In one of the app's own making an entry may also be an id alone,
/// or have `roles`, and `joined_at` may be called `joinedAt`, as on an agent.
///
/// What is no list, `null` too, is one without entries, so that scopes of the token do not start to count. An entry
/// without an id is left out; other members of a wrong type are taken as absent. An organization that is listed twice has
/// the scopes of both.
#[inline(never)]
pub(super) fn read(value: &Json, name: &str, is_of_app: bool, found: &mut Found) {
    found.organizations.get_or_insert_default();
    let Json::Array(entries) = value else { return found.complain(name, "a list", value) };
    for entry in entries {
        match entry {
            Json::String(id) if is_of_app => drop(found.add(name, id, None)),
            Json::Object(members) => read_entry(members, name, is_of_app, found),
            other => found.complain(name, "a list of objects", other),
        }
    }
}

fn read_entry(entry: &Object, name: &str, is_of_app: bool, found: &mut Found) {
    // What is absent, and what is null where that is no reason to complain.
    let mut texts = |member| match entry.get(member) {
        None | Some(Json::Null) => Vec::new(),
        Some(listed) => found.each(listed, name),
    };
    let scopes = texts("scopes");
    let roles = if is_of_app { texts("roles") } else { Vec::new() };
    let (title, id) = (entry.string("title"), entry.string("id"));
    let joined_at = if is_of_app && entry.get("joined_at").is_none() { "joinedAt" } else { "joined_at" };
    let joined_at = match entry.get(joined_at) {
        Some(Json::Null) => Ok(None),
        _ => entry.seconds(joined_at),
    };
    if title.is_err() || joined_at.is_err() {
        found.complain(name, "a list of {id, title, scopes, joined_at}", &Json::Null);
    }
    let id = id.ok().flatten().unwrap_or_default();
    if let Some(known) = found.add(name, id, title.ok().flatten()) {
        known.scopes = scopes;
        known.roles = roles;
        known.joined_at = joined_at.ok().flatten();
    }
}

/// Each organization once, where it is first listed, with what its other entries say; and how many have any.
pub(super) fn united(mut entries: Vec<Organization>) -> (Vec<Organization>, usize) {
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    let firsts = first_places(&ids);
    let mut repeated = vec![false; entries.len()];
    for (place, &first) in firsts.iter().enumerate().filter(|(place, first)| place != *first) {
        let Some(mut again) = entries.get_mut(place).map(std::mem::take) else { continue };
        let (Some(known), Some(repeated)) = (entries.get_mut(first), repeated.get_mut(first)) else { continue };
        known.scopes.append(&mut again.scopes);
        known.roles.append(&mut again.roles);
        known.title = known.title.take().or(again.title);
        known.joined_at = known.joined_at.or(again.joined_at);
        *repeated = true;
    }
    let mut count = 0_usize;
    for (entry, _) in entries.iter_mut().zip(repeated).filter(|(_, repeated)| *repeated) {
        keep_each_once(&mut entry.scopes);
        keep_each_once(&mut entry.roles);
        count = count.saturating_add(1);
    }
    keep_firsts(&mut entries, &firsts);
    (entries, count)
}

/// Leaves each text where it first stands; whether any stood there twice.
#[inline(never)]
pub(super) fn keep_each_once(texts: &mut Vec<String>) -> bool {
    let before = texts.len();
    let firsts = first_places(texts);
    keep_firsts(texts, &firsts);
    texts.len() < before
}

/// Leaves what is the first of its kind.
fn keep_firsts<T>(list: &mut Vec<T>, firsts: &[usize]) {
    let mut places = firsts.iter().enumerate();
    list.retain(|_| places.next().is_some_and(|(place, first)| place == *first));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::mapping::ClaimMapping;
    use crate::protocol::json::parse_object;

    fn read(claims: &str) -> (Option<Vec<Organization>>, Vec<&'static str>) {
        let claims = parse_object(claims.as_bytes()).unwrap();
        let (access, warnings) = ClaimMapping::default().grants(&claims, None).unwrap();
        let organizations = access.has_organizations().then(|| access.organizations().cloned().collect());
        (organizations, warnings.iter().map(|warning| warning.code).collect())
    }

    #[test]
    fn organizations_are_read_as_the_claim_lists_them() {
        let (organizations, warnings) = read(
            r#"{"organizations":[{"id":"org_b","title":"Admin","scopes":["users:read","projects:**"],"joined_at":1700000000.5},
                {"id":"org_a","title":null,"scopes":[],"joined_at":null,"more":1},{"id":"org_c"}]}"#,
        );
        let plain = |id: &str| Organization { id: id.to_owned(), ..Organization::default() };
        let first = Organization {
            title: Some("Admin".to_owned()),
            scopes: vec!["users:read".to_owned(), "projects:**".to_owned()],
            joined_at: Some(1_700_000_000),
            ..plain("org_b")
        };
        assert_eq!(organizations, Some(vec![first, plain("org_a"), plain("org_c")]));
        assert!(warnings.is_empty());
    }

    #[test]
    fn only_a_missing_claim_counts_as_none() {
        assert_eq!(read(r#"{"sub":"u"}"#), (None, Vec::new()));
        assert_eq!(read(r#"{"organizations":[]}"#), (Some(Vec::new()), Vec::new()));
        for claim in ["null", "true", "1", r#""org_a""#, r#"{"org_a":{"scopes":["*:**"]}}"#] {
            let (organizations, warnings) = read(&format!(r#"{{"organizations":{claim}}}"#));
            assert_eq!(organizations, Some(Vec::new()), "{claim}");
            assert_eq!(warnings, [ORGANIZATIONS_MALFORMED], "{claim}");
        }
    }

    #[test]
    fn malformed_parts_grant_nothing_and_leave_the_rest_alone() {
        let (organizations, warnings) = read(
            r#"{"organizations":["org_x",{"scopes":["*:**"]},{"id":7,"scopes":["*:**"]},{"id":""},null,
                {"id":"a","scopes":"*:**"},{"id":"b","scopes":[1,"users:read",null],"title":1,"joined_at":"x"}]}"#,
        );
        let organizations = organizations.unwrap();
        assert_eq!(organizations.len(), 2);
        assert!(organizations[0].scopes.is_empty());
        assert_eq!(organizations[1].scopes, ["users:read"]);
        assert_eq!((organizations[1].title.as_deref(), organizations[1].joined_at), (None, None));
        assert_eq!(warnings, [ORGANIZATIONS_MALFORMED]);
    }

    #[test]
    fn an_organization_that_is_listed_twice_has_the_scopes_of_both_and_a_warning() {
        let (organizations, warnings) = read(
            r#"{"organizations":[{"id":"a","scopes":["users:read","x:y"]},{"id":"b","scopes":["x:y","x:y"]},
                {"id":"a","title":"A","scopes":["x:y","owner"]}]}"#,
        );
        let organizations = organizations.unwrap();
        assert_eq!(organizations.len(), 2);
        assert_eq!(organizations[0].scopes, ["users:read", "x:y", "owner"]);
        assert_eq!(organizations[0].title.as_deref(), Some("A"));
        assert_eq!(organizations[1].scopes, ["x:y", "x:y"]);
        assert_eq!(warnings, [ORGANIZATION_REPEATED]);
    }

    #[test]
    fn a_claim_with_very_many_organizations_is_read_in_reasonable_time() {
        let entries: Vec<String> =
            (0..30_000).map(|n| format!(r#"{{"id":"o{}","scopes":["a:b"]}}"#, n % 15_000)).collect();
        let (organizations, _) = read(&format!(r#"{{"organizations":[{}]}}"#, entries.join(",")));
        assert_eq!(organizations.map(|list| list.len()), Some(15_000));
    }
}
