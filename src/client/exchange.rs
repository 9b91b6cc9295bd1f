//! A code becomes tokens, and an ID token becomes an agent (RFC 6749 4.1.3, OIDC Core 3.1.3).

use std::rc::Rc;

use super::Client;
use super::given::{Given, wrong};
use crate::error::{Class, Code, Error, Recovery, Result};
use crate::ports::Host;
use crate::protocol::algorithm;
use crate::protocol::callback::{self, AuthorizationResponse, Outcome, ResponseMode};
use crate::protocol::expected_identity::ExpectedIdentity;
use crate::protocol::id_token::{self, Expectations, NonceRule};
use crate::protocol::json::{Json, Object};
use crate::protocol::jwt::{self, Jwt};
use crate::protocol::metadata::{Endpoint, ProviderMetadata, ProviderType};
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::secret::Secret;
use crate::protocol::url::Issuer;
use crate::protocol::words;
use crate::protocol::{provider_error, token_request, token_response};
use crate::session::{Agent, TokenSet};

/// Tokens and who they speak of; nothing of it is stored.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The tokens.
    pub tokens: Rc<TokenSet>,
    /// The agent.
    pub agent: Rc<Agent>,
}

/// A code with everything that redeeming and checking it needs.
pub(super) struct Grant<'a> {
    pub(super) code: &'a Secret,
    pub(super) verifier: CodeVerifier,
    pub(super) redirect_uri: &'a str,
    pub(super) nonce: NonceRule<'a>,
    pub(super) scope: &'a str,
    pub(super) max_age: Option<i64>,
    pub(super) acr_values: &'a [String],
}

/// The arguments of an exchange by hand.
#[derive(Debug, Clone)]
pub struct ByHand {
    response: AuthorizationResponse,
    state: Option<String>,
    nonce: Option<String>,
    /// Without a state to compare there may be no nonce either: plain code and verifier.
    checks_nonce: bool,
    verifier: CodeVerifier,
    issuer: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    max_age: Option<i64>,
    acr_values: Vec<String>,
    expected: ExpectedIdentity,
}

impl ByHand {
    /// Arguments from JavaScript: `callback` is a URL, a query, a bare code or `{code, state, iss}`; `auth` is what
    /// `createAuthorizationUrl` returned, or `{codeVerifier, nonce, stateCheckedByCaller: true}`.
    ///
    /// # Errors
    /// `ConfigurationError` for wrong arguments, `CallbackError` for a response that says too much or too little.
    #[inline(never)]
    pub fn from_json(callback: &Json, auth: &Object, mode: ResponseMode) -> Result<Self> {
        let mut given = Given::new("member of the second argument", auth);
        // Of what `createAuthorizationUrl` returned, only for the way there.
        given.value("url");
        let verifier = given.text("codeVerifier");
        let state = given.text("state");
        let nonce = given.text("nonce");
        let issuer = given.text("issuer");
        let redirect_uri = given.text("redirectUri");
        let scope = given.joined("scope");
        let max_age = given.seconds("maxAge", 0, i64::MAX);
        let acr_values = given.words("acrValues").unwrap_or_default();
        let checked_by_caller = given.flag("stateCheckedByCaller").unwrap_or(false);
        let expected =
            given.object("expect").and_then(|expect| given.parsed("expect", ExpectedIdentity::from_json(expect)));
        given.finish()?;
        let expected = expected.unwrap_or_default();
        let verifier = CodeVerifier::parse(&verifier.ok_or_else(|| missing("codeVerifier"))?)?;
        if state.is_none() && !checked_by_caller {
            return Err(missing("state"));
        }
        let checks_nonce = nonce.is_some() || !checked_by_caller;
        let response = response_by_hand(callback, mode, checked_by_caller)?;
        Ok(Self {
            response,
            state,
            nonce,
            checks_nonce,
            verifier,
            issuer,
            redirect_uri,
            scope,
            max_age,
            acr_values,
            expected,
        })
    }
}

