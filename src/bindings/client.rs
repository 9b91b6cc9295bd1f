//! The client: two doors, one for the jobs that answer at once and one for those that take time.
//!
//! A door takes the name of a job and its arguments as JSON text, and gives a plain value. Each export of its own would
//! weigh its shim, its closure and its glue once more.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::errors::thrown;
use super::plug_ins::plug_ins;
use super::record::{Record, to_js};
use super::records;
use crate::client::{
    ApiSession, ByHand, Client, ClientOptions, FetchPolicy, Interaction, KeptOptions, LogoutOptions, SignInOptions,
    SignOutOptions, SignedIn, Target, Verdict,
};
use crate::error::{Code, Error, Result};
use crate::host::{App, JsHost};
use crate::ports::Event;
use crate::protocol::json::{self, Json, Object};
use crate::session::TokenSet;

/// A client; never leaves the wrapper.
#[wasm_bindgen]
pub struct WasmClient(Client<JsHost>);

#[wasm_bindgen]
impl WasmClient {
    /// Makes a client; sends nothing.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, emit: Function, app: JsValue) -> std::result::Result<WasmClient, JsValue> {
        let listener = move |event: Event| {
            // The wrapper only queues it.
            let _ = emit.call1(&JsValue::UNDEFINED, &to_js(&records::event(&event)));
        };
        let app = App::new(app);
        let made = read(options).and_then(|options| {
            let options = ClientOptions::from_json(&options, JsHost::is_page())?;
            let host = JsHost::new(options.storage)
                .with_fetch(app.function("fetch"))
                .with_requests(&app)
                .with_open_url(app.function("openUrl"))
                .with_sign(app.function("sign"))
                .with_store(app.object("store"))
                .with_listener(Rc::new(listener));
            Client::with_plug_ins(host, options, plug_ins(&app))
        });
        made.map(Self).map_err(thrown)
    }

    /// A number that changes with the session.
    pub fn revision(&self) -> u32 {
        self.0.revision()
    }

    /// Does a job at once.
    pub fn now(&self, job: &str, arguments: &str) -> std::result::Result<JsValue, JsValue> {
        let done = read(arguments).and_then(|arguments| now(&self.0, job, &arguments));
        done.map(|json| to_js(&json)).map_err(thrown)
    }

    /// Does a job that takes time.
    pub fn later(&self, job: &str, arguments: &str) -> Promise {
        let (client, job, arguments) = (self.0.clone(), job.to_owned(), read(arguments));
        future_to_promise(async move { later(client, job, arguments).await.map(|json| to_js(&json)).map_err(thrown) })
    }
}

fn read(arguments: &str) -> Result<Object> {
    json::parse_object_as(arguments.as_bytes(), Code::InvalidOption)
}

