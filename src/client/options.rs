//! The options of a client, checked: every mistake is named with what was expected.

use crate::error::{Code, Error, Result};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::callback::ResponseMode;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::{Json, Number, Object};
use crate::protocol::metadata::ProviderType;
use crate::protocol::secret::Secret;
use crate::protocol::url::{HttpsUrl, Issuer};

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// In this page only.
    Memory,
    /// In this tab, over reloads.
    Session,
}

impl StorageKind {
    /// The name of the option's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Session => "session",
        }
    }
}

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
    /// How long a discovery document stays good.
    pub discovery_ttl: i64,
    /// How the provider returns the authorization response.
    pub response_mode: ResponseMode,
    /// The app says that this process serves one person.
    pub single_user: bool,
}

/// Every option, for the suggestion in the message about an unknown one.
const NAMES: &[&str] = &[
    "algorithms",
    "apiOrigins",
    "autoRefresh",
    "clientAuth",
    "clientId",
    "clientSecret",
    "clockToleranceSeconds",
    "discoveryTtlSeconds",
    "fetch",
    "issuer",
    "jwks",
    "maxIdTokenAgeSeconds",
    "metadata",
    "name",
    "openUrl",
    "postLogoutRedirectUri",
    "redirectUri",
    "refreshBufferSeconds",
    "requirePkceAdvertised",
    "responseMode",
    "retryOn401",
    "scopes",
    "session",
    "storage",
    "timeoutSeconds",
    "trustedAudiences",
    "type",
    "verifySignature",
];

impl ClientOptions {
    /// Options from the JSON of JavaScript's object; `in_page`: everybody can read what is given here.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option`, `invalid_option`, `unknown_option`, `secret_in_browser`.
    pub fn from_json(object: &Object, in_page: bool) -> Result<Self> {
        let mut options = Self::defaults();
        let mut client_secret = None;
        for (name, value) in object.iter() {
            if matches!(value, Json::Null) {
                continue;
            }
            let option = Given { name, value };
            match name {
                "name" => options.name = Some(option.text()?),
                "issuer" => options.issuer = Some(Issuer::parse(&option.text()?).map_err(|e| option.refused(e))?),
                "metadata" => options.metadata = Some(option.object()?.clone()),
                "jwks" => options.jwks = Some(option.object()?.clone()),
                "clientId" => options.client_id = option.text()?,
                "redirectUri" => options.redirect_uri = Some(option.url()?),
                "postLogoutRedirectUri" => options.post_logout_redirect_uri = Some(option.url()?),
                "scopes" => options.scopes = option.words()?,
                "storage" => {
                    options.storage = option.one_of(&[StorageKind::Memory, StorageKind::Session], |k| k.as_str())?;
                }
                "apiOrigins" => options.api_origins = Some(option.texts()?),
                "type" => {
                    options.provider_type =
                        option.one_of(&[ProviderType::Oidc, ProviderType::Oauth2], |k| match k {
                            ProviderType::Oidc => "oidc",
                            ProviderType::Oauth2 => "oauth2",
                        })?;
                }
                "clientAuth" => options.client_auth = client_authentication(&option)?,
                "clientSecret" => client_secret = Some(Secret::new(option.text()?)),
                "trustedAudiences" => options.trusted_audiences = option.texts()?,
                "requirePkceAdvertised" => options.require_pkce_advertised = option.flag()?,
                "verifySignature" => options.verify_signature = option.flag()?,
                "algorithms" => options.algorithms = Some(algorithms(&option)?),
                "maxIdTokenAgeSeconds" => options.max_id_token_age = Some(option.seconds(1, i64::MAX)?),
                "autoRefresh" => options.auto_refresh = option.flag()?,
                "refreshBufferSeconds" => options.refresh_buffer = option.seconds(0, 86_400)?,
                "retryOn401" => options.retry_on_401 = option.flag()?,
                "clockToleranceSeconds" => options.clock_tolerance = option.seconds(0, 300)?,
                "timeoutSeconds" => options.timeout = option.seconds(1, 600)?,
                "discoveryTtlSeconds" => options.discovery_ttl = option.seconds(0, 31_536_000)?,
                "responseMode" => {
                    options.response_mode =
                        option.one_of(&[ResponseMode::Query, ResponseMode::Fragment], |mode| mode.as_str())?;
                }
                "session" => options.single_user = option.one_of(&[true], |_| "single-user")?,
                _ => return Err(unknown("option", name, NAMES)),
            }
        }
        if options.client_id.is_empty() {
            return Err(missing("clientId", "the client id that the provider gave your app"));
        }
        if options.issuer.is_none() && options.metadata.is_none() {
            return Err(missing("issuer", "the issuer URL of your provider, or `metadata` with its endpoints"));
        }
        if options.provider_type == ProviderType::Oauth2 && object.get("scopes").is_none() {
            options.scopes.clear();
        }
        if let Some(secret) = client_secret {
            options.client_auth = ClientAuthentication::SecretBasic(secret);
        }
        if in_page && !matches!(options.client_auth, ClientAuthentication::None) {
            return Err(Error::new(
                Code::SecretInBrowser,
                "a client secret in a page is no secret: register the app as a public client (PKCE protects it) and \
                 leave `clientSecret` and `clientAuth` out",
            ));
        }
        options.check_keys()?;
        Ok(options)
    }

