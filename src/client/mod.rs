//! The client: one file for each job a user asks for, generic over the host it runs on.

pub(crate) mod additions;
mod api_tokens;
mod assertion;
mod back_off;
mod begin;
mod callback;
mod claim_mapping;
mod create_agent;
mod detached;
mod discovery;
mod exchange;
mod expected_identity;
mod fetch;
mod flight;
mod front_channel_logout;
#[cfg(feature = "tools")]
mod grants;
mod identity;
mod introspect;
mod key_source;
mod keys;
mod logout_return;
#[cfg(feature = "tools")]
mod logout_token;
mod marks;
mod narrowed;
mod obtain;
pub(crate) mod options;
mod patience;
mod plug_ins;
#[cfg(feature = "tools")]
mod provider_host;
mod refresh;
mod relayed;
mod renewal;
pub(crate) mod request;
mod restore;
mod return_to;
mod revoke;
mod sign_in;
mod sign_out;
mod storage;
mod stored;
mod tabs;
mod tend;
mod trace;
mod transactions;
mod user_info;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use crate::protocol::expected_identity::ExpectedIdentity;
pub use api_tokens::Target;
pub use callback::SignedIn;
pub use create_agent::{Kept, KeptOptions, Renewed};
pub use exchange::{ByHand, Exchanged};
pub use fetch::{ApiSession, Authorized, FetchPolicy, Verdict};
#[cfg(feature = "tools")]
pub use grants::{
    ClientCredentials, CustomGrant, DeviceOptions, DeviceSignIn, ExchangedToken, PasswordGrant, TokenExchange,
};
pub use logout_return::LoggedOut;
pub use options::ClientOptions;
pub use plug_ins::{AppClaimMapping, AppClientAuthentication, AppHooks, AppLogger, PlugIns};
#[cfg(feature = "tools")]
pub use provider_host::ProviderHost;
pub use relayed::{Interaction, Relayed};
pub use return_to::same_origin;
pub use sign_in::{AuthorizationUrl, SignInOptions};
pub use sign_out::{LogoutOptions, SignOutOptions};
pub use user_info::UserInfo;

use crate::authz::mapping::ClaimMapping;
pub(crate) use crate::given;

use crate::error::{Code, Error, Result};
use crate::ports::{Event, EventKind, EventSource, Guard, Host};
use crate::protocol::random;
use crate::protocol::secret::Secret;
use crate::protocol::state::StateTag;
use crate::session::{Agent, Session};
use flight::Flight;
use storage::Storage;

/// An OAuth 2.0 / OpenID Connect client of one provider. Cheap to clone; the clones are one client.
pub struct Client<H: Host> {
    inner: Rc<Inner<H>>,
}

impl<H: Host> Clone for Client<H> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

struct Inner<H: Host> {
    host: H,
    options: ClientOptions,
    plug_ins: PlugIns,
    /// Marks every `state` of this client, so that "is this ours" never depends on storage.
    tag: StateTag,
    /// Names what is stored and said of this client id at this issuer, whichever redirect URI a session began at; and of
    /// one person, where many share a store.
    store_tag: StateTag,
    storage: Storage,
    metadata: RefCell<Option<discovery::Known>>,
    discovery: Rc<Flight>,
    keys: RefCell<Option<Rc<key_source::KeySource>>>,
    session: RefCell<Option<Rc<Session>>>,
    /// Grows with every change of the session, so that JavaScript knows when to make a new agent.
    revision: Cell<u32>,
    /// Grows with every change that nobody but this client notices, too.
    changes: Cell<u32>,
    /// How many writes of the session are under way.
    writing: Cell<u32>,
    callbacks: RefCell<Vec<callback::CallbackFlight>>,
    /// Sign-ins under way in a popup or a frame: `state` and transaction.
    relayed: RefCell<Vec<(String, String)>>,
    api_tokens: RefCell<Vec<api_tokens::ApiToken>>,
    /// How many refreshes are under way.
    refreshing: Cell<u32>,
    refreshes: RefCell<Vec<renewal::RefreshFlight>>,
    renewals: RefCell<Vec<detached::Renewal>>,
    back_offs: RefCell<Vec<back_off::BackOff>>,
    /// Ears for other tabs and for the page's coming back.
    guards: RefCell<Vec<Guard>>,
    /// Callers that wait for another tab to hand its tokens over.
    waiting: RefCell<Vec<tabs::Waiting>>,
    /// When an API last refused a token that was renewed because of it.
    refused_at: Cell<Option<i64>>,
    /// Which of the tasks that look after the session is the latest.
    tending: Cell<u32>,
    /// The revision of the session whose end was told.
    told_expired: Cell<Option<u32>>,
    disposed: Cell<bool>,
}

impl<H: Host> Client<H> {
    /// Makes a client; sends nothing and reads nothing.
    ///
    /// # Errors
    /// `ConfigurationError`: the metadata given by hand is not what RFC 8414 2 says.
    pub fn new(host: H, options: ClientOptions) -> Result<Self> {
        Self::with_plug_ins(host, options, PlugIns::default())
    }

