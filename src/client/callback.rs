//! The way back: an authorization response becomes a session, once (RFC 6749 4.1.2, RFC 9207).

use std::cell::OnceCell;
use std::rc::Rc;

use super::exchange::{Grant, not_by_the_same_call};
use super::flight::Flight;
use super::{Client, disposed};
use crate::error::{Class, Code, Error, Result};
use crate::ports::Host;
use crate::protocol::callback::{self, AuthorizationResponse, Outcome, Recognized};
use crate::protocol::id_token::NonceRule;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::provider_error;
use crate::protocol::secret::fingerprint;
use crate::protocol::url::Issuer;
use crate::session::transaction::{Pending, Progress};
use crate::session::{Agent, Transaction};

/// What came of a sign-in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who signed in.
    pub agent: Rc<Agent>,
    /// What the app gave to the sign-in, as JSON text.
    pub app_state: Option<String>,
    /// Where the app wanted to go.
    pub return_to: Option<String>,
}

/// A response that is being handled.
pub(super) struct CallbackFlight {
    state: String,
    code_hash: String,
    flight: Rc<Flight>,
    signed_in: Rc<OnceCell<SignedIn>>,
}

impl<H: Host> Client<H> {
    /// Handles the authorization response in `url`, or in the address bar; `None` when there is none of ours.
    ///
    /// # Errors
    /// See the rows of *Callbacks* in `index.d.ts`.
    pub async fn handle_redirect_callback(&self, url: Option<String>) -> Result<Option<SignedIn>> {
        self.require_ambient("handleRedirectCallback")?;
        let Some(url) = url.or_else(|| self.host().location()) else { return Ok(None) };
        if !self.is_at_redirect_uri(&url) {
            return Ok(None);
        }
        let inner = &self.inner;
        let issuer = inner.options.issuer_name();
        match callback::recognize(&url, inner.options.response_mode, &inner.tag, Some(issuer)) {
            // What is to be relayed is no business of this page: see `response_to_relay`.
            Ok(Recognized::NothingHere | Recognized::ToRelay) => Ok(None),
            Ok(Recognized::NotOurs) => {
                self.warn("callback_ignored", "an authorization response that is not this client's was left alone");
                Ok(None)
            }
            Ok(Recognized::Ours(response)) => {
                let result = self.handle_once(response).await;
                self.clean_address_bar(&url);
                result.map(Some)
            }
            Err(error) => {
                self.clean_address_bar(&url);
                Err(error)
            }
        }
    }

    /// Calls with the same response while it is handled get the same result.
    pub(super) async fn handle_once(&self, response: AuthorizationResponse) -> Result<SignedIn> {
        let state = &response.state;
        let code_hash = response.code().map(fingerprint).unwrap_or_default();
        let (flight, signed_in) = {
            let mut callbacks = self.inner.callbacks.borrow_mut();
            match callbacks.iter().find(|callback| callback.state == *state) {
                Some(callback) if callback.code_hash != code_hash => return Err(another_response()),
                Some(callback) => (Rc::clone(&callback.flight), Rc::clone(&callback.signed_in)),
                None => {
                    let (flight, signed_in) = Default::default();
                    callbacks.push(CallbackFlight {
                        state: state.clone(),
                        code_hash,
                        flight: Rc::clone(&flight),
                        signed_in: Rc::clone(&signed_in),
                    });
                    (flight, signed_in)
                }
            }
        };
        let work = Box::pin(self.clone().handle_in_flight(response, Rc::clone(&signed_in)));
        self.join(&flight, work).await?;
        signed_in.get().cloned().ok_or_else(disposed)
    }

    async fn handle_in_flight(self, response: AuthorizationResponse, place: Rc<OnceCell<SignedIn>>) -> Result<()> {
        let result = self.handle_response(&response).await;
        self.inner.callbacks.borrow_mut().retain(|callback| callback.state != response.state);
        // There is one work in a flight, so the place is empty.
        let _ = place.set(result?);
        Ok(())
    }

    async fn handle_response(&self, response: &AuthorizationResponse) -> Result<SignedIn> {
        let state = &response.state;
        let Some(transaction) = self.load_transaction(state)? else {
            return Err(Error::new(
                Code::TransactionNotFound,
                "no sign-in with this `state` was begun in this tab: it was opened in another one, the storage was \
                 cleared, or it was long ago",
            ));
        };
        let app_state = transaction.app_state.clone();
        let result = match &transaction.progress {
            Progress::Used { code_hash, session } => {
                self.handled_before(&transaction, response, code_hash.as_deref(), session.as_deref())
            }
            Progress::Pending(_) if transaction.is_expired(self.now()) => {
                self.save_transaction(state, &transaction.used(response.code(), None));
                Err(Error::new(Code::TransactionExpired, "the sign-in took more than ten minutes: begin again"))
            }
            Progress::Pending(pending) => self.redeem_response(&transaction, pending, response).await,
        };
        result.map_err(|error| error.with_app_state(app_state))
    }

