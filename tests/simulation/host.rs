//! The ports of one realm, on the world: they keep the promises of `src/host`, as well as its weather lets them.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use wasm_oidc::ports::{
    Area, Channel, Clock, Crypto, CryptoFailure, Event, Events, Guard, Http, HttpFailure, Limits, LockFailure, Locks,
    Page, Random, RandomUnavailable, ResolvedUrl, Shelf, Spawn, StorageKind, Store, StoreFailure, Timer, TokenStore,
    Urls, Wake, Work,
};
use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::key_set::PublicKey;

use crate::answers::{self, pairs};
use crate::ledger::Place;
use crate::origin;
use crate::provider::Name;
use crate::scheduler::WORLD;
use crate::tab::{Realm, Tab};
use crate::world::{Turn, World, note};

#[derive(Clone)]
pub struct Host {
    pub world: Rc<World>,
    pub tab: Rc<Tab>,
    pub realm: Rc<Realm>,
}

impl Host {
    fn check(&self, area: Option<Area>) -> Result<(), StoreFailure> {
        let weather = &self.world.weather;
        let until = match area {
            Some(Area::Marks) => weather.marks_fail_until.get(),
            Some(_) => 0,
            None => weather.tokens_fail_until.get(),
        };
        if until <= self.world.now() {
            return Ok(());
        }
        self.world.ledger.store_failed(area == Some(Area::Marks), self.world.now());
        Err(StoreFailure("simulated".to_owned()))
    }

    fn with_area<T>(&self, area: Area, work: impl FnOnce(&mut Shelf) -> T) -> T {
        match area {
            Area::Marks => work(&mut self.world.origin.local.borrow_mut()),
            Area::Transactions | Area::Documents => work(&mut self.tab.storage.rest.borrow_mut()),
        }
    }

    fn with_tokens<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        match self.world.settings.storage {
            StorageKind::Memory => work(&mut self.realm.memory.borrow_mut()),
            StorageKind::Session => work(&mut self.tab.storage.tokens.borrow_mut()),
            StorageKind::Local => work(&mut self.world.origin.local.borrow_mut()),
            StorageKind::Custom => work(&mut self.world.origin.custom.borrow_mut()),
        }
    }

    fn place(&self) -> Place {
        match self.world.settings.storage {
            StorageKind::Memory => Place::Realm(self.realm.number),
            StorageKind::Session => Place::Tab(self.tab.number),
            StorageKind::Local | StorageKind::Custom => Place::Origin,
        }
    }

    /// The time that a far store takes.
    async fn travel(&self) {
        if self.world.settings.storage == StorageKind::Custom {
            let most = if self.world.random.chance(self.world.settings.slow) { 3000 } else { 40 };
            self.world.scheduler.sleep(self.world.random.between(1, most) as u32).await;
        }
    }

    fn write(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        self.check(None)?;
        note!(self.world, "realm {} stores {}", self.realm.number, described(text));
        let before = self.with_tokens(|shelf| {
            let before = shelf.get(key);
            shelf.put(key, text);
            before
        });
        self.world.ledger.stored(self, &self.place(), before.as_deref(), text);
        Ok(())
    }
}

/// A record for the log: the names of its tokens.
fn described(text: Option<&str>) -> String {
    text.map_or("nothing".to_owned(), |text| format!("{:?}", crate::ledger::Seen::of(text)))
}

impl Http for Host {
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        let world = &self.world;
        let form = pairs(request.body.as_ref().map(|body| body.expose()).unwrap_or_default());
        let refreshed = form.get("refresh_token").and_then(|token| Name::of(token));
        note!(world, "realm {} sends {} {refreshed:?}", self.realm.number, request.url);
        world.ledger.sent(world, self.realm.number, refreshed);
        let answer = world.post(request);
        let result = match select(answer, pin!(world.scheduler.sleep(limits.timeout_milliseconds))).await {
            Either::Left((Ok(result), _)) => result,
            Either::Left((Err(_), _)) => Err(HttpFailure::Network("the connection was closed".to_owned())),
            Either::Right(_) => Err(HttpFailure::Timeout),
        };
        note!(world, "realm {} gets {:?}", self.realm.number, result.as_ref().map(|response| response.status));
        world.ledger.resolved(world, self.realm.number, refreshed, &result);
        result
    }
}

impl Store for Host {
    fn load(&self, area: Area, key: &str) -> Result<Option<String>, StoreFailure> {
        self.check(Some(area))?;
        Ok(self.with_area(area, |shelf| shelf.get(key)))
    }

