//! Token exchange (RFC 8693): the request, and the judgement of the answer.

use super::grant_request::{GrantRequest, TOKEN_EXCHANGE};
use super::http::HttpResponse;
use super::json::{Json, Object};
use super::metadata::ProviderType;
use super::secret::Secret;
use super::token_response::{self, TokenResponse, told_by};
use crate::error::{Class, Code, Error, Result, harmless};

/// The token types of RFC 8693 3, by their last part.
const TOKEN_TYPES: &[&str] = &["access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"];
const PREFIX: &str = "urn:ietf:params:oauth:token-type:";

/// A token with what it is (RFC 8693 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedToken {
    token: Secret,
    token_type: String,
}

impl TypedToken {
    /// A token, and the URI of its type or the last part of one of those that RFC 8693 3 names.
    ///
    /// # Errors
    /// `InvalidOption` for a type that is neither.
    pub fn new(token: impl Into<String>, token_type: &str) -> Result<Self> {
        Ok(Self { token: Secret::new(token), token_type: type_uri(token_type)? })
    }
}

/// The URI of a token type.
///
/// # Errors
/// `InvalidOption`
pub fn type_uri(name: &str) -> Result<String> {
    if TOKEN_TYPES.contains(&name) {
        return Ok(format!("{PREFIX}{name}"));
    }
    if name.contains(':') && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(name.to_owned());
    }
    let message = format!("a token type is a URI or one of {}, not \"{}\"", TOKEN_TYPES.join(", "), harmless(name));
    Err(Error::new(Code::InvalidOption, message))
}

/// The request of RFC 8693 2.1, as far as it is about tokens.
#[must_use]
pub fn request(subject: &TypedToken, actor: Option<&TypedToken>, requested_type: Option<&str>) -> GrantRequest {
    GrantRequest::new(TOKEN_EXCHANGE)
        .with("subject_token", Some(subject.token.expose()))
        .with("subject_token_type", Some(&subject.token_type))
        .with("actor_token", actor.map(|actor| actor.token.expose()))
        .with("actor_token_type", actor.map(|actor| actor.token_type.as_str()))
        .with("requested_token_type", requested_type)
}

/// What came of an exchange (RFC 8693 2.2.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Issued {
    /// The token and what belongs to it; `token_type` is `N_A` for one that is no access token.
    pub response: TokenResponse,
    /// What it is, as a URI.
    pub token_type: String,
}

impl Issued {
    /// Whether the token goes into requests to an API.
    #[must_use]
    pub fn is_access_token(&self) -> bool {
        self.response.token_type != "N_A"
    }
}

/// Judges the answer.
///
/// # Errors
/// Those of [`token_response::judge`]; `InvalidResponse` without `issued_token_type`.
pub fn judge(response: &HttpResponse, kind: ProviderType) -> Result<Issued> {
    let members = token_response::members(response, Class::TokenExchange, kind);
    members.and_then(|members| issued(members, kind)).map_err(|error| told_by(response, Class::TokenExchange, error))
}

fn issued(mut members: Object, kind: ProviderType) -> Result<Issued> {
    let Some(token_type) = members.text("issued_token_type")?.filter(|text| !text.is_empty()) else {
        let message = "the token exchange response has no \"issued_token_type\" (RFC 8693 2.2.1)";
        return Err(Error::new(Code::InvalidResponse, message));
    };
    let is_access_token = !members.string("token_type")?.is_some_and(|text| text.eq_ignore_ascii_case("N_A"));
    if !is_access_token {
        members.insert("token_type", Json::String("Bearer".to_owned()));
    }
    let mut response = token_response::tokens(members, kind)?;
    if !is_access_token {
        "N_A".clone_into(&mut response.token_type);
    }
    Ok(Issued { response, token_type })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::client_auth::ClientAuthentication;
    use crate::protocol::url::HttpsUrl;

    fn judged(body: &str) -> Result<Issued> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        judge(&HttpResponse { status: 200, headers, body: body.as_bytes().to_vec() }, ProviderType::Oidc)
    }

    #[test]
    fn the_types_stand_beside_their_tokens_tex1() {
        let subject = TypedToken::new("canary-s", "access_token").unwrap();
        let actor = TypedToken::new("canary-a", "urn:example:badge").unwrap();
        let endpoint = HttpsUrl::parse("https://idp.example/token").unwrap();
        let body = |actor| {
            let request = request(&subject, actor, None).to_http(&endpoint, "cli", &ClientAuthentication::None);
            request.body.unwrap().expose().to_owned()
        };
        let alone = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=canary-s\
                     &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
        assert_eq!(body(None), format!("{alone}&client_id=cli"));
        let both = format!("{alone}&actor_token=canary-a&actor_token_type=urn%3Aexample%3Abadge&client_id=cli");
        assert_eq!(body(Some(&actor)), both);
        assert!(!format!("{subject:?}").contains("canary"));
        for wrong in ["", "token", "a b:c"] {
            assert_eq!(TypedToken::new("canary", wrong).unwrap_err().code(), Code::InvalidOption);
        }
    }

    #[test]
    fn an_answer_that_does_not_say_what_it_issued_is_refused_tex2() {
        let error = judged(r#"{"access_token":"canary","token_type":"Bearer"}"#).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::TokenExchange, Code::InvalidResponse));
        assert!(!error.to_string().contains("canary"));
    }

    #[test]
    fn a_token_that_is_no_access_token_is_of_type_n_a_tex3() {
        for token_type in ["N_A", "n_a"] {
            let body = format!(
                r#"{{"access_token":"a","issued_token_type":"urn:ietf:params:oauth:token-type:saml2","token_type":"{token_type}"}}"#
            );
            let issued = judged(&body).unwrap();
            assert_eq!((issued.response.token_type.as_str(), issued.is_access_token()), ("N_A", false));
        }
        let issued = judged(r#"{"access_token":"a","issued_token_type":"urn:x:y","token_type":"bearer"}"#).unwrap();
        assert_eq!((issued.token_type.as_str(), issued.is_access_token()), ("urn:x:y", true));
        let error = judged(r#"{"access_token":"a","issued_token_type":"urn:x:y","token_type":"mac"}"#).unwrap_err();
        assert_eq!(error.code(), Code::TokenTypeMismatch);
    }
}
