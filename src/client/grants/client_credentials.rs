//! A machine signs in as itself (RFC 6749 4.4).

use std::pin::pin;
use std::rc::Rc;

use super::{Asked, Client, Exchanged, Renewed};
use crate::client::given::Given;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::grant_request::GrantRequest;
use crate::protocol::json::Object;
use crate::protocol::metadata::Endpoint;
use crate::session::{AgentType, TokenSet};

/// What a machine asks for.
#[derive(Debug, Clone, Default)]
pub struct ClientCredentials(Asked);

impl ClientCredentials {
    /// `scopes`, `resource`, `audience`, `extraParams`.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("option of clientCredentials", object);
        let asked = Asked::from_given(&mut given);
        given.finish()?;
        Ok(Self(asked))
    }
}

impl<H: Host> Client<H> {
    /// Tokens of the client itself; with `old` ones instead of these. Its agent has the client's id and the granted
    /// scopes. A refresh token that came along is dropped: there is no need for one (RFC 6749 4.4.3).
    ///
    /// # Errors
    /// `ConfigurationError` `missing_option` for a public client, `reserved_parameter`; `TokenExchangeError`;
    /// `NetworkError`; `TimeoutError`; with `old` tokens that are over `RefreshError` (retry).
    pub async fn client_credentials(&self, options: &ClientCredentials, old: Option<&TokenSet>) -> Result<Renewed> {
        self.require_alive()?;
        if matches!(self.inner.options.client_auth, ClientAuthentication::None) {
            let message = "client credentials need a client that authenticates (RFC 6749 4.4), and this one is public: \
                           give `clientSecret` or `clientAuth`, which a page cannot keep";
            return Err(Error::new(Code::MissingOption, message));
        }
        let name = options.0.fingerprint();
        self.ask_again(&name, old, pin!(self.sign_in_as_itself(&options.0))).await
    }

    async fn sign_in_as_itself(&self, asked: &Asked) -> Result<Exchanged> {
        let metadata = self.discover(false).await?;
        let endpoint = metadata.endpoint(Endpoint::Token)?;
        let request = asked.add_to(GrantRequest::new("client_credentials"), endpoint)?;
        let tokens = self.ask_for_tokens(&metadata, &request, asked.scope.as_deref()).await?;
        // Nobody verified an ID token, and there is nobody whom it could speak of.
        let tokens = TokenSet { metadata: tokens.metadata.clone(), ..tokens.access_token_alone() };
        let mut agent = self.agent_from(Object::new(), &tokens)?;
        agent.id.clone_from(&self.inner.options.client_id);
        agent.agent_type = AgentType::of(&agent.id, AgentType::Agent);
        Ok(Exchanged { tokens: Rc::new(tokens), agent: Rc::new(agent) })
    }
}