fn response_by_hand(callback: &Json, mode: ResponseMode, checked_by_caller: bool) -> Result<AuthorizationResponse> {
    let object = match callback {
        Json::String(code) if checked_by_caller && !code.contains(['?', '#', '=']) => {
            let outcome = Outcome::Code(Secret::new(code.clone()));
            return Ok(AuthorizationResponse { state: String::new(), iss: None, outcome });
        }
        Json::String(url) => return callback::parse_response(url, mode),
        Json::Object(object) => object,
        value => return Err(wrong("callback", value, "a URL, a query or {code, state, iss}")),
    };
    let mut given = Given::new("member of the first argument", object);
    let code = given.text("code");
    let state = given.text("state");
    let iss = given.text("iss");
    given.finish_loosely()?;
    let code = code.ok_or_else(|| missing("code"))?;
    if state.is_none() && !checked_by_caller {
        return Err(Error::new(Code::StateMissing, "the authorization response has no `state`"));
    }
    Ok(AuthorizationResponse { state: state.unwrap_or_default(), iss, outcome: Outcome::Code(Secret::new(code)) })
}

/// An authorization response is good for one attempt: what can pass by itself is tried again by a new sign-in.
pub(super) fn not_by_the_same_call(error: Error) -> Error {
    match error.failure().recovery {
        Recovery::Retry => error.recover_by(Recovery::Reauthenticate),
        Recovery::Reauthenticate | Recovery::Fix | Recovery::Stop => error,
    }
}

#[inline(never)]
fn missing(name: &str) -> Error {
    Error::new(Code::MissingOption, format!("exchangeCode: `{name}` is missing"))
}

impl<H: Host> Client<H> {
    /// Redeems a code by hand; the caller keeps the tokens.
    ///
    /// # Errors
    /// `CallbackError`, `TokenExchangeError`, `TokenParseError`, `TokenVerificationError`, `NetworkError`, those of
    /// [`Client::check_expected`] and the classes of the provider's own errors.
    pub async fn exchange_code(&self, by_hand: &ByHand) -> Result<Exchanged> {
        self.require_alive()?;
        let response = &by_hand.response;
        if by_hand.state.as_ref().is_some_and(|state| *state != response.state) {
            return Err(Error::new(
                Code::StateMismatch,
                "`state` of the authorization response is not the one of this request",
            ));
        }
        // Nobody is asked anything because of a response of another issuer (RFC 9700 4.4.2).
        callback::check_issuer(response.iss.as_deref(), by_hand.issuer.as_deref(), false)?;
        let metadata = self.discover(false).await?;
        let issuer = metadata.issuer.as_ref().map(Issuer::as_str);
        if let Some(asked) = &by_hand.issuer {
            callback::check_issuer(Some(asked), issuer, false)?;
        }
        let is_advertised = metadata.authorization_response_iss_parameter_supported && by_hand.state.is_some();
        callback::check_issuer(response.iss.as_deref(), issuer, is_advertised)?;
        let code = match &response.outcome {
            Outcome::Code(code) => code,
            Outcome::Refused { error, description } => {
                let refusal = provider_error::from_wire(error, description.as_deref(), Class::Provider, None);
                return Err(not_by_the_same_call(refusal));
            }
        };
        let options = &self.inner.options;
        let scope = by_hand.scope.clone().unwrap_or_else(|| words::join(&options.scopes));
        let redirect_uri = by_hand.redirect_uri.as_ref().or(options.redirect_uri.as_ref());
        let grant = Grant {
            code,
            verifier: by_hand.verifier.clone(),
            redirect_uri: redirect_uri.ok_or_else(|| missing("redirectUri"))?,
            nonce: match &by_hand.nonce {
                Some(nonce) => NonceRule::Equal(nonce),
                None if by_hand.checks_nonce => NonceRule::NoneSent,
                None => NonceRule::Unchecked,
            },
            scope: &scope,
            max_age: by_hand.max_age,
            acr_values: &by_hand.acr_values,
        };
        let exchanged = self.redeem(&metadata, grant).await.map_err(not_by_the_same_call)?;
        self.check_expected(&by_hand.expected, &exchanged).await?;
        self.warn_of(&exchanged.agent);
        Ok(exchanged)
    }

