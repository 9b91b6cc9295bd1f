//! A tab, the realm of the page in it, and the calls that an app makes there.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use serde_json::json;
use wasm_oidc::client::{ApiSession, Client, ClientOptions, FetchPolicy, SignInOptions, SignOutOptions, Verdict};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::Shelf;
use wasm_oidc::protocol::json::parse_object;

use crate::answers::ISSUER;
use crate::host::Host;
use crate::ledger::Answered;
use crate::provider::Name;
use crate::scheduler::Owner;
use crate::world::{Turn, World, note};

pub const APP: &str = "https://app.example/";
const REDIRECT_URI: &str = "https://app.example/callback";

/// `sessionStorage`.
#[derive(Default)]
pub struct TabStorage {
    pub tokens: RefCell<Shelf>,
    pub rest: RefCell<Shelf>,
}

pub struct Tab {
    pub number: u32,
    pub url: RefCell<String>,
    pub storage: TabStorage,
    realm: RefCell<Option<Rc<Realm>>>,
}

/// One page's life: memory, and the client in it.
pub struct Realm {
    pub number: Owner,
    pub memory: RefCell<Shelf>,
    client: RefCell<Option<Client<Host>>>,
    /// `create` is done.
    pub is_ready: Cell<bool>,
    pub is_disposed: Cell<bool>,
    /// The session that the client had when it was looked at last.
    pub seen: Cell<Option<Name>>,
    /// The last one that it had at all.
    pub last: Cell<Option<Name>>,
    /// When a session went away without a word so far.
    pub owes_word_since: Cell<Option<i64>>,
    /// The polls that are left to it.
    pub doom: Cell<Option<(u32, bool)>>,
    /// A session's end was told since the last look.
    pub told_end: Cell<bool>,
    /// The client told that it signed out because this page asked for it.
    pub told_sign_out: Cell<bool>,
    /// When the page last began to move again.
    pub thaws_at: Cell<i64>,
}

impl Tab {
    pub fn new(world: &World) -> Rc<Self> {
        let tab = Rc::new(Self {
            number: world.number(),
            url: RefCell::new(APP.to_owned()),
            storage: TabStorage::default(),
            realm: RefCell::default(),
        });
        world.tabs.borrow_mut().push(Rc::clone(&tab));
        tab
    }

    /// A new tab that begins with a copy of this one's storage, as a browser duplicates tabs.
    pub fn duplicate(&self, world: &Rc<World>) {
        let copy = Self::new(world);
        note!(world, "tab {} is duplicated as {}", self.number, copy.number);
        for (from, to) in [(&self.storage.tokens, &copy.storage.tokens), (&self.storage.rest, &copy.storage.rest)] {
            for key in from.borrow().keys("") {
                to.borrow_mut().put(&key, from.borrow().get(&key).as_deref());
            }
        }
        copy.open_page(world, APP);
    }

    pub fn realm(&self) -> Option<Rc<Realm>> {
        self.realm.borrow().clone()
    }

    pub fn realm_number(&self) -> Option<Owner> {
        self.realm.borrow().as_ref().map(|realm| realm.number)
    }

    /// A realm that an app can use now.
    pub fn usable(&self, world: &World) -> Option<Rc<Realm>> {
        self.realm().filter(|realm| {
            realm.is_ready.get() && !realm.is_disposed.get() && !world.scheduler.is_frozen(realm.number)
        })
    }

    pub fn close_page(&self, world: &World) {
        let Some(realm) = self.realm.borrow_mut().take() else { return };
        world.scheduler.kill(realm.number);
        world.origin.forget(realm.number);
        world.ledger.realm_ended(realm.number, world.now());
        let client = realm.client.borrow_mut().take();
        drop(client);
    }

    /// Loads the app: a new realm, whose client restores what is stored and looks at the URL.
    pub fn open_page(self: &Rc<Self>, world: &Rc<World>, url: &str) {
        self.close_page(world);
        *self.url.borrow_mut() = url.to_owned();
        let realm = Rc::new(Realm {
            number: world.number(),
            memory: RefCell::default(),
            client: RefCell::default(),
            is_ready: Cell::new(false),
            is_disposed: Cell::new(false),
            seen: Cell::new(None),
            last: Cell::new(None),
            owes_word_since: Cell::new(None),
            doom: Cell::new(None),
            told_end: Cell::new(false),
            told_sign_out: Cell::new(false),
            thaws_at: Cell::new(0),
        });
        note!(world, "tab {} opens {url} in realm {}", self.number, realm.number);
        *self.realm.borrow_mut() = Some(Rc::clone(&realm));
        let client = self.client(world, &realm);
        *realm.client.borrow_mut() = Some(client);
        let again = Rc::clone(&realm);
        realm.call(world, "create", |client| async move {
            client.restore().await?;
            let result = client.handle_redirect_callback(None).await;
            again.is_ready.set(true);
            result.map(|_| Answered::Done)
        });
    }

    fn client(self: &Rc<Self>, world: &Rc<World>, realm: &Rc<Realm>) -> Client<Host> {
        let options = json!({
            "issuer": ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI,
            "timeoutSeconds": world.settings.timeout,
        });
        let options = parse_object(options.to_string().as_bytes()).unwrap();
        let mut options = ClientOptions::from_json(&options, true).unwrap();
        options.storage = world.settings.storage;
        let host = Host { world: Rc::clone(world), tab: Rc::clone(self), realm: Rc::clone(realm) };
        Client::new(host, options).unwrap()
    }

