//! Tokens that were seen and are good: known by a keyed hash, never by themselves.
//!
//! The key of the hash is random and of this process, so that nobody can look for a token that would be taken for another
//! (SipHash-2-4 with 128 bits). An entry is bound to its issuer and to the key that signed: it goes when the key leaves the
//! set. The audience is the verifier's, for which an entry is good alone.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::rc::Rc;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::authz::access::Access;
use crate::session::Agent;

/// What a token is known by.
pub(super) type TokenHash = u128;

/// A token that is good.
pub(super) struct Entry {
    hash: TokenHash,
    /// Counts the tokens that were taken in, from 0.
    pub(super) number: u64,
    /// The place of its issuer.
    pub(super) issuer: usize,
    /// The thumbprint of the key that signed it; `None`: the issuer was asked about it.
    pub(super) thumbprint: Option<Rc<str>>,
    /// Until when it counts, in Unix seconds.
    until: i64,
    pub(super) access: Access,
    pub(super) scopes: Vec<String>,
    pub(super) bound: Option<Bound>,
}

/// A token that is bound to a key (RFC 9449 6): seen or not, every request with it needs a proof.
#[derive(Clone)]
pub(super) struct Bound {
    /// The thumbprint of that key.
    pub(super) key: String,
    pub(super) agent: Agent,
    /// When the token ends, in Unix seconds.
    pub(super) expires_at: i64,
}

/// What is known of a token that was just verified.
pub(super) struct Fresh {
    pub(super) hash: TokenHash,
    pub(super) issuer: usize,
    pub(super) thumbprint: Option<Rc<str>>,
    pub(super) until: i64,
    pub(super) access: Access,
    pub(super) scopes: Vec<String>,
    pub(super) bound: Option<Bound>,
}

/// A ring of tokens: the oldest goes when a new one comes and there is no room.
#[derive(Default)]
pub(super) struct Seen {
    key: Option<[u8; 16]>,
    ring: Vec<Entry>,
    places: BTreeMap<TokenHash, usize>,
    next: u64,
}

impl Seen {
    pub(super) const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Sets the key, unless there is one.
    pub(super) fn set_key(&mut self, key: [u8; 16]) {
        self.key.get_or_insert(key);
    }

    /// What the token is known by; `None` before there is a key, when no token was seen.
    pub(super) fn hash(&self, token: &str) -> Option<TokenHash> {
        let mut hasher = SipHasher24::new_with_key(&self.key?);
        hasher.write(token.as_bytes());
        Some(hasher.finish128().as_u128())
    }

    pub(super) fn find(&self, hash: TokenHash, now: i64) -> Option<&Entry> {
        let entry = self.ring.get(*self.places.get(&hash)?)?;
        (entry.hash == hash && now < entry.until).then_some(entry)
    }

    /// Takes a token in; its number. That of one which came twice at the same time is the same.
    pub(super) fn insert(&mut self, fresh: Fresh, capacity: usize, now: i64) -> Option<u64> {
        if capacity == 0 || fresh.until <= now {
            return None;
        }
        if let Some(known) = self.find(fresh.hash, now) {
            return Some(known.number);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        let Fresh { hash, issuer, thumbprint, until, access, scopes, bound } = fresh;
        let entry = Entry { hash, number, issuer, thumbprint, until, access, scopes, bound };
        let place = usize::try_from(number).unwrap_or_default().checked_rem(capacity)?;
        match self.ring.get_mut(place) {
            Some(old) => {
                if self.places.get(&old.hash) == Some(&place) {
                    self.places.remove(&old.hash);
                }
                *old = entry;
            }
            None => self.ring.push(entry),
        }
        self.places.insert(hash, place);
        Some(number)
    }

    /// Forgets what an issuer signed with keys that are no longer in its set (RFC 7517 5).
    pub(super) fn keep_signed_by(&mut self, issuer: usize, thumbprints: &[Rc<str>]) {
        for entry in self.ring.iter_mut().filter(|entry| entry.issuer == issuer) {
            if entry.thumbprint.as_ref().is_some_and(|thumbprint| !thumbprints.contains(thumbprint)) {
                entry.until = i64::MIN;
            }
        }
    }
}
