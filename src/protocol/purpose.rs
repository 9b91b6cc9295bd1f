//! What a request to a provider is for, as traces and the app's own functions are told.

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The provider's metadata (OIDC Discovery 4, RFC 8414 3).
    Discovery,
    /// The provider's key set (RFC 7517 5).
    Keys,
    /// Tokens (RFC 6749 3.2).
    Token,
    /// The claims of a user (OIDC Core 5.3).
    Userinfo,
    /// The end of a token (RFC 7009).
    Revocation,
    /// The state of a token (RFC 7662).
    Introspection,
    /// A code that a person types elsewhere (RFC 8628 3.1).
    #[cfg(feature = "tools")]
    DeviceAuthorization,
    /// Anything else, such as what a preflight tries.
    Other,
}

impl Purpose {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
            Self::Revocation => "revocation",
            Self::Introspection => "introspection",
            #[cfg(feature = "tools")]
            Self::DeviceAuthorization => "device_authorization",
            Self::Other => "other",
        }
    }
}
