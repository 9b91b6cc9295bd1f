//! The first step: a token is taken apart, and where that fails, what can be read of it all the same.

use super::options::TokenType;
use crate::error::{Code, Error, Result};
use crate::protocol::base64;
use crate::protocol::json::{Json, Object, parse_object_as};
use crate::protocol::jwt::{self, Jwt, MAX_TOKEN_BYTES};

/// Members of a header that would choose the key if they were followed (RFC 7515 4.1.2 to 4.1.8).
const KEYS_IN_HEADER: [&str; 6] = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

/// A text that should be a token.
pub(super) struct Structure {
    pub(super) header: Option<Object>,
    pub(super) payload: Option<Object>,
    pub(super) jwt: Result<Jwt>,
}

impl Structure {
    pub(super) fn of(token: &str) -> Self {
        match jwt::parse(token) {
            Ok(jwt) => Self { header: Some(jwt.header.clone()), payload: Some(jwt.claims.clone()), jwt: Ok(jwt) },
            Err(_) if !token.contains('.') && token.len() <= MAX_TOKEN_BYTES => {
                Self { header: None, payload: None, jwt: Err(opaque(token)) }
            }
            Err(error) => Self::of_the_rest(token, error),
        }
    }

    /// A token that is none may still have a header, or claims, that say what went wrong.
    fn of_the_rest(token: &str, error: Error) -> Self {
        if token.len() > MAX_TOKEN_BYTES {
            return Self { header: None, payload: None, jwt: Err(error) };
        }
        let mut parts = token.splitn(5, '.').map(readable);
        let header = parts.next().flatten();
        let payload = parts.next().flatten();
        Self { header, payload, jwt: Err(error) }
    }

    /// What the token is for, by what only one kind has: the type of RFC 9068, the types that providers write among the
    /// claims, what OIDC Core 2 and 3.3.2.11 bring into ID tokens alone, and scopes.
    pub(super) fn token_type(&self) -> TokenType {
        let text = |object: &Option<Object>, name: &str| {
            object.as_ref().and_then(|object| object.get(name)).and_then(Json::as_str).map(str::to_ascii_lowercase)
        };
        let has = |names: &[&str]| {
            self.payload.as_ref().is_some_and(|claims| names.iter().any(|name| claims.get(name).is_some()))
        };
        let typ = text(&self.header, "typ");
        if matches!(typ.as_deref(), Some("at+jwt" | "application/at+jwt")) {
            return TokenType::AccessToken;
        }
        match text(&self.payload, "typ").as_deref() {
            Some("bearer") => return TokenType::AccessToken,
            Some("id") => return TokenType::IdToken,
            _ => {}
        }
        let is_access_token = self.header.is_none() || has(&["scope", "scp", "client_id"]);
        if has(&["nonce", "at_hash", "c_hash"]) || !is_access_token {
            return TokenType::IdToken;
        }
        TokenType::AccessToken
    }
}

/// What the header brings along that is never followed.
pub(super) fn ignored_members(header: &Object) -> Vec<Json> {
    let found = KEYS_IN_HEADER.iter().filter(|name| header.get(name).is_some());
    found.map(|name| Json::String((*name).to_owned())).collect()
}

fn readable(part: &str) -> Option<Object> {
    parse_object_as(&base64::decode(part)?, Code::MalformedToken).ok()
}

fn opaque(token: &str) -> Error {
    let message = if token.is_empty() {
        "there is no token: the text is empty"
    } else {
        "the text is not a JWT: it has no dots; an opaque access token says nothing by itself, only its issuer can tell \
         what it is worth (introspection, RFC 7662)"
    };
    Error::new(Code::MalformedToken, message)
}
