//! Verifying a request: from its credentials to its agent (RFC 9068 4, RFC 6750 2 and 3).

use std::cell::RefCell;
use std::rc::Rc;

use super::EdgeHost;
use super::agents::Verified;
use super::begun::Pending;
use super::dpop::Dpop;
use super::introspection::Introspection;
use super::issuer::IssuerState;
use super::keys::Known;
use super::needs::Needs;
use super::options::VerifierOptions;
use super::organizations::AppOrganizations;
use super::refused::Refused;
use super::replays::SharedReplays;
use super::seen::{Bound, Entry, Seen, TokenHash};
use crate::authz::mapping::{AppClaimMapping, ClaimMapping};
use crate::error::{Class, Code, Error, Result};
use crate::ports::Clock;
use crate::protocol::access_token::{self, AccessToken};
use crate::protocol::jwt::{self, Jwt};
use crate::protocol::request_credentials::{RequestCredentials, Scheme};
use crate::protocol::token_binding::{bound_key, check_scheme};
use crate::protocol::{form, id_token, words};
use crate::provider::signature;

/// What the app plugs in.
#[derive(Default)]
pub struct PlugIns {
    /// Its own claim mapping.
    pub claim_mapping: Option<Rc<dyn AppClaimMapping>>,
    /// Where organizations come from.
    pub organizations: Option<Rc<dyn AppOrganizations>>,
    /// Where processes share which DPoP proofs were used.
    pub replays: Option<Rc<dyn SharedReplays>>,
}

/// A verifier: what all requests of a process share.
pub struct Verifier {
    pub(super) options: VerifierOptions,
    pub(super) plug_ins: PlugIns,
    pub(super) app_mapping: Option<ClaimMapping>,
    pub(super) issuers: Vec<IssuerState>,
    pub(super) seen: RefCell<Seen>,
    pub(super) dpop: Dpop,
    pub(super) pending: RefCell<Pending>,
    /// With the place of the issuer that is asked.
    pub(super) introspection: Option<(usize, Introspection)>,
}

/// A token that is what it says, and what it was found to be.
pub(super) struct Checked {
    /// The place of its issuer.
    pub(super) issuer: usize,
    /// That of the key that signed it; `None`: the issuer was asked about it.
    pub(super) thumbprint: Option<Rc<str>>,
    pub(super) token: AccessToken,
    /// Until when it may be known without another look, where that says more than the token itself, in Unix seconds.
    pub(super) until: Option<i64>,
}

impl Verifier {
    /// Makes a verifier; sends nothing, and takes no random number.
    #[must_use]
    pub fn new(options: VerifierOptions, plug_ins: PlugIns) -> Self {
        Self {
            issuers: options.issuers.iter().cloned().map(IssuerState::new).collect(),
            app_mapping: plug_ins.claim_mapping.clone().map(ClaimMapping::App),
            seen: RefCell::default(),
            pending: RefCell::default(),
            dpop: Dpop::new(options.dpop.clone(), plug_ins.replays.clone()),
            introspection: options.introspection.clone().map(|(place, options)| (place, Introspection::new(options))),
            options,
            plug_ins,
        }
    }

    /// The number of a token that was seen and is still good, for a request that needs no more than it grants.
    /// `authorization` and `url` are those of the request; whatever is unusual in them is for [`Verifier::verify`].
    #[must_use]
    pub fn seen<C: Clock>(&self, clock: &C, authorization: &str, url: &str, needs: Option<&Needs>) -> Option<u64> {
        let (scheme, token) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case(Scheme::Bearer.as_str()) || has_token_in_query(url) {
            return None;
        }
        let seen = self.seen.borrow();
        let now = clock.now();
        let entry = seen.find(seen.hash(token)?, now)?;
        let is_met = needs.is_none_or(|needs| needs.are_met(&entry.access, &entry.scopes));
        // A bound token by Bearer is refused, which is for the slow way.
        (entry.bound.is_none() && is_met && self.is_current(entry, now)).then_some(entry.number)
    }

    /// Whether it is known of the key that signed a token that it is still one of the issuer's.
    fn is_current(&self, entry: &Entry, now: i64) -> bool {
        let issuer = self.issuers.get(entry.issuer);
        entry.thumbprint.is_none() || issuer.is_some_and(|issuer| issuer.has_fresh_keys(now))
    }