    fn defaults() -> Self {
        Self {
            name: None,
            issuer: None,
            metadata: None,
            jwks: None,
            client_id: String::new(),
            redirect_uri: None,
            post_logout_redirect_uri: None,
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            storage: StorageKind::Memory,
            api_origins: None,
            provider_type: ProviderType::Oidc,
            client_auth: ClientAuthentication::None,
            trusted_audiences: Vec::new(),
            require_pkce_advertised: false,
            verify_signature: true,
            algorithms: None,
            max_id_token_age: None,
            auto_refresh: true,
            refresh_buffer: 60,
            retry_on_401: true,
            clock_tolerance: 60,
            timeout: 30,
            discovery_ttl: 3600,
            response_mode: ResponseMode::Query,
            single_user: false,
        }
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

fn client_authentication(option: &Given<'_>) -> Result<ClientAuthentication> {
    let object = option.object()?;
    let member = |name: &str| match object.get(name) {
        Some(Json::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let secret =
        || member("clientSecret").map(Secret::new).ok_or_else(|| option.wrong("`clientSecret` beside such a `method`"));
    match member("method") {
        Some("none") => Ok(ClientAuthentication::None),
        Some("client_secret_basic") => Ok(ClientAuthentication::SecretBasic(secret()?)),
        Some("client_secret_post") => Ok(ClientAuthentication::SecretPost(secret()?)),
        _ => Err(option.wrong("a `method` that is \"none\", \"client_secret_basic\" or \"client_secret_post\"")),
    }
}

fn algorithms(option: &Given<'_>) -> Result<Vec<Algorithm>> {
    let known = || option.wrong("a list of asymmetric JWS algorithms such as \"RS256\", \"ES256\" or \"EdDSA\"");
    let algorithms = option.texts()?.iter().map(|name| Algorithm::parse(name)).collect::<Option<Vec<_>>>();
    algorithms.filter(|list| !list.is_empty()).ok_or_else(known)
}

/// An option or argument as it was given, with the ways to read it.
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a Json,
}

impl Given<'_> {
    pub(super) fn wrong(&self, expected: &str) -> Error {
        // The value itself may be a secret that slipped into the wrong place.
        let actual = self.value.type_name();
        Error::new(Code::InvalidOption, format!("option \"{}\": expected {expected}, got {actual}", self.name))
            .mismatch(expected, actual)
    }

    fn refused(&self, cause: Error) -> Error {
        let message = format!("option \"{}\": {}", self.name, cause.failure().message);
        Error::new(Code::InvalidOption, message).because(cause)
    }

    pub(super) fn text(&self) -> Result<String> {
        match self.value {
            Json::String(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.wrong("a string that is not empty")),
        }
    }

    pub(super) fn flag(&self) -> Result<bool> {
        match self.value {
            Json::Bool(flag) => Ok(*flag),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn seconds(&self, least: i64, most: i64) -> Result<i64> {
        match self.value {
            Json::Number(Number::Integer(seconds)) if (least..=most).contains(seconds) => Ok(*seconds),
            _ if most == i64::MAX => Err(self.wrong(&format!("whole seconds, at least {least}"))),
            _ => Err(self.wrong(&format!("whole seconds from {least} to {most}"))),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>> {
        let Json::Array(items) = self.value else { return Err(self.wrong("a list of strings")) };
        items.iter().map(|value| Given { name: self.name, value }.text()).collect()
    }

    /// A list, or one string with spaces between the words.
    pub(super) fn words(&self) -> Result<Vec<String>> {
        match self.value {
            Json::String(text) => Ok(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()),
            _ => self.texts(),
        }
    }

    pub(super) fn object(&self) -> Result<&Object> {
        match self.value {
            Json::Object(object) => Ok(object),
            _ => Err(self.wrong("an object")),
        }
    }

    pub(super) fn url(&self) -> Result<String> {
        let text = self.text()?;
        HttpsUrl::parse(&text).map_err(|cause| self.refused(cause))?;
        Ok(text)
    }

    pub(super) fn one_of<T: Copy>(&self, values: &[T], name: impl Fn(T) -> &'static str) -> Result<T> {
        let text = self.text()?;
        values.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
            let names: Vec<_> = values.iter().map(|value| format!("\"{}\"", name(*value))).collect();
            self.wrong(&names.join(" or "))
        })
    }
}

fn missing(name: &str, what: &str) -> Error {
    Error::new(Code::MissingOption, format!("option \"{name}\" is missing: {what}"))
}

/// An unknown name, with the nearest known one where there is one near.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    let nearest = known.iter().map(|candidate| (strsim::levenshtein(name, candidate), *candidate)).min();
    let hint = match nearest {
        Some((distance, candidate)) if distance <= 3 => format!("; did you mean \"{candidate}\"?"),
        _ => String::new(),
    };
    Error::new(Code::UnknownOption, format!("unknown {what} \"{}\"{hint}", crate::error::harmless(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::parse_object;

    fn options(json: &str) -> Result<ClientOptions> {
        ClientOptions::from_json(&parse_object(json.as_bytes()).unwrap(), false)
    }

    fn refusal(json: &str) -> (Code, String) {
        let error = options(json).unwrap_err();
        (error.code(), error.failure().message.to_string())
    }

    const LEAST: &str = r#""issuer":"https://op.example","clientId":"spa""#;

    #[test]
    fn the_least_is_an_issuer_and_a_client_id() {
        let options = options(&format!("{{{LEAST}}}")).unwrap();
        assert_eq!(options.scopes, ["openid", "profile", "email"]);
        assert_eq!(options.clock_tolerance, 60);
        assert!(options.verify_signature && options.asks_for_id_token(&options.scopes));
    }

    #[test]
    fn a_missing_option_is_named() {
        assert_eq!(refusal(r#"{"issuer":"https://op.example"}"#).0, Code::MissingOption);
        assert!(refusal(r#"{"clientId":"spa"}"#).1.contains("\"issuer\" is missing"));
    }

    #[test]
    fn an_unknown_option_is_named_with_the_nearest_known_one() {
        let (code, message) = refusal(&format!("{{{LEAST},\"redirectURI\":\"https://a.example\"}}"));
        assert_eq!(code, Code::UnknownOption);
        assert_eq!(message, "unknown option \"redirectURI\"; did you mean \"redirectUri\"?");
        assert_eq!(refusal(&format!("{{{LEAST},\"zzzzzzzzzz\":1}}")).1, "unknown option \"zzzzzzzzzz\"");
    }

    #[test]
    fn a_wrong_value_is_named_with_what_was_expected_and_never_repeated() {
        for (option, expected) in [
            (r#""scopes":7"#, "expected a list of strings, got number"),
            (r#""storage":"cookie""#, "expected \"memory\" or \"session\", got string"),
            (r#""clockToleranceSeconds":301"#, "expected whole seconds from 0 to 300, got number"),
            (r#""timeoutSeconds":0"#, "expected whole seconds from 1 to 600, got number"),
            (r#""autoRefresh":"yes""#, "expected true or false, got string"),
            (r#""algorithms":["HS256"]"#, "expected a list of asymmetric JWS algorithms"),
            (r#""clientSecret":{"a":"hunter2"}"#, "expected a string that is not empty, got object"),
        ] {
            let (code, message) = refusal(&format!("{{{LEAST},{option}}}"));
            assert_eq!(code, Code::InvalidOption, "{option}");
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("hunter2"));
        }
    }

    #[test]
    fn an_issuer_or_redirect_uri_on_plain_http_is_refused_but_for_loopback() {
        assert_eq!(refusal(r#"{"issuer":"http://op.example","clientId":"spa"}"#).0, Code::InvalidOption);
        assert_eq!(refusal(&format!("{{{LEAST},\"redirectUri\":\"javascript:alert(1)\"}}")).0, Code::InvalidOption);
        assert!(options(r#"{"issuer":"http://localhost:9000","clientId":"spa"}"#).is_ok());
    }

    #[test]
    fn a_secret_is_refused_in_a_page_only() {
        let json = parse_object(format!("{{{LEAST},\"clientSecret\":\"hunter2\"}}").as_bytes()).unwrap();
        assert!(ClientOptions::from_json(&json, false).is_ok());
        let error = ClientOptions::from_json(&json, true).unwrap_err();
        assert_eq!(error.code(), Code::SecretInBrowser);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn manual_metadata_must_say_who_signs_and_with_which_keys() {
        assert!(refusal(r#"{"clientId":"spa","metadata":{"issuer":"https://op.example"}}"#).1.contains("jwks_uri"));
        assert!(refusal(r#"{"clientId":"spa","metadata":{"jwks_uri":"https://op.example/k"}}"#).1.contains("issuer"));
        assert!(options(r#"{"clientId":"spa","type":"oauth2","metadata":{}}"#).is_ok());
    }
}
