//! Base 64 (RFC 4648) by base64ct: constant-time, and strict about padding and left-over bits (RFC 4648 3.5). Its generic
//! functions are instantiated here once.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Writes base64url without padding, as JOSE and PKCE use it.
#[must_use]
#[inline(never)]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Writes the form with padding (RFC 4648 4), as HTTP Basic uses it: the same digits but for two, and the padding.
#[must_use]
#[inline(never)]
pub fn encode_padded(bytes: &[u8]) -> String {
    let standard = |byte| match byte {
        '-' => '+',
        '_' => '/',
        same => same,
    };
    let mut text: String = encode(bytes).chars().map(standard).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Reads base64url without padding; `None` for everything that [`encode`] would not write.
#[must_use]
#[inline(never)]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// The same for what is no secret of whoever reads it, such as the parts of a token that a request brings: by a table, in
/// a third of the time.
#[cfg(feature = "edge")]
#[must_use]
#[inline(never)]
pub fn decode_by_table(text: &str) -> Option<Vec<u8>> {
    let quads = text.as_bytes().chunks_exact(4);
    let rest = quads.remainder();
    let mut bytes = vec![0; text.len().saturating_mul(3) / 4];
    let mut triples = bytes.chunks_exact_mut(3);
    let mut wrong = 0;
    for (quad, triple) in quads.zip(&mut triples) {
        let [_, first, second, third] = bits(quad, &mut wrong).to_be_bytes();
        triple.copy_from_slice(&[first, second, third]);
    }
    let [_, first, second, third] = bits(rest, &mut wrong).to_be_bytes();
    let left_over = match (rest.len(), triples.into_remainder()) {
        (0, _) => 0,
        (2, [last]) => {
            *last = first;
            second | third
        }
        (3, [before, last]) => {
            (*before, *last) = (first, second);
            third
        }
        _ => return None,
    };
    (wrong & NO_DIGIT == 0 && left_over == 0).then_some(bytes)
}

#[cfg(feature = "edge")]
const NO_DIGIT: u8 = 0x80;

/// What up to four digits say, from the upper end of 24 bits; `wrong` takes the mark of what is none.
#[cfg(feature = "edge")]
#[inline(always)]
fn bits(digits: &[u8], wrong: &mut u8) -> u32 {
    let mut shift = 24_u32;
    let mut bits = 0;
    for digit in digits {
        let value = DIGITS.get(usize::from(*digit)).copied().unwrap_or(NO_DIGIT);
        *wrong |= value;
        shift = shift.saturating_sub(6);
        bits |= u32::from(value & 0x3f) << shift;
    }
    bits
}

/// What each byte is worth as a digit.
#[cfg(feature = "edge")]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the compiler runs it")]
static DIGITS: [u8; 256] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut table = [NO_DIGIT; 256];
    let mut value = 0_u8;
    while value < 64 {
        table[digits[value as usize] as usize] = value;
        value += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "edge")]
    #[test]
    fn the_table_reads_what_the_other_reads_and_nothing_else_x24() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        let mut texts: Vec<String> = (0..=bytes.len()).map(|length| encode(&bytes[..length])).collect();
        for right in ["", "AA", "AAA", "AAAA", "AAAAA", "-_-_"] {
            for place in 0..right.len() {
                for byte in 0..128 {
                    let mut changed = right.as_bytes().to_vec();
                    changed[place] = byte;
                    texts.push(String::from_utf8(changed).unwrap());
                }
            }
            texts.extend(["=", "==", "\u{e9}", " "].map(|end| format!("{right}{end}")));
        }
        for text in texts {
            assert_eq!(decode_by_table(&text), decode(&text), "{text:?}");
        }
    }

    #[test]
    fn no_two_texts_mean_the_same_bytes_x24() {
        assert_eq!(decode("AA"), Some(vec![0]));
        for other in ["AB", "AA==", "AA=", "A", "A A", "AA\n", "+A", "/A", "\u{e9}A"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }

    #[test]
    fn every_length_is_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..=bytes.len() {
            assert_eq!(decode(&encode(&bytes[..length])).as_deref(), Some(&bytes[..length]));
        }
    }

    #[test]
    fn the_padded_form_is_that_of_http_basic() {
        // RFC 7617 2
        assert_eq!(encode_padded(b"Aladdin:open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(encode_padded(&[0xfb, 0xff]), "+/8=");
        assert_eq!(encode_padded(&[0xfb, 0xef, 0xff]), "++//");
    }
}
