//! The client: one method for each call of the wrapper.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::records::{
    AgentRecord, AuthorizationUrlRecord, AuthorizedRecord, DetachedRecord, EventRecord, SignedInRecord, to_js,
};
use super::{errors, settle};
use crate::client::{
    Authorized, ByHand, Client, ClientOptions, Exchanged, FetchPolicy, LogoutOptions, SignInOptions, SignOutOptions,
    Verdict,
};
use crate::error::{Code, Error, Result};
use crate::host::JsHost;
use crate::ports::Event;
use crate::protocol::json::{self, Object};
use crate::session::TokenSet;

/// A client; never leaves the wrapper.
#[wasm_bindgen]
pub struct WasmClient(Client<JsHost>);

/// Options from the wrapper's JSON text.
fn object(text: &str) -> Result<Object> {
    json::parse_object_as(text.as_bytes(), Code::InvalidOption)
}

fn thrown<T>(result: Result<T>) -> std::result::Result<T, JsValue> {
    result.map_err(|error| errors::record(&error))
}

/// The agent of the session, if there is one.
fn agent_now(client: &Client<JsHost>) -> JsValue {
    match client.session() {
        Some(session) => to_js(&AgentRecord::new(&session.agent, &session.tokens, client.revision())),
        None => JsValue::UNDEFINED,
    }
}

fn detached(exchanged: &Exchanged) -> JsValue {
    let agent = AgentRecord::new(&exchanged.agent, &exchanged.tokens, 0);
    to_js(&DetachedRecord { agent, tokens_json: exchanged.tokens.to_json().to_string() })
}

fn authorization_url(result: Result<crate::client::AuthorizationUrl>) -> Result<JsValue> {
    result.map(|request| to_js(&AuthorizationUrlRecord::new(&request)))
}