    /// The same, with what the app plugs in.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_plug_ins(host: H, mut options: ClientOptions, plug_ins: PlugIns) -> Result<Self> {
        if let Some(mapping) = &plug_ins.claim_mapping {
            options.claim_mapping = ClaimMapping::App(Rc::clone(mapping));
        }
        if plug_ins.client_authentication.is_some() {
            options.authenticate_by_app()?;
        }
        let tag = StateTag::new(
            options.issuer_name(),
            &options.client_id,
            options.redirect_uri.as_deref().unwrap_or_default(),
            options.name.as_deref().unwrap_or_default(),
        );
        let name = options.name.as_deref().unwrap_or_default();
        let whose = options.session_key.as_ref().map(Secret::expose).unwrap_or_default();
        let store_tag = StateTag::new(options.issuer_name(), &options.client_id, whose, name);
        let client = Self {
            inner: Rc::new(Inner {
                host,
                tag,
                store_tag,
                storage: Storage::default(),
                metadata: RefCell::default(),
                discovery: Rc::default(),
                keys: RefCell::default(),
                session: RefCell::default(),
                revision: Cell::new(0),
                callbacks: RefCell::default(),
                relayed: RefCell::default(),
                api_tokens: RefCell::default(),
                refreshing: Cell::default(),
                changes: Cell::new(0),
                writing: Cell::new(0),
                refreshes: RefCell::default(),
                renewals: RefCell::default(),
                back_offs: RefCell::default(),
                guards: RefCell::default(),
                waiting: RefCell::default(),
                refused_at: Cell::new(None),
                tending: Cell::new(0),
                told_expired: Cell::new(None),
                disposed: Cell::new(false),
                options,
                plug_ins,
            }),
        };
        client.options().check_whose(client.is_ambient())?;
        client.adopt_manual_metadata()?;
        Ok(client)
    }

    /// The options that the client was made with.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// What the app plugged in.
    #[must_use]
    pub fn plug_ins(&self) -> &PlugIns {
        &self.inner.plug_ins
    }

    /// Who is signed in, as this page knows it now.
    #[must_use]
    pub fn agent(&self) -> Option<Rc<Agent>> {
        self.inner.session.borrow().as_ref().map(|session| Rc::clone(&session.agent))
    }

    /// The session, as this page knows it now.
    #[must_use]
    pub fn session(&self) -> Option<Rc<Session>> {
        self.inner.session.borrow().clone()
    }

    /// A number that changes whenever the session does.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.inner.revision.get()
    }

    /// Forgets and wipes everything in this page; what is stored stays.
    pub fn dispose(&self) {
        self.inner.disposed.set(true);
        self.inner.stop_listening();
        self.set_session(None);
        self.inner.metadata.borrow_mut().take();
        self.inner.keys.borrow_mut().take();
        self.inner.relayed.borrow_mut().clear();
    }

    /// Whether this process serves one person, so that the client may have a session of its own.
    #[must_use]
    pub fn is_ambient(&self) -> bool {
        self.inner.options.single_user || self.host().location().is_some()
    }

    #[inline(never)]
    fn require_ambient(&self, method: &str) -> Result<()> {
        self.require_alive()?;
        if self.is_ambient() {
            return Ok(());
        }
        Err(Error::new(
            Code::NoAmbientSession,
            format!(
                "{method} needs a session of the client's own, and one process here serves many people: pass an agent or \
                 use its own methods (`createAuthorizationUrl`, `exchangeCode`, `createAgent`, `refresh(agent)`), let \
                 `createSessionHandler` of `wasm-oidc/edge` keep sessions, or say `session: \"single-user\"` where this \
                 process serves one person"
            ),
        ))
    }

    /// For jobs that are done elsewhere.
    ///
    /// # Errors
    /// `Disposed`
    pub fn require_alive(&self) -> Result<()> {
        if self.inner.disposed.get() {
            return Err(disposed());
        }
        Ok(())
    }

    pub(crate) fn host(&self) -> &H {
        &self.inner.host
    }

    fn now(&self) -> i64 {
        self.host().now()
    }

    #[inline(never)]
    fn set_session(&self, session: Option<Rc<Session>>) {
        let is_over = session.is_none();
        let agent = session.as_ref().map(|session| Rc::clone(&session.agent));
        self.put_session(session);
        self.inner.revision.set(self.inner.revision.get().wrapping_add(1));
        if is_over {
            // Nothing that could be used is left in memory.
            self.inner.renewals.take();
            self.inner.api_tokens.take();
        } else {
            self.tend();
        }
        if let Some(agent) = agent {
            self.warn_of_failed_mapping(&agent);
        }
    }

    /// Changes what only this client knows of the session: for apps it is the same.
    fn put_session(&self, session: Option<Rc<Session>>) {
        let session = self.inner.session.replace(session);
        // Dropped when nothing is borrowed any more.
        drop(session);
        self.inner.changes.set(self.inner.changes.get().wrapping_add(1));
    }

    #[inline(never)]
    fn random_bytes(&self) -> Result<[u8; 32]> {
        let mut bytes = [0; 32];
        self.host().fill(&mut bytes).map_err(|_| {
            Error::new(
                Code::CryptoUnavailable,
                "the host gives no random bytes here: Workers do so only while they handle a request",
            )
        })?;
        Ok(bytes)
    }

    fn random_text(&self) -> Result<String> {
        Ok(random::token_from(&self.random_bytes()?))
    }

    #[inline(never)]
    fn warn(&self, reason: &'static str, message: &str) {
        self.host().emit(Event { message: Some(message.to_owned()), ..event(EventKind::Warning, Some(reason)) });
    }
}

fn event(kind: EventKind, reason: Option<&'static str>) -> Event {
    Event { kind, source: EventSource::ThisTab, reason, message: None, error: None, app_state: None }
}

#[inline(never)]
fn signed_out() -> Error {
    Error::new(Code::SignedOut, "nobody is signed in")
}

#[inline(never)]
fn disposed() -> Error {
    Error::new(Code::Disposed, "the client was disposed of: make a new one with `IdpClient.create`")
}