    #[inline(never)]
    fn handled_before(
        &self,
        transaction: &Transaction,
        response: &AuthorizationResponse,
        redeemed: Option<&str>,
        session_id: Option<&str>,
    ) -> Result<SignedIn> {
        // An error response has no code: where one was redeemed it is another response, as another code is.
        if response.code().map(fingerprint).as_deref() != redeemed {
            return Err(another_response());
        }
        match self.session() {
            Some(session) if session_id == Some(session.id.as_str()) => Ok(signed_in(transaction, &session.agent)),
            _ => Err(Error::new(
                Code::CallbackAlreadyHandled,
                "this authorization response was handled before, and its session is not the current one: a code is \
                 redeemed only once",
            )),
        }
    }

    async fn redeem_response(
        &self,
        transaction: &Transaction,
        pending: &Pending,
        response: &AuthorizationResponse,
    ) -> Result<SignedIn> {
        let issuer = pending.issuer.as_deref();
        let used = transaction.used(response.code(), None);
        // Nobody is asked anything because of a response of another issuer (RFC 9700 4.4.2).
        if let Err(error) = callback::check_issuer(response.iss.as_deref(), issuer, false) {
            self.save_transaction(&response.state, &used);
            return Err(error);
        }
        let metadata = self.discover(false).await?;
        // Whatever is refused below, this `state` is used up; and nothing that happens to this page between here
        // and the answer can make the code be sent a second time.
        self.save_transaction(&response.state, &used);
        callback::check_issuer(metadata.issuer.as_ref().map(Issuer::as_str), issuer, false)?;
        let is_advertised = metadata.authorization_response_iss_parameter_supported;
        callback::check_issuer(response.iss.as_deref(), issuer, is_advertised)?;
        let code = match &response.outcome {
            Outcome::Code(code) => code,
            Outcome::Refused { error, description } => {
                let refusal = provider_error::from_wire(error, description.as_deref(), Class::Provider, None);
                return Err(not_by_the_same_call(refusal));
            }
        };
        let grant = Grant {
            code,
            verifier: CodeVerifier::parse(pending.verifier.expose())?,
            redirect_uri: &pending.redirect_uri,
            nonce: pending.nonce.as_deref().map_or(NonceRule::NoneSent, NonceRule::Equal),
            scope: &pending.scope,
            max_age: pending.max_age,
            acr_values: &pending.acr_values,
        };
        let exchanged = self.redeem(&metadata, grant).await.map_err(not_by_the_same_call)?;
        self.check_expected(&pending.expected, &exchanged).await?;
        self.require_alive()?;
        let id = self.random_text()?;
        // What a reload with the same response needs to know; where the session ends before it begins, nothing has it.
        self.save_transaction(&response.state, &transaction.used(Some(code.expose()), Some(id.clone())));
        let session = self.begin_session(exchanged, id, transaction.epoch, transaction.app_state.clone()).await?;
        Ok(signed_in(transaction, &session.agent))
    }

    /// Whether the URL is the redirect URI.
    pub(super) fn is_at_redirect_uri(&self, url: &str) -> bool {
        self.inner.options.redirect_uri.as_ref().is_some_and(|redirect_uri| self.is_at(url, redirect_uri))
    }

    /// Whether a URL is the one expected, with more parameters: its origin, its path, and its own query among them.
    #[inline(never)]
    pub(super) fn is_at(&self, url: &str, expected: &str) -> bool {
        let base = self.host().location();
        let here = self.host().resolve(url, base.as_deref());
        let (Some(here), Some(expected)) = (here, self.host().resolve(expected, None)) else { return false };
        here.origin == expected.origin && here.path == expected.path && has_pairs_of(&here.query, &expected.query)
    }

    pub(super) fn clean_address_bar(&self, url: &str) {
        let mode = self.inner.options.response_mode;
        self.replace_address(url, &|location| callback::without_response_parameters(location, mode));
    }

    /// Changes the address bar where the URL is what stands in it; one that the app handed in may be another.
    #[inline(never)]
    pub(super) fn replace_address(&self, url: &str, cleaned: &dyn Fn(&str) -> String) {
        let Some(location) = self.host().location() else { return };
        if self.host().resolve(url, Some(&location)).is_some_and(|resolved| resolved.href == location) {
            self.host().replace_location(&cleaned(&location));
        }
    }
}

/// Whether each pair of one query is in the other.
fn has_pairs_of(query: &str, expected: &str) -> bool {
    let query = query.trim_start_matches('?');
    for pair in expected.trim_start_matches('?').split('&') {
        if !pair.is_empty() && !query.split('&').any(|other| other == pair) {
            return false;
        }
    }
    true
}

fn signed_in(transaction: &Transaction, agent: &Rc<Agent>) -> SignedIn {
    SignedIn {
        agent: Rc::clone(agent),
        app_state: transaction.app_state.clone(),
        return_to: transaction.return_to.clone(),
    }
}

#[inline(never)]
fn another_response() -> Error {
    Error::new(Code::StateMismatch, "this `state` was used for another response")
}