#[wasm_bindgen]
impl WasmClient {
    /// Makes a client; sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        emit: Function,
        fetch: Option<Function>,
        open_url: Option<Function>,
    ) -> std::result::Result<WasmClient, JsValue> {
        let make = || {
            let options = ClientOptions::from_json(&object(options)?, JsHost::is_page())?;
            let listener = move |event: Event| {
                let record = EventRecord {
                    r#type: event.kind.as_str(),
                    source: event.source.as_str(),
                    reason: event.reason,
                    message: event.message.as_deref(),
                    error: event.error.as_ref().map_or(JsValue::UNDEFINED, errors::record),
                    app_state_json: event.app_state.as_deref(),
                };
                // The wrapper only queues it.
                let _ = emit.call1(&JsValue::UNDEFINED, &to_js(&record));
            };
            let host =
                JsHost::new(options.storage).with_fetch(fetch).with_open_url(open_url).with_listener(Rc::new(listener));
            Client::new(host, options).map(Self)
        };
        thrown(make())
    }

    /// Restores a stored session and waits for discovery where nothing is known yet.
    pub fn restore(&self) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            client.restore().await?;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// The agent that this page knows now.
    pub fn agent(&self) -> JsValue {
        agent_now(&self.0)
    }

    /// A number that changes with the session.
    pub fn revision(&self) -> u32 {
        self.0.revision()
    }

    /// The token set of the session, as JSON text.
    pub fn tokens(&self) -> Option<String> {
        self.0.session().map(|session| session.tokens.to_json().to_string())
    }

    /// `auto`, `hybrid` or `manual`.
    pub fn discovery_mode(&self) -> String {
        self.0.discovery_mode().to_owned()
    }

    /// Whether the client may have a session of its own here.
    pub fn is_ambient(&self) -> bool {
        self.0.is_ambient()
    }

    /// The metadata in use, as JSON text.
    pub fn metadata(&self) -> Option<String> {
        self.0.metadata().map(|metadata| metadata.document.to_string())
    }

    /// Discovery; resolves with the metadata as JSON text.
    pub fn discover(&self, force: bool) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let metadata = client.discover(force).await?;
            Ok(metadata.document.to_string().into())
        }))
    }

    /// An authorization request, at once.
    pub fn create_authorization_url(&self, options: &str) -> std::result::Result<JsValue, JsValue> {
        let options = object(options).and_then(|options| SignInOptions::from_json(&options, self.0.options()));
        thrown(authorization_url(options.and_then(|options| self.0.create_authorization_url(&options))))
    }

    /// An authorization request, with discovery awaited.
    pub fn create_authorization_request(&self, options: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let options = SignInOptions::from_json(&object(&options)?, client.options())?;
            authorization_url(client.create_authorization_request(&options).await)
        }))
    }

    /// Leaves for the provider.
    pub fn sign_in_redirect(&self, options: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let options = SignInOptions::from_json(&object(&options)?, client.options())?;
            client.sign_in_redirect(&options).await?;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Handles an authorization response; `undefined` when there is none of ours.
    pub fn handle_redirect_callback(&self, url: Option<String>) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let Some(signed_in) = client.handle_redirect_callback(url).await? else { return Ok(JsValue::UNDEFINED) };
            let session = client.session().ok_or_else(signed_out_meanwhile)?;
            Ok(to_js(&SignedInRecord::new(&signed_in, &session.tokens, client.revision())))
        }))
    }

    /// Redeems a code by hand.
    pub fn exchange_code(&self, callback: String, auth: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let callback = json::parse(&callback)?;
            let mode = client.options().response_mode;
            let by_hand = ByHand::from_json(&callback, &object(&auth)?, mode)?;
            Ok(detached(&client.exchange_code(&by_hand).await?))
        }))
    }

    /// The agent of the session, refreshed where that is due.
    pub fn get_agent(&self) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(
            async move { Ok(client.get_agent().await?.map_or(JsValue::UNDEFINED, |_| agent_now(&client))) },
        ))
    }

    /// An access token.
    pub fn access_token(&self, minimum_seconds: f64, force: bool) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            #[allow(clippy::cast_possible_truncation, reason = "a float cast saturates, and NaN becomes zero")]
            let token = client.access_token(minimum_seconds as i64, force).await?;
            Ok(token.expose().into())
        }))
    }

    /// Renews the session's tokens.
    pub fn refresh(&self) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            client.refresh().await?;
            Ok(agent_now(&client))
        }))
    }

    /// Renews tokens that the app keeps.
    pub fn refresh_tokens(&self, tokens: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let tokens = TokenSet::from_json(&object(&tokens)?)?;
            Ok(detached(&client.refresh_tokens(&tokens).await?))
        }))
    }

    /// The URL that ends the session at the provider.
    pub fn create_logout_url(&self, options: &str) -> std::result::Result<Option<String>, JsValue> {
        let options = object(options).and_then(|options| LogoutOptions::from_json(&options));
        thrown(options.and_then(|options| self.0.create_logout_url(&options)))
    }

    /// Ends the session.
    pub fn sign_out(&self, options: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            client.sign_out(&SignOutOptions::from_json(&object(&options)?)?).await?;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Whether a request may carry the token, and which. `auth` is `required`, `optional` or `none`.
    pub fn authorize(&self, url: String, auth: String) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            let policy = match auth.as_str() {
                "required" => FetchPolicy::Required,
                "optional" => FetchPolicy::Optional,
                "none" => FetchPolicy::Bare,
                _ => {
                    let message = "fetch option \"auth\": expected \"required\", \"optional\" or \"none\"";
                    return Err(Error::new(Code::InvalidOption, message));
                }
            };
            let Authorized { url, access_token } = client.authorize(&url, policy).await?;
            let access_token = access_token.as_ref().map(|token| token.expose());
            Ok(to_js(&AuthorizedRecord { url: &url, access_token }))
        }))
    }

    /// What to do with an answer: resolves with a token to try once more with, or `undefined`.
    pub fn judge(&self, status: u16, challenge: Option<String>, sent: String, replayable: bool) -> Promise {
        let client = self.0.clone();
        settle(Box::pin(async move {
            Ok(match client.judge(status, challenge.as_deref(), &sent, replayable).await {
                Verdict::Deliver => JsValue::UNDEFINED,
                Verdict::Again(token) => token.expose().into(),
            })
        }))
    }

    /// Forgets and wipes everything in this page.
    pub fn dispose(&self) {
        self.0.dispose();
    }
}

fn signed_out_meanwhile() -> Error {
    Error::new(Code::SignedOut, "the session was ended while the sign-in finished")
}