    /// Verifies a request. Headers are names and values, as [`RequestCredentials::read`] takes them.
    ///
    /// # Errors
    /// What the sender is told: 400, 401, 403, or 503 where nobody can tell now whether the token is good.
    pub async fn verify<H: EdgeHost>(
        &self,
        host: &H,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        needs: &Needs,
    ) -> std::result::Result<Verified, Refused> {
        let request = RequestCredentials::read(method, url, headers);
        let presented = request.as_ref().ok().and_then(|request| request.presented.as_ref()).map(|one| one.scheme);
        let verified = match request {
            Ok(request) => self.verified(host, &request, needs).await,
            Err(error) => Err(error),
        };
        verified.map_err(|error| self.refused(host, error, presented, needs))
    }

    /// What the sender is told of an error.
    pub(super) fn refused<H: EdgeHost>(
        &self,
        host: &H,
        error: Error,
        presented: Option<Scheme>,
        needs: &Needs,
    ) -> Refused {
        let nonce = self.dpop.nonce_of_refusal(host, &error);
        Refused::new(error, &self.options.challenger, presented, &needs.wanted_scopes(), nonce)
    }

    /// Renews the keys that are soon too old, while no request waits for them; when they want to be renewed next.
    pub async fn renew<H: EdgeHost>(&self, host: &H) -> Option<i64> {
        for (place, issuer) in self.issuers.iter().enumerate() {
            // Who needs the keys gets the error.
            let _ = issuer.renew_keys(host, self.options.timeout, self.options.shares_keys).await;
            self.forget_lost_keys(place, issuer);
        }
        self.renew_at()
    }

    async fn verified<H: EdgeHost>(&self, host: &H, request: &RequestCredentials, needs: &Needs) -> Result<Verified> {
        let Some(presented) = &request.presented else {
            let message =
                "the request has no access token: it belongs into the header \"Authorization\" (RFC 6750 2.1)";
            return Err(Error::new(Code::CredentialsMissing, message));
        };
        check_scheme(presented.scheme, self.options.dpop.dpop_use)?;
        let token = presented.token.expose();
        let hash = self.hash_of(host, token);
        if let Some(hash) = hash
            && let Some(entry) = self.seen.borrow().find(hash, host.now())
            && entry.bound.is_none()
        {
            needs.require(&entry.access, &entry.scopes)?;
        }
        if presented.scheme == Scheme::Dpop
            && let Some((number, scopes, bound)) = self.seen_bound(hash, host.now())
        {
            let dpop_nonce = self.dpop.check(host, request, presented, Some(&bound.key)).await?;
            let Bound { agent, expires_at, .. } = bound;
            needs.require(&agent.access, &scopes)?;
            return Ok(Verified { agent, expires_at, number: Some(number), renew_at: self.renew_at(), dpop_nonce });
        }
        let checked = self.check_token(host, &presented.token).await?;
        let bound_key = bound_key(&checked.token.claims)?.map(str::to_owned);
        let dpop_nonce = self.dpop.check(host, request, presented, bound_key.as_deref()).await?;
        let (agent, granted) = self.agent_of(host, token, checked).await?;
        let verified = self.remember(host, hash, agent, granted, bound_key, needs)?;
        Ok(Verified { dpop_nonce, ..verified })
    }

    /// A bound token that was seen and is still good, with its number and scopes.
    fn seen_bound(&self, hash: Option<TokenHash>, now: i64) -> Option<(u64, Vec<String>, Bound)> {
        let seen = self.seen.borrow();
        let entry = seen.find(hash?, now).filter(|entry| self.is_current(entry, now))?;
        Some((entry.number, entry.scopes.clone(), entry.bound.clone()?))
    }

    /// Checks a token that is a JWT: its issuer is one of those configured, its type and algorithm are right, one of the
    /// issuer's keys signed it, and its claims are those of RFC 9068.
    pub(super) async fn check_jwt<H: EdgeHost>(&self, host: &H, token: &str) -> Result<Checked> {
        let jwt = jwt::parse(token)?;
        let place = self.issuer_of(&jwt)?;
        let issuer = self.issuers.get(place).ok_or_else(unknown_issuer)?;
        let options = &issuer.options;
        access_token::check_type(&jwt, options.legacy_jwt)?;
        let thumbprint = self.check_signature(host, place, issuer, &jwt).await?;
        self.check_claims(host, place, issuer, jwt, thumbprint)
    }

