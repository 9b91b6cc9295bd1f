//! Beginning a sign-in: the authorization request and the way to the provider.

use std::rc::Rc;

use super::given::{Given, split};
use super::options::ClientOptions;
use super::{Client, expected_identity, return_to};
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::authorization_request::{self, AuthorizationRequest, RequestSecrets};
use crate::protocol::callback::ResponseMode;
use crate::protocol::expected_identity::ExpectedIdentity;
use crate::protocol::json::{Json, Object};
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::secret::Secret;
use crate::protocol::state;
use crate::protocol::url::Issuer;
use crate::protocol::words;
use crate::session::Transaction;
use crate::session::transaction::{Pending, Progress};

/// The options of one sign-in.
#[derive(Debug, Clone, Default)]
pub struct SignInOptions {
    /// What is asked of the provider.
    pub request: AuthorizationRequest,
    /// Where the app goes afterwards.
    pub return_to: Option<String>,
    /// What the app wants back, as JSON text.
    pub app_state: Option<String>,
    /// The caller's own `state`.
    pub state: Option<String>,
    /// The caller's own `nonce`.
    pub nonce: Option<String>,
    /// Who has to sign in.
    pub expected: ExpectedIdentity,
    /// Whether only who is signed in now may sign in; `None`: as the way of signing in has it.
    pub same_subject: Option<bool>,
}

impl SignInOptions {
    /// What the client's own options say, and nothing more.
    #[must_use]
    pub fn new(client: &ClientOptions) -> Self {
        let mut options = Self::default();
        options.request.scopes.clone_from(&client.scopes);
        options.request.response_mode = client.response_mode;
        options
    }

    /// Options from the JSON of JavaScript's object; what is missing comes from the client.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object, client: &ClientOptions) -> Result<Self> {
        let mut given = Given::new("sign-in option", object);
        // `null` is a state like any other.
        given.value("appState");
        let options = Self {
            request: AuthorizationRequest {
                scopes: given.words("scopes").unwrap_or_else(|| client.scopes.clone()),
                login_hint: given.text("loginHint"),
                prompt: given.joined("prompt"),
                display: given.text("display"),
                ui_locales: given.joined("uiLocales"),
                acr_values: given.joined("acrValues"),
                id_token_hint: given.text("idTokenHint"),
                audience: given.text("audience"),
                max_age: given.seconds("maxAge", 0, i64::MAX).and_then(|seconds| u64::try_from(seconds).ok()),
                claims: given.object("claims").cloned(),
                resources: given.words("resource").unwrap_or_default(),
                response_mode: given
                    .response_mode(client.response_mode == ResponseMode::FormPost)
                    .unwrap_or(client.response_mode),
                extra_params: extra_params(&mut given).unwrap_or_default(),
            },
            return_to: given.text("returnTo"),
            app_state: object.get("appState").map(Json::to_string),
            state: caller_value(&mut given, "state"),
            nonce: caller_value(&mut given, "nonce"),
            expected: ExpectedIdentity::default(),
            same_subject: given.flag("sameSubject"),
        };
        let expected = expected_identity::of_options(&mut given, options.request.login_hint.as_deref());
        given.finish()?;
        Ok(Self { expected: expected.unwrap_or_default(), ..options })
    }
}

fn caller_value(given: &mut Given<'_>, name: &'static str) -> Option<String> {
    let text = given.text(name)?;
    if let Err(error) = state::check_caller_value(name, &text) {
        given.fails(error);
    }
    Some(text)
}

pub(super) fn extra_params(given: &mut Given<'_>) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for (name, value) in given.object("extraParams")?.iter() {
        match value {
            Json::String(text) => pairs.push((name.to_owned(), text.clone())),
            value => return given.wrong("extraParams", value, "an object of strings"),
        }
    }
    Some(pairs)
}

/// An authorization request: the URL, and what the caller keeps until the response comes.
#[derive(Debug, Clone)]
pub struct AuthorizationUrl {
    /// Where to send the user.
    pub url: String,
    /// The `state` in it.
    pub state: String,
    /// The `nonce` in it.
    pub nonce: Option<String>,
    /// The verifier of the challenge in it; secret until it is redeemed.
    pub code_verifier: CodeVerifier,
    /// The issuer that it goes to.
    pub issuer: Option<String>,
    /// The redirect URI in it.
    pub redirect_uri: String,
    /// The scopes in it.
    pub scope: String,
    /// The `max_age` in it, in seconds.
    pub max_age: Option<i64>,
    /// The `acr_values` in it.
    pub acr_values: Vec<String>,
    /// Who has to sign in.
    pub expected: ExpectedIdentity,
}

