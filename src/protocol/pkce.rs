//! PKCE (Proof Key for Code Exchange, RFC 7636): code verifiers and their S256 challenges. There is no `plain`.

use super::base64;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::random::token_from;
use super::secret::Secret;
use crate::error::{Code, Error, Result};

/// A code verifier (RFC 7636 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// A verifier of 256 random bits (RFC 7636 7.1).
    #[must_use]
    pub fn from_random(mut bytes: [u8; 32]) -> Self {
        let verifier = Self(Secret::new(token_from(&bytes)));
        bytes.zeroize();
        verifier
    }

    /// Takes a verifier that was made elsewhere.
    ///
    /// # Errors
    /// `InvalidVerifier` unless it has 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
    pub fn parse(text: &str) -> Result<Self> {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved) {
            return Ok(Self(Secret::new(text)));
        }
        let message = "\"codeVerifier\" must have 43 to 128 characters of A-Z a-z 0-9 - . _ ~ (RFC 7636 4.1)";
        Err(Error::new(Code::InvalidVerifier, message))
    }

    /// The text, for the token request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }

    /// The S256 challenge (RFC 7636 4.2), for the authorization request.
    #[must_use]
    pub fn challenge(&self) -> String {
        base64::encode(&Sha256::digest(self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b_p2() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier::from_random(octets);
        assert_eq!(verifier.as_str(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(CodeVerifier::parse(verifier.as_str()), Ok(verifier));
    }

    #[test]
    fn length_and_alphabet_are_those_of_rfc_7636_p1() {
        let accepts = |text: &str| CodeVerifier::parse(text).is_ok();
        assert!(accepts(&"a".repeat(43)));
        assert!(accepts(&"~._-".repeat(32)));
        for text in [String::new(), "a".repeat(42), "a".repeat(129)] {
            assert_eq!(CodeVerifier::parse(&text).unwrap_err().code(), Code::InvalidVerifier);
        }
        for odd in ["=", "+", "/", " ", "é", "\0"] {
            assert!(!accepts(&format!("{}{odd}", "a".repeat(50))), "{odd:?}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_verifier_p4_x26() {
        let shown = format!("{:?}", CodeVerifier::from_random([7; 32]));
        assert_eq!(shown, "CodeVerifier([redacted])");
        assert!(!CodeVerifier::parse("canary").unwrap_err().to_string().contains("canary"));
    }
}
