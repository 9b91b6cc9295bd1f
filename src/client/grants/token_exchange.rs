//! One token for another (RFC 8693).

use std::rc::Rc;

use super::{Asked, Client};
use crate::client::given::Given;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::json::Object;
use crate::protocol::metadata::Endpoint;
use crate::protocol::token_exchange::{self, TypedToken};
use crate::session::{Agent, TokenSet};

/// What is exchanged for what.
#[derive(Debug)]
pub struct TokenExchange {
    asked: Asked,
    subject: TypedToken,
    actor: Option<TypedToken>,
    requested_type: Option<String>,
}

/// What came of an exchange.
#[derive(Debug, Clone)]
pub struct ExchangedToken {
    /// The tokens; `token_type` is `N_A` where the one issued is no access token.
    pub tokens: Rc<TokenSet>,
    /// What was issued, as a URI.
    pub issued_token_type: String,
    /// Who uses it; none where it is no access token.
    pub agent: Option<Rc<Agent>>,
}

impl TokenExchange {
    /// `subjectToken`, `subjectTokenType`, `actorToken`, `actorTokenType`, `requestedTokenType`, `scopes`, `resource`,
    /// `audience`, `extraParams`.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option` for a token without its type, a type without its token and no subject,
    /// `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("option of tokenExchange", object);
        let asked = Asked::from_given(&mut given);
        let subject = typed(&mut given, "subjectToken", "subjectTokenType")?;
        let actor = typed(&mut given, "actorToken", "actorTokenType")?;
        let requested_type = given.text("requestedTokenType");
        given.finish()?;
        let Some(subject) = subject else {
            let message = "tokenExchange needs `subjectToken` and `subjectTokenType` (RFC 8693 2.1)";
            return Err(Error::new(Code::MissingOption, message));
        };
        let requested_type = requested_type.as_deref().map(token_exchange::type_uri).transpose()?;
        Ok(Self { asked, subject, actor, requested_type })
    }
}

/// A token and its type: both or none.
fn typed(given: &mut Given<'_>, token: &'static str, token_type: &'static str) -> Result<Option<TypedToken>> {
    match (given.text(token), given.text(token_type)) {
        (Some(token), Some(token_type)) => TypedToken::new(token, &token_type).map(Some),
        (None, None) => Ok(None),
        _ => {
            let message =
                format!("tokenExchange takes `{token}` with `{token_type}`, and only together (RFC 8693 2.1)");
            Err(Error::new(Code::MissingOption, message))
        }
    }
}

impl<H: Host> Client<H> {
    /// Exchanges a token for another. An ID token that comes along is verified.
    ///
    /// # Errors
    /// `TokenExchangeError`, among them `invalid_target` and `invalid_response` where the provider does not say what it
    /// issued; `NetworkError`; `TimeoutError`.
    pub async fn token_exchange(&self, exchange: TokenExchange) -> Result<ExchangedToken> {
        self.require_alive()?;
        let metadata = self.discover(false).await?;
        let endpoint = metadata.endpoint(Endpoint::Token)?;
        let request =
            token_exchange::request(&exchange.subject, exchange.actor.as_ref(), exchange.requested_type.as_deref());
        let request = exchange.asked.add_to(request, endpoint)?;
        let response = self.ask(&metadata, Endpoint::Token, &request).await?;
        let issued = token_exchange::judge(&response, self.inner.options.provider_type)?;
        let (is_access_token, issued_token_type) = (issued.is_access_token(), issued.token_type);
        let tokens = TokenSet::from_response(issued.response, self.now(), request.value("scope"));
        let exchanged = self.exchanged_of(&metadata, tokens, false).await?;
        let agent = is_access_token.then_some(exchanged.agent);
        Ok(ExchangedToken { tokens: exchanged.tokens, issued_token_type, agent })
    }
}
