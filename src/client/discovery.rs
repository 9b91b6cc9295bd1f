//! The provider's metadata: discovered, given by hand, or both (OIDC Discovery 4, RFC 8414 3).

use std::rc::Rc;

use super::{Client, disposed};
use crate::error::{Class, Code, Error, Result};
use crate::ports::{Host, Work};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::Object;
use crate::protocol::metadata::{self, ProviderMetadata};
use crate::protocol::url::Issuer;
use crate::provider::discovery;

/// How long `create` waits for discovery, in milliseconds.
const CREATE_WAITS_MILLISECONDS: u32 = 3000;

/// Metadata in use.
#[derive(Debug, Clone)]
pub(super) struct Known {
    metadata: Rc<ProviderMetadata>,
    /// When it was fetched; `None`: given by hand, never stale.
    fetched_at: Option<i64>,
}

impl<H: Host> Client<H> {
    /// The metadata in use, if there is any yet.
    #[must_use]
    pub fn metadata(&self) -> Option<Rc<ProviderMetadata>> {
        self.inner.metadata.borrow().as_ref().map(|known| Rc::clone(&known.metadata))
    }

    /// How the client authenticates at this provider.
    pub(crate) fn client_authentication(&self, metadata: &ProviderMetadata) -> ClientAuthentication {
        self.inner.options.client_auth.among(metadata.token_endpoint_auth_methods_supported.as_deref())
    }

    /// `auto`, `hybrid` or `manual`.
    #[must_use]
    pub fn discovery_mode(&self) -> &'static str {
        match (&self.inner.options.issuer, &self.inner.options.metadata) {
            (Some(_), None) => "auto",
            (Some(_), Some(_)) => "hybrid",
            (None, _) => "manual",
        }
    }

    /// The metadata, fetched where it is not known or too old; concurrent calls are one request.
    ///
    /// # Errors
    /// `NetworkError`, `TimeoutError`, `ProviderError` (retry) or `DiscoveryError`. A failed forced discovery leaves
    /// the old metadata in use.
    pub async fn discover(&self, force: bool) -> Result<Rc<ProviderMetadata>> {
        self.require_alive()?;
        let Some(issuer) = &self.inner.options.issuer else {
            return self.metadata().ok_or_else(not_discovered);
        };
        if !force {
            self.load_cached_metadata(issuer);
            if let Some(known) = self.fresh_metadata() {
                return Ok(known);
            }
        }
        let fetched = self.join(&self.inner.discovery, Box::pin(self.clone().fetch_metadata())).await;
        match fetched {
            Ok(()) => self.metadata().ok_or_else(disposed),
            // A document past its time is better than none while the provider cannot be reached.
            Err(error) if !force && super::request::is_passing(&error) => self.metadata().ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// The metadata as an app asks for it: an empty object, without a request, where all of it was given by hand.
    ///
    /// # Errors
    /// As [`Client::discover`].
    pub async fn discovered(&self, force: bool) -> Result<Object> {
        let metadata = self.discover(force).await?;
        let is_manual = self.inner.options.issuer.is_none();
        Ok(if is_manual { Object::new() } else { metadata.document.clone() })
    }

    /// Metadata for a job that cannot wait.
    pub(super) fn metadata_now(&self) -> Result<Rc<ProviderMetadata>> {
        self.require_alive()?;
        self.metadata().ok_or_else(not_discovered)
    }

    /// What `create` waits for: discovery, where nothing is known, but never long.
    pub(super) async fn discover_for_create(&self) {
        if let Some(issuer) = &self.inner.options.issuer {
            self.load_cached_metadata(issuer);
        }
        if self.metadata().is_some() && (self.session().is_some() || self.fresh_metadata().is_some()) {
            return;
        }
        let client = self.clone();
        let mut discovery: Work = Box::pin(async move {
            // Whatever needs the metadata asks again and gets the error.
            let _ = client.discover(false).await;
        });
        if self.session().is_some() {
            self.host().spawn(discovery);
            return;
        }
        self.within(CREATE_WAITS_MILLISECONDS, discovery.as_mut()).await;
    }

    pub(super) fn adopt_manual_metadata(&self) -> Result<()> {
        let options = &self.inner.options;
        if let Some(given) = &options.metadata {
            // In hybrid mode this checks what was given before anything is fetched.
            let metadata = ProviderMetadata::from_object(given.clone()).map_err(wrong_metadata_option)?;
            if options.issuer.is_none() {
                self.adopt_metadata(metadata, None);
            }
        }
        Ok(())
    }

    fn fresh_metadata(&self) -> Option<Rc<ProviderMetadata>> {
        let known = self.inner.metadata.borrow();
        let known = known.as_ref()?;
        let age = known.fetched_at.map_or(0, |fetched_at| self.now().saturating_sub(fetched_at));
        // A negative age is a clock that was set back: nothing is known about it.
        (0..=self.inner.options.discovery_ttl).contains(&age).then(|| Rc::clone(&known.metadata))
    }

    fn adopt_metadata(&self, metadata: ProviderMetadata, fetched_at: Option<i64>) {
        if !self.inner.disposed.get() {
            let metadata = Rc::new(metadata);
            *self.inner.metadata.borrow_mut() = Some(Known { metadata, fetched_at });
        }
    }

    async fn fetch_metadata(self) -> Result<()> {
        let Some(issuer) = &self.inner.options.issuer else { return Err(not_discovered()) };
        let requests = metadata::discovery_requests(issuer, self.inner.options.provider_type);
        let discovered = discovery::discover(issuer, requests, |request| self.send(request)).await?;
        let fetched_at = self.now();
        let document = discovered.document.clone();
        self.adopt_metadata(self.with_given(discovered)?, Some(fetched_at));
        self.save_document(&cache_key(issuer), document, fetched_at);
        Ok(())
    }

    fn with_given(&self, discovered: ProviderMetadata) -> Result<ProviderMetadata> {
        match &self.inner.options.metadata {
            Some(given) => discovered.overridden_by(given),
            None => Ok(discovered),
        }
    }

    fn load_cached_metadata(&self, issuer: &Issuer) {
        if self.inner.metadata.borrow().is_some() {
            return;
        }
        // What cannot be used is replaced by what is fetched next.
        if let Some((document, fetched_at)) = self.load_document(&cache_key(issuer))
            && let Ok(metadata) = ProviderMetadata::from_object(document)
            && metadata.issuer.as_ref() == Some(issuer)
            && let Ok(metadata) = self.with_given(metadata)
        {
            self.adopt_metadata(metadata, Some(fetched_at));
        }
    }
}

fn cache_key(issuer: &Issuer) -> String {
    format!("wasm-oidc:metadata:{}", issuer.as_str())
}

#[inline(never)]
fn not_discovered() -> Error {
    Error::new(
        Code::NotDiscovered,
        "the provider's metadata is not here yet: await `discover()` or `createAuthorizationRequest()` first",
    )
}

fn wrong_metadata_option(cause: Error) -> Error {
    let message = format!("option \"metadata\": {}", cause.failure().message);
    Error::new(Code::InvalidOption, message).during(Class::Configuration).because(cause)
}
