//! The options of a client, checked: every mistake is named with what was expected.

use super::given::{Given, algorithms, claim_mapping, client_auth, issuer, missing, split};
use crate::authz::mapping::ClaimMapping;
use crate::error::{Code, Error, Result};
use crate::ports::StorageKind;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::callback::ResponseMode;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::identity_mapping::IdentityMapping;
use crate::protocol::json::{Json, Object};
use crate::protocol::metadata::ProviderType;
use crate::protocol::secret::Secret;
use crate::protocol::url::Issuer;
use crate::session::transaction::LIFETIME_SECONDS;

/// The options of a client. Durations are in seconds.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// A name for messages and for keeping several clients on one provider apart.
    pub name: Option<String>,
    /// The issuer (OIDC Discovery 4.3, RFC 8414 3.3).
    pub issuer: Option<Issuer>,
    /// Metadata given by hand; what is given wins over what is discovered.
    pub metadata: Option<Object>,
    /// A key set given by hand.
    pub jwks: Option<Object>,
    /// The client id.
    pub client_id: String,
    /// How a plain OAuth 2.0 provider tells who it is; `None`: nobody is told.
    pub identity: Option<IdentityMapping>,
    /// The redirect URI, sent byte for byte.
    pub redirect_uri: Option<String>,
    /// Where the provider returns to after a logout.
    pub post_logout_redirect_uri: Option<String>,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Where sessions are kept.
    pub storage: StorageKind,
    /// Where access tokens may go: origins, optionally with a path; `None`: the page's own origin.
    pub api_origins: Option<Vec<String>>,
    /// With or without OpenID Connect.
    pub provider_type: ProviderType,
    /// How the client authenticates at the token endpoint.
    pub client_auth: ClientAuthentication,
    /// Headers for every request to the provider, their names in lower case.
    pub headers: Vec<(String, Secret)>,
    /// Audiences of an ID token that are right beside this client.
    pub trusted_audiences: Vec<String>,
    /// Refuses providers that do not announce PKCE.
    pub require_pkce_advertised: bool,
    /// Whether ID token signatures are checked.
    pub verify_signature: bool,
    /// The algorithms that ID tokens may be signed with; `None`: those that the metadata lists.
    pub algorithms: Option<Vec<Algorithm>>,
    /// The oldest `iat` that is accepted.
    pub max_id_token_age: Option<i64>,
    /// Whether `getAgent` and `fetch` refresh by themselves.
    pub auto_refresh: bool,
    /// How long before its end an access token is refreshed.
    pub refresh_buffer: i64,
    /// Whether an API request answered with 401 is sent once more with a new token.
    pub retry_on_401: bool,
    /// How far clocks may differ.
    pub clock_tolerance: i64,
    /// The limit for one request.
    pub timeout: i64,
    /// How long the window of a sign-in may take.
    pub callback_timeout: i64,
    /// How long a discovery document stays good.
    pub discovery_ttl: i64,
    /// How the provider returns the authorization response.
    pub response_mode: ResponseMode,
    /// The app takes the password grant though RFC 9700 2.4 forbids it.
    pub allow_password_grant: bool,
    /// This process, or this client, serves one person.
    pub single_user: bool,
    /// Whose session a store keeps that many people share.
    pub session_key: Option<Secret>,
    /// Where organizations, roles and scopes are found in claims.
    pub claim_mapping: ClaimMapping,
}

