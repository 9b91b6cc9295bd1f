//! `application/x-www-form-urlencoded` (RFC 6749 appendix B; the URL Standard, section 5), both ways.

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
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => target.push(char::from(byte)),
            b' ' => target.push('+'),
            _ => {
                target.push('%');
                for digit in [byte >> 4, byte & 15] {
                    target.push(char::from(match digit {
                        0..10 => digit | b'0',
                        _ => digit.saturating_add(b'A' - 10),
                    }));
                }
            }
        }
    }
}

/// The names and values of a query or a form, in order.
#[inline(never)]
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for piece in text.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty()) {
        let mut halves = piece.splitn(2, |&byte| byte == b'=');
        let name = decoded(halves.next().unwrap_or_default());
        pairs.push((name, decoded(halves.next().unwrap_or_default())));
    }
    pairs
}

/// The text behind the encoding. In one that is not UTF-8, every byte beyond ASCII becomes a replacement character.
#[inline(never)]
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let mut byte = *first;
        if byte == b'+' {
            byte = b' ';
        } else if byte == b'%'
            && let [high, low, after @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            byte = high << 4 | low;
            rest = after;
        }
        bytes.push(byte);
    }
    String::from_utf8(bytes).unwrap_or_else(|error| {
        error.as_bytes().iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' }).collect()
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
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
        assert_eq!(decoded(b"a%ffb%c3%a9"), "a\u{fffd}b\u{fffd}\u{fffd}");
    }
}
