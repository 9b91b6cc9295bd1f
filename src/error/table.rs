//! The table: code → class → recovery. Every row is a stable promise to apps.

use std::fmt;

/// Declares an enum whose variants have a name on the JavaScript side.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name as JavaScript sees it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// Which job failed; each is a class of the npm package.
    Class {
        /// The app's options or calls are wrong.
        Configuration => "ConfigurationError",
        /// The provider's metadata could not be had or lies.
        Discovery => "DiscoveryError",
        /// No usable answer arrived.
        Network => "NetworkError",
        /// Something took longer than its limit.
        Timeout => "TimeoutError",
        /// A store failed.
        Storage => "StorageError",
        /// An authorization response was refused.
        Callback => "CallbackError",
        /// The provider answered that it failed.
        Provider => "ProviderError",
        /// The user or the provider said no (RFC 6749 4.1.2.1 `access_denied`).
        AccessDenied => "AccessDeniedError",
        /// The token request of a sign-in failed.
        TokenExchange => "TokenExchangeError",
        /// A refresh failed.
        Refresh => "RefreshError",
        /// The access token is expired and cannot be renewed.
        TokenExpired => "TokenExpiredError",
        /// The session is over.
        SessionExpired => "SessionExpiredError",
        /// A token is not what a token looks like.
        TokenParse => "TokenParseError",
        /// A token says something it must not say.
        TokenVerification => "TokenVerificationError",
        /// Tokens of another subject arrived.
        SubjectMismatch => "SubjectMismatchError",
        /// Somebody other than the expected person signed in.
        IdentityMismatch => "IdentityMismatchError",
        /// The agent may not do this.
        InsufficientScope => "InsufficientScopeError",
        /// The provider blocked the user.
        UserBlocked => "UserBlockedError",
        /// Two accounts have to be linked first.
        AccountLinkingRequired => "AccountLinkingRequiredError",
        /// The provider must talk to the user (OIDC Core 3.1.2.6).
        InteractionRequired => "InteractionRequiredError",
        /// The user must sign in (OIDC Core 3.1.2.6).
        LoginRequired => "LoginRequiredError",
        /// The user must consent (OIDC Core 3.1.2.6).
        ConsentRequired => "ConsentRequiredError",
        /// The user must choose an account (OIDC Core 3.1.2.6).
        AccountSelectionRequired => "AccountSelectionRequiredError",
        /// A request to an API of the app's was refused (RFC 6750 3, RFC 9449 7.1).
        RequestAuth => "RequestAuthError",
        /// wasm trapped; make a new client.
        Panic => "PanicError",
    }
}

named! {
    /// What the caller can do about it.
    Recovery {
        /// The same call can succeed later.
        Retry => "retry",
        /// The user has to sign in again.
        Reauthenticate => "reauthenticate",
        /// The app, its configuration or the provider's has to change.
        Fix => "fix",
        /// Nothing; do not repeat it.
        Stop => "stop",
    }
}

