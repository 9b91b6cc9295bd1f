//! What a check is asked to do: the token, whose it has to be, and what may be asked of whom.

use crate::client::ClientOptions;
use crate::error::{Class, Code, Error, Result};
use crate::given::Given;
use crate::given::algorithms;
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

/// What a client knows already, where the check is one of its tokens.
#[derive(Default)]
struct Known<'a> {
    issuer: Option<&'a Issuer>,
    metadata: Option<&'a Object>,
    jwks: Option<&'a Object>,
    client_id: Option<&'a str>,
    trusted_audiences: &'a [String],
    algorithms: Option<&'a [Algorithm]>,
    clock_tolerance: Option<i64>,
    timeout: Option<i64>,
}

impl<'a> Known<'a> {
    fn of(client: &'a ClientOptions) -> Self {
        Self {
            issuer: client.issuer.as_ref(),
            metadata: client.metadata.as_ref(),
            jwks: client.jwks.as_ref(),
            client_id: Some(&client.client_id),
            trusted_audiences: &client.trusted_audiences,
            algorithms: client.algorithms.as_deref(),
            clock_tolerance: Some(client.clock_tolerance),
            timeout: Some(client.timeout),
        }
    }
}

impl TokenCheck {
    /// Whether nobody but this issuer is asked for anything.
    #[must_use]
    pub fn asks_only(&self, issuer: &str) -> bool {
        !self.allow_any_issuer && self.expected_issuer.as_ref().is_some_and(|expected| expected.as_str() == issuer)
    }

    /// A check from the JSON of JavaScript's arguments: `token`, and in `options`, all of them optional, `tokenType`,
    /// `expectedIssuer`, `expectedAudience`, `allowAnyIssuer`, `metadata`, `jwks`, `trustedAudiences`, `algorithms`,
    /// `clockToleranceSeconds`, `timeoutSeconds`. What is not given is what the client has, if it is a client's check. What
    /// the client was given by hand belongs to its own issuer, and serves for no other.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option` without an issuer unless any is allowed, `invalid_option`,
    /// `unknown_option`. Never for what is in the token.
    pub fn from_json(arguments: &Object, client: Option<&ClientOptions>) -> Result<Self> {
        let Some(Json::String(token)) = arguments.get("token") else {
            return Err(Error::new(Code::InvalidOption, "`checkToken` takes the token as a string"));
        };
        let none = Object::new();
        let mut given = Given::new("option", arguments.object("options")?.unwrap_or(&none));
        let mut known = client.map(Known::of).unwrap_or_default();
        let named = |metadata: Option<&Object>| {
            metadata.and_then(|metadata| metadata.get("issuer")).and_then(Json::as_str).map(str::to_owned)
        };
        let own = known.issuer.map(|issuer| issuer.as_str().to_owned()).or_else(|| named(known.metadata));
        let (metadata, jwks) = (given.object("metadata"), given.object("jwks"));
        let expected = given.text("expectedIssuer").or_else(|| named(metadata)).or_else(|| own.clone());
        let is_clients_own = expected == own && own.is_some();
        if !is_clients_own {
            known.issuer = None;
            known.metadata = None;
            known.jwks = None;
        }
        let check = Self {
            token: Secret::new(token.as_str()),
            token_type: token_type(&mut given),
            // What was given by hand is all there is, unless the client asks in addition.
            discovers: known.issuer.is_some()
                || (metadata.is_none() && jwks.is_none() && known.metadata.is_none() && known.jwks.is_none()),
            expected_issuer: expected.and_then(|expected| given.parsed("expectedIssuer", Issuer::parse(&expected))),
            expected_audience: given.text("expectedAudience"),
            client_id: known.client_id.map(str::to_owned),
            trusted_audiences: given.texts("trustedAudiences").unwrap_or_else(|| known.trusted_audiences.to_vec()),
            allow_any_issuer: given.flag("allowAnyIssuer").unwrap_or(false),
            metadata: metadata.or(known.metadata).cloned(),
            jwks: jwks.or(known.jwks).cloned(),
            algorithms: algorithms(&mut given).or_else(|| known.algorithms.map(<[Algorithm]>::to_vec)),
            clock_tolerance: given.seconds("clockToleranceSeconds", 0, 300).or(known.clock_tolerance).unwrap_or(60),
            timeout: given.seconds("timeoutSeconds", 1, 600).or(known.timeout).unwrap_or(30),
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

fn token_type(given: &mut Given<'_>) -> Option<TokenType> {
    let value = given.value("tokenType")?;
    match value.as_str() {
        Some("id_token") => Some(TokenType::IdToken),
        Some("access_token") => Some(TokenType::AccessToken),
        Some("auto") => None,
        _ => given.wrong("tokenType", value, "\"id_token\", \"access_token\" or \"auto\""),
    }
}

fn wrong_option(name: &str, cause: Error) -> Error {
    let message = format!("option \"{name}\": {}", cause.failure().message);
    Error::new(Code::InvalidOption, message).during(Class::Configuration).because(cause)
}
