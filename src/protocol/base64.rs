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

#[cfg(test)]
mod tests {
    use super::*;

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
