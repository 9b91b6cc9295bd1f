//! Grants without a redirect: machines, devices, and tokens that come of others. What they bring is kept by the app; it
//! never is the client's session.

mod client_credentials;
mod custom;
mod device;
mod password;
mod subject;
mod token_exchange;

use std::pin::Pin;
use std::rc::Rc;

pub use client_credentials::ClientCredentials;
pub use custom::CustomGrant;
pub use device::{DeviceOptions, DeviceSignIn};
pub use password::PasswordGrant;
pub use token_exchange::{ExchangedToken, TokenExchange};

use super::given::Given;
use super::request::is_passing;
use super::sign_in::extra_params;
use super::{Client, Exchanged, Renewed};
use crate::error::{Class, Result};
use crate::ports::Host;
use crate::protocol::authorization_request::check_resources;
use crate::protocol::grant_request::GrantRequest;
use crate::protocol::http::HttpResponse;
use crate::protocol::id_token::{Expectations, NonceRule};
use crate::protocol::metadata::{Endpoint, ProviderMetadata};
use crate::protocol::purpose::Purpose;
use crate::protocol::secret;
use crate::protocol::token_response;
use crate::protocol::url::HttpsUrl;
use crate::protocol::words;
use crate::session::TokenSet;

/// What tokens are asked for, and for whom.
#[derive(Debug, Clone, Default)]
struct Asked {
    /// The scopes, separated by spaces; `None`: the provider decides.
    scope: Option<String>,
    /// The APIs as URIs (RFC 8707 2).
    resources: Vec<String>,
    /// The APIs by the provider's own names for them (RFC 8693 2.1; of other grants an extension).
    audiences: Vec<String>,
    extra: Vec<(String, String)>,
}

impl Asked {
    fn from_given(given: &mut Given<'_>) -> Self {
        let resources = given.words("resource").unwrap_or_default();
        if let Err(error) = check_resources(&resources) {
            given.fails(error);
        }
        Self {
            scope: given.joined("scopes").filter(|scope| !scope.is_empty()),
            resources,
            audiences: given.words("audience").unwrap_or_default(),
            extra: extra_params(given).unwrap_or_default(),
        }
    }

    /// The same, with the client's own scopes where none are given.
    fn or_scopes_of(mut self, client: &super::ClientOptions) -> Self {
        let usual = || Some(words::join(&client.scopes)).filter(|scope| !scope.is_empty());
        self.scope = self.scope.or_else(usual);
        self
    }

    /// What tells one request from another; an extra parameter may be a secret.
    fn fingerprint(&self) -> String {
        let mut text = self.scope.clone().unwrap_or_default();
        for list in [&self.resources, &self.audiences] {
            text.push('\n');
            text.push_str(&words::join(list));
        }
        for (name, value) in &self.extra {
            for part in ["\n", name, "=", value] {
                text.push_str(part);
            }
        }
        secret::fingerprint(&text)
    }

    fn add_to(&self, request: GrantRequest, endpoint: &HttpsUrl) -> Result<GrantRequest> {
        request
            .with("scope", self.scope.as_deref())
            .with_each("resource", &self.resources)
            .with_each("audience", &self.audiences)
            .with_extra(&self.extra, endpoint)
    }
}

impl<H: Host> Client<H> {
    /// Sends a token request: the tokens, of which nothing is verified yet. `scope` was asked for.
    async fn ask_for_tokens(
        &self,
        metadata: &ProviderMetadata,
        request: &GrantRequest,
        scope: Option<&str>,
    ) -> Result<TokenSet> {
        let response = self.ask(metadata, Endpoint::Token, request).await?;
        let response = token_response::judge(&response, Class::TokenExchange, self.inner.options.provider_type)?;
        Ok(TokenSet::from_response(response, self.now(), scope))
    }

    /// Sends a form to an endpoint, as who the client is.
    async fn ask(&self, metadata: &ProviderMetadata, endpoint: Endpoint, form: &GrantRequest) -> Result<HttpResponse> {
        let purpose = match endpoint {
            Endpoint::DeviceAuthorization => Purpose::DeviceAuthorization,
            _ => Purpose::Token,
        };
        let (client_id, client_auth) = (&self.inner.options.client_id, self.client_authentication(metadata));
        let request = form.to_http(metadata.endpoint(endpoint)?, client_id, &client_auth);
        self.send(request.for_purpose(purpose)).await
    }

    /// Whom tokens speak of: their ID token is verified as that of a sign-in, but that no nonce was sent.
    async fn exchanged_of(
        &self,
        metadata: &ProviderMetadata,
        mut tokens: TokenSet,
        needs_id_token: bool,
    ) -> Result<Exchanged> {
        if tokens.token_type == "Bearer" {
            tokens = self.identified(tokens).await?;
        }
        let expected = Expectations {
            nonce: NonceRule::NoneSent,
            access_token: Some(tokens.access_token.expose()),
            ..self.expectations(metadata)
        };
        let claims = self.claims_of_response(metadata, &tokens, needs_id_token, &expected).await?;
        let agent = Rc::new(self.agent_from(claims, &tokens)?);
        Ok(Exchanged { tokens: Rc::new(tokens), agent })
    }

    /// Whether these scopes ask for an ID token.
    fn needs_id_token(&self, scope: Option<&str>) -> bool {
        let scopes: Vec<&str> = scope.unwrap_or_default().split(' ').collect();
        self.inner.options.asks_for_id_token(&scopes)
    }

    /// Tokens by asking for them once more: a failure that passes costs nothing while the old ones live. The next request
    /// for the same waits until one may succeed.
    async fn ask_again(
        &self,
        name: &str,
        old: Option<&TokenSet>,
        work: Pin<&mut dyn Future<Output = Result<Exchanged>>>,
    ) -> Result<Renewed> {
        let asked = match self.too_early(name) {
            Some(error) => Err(error),
            None => {
                let asked = work.await;
                match &asked {
                    Err(error) if is_passing(error) => self.back_off(name, error),
                    _ => self.succeeded(name),
                }
                asked
            }
        };
        match (asked, old) {
            (Ok(exchanged), _) => Ok(Renewed::Fresh(exchanged)),
            (Err(error), Some(old)) => self.unchanged(old, error).map(Renewed::Unchanged),
            (Err(error), None) => Err(error),
        }
    }
}
