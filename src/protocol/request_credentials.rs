//! What a request says about who sent it: the access token of RFC 6750 2.1 and RFC 9449 7.1, in its one place.

use std::fmt;

use super::form::pairs;
use super::headers::is_name;
use super::jwt::MAX_TOKEN_BYTES;
use super::secret::Secret;
use super::url::cut;
use crate::error::{Class, Code, Error, Result};

/// The authentication schemes that carry an access token; their names have no case (RFC 9110 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Bearer` (RFC 6750 2.1): whoever has the token may use it.
    Bearer,
    /// `DPoP` (RFC 9449 7.1): the sender proves that it has the key of the token.
    Dpop,
}

impl Scheme {
    /// The scheme's name as it is written in a challenge.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
    }
}

/// An access token, which is well-formed and nothing more, with the scheme that it came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedToken {
    /// The scheme.
    pub scheme: Scheme,
    /// The token.
    pub token: Secret,
}

/// What a request says about who sent it. `Debug` shows neither the token nor the query.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestCredentials {
    /// The method, as it was sent: methods have case (RFC 9110 9.1).
    pub method: String,
    /// The URL that the request came to, as the host tells it.
    pub url: String,
    /// The access token. `None` where the request has none, or authenticates by a scheme that is not looked at here: it
    /// is answered by a challenge without an error (RFC 6750 3.1).
    pub presented: Option<PresentedToken>,
    /// Every proof of the `DPoP` headers; that there is exactly one is checked where one is needed (RFC 9449 4.3, 1).
    pub dpop_proofs: Vec<Secret>,
}

impl RequestCredentials {
    /// Reads a request. Headers are names and values, in any order and with names in any case; several of one name may
    /// come joined by commas, as `Headers` of the Fetch standard joins them. The body is not looked at: a token in a form
    /// (RFC 6750 2.2) counts as none.
    ///
    /// # Errors
    /// `RequestAuthError` `invalid_request` (RFC 6750 3.1): a token in the query (RFC 6750 2.3, which RFC 9700 4.3.2
    /// forbids), alone or beside another one, more than one `Authorization`, a token that is empty, malformed or too long,
    /// a method that is none.
    pub fn read(method: &str, url: &str, headers: &[(String, String)]) -> Result<Self> {
        if !is_name(method) {
            return Err(invalid("the request's method is no token of RFC 9110 9.1"));
        }
        if has_token(url) {
            let message = "an access token in the query ends up in logs and histories: send it in the header \
                           \"Authorization\" (RFC 9700 4.3.2)";
            return Err(invalid(message));
        }
        let mut authorizations = values(headers, "authorization");
        let presented = match (authorizations.next(), authorizations.next()) {
            (None, _) => None,
            (Some(value), None) => presented(value)?,
            (Some(_), Some(_)) => return Err(twice()),
        };
        let mut dpop_proofs = Vec::new();
        for value in values(headers, "dpop") {
            // A proof holds no comma.
            dpop_proofs.extend(value.split(',').map(|proof| Secret::new(proof.trim_ascii())));
        }
        Ok(Self { method: method.to_owned(), url: url.to_owned(), presented, dpop_proofs })
    }
}

/// The token of a request that has one by `Bearer`, and nothing that [`RequestCredentials::read`] refuses. `query` is what
/// its URL has from the `?` on.
#[cfg(feature = "edge")]
pub(crate) fn bearer(authorization: &str, query: &str) -> Option<Secret> {
    if has_token(query) {
        return None;
    }
    let presented = presented(authorization.trim_ascii()).ok()??;
    (presented.scheme == Scheme::Bearer).then_some(presented.token)
}

/// Whether there is a token in the query of a URL.
fn has_token(url: &str) -> bool {
    let query = cut(cut(url, b'#').0, b'?').1.unwrap_or_default();
    !query.is_empty() && pairs(query.as_bytes()).iter().any(|(name, _)| name == "access_token")
}

impl fmt::Debug for RequestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, proofs) = (cut(&self.url, b'?').0, self.dpop_proofs.len());
        write!(f, "{} {url} ({:?}, {proofs} proofs)", self.method, self.presented)
    }
}

fn values<'a>(headers: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_ascii())
}

/// `credentials` of RFC 6750 2.1 in one value of `Authorization`.
fn presented(value: &str) -> Result<Option<PresentedToken>> {
    let (name, rest) = cut(value, b' ');
    let Some(scheme) = Scheme::parse(name) else {
        // Another scheme's credentials may hold commas; a token behind one of them is a second header that was joined.
        let is_joined = value.split(',').skip(1).any(|part| Scheme::parse(cut(part.trim_ascii(), b' ').0).is_some());
        return if is_joined { Err(twice()) } else { Ok(None) };
    };
    let token = rest.unwrap_or_default().trim_ascii_start();
    let is_b64 = is_b64token(token);
    // No digit is a comma: an honest token is looked through once.
    if !is_b64 && token.bytes().any(|byte| byte == b',') {
        return Err(twice());
    }
    if token.is_empty() {
        return Err(invalid("the header \"Authorization\" names a scheme and holds no token"));
    }
    if token.len() > MAX_TOKEN_BYTES {
        return Err(invalid("the token is longer than any honest one"));
    }
    if !is_b64 {
        return Err(invalid("the header \"Authorization\" holds something that is no token of RFC 6750 2.1"));
    }
    Ok(Some(PresentedToken { scheme, token: Secret::new(token) }))
}

/// `b64token` of RFC 6750 2.1.
fn is_b64token(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit =
        |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !digits.is_empty() && digits.bytes().all(is_digit)
}

fn twice() -> Error {
    invalid("the request must have one header \"Authorization\" with one token (RFC 6750 2)")
}

fn invalid(message: &'static str) -> Error {
    Error::new(Code::InvalidRequest, message).during(Class::RequestAuth)
}