fn now(client: &Client<JsHost>, job: &str, arguments: &Object) -> Result<Json> {
    let text = |text: Option<String>| text.map_or(Json::Null, Json::String);
    Ok(match job {
        "agent" => agent_now(client),
        "tokens" => client.session().map_or(Json::Null, |session| Json::Object(session.tokens.to_json())),
        "state" => {
            let mut record = Record::default();
            record.flag("isRefreshing", Some(client.is_refreshing()));
            record.done()
        }
        "api_session" => {
            api_session(arguments)?;
            Json::Null
        }
        "discovery_mode" => text(Some(client.discovery_mode().to_owned())),
        "metadata" => client.metadata().map_or(Json::Null, |metadata| Json::Object(metadata.document.clone())),
        "create_authorization_url" => {
            let options = sign_in_options(client, arguments)?;
            records::authorization_url(&client.create_authorization_url(&options)?)
        }
        "create_logout_url" => {
            let options = LogoutOptions::from_json(arguments.required_object("options")?)?;
            text(client.create_logout_url(&options)?)
        }
        "is_renewal_due" => {
            let (tokens, minimum) = (tokens(arguments)?, seconds(arguments, "minimum"));
            Json::Bool(match flag(arguments, "again")? {
                true => client.is_due_again(&tokens, minimum),
                false => client.is_renewal_due(&tokens, minimum, false)?,
            })
        }
        "permitted" => {
            let policy = policy(arguments.required_string("auth")?)?;
            let session = api_session(arguments)?;
            text(Some(client.permitted(arguments.required_string("url")?, policy, &session)?))
        }
        "may_send_again" => {
            let (status, challenge) = (arguments.required_seconds("status")?, arguments.string("challenge")?);
            let session = api_session(arguments)?;
            Json::Bool(client.may_send_again(status, challenge, flag(arguments, "replayable")?, &session))
        }
        "refused_again" => {
            client.refused_again();
            Json::Null
        }
        "handle_logout_callback" => {
            let url = arguments.string("url")?.map(str::to_owned);
            client.handle_logout_callback(url)?.map_or(Json::Null, |logged_out| records::logged_out(&logged_out))
        }
        "is_logged_out_by" => {
            let url = arguments.text("url")?;
            Json::Bool(client.is_logged_out_by(url, flag(arguments, "withoutSession")?)?)
        }
        "answers_relayed" => {
            let (state, url) = (arguments.required_string("state")?, arguments.required_string("url")?);
            Json::Bool(client.answers_relayed(state, url))
        }
        "forget_relayed" => {
            client.forget_relayed(arguments.required_string("state")?);
            Json::Null
        }
        "require_alive" => {
            client.require_alive()?;
            Json::Null
        }
        "dispose" => {
            client.dispose();
            Json::Null
        }
        _ => return Err(no_such_job()),
    })
}

async fn later(client: Client<JsHost>, job: String, arguments: Result<Object>) -> Result<Json> {
    let arguments = arguments?;
    Ok(match job.as_str() {
        "restore" => {
            client.restore().await?;
            Json::Null
        }
        "discover" => Json::Object(client.discovered(flag(&arguments, "force")?).await?),
        "create_authorization_request" => {
            let options = sign_in_options(&client, &arguments)?;
            records::authorization_url(&client.create_authorization_request(&options).await?)
        }
        "sign_in_redirect" => {
            let options = sign_in_options(&client, &arguments)?;
            client.sign_in_redirect(&options).await?;
            Json::Null
        }
        "handle_redirect_callback" => {
            let url = arguments.string("url")?;
            if let Some(url) = client.response_to_relay(url) {
                return Ok(Json::String(url));
            }
            signed_in(&client, client.handle_redirect_callback(url.map(str::to_owned)).await?.as_ref())?
        }
        "begin_relayed" => {
            let options = sign_in_options(&client, &arguments)?;
            let interaction = match arguments.required_string("where")? {
                "silent" => Interaction::Silent,
                "loopback" => Interaction::Loopback,
                _ => Interaction::Popup,
            };
            records::relayed(&client.begin_relayed(options, interaction).await?)
        }
        "finish_relayed" => {
            let (state, url) = (arguments.required_string("state")?, arguments.required_string("url")?);
            signed_in(&client, client.finish_relayed(state, url).await?.as_ref())?
        }
        "exchange_code" => {
            let callback = arguments.get("callback").unwrap_or(&Json::Null);
            let auth = arguments.required_object("auth")?;
            let by_hand = ByHand::from_json(callback, auth, client.options().response_mode)?;
            records::detached(&client.exchange_code(&by_hand).await?)
        }
        "get_agent" => match client.get_agent().await? {
            Some(_) => agent_now(&client),
            None => Json::Null,
        },
        "access_token" => {
            let minimum = seconds(&arguments, "minimum");
            let target = Target::from_json(&arguments)?;
            let token = client.access_token_for(&target, minimum, flag(&arguments, "force")?).await?;
            Json::String(token.expose().to_owned())
        }
        "refresh" => {
            client.refresh().await?;
            agent_now(&client)
        }
        "revoke_token" => Json::Bool(client.revoke_token(arguments.string("token")?, arguments.string("hint")?).await?),
        "introspect" => {
            let token = arguments.required_string("token")?;
            Json::Object(client.introspect(token, arguments.string("hint")?).await?)
        }
        "user_info" => {
            let tokens = arguments.object("tokens")?.map(TokenSet::from_json).transpose()?;
            records::user_info(&client.user_info(tokens.as_ref()).await?)
        }
        "create_agent" => {
            let options = KeptOptions::from_json(arguments.required_object("options")?, client.options())?;
            records::kept(&client.create_agent(arguments.required_object("tokens")?, &options).await?)
        }
        "renew_kept" => {
            let tokens = tokens(&arguments)?;
            records::renewed(&client.renew_kept(&tokens).await?)
        }
        "narrow" => {
            Json::Object(client.narrowed(&tokens(&arguments)?, &Target::from_json(&arguments)?).await?.to_json())
        }
        "adopt" => {
            client.adopt(tokens(&arguments)?).await?;
            agent_now(&client)
        }
        "sign_out" => {
            let options = SignOutOptions::from_json(arguments.required_object("options")?)?;
            client.sign_out(&options).await?.map_or(Json::Null, |form| records::logout_form(&form))
        }
        "clear" => {
            client.clear().await?;
            Json::Null
        }
        "authorize" => {
            let policy = policy(arguments.required_string("auth")?)?;
            let session = api_session(&arguments)?;
            records::authorized(&client.authorize(arguments.required_string("url")?, policy, &session).await?)
        }
        "judge" => {
            let status = arguments.required_seconds("status")?;
            let (challenge, sent) = (arguments.string("challenge")?, arguments.required_string("sent")?);
            let session = api_session(&arguments)?;
            match client.judge(status, challenge, sent, flag(&arguments, "replayable")?, &session).await {
                Verdict::Deliver => Json::Null,
                Verdict::Again(token) => Json::String(token.expose().to_owned()),
            }
        }
        _ => return Err(no_such_job()),
    })
}

