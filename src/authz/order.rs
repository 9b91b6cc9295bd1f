//! The one sort: of texts, by hash, so that equal ones come together.

use std::collections::BinaryHeap;

use super::index::{Hash, Place};

/// A text with its hash and where it stands.
pub(super) type Placed<'a> = (u32, &'a str, Place);

/// Sorts by hash, texts of the same hash by text, equal ones by place; always n log n, whatever somebody made collide.
///
/// By way of a heap, which is a fraction of the code of the standard sort, and as good for lists like these.
#[inline(never)]
pub(super) fn sorted(texts: Vec<Placed<'_>>) -> Vec<Placed<'_>> {
    BinaryHeap::from(texts).into_sorted_vec()
}

/// For each text the place of the first that equals it.
pub(super) fn first_places(texts: &[String]) -> Vec<usize> {
    let mut firsts = vec![0; texts.len()];
    let mut first: Option<(&str, usize)> = None;
    let placed = texts.iter().enumerate().map(|(at, text)| (Hash::of(text), text.as_str(), Place { list: 0, at }));
    for (_, text, Place { at, .. }) in sorted(placed.collect()) {
        let known = match first {
            Some((known, first)) if known == text => first,
            _ => at,
        };
        first = Some((text, known));
        if let Some(slot) = firsts.get_mut(at) {
            *slot = known;
        }
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &str) -> Vec<String> {
        list.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn texts_of_one_hash_are_sorted_and_equal_ones_stay_in_the_order_of_the_list() {
        let list = texts("b a c a b a");
        let placed = list.iter().enumerate().map(|(at, text)| (7, text.as_str(), Place { list: 0, at }));
        let places: Vec<usize> = sorted(placed.collect()).iter().map(|(_, _, place)| place.at).collect();
        assert_eq!(places, [1, 3, 5, 0, 4, 2]);
        assert!(sorted(Vec::new()).is_empty());
    }

    #[test]
    fn each_text_knows_the_first_of_its_kind() {
        assert_eq!(first_places(&texts("b a c a b a")), [0, 1, 2, 1, 0, 1]);
        assert!(first_places(&[]).is_empty());
    }
}
