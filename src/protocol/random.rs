//! Values made from random bytes, which the caller brings: states, nonces, identifiers.

use super::base64;

/// 256 random bits as 43 characters of base64url without padding (RFC 4648 5).
#[must_use]
pub fn token_from(bytes: &[u8; 32]) -> String {
    base64::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bits_are_kept_in_43_characters_p1() {
        assert_eq!(token_from(&[0; 32]), "A".repeat(43));
        assert_eq!(token_from(&[0xff; 32]), format!("{}8", "_".repeat(42)));
        let mut last_bit = [0; 32];
        last_bit[31] = 1;
        assert_ne!(token_from(&last_bit), token_from(&[0; 32]));
    }
}
