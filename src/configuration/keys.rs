//! The keys of a configuration: one table, by which a document is read, mistakes get their suggestion, and the JSON Schema
//! is written.

use super::kind::{Kind, Level};
use crate::session::transaction::LIFETIME_SECONDS;

/// A key: what it is called, what may stand there, and what it means.
#[derive(Debug)]
pub(super) struct Key {
    /// As the options of a client are called.
    pub(super) name: &'static str,
    /// What others call it, beside the same words joined by `_`.
    pub(super) aliases: &'static [&'static str],
    pub(super) kind: Kind,
    /// What it means, for the schema; no wasm carries it.
    pub(super) about: &'static str,
}

impl Key {
    /// Whether the key is meant.
    pub(super) fn is_called(&self, name: &str) -> bool {
        name == self.name || self.aliases.contains(&name) || is_snake_case_of(name, self.name)
    }

    /// Every name, the first one first.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = vec![self.name.to_owned()];
        for name in std::iter::once(snake_case(self.name)).chain(self.aliases.iter().map(|&name| name.to_owned())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

pub(super) const fn key(name: &'static str, aliases: &'static [&'static str], kind: Kind, about: &'static str) -> Key {
    Key { name, aliases, kind, about: if cfg!(target_arch = "wasm32") { "" } else { about } }
}

/// A document, or its member `auth`.
pub(super) static ROOT: &[Key] = &[
    key("$schema", &[], Kind::Name, "Where the JSON Schema of this document is, for editors."),
    key("defaultProvider", &[], Kind::Name, "The provider that is used where none is named; one alone is the default."),
    key("providers", &[], Kind::Named(Level::Provider), "The providers, by their names."),
    STORAGE,
    ENVIRONMENT_VARIABLE,
    DEFAULT_ENVIRONMENT,
    key(
        "file",
        &[],
        Kind::StorageMembers("file"),
        "What belongs to the storage \"file\", where `storage` is only that word.",
    ),
    key(
        "sops",
        &[],
        Kind::StorageMembers("sops"),
        "What belongs to the storage \"sops\", where `storage` is only that word.",
    ),
];

/// A document in which the configuration is one section.
pub(super) static WRAPPER: &[Key] = &[
    key("$schema", &[], Kind::Name, "Where the JSON Schema of this document is, for editors."),
    key("auth", &[], Kind::Section(Level::Root), "The configuration, where it is a section of the document."),
];

const STORAGE: Key = key(
    "storage",
    &["tokenStorage", "token_storage"],
    Kind::Storage,
    "Where sessions are kept: a kind, or an object with `kind` and what belongs to it.",
);

const ENVIRONMENT_VARIABLE: Key = key(
    "environmentVariable",
    &[],
    Kind::Name,
    "The variable that names the environment where the app names none; the app passes the variables in.",
);

const DEFAULT_ENVIRONMENT: Key = key(
    "defaultEnvironment",
    &[],
    Kind::Name,
    "The environment where neither the app nor the variable names one, else \"prod\".",
);

const PROJECT_IDS: Key = key(
    "projectIds",
    &[],
    Kind::ProjectIds,
    "Project ids by application: each adds the audience scope urn:zitadel:iam:org:project:id:{id}:aud.",
);

/// What only a provider has.
pub(super) static PROVIDER: &[Key] = &[
    key("environments", &[], Kind::Named(Level::Environment), "What is different in an environment, by its name."),
    ENVIRONMENT_VARIABLE,
    DEFAULT_ENVIRONMENT,
    key("applications", &[], Kind::Named(Level::Application), "The applications, by their names."),
    PROJECT_IDS,
];

/// What only an environment has.
pub(super) static ENVIRONMENT: &[Key] = &[PROJECT_IDS];

/// What an application has.
pub(super) static APPLICATION: &[Key] = &[key(
    "projectId",
    &[],
    Kind::ProjectId,
    "The project whose audience the tokens carry, for all environments or by the names of environments.",
)];

/// The options of a client, which a provider and an environment have, and overrides.
pub(super) static OPTIONS: &[Key] = &[
    key("type", &[], Kind::OneOf(&["oidc", "oauth2"]), "OpenID Connect, or plain OAuth 2.0. Default: oidc."),
    key("issuer", &["issuerUrl", "issuer_url"], Kind::Issuer, "The issuer, whose discovery document is fetched."),
    key("clientId", &[], Kind::Text, "The client id that the provider gave your app."),
    key(
        "clientSecret",
        &[],
        Kind::Text,
        "The client secret; never in a page. A reference keeps it out of the document.",
    ),
    key("clientAuth", &[], Kind::Authentication, "How the client authenticates (RFC 6749 2.3)."),
    key("redirectUri", &["redirect_url", "redirectUrl"], Kind::Url, "Where the provider sends the user back to."),
    key("redirectPort", &[], Kind::Port, "Short for the redirect URI http://127.0.0.1:{port}/callback (RFC 8252 7.3)."),
    key("postLogoutRedirectUri", &[], Kind::Url, "Where the provider sends the user after a logout."),
    key("scopes", &["scope"], Kind::Words, "A list, or one string with spaces."),
    key("metadata", &[], Kind::Metadata, "Provider metadata by hand (RFC 8414 2), by the names of the standard."),
    key(
        "authorizationEndpoint",
        &["authorizeUrl", "authorize_url", "authorizationUrl", "authorization_url"],
        Kind::Endpoint("authorization_endpoint"),
        "The authorization endpoint (RFC 6749 3.1).",
    ),
    key(
        "tokenEndpoint",
        &["tokenUrl", "token_url"],
        Kind::Endpoint("token_endpoint"),
        "The token endpoint (RFC 6749 3.2).",
    ),
    key(
        "userinfoEndpoint",
        &["userinfoUrl", "userinfo_url", "userInfoEndpoint", "userInfoUrl"],
        Kind::Endpoint("userinfo_endpoint"),
        "The userinfo endpoint (OIDC Core 5.3).",
    ),
    key("jwksUri", &["jwksUrl", "jwks_url"], Kind::Endpoint("jwks_uri"), "Where the provider's keys are."),
    key(
        "endSessionEndpoint",
        &["endSessionUrl", "end_session_url", "logoutUrl", "logout_url"],
        Kind::Endpoint("end_session_endpoint"),
        "The logout page (RP-Initiated Logout 2).",
    ),
    key(
        "revocationEndpoint",
        &["revocationUrl", "revocation_url", "revokeUrl", "revoke_url"],
        Kind::Endpoint("revocation_endpoint"),
        "The revocation endpoint (RFC 7009).",
    ),
    key(
        "introspectionEndpoint",
        &["introspectionUrl", "introspection_url", "introspectUrl", "introspect_url"],
        Kind::Endpoint("introspection_endpoint"),
        "The introspection endpoint (RFC 7662).",
    ),
    key(
        "deviceAuthorizationEndpoint",
        &["deviceAuthorizationUrl", "device_authorization_url"],
        Kind::Endpoint("device_authorization_endpoint"),
        "The device authorization endpoint (RFC 8628 3.1).",
    ),
    key("jwks", &[], Kind::Free, "A JSON Web Key Set by hand (RFC 7517 5)."),
    key("apiOrigins", &[], Kind::Texts, "Where access tokens may go: exact origins, optionally with a path."),
    key("trustedAudiences", &[], Kind::Texts, "Audiences of an ID token that are right beside this client."),
    key(
        "pkce",
        &["usePkce", "use_pkce"],
        Kind::Always("PKCE with S256 is always used (RFC 7636, RFC 9700 2.1.1); leave the key out"),
        "PKCE is always used; only true is accepted.",
    ),
    key("requirePkceAdvertised", &[], Kind::Flag, "Refuses providers that do not announce PKCE. Default: false."),
    key(
        "verifySignature",
        &["verifyJwt", "verify_jwt"],
        Kind::Flag,
        "Whether ID token signatures are checked. Default: true.",
    ),
    key(
        "sslVerify",
        &["verifySsl", "verify_ssl"],
        Kind::Always("certificates are always checked; \"caBundle\" names those of an authority of your own"),
        "Certificates are always checked; only true is accepted.",
    ),
    key("algorithms", &[], Kind::Algorithms, "The algorithms that ID tokens may be signed with."),
    key("maxIdTokenAgeSeconds", &[], Kind::Whole { least: 1, most: i64::MAX }, "Refuses ID tokens issued longer ago."),
    key("autoRefresh", &[], Kind::Flag, "Whether tokens are renewed without being asked. Default: true."),
    key(
        "refreshBufferSeconds",
        &[],
        Kind::Whole { least: 0, most: 86_400 },
        "How long before its end a token is renewed. Default: 60.",
    ),
    key(
        "retryOn401",
        &["retry_on_401"],
        Kind::Flag,
        "Whether a request answered with 401 is sent once more. Default: true.",
    ),
    key("clockToleranceSeconds", &[], Kind::Whole { least: 0, most: 300 }, "How far clocks may differ. Default: 60."),
    key("timeoutSeconds", &["timeout"], Kind::Whole { least: 1, most: 600 }, "The limit for one request. Default: 30."),
    key(
        "callbackTimeoutSeconds",
        &["callbackTimeout", "callback_timeout"],
        Kind::Whole { least: 1, most: LIFETIME_SECONDS },
        "How long a sign-in may wait for its callback. Default: 300.",
    ),
    key(
        "discoveryTtlSeconds",
        &[],
        Kind::Whole { least: 0, most: 31_536_000 },
        "How long a discovery document is used. Default: 3600.",
    ),
    key("headers", &[], Kind::Headers, "Headers for every request to the provider, by their names."),
    key(
        "caBundle",
        &["sslCaBundle", "ssl_ca_bundle"],
        Kind::Plain,
        "A file with certificates in PEM that are trusted beside those of the platform; in Node, Deno and Bun.",
    ),
    key(
        "claimMapping",
        &[],
        Kind::Mapping(&["authpi", "keycloak", "auth0", "zitadel", "entra", "okta"]),
        "Where organizations, roles and scopes are found in claims: a preset, or an object.",
    ),
    key("identity", &[], Kind::Free, "How a provider of plain OAuth 2.0 tells who signed in."),
    key("allowPasswordGrant", &[], Kind::Flag, "Allows the password grant. Default: false."),
    key("responseMode", &[], Kind::OneOf(&["query", "fragment"]), "How the response comes back. Default: query."),
    key("session", &[], Kind::OneOf(&["single-user"]), "Says that this process serves one person."),
    key("sessionKey", &[], Kind::Text, "Whose session a store of the app's keeps that many people share."),
    STORAGE,
];

/// The members of `clientAuth`.
pub(super) static AUTHENTICATION: &[Key] = &[
    key(
        "method",
        &[],
        Kind::OneOf(&["none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]),
        "The method (OIDC Core 9).",
    ),
    key("clientSecret", &[], Kind::Text, "The client secret; a reference keeps it out of the document."),
    key(
        "key",
        &["privateKey", "private_key"],
        Kind::Text,
        "The private key of private_key_jwt, PKCS#8 in PEM or the text of a JWK: a reference keeps it out of the document.",
    ),
    key("keyId", &[], Kind::Plain, "The name that the provider has for the key."),
    key(
        "algorithm",
        &[],
        Kind::OneOf(&[
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
        ]),
        "What the key signs with. Default: what its type decides.",
    ),
    key(
        "audience",
        &[],
        Kind::Plain,
        "Whom assertions are for: \"issuer\", \"token_endpoint\", or a name of the provider. Default: issuer.",
    ),
    key("certificateThumbprint", &[], Kind::Plain, "The SHA-256 thumbprint of the key's certificate, base64url."),
];

/// The words of a name in camel case, joined by `_`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn is_snake_case_of(snake: &str, name: &str) -> bool {
    let mut letters = snake.chars();
    name.chars().all(|letter| {
        (!letter.is_ascii_uppercase() || letters.next() == Some('_'))
            && letters.next() == Some(letter.to_ascii_lowercase())
    }) && letters.next().is_none()
}
