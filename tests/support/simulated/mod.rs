//! A host made of plain values: virtual time, one tab, one provider. It keeps the promises of the ports as `src/host`
//! does, and shows what the client did.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

mod answers;
mod executor;
mod provider;
mod storage;
mod tabs;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_oidc::client::{ByHand, Client, ClientOptions, SignInOptions, SignOutOptions, SignedIn};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::{
    Clock, Crypto, CryptoFailure, Event, EventKind, Events, Page, Random, RandomUnavailable, ResolvedUrl, Spawn, Timer,
    Urls, Work,
};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::json::{Json, parse_object};
use wasm_oidc::protocol::key_set::PublicKey;

pub use answers::*;
pub use executor::{Executor, Started};
pub use provider::*;
pub use storage::Places;
pub use tabs::Tabs;

pub const REDIRECT_URI: &str = "https://app.example/callback";
const BEGINNING: i64 = 1_800_000_000;

/// A page, or a process without one, and the provider it talks to.
#[derive(Clone)]
pub struct SimulatedHost {
    pub executor: Rc<Executor>,
    pub provider: Rc<Provider>,
    pub places: Rc<Places>,
    /// Locks and channels, shared with the other tabs.
    pub tabs: Rc<Tabs>,
    pub events: Rc<RefCell<Vec<Event>>>,
    /// What was stored and what was told, in order.
    pub journal: Rc<RefCell<Vec<String>>>,
    pub navigations: Rc<RefCell<Vec<String>>>,
    location: Rc<RefCell<Option<String>>>,
    clock_error: Rc<Cell<i64>>,
    randoms: Rc<Cell<u64>>,
    /// Whether requests share nothing but values.
    pub isolates_requests: Rc<Cell<bool>>,
    /// Why no signature can be checked here.
    pub crypto_failure: Rc<Cell<Option<CryptoFailure>>>,
    /// Signs with the app's own key.
    pub signs: Rc<RefCell<Option<Rc<Signs>>>>,
}

/// What a host does with the app's own key.
pub type Signs = dyn Fn(Algorithm, &[u8]) -> std::result::Result<Vec<u8>, CryptoFailure>;

impl SimulatedHost {
    /// A page of the app in a new tab.
    pub fn page() -> Self {
        let host = Self::process();
        *host.location.borrow_mut() = Some("https://app.example/".to_owned());
        host
    }

    /// A host that is no page.
    pub fn process() -> Self {
        Self {
            executor: Rc::default(),
            provider: Rc::default(),
            places: Rc::default(),
            tabs: Rc::default(),
            events: Rc::default(),
            journal: Rc::default(),
            navigations: Rc::default(),
            location: Rc::default(),
            clock_error: Rc::default(),
            randoms: Rc::default(),
            isolates_requests: Rc::default(),
            crypto_failure: Rc::default(),
            signs: Rc::default(),
        }
    }

    /// A Worker: a process whose requests share nothing but values.
    pub fn worker() -> Self {
        let host = Self::process();
        host.isolates_requests.set(true);
        host.tabs.has_no_locks.set(true);
        host.tabs.is_visible.set(true);
        host
    }

    /// Starts a future as a request of that number.
    pub fn request<T: 'static>(&self, number: u32, future: impl Future<Output = T> + 'static) -> Started<T> {
        self.executor.within(number, || self.executor.start(future))
    }

    /// The same tab after it was closed in the middle of everything, or reloaded: only what is stored is left.
    pub fn reloaded(&self) -> Self {
        self.executor.kill();
        Self { events: Rc::default(), journal: Rc::default(), navigations: Rc::default(), ..self.clone() }
    }

    /// Another tab of the app, with these places: it shares time, provider, locks and channels.
    pub fn tab_with(&self, places: Places) -> Self {
        Self {
            places: Rc::new(places),
            events: Rc::default(),
            journal: Rc::default(),
            navigations: Rc::default(),
            location: Rc::new(RefCell::new(Some("https://app.example/".to_owned()))),
            clock_error: Rc::clone(&self.clock_error),
            ..self.clone()
        }
    }

    /// A client with the usual options and these.
    pub fn client_with(&self, more: Value) -> Client<Self> {
        let mut options =
            json!({ "issuer": ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI, "storage": "session" });
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        let options = parse_object(options.to_string().as_bytes()).unwrap();
        let options = ClientOptions::from_json(&options, self.location().is_some()).unwrap();
        Client::new(self.clone(), options).unwrap()
    }

    pub fn client(&self) -> Client<Self> {
        self.client_with(json!({}))
    }

    /// A client as `create` makes it.
    pub fn created(&self) -> Client<Self> {
        let client = self.client();
        self.run(client.restore()).unwrap();
        client
    }

    /// Begins a sign-in and lets the user consent: the authorization response.
    pub fn begin(&self, client: &Client<Self>) -> String {
        let options = SignInOptions { app_state: Some("\"where\"".to_owned()), ..SignInOptions::new(client.options()) };
        self.run(client.sign_in_redirect(&options)).unwrap();
        let url = self.navigations.borrow().last().cloned().unwrap();
        self.provider.authorize(&url)
    }

    /// Comes back to the app with this URL in the address bar.
    pub fn come_back(&self, client: &Client<Self>, url: &str) -> Result<Option<SignedIn>> {
        self.go(url);
        self.run(client.handle_redirect_callback(None))
    }

    pub fn sign_in(&self, client: &Client<Self>) -> SignedIn {
        let url = self.begin(client);
        self.come_back(client, &url).unwrap().unwrap()
    }

    pub fn go(&self, url: &str) {
        *self.location.borrow_mut() = Some(url.to_owned());
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.executor.run(future)
    }

    pub fn start<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Started<T> {
        self.executor.start(future)
    }

    pub fn pass_seconds(&self, seconds: i64) {
        self.executor.pass(seconds * 1000);
    }

    /// Sets the wall clock so many seconds forward, or back; timers do not notice.
    pub fn set_clock(&self, by: i64) {
        self.clock_error.set(self.clock_error.get() + by);
    }

    /// Tells one realm from another.
    fn voice(&self) -> u64 {
        Rc::as_ptr(&self.events) as u64
    }

    /// What the wall clock says.
    pub fn seconds(&self) -> i64 {
        BEGINNING + self.executor.milliseconds() / 1000 + self.clock_error.get()
    }

    /// The events of a kind, as their reasons.
    pub fn reasons(&self, kind: EventKind) -> Vec<Option<&'static str>> {
        self.events.borrow().iter().filter(|event| event.kind == kind).map(|event| event.reason).collect()
    }
}

