//! The issuer's metadata (OIDC Discovery 4, RFC 8414 3), as plain values that are looked at again.

use std::rc::Rc;

use super::EdgeHost;
use super::issuer::IssuerState;
use crate::error::{Code, Error, Result};
use crate::protocol::http::HttpRequest;
use crate::protocol::metadata::{ProviderMetadata, ProviderType, discovery_requests};
use crate::provider::{discovery, sending};

/// How long metadata is used without asking, in seconds.
const METADATA_LIVES_SECONDS: i64 = 3600;

/// How many requests may ask for one thing at a time: the second is for the case that the first is never answered.
pub(super) const MAX_AT_A_TIME: usize = 2;

/// How often who waits for what another request is fetching looks again, in milliseconds.
pub(super) const LOOK_AGAIN_MILLISECONDS: u32 = 25;

/// Metadata in use.
pub(super) struct KnownMetadata {
    metadata: Rc<ProviderMetadata>,
    fetched_at: i64,
}

impl IssuerState {
    /// The metadata, fetched where it is not known or too old.
    ///
    /// # Errors
    /// `NetworkError`, `TimeoutError`, `ProviderError`, `DiscoveryError`.
    pub(super) async fn metadata<H: EdgeHost>(&self, host: &H, timeout: i64) -> Result<Rc<ProviderMetadata>> {
        let limit = timeout.saturating_mul(2000);
        let patience = host.milliseconds().saturating_add(limit);
        loop {
            if let Some(known) = self.fresh_metadata(host.now()) {
                return Ok(known);
            }
            if let Some(error) = self.metadata_requests.failed_lately(host.now()) {
                return self.old_metadata(error);
            }
            let now = host.milliseconds();
            if self.metadata_requests.count(now, limit) < MAX_AT_A_TIME {
                break;
            }
            if now >= patience {
                return Err(waited_too_long());
            }
            host.sleep(LOOK_AGAIN_MILLISECONDS).await;
        }
        let began = host.milliseconds();
        self.metadata_requests.begin(began);
        let found = self.discover(host, timeout).await;
        let now = host.now();
        self.metadata_requests.end(began, found.as_ref().err().map(|error| (now, error)));
        match found {
            Ok(metadata) => {
                let metadata = Rc::new(metadata);
                let known = KnownMetadata { metadata: Rc::clone(&metadata), fetched_at: now };
                *self.metadata.borrow_mut() = Some(known);
                Ok(metadata)
            }
            Err(error) => self.old_metadata(self.metadata_requests.failed_lately(now).unwrap_or(error)),
        }
    }

    fn fresh_metadata(&self, now: i64) -> Option<Rc<ProviderMetadata>> {
        let known = self.metadata.borrow();
        let known = known.as_ref()?;
        // What was fetched in the future was fetched before the clock was set back.
        let age = now.saturating_sub(known.fetched_at);
        (0..METADATA_LIVES_SECONDS).contains(&age).then(|| Rc::clone(&known.metadata))
    }

    /// A document past its time is better than none while the issuer cannot be reached: it says where keys are, and the
    /// keys say for themselves how old they are.
    fn old_metadata(&self, error: Error) -> Result<Rc<ProviderMetadata>> {
        let known = self.metadata.borrow();
        let old = known.as_ref().filter(|_| sending::is_passing(&error));
        old.map(|known| Rc::clone(&known.metadata)).ok_or(error)
    }

    async fn discover<H: EdgeHost>(&self, host: &H, timeout: i64) -> Result<ProviderMetadata> {
        let issuer = &self.options.issuer;
        let mut requests = discovery_requests(issuer, ProviderType::Oidc);
        // Of a plain OAuth 2.0 server nothing else is known than where RFC 8414 puts its metadata.
        requests.extend(discovery_requests(issuer, ProviderType::Oauth2).into_iter().next());
        discovery::discover(issuer, requests, |request: HttpRequest| sending::send(host, request, timeout)).await
    }
}

/// Somebody else was asking all the time.
pub(super) fn waited_too_long() -> Error {
    let message = "other requests are asking the issuer, and got no answer in time";
    Error::new(Code::Timeout, message).with_retry_after(Some(1))
}
