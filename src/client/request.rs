//! Sending one request within its limits, with what the app adds to it, and failures in words.

use std::pin::pin;

use futures_util::future::LocalBoxFuture;

use super::additions::{Addition, fault_of};
use super::{Client, PlugIns};
use crate::error::{Code, Result};
use crate::ports::{Host, HttpFailure, Limits};
use crate::protocol::http::{HttpRequest, HttpResponse};
pub(super) use crate::provider::sending::{endpoint_of, in_words, is_passing};
use crate::provider::sending::{limits, milliseconds};

/// How long a function of the app's may take, in seconds, where a request may not take less. Twice that and a request
/// are less than the time after which a refresh counts as lost.
const APP_SECONDS: i64 = 10;

impl<H: Host> Client<H> {
    /// Sends a request to the provider.
    pub(super) fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse>> {
        self.send_within(request, self.inner.options.timeout)
    }

    /// Sends a request that may take so many seconds.
    pub(super) async fn send_within(&self, request: HttpRequest, timeout: i64) -> Result<HttpResponse> {
        let request = self.prepare(request, timeout).await?;
        self.transmit(request, timeout).await
    }

    /// The request with what the app adds to it; nothing is sent.
    ///
    /// # Errors
    /// `PlugInFailed`, `PlugInAnswer`, `Timeout`: a function of the app's.
    pub(super) async fn prepare(&self, mut request: HttpRequest, timeout: i64) -> Result<HttpRequest> {
        for (name, value) in &self.inner.options.headers {
            request = request.with_header(name, value.expose());
        }
        let PlugIns { client_authentication, hooks, .. } = &self.inner.plug_ins;
        if request.awaits_client_authentication {
            let made = match client_authentication {
                Some(app) => app.authenticate(request.clone()),
                None => Box::pin(self.with_assertion(request.clone())),
            };
            self.add(Addition::ClientAuthentication, &mut request, made, timeout).await?;
        }
        if let Some(app) = hooks {
            let made = app.on_request(request.clone());
            self.add(Addition::Headers, &mut request, made, timeout).await?;
        }
        Ok(request)
    }

    async fn add(
        &self,
        addition: Addition,
        request: &mut HttpRequest,
        made: LocalBoxFuture<'_, Result<HttpRequest>>,
        timeout: i64,
    ) -> Result<()> {
        let mut answer = None;
        let in_time = async { answer = Some(made.await) };
        self.within(milliseconds(timeout.min(APP_SECONDS)), pin!(in_time)).await;
        let function = addition.function();
        let answer = answer.ok_or_else(|| fault_of(Code::Timeout, function, "did not answer in time"))?;
        addition.accept(request, answer?, self.host().location().is_some())
    }

    /// Sends a request as it is.
    pub(super) async fn transmit(&self, request: HttpRequest, timeout: i64) -> Result<HttpResponse> {
        let endpoint = endpoint_of(&request);
        let answer = self.exchange(request, limits(timeout)).await;
        answer.map_err(|failure| in_words(failure, &endpoint, timeout))
    }

    /// The same within limits, and failures as the host tells them.
    pub(super) async fn exchange(&self, request: HttpRequest, limits: Limits) -> AnswerOrFailure {
        let watch = self.watch(&request);
        let answer = self.host().send(request, limits).await;
        if let Some(watch) = watch {
            self.watched(watch, &answer, limits);
        }
        answer
    }
}

pub(super) type AnswerOrFailure = std::result::Result<HttpResponse, HttpFailure>;