    fn save(&self, area: Area, key: &str, text: &str) -> Result<(), StoreFailure> {
        self.check(Some(area))?;
        if area == Area::Marks {
            note!(self.world, "realm {} marks {} {text}", self.realm.number, origin::short(key));
        }
        self.with_area(area, |shelf| shelf.put(key, Some(text)));
        Ok(())
    }

    fn delete(&self, area: Area, key: &str) -> Result<(), StoreFailure> {
        self.check(Some(area))?;
        self.with_area(area, |shelf| shelf.put(key, None));
        Ok(())
    }

    fn keys(&self, area: Area, prefix: &str) -> Result<Vec<String>, StoreFailure> {
        self.check(Some(area))?;
        Ok(self.with_area(area, |shelf| shelf.keys(prefix)))
    }
}

impl TokenStore for Host {
    async fn load_tokens(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.travel().await;
        self.check(None)?;
        let text = self.with_tokens(|shelf| shelf.get(key));
        self.travel().await;
        Ok(text)
    }

    async fn save_tokens(&self, key: &str, text: Option<&str>) -> Result<(), StoreFailure> {
        if self.world.settings.storage != StorageKind::Custom {
            return self.write(key, text);
        }
        // What is on its way to a far store arrives there, whatever happens to the page.
        let (sender, receiver) = futures_channel::oneshot::channel();
        let (host, key, text) = (self.clone(), key.to_owned(), text.map(str::to_owned));
        self.world.scheduler.spawn(
            WORLD,
            Box::pin(async move {
                host.travel().await;
                let result = host.write(&key, text.as_deref());
                host.travel().await;
                let _ = sender.send(result);
            }),
        );
        receiver.await.unwrap_or_else(|_| Err(StoreFailure("gone".to_owned())))
    }
}

impl Clock for Host {
    fn now(&self) -> i64 {
        self.world.wall()
    }
}

impl Timer for Host {
    async fn sleep(&self, milliseconds: u32) {
        let late = if self.world.settings.throttles { self.world.random.between(0, 1000) as u32 } else { 0 };
        self.world.scheduler.sleep(milliseconds.saturating_add(late)).await;
    }
}

impl Spawn for Host {
    fn spawn(&self, work: Work) {
        self.world.scheduler.spawn(self.realm.number, work);
    }
}

impl Random for Host {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.world.random.next().to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl Crypto for Host {
    async fn verify(
        &self,
        _: Algorithm,
        key: &PublicKey,
        signature: &[u8],
        signing_input: &[u8],
    ) -> Result<bool, CryptoFailure> {
        self.world.scheduler.sleep(1).await;
        let is_right = key.key_id.as_deref().is_some_and(|id| answers::signature(id, signing_input) == signature);
        if is_right {
            self.world.ledger.verified(&self.world, signing_input);
        }
        Ok(is_right)
    }
}

impl Page for Host {
    fn location(&self) -> Option<String> {
        Some(self.tab.url.borrow().clone())
    }

    fn replace_location(&self, url: &str) {
        *self.tab.url.borrow_mut() = url.to_owned();
    }

    fn navigate(&self, url: &str) -> bool {
        self.world.turns.borrow_mut().push(Turn::Leaves(self.tab.number, url.to_owned()));
        true
    }
}

impl Events for Host {
    fn emit(&self, event: Event) {
        note!(
            self.world,
            "realm {} tells {} {:?} {:?}",
            self.realm.number,
            event.kind.as_str(),
            event.reason,
            event.error.as_ref().map(|error| error.code())
        );
        self.world.ledger.told(&self.world, &self.realm, &event);
    }
}

impl Urls for Host {
    fn resolve(&self, input: &str, base: Option<&str>) -> Option<ResolvedUrl> {
        answers::resolve(input, base)
    }
}

impl Locks for Host {
    async fn lock(&self, name: &str, wait: u32, hold: u32) -> Result<Guard, LockFailure> {
        origin::lock(&self.world, self.realm.number, name, wait, hold).await
    }
}

impl Channel for Host {
    fn post(&self, channel: &str, message: &str) {
        origin::post(&self.world, self.realm.number, channel, message);
    }

    fn listen(&self, channel: &str, hear: Rc<dyn Fn(String)>) -> Guard {
        origin::listen(&self.world, self.realm.number, channel, hear)
    }
}

impl Wake for Host {
    fn on_wake(&self, wake: Rc<dyn Fn()>) -> Guard {
        origin::on_wake(&self.world, self.realm.number, wake)
    }

    fn is_visible(&self) -> bool {
        self.realm.number.is_multiple_of(2)
    }
}
