//! The scopes of all organizations in one structure, so that a question asks none of them one by one.

use super::access::Grant;
use super::index::{Hash, Index, Place};
use super::organizations::Organization;
use super::question::{Parts, Question};

/// What says what an agent may do, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sources {
    /// `None` where there is no organizations claim.
    pub(super) organizations: Option<Vec<Organization>>,
    pub(super) roles: Vec<String>,
    pub(super) token_scopes: Vec<String>,
}

impl Sources {
    /// The lists of scopes that count: one for each organization; without the claim, that of the token.
    pub(super) fn lists(&self) -> impl Iterator<Item = &[String]> {
        let of_the_token = self.organizations.is_none().then_some(self.token_scopes.as_slice());
        let of_each = self.organizations.iter().flatten().map(|organization| organization.scopes.as_slice());
        of_each.chain(of_the_token)
    }

    pub(super) fn organization(&self, place: usize) -> Option<&Organization> {
        self.organizations.as_ref()?.get(place)
    }

    fn scope(&self, place: Place) -> &str {
        let list = match &self.organizations {
            Some(organizations) => organizations.get(place.list).map(|organization| &organization.scopes),
            None => Some(&self.token_scopes),
        };
        text_at(list, place)
    }

    fn id(&self, place: Place) -> &str {
        self.organization(place.at).map_or("", |organization| &organization.id)
    }
}

fn text_at(list: Option<&Vec<String>>, place: Place) -> &str {
    list.and_then(|list| list.get(place.at)).map_or("", String::as_str)
}

/// Where in the sources every text stands.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    /// Malformed ones too: only what is well-formed is ever looked for.
    scopes: Index,
    organizations: Index,
    roles: Index,
}

impl Compiled {
    pub(super) fn of(sources: &Sources) -> Self {
        let mut scopes = Vec::new();
        for (number, list) in sources.lists().enumerate() {
            for (at, scope) in list.iter().enumerate() {
                scopes.push((Hash::of(scope), scope.as_str(), Place { list: number, at }));
            }
        }
        let organizations = sources.organizations.iter().flatten().map(|organization| &organization.id);
        Self {
            scopes: Index::new(scopes),
            organizations: index_of(organizations),
            roles: index_of(sources.roles.iter()),
        }
    }

    /// The scope that grants it: the widest, in the first organization of the list that has it, or in this one.
    pub(super) fn grant<'a>(
        &self,
        sources: &'a Sources,
        question: &Question<'_>,
        organization: Option<usize>,
    ) -> Option<Grant<'a>> {
        let place = question.granted_by(|hash, parts| self.listed(sources, hash, parts, organization))?;
        Some(Grant { organization: sources.organization(place.list), scope: sources.scope(place) })
    }

    /// Whether the organization lists the word, literally.
    pub(super) fn lists_word(&self, sources: &Sources, organization: usize, word: &str) -> bool {
        self.listed(sources, Hash::of(word), [word, "", ""], Some(organization)).is_some()
    }

    /// The place of the organization in the claim.
    pub(super) fn place_of(&self, sources: &Sources, organization: &str) -> Option<usize> {
        let compare = |place| sources.id(place).cmp(organization);
        self.organizations.find(Hash::of(organization), &compare).first().map(|place| place.at)
    }

    pub(super) fn has_role(&self, sources: &Sources, role: &str) -> bool {
        let compare = |place| text_at(Some(&sources.roles), place).cmp(role);
        !self.roles.find(Hash::of(role), &compare).is_empty()
    }

    fn listed(&self, sources: &Sources, hash: u32, parts: Parts<'_>, organization: Option<usize>) -> Option<Place> {
        let places = self.scopes.find(hash, &|place| compare(sources.scope(place), parts));
        let Some(organization) = organization else { return places.first().copied() };
        let at = places.binary_search_by_key(&organization, |place| place.list).ok()?;
        places.get(at).copied()
    }
}

#[inline(never)]
fn index_of<'a>(texts: impl Iterator<Item = &'a String>) -> Index {
    Index::new(texts.enumerate().map(|(at, text)| (Hash::of(text), text.as_str(), Place { list: 0, at })).collect())
}

/// Compares a text with the one that parts make, without making it.
fn compare(text: &str, parts: Parts<'_>) -> std::cmp::Ordering {
    let mut rest = text.as_bytes();
    for part in parts {
        let (head, tail) = rest.split_at_checked(part.len()).unwrap_or((rest, &[]));
        let order = head.cmp(part.as_bytes());
        if order.is_ne() {
            return order;
        }
        rest = tail;
    }
    if rest.is_empty() { std::cmp::Ordering::Equal } else { std::cmp::Ordering::Greater }
}
