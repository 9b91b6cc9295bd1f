//! Text that must not be seen: tokens, codes, code verifiers, client secrets.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::base64;

/// Text that wipes itself when dropped and that `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub struct Secret(String);

impl Drop for Secret {
    // Secrets are dropped all over the place: the loop that wipes them should exist once.
    #[inline(never)]
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends or checks it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the text is known by where it must not stand itself: its SHA-256 in base64url.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a secret text is known by where it must not stand itself.
#[must_use]
#[inline(never)]
pub fn fingerprint(text: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(text.as_bytes());
    let digest = hasher.finalize_reset();
    // The hasher's block is on the stack and still holds the end of the text: a block without its last byte covers it.
    hasher.update(std::hint::black_box([0; 63]));
    std::hint::black_box(&hasher);
    base64::encode(&digest)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_text_nor_its_length_x26() {
        assert_eq!(format!("{:?}", Secret::new("canary")), "[redacted]");
        assert_eq!(format!("{:#?}", Some(Secret::new(""))), "Some(\n    [redacted],\n)");
    }

    #[test]
    fn the_text_comes_back_unchanged() {
        assert_eq!(Secret::new("päss ").expose(), "päss ");
        assert!(Secret::new("").is_empty());
        assert!(!Secret::new(" ").is_empty());
    }

    #[test]
    fn zeroize_leaves_nothing() {
        let mut secret = Secret::new("canary");
        secret.zeroize();
        assert!(secret.is_empty());
    }
}