    /// One of the realm's tasks went on: the place where a page may die, and where its session is looked at.
    pub fn was_polled(&self, world: &World) {
        let Some(realm) = self.realm() else { return };
        realm.look(world);
        match realm.doom.get() {
            Some((0, opens_again)) => {
                realm.doom.set(None);
                world.turns.borrow_mut().push(Turn::Dies(realm.number, opens_again));
            }
            Some((polls, opens_again)) => realm.doom.set(Some((polls - 1, opens_again))),
            None => {}
        }
    }
}

impl Realm {
    pub fn client(&self) -> Option<Client<Host>> {
        self.client.borrow().clone()
    }

    pub fn look(&self, world: &World) {
        let session = self.client().and_then(|client| client.session());
        let name = session.as_ref().and_then(|session| Name::of(session.tokens.access_token.expose()));
        let before = self.seen.replace(name);
        if name.is_some() {
            self.last.set(name);
            self.owes_word_since.set(None);
        }
        if self.told_end.take() {
            self.owes_word_since.set(None);
        } else if before.is_some() && name.is_none() && !self.is_disposed.get() {
            self.owes_word_since.set(Some(world.now()));
        }
        if before != name {
            note!(world, "realm {} has now {name:?}", self.number);
            world.ledger.session_changed(world, self, before, name);
        }
    }

    /// Makes a call of the app, whose end is awaited in the books.
    fn call<F: Future<Output = Result<Answered>> + 'static>(
        self: &Rc<Self>,
        world: &Rc<World>,
        kind: &'static str,
        work: impl FnOnce(Client<Host>) -> F,
    ) {
        let Some(client) = self.client() else { return };
        let call = world.ledger.began(self.number, kind, world.now());
        note!(world, "realm {}: {kind} ({call})", self.number);
        let began = world.now();
        let (world_again, work, realm) = (Rc::clone(world), work(client), Rc::clone(self));
        world.scheduler.spawn(
            self.number,
            Box::pin(async move {
                let result = work.await;
                world_again.ledger.settled(&world_again, &realm, call, began, result);
            }),
        );
    }

    pub fn get_agent(self: &Rc<Self>, world: &Rc<World>) {
        self.call(world, "get_agent", |client| async move {
            Ok(client.get_agent().await?.map_or(Answered::Nobody, |_| Answered::Done))
        });
    }

    pub fn access_token(self: &Rc<Self>, world: &Rc<World>, force: bool) {
        self.call(world, if force { "access_token (forced)" } else { "access_token" }, move |client| async move {
            Ok(Answered::Token(client.access_token(0, force).await?.expose().to_owned()))
        });
    }

    pub fn refresh(self: &Rc<Self>, world: &Rc<World>) {
        self.call(world, "refresh", |client| async move { client.refresh().await.map(|_| Answered::Done) });
    }

    /// A call of the app's API that is answered with 401.
    pub fn fetch(self: &Rc<Self>, world: &Rc<World>) {
        let api = world.random.between(5, 500) as u32;
        let (world_again, realm, began) = (Rc::clone(world), Rc::clone(self), world.now());
        self.call(world, "fetch", move |client| async move {
            let authorized =
                client.authorize("https://app.example/api", FetchPolicy::Optional, &ApiSession::default()).await?;
            let Some(token) = authorized.access_token else { return Ok(Answered::Nobody) };
            world_again.ledger.handed_out(&world_again, &realm, began, token.expose());
            world_again.scheduler.sleep(api).await;
            match client.judge(401, None, token.expose(), true, &ApiSession::default()).await {
                Verdict::Deliver => Ok(Answered::Done),
                Verdict::Again(token) => Ok(Answered::Token(token.expose().to_owned())),
            }
        });
    }

    pub fn sign_in(self: &Rc<Self>, world: &Rc<World>) {
        self.call(world, "sign_in", |client| async move {
            client.sign_in_redirect(&SignInOptions::new(client.options())).await.map(|_| Answered::Done)
        });
    }

    pub fn sign_out(self: &Rc<Self>, world: &Rc<World>) {
        let (redirect, revoke) = (world.random.chance(300), world.random.chance(700));
        let options = SignOutOptions { redirect, revoke, ..SignOutOptions::default() };
        let families = world.ledger.sign_out_begins(world, self);
        self.call(world, "sign_out", move |client| async move {
            client.sign_out(&options).await.map(|_| Answered::SignedOut(families))
        });
    }

    /// Forgets the session here, which is a sign-out for everybody who shares it.
    pub fn clear(self: &Rc<Self>, world: &Rc<World>) {
        let families = world.ledger.clear_begins(world, self);
        self.call(world, "clear", |client| async move { client.clear().await.map(|()| Answered::SignedOut(families)) });
    }

    pub fn dispose(&self, world: &World) {
        note!(world, "realm {} is disposed of", self.number);
        self.is_disposed.set(true);
        if let Some(client) = self.client() {
            client.dispose();
        }
        self.seen.set(None);
    }
}

/// Codes that a call may fail with although nothing is broken.
pub fn is_plain(code: Code) -> bool {
    matches!(code, Code::SignedOut | Code::SessionExpired | Code::NoRefreshToken | Code::Disposed)
}
