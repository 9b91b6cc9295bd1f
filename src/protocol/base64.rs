//! Base 64 (RFC 4648): base64url without padding, as JOSE and PKCE use it, and the padded form of HTTP Basic.

/// The digits of base64url (RFC 4648 5).
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes base64url without padding.
#[must_use]
#[inline(never)]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for chunk in bytes.chunks(3) {
        let mut group = 0_u32;
        for at in 0..3 {
            group = group << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        group <<= 8;
        // As many digits as hold the bytes: one more than there are.
        for _ in 0..=chunk.len() {
            group = group.rotate_left(6);
            let digit = URL.get((group & 63) as usize);
            text.extend(digit.map(|&digit| char::from(digit)));
        }
    }
    text
}

/// Writes the form with padding (RFC 4648 4).
#[must_use]
pub fn encode_padded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for digit in encode(bytes).chars() {
        text.push(match digit {
            '-' => '+',
            '_' => '/',
            same => same,
        });
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Reads base64url without padding; `None` for everything that [`encode`] would not write, so that no two texts mean
/// the same bytes (RFC 4648 3.5).
#[must_use]
#[inline(never)]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0_u32;
        for at in 0..4 {
            group = group << 6 | chunk.get(at).map_or(Some(0), |&digit| value(digit))?;
        }
        let [_, whole @ ..] = group.to_be_bytes();
        let count = chunk.len().checked_sub(1).filter(|&count| count > 0)?;
        let (kept, rest) = whole.split_at_checked(count)?;
        if rest.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let (first, offset) = match digit {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'-' => (b'-', 62),
        b'_' => (b'_', 63),
        _ => return None,
    };
    Some(u32::from(digit.wrapping_sub(first).wrapping_add(offset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64, Base64UrlUnpadded, Encoding};

    #[test]
    fn every_length_is_written_as_another_implementation_does_and_read_back() {
        let bytes: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(37)).collect();
        for length in 0..=bytes.len() {
            let bytes = &bytes[..length];
            assert_eq!(encode(bytes), Base64UrlUnpadded::encode_string(bytes));
            assert_eq!(encode_padded(bytes), Base64::encode_string(bytes));
            assert_eq!(decode(&encode(bytes)).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn exactly_what_another_implementation_refuses_is_refused() {
        let digits = ["A", "B", "Q", "g", "w", "z", "0", "-", "_", "+", "/", "=", " ", "\u{e9}", "\0"];
        for a in digits {
            for b in digits {
                for c in ["", "A", "E", "I", "-", "="] {
                    for text in [format!("{a}{b}{c}"), format!("AAAA{a}{c}{b}"), format!("{b}AAA{c}{a}=")] {
                        assert_eq!(decode(&text), Base64UrlUnpadded::decode_vec(&text).ok(), "{text:?}");
                    }
                }
            }
        }
    }
}