impl ClientOptions {
    /// Options from the JSON of JavaScript's object; `in_page`: everybody can read what is given here.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option`, `invalid_option`, `unknown_option`, `secret_in_browser`.
    pub fn from_json(object: &Object, in_page: bool) -> Result<Self> {
        let mut given = Given::new("option", object);
        // What the wrapper hands over by itself.
        for name in ["fetch", "openUrl", "logger", "onRequest", "onResponse", "waitUntil"] {
            given.value(name);
        }
        let is_oauth2 = given.is_second_of("type", "oidc", "oauth2").unwrap_or(false);
        let provider_type = if is_oauth2 { ProviderType::Oauth2 } else { ProviderType::Oidc };
        let mut options = Self {
            name: given.text("name"),
            issuer: issuer(&mut given),
            metadata: given.object("metadata").cloned(),
            jwks: given.object("jwks").cloned(),
            client_id: given.text("clientId").unwrap_or_default(),
            identity: identity(&mut given, is_oauth2),
            redirect_uri: given.url("redirectUri"),
            post_logout_redirect_uri: given.url("postLogoutRedirectUri"),
            scopes: given.words("scopes").unwrap_or_else(|| usual_scopes(is_oauth2)),
            storage: storage(&mut given).unwrap_or(StorageKind::Memory),
            api_origins: given.texts("apiOrigins"),
            provider_type,
            client_auth: client_auth::given(&mut given),
            headers: headers::given(&mut given, in_page),
            trusted_audiences: given.texts("trustedAudiences").unwrap_or_default(),
            require_pkce_advertised: given.flag("requirePkceAdvertised").unwrap_or(false),
            verify_signature: given.flag("verifySignature").unwrap_or(true),
            algorithms: algorithms(&mut given),
            max_id_token_age: given.seconds("maxIdTokenAgeSeconds", 1, i64::MAX),
            auto_refresh: given.flag("autoRefresh").unwrap_or(true),
            refresh_buffer: given.seconds("refreshBufferSeconds", 0, 86_400).unwrap_or(60),
            retry_on_401: given.flag("retryOn401").unwrap_or(true),
            clock_tolerance: given.seconds("clockToleranceSeconds", 0, 300).unwrap_or(60),
            timeout: given.seconds("timeoutSeconds", 1, 600).unwrap_or(30),
            // A transaction lives no longer.
            callback_timeout: given.seconds("callbackTimeoutSeconds", 1, LIFETIME_SECONDS).unwrap_or(300),
            discovery_ttl: given.seconds("discoveryTtlSeconds", 0, 31_536_000).unwrap_or(3600),
            response_mode: given.response_mode(!in_page).unwrap_or(ResponseMode::Query),
            allow_password_grant: given.flag("allowPasswordGrant").unwrap_or(false),
            single_user: is_single_user(&mut given),
            session_key: given.text("sessionKey").map(Secret::new),
            claim_mapping: ClaimMapping::default(),
        };
        if let Some(value) = given.value("claimMapping") {
            match claim_mapping::from_json(value, &options.client_id) {
                Ok(mapping) => options.claim_mapping = mapping,
                Err(error) => given.fails(error),
            }
        }
        given.finish()?;
        options.single_user |= options.session_key.is_some();
        options.check(in_page)?;
        Ok(options)
    }

    /// What no option can say alone.
    fn check(&self, in_page: bool) -> Result<()> {
        if self.client_id.is_empty() {
            return Err(missing("clientId", "the client id that the provider gave your app"));
        }
        if self.issuer.is_none() && self.metadata.is_none() {
            return Err(missing("issuer", "the issuer URL of your provider, or `metadata` with its endpoints"));
        }
        if in_page && !matches!(self.client_auth, ClientAuthentication::None) {
            return Err(Error::new(
                Code::SecretInBrowser,
                "a client secret or key in a page is no secret: register the app as a public client (PKCE protects it) and \
                 leave `clientSecret` and `clientAuth` out",
            ));
        }
        if self.session_key.is_some() && self.storage != StorageKind::Custom {
            let message = "option \"sessionKey\": only beside a `storage` of the app's own, which many people share";
            return Err(Error::new(Code::InvalidOption, message));
        }
        self.check_keys()
    }

