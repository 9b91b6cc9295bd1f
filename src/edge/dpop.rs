//! Proof of possession at a protected resource (RFC 9449 4.3 and 7): the steps that need a host.

use std::rc::Rc;

use super::EdgeHost;
use super::nonces::Nonces;
use super::replays::{Replays, SharedReplays};
use crate::error::{Code, Error, Result};
use crate::ports::{CryptoFailure, VerifierHost};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::challenge::Refusal;
use crate::protocol::dpop_proof::{DpopProof, comparable};
use crate::protocol::request_credentials::{PresentedToken, RequestCredentials};
use crate::protocol::secret::Secret;
use crate::protocol::token_binding::{DpopUse, check_use};

/// How proofs are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopOptions {
    /// Which schemes are taken.
    pub dpop_use: DpopUse,
    /// The algorithms that a proof may have.
    pub algorithms: Vec<Algorithm>,
    /// How old a proof may be, in seconds, where no nonce says how old it is.
    pub max_age: i64,
    /// By how many seconds clocks may differ.
    pub tolerance: i64,
    /// Whether a proof needs a nonce of ours.
    pub requires_nonce: bool,
    /// What keys of nonces are made from where several isolates have to agree.
    pub nonce_secret: Option<Secret>,
    /// The seconds within which a shared store of used proofs has to answer.
    pub timeout: i64,
    /// Scheme, host and port that clients know the resource by, instead of those of the request's URL.
    pub public_origin: Option<String>,
}

impl Default for DpopOptions {
    fn default() -> Self {
        Self {
            dpop_use: DpopUse::default(),
            algorithms: Algorithm::ALL.to_vec(),
            max_age: 60,
            tolerance: 60,
            requires_nonce: false,
            nonce_secret: None,
            timeout: 10,
            public_origin: None,
        }
    }
}

/// Checks proofs, for all requests of an isolate.
pub struct Dpop {
    options: DpopOptions,
    replays: Replays,
    nonces: Nonces,
}

impl Dpop {
    /// With a store of used proofs that isolates share, or without.
    #[must_use]
    pub fn new(options: DpopOptions, shared: Option<Rc<dyn SharedReplays>>) -> Self {
        Self { nonces: Nonces::new(options.nonce_secret.as_ref()), replays: Replays::new(shared), options }
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &DpopOptions {
        &self.options
    }

    /// Whether the request may use a token that is bound to this key, or to none: by the right scheme and, for a bound one, with
    /// a proof that was not used before. Answers the nonce that a successful answer should bring, if it should bring one.
    ///
    /// Asked for every request: what a token that was seen before is known to be says nothing of the sender.
    ///
    /// # Errors
    /// `TokenBound`, `InvalidToken`, `InvalidDpopProof`, `UseDpopNonce` (all 401); `CryptoUnavailable`, what a shared store failed with
    /// (503).
    pub async fn check<H: EdgeHost>(
        &self,
        host: &H,
        request: &RequestCredentials,
        presented: &PresentedToken,
        bound_key: Option<&str>,
    ) -> Result<Option<String>> {
        check_use(presented.scheme, bound_key, self.options.dpop_use)?;
        let Some(bound_key) = bound_key else { return Ok(None) };
        let proof = DpopProof::read(&request.dpop_proofs, &self.options.algorithms)?;

        // Steps 8, 9 and 12 cost no cryptography.
        let target = self.target(host, &request.url)?;
        let resolved = host.resolve(&proof.target, None).map(|url| comparable(&url.href));
        proof.check_request(&request.method, &target, resolved.as_deref())?;
        proof.check_token(&presented.token, bound_key)?;
        verify_signature(host, &proof).await?;

        // Steps 10 and 11. A nonce says when it was given out, whatever the sender's clock says.
        let now = host.now();
        let DpopOptions { max_age, tolerance, .. } = self.options;
        let (latest_use, nonce) = if self.options.requires_nonce {
            let issued_at = self.nonces.check(host, proof.nonce.as_deref(), now, tolerance)?;
            let next = Nonces::is_due(issued_at, now).then(|| self.nonces.issue(host, now)).transpose()?;
            (Nonces::latest_use(issued_at), next)
        } else {
            proof.check_time(now, max_age, tolerance)?;
            (proof.latest_use(max_age, tolerance), None)
        };
        // Last: nobody may use up a proof that is not good.
        if self.replays.is_first(host, &proof.identity(), latest_use, self.options.timeout).await? {
            return Ok(nonce);
        }
        let message = "the DPoP proof was used before: every request needs a proof of its own";
        Err(Error::new(Code::InvalidDpopProof, message))
    }

    /// The nonce that a refusal brings, where the next attempt needs one.
    #[must_use]
    pub fn nonce_of_refusal<H: EdgeHost>(&self, host: &H, error: &Error) -> Option<String> {
        let is_about_proofs = matches!(
            Refusal::of(error),
            Refusal::CredentialsMissing | Refusal::InvalidDpopProof | Refusal::UseDpopNonce
        );
        // Without random numbers no proof passes either, and that error is the one to tell.
        (self.options.requires_nonce && is_about_proofs).then(|| self.nonces.issue(host, host.now()).ok()).flatten()
    }

    /// What `htu` has to be. The request's own URL may be that of a proxy's other side, which no header can be believed.
    fn target<H: VerifierHost>(&self, host: &H, url: &str) -> Result<String> {
        let origin = self.options.public_origin.as_deref();
        let own = host.resolve(url, origin);
        let public = match (own, origin) {
            // Put together as text: a path can begin with two slashes, which would name another host.
            (Some(own), Some(origin)) => host.resolve(&format!("{origin}{}", own.path), None),
            (own, _) => own,
        };
        public.map(|url| comparable(&url.href)).ok_or_else(|| {
            let message = "the request's URL has no origin: give the option `publicOrigin`";
            Error::new(Code::InvalidOption, message)
        })
    }
}

async fn verify_signature<H: VerifierHost>(host: &H, proof: &DpopProof) -> Result<()> {
    let (signing_input, signature) = proof.signed();
    match host.verify(proof.algorithm, &proof.key, signature, signing_input).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(CryptoFailure::InvalidKey) => Err(DpopProof::unsigned()),
        Err(CryptoFailure::Unsupported) => {
            let message = format!("this host cannot check {} signatures of DPoP proofs", proof.algorithm.as_str());
            Err(Error::new(Code::InvalidDpopProof, message))
        }
        Err(CryptoFailure::Unavailable) => {
            Err(Error::new(Code::CryptoUnavailable, "DPoP proofs cannot be checked: WebCrypto is missing"))
        }
    }
}
