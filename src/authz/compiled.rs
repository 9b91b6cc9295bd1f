//! What an agent may do in one structure, so that a question asks no organization one by one.

use std::cmp::Ordering;

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

/// The list in whose places the ids of the organizations stand, beside the lists of scopes from 0 on.
const IDS: usize = usize::MAX;

/// The list of the token's roles.
const ROLES: usize = usize::MAX - 1;

impl Sources {
    /// The lists of scopes that count: one for each organization; without the claim, that of the token.
    pub(super) fn lists(&self) -> impl Iterator<Item = &[String]> {
        (0..).map_while(|number| self.list(number))
    }

    fn list(&self, number: usize) -> Option<&[String]> {
        match &self.organizations {
            Some(_) => Some(&self.organization(number)?.scopes),
            None => (number == 0).then_some(&self.token_scopes),
        }
    }

    pub(super) fn organization(&self, place: usize) -> Option<&Organization> {
        self.organizations.as_ref()?.get(place)
    }

    fn text(&self, place: Place) -> &str {
        let text = match place.list {
            IDS => self.organization(place.at).map(|organization| &organization.id),
            ROLES => self.roles.get(place.at),
            list => self.list(list).and_then(|list| list.get(place.at)),
        };
        text.map_or("", String::as_str)
    }
}

/// Where in the sources every text stands.
///
/// Scopes, ids and roles are of a kind each, from which the hash begins: what differs there never meets at the end, since
/// FNV-1a is one to one in what it began with. A role that is spelled like a scope is not found among the scopes.
#[derive(Debug, Clone)]
pub(super) struct Compiled(Index);

impl Compiled {
    pub(super) fn of(sources: &Sources) -> Self {
        let mut placed = Vec::new();
        let mut take =
            |kind: Hash, list: usize, at: usize, text| placed.push((kind.and(text).done(), text, Place { list, at }));
        for (list, scopes) in sources.lists().enumerate() {
            // Malformed ones too: only what is well-formed is ever looked for.
            scopes.iter().enumerate().for_each(|(at, scope)| take(Hash::SCOPE, list, at, scope.as_str()));
        }
        for (at, organization) in sources.organizations.iter().flatten().enumerate() {
            take(Hash::ID, IDS, at, &organization.id);
        }
        sources.roles.iter().enumerate().for_each(|(at, role)| take(Hash::ROLE, ROLES, at, role));
        Self(Index::new(placed))
    }

    /// The scope that grants it: the widest, in the first organization of the list that has it, or in this one.
    pub(super) fn grant<'a>(
        &self,
        sources: &'a Sources,
        question: &Question<'_>,
        organization: Option<usize>,
    ) -> Option<Grant<'a>> {
        let place = question.granted_by(|hash, parts| self.listed(sources, hash, parts, organization))?;
        Some(Grant { organization: sources.organization(place.list), scope: sources.text(place) })
    }

    /// Whether the organization lists the word, literally.
    pub(super) fn lists_word(&self, sources: &Sources, organization: usize, word: &str) -> bool {
        self.listed(sources, Hash::SCOPE.and(word).done(), [word, "", ""], Some(organization)).is_some()
    }

    /// The place of the organization in the claim.
    pub(super) fn place_of(&self, sources: &Sources, organization: &str) -> Option<usize> {
        self.find(sources, Hash::ID.and(organization).done(), [organization, "", ""]).first().map(|place| place.at)
    }

    pub(super) fn has_role(&self, sources: &Sources, role: &str) -> bool {
        !self.find(sources, Hash::ROLE.and(role).done(), [role, "", ""]).is_empty()
    }

    fn listed(&self, sources: &Sources, hash: u32, parts: Parts<'_>, organization: Option<usize>) -> Option<Place> {
        let places = self.find(sources, hash, parts);
        let Some(organization) = organization else { return places.first().copied() };
        let at = places.binary_search_by_key(&organization, |place| place.list).ok()?;
        places.get(at).copied()
    }

    fn find(&self, sources: &Sources, hash: u32, parts: Parts<'_>) -> &[Place] {
        self.0.find(hash, &|place| compare(sources.text(place), parts))
    }
}

/// Compares a text with the one that parts make, without making it.
fn compare(text: &str, parts: Parts<'_>) -> Ordering {
    let mut rest = text.as_bytes();
    for part in parts {
        let (head, tail) = rest.split_at_checked(part.len()).unwrap_or((rest, &[]));
        let order = head.cmp(part.as_bytes());
        if order.is_ne() {
            return order;
        }
        rest = tail;
    }
    if rest.is_empty() { Ordering::Equal } else { Ordering::Greater }
}