    /// The token request and everything that has to be right about its answer. Whatever happened to the request, the
    /// code may be spent: its errors are [`not_by_the_same_call`].
    pub(super) async fn redeem(&self, metadata: &Rc<ProviderMetadata>, grant: Grant<'_>) -> Result<Exchanged> {
        let options = &self.inner.options;
        let scopes: Vec<&str> = grant.scope.split(' ').collect();
        let expects_id_token = options.asks_for_id_token(&scopes);
        if expects_id_token && options.verify_signature {
            // Keys and tokens travel at the same time: one round trip instead of two.
            self.host().spawn(Box::pin(self.clone().prefetch_keys(Rc::clone(metadata))));
        }
        let request = token_request::authorization_code(
            metadata.endpoint(Endpoint::Token)?,
            &options.client_id,
            &self.client_authentication(metadata),
            grant.code.expose(),
            grant.redirect_uri,
            &grant.verifier,
            &[],
        );
        let response = self.send(request).await?;
        let response = token_response::judge(&response, Class::TokenExchange, options.provider_type)?;
        let tokens = self.identified(TokenSet::from_response(response, self.now(), Some(grant.scope))).await?;
        let expected = Expectations {
            nonce: grant.nonce,
            max_age: grant.max_age.and_then(|seconds| u64::try_from(seconds).ok()),
            acr_values: grant.acr_values,
            access_token: Some(tokens.access_token.expose()),
            code: Some(grant.code.expose()),
            ..self.expectations(metadata)
        };
        let claims = self.claims_of_response(metadata, &tokens, expects_id_token, &expected).await?;
        let agent = Rc::new(self.agent_from(claims, &tokens)?);
        Ok(Exchanged { tokens: Rc::new(tokens), agent })
    }

    /// The claims of the ID token that came with tokens, once it is verified; without one, who userinfo says it is.
    pub(super) async fn claims_of_response(
        &self,
        metadata: &ProviderMetadata,
        tokens: &TokenSet,
        is_expected: bool,
        expected: &Expectations<'_>,
    ) -> Result<Object> {
        match &tokens.id_token {
            Some(id_token) if self.inner.options.provider_type == ProviderType::Oidc => {
                let jwt = jwt::parse(id_token.expose())?;
                let algorithm = self.check_authenticity(metadata, &jwt).await?;
                // The keys may have taken their time.
                let expected = Expectations { now: self.now(), ..*expected };
                Ok(id_token::validate_claims(&jwt, Some(algorithm), &expected)?.claims)
            }
            None if is_expected => Err(Error::new(
                Code::IdTokenMissing,
                "the token response has no `id_token` though the scope `openid` was asked for",
            )),
            _ => Ok(tokens.identity.clone().unwrap_or_default()),
        }
    }

    /// Algorithm first, then the signature: no key is looked up for an algorithm that is not allowed.
    pub(super) fn check_authenticity(
        &self,
        metadata: &ProviderMetadata,
        jwt: &Jwt,
    ) -> impl Future<Output = Result<algorithm::Algorithm>> {
        let listed = metadata.id_token_signing_alg_values_supported.as_deref();
        self.check_authenticity_among(metadata, jwt, listed)
    }

    /// The same for a token whose algorithms the metadata lists elsewhere.
    pub(super) async fn check_authenticity_among(
        &self,
        metadata: &ProviderMetadata,
        jwt: &Jwt,
        listed: Option<&[String]>,
    ) -> Result<algorithm::Algorithm> {
        let options = &self.inner.options;
        let allowed = algorithm::allowed(listed, options.algorithms.as_deref());
        let algorithm = id_token::check_algorithm(jwt, &allowed)?;
        if options.verify_signature {
            self.check_signature(metadata, jwt, algorithm).await?;
        }
        Ok(algorithm)
    }

    /// What every ID token for this client has to say.
    pub(super) fn expectations<'a>(&'a self, metadata: &'a ProviderMetadata) -> Expectations<'a> {
        let options = &self.inner.options;
        Expectations {
            issuer: metadata.issuer.as_ref().map(Issuer::as_str).unwrap_or_default(),
            client_id: &options.client_id,
            trusted_audiences: &options.trusted_audiences,
            nonce: NonceRule::NoneSent,
            now: self.now(),
            clock_tolerance: options.clock_tolerance,
            max_age: None,
            acr_values: &[],
            max_id_token_age: options.max_id_token_age,
            access_token: None,
            code: None,
        }
    }
}
