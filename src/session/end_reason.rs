//! Why a session is over. There are no other reasons.

/// What the `signedout` event gives as its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The app signed out.
    SignedOut,
    /// The stored session was deleted, by the app or by the user.
    Cleared,
    /// The provider does not take the refresh token any more (RFC 6749 5.2).
    InvalidGrant,
    /// The access token is past its end and nothing can renew it.
    RefreshExpired,
    /// A refresh brought tokens of somebody else (OIDC Core 12.2).
    SubjectChanged,
    /// A refresh brought tokens that are provably wrong.
    VerificationFailed,
    /// The key of an encrypted store is gone.
    KeyLost,
    /// Somebody else signed in in another tab.
    StorageReplaced,
}

impl EndReason {
    const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::Cleared,
        Self::InvalidGrant,
        Self::RefreshExpired,
        Self::SubjectChanged,
        Self::VerificationFailed,
        Self::KeyLost,
        Self::StorageReplaced,
    ];

    /// The name that apps and other tabs see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Cleared => "cleared",
            Self::InvalidGrant => "invalid_grant",
            Self::RefreshExpired => "refresh_expired",
            Self::SubjectChanged => "subject_changed",
            Self::VerificationFailed => "verification_failed",
            Self::KeyLost => "key_lost",
            Self::StorageReplaced => "storage_replaced",
        }
    }

    /// The reason of that name; what a newer version may have written counts as a sign-out.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name).unwrap_or(Self::SignedOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_known_by_its_name() {
        for reason in EndReason::ALL {
            assert_eq!(EndReason::parse(reason.as_str()), reason);
        }
        assert_eq!(EndReason::parse("abducted"), EndReason::SignedOut);
    }
}
