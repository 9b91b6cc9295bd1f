//! Texts by hash: how long it takes to find one does not depend on how many there are.
//!
//! The hash is no secret, and a provider that made all of its scopes collide would slow nothing down by more than a
//! binary search: what shares a hash is sorted by text.

use std::cmp::Ordering;

use super::order::{Placed, sorted};

/// Where a text stands: in which list, and where in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) list: usize,
    pub(super) at: usize,
}

/// The hash (FNV-1a) of what has been taken in so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash(u32);

impl Hash {
    pub(super) const SCOPE: Self = Self(0x811c_9dc5);
    pub(super) const ID: Self = Self(0x811c_9dc6);
    pub(super) const ROLE: Self = Self(0x811c_9dc7);

    #[inline]
    pub(super) fn and(self, text: &str) -> Self {
        let take = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Self(text.bytes().fold(self.0, take))
    }

    /// The hash, its last bytes spread over the first bits, which choose the bucket.
    #[inline]
    pub(super) const fn done(self) -> u32 {
        (self.0 ^ (self.0 >> 15)).wrapping_mul(0x9e37_79b1)
    }

    pub(super) fn of(text: &str) -> u32 {
        Self::SCOPE.and(text).done()
    }
}

/// The places of texts. It holds no text: whoever asks says how the text at a place compares.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Each text once, in the order of hash and text: its hash, and where its places begin.
    keys: Vec<(u32, usize)>,
    /// The places of the first text, then those of the second, and so on.
    places: Vec<Place>,
    /// Where the keys of each bucket begin, and where those of the last one end.
    buckets: Vec<usize>,
    /// How many of the first bits of a hash say its bucket.
    bits: u32,
}

impl Index {
    #[inline(never)]
    pub(super) fn new(texts: Vec<Placed<'_>>) -> Self {
        let mut index = Self::default();
        let mut last = None;
        for (hash, text, place) in sorted(texts) {
            // The same text is another one where its hash began as that of another kind.
            if last != Some((hash, text)) {
                index.keys.push((hash, index.places.len()));
                last = Some((hash, text));
            }
            index.places.push(place);
        }
        index.bits = index.keys.len().checked_ilog2().unwrap_or_default();
        for (at, (hash, _)) in index.keys.iter().enumerate() {
            let bucket = bucket(*hash, index.bits);
            while index.buckets.len() <= bucket {
                index.buckets.push(at);
            }
        }
        index.buckets.resize(1_usize.wrapping_shl(index.bits).saturating_add(1), index.keys.len());
        index
    }

    /// Where the text stands that has this hash and compares as equal; in the order of the places.
    #[inline(never)]
    pub(super) fn find(&self, hash: u32, compare: &dyn Fn(Place) -> Ordering) -> &[Place] {
        self.search(hash, compare).unwrap_or_default()
    }

    fn search(&self, hash: u32, compare: &dyn Fn(Place) -> Ordering) -> Option<&[Place]> {
        let bucket = bucket(hash, self.bits);
        let (start, end) = (*self.buckets.get(bucket)?, *self.buckets.get(bucket.saturating_add(1))?);
        let order = |&(key, first): &(u32, usize)| {
            key.cmp(&hash).then_with(|| self.places.get(first).map_or(Ordering::Less, |&place| compare(place)))
        };
        let at = start.saturating_add(self.keys.get(start..end)?.binary_search_by(order).ok()?);
        let (_, first) = *self.keys.get(at)?;
        let beyond = self.keys.get(at.saturating_add(1)).map_or(self.places.len(), |&(_, next)| next);
        self.places.get(first..beyond)
    }
}

fn bucket(hash: u32, bits: u32) -> usize {
    hash.checked_shr(u32::BITS.saturating_sub(bits)).unwrap_or_default() as usize
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn index(texts: &[String], hash: &dyn Fn(&str) -> u32) -> Index {
        let place = |at| Place { list: at % 3, at };
        Index::new(texts.iter().enumerate().map(|(at, text)| (hash(text), text.as_str(), place(at))).collect())
    }

    fn found(index: &Index, texts: &[String], hash: u32, text: &str) -> Vec<usize> {
        let compare = |place: Place| texts[place.at].as_str().cmp(text);
        index.find(hash, &compare).iter().map(|place| place.at).collect()
    }

    #[test]
    fn every_text_is_found_in_all_of_its_places_and_no_other_is() {
        for count in [0, 1, 2, 3, 7, 8, 9, 100, 1000] {
            let texts: Vec<String> = (0..count).map(|at| format!("{}", at / 2)).collect();
            for hash in [&Hash::of as &dyn Fn(&str) -> u32, &|_| 7, &|_| 0, &|_| u32::MAX, &|text| Hash::of(text) % 3] {
                let index = index(&texts, hash);
                for at in 0..count + 2 {
                    let text = at.to_string();
                    let expected: Vec<usize> = (0..count).filter(|place| place / 2 == at).collect();
                    let mut places = found(&index, &texts, hash(&text), &text);
                    places.sort_unstable();
                    assert_eq!(places, expected, "{text} of {count}");
                }
            }
        }
    }

    #[test]
    fn texts_that_collide_are_told_apart() {
        let text = |at: u32| format!("{:x}:read", at.wrapping_mul(0x9e37_79b1));
        let mut known: Vec<(u32, String)> = (0..200_000).map(text).map(|text| (Hash::of(&text), text)).collect();
        known.sort_unstable();
        let pairs: Vec<_> = known.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
        assert!(!pairs.is_empty());
        for pair in pairs {
            let texts = vec![pair[0].1.clone()];
            let index = index(&texts, &Hash::of);
            assert_eq!(found(&index, &texts, pair[0].0, &pair[0].1), [0]);
            assert!(found(&index, &texts, pair[1].0, &pair[1].1).is_empty());
        }
    }

    #[test]
    fn few_texts_are_looked_at_however_many_there_are_and_not_many_where_all_collide() {
        let texts: Vec<String> = (0..10_000).map(|at| format!("r{at}:read")).collect();
        let looks = |hash: &dyn Fn(&str) -> u32| {
            let index = index(&texts, hash);
            let most = |text: &String| {
                let looked = Cell::new(0);
                let compare = |place: Place| {
                    looked.set(looked.get() + 1);
                    texts[place.at].cmp(text)
                };
                assert_eq!(index.find(hash(text), &compare).len(), 1);
                looked.get()
            };
            texts.iter().map(most).max().unwrap()
        };
        assert!(looks(&Hash::of) <= 3);
        assert!(looks(&|_| 7) <= 15);
    }

    #[test]
    fn buckets_stay_small() {
        let texts: Vec<String> = (0..10_000).map(|at| format!("resource{at}:read")).collect();
        let index = index(&texts, &Hash::of);
        let largest = index.buckets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(largest <= 16, "{largest}");
    }
}
