//! The usual request, verified in two steps with one check of a signature between them, for which the host alone waits: a
//! `Bearer` JWT whose key is at hand, and nobody to ask. Everything else is for [`Verifier::verify`], errors too.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::EdgeHost;
use super::agents::{Granted, Verified};
use super::issuer::IssuerState;
use super::needs::Needs;
use super::options::OrganizationsFrom;
use super::refused::Refused;
use super::seen::TokenHash;
use super::verifier::Verifier;
use crate::error::Result;
use crate::ports::Clock;
use crate::protocol::access_token;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::id_token;
use crate::protocol::jwt::{self, Jwt};
use crate::protocol::key_set::PublicKey;
use crate::protocol::request_credentials::{Scheme, bearer};
use crate::protocol::token_binding::{bound_key, check_use};
use crate::provider::signature;
use crate::session::Agent;

/// How many requests may be between their steps.
const MAX_BEGUN: usize = 256;

/// How long a header may be, in bytes: what is between its steps is kept.
const MAX_AUTHORIZATION_BYTES: usize = 8192;

/// After how many seconds a request that was begun counts as one that was cancelled.
const ABANDONED_AFTER_SECONDS: i64 = 10;

/// A request between its steps: nothing about it is good before its signature is.
pub(super) struct Begun {
    began_at: i64,
    /// What its token says, which is judged while the host looks at the signature, and told to nobody before.
    said: Result<(Agent, Granted)>,
    hash: Option<TokenHash>,
    needs: Needs,
}

/// Requests between their steps, each under a number that is used once. One that is cancelled never comes back.
#[derive(Default)]
pub(super) struct Pending {
    next: u32,
    begun: BTreeMap<u32, Begun>,
}

impl Pending {
    /// Whether there is room for one more; makes some of what was given up.
    fn has_room(&mut self, now: i64) -> bool {
        if self.begun.len() < MAX_BEGUN {
            return true;
        }
        self.begun.retain(|_, begun| (0..ABANDONED_AFTER_SECONDS).contains(&now.saturating_sub(begun.began_at)));
        self.begun.len() < MAX_BEGUN
    }

    fn keep(&mut self, begun: Begun) -> u32 {
        let number = self.next;
        self.next = number.wrapping_add(1);
        self.begun.insert(number, begun);
        number
    }
}

impl Verifier {
    /// Begins: checks what comes before the signature, and has the host start to check that. `start` takes the algorithm,
    /// the key, the signature and what was signed. `query` is that of the request's URL, from its `?`, if it has one.
    ///
    /// The number for [`Verifier::end`], and what `start` answered; `None`: the request is for [`Verifier::verify`].
    pub fn begin<H: EdgeHost, T>(
        &self,
        host: &H,
        authorization: &str,
        query: &str,
        needs: &Needs,
        start: impl FnOnce(Algorithm, &PublicKey, &[u8], &[u8]) -> Option<T>,
    ) -> Option<(u32, T)> {
        // An app's own mapping sees no claims that nobody signed.
        let asks_nobody = self.introspection.is_none()
            && self.app_mapping.is_none()
            && matches!(self.options.organizations_from, OrganizationsFrom::Nowhere)
            && authorization.len() <= MAX_AUTHORIZATION_BYTES;
        let now = host.now();
        if !asks_nobody || !self.pending.borrow_mut().has_room(now) {
            return None;
        }
        // The method only counts where a proof names it.
        let token = bearer(authorization, query)?;
        let token = token.expose();
        let hash = self.hash_of(host, token);
        // What was seen, and grants too little, is refused before its signature is looked at.
        if hash.is_some_and(|hash| self.seen.borrow().find(hash, now).is_some()) {
            return None;
        }
        let jwt = jwt::parse(token).ok()?;
        let place = self.issuer_of(&jwt).ok()?;
        let issuer = self.issuers.get(place)?;
        access_token::check_type(&jwt, issuer.options.legacy_jwt).ok()?;
        let algorithm = id_token::check_algorithm(&jwt, &issuer.options.algorithms).ok()?;
        let known = issuer.usable(now, None)?;
        self.forget_lost_keys(place, issuer);
        // Only of a key that is named is it known that no other one can help.
        jwt.key_id.as_deref()?;
        let [key] = known.keys.candidates(algorithm, jwt.key_id.as_deref()).try_into().ok()?;
        let thumbprint = known.thumbprint_of(key)?;
        let started = start(algorithm, key, &jwt.signature, jwt.signing_input.as_bytes())?;
        let said = self.said(host, place, issuer, jwt, thumbprint);
        let begun = Begun { began_at: now, said, hash, needs: needs.clone() };
        Some((self.pending.borrow_mut().keep(begun), started))
    }

    /// Ends what [`Verifier::begin`] began, by whether the signature is the key's; `None`: that could not be said.
    ///
    /// `None`: the request is for [`Verifier::verify`], as is every number that was used.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn end<H: EdgeHost>(
        &self,
        host: &H,
        number: u32,
        is_signed: Option<bool>,
    ) -> Option<std::result::Result<Verified, Refused>> {
        let begun = self.pending.borrow_mut().begun.remove(&number)?;
        let is_signed = is_signed?;
        let Begun { said, hash, needs, .. } = begun;
        let said = if is_signed { said } else { Err(signature::wrong()) };
        let verified = said.and_then(|(agent, granted)| self.remember(host, hash, agent, granted, None, &needs));
        Some(verified.map_err(|error| self.refused(host, error, Some(Scheme::Bearer), &needs)))
    }

    fn said<C: Clock>(
        &self,
        clock: &C,
        place: usize,
        issuer: &IssuerState,
        jwt: Jwt,
        thumbprint: Rc<str>,
    ) -> Result<(Agent, Granted)> {
        let checked = self.check_claims(clock, place, issuer, jwt, thumbprint)?;
        check_use(Scheme::Bearer, bound_key(&checked.token.claims)?, self.options.dpop.dpop_use)?;
        self.agent_said(issuer, checked)
    }
}