/// Declares the codes with their class and recovery.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $text:literal, $class:ident, $recovery:ident;)+) => {
        named! {
            /// Why it failed.
            Code { $($(#[$doc])* $variant => $text,)+ }
        }

        impl Code {
            /// The class of an error with this code, unless the job says otherwise.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// What the caller can do about an error with this code.
            #[must_use]
            pub const fn recovery(self) -> Recovery {
                match self { $(Self::$variant => Recovery::$recovery,)+ }
            }
        }
    };
}

codes! {
    /// An option or argument has a value that is not allowed.
    InvalidOption => "invalid_option", Configuration, Fix;
    /// An option that the job needs is missing.
    MissingOption => "missing_option", Configuration, Fix;
    /// There is no option of that name.
    UnknownOption => "unknown_option", Configuration, Fix;
    /// A client secret was given to a page.
    SecretInBrowser => "secret_in_browser", Configuration, Fix;
    /// The method needs a session of its own, and this host serves more than one person.
    NoAmbientSession => "no_ambient_session", Configuration, Fix;
    /// A server that keeps the tokens of its users has to be a client that authenticates itself.
    ConfidentialClientRequired => "confidential_client_required", Configuration, Fix;
    /// Refresh tokens in a cookie alone would be used by two requests at once.
    RefreshNeedsCoordinator => "refresh_needs_coordinator", Configuration, Fix;
    /// A session is larger than cookies may be.
    SessionTooLarge => "session_too_large", Configuration, Fix;
    /// The wasm is not loaded yet.
    NotReady => "not_ready", Configuration, Fix;
    /// An agent of a verified request was asked for tokens: they are the sender's.
    TokensNotKept => "tokens_not_kept", Configuration, Fix;
    /// The client was disposed of.
    Disposed => "disposed", Configuration, Fix;
    /// An extra parameter or header names one that the library sets or validates.
    ReservedParameter => "reserved_parameter", Configuration, Fix;
    /// The access token may not go to this origin.
    OriginNotAllowed => "origin_not_allowed", Configuration, Fix;
    /// The provider lacks the endpoint that the job needs.
    EndpointMissing => "endpoint_missing", Configuration, Fix;
    /// The provider takes only pushed authorization requests (RFC 9126).
    ParRequired => "par_required", Configuration, Fix;
    /// The provider takes only signed authorization requests (RFC 9101).
    RequestObjectRequired => "request_object_required", Configuration, Fix;
    /// The provider does not offer PKCE with S256 (RFC 7636).
    PkceUnsupported => "pkce_unsupported", Configuration, Fix;
    /// A code verifier is not one of RFC 7636 4.1.
    InvalidVerifier => "invalid_verifier", Configuration, Fix;
    /// A return URL leaves the app's origin.
    RedirectTargetRejected => "redirect_target_rejected", Configuration, Fix;
    /// A function that the app plugged in threw, or rejected.
    PlugInFailed => "plug_in_failed", Configuration, Retry;
    /// A function that the app plugged in answered what it may not answer.
    PlugInAnswer => "plug_in_answer", Configuration, Fix;
    /// The host lacks WebCrypto or random numbers.
    CryptoUnavailable => "crypto_unavailable", Configuration, Fix;
    /// Another program listens on the port of the redirect URI.
    PortTaken => "port_taken", Configuration, Fix;
    /// No browser could be started.
    BrowserUnavailable => "browser_unavailable", Configuration, Fix;
    /// A reference to a secret led to nothing: the app's function failed, gave no text, or took too long.
    SecretUnavailable => "secret_unavailable", Configuration, Retry;
    /// The wasm could not be loaded.
    WasmUnavailable => "wasm_unavailable", Configuration, Retry;

    /// The metadata has not been fetched yet.
    NotDiscovered => "not_discovered", Discovery, Retry;
    /// The metadata could not be fetched.
    DiscoveryFailed => "discovery_failed", Discovery, Retry;
    /// The metadata is not what OIDC Discovery 3 or RFC 8414 2 say.
    InvalidMetadata => "invalid_metadata", Discovery, Fix;
    /// The issuer is not the expected one.
    IssuerMismatch => "issuer_mismatch", Discovery, Fix;
    /// An endpoint is neither https nor http on loopback.
    InsecureEndpoint => "insecure_endpoint", Discovery, Fix;

    /// The request did not get through.
    NetworkFailure => "network_failure", Network, Retry;
    /// The endpoint answered with a redirect, which is never followed.
    RedirectRefused => "redirect_refused", Network, Fix;
    /// The answer is larger than any honest one.
    ResponseTooLarge => "response_too_large", Network, Fix;
    /// The time limit passed.
    Timeout => "timeout", Timeout, Retry;

    /// The store cannot be used.
    StorageUnavailable => "storage_unavailable", Storage, Retry;

    /// The key of an encrypted store is gone: what it kept cannot be read any more.
    KeyLost => "key_lost", Storage, Reauthenticate;
    /// What an encrypted store keeps was encrypted with another key; it stays in place.
    WrongKey => "wrong_key", Storage, Fix;

    /// The browser did not open the window of a sign-in.
    PopupBlocked => "popup_blocked", Callback, Retry;
    /// The user closed the window of a sign-in.
    PopupClosed => "popup_closed", Callback, Reauthenticate;
    /// The frame of a silent sign-in never answered: the provider refuses frames, or the browser blocks its cookies.
    SilentBlocked => "silent_blocked", Timeout, Reauthenticate;

    /// The callback is not a URL.
    InvalidCallback => "invalid_callback", Callback, Fix;
    /// The authorization response has no `state`.
    StateMissing => "state_missing", Callback, Reauthenticate;
    /// The `state` is not the one of the request.
    StateMismatch => "state_mismatch", Callback, Reauthenticate;
    /// A parameter of the authorization response occurs twice.
    DuplicateParameter => "duplicate_parameter", Callback, Reauthenticate;
    /// The authorization response says two things at once.
    AmbiguousResponse => "ambiguous_response", Callback, Reauthenticate;
    /// The authorization response carries what never was asked for.
    UnexpectedParameter => "unexpected_parameter", Callback, Reauthenticate;
    /// No sign-in with this `state` is under way.
    TransactionNotFound => "transaction_not_found", Callback, Reauthenticate;
    /// The sign-in took too long.
    TransactionExpired => "transaction_expired", Callback, Reauthenticate;
    /// The authorization response was handled before.
    CallbackAlreadyHandled => "callback_already_handled", Callback, Reauthenticate;
    /// A sealed cookie stands where one of another purpose belongs.
    CookiePurposeMismatch => "cookie_purpose_mismatch", Callback, Stop;
    /// The response comes from another issuer (RFC 9207 2.4).
    IssMismatch => "iss_mismatch", Callback, Stop;
    /// The provider announces `iss` and did not send it (RFC 9207 2.4).
    IssMissing => "iss_missing", Callback, Stop;

    /// The provider failed (5xx, `server_error`).
    ServerError => "server_error", Provider, Retry;
    /// The provider is overloaded (503, 429, `temporarily_unavailable`).
    TemporarilyUnavailable => "temporarily_unavailable", Provider, Retry;
    /// The answer is not what the standard says.
    InvalidResponse => "invalid_response", TokenExchange, Retry;
    /// The provider sent an error that has no class of its own.
    ProviderRefused => "provider_refused", Provider, Fix;
    /// The code, or the refresh token, is not valid (RFC 6749 5.2).
    InvalidGrant => "invalid_grant", TokenExchange, Reauthenticate;
    /// Client authentication failed (RFC 6749 5.2).
    InvalidClient => "invalid_client", TokenExchange, Fix;
    /// The request is malformed (RFC 6749 5.2).
    InvalidRequest => "invalid_request", TokenExchange, Fix;
    /// The client may not use this grant (RFC 6749 5.2).
    UnauthorizedClient => "unauthorized_client", TokenExchange, Fix;
    /// The provider does not know this grant (RFC 6749 5.2).
    UnsupportedGrantType => "unsupported_grant_type", TokenExchange, Fix;
    /// A scope is unknown or not allowed (RFC 6749 5.2).
    InvalidScope => "invalid_scope", TokenExchange, Fix;
    /// The provider does not revoke tokens of this type (RFC 7009 2.2.1).
    UnsupportedTokenType => "unsupported_token_type", Provider, Fix;
    /// The provider does not take the access token: it is expired, revoked or not one of its own (RFC 6750 3.1).
    InvalidToken => "invalid_token", Provider, Reauthenticate;
    /// A request came without credentials, or with those of a scheme that is not looked at (RFC 6750 3.1).
    CredentialsMissing => "credentials_missing", RequestAuth, Reauthenticate;
    /// A request's DPoP proof is missing, wrong, or was used before (RFC 9449 7.1).
    InvalidDpopProof => "invalid_dpop_proof", RequestAuth, Fix;
    /// A request's DPoP proof has to hold the nonce of the answer (RFC 9449 9).
    UseDpopNonce => "use_dpop_nonce", RequestAuth, Retry;
    /// The resource is unknown or not allowed (RFC 8707 2).
    InvalidTarget => "invalid_target", TokenExchange, Fix;
    /// The device code is over before the person agreed (RFC 8628 3.5).
    ExpiredToken => "expired_token", TokenExchange, Reauthenticate;
    /// The app itself gave up waiting for the person.
    Cancelled => "cancelled", TokenExchange, Stop;
    /// The token is of a type that this client does not use.
    TokenTypeMismatch => "token_type_mismatch", TokenExchange, Fix;
    /// The user or the provider said no.
    AccessDenied => "access_denied", AccessDenied, Reauthenticate;
    /// The provider must talk to the user.
    InteractionRequired => "interaction_required", InteractionRequired, Reauthenticate;
    /// The user must sign in.
    LoginRequired => "login_required", LoginRequired, Reauthenticate;
    /// The user must consent.
    ConsentRequired => "consent_required", ConsentRequired, Reauthenticate;
    /// The user must choose an account.
    AccountSelectionRequired => "account_selection_required", AccountSelectionRequired, Reauthenticate;
    /// The agent lacks a scope.
    InsufficientScope => "insufficient_scope", InsufficientScope, Stop;
    /// The provider ended the session.
    SessionExpired => "session_expired", SessionExpired, Reauthenticate;
    /// The provider blocked the user.
    UserBlocked => "user_blocked", UserBlocked, Stop;
    /// Two accounts have to be linked first.
    AccountLinkingRequired => "account_linking_required", AccountLinkingRequired, Reauthenticate;
    /// Nobody is signed in.
    SignedOut => "signed_out", LoginRequired, Reauthenticate;

    /// There is no refresh token; ask for the scope `offline_access`.
    NoRefreshToken => "no_refresh_token", Refresh, Reauthenticate;
    /// A refresh token was sent, its answer got lost, and the provider does not take the token any more.
    RefreshOutcomeLost => "refresh_outcome_lost", Refresh, Reauthenticate;
    /// The access token is expired and there is no refresh token.
    TokenExpired => "token_expired", TokenExpired, Reauthenticate;

    /// A token is malformed.
    MalformedToken => "malformed_token", TokenParse, Fix;
    /// The answer holds no ID token though `openid` was asked for.
    IdTokenMissing => "id_token_missing", TokenParse, Fix;
    /// A claim has the wrong type or an impossible value.
    InvalidClaim => "invalid_claim", TokenVerification, Fix;
    /// A required claim is missing.
    MissingClaim => "missing_claim", TokenVerification, Fix;
    /// The signature algorithm is not allowed.
    AlgNotAllowed => "alg_not_allowed", TokenVerification, Fix;
    /// The header asks for something this library does not do (RFC 7515 4.1.11 `crit`).
    UnsupportedHeader => "unsupported_header", TokenVerification, Fix;
    /// The key set holds no key that fits.
    KeyNotFound => "key_not_found", TokenVerification, Retry;
    /// The key set is not one (RFC 7517 5).
    InvalidKeySet => "invalid_key_set", TokenVerification, Retry;
    /// The signature is wrong.
    SignatureInvalid => "signature_invalid", TokenVerification, Fix;
    /// `aud` does not name this client, or names others that are not trusted.
    AudienceMismatch => "audience_mismatch", TokenVerification, Fix;
    /// `azp` is not this client.
    AzpMismatch => "azp_mismatch", TokenVerification, Fix;
    /// The ID token was expired when it arrived.
    IdTokenExpired => "id_token_expired", TokenVerification, Fix;
    /// `nbf` or `iat` lies in the future.
    NotYetValid => "not_yet_valid", TokenVerification, Fix;
    /// The ID token is older than allowed.
    IdTokenTooOld => "id_token_too_old", TokenVerification, Reauthenticate;
    /// `nonce` is not the one of the request, is missing, or was never asked for.
    NonceMismatch => "nonce_mismatch", TokenVerification, Stop;
    /// `events` does not say that the token is a logout token (OIDC Back-Channel Logout 2.4).
    EventMissing => "event_missing", TokenVerification, Fix;
    /// The access token is bound to a key (`cnf`), and the request does not prove that its sender has that key.
    TokenBound => "token_bound", TokenVerification, Stop;
    /// The token was taken before (OIDC Back-Channel Logout 2.6).
    Replayed => "replayed", TokenVerification, Stop;
    /// `acr` is not one of those asked for.
    AcrMismatch => "acr_mismatch", TokenVerification, Reauthenticate;
    /// The user signed in longer ago than `max_age`.
    AuthTimeTooOld => "auth_time_too_old", TokenVerification, Reauthenticate;
    /// `at_hash` does not fit the access token.
    AtHashMismatch => "at_hash_mismatch", TokenVerification, Stop;
    /// `c_hash` does not fit the code.
    CHashMismatch => "c_hash_mismatch", TokenVerification, Stop;
    /// Tokens of another subject arrived.
    SubjectMismatch => "subject_mismatch", SubjectMismatch, Reauthenticate;
    /// Somebody else signed in than the app expects: another e-mail address, subject or claim.
    IdentityMismatch => "identity_mismatch", IdentityMismatch, Reauthenticate;
    /// The provider does not tell the e-mail address that is expected.
    EmailMissing => "email_missing", IdentityMismatch, Fix;
    /// The provider does not say that the e-mail address is verified.
    EmailUnverified => "email_unverified", IdentityMismatch, Reauthenticate;

    /// wasm trapped.
    Panicked => "panicked", Panic, Retry;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_class_has_a_name_of_its_own() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
        let mut classes: Vec<_> = Class::ALL.iter().map(|class| class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes.len(), Class::ALL.len());
    }
}
