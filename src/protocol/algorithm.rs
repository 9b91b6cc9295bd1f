//! Signature algorithms of JWS (RFC 7518 3.1, RFC 8037, RFC 9864) that an ID token may have: the asymmetric ones.

/// An asymmetric signature algorithm. `none`, the symmetric `HS*` and everything unknown have no value here, so no code
/// behind this type can come to use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::upper_case_acronyms, reason = "the names of the standard")]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// EdDSA, of which Ed25519 is the one curve taken here (RFC 8037).
    EdDSA,
    /// Ed25519 under the name that says the curve (RFC 9864).
    Ed25519,
}

/// The hash function of an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &[Self] = &[
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
        Self::Ed25519,
    ];

    /// The algorithm of this name; names are case-sensitive (RFC 7515 4.1.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }

    /// The name in a header's `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The hash function inside, which is also the one of `at_hash` and `c_hash` (OIDC Core 3.1.3.6).
    #[must_use]
    pub const fn hash(self) -> Hash {
        match self {
            Self::RS256 | Self::PS256 | Self::ES256 => Hash::Sha256,
            Self::RS384 | Self::PS384 | Self::ES384 => Hash::Sha384,
            Self::RS512 | Self::PS512 | Self::ES512 | Self::EdDSA | Self::Ed25519 => Hash::Sha512,
        }
    }

    /// The length of every signature in bytes (RFC 7518 3.4, RFC 8032 5.1.6); `None` for RSA, where the key decides.
    #[must_use]
    pub const fn signature_length(self) -> Option<usize> {
        match self {
            Self::ES256 | Self::EdDSA | Self::Ed25519 => Some(64),
            Self::ES384 => Some(96),
            Self::ES512 => Some(132),
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => None,
        }
    }
}

impl Hash {
    /// The hash function of the algorithm of this name, the symmetric ones included: where an app switched signatures
    /// off, `at_hash` can be checked all the same.
    #[must_use]
    pub fn of_algorithm(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Sha256),
            "HS384" => Some(Self::Sha384),
            "HS512" => Some(Self::Sha512),
            _ => Algorithm::parse(name).map(Algorithm::hash),
        }
    }
}

/// The algorithms that a token may have: what the app configured; else those of the provider's metadata
/// (`id_token_signing_alg_values_supported`) that are known here; else all.
#[must_use]
pub fn allowed(metadata: Option<&[String]>, configured: Option<&[Algorithm]>) -> Vec<Algorithm> {
    match (configured, metadata) {
        (Some(configured), _) => configured.to_vec(),
        (None, Some(names)) => names.iter().filter_map(|name| Algorithm::parse(name)).collect(),
        (None, None) => Algorithm::ALL.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_found_by_its_name() {
        for &algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
    }

    #[test]
    fn none_symmetric_and_unknown_algorithms_do_not_exist_here_x1_j2_j5() {
        for name in ["none", "None", "nOnE", "HS256", "HS384", "HS512", "rs256", "ES256K", "Ed448", "", "RS256 "] {
            assert_eq!(Algorithm::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn what_the_app_configured_wins_over_what_the_metadata_lists_j1() {
        let listed = ["none", "HS256", "ES256", "RS256"].map(str::to_owned);
        assert_eq!(allowed(Some(&listed), None), [Algorithm::ES256, Algorithm::RS256]);
        assert_eq!(allowed(Some(&listed), Some(&[Algorithm::PS256])), [Algorithm::PS256]);
        assert_eq!(allowed(None, None), Algorithm::ALL);
        assert!(allowed(Some(&["HS256".to_owned()]), None).is_empty());
    }
}