impl<H: Host> Client<H> {
    /// Builds an authorization request without waiting for anything (RFC 6749 4.1.1, OIDC Core 3.1.2.1, RFC 7636 4.3).
    ///
    /// # Errors
    /// `DiscoveryError` `not_discovered` before discovery; `LoginRequiredError` `signed_out` where the same subject is asked
    /// for and nobody is signed in; `ConfigurationError` otherwise.
    pub fn create_authorization_url(&self, options: &SignInOptions) -> Result<AuthorizationUrl> {
        let metadata = self.metadata_now()?;
        self.build_authorization_url(&metadata, options, options.state.clone())
    }

    /// The same, with discovery awaited.
    ///
    /// # Errors
    /// As [`Client::create_authorization_url`] and [`Client::discover`].
    pub async fn create_authorization_request(&self, options: &SignInOptions) -> Result<AuthorizationUrl> {
        let metadata = self.discover(false).await?;
        self.build_authorization_url(&metadata, options, options.state.clone())
    }

    /// Sends the user to the provider; the page is left.
    ///
    /// # Errors
    /// As [`Client::create_authorization_request`]; `redirect_target_rejected`.
    pub async fn sign_in_redirect(&self, options: &SignInOptions) -> Result<()> {
        self.require_ambient("signInRedirect")?;
        let (url, _) = self.begin(options, false).await?;
        if self.host().navigate(&url) {
            return Ok(());
        }
        Err(Error::new(Code::MissingOption, "option \"openUrl\" is missing, or threw: nothing was opened"))
    }

    /// Keeps the transaction of a sign-in that begins: the URL to go to, and the `state` in it.
    pub(super) async fn begin(&self, options: &SignInOptions, is_relayed: bool) -> Result<(String, String)> {
        let return_to = self.checked_return_to(options)?;
        let metadata = self.discover(false).await?;
        // A caller's state stays recognizable as ours: the callback must not depend on storage to know it.
        let random = options.state.clone().map_or_else(|| self.random_text(), Ok)?;
        let tag = &self.inner.tag;
        let state = if is_relayed { tag.relayed_state(&random) } else { tag.state(&random) };
        let request = self.build_authorization_url(&metadata, options, Some(state))?;
        let transaction = Transaction {
            created_at: self.now(),
            epoch: self.known_epoch(),
            app_state: options.app_state.clone(),
            return_to,
            progress: Progress::Pending(Box::new(Pending {
                verifier: Secret::new(request.code_verifier.as_str()),
                nonce: request.nonce,
                issuer: request.issuer,
                redirect_uri: request.redirect_uri,
                scope: request.scope,
                max_age: request.max_age,
                acr_values: request.acr_values,
                expected: request.expected,
            })),
        };
        if !is_relayed {
            self.prune_transactions();
        }
        self.save_transaction(&request.state, &transaction);
        Ok((request.url, request.state))
    }

    #[inline(never)]
    fn checked_return_to(&self, options: &SignInOptions) -> Result<Option<String>> {
        let Some(target) = &options.return_to else { return Ok(None) };
        let base = self.host().location().or_else(|| self.inner.options.redirect_uri.clone()).unwrap_or_default();
        return_to::same_origin(self.host(), target, &base).map(Some)
    }

    fn build_authorization_url(
        &self,
        metadata: &Rc<ProviderMetadata>,
        options: &SignInOptions,
        state: Option<String>,
    ) -> Result<AuthorizationUrl> {
        let client = &self.inner.options;
        let redirect_uri = client.redirect_uri.clone().ok_or_else(|| {
            Error::new(Code::MissingOption, "option \"redirectUri\" is missing: where the provider returns the user to")
        })?;
        let state = match state {
            Some(state) => state,
            None => self.inner.tag.state(&self.random_text()?),
        };
        let asks_for_id_token = client.asks_for_id_token(&options.request.scopes);
        let nonce = match &options.nonce {
            Some(nonce) => Some(nonce.clone()),
            None if asks_for_id_token => Some(self.random_text()?),
            None => None,
        };
        let code_verifier = CodeVerifier::from_random(self.random_bytes()?);
        let secrets = RequestSecrets { state: &state, nonce: nonce.as_deref(), verifier: &code_verifier };
        let url = authorization_request::authorization_url(
            metadata,
            &client.client_id,
            &redirect_uri,
            &options.request,
            &secrets,
            client.require_pkce_advertised,
        )?;
        let acr_values = options.request.acr_values.as_deref().unwrap_or_default();
        Ok(AuthorizationUrl {
            url,
            state,
            nonce,
            code_verifier,
            issuer: metadata.issuer.as_ref().map(Issuer::as_str).map(str::to_owned),
            redirect_uri,
            scope: words::join(&options.request.scopes),
            max_age: options.request.max_age.and_then(|seconds| i64::try_from(seconds).ok()),
            acr_values: split(acr_values),
            expected: self.expected_of(options)?,
        })
    }
}
