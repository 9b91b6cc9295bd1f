//! `application/x-www-form-urlencoded` (RFC 6749 appendix B; the URL Standard, section 5), both ways, by form_urlencoded.
//! Its generic functions are instantiated here once.

/// Appends names and values to a query or a form.
pub fn append_pairs(target: &mut String, pairs: &[(&str, &str)]) {
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            target.push('&');
        }
        append_encoded(target, name);
        target.push('=');
        append_encoded(target, value);
    }
}

/// Appends one name or value.
#[inline(never)]
pub fn append_encoded(target: &mut String, text: &str) {
    target.extend(form_urlencoded::byte_serialize(text.as_bytes()));
}

/// The names and values of a query or a form, in order.
#[inline(never)]
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_in_order_with_whatever_they_hold() {
        let read = pairs(b"a=1&&b=%26+%3d%&c&=d&a=2=3&%c3%A9=%zz");
        let expected = [("a", "1"), ("b", "& =%"), ("c", ""), ("", "d"), ("a", "2=3"), ("\u{e9}", "%zz")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_not_utf_8_stays_recognizable() {
        assert_eq!(pairs(b"a=%ffb%c3%a9"), [("a".to_owned(), "\u{fffd}b\u{e9}".to_owned())]);
    }
}
