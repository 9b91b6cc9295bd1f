//! What a preflight can find: one table of code → how bad → what to do about it.

use std::borrow::Cow;

use super::status::Status;

/// Declares the findings with how bad each is and the remedy that whoever configures the app or the provider reads.
macro_rules! findings {
    ($($(#[$doc:meta])* $variant:ident => $text:literal, $status:ident, $remedy:literal;)+) => {
        /// What was found; the name is a stable promise to apps.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingCode { $($(#[$doc])* $variant,)+ }

        impl FindingCode {
            /// Every finding, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name that JavaScript sees.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// How bad it is, unless the step knows better.
            #[must_use]
            pub const fn status(self) -> Status {
                match self { $(Self::$variant => Status::$status,)+ }
            }

            /// What to do about it, in one sentence.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

findings! {
    /// There is no redirect URI for a client that has no other way to sign in.
    RedirectUriMissing => "redirect_uri_missing", Warning,
        "Give `redirectUri`, the URL of the app that the provider returns the user to, as it is registered there.";
    /// The redirect URI is no absolute URL.
    RedirectUriInvalid => "redirect_uri_invalid", Failure,
        "Give `redirectUri` as an absolute URL such as \"https://app.example.com/callback\", as it is registered.";
    /// The redirect URI has a fragment (RFC 6749 3.1.2).
    RedirectUriFragment => "redirect_uri_fragment", Failure,
        "Take the \"#\" and what follows it out of `redirectUri` and of its registration.";
    /// The redirect URI is http on a host that is not this device (RFC 9700 2.6).
    RedirectUriInsecure => "redirect_uri_insecure", Failure,
        "Serve the app over https and register its https URL; http is for \"127.0.0.1\", \"[::1]\" and \"localhost\" alone.";
    /// The redirect URI holds a wildcard.
    RedirectUriWildcard => "redirect_uri_wildcard", Failure,
        "Register each whole redirect URI and give the one that this app runs at: providers compare byte for byte.";
    /// The redirect URI lies on another origin than the page.
    RedirectUriOtherOrigin => "redirect_uri_other_origin", Failure,
        "Open the app at the origin of its `redirectUri`, or register a redirect URI on the origin it is opened at.";
    /// A program on this device listens at a name instead of an address (RFC 8252 8.3).
    RedirectUriLocalhost => "redirect_uri_localhost", Warning,
        "Listen at \"127.0.0.1\" and register that: the name \"localhost\" can lead to another interface.";
    /// A client secret is in a page.
    SecretInPage => "secret_in_page", Failure,
        "Register the app as a public client, leave `clientSecret` and `clientAuth` out, and replace the secret.";
    /// A scope is not one of RFC 6749 3.3.
    ScopeMalformed => "scope_malformed", Failure,
        "Correct `scopes`: a scope has printable ASCII characters without spaces, quotation marks and backslashes.";
    /// OpenID Connect without `openid`.
    OpenidMissing => "openid_missing", Warning,
        "Add `openid` to `scopes`, or say `type: \"oauth2\"` where no ID token is wanted.";
    /// `openid` with plain OAuth 2.0.
    OpenidUnused => "openid_unused", Warning,
        "Take `openid` out of `scopes`, or leave `type: \"oauth2\"` out so that the ID token is asked for and verified.";
    /// ID token signatures are not checked.
    SignatureUnchecked => "signature_unchecked", Warning,
        "Leave `verifySignature` out, so that ID tokens are verified with the provider's keys.";

    /// Nobody answers.
    Unreachable => "unreachable", Failure,
        "Check the address, the network, the provider, and in a page `connect-src` of its Content-Security-Policy.";
    /// The host's name does not resolve.
    NameUnknown => "name_unknown", Failure,
        "Correct the host name in `issuer` or `metadata`, or add the name to the DNS that this device asks.";
    /// Nobody listens at the port.
    ConnectionRefused => "connection_refused", Failure,
        "Start the provider, or correct the port in `issuer` or `metadata`.";
    /// The certificate is not trusted, or TLS fails otherwise.
    TlsFailed => "tls_failed", Failure,
        "Let the provider send a valid certificate for this host with its intermediates, or trust its authority here.";
    /// No answer in time.
    TimedOut => "timed_out", Failure,
        "Check whether a firewall or a proxy stands between, or raise `timeoutSeconds` where the provider is slow.";

    /// There is no discovery document.
    DiscoveryNotFound => "discovery_not_found", Failure,
        "Set `issuer` to exactly what the provider calls its issuer, or give `metadata` by hand if it has no discovery.";
    /// The discovery document lies elsewhere.
    DiscoveryElsewhere => "discovery_elsewhere", Failure,
        "Set `issuer` and `type` so that they lead to the document that is there.";
    /// `issuer` is the URL of the document instead.
    IssuerIsDocument => "issuer_is_document", Failure,
        "Cut \"/.well-known/\" and what follows it off `issuer`.";
    /// Discovery is redirected.
    DiscoveryRedirected => "discovery_redirected", Failure,
        "Set `issuer` to where the redirect leads, if the provider calls itself that; redirects are never followed.";
    /// The provider fails to answer discovery.
    DiscoveryFailing => "discovery_failing", Failure,
        "Look into the provider's log and try again: it fails at its own discovery document.";
    /// The discovery document has the wrong media type.
    DiscoveryMediaType => "discovery_media_type", Failure,
        "Let the provider send the document with \"Content-Type: application/json\".";
    /// The discovery document is no JSON object, or a member has the wrong type.
    DiscoveryMalformed => "discovery_malformed", Failure,
        "Correct the document at the provider as RFC 8414 2 and OpenID Connect Discovery 3 say.";
    /// The discovery document is larger than any honest one.
    DiscoveryTooLarge => "discovery_too_large", Failure,
        "Let the provider send a discovery document below one megabyte.";
    /// The document names no issuer.
    IssuerMissing => "issuer_missing", Failure,
        "Let the provider name itself in the member \"issuer\" of the document.";
    /// The document names another issuer.
    IssuerDiffers => "issuer_differs", Failure,
        "Set `issuer` to what the document says, if that is your provider, or correct the provider's own setting.";

    /// No authorization endpoint.
    AuthorizationEndpointMissing => "authorization_endpoint_missing", Failure,
        "Let the provider announce \"authorization_endpoint\", or give it in `metadata`: nobody can sign in without it.";
    /// No token endpoint.
    TokenEndpointMissing => "token_endpoint_missing", Failure,
        "Let the provider announce \"token_endpoint\", or give it in `metadata`: no token can be had without it.";
    /// No place for the keys.
    JwksUriMissing => "jwks_uri_missing", Failure,
        "Let the provider announce \"jwks_uri\", or give it in `metadata` or the keys in `jwks`.";
    /// No userinfo endpoint.
    UserinfoEndpointMissing => "userinfo_endpoint_missing", Warning,
        "Have all claims that the app needs put into the ID token, since `getUserInfo` throws `endpoint_missing`.";
    /// No logout endpoint.
    EndSessionEndpointMissing => "end_session_endpoint_missing", Warning,
        "Tell users that `signOut` ends the session of the app alone, since they stay signed in at the provider.";
    /// No revocation endpoint.
    RevocationEndpointMissing => "revocation_endpoint_missing", Warning,
        "Keep the lifetime of tokens short at the provider, since `signOut` and `revokeToken` cannot revoke them.";
    /// An endpoint is no URL, or one that is never used.
    EndpointInvalid => "endpoint_invalid", Failure,
        "Correct this URL at the provider, or give the right one in `metadata`.";
    /// An endpoint is on http (RFC 9700 2.6).
    EndpointInsecure => "endpoint_insecure", Failure,
        "Let the provider announce https URLs; behind a proxy it has to know that the outside is https.";

    /// Only pushed authorization requests are taken (RFC 9126).
    ParRequired => "par_required", Failure,
        "Switch off \"require pushed authorization requests\" for this client at the provider.";
    /// Only signed authorization requests are taken (RFC 9101).
    RequestObjectRequired => "request_object_required", Failure,
        "Switch off \"require signed request object\" for this client at the provider.";
    /// PKCE is not announced.
    PkceNotAdvertised => "pkce_not_advertised", Warning,
        "Let the provider announce \"code_challenge_methods_supported\": [\"S256\"], or make sure that it checks PKCE.";
    /// PKCE is announced with `plain` alone.
    PkcePlainOnly => "pkce_plain_only", Failure,
        "Switch on S256 at the provider: `plain` protects no code, and the app never sends it.";
    /// PKCE is announced without S256.
    PkceS256Missing => "pkce_s256_missing", Failure,
        "Switch on the code challenge method S256 at the provider.";
    /// The response type `code` is not announced.
    CodeResponseTypeMissing => "code_response_type_missing", Failure,
        "Switch on the response type \"code\" at the provider, the only one that the app uses.";
    /// The response mode is not announced.
    ResponseModeMissing => "response_mode_missing", Failure,
        "Choose a `responseMode` that the provider lists, or switch this one on there.";
    /// The grant type `authorization_code` is not announced.
    CodeGrantMissing => "code_grant_missing", Failure,
        "Switch on the grant type \"authorization_code\" at the provider.";
    /// Refresh tokens are asked for and not announced.
    RefreshGrantMissing => "refresh_grant_missing", Warning,
        "Switch on the grant type \"refresh_token\" at the provider, or take `offline_access` out of `scopes`.";
    /// Scopes are asked for that the provider does not list.
    ScopeNotListed => "scope_not_listed", Warning,
        "Create or allow these scopes at the provider, or take them out of `scopes`.";
    /// The client's authentication method is not announced.
    ClientAuthNotListed => "client_auth_not_listed", Failure,
        "Choose a method in `clientAuth` that the provider lists, and register the client with it.";
    /// ID tokens are signed as this client does not check.
    SigningAlgorithmsUnsupported => "signing_algorithms_unsupported", Failure,
        "Let the provider sign ID tokens with an asymmetric algorithm such as RS256 or ES256, or correct `algorithms`.";
    /// How ID tokens are signed is not announced.
    SigningAlgorithmsNotListed => "signing_algorithms_not_listed", Warning,
        "Let the provider announce \"id_token_signing_alg_values_supported\", or give `algorithms`.";
    /// Responses do not say who they come from (RFC 9207).
    IssuerParameterNotAdvertised => "issuer_parameter_not_advertised", Warning,
        "Where the app signs in at several issuers, register another redirect URI for each of them.";

    /// The key set cannot be had.
    KeySetUnavailable => "key_set_unavailable", Failure,
        "Let the provider answer at its \"jwks_uri\" with status 200, without a redirect and below one megabyte.";
    /// The key set is none.
    KeySetMalformed => "key_set_malformed", Failure,
        "Let the provider send a JSON object with an array \"keys\" as RFC 7517 5 says, with a JSON media type.";
    /// No key fits.
    KeySetUnusable => "key_set_unusable", Failure,
        "Publish a signing key of one of the announced algorithms at the provider: RSA of 2048 bits or more, EC or Ed25519.";
    /// The key set holds a private key.
    PrivateKeyPublished => "private_key_published", Failure,
        "Replace this key at the provider at once and publish public members only: whoever read it can sign tokens.";
    /// An RSA key is too short.
    KeyTooShort => "key_too_short", Warning,
        "Replace RSA keys below 2048 bits at the provider: tokens that they sign are refused.";
    /// A key has the right form and wrong numbers.
    KeyRefused => "key_refused", Warning,
        "Replace this key at the provider: tokens that it signs are refused.";
    /// This host cannot check signatures at all.
    CryptoUnavailable => "crypto_unavailable", Failure,
        "Open the app over https or at localhost: elsewhere browsers have no WebCrypto.";
    /// This host cannot check one of the algorithms.
    AlgorithmUnsupportedHere => "algorithm_unsupported_here", Warning,
        "Let the provider sign for this client with another algorithm, such as RS256 or ES256, which all hosts know.";

    /// The token endpoint cannot be had.
    TokenEndpointUnavailable => "token_endpoint_unavailable", Failure,
        "Correct the URL of the token endpoint, which has to answer `POST` without a redirect.";
    /// The token endpoint fails.
    TokenEndpointFailing => "token_endpoint_failing", Warning,
        "Look into the provider's log and try again: its token endpoint fails, or is overloaded.";
    /// The token endpoint does not know the client.
    ClientUnknown => "client_unknown", Warning,
        "Compare `clientId` with the registration at the provider, and whether it is registered as a public client.";
    /// The clocks differ.
    ClockDiffers => "clock_differs", Warning,
        "Set both clocks by NTP: a bigger difference makes tokens refused.";
    /// The clocks differ by more than what is tolerated.
    ClockBeyondTolerance => "clock_beyond_tolerance", Failure,
        "Set the clock that is wrong by NTP: ID tokens are refused at this difference.";

    /// A page of the app may not read the answer.
    CorsRefused => "cors_refused", Failure,
        "Add the app's origin to the allowed (web) origins of this client at the provider.";
    /// A page of the app may not send its token along.
    CorsAuthorizationRefused => "cors_authorization_refused", Failure,
        "Let the provider answer `OPTIONS` with \"Access-Control-Allow-Headers: Authorization\", which \"*\" does not include.";
    /// A page of the app does not see headers that help it.
    HeadersHidden => "headers_hidden", Warning,
        "Add this header line at the provider.";
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: FindingCode,
    /// `Warning` or `Failure`.
    pub status: Status,
    /// What is so, for a developer to read.
    pub message: String,
    /// What to do about it, in one sentence.
    pub remedy: Cow<'static, str>,
}

impl Finding {
    pub(super) fn new(code: FindingCode, message: impl AsRef<str>) -> Self {
        Self::make(code, message.as_ref())
    }

    #[inline(never)]
    fn make(code: FindingCode, message: &str) -> Self {
        Self { code, status: code.status(), message: message.to_owned(), remedy: Cow::Borrowed(code.remedy()) }
    }

    /// Says more exactly what to do.
    pub(super) fn remedied_by(mut self, remedy: String) -> Self {
        self.remedy = Cow::Owned(remedy);
        self
    }

    /// Says that it is as bad as this here.
    pub(super) fn weighing(mut self, status: Status) -> Self {
        self.status = status;
        self
    }
}
