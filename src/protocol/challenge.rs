//! What a request is refused with: the status, and the challenge in `WWW-Authenticate` (RFC 6750 3, RFC 9449 7.1).

use super::algorithm::Algorithm;
use super::request_credentials::Scheme;
use crate::error::{Class, Code, Error};

/// Why a request is refused, as RFC 6750 3.1 and RFC 9449 7.1 and 9 name it to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has no credentials: a challenge without an error.
    CredentialsMissing,
    /// `invalid_request`: it says who sent it in a way that nobody can read, or in two ways.
    InvalidRequest,
    /// `invalid_token`
    InvalidToken,
    /// `insufficient_scope`
    InsufficientScope,
    /// `invalid_dpop_proof`
    InvalidDpopProof,
    /// `use_dpop_nonce`: the same request again with the nonce of the answer.
    UseDpopNonce,
    /// Nobody can tell now whether the token is good: no challenge, since other credentials would not help.
    Unavailable,
}

impl Refusal {
    /// What an error that kept a request from being verified is to whoever sent it.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error.code() {
            Code::CredentialsMissing => return Self::CredentialsMissing,
            Code::InvalidDpopProof => return Self::InvalidDpopProof,
            Code::UseDpopNonce => return Self::UseDpopNonce,
            Code::InsufficientScope => return Self::InsufficientScope,
            // The provider's keys are what failed, and not the token.
            Code::InvalidKeySet => return Self::Unavailable,
            Code::InvalidRequest if error.class() == Class::RequestAuth => return Self::InvalidRequest,
            _ => {}
        }
        match error.class() {
            Class::RequestAuth | Class::TokenParse | Class::TokenVerification | Class::TokenExpired => {
                Self::InvalidToken
            }
            Class::InsufficientScope => Self::InsufficientScope,
            Class::Configuration
            | Class::Discovery
            | Class::Network
            | Class::Timeout
            | Class::Storage
            | Class::Callback
            | Class::Provider
            | Class::AccessDenied
            | Class::TokenExchange
            | Class::Refresh
            | Class::SessionExpired
            | Class::SubjectMismatch
            | Class::IdentityMismatch
            | Class::UserBlocked
            | Class::AccountLinkingRequired
            | Class::InteractionRequired
            | Class::LoginRequired
            | Class::ConsentRequired
            | Class::AccountSelectionRequired
            | Class::Panic => Self::Unavailable,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::CredentialsMissing | Self::InvalidToken | Self::InvalidDpopProof | Self::UseDpopNonce => 401,
            Self::InsufficientScope => 403,
            Self::Unavailable => 503,
        }
    }

    /// The value of `error`.
    #[must_use]
    pub const fn error(self) -> Option<&'static str> {
        match self {
            Self::CredentialsMissing | Self::Unavailable => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::InvalidDpopProof => Some("invalid_dpop_proof"),
            Self::UseDpopNonce => Some("use_dpop_nonce"),
        }
    }

    /// What a person who reads the answer is told: no more than the standard says, since the answer goes to whoever sent
    /// the request.
    const fn description(self) -> Option<&'static str> {
        match self {
            Self::CredentialsMissing | Self::Unavailable => None,
            Self::InvalidRequest => Some("The request must carry one access token, in one header"),
            Self::InvalidToken => Some("The access token is expired, revoked, malformed or not for this resource"),
            Self::InsufficientScope => Some("The request needs more than the access token grants"),
            Self::InvalidDpopProof => Some("The DPoP proof is missing or invalid"),
            Self::UseDpopNonce => Some("Resource server requires nonce in DPoP proof"),
        }
    }
}

/// How a protected resource asks for credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenger {
    /// `realm` (RFC 9110 11.5).
    pub realm: Option<String>,
    /// Whether tokens that are bound to no key are taken: the scheme `Bearer`.
    pub takes_bearer: bool,
    /// The algorithms of proofs that are taken: the scheme `DPoP`. Empty: the scheme is not taken.
    pub dpop_algorithms: Vec<Algorithm>,
    /// Whether whoever did not use the scheme `DPoP` is told of it.
    pub announces_dpop: bool,
}

impl Challenger {
    /// The value of `WWW-Authenticate`: a challenge of each scheme that is taken. The error stands in that of the scheme by
    /// which the token came. `None` where other credentials would not help.
    ///
    /// `scopes` are those that the request needs; they are told with `insufficient_scope`, and where there are no
    /// credentials (RFC 6750 3).
    #[must_use]
    pub fn challenge(&self, refusal: Refusal, presented: Option<Scheme>, scopes: &[String]) -> Option<String> {
        if refusal == Refusal::Unavailable {
            return None;
        }
        let blamed = match (refusal, presented) {
            (Refusal::InvalidDpopProof | Refusal::UseDpopNonce, _) => Scheme::Dpop,
            (_, Some(scheme)) if self.takes(scheme) => scheme,
            _ if self.takes_bearer => Scheme::Bearer,
            _ => Scheme::Dpop,
        };
        let mut challenges = String::new();
        for scheme in [Scheme::Bearer, Scheme::Dpop] {
            let is_told = self.takes(scheme) && (scheme == Scheme::Bearer || self.announces_dpop);
            if !is_told && scheme != blamed {
                continue;
            }
            if !challenges.is_empty() {
                challenges.push_str(", ");
            }
            self.append(&mut challenges, scheme, (scheme == blamed).then_some(refusal), scopes);
        }
        Some(challenges)
    }

    fn takes(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Bearer => self.takes_bearer,
            Scheme::Dpop => !self.dpop_algorithms.is_empty(),
        }
    }

    fn append(&self, challenges: &mut String, scheme: Scheme, refusal: Option<Refusal>, scopes: &[String]) {
        challenges.push_str(scheme.as_str());
        let mut separator = " ";
        let mut parameter = |name: &str, value: &str| {
            challenges.push_str(separator);
            challenges.push_str(name);
            challenges.push_str("=\"");
            challenges.extend(value.chars().filter(|&c| is_quotable(c)));
            challenges.push('"');
            separator = ", ";
        };
        if let Some(realm) = &self.realm {
            parameter("realm", realm);
        }
        if let Some(error) = refusal.and_then(Refusal::error) {
            parameter("error", error);
        }
        if let Some(description) = refusal.and_then(Refusal::description) {
            parameter("error_description", description);
        }
        let tells_scopes = matches!(refusal, Some(Refusal::InsufficientScope | Refusal::CredentialsMissing));
        if tells_scopes && !scopes.is_empty() {
            parameter("scope", &super::words::join(scopes));
        }
        if scheme == Scheme::Dpop && !self.dpop_algorithms.is_empty() {
            let names: Vec<String> = self.dpop_algorithms.iter().map(|one| one.as_str().to_owned()).collect();
            parameter("algs", &super::words::join(&names));
        }
    }
}

/// What may stand between quotes without an escape, in the character set of RFC 6750 3 for `error_description`.
const fn is_quotable(c: char) -> bool {
    matches!(c, ' '..='!' | '#'..='[' | ']'..='~')
}