    /// One record for all people would sign each of them in as the last one.
    pub(super) fn check_whose(&self, is_ambient: bool) -> Result<()> {
        if self.storage != StorageKind::Custom || is_ambient {
            return Ok(());
        }
        let what = "whose session the store keeps, on a server that serves many people: one text for each of them, such as \
                    the id of their session with you, and a client for each; or `session: \"single-user\"` where this \
                    process serves one person";
        Err(missing("sessionKey", what))
    }

    /// Leaves client authentication to a function of the app's.
    pub(super) fn authenticate_by_app(&mut self) -> Result<()> {
        if self.client_auth != ClientAuthentication::None {
            let message = "option \"clientAuth\" is a function of the app's, beside which `clientSecret` is not used";
            return Err(Error::new(Code::InvalidOption, message));
        }
        self.client_auth = ClientAuthentication::App;
        Ok(())
    }

    /// Manual metadata must say where the keys are, or ID tokens could never be verified.
    fn check_keys(&self) -> Result<()> {
        let Some(metadata) = &self.metadata else { return Ok(()) };
        let needs_keys = self.asks_for_id_token(&self.scopes)
            && self.verify_signature
            && self.issuer.is_none()
            && self.jwks.is_none();
        if needs_keys && metadata.get("jwks_uri").is_none() {
            return Err(missing("metadata.jwks_uri", "where the provider's keys are, or `jwks`, or an `issuer`"));
        }
        if self.issuer.is_none() && self.provider_type == ProviderType::Oidc && metadata.get("issuer").is_none() {
            return Err(missing("metadata.issuer", "what `iss` in ID tokens has to be"));
        }
        Ok(())
    }

    /// Whether a sign-in with these scopes asks for an ID token (OIDC Core 3.1.2.1).
    #[must_use]
    pub fn asks_for_id_token<S: AsRef<str>>(&self, scopes: &[S]) -> bool {
        self.provider_type == ProviderType::Oidc && scopes.iter().any(|scope| scope.as_ref() == "openid")
    }

    /// What the issuer is called before anything is discovered: part of every key in every store.
    #[must_use]
    pub fn issuer_name(&self) -> &str {
        let given = |name: &str| {
            self.metadata.as_ref().and_then(|metadata| match metadata.get(name) {
                Some(Json::String(text)) => Some(text.as_str()),
                _ => None,
            })
        };
        self.issuer
            .as_ref()
            .map(Issuer::as_str)
            .or_else(|| given("issuer"))
            .or_else(|| given("authorization_endpoint"))
            .unwrap_or_default()
    }
}

/// The scopes that are asked for where the app names none.
pub(crate) fn usual_scopes(is_oauth2: bool) -> Vec<String> {
    split(if is_oauth2 { "" } else { "openid profile email" })
}

fn is_single_user(given: &mut Given<'_>) -> bool {
    let Some(value) = given.value("session") else { return false };
    value.as_str() == Some("single-user") || given.wrong("session", value, "\"single-user\"").unwrap_or(false)
}

fn storage(given: &mut Given<'_>) -> Option<StorageKind> {
    let value = given.value("storage")?;
    match value.as_str() {
        Some("memory") => Some(StorageKind::Memory),
        Some("session") => Some(StorageKind::Session),
        Some("local") => Some(StorageKind::Local),
        Some("custom") => Some(StorageKind::Custom),
        _ => {
            let expected = "\"memory\", \"session\", \"local\", \"encrypted\" or an object with load, save and delete";
            given.wrong("storage", value, expected)
        }
    }
}

fn identity(given: &mut Given<'_>, is_oauth2: bool) -> Option<IdentityMapping> {
    let object = given.object("identity")?;
    if !is_oauth2 {
        let message = "option \"identity\": only with `type: \"oauth2\"`; elsewhere the ID token says who it is";
        given.fails(Error::new(Code::InvalidOption, message));
    }
    given.parsed("identity", IdentityMapping::from_json(object))
}

mod headers;
#[cfg(test)]
mod tests;
