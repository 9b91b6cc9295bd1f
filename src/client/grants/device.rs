//! A sign-in on a device without a browser of its own (RFC 8628): the person agrees elsewhere, the client polls.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::{Asked, Client, Exchanged};
use crate::client::ClientOptions;
use crate::client::expected_identity;
use crate::client::given::Given;
use crate::error::{Class, Code, Error, Result};
use crate::ports::Host;
use crate::protocol::device_authorization::{self, DeviceAuthorization, Pace, Poll};
use crate::protocol::expected_identity::ExpectedIdentity;
use crate::protocol::grant_request::{DEVICE_CODE, GrantRequest};
use crate::protocol::json::Object;
use crate::protocol::metadata::{Endpoint, ProviderMetadata};
use crate::session::TokenSet;

/// The options of a sign-in on a device.
#[derive(Debug)]
pub struct DeviceOptions {
    asked: Asked,
    expected: ExpectedIdentity,
}

impl DeviceOptions {
    /// `scopes`, `resource`, `audience`, `extraParams`, `expect`, `allowUnverifiedEmail`; scopes that are missing come from
    /// the client.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object, client: &ClientOptions) -> Result<Self> {
        let mut given = Given::new("option of deviceAuthorization", object);
        let asked = Asked::from_given(&mut given).or_scopes_of(client);
        let expected = expected_identity::of_options(&mut given, None).unwrap_or_default();
        given.finish()?;
        Ok(Self { asked, expected })
    }
}

/// A sign-in that waits for the person.
pub struct DeviceSignIn {
    /// What the provider answered: what to show to the person.
    pub authorization: DeviceAuthorization,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
    options: DeviceOptions,
    cancel: Cell<Option<oneshot::Sender<()>>>,
    /// Taken by the one who polls.
    cancelled: Cell<Option<oneshot::Receiver<()>>>,
}

impl DeviceSignIn {
    /// Ends it: nothing is polled any more.
    pub fn cancel(&self) {
        if let Some(cancel) = self.cancel.take() {
            // Whoever does not wait needs not be told.
            let _ = cancel.send(());
        }
    }
}

type Cancelled<'a> = Pin<&'a mut oneshot::Receiver<()>>;

impl<H: Host> Client<H> {
    /// Asks for a code that the person types elsewhere (RFC 8628 3.1).
    ///
    /// # Errors
    /// `ConfigurationError` `endpoint_missing`, `reserved_parameter`; `TokenExchangeError`; `DiscoveryError`
    /// `insecure_endpoint` for a page that is not https; `NetworkError`; `TimeoutError`.
    pub async fn begin_device(&self, options: DeviceOptions) -> Result<DeviceSignIn> {
        self.require_alive()?;
        let metadata = self.discover(false).await?;
        let endpoint = metadata.endpoint(Endpoint::DeviceAuthorization)?;
        let form = options.asked.add_to(GrantRequest::default(), endpoint)?;
        let response = self.ask(&metadata, Endpoint::DeviceAuthorization, &form).await?;
        let authorization = device_authorization::judge(&response, endpoint)?;
        let expires_at = self.now().saturating_add(authorization.expires_in);
        let (cancel, cancelled) = oneshot::channel();
        let (cancel, cancelled) = (Cell::new(Some(cancel)), Cell::new(Some(cancelled)));
        Ok(DeviceSignIn { authorization, expires_at, options, cancel, cancelled })
    }

    /// Polls until the person has answered, the code is over, or it is cancelled (RFC 8628 3.4 and 3.5); can be awaited
    /// once, so that there never are two polls at a time.
    ///
    /// # Errors
    /// `TokenExchangeError`: `expired_token`, `cancelled`, what else the provider says; `AccessDeniedError`; what an ID
    /// token can be refused for; `IdentityMismatchError` and `SubjectMismatchError`; `disposed`.
    pub async fn device_agent(&self, sign_in: &DeviceSignIn) -> Result<Exchanged> {
        let Some(cancelled) = sign_in.cancelled.take() else { return Err(given_up()) };
        let mut cancelled = pin!(cancelled);
        let metadata = self.discover(false).await?;
        let tokens = self.poll(&metadata, sign_in, &mut cancelled).await?;
        let needs_id_token = self.needs_id_token(sign_in.options.asked.scope.as_deref());
        let exchanged = self.exchanged_of(&metadata, tokens, needs_id_token).await?;
        self.check_expected(&sign_in.options.expected, &exchanged).await?;
        Ok(exchanged)
    }

    async fn poll(
        &self,
        metadata: &Rc<ProviderMetadata>,
        sign_in: &DeviceSignIn,
        cancelled: &mut Cancelled<'_>,
    ) -> Result<TokenSet> {
        let mut pace = Pace::new(sign_in.authorization.interval);
        loop {
            let left = sign_in.expires_at.saturating_sub(self.now()).max(0);
            self.pause(pace.seconds().min(left), cancelled).await?;
            self.require_alive()?;
            // A device that slept wakes up too late.
            if self.now() >= sign_in.expires_at {
                let message = "the code was not confirmed in time: begin the sign-in on this device again";
                return Err(Error::new(Code::ExpiredToken, message));
            }
            let device_code = sign_in.authorization.device_code.expose();
            let request = GrantRequest::new(DEVICE_CODE).with("device_code", Some(device_code));
            let scope = sign_in.options.asked.scope.clone();
            let answer = Box::pin(self.clone().ask_once(Rc::clone(metadata), request, scope));
            match select(answer, cancelled.as_mut()).await {
                Either::Left((Ok(tokens), _)) => return Ok(tokens),
                Either::Left((Err(error), _)) => {
                    if let Poll::Over(error) = pace.judge(error) {
                        return Err(error);
                    }
                }
                Either::Right((_, answer)) => {
                    // Tokens that nobody waits for any more must not live on.
                    self.host().spawn(Box::pin(self.clone().give_back(answer)));
                    return Err(given_up());
                }
            }
        }
    }

    async fn ask_once(
        self,
        metadata: Rc<ProviderMetadata>,
        request: GrantRequest,
        scope: Option<String>,
    ) -> Result<TokenSet> {
        self.ask_for_tokens(&metadata, &request, scope.as_deref()).await
    }

    async fn give_back(self, answer: Pin<Box<impl Future<Output = Result<TokenSet>>>>) {
        if let Ok(tokens) = answer.await {
            self.revoke_tokens(&tokens).await;
        }
    }

    async fn pause(&self, seconds: i64, cancelled: &mut Cancelled<'_>) -> Result<()> {
        let milliseconds = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(1000);
        match select(pin!(self.host().sleep(milliseconds)), cancelled.as_mut()).await {
            Either::Left(_) => Ok(()),
            Either::Right(_) => Err(given_up()),
        }
    }
}

fn given_up() -> Error {
    Error::new(Code::Cancelled, "the sign-in on this device was cancelled").during(Class::TokenExchange)
}
