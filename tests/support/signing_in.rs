//! The ways to sign in, with options as JavaScript gives them.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test file uses a part; a panic fails a test"
)]

use serde_json::{Value, json};
use wasm_oidc::client::{ByHand, Client, Exchanged, Interaction, SignInOptions};
use wasm_oidc::error::Result;
use wasm_oidc::protocol::json::{Json, parse_object};

use super::simulated::SimulatedHost;

pub type TestClient = Client<SimulatedHost>;

pub fn read_options(client: &TestClient, given: &Value) -> Result<SignInOptions> {
    SignInOptions::from_json(&parse_object(given.to_string().as_bytes()).unwrap(), client.options())
}

pub fn options(client: &TestClient, given: &Value) -> SignInOptions {
    read_options(client, given).unwrap()
}

/// The ways to sign in that a client remembers by itself.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Redirect,
    Popup,
    Silent,
}

pub const WAYS: [Way; 3] = [Way::Redirect, Way::Popup, Way::Silent];

pub fn sign_in(host: &SimulatedHost, client: &TestClient, way: Way, given: &Value) -> Result<()> {
    let options = options(client, given);
    let interaction = match way {
        Way::Redirect => {
            host.run(client.sign_in_redirect(&options))?;
            let url = host.navigations.borrow().last().cloned().unwrap();
            return host.come_back(client, &host.provider.authorize(&url)).map(drop);
        }
        Way::Popup => Interaction::Popup,
        Way::Silent => Interaction::Silent,
    };
    let relayed = host.run(client.begin_relayed(options, interaction))?;
    let url = host.provider.authorize(&relayed.url);
    host.run(client.finish_relayed(&relayed.state, &url)).map(drop)
}

/// By hand, as a server does: what `createAuthorizationUrl` returns goes through the app.
pub fn by_hand(host: &SimulatedHost, client: &TestClient, given: &Value) -> Result<Exchanged> {
    let options = read_options(client, given)?;
    let request = host.run(client.create_authorization_request(&options))?;
    let mut auth = json!({
        "codeVerifier": request.code_verifier.as_str(), "state": request.state, "nonce": request.nonce,
    });
    if !request.expected.is_anybody() {
        auth["expect"] = serde_json::from_str(&request.expected.to_json().to_string()).unwrap();
    }
    let callback = Json::String(host.provider.authorize(&request.url));
    let auth = parse_object(auth.to_string().as_bytes()).unwrap();
    let by_hand = ByHand::from_json(&callback, &auth, client.options().response_mode)?;
    host.run(client.exchange_code(&by_hand))
}

pub fn verified(email: &str) -> Value {
    json!({ "email": email, "email_verified": true })
}

pub fn says(host: &SimulatedHost, claims: Value) {
    *host.provider.in_id_token.borrow_mut() = claims;
}

/// What the provider was told to revoke.
pub fn revoked(host: &SimulatedHost) -> Vec<String> {
    host.pass_seconds(5);
    host.provider.orders.borrow().iter().map(|(form, _)| form["token"].clone()).collect()
}

pub fn expect_ada() -> Value {
    json!({ "expect": { "email": "ada@example.com" } })
}
