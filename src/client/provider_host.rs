//! A host for tools that ask a provider: where it is the client's own, they send what the client would send.

use super::Client;
use crate::ports::{Clock, Crypto, CryptoFailure, Host, Http, HttpFailure, Limits, Reach, ResolvedUrl, Urls};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::http::{HttpRequest, HttpResponse, Method};
use crate::protocol::key_set::PublicKey;

/// Who asks. One type, so that what asks exists once.
pub enum ProviderHost<H: Host> {
    /// A client its own provider: with the app's headers and hooks, seen by its logger.
    Own(Client<H>),
    /// A client somebody else, who is shown nothing that belongs to the provider.
    Foreign(Client<H>),
    /// Nobody's client.
    Bare(H),
}

impl<H: Host> ProviderHost<H> {
    fn host(&self) -> &H {
        match self {
            Self::Own(client) | Self::Foreign(client) => client.host(),
            Self::Bare(host) => host,
        }
    }
}

impl<H: Host> Http for ProviderHost<H> {
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        let client = match self {
            // A browser asks whether it may send a header without sending it.
            Self::Own(client) if request.method != Method::Options => client,
            _ => return self.host().send(request, limits).await,
        };
        let seconds = i64::from(limits.timeout_milliseconds).div_euclid(1000);
        let request = client.prepare(request, seconds).await.map_err(HttpFailure::NotSent)?;
        client.exchange(request, limits).await
    }

    async fn reach(&self, url: &str, limits: Limits) -> Reach {
        self.host().reach(url, limits).await
    }
}

impl<H: Host> Crypto for ProviderHost<H> {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Result<bool, CryptoFailure> {
        self.host().verify(algorithm, key, signature, signing_input).await
    }

    async fn sign(&self, algorithm: Algorithm, signing_input: &[u8]) -> Result<Vec<u8>, CryptoFailure> {
        self.host().sign(algorithm, signing_input).await
    }
}

impl<H: Host> Clock for ProviderHost<H> {
    fn now(&self) -> i64 {
        self.host().now()
    }

    fn milliseconds(&self) -> i64 {
        self.host().milliseconds()
    }
}

impl<H: Host> Urls for ProviderHost<H> {
    fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
        self.host().resolve(input, base)
    }
}
