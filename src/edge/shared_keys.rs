//! Keys that processes share through a store of the app's: the newest that any of them fetched. Who can write there can
//! sign tokens, so it is the app's alone; what is in it is read as strictly as an answer of the issuer.

use super::EdgeHost;
use super::issuer::IssuerState;
use super::keys::Known;
use crate::protocol::json::{Json, Object, parse_object};
use crate::protocol::key_set::{KEYS_LIVE_SECONDS, KeySet};
use crate::protocol::url::HttpsUrl;

impl IssuerState {
    /// What another process fetched, where the app names no other place of the keys. A store that fails has nothing.
    pub(super) async fn load_shared<H: EdgeHost>(&self, host: &H, uri: Option<&HttpsUrl>) -> Option<Known> {
        let text = host.load_tokens(&self.name()).await.ok()??;
        let stored = parse_object(text.as_bytes()).ok()?;
        let is_same = |name: &str, expected: &str| stored.string(name).ok().flatten() == Some(expected);
        if !is_same("issuer", self.options.issuer.as_str()) || uri.is_some_and(|uri| !is_same("jwksUri", uri.as_str()))
        {
            return None;
        }
        let keys = KeySet::parse(stored.object("jwks").ok()??).ok()?;
        Some(Known::new(keys, Some(stored.seconds("fetchedAt").ok()??)))
    }

    /// Shares what was fetched; a store that fails costs the other processes a request.
    pub(super) async fn save_shared<H: EdgeHost>(&self, host: &H, uri: &HttpsUrl, known: &Known) {
        let mut stored = Object::new();
        stored.put_text("issuer", Some(self.options.issuer.as_str()));
        stored.put_text("jwksUri", Some(uri.as_str()));
        stored.put_integer("fetchedAt", known.fetched_at);
        stored.put_integer("expiresAt", known.fetched_at.map(|at| at.saturating_add(KEYS_LIVE_SECONDS)));
        stored.insert("jwks", Json::Object(known.keys.to_json()));
        let _ = host.save_tokens(&self.name(), Some(&stored.to_string())).await;
    }

    fn name(&self) -> String {
        format!("wasm-oidc:edge-keys:{}", self.options.issuer.as_str())
    }
}
