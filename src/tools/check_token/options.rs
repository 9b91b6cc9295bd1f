//! What a check is asked to do: the token, whose it has to be, and what may be asked of whom.

use crate::client::given::Given;
use crate::client::options::algorithms;
use crate::error::{Class, Code, Error, Result};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::json::{Json, Object};
use crate::protocol::key_set::KeySet;
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::secret::Secret;
use crate::protocol::url::Issuer;

/// What a token is for, which decides which claims it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// An ID token (OIDC Core 2): it tells a client who signed in.
    IdToken,
    /// An access token: one of RFC 9068, or another JWT that a resource server takes.
    AccessToken,
}

impl TokenType {
    /// The name in the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdToken => "id_token",
            Self::AccessToken => "access_token",
        }
    }
}

/// A token to check, and what is expected of it.
#[derive(Debug, Clone)]
pub struct TokenCheck {
    /// The token, of which nothing is known.
    pub token: Secret,
    /// What it is for; `None`: what it looks like.
    pub token_type: Option<TokenType>,
    /// What `iss` has to be. `None` only where any issuer is allowed.
    pub expected_issuer: Option<Issuer>,
    /// What `aud` has to name; `None`: it is only shown.
    pub expected_audience: Option<String>,
    /// The client whose ID token it is: the audience that those must name where nothing else was said.
    pub client_id: Option<String>,
    /// Further audiences that an ID token may have without `azp`.
    pub trusted_audiences: Vec<String>,
    /// Whether an issuer that only the token names may be asked for its keys.
    pub allow_any_issuer: bool,
    /// Whether the expected issuer is asked for its metadata; not where the app gave all of it.
    pub discovers: bool,
    /// Metadata of the expected issuer, given by hand.
    pub metadata: Option<Object>,
    /// The key set of the expected issuer, given by hand.
    pub jwks: Option<Object>,
    /// The algorithms that are allowed; `None`: for ID tokens those that the metadata lists.
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far clocks may differ, in seconds.
    pub clock_tolerance: i64,
    /// The limit for one request, in seconds.
    pub timeout: i64,
}

impl TokenCheck {
    /// A check from the JSON of JavaScript's object: `token` and, all optional, `tokenType`, `expectedIssuer`,
    /// `expectedAudience`, `allowAnyIssuer`, and those of the client, where there is one: `issuer`, `clientId`, `metadata`,
    /// `jwks`, `trustedAudiences`, `algorithms`, `clockToleranceSeconds`, `timeoutSeconds`. What is given by hand belongs
    /// to `issuer`, so it serves for no other expected issuer.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option` without an issuer unless any is allowed, `invalid_option`,
    /// `unknown_option`. Never for what is in the token.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("option", object);
        let token = token(&mut given);
        let issuer = parsed_issuer(&mut given, "issuer");
        let expected = parsed_issuer(&mut given, "expectedIssuer");
        let metadata = given.object("metadata");
        let jwks = given.object("jwks");
        let named = metadata.and_then(|metadata| metadata.get("issuer")).and_then(Json::as_str);
        let owner = issuer.as_ref().map(Issuer::as_str).or(named);
        let is_owners = expected.as_ref().is_none_or(|expected| owner.is_none_or(|owner| owner == expected.as_str()));
        let from_metadata = named.and_then(|named| Issuer::parse(named).ok());
        let check = Self {
            token: Secret::new(token.unwrap_or_default()),
            token_type: token_type(&mut given),
            discovers: !is_owners || issuer.is_some() || metadata.is_none(),
            expected_issuer: expected.or(issuer).or(from_metadata),
            expected_audience: given.text("expectedAudience"),
            client_id: given.text("clientId"),
            trusted_audiences: given.texts("trustedAudiences").unwrap_or_default(),
            allow_any_issuer: given.flag("allowAnyIssuer").unwrap_or(false),
            metadata: metadata.filter(|_| is_owners).cloned(),
            jwks: jwks.filter(|_| is_owners).cloned(),
            algorithms: algorithms(&mut given),
            clock_tolerance: given.seconds("clockToleranceSeconds", 0, 300).unwrap_or(60),
            timeout: given.seconds("timeoutSeconds", 1, 600).unwrap_or(30),
        };
        given.finish()?;
        check.finish()
    }

    fn finish(self) -> Result<Self> {
        if let Some(metadata) = &self.metadata {
            ProviderMetadata::from_object(metadata.clone()).map_err(|cause| wrong_option("metadata", cause))?;
        }
        if let Some(jwks) = &self.jwks {
            KeySet::parse(jwks).map_err(|cause| wrong_option("jwks", cause))?;
        }
        if self.expected_issuer.is_none() && !self.allow_any_issuer {
            return Err(Error::new(
                Code::MissingOption,
                "option \"expectedIssuer\" is missing: the issuer whose token it has to be, or `allowAnyIssuer: true` to \
                 ask whichever provider the token names",
            ));
        }
        Ok(self)
    }

    /// The audience that a token of this type has to name.
    #[must_use]
    pub fn audience_of(&self, token_type: TokenType) -> Option<&str> {
        match (&self.expected_audience, token_type) {
            (Some(audience), _) => Some(audience),
            (None, TokenType::IdToken) => self.client_id.as_deref(),
            (None, TokenType::AccessToken) => None,
        }
    }
}

/// Any string: what is wrong with it is for the report to say.
fn token(given: &mut Given<'_>) -> Option<String> {
    let value = given.value("token").unwrap_or(&Json::Null);
    match value {
        Json::String(token) => Some(token.clone()),
        value => given.wrong("token", value, "a string"),
    }
}

fn token_type(given: &mut Given<'_>) -> Option<TokenType> {
    let value = given.value("tokenType")?;
    match value.as_str() {
        Some("id_token") => Some(TokenType::IdToken),
        Some("access_token") => Some(TokenType::AccessToken),
        Some("auto") => None,
        _ => given.wrong("tokenType", value, "\"id_token\", \"access_token\" or \"auto\""),
    }
}

fn parsed_issuer(given: &mut Given<'_>, name: &'static str) -> Option<Issuer> {
    let text = given.text(name)?;
    given.parsed(name, Issuer::parse(&text))
}

fn wrong_option(name: &str, cause: Error) -> Error {
    let message = format!("option \"{name}\": {}", cause.failure().message);
    Error::new(Code::InvalidOption, message).during(Class::Configuration).because(cause)
}
