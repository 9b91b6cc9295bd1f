//! Access tokens of their own for several APIs on one session (RFC 8707 2.2, RFC 6749 6).
//!
//! A refresh grant that names a resource or fewer scopes brings an access token for this API alone. It is kept in memory
//! only and never takes the place of the session's own; a refresh token that came with it does.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use super::flight::Flight;
use super::given::Given;
use super::obtain::Obtained;
use super::renewal::{MAX_LOOKS, busy, no_refresh_token, reason_to_end};
use super::{Client, signed_out};
use crate::error::Result;
use crate::ports::Host;
use crate::protocol::authorization_request::check_resources;
use crate::protocol::json::Object;
use crate::protocol::secret::Secret;
use crate::protocol::token_response::TokenResponse;
use crate::session::{Session, TokenSet};

/// How many APIs have a token at a time.
const MAX_APIS: usize = 16;

/// What an access token of its own is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The APIs, as absolute URIs.
    pub resources: Vec<String>,
    /// The scopes, separated by spaces; `None`: those of the session.
    pub scope: Option<String>,
}

impl Target {
    /// The target among options.
    pub(super) fn from_given(given: &mut Given<'_>) -> Self {
        Self { resources: given.words("resource").unwrap_or_default(), scope: given.joined("scopes") }
    }

    /// The target among the arguments of a call.
    ///
    /// # Errors
    /// `ConfigurationError` `invalid_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("option", object);
        let target = Self::from_given(&mut given);
        given.finish_loosely()?;
        check_resources(&target.resources)?;
        Ok(target)
    }

    /// Whether the session's own token serves.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.resources.is_empty() && self.scope.is_none()
    }
}

/// The token of an API, or the place of one that is on its way.
pub(super) struct ApiToken {
    session: String,
    target: Target,
    flight: Rc<Flight>,
    place: Place,
}

type Place = Rc<RefCell<Option<TokenSet>>>;

impl<H: Host> Client<H> {
    /// The token that an API has now.
    pub(super) fn api_token_now(&self, target: &Target) -> Option<Secret> {
        let session = self.session()?;
        if target.is_session() {
            return Some(session.tokens.access_token.clone());
        }
        let (_, place) = self.api_flight(&session.id, target);
        let tokens = place.borrow();
        tokens.as_ref().map(|tokens| tokens.access_token.clone())
    }

    /// An access token for a target; of the session itself as [`Client::access_token`].
    ///
    /// # Errors
    /// As [`Client::access_token`]; `no_refresh_token`, `invalid_target`.
    pub async fn access_token_for(&self, target: &Target, minimum: i64, force: bool) -> Result<Secret> {
        if target.is_session() {
            return self.access_token(minimum, force).await;
        }
        self.require_ambient("getAccessToken")?;
        self.api_token(target, minimum, force, true).await
    }

    /// A token for an API; one request for all who ask at the same time, which no caller can abort.
    pub(super) async fn api_token(&self, target: &Target, minimum: i64, force: bool, renews: bool) -> Result<Secret> {
        let session = self.session().ok_or_else(signed_out)?;
        let (flight, place) = self.api_flight(&session.id, target);
        let buffer = self.inner.options.refresh_buffer;
        let token_if = |is_fine: &dyn Fn(&TokenSet) -> bool| {
            let tokens = place.borrow();
            tokens.as_ref().filter(|tokens| is_fine(tokens)).map(|tokens| tokens.access_token.clone())
        };
        let now = self.now();
        let is_fresh = |tokens: &TokenSet| !renews || !tokens.is_due(now, buffer) && !tokens.is_expired(now, minimum);
        if let Some(token) = token_if(&is_fresh).filter(|_| !force) {
            return Ok(token);
        }
        let obtaining = self.clone().obtain_for(session.id.clone(), target.clone(), Rc::clone(&place));
        let work = Box::pin(self.clone().told_as_refresh(Box::pin(obtaining)));
        let obtained = self.in_time(pin!(self.join(&flight, work))).await;
        let now = self.now();
        match obtained {
            Ok(()) => token_if(&|_| true).ok_or_else(signed_out),
            Err(error) if force || self.session().is_none() => Err(error),
            // A request that failed costs nothing while the token lives.
            Err(error) => token_if(&|tokens| !tokens.is_expired(now, 0)).ok_or(error),
        }
    }

    fn api_flight(&self, session: &str, target: &Target) -> (Rc<Flight>, Place) {
        let mut tokens = self.inner.api_tokens.borrow_mut();
        tokens.retain(|token| token.session == session);
        if let Some(found) = tokens.iter().find(|token| token.target == *target) {
            return (Rc::clone(&found.flight), Rc::clone(&found.place));
        }
        if tokens.len() >= MAX_APIS {
            tokens.remove(0);
        }
        let (flight, place) = <(Rc<Flight>, Place)>::default();
        tokens.push(ApiToken {
            session: session.to_owned(),
            target: target.clone(),
            flight: Rc::clone(&flight),
            place: Rc::clone(&place),
        });
        (flight, place)
    }

    /// Asks with the refresh token of the session, in turn with everybody who renews it.
    async fn obtain_for(self, id: String, target: Target, place: Place) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            let session = self.session().filter(|session| session.id == id).ok_or_else(signed_out)?;
            if session.pending.is_some() {
                self.join_renewal(&session).await?;
                continue;
            }
            let refresh_token = session.tokens.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
            let fingerprint = session.refresh_fingerprint();
            if let Some(error) = self.too_early(&fingerprint) {
                return Err(error);
            }
            let turn = self.take_turn(&fingerprint).await?;
            self.catch_up().await;
            self.require_alive()?;
            if self.session().is_none_or(|current| current.refresh_fingerprint() != fingerprint) {
                continue;
            }
            match self.obtain(refresh_token, &fingerprint, &turn, &target).await {
                Ok(Obtained::Response(response)) => {
                    return self.keep_api_token(&session, response, &fingerprint, &place).await;
                }
                Ok(Obtained::HandedOver(record)) => self.follow_record(&session, *record).await,
                Ok(Obtained::LookAgain) => {}
                Err(error) => self.end_if_refused(&session, error).await?,
            }
        }
        Err(busy())
    }

    /// The session goes on with the new refresh token and its own access token.
    async fn keep_api_token(
        &self,
        session: &Session,
        response: TokenResponse,
        fingerprint: &str,
        place: &Place,
    ) -> Result<()> {
        let answer = Rc::new(session.tokens.renewed(response, self.now()));
        let tokens = Rc::new(session.tokens.with_refresh_token_of(&answer));
        let kept = Rc::new(Session { tokens: Rc::clone(&tokens), ..session.clone() });
        let is_newest = self.write_renewed(&kept, &answer, fingerprint).await?;
        self.require_alive()?;
        if is_newest {
            self.remember_renewal(fingerprint, tokens, true);
            self.put_session(Some(Rc::clone(&kept)));
            self.spread(fingerprint, &kept);
        }
        if let Err(error) = self.verify_renewed(&session.tokens, &answer).await {
            if let Some(reason) = reason_to_end(&error) {
                self.end_session(&kept, reason, Some(error.clone())).await;
                self.revoke_later(answer);
            }
            return Err(error);
        }
        self.succeeded(fingerprint);
        *place.borrow_mut() = Some(answer.access_token_alone());
        Ok(())
    }
}
