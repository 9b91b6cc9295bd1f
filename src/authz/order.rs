//! The one sort: of texts, by place.

use std::collections::BinaryHeap;

/// The places of the texts in the order of the texts, equal ones in the order of the list; always n log n.
///
/// By way of a heap, which is a fraction of the code of the standard sort, and as good for lists like these.
#[inline(never)]
pub(super) fn sorted(texts: &[String]) -> Vec<usize> {
    let mut heap = Vec::with_capacity(texts.len());
    heap.extend(texts.iter().enumerate().map(|(place, text)| (text.as_str(), place)));
    BinaryHeap::from(heap).into_sorted_vec().into_iter().map(|(_, place)| place).collect()
}

/// For each text the place of the first that equals it.
pub(super) fn first_places(texts: &[String]) -> Vec<usize> {
    let mut firsts = vec![0; texts.len()];
    let mut first: Option<(&String, usize)> = None;
    for place in sorted(texts) {
        let text = texts.get(place);
        let (_, known) = match (first, text) {
            (Some((known, at)), Some(text)) if known == text => (known, at),
            (_, Some(text)) => (text, place),
            (_, None) => continue,
        };
        first = text.map(|text| (text, known));
        if let Some(slot) = firsts.get_mut(place) {
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
    fn texts_are_sorted_and_equal_ones_stay_in_the_order_of_the_list() {
        assert_eq!(sorted(&texts("b a c a b a")), [1, 3, 5, 0, 4, 2]);
        assert!(sorted(&[]).is_empty());
    }

    #[test]
    fn each_text_knows_the_first_of_its_kind() {
        assert_eq!(first_places(&texts("b a c a b a")), [0, 1, 2, 1, 0, 1]);
        assert!(first_places(&[]).is_empty());
    }
}