#[inline(never)]
fn sign_in_options(client: &Client<JsHost>, arguments: &Object) -> Result<SignInOptions> {
    SignInOptions::from_json(arguments.required_object("options")?, client.options())
}

#[inline(never)]
fn api_session(arguments: &Object) -> Result<ApiSession> {
    ApiSession::from_json(arguments.required_object("session")?)
}

#[inline(never)]
fn tokens(arguments: &Object) -> Result<TokenSet> {
    TokenSet::from_json(arguments.required_object("tokens")?)
}

/// The agent of the session, if there is one.
fn agent_now(client: &Client<JsHost>) -> Json {
    match client.session() {
        Some(session) => records::agent(&session.agent, &session.tokens, client.revision()),
        None => Json::Null,
    }
}

/// No number is none asked for.
fn seconds(arguments: &Object, name: &str) -> i64 {
    arguments.seconds(name).ok().flatten().unwrap_or(0)
}

/// What came of a sign-in, while its session lasts.
#[inline(never)]
fn signed_in(client: &Client<JsHost>, signed_in: Option<&SignedIn>) -> Result<Json> {
    let Some(signed_in) = signed_in else { return Ok(Json::Null) };
    let session = client.session().ok_or_else(signed_out_meanwhile)?;
    let mut record = Record::default();
    record.put("agent", records::agent(&signed_in.agent, &session.tokens, client.revision()));
    record.text("appStateJson", signed_in.app_state.as_deref());
    record.text("returnTo", signed_in.return_to.as_deref());
    Ok(record.done())
}

fn flag(arguments: &Object, name: &str) -> Result<bool> {
    Ok(arguments.bool(name)?.unwrap_or(false))
}

fn policy(auth: &str) -> Result<FetchPolicy> {
    match auth {
        "required" => Ok(FetchPolicy::Required),
        "optional" => Ok(FetchPolicy::Optional),
        "none" => Ok(FetchPolicy::Bare),
        _ => Err(no_such_job()),
    }
}

fn no_such_job() -> Error {
    Error::new(Code::InvalidOption, "the wrapper asks for a job that this wasm does not know: their versions differ")
}

fn signed_out_meanwhile() -> Error {
    Error::new(Code::SignedOut, "the session was ended while the sign-in finished")
}