/// Redeems one more code by hand, as a process that serves many people does.
pub async fn exchange(host: SimulatedHost, client: Client<SimulatedHost>) -> Result<()> {
    let request = client.create_authorization_request(&SignInOptions::new(client.options())).await?;
    let callback = Json::String(host.provider.authorize(&request.url));
    let auth = json!({
        "codeVerifier": request.code_verifier.as_str(), "state": request.state, "nonce": request.nonce,
    });
    let auth = parse_object(auth.to_string().as_bytes())?;
    let by_hand = ByHand::from_json(&callback, &auth, client.options().response_mode)?;
    client.exchange_code(&by_hand).await.map(drop)
}

pub fn exchange_now(host: &SimulatedHost, client: &Client<SimulatedHost>) -> Result<()> {
    host.run(exchange(host.clone(), client.clone()))
}

/// How many refresh tokens were sent to the provider.
pub fn refreshes(host: &SimulatedHost) -> usize {
    host.provider.forms.borrow().iter().filter(|form| form["grant_type"] == "refresh_token").count()
}

/// The code of the error that a result has to be.
pub fn code_of<T>(result: Result<T>) -> Code {
    result.err().expect("the call fails").code()
}

/// A sign-out that does not go to the provider.
pub fn here_only() -> SignOutOptions {
    SignOutOptions { redirect: false, ..SignOutOptions::default() }
}

impl Clock for SimulatedHost {
    fn now(&self) -> i64 {
        self.seconds()
    }

    fn milliseconds(&self) -> i64 {
        self.seconds() * 1000 + self.executor.milliseconds() % 1000
    }
}

impl Timer for SimulatedHost {
    async fn sleep(&self, milliseconds: u32) {
        self.executor.sleep(milliseconds).await;
    }
}

impl Spawn for SimulatedHost {
    fn spawn(&self, work: Work) {
        self.executor.spawn(work);
    }

    fn isolates_requests(&self) -> bool {
        self.isolates_requests.get()
    }
}

impl Random for SimulatedHost {
    fn fill(&self, bytes: &mut [u8]) -> std::result::Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(32) {
            self.randoms.set(self.randoms.get() + 1);
            chunk.copy_from_slice(&Sha256::digest(self.randoms.get().to_be_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

impl Crypto for SimulatedHost {
    async fn verify(
        &self,
        _: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> std::result::Result<bool, CryptoFailure> {
        self.executor.sleep(1).await;
        if let Some(failure) = self.crypto_failure.get() {
            return Err(failure);
        }
        Ok(key.key_id.as_deref().is_some_and(|id| answers::signature(id, signing_input) == signature))
    }

    async fn sign(&self, algorithm: Algorithm, signing_input: &[u8]) -> std::result::Result<Vec<u8>, CryptoFailure> {
        self.executor.sleep(1).await;
        let signs = self.signs.borrow().clone();
        signs.map_or(Err(CryptoFailure::Unavailable), |signs| signs(algorithm, signing_input))
    }
}

impl Page for SimulatedHost {
    fn location(&self) -> Option<String> {
        self.location.borrow().clone()
    }

    fn replace_location(&self, url: &str) {
        self.go(url);
    }

    fn navigate(&self, url: &str) -> bool {
        self.navigations.borrow_mut().push(url.to_owned());
        self.location().is_some()
    }
}

impl Events for SimulatedHost {
    fn emit(&self, event: Event) {
        // It tells the wrapper to look, and no app.
        if event.kind == EventKind::StateChanged {
            return;
        }
        self.journal.borrow_mut().push(event.kind.as_str().to_owned());
        self.events.borrow_mut().push(event);
    }
}

impl Urls for SimulatedHost {
    fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
        answers::resolve(input, base)
    }
}