    /// Checks the claims of a token that one of the issuer's keys signed.
    pub(super) fn check_claims<C: Clock>(
        &self,
        clock: &C,
        place: usize,
        issuer: &IssuerState,
        jwt: Jwt,
        thumbprint: Rc<str>,
    ) -> Result<Checked> {
        let options = &issuer.options;
        let expected = access_token::Expectations {
            issuer: options.issuer.as_str(),
            audiences: options.audiences.as_deref(),
            legacy: options.legacy_jwt,
            now: clock.now(),
            clock_tolerance: self.options.clock_tolerance,
        };
        let token = access_token::validate(jwt, &expected)?;
        Ok(Checked { issuer: place, thumbprint: Some(thumbprint), token, until: None })
    }

    /// The thumbprint of the key that signed.
    async fn check_signature<H: EdgeHost>(
        &self,
        host: &H,
        place: usize,
        issuer: &IssuerState,
        jwt: &Jwt,
    ) -> Result<Rc<str>> {
        let algorithm = id_token::check_algorithm(jwt, &issuer.options.algorithms)?;
        let mut lacking: Option<Rc<Known>> = None;
        let mut had_candidates = false;
        let (timeout, shares) = (self.options.timeout, self.options.shares_keys);
        while let Some(known) = issuer.keys_after(host, timeout, shares, lacking.as_ref()).await? {
            self.forget_lost_keys(place, issuer);
            let signer = signature::signer(host, &known.keys, jwt, algorithm).await?;
            if let Some(thumbprint) = signer.and_then(|key| known.thumbprint_of(key)) {
                return Ok(thumbprint);
            }
            had_candidates = !known.keys.candidates(algorithm, jwt.key_id.as_deref()).is_empty();
            if had_candidates && jwt.key_id.is_some() {
                // The key is known and the signature wrong: other keys cannot help.
                break;
            }
            lacking = Some(known);
        }
        Err(signature::unsigned(jwt, algorithm, had_candidates))
    }

    /// `iss` only chooses among the issuers that are configured: nothing in a token leads anywhere else.
    pub(super) fn issuer_of(&self, jwt: &Jwt) -> Result<usize> {
        let named = crate::protocol::claims::required_text(&jwt.claims, "iss")?;
        let place = self.issuers.iter().position(|issuer| issuer.options.issuer.as_str() == named);
        place.ok_or_else(|| {
            let known: Vec<_> = self.options.issuers.iter().map(|one| one.issuer.as_str().to_owned()).collect();
            unknown_issuer().mismatch(words::join(&known), named)
        })
    }

    /// What a token is known by. The key of the hash is made at the first request: Workers have no random bytes before.
    pub(super) fn hash_of<H: EdgeHost>(&self, host: &H, token: &str) -> Option<TokenHash> {
        if self.options.max_cached_tokens == 0 {
            return None;
        }
        if !self.seen.borrow().has_key() {
            let mut key = [0; 16];
            // Without random bytes nothing is remembered.
            host.fill(&mut key).ok()?;
            self.seen.borrow_mut().set_key(key);
        }
        self.seen.borrow().hash(token)
    }

    pub(super) fn forget_lost_keys(&self, place: usize, issuer: &IssuerState) {
        let revision = issuer.keys_revision.get();
        if issuer.pruned_revision.replace(revision) != revision
            && let Some(known) = issuer.keys.borrow().as_ref()
        {
            self.seen.borrow_mut().keep_signed_by(place, &known.thumbprints);
        }
    }

    pub(super) fn renew_at(&self) -> Option<i64> {
        self.issuers.iter().filter_map(IssuerState::renew_at).min()
    }
}

/// Whether the query may have a token in it, which is for the slow way to refuse.
fn has_token_in_query(url: &str) -> bool {
    let Some((_, query)) = url.split_once('?') else { return false };
    // Only a query that names it, or has something escaped, need be taken apart.
    let may_name_it = query.contains("access_token") || query.contains('%');
    may_name_it && form::pairs(query.as_bytes()).iter().any(|(name, _)| name == "access_token")
}

pub(super) fn unknown_issuer() -> Error {
    Error::new(Code::IssuerMismatch, "the token's \"iss\" (issuer) is none of those that are configured")
        .during(Class::TokenVerification)
}
