//! A provider, an app and a host for one preflight: healthy until a test changes something.

#![allow(dead_code, reason = "each test file uses a part")]

use serde_json::{Value, json};
use wasm_oidc::client::{Client, ClientOptions};
use wasm_oidc::ports::{CryptoFailure, HttpFailure, Reach};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::tools::preflight::{Preflight, Step, preflight};

use crate::simulated::{DISCOVERY, ISSUER, KEYS, REDIRECT_URI, SimulatedHost, TOKEN, USER_INFO, answer, key, metadata};

pub type Answer = Result<HttpResponse, HttpFailure>;

/// Headers of a provider that lets pages see everything, at the beginning of the simulated time.
pub const EXPOSED: &[(&str, &str)] = &[
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Retry-After, WWW-Authenticate, DPoP-Nonce, Date"),
    ("retry-after", "1"),
    ("www-authenticate", "Bearer"),
    ("dpop-nonce", "n"),
    ("date", "Fri, 15 Jan 2027 08:00:00 GMT"),
];

pub struct Setting {
    pub is_page: bool,
    /// Options beside the usual ones.
    pub more: Value,
    /// What no options of JavaScript could say.
    pub options: fn(&mut ClientOptions),
    pub document: Value,
    /// Instead of the document.
    pub discovery: Option<Answer>,
    pub keys: Answer,
    pub token: Answer,
    pub userinfo: Answer,
    /// To `OPTIONS` for userinfo.
    pub asked_before: Answer,
    /// Of other paths.
    pub others: Vec<(&'static str, Answer)>,
    pub reach: Reach,
    pub crypto: Option<CryptoFailure>,
    /// Of each answer, in milliseconds.
    pub latency: u32,
}

impl Default for Setting {
    fn default() -> Self {
        let allowing = [("access-control-allow-origin", "*"), ("access-control-allow-headers", "Authorization")];
        Self {
            is_page: false,
            more: json!({}),
            options: |_| {},
            document: metadata(),
            discovery: None,
            keys: Ok(said(200, EXPOSED, &json!({ "keys": [key("k1")] }))),
            token: Ok(refusing(400, "invalid_request", EXPOSED)),
            userinfo: Ok(refusing(401, "invalid_token", EXPOSED)),
            asked_before: Ok(said(204, &allowing, &Value::Null)),
            others: Vec::new(),
            reach: Reach::Unknown,
            crypto: None,
            latency: 50,
        }
    }
}

impl Setting {
    pub fn forget(&mut self, member: &str) {
        self.document.as_object_mut().unwrap().remove(member);
    }

    pub fn publish(&mut self, keys: &Value) {
        self.keys = Ok(said(200, EXPOSED, &json!({ "keys": keys })));
    }

    /// The token endpoint says that it is this late.
    pub fn date(&mut self, date: &'static str) {
        let mut headers = EXPOSED.to_vec();
        headers.retain(|(name, _)| *name != "date");
        self.userinfo = Ok(refusing(401, "invalid_token", &headers));
        headers.push(("date", date));
        self.token = Ok(refusing(400, "invalid_request", &headers));
    }

    pub fn host(&self) -> SimulatedHost {
        let host = if self.is_page { SimulatedHost::page() } else { SimulatedHost::process() };
        let provider = &host.provider;
        for (path, answer) in &self.others {
            provider.plan(path, answer.clone());
            provider.take_time(path, self.latency);
        }
        let document = Ok(said(200, EXPOSED, &self.document));
        provider.plan(DISCOVERY, self.discovery.clone().unwrap_or(document));
        for (path, answers) in [
            (KEYS, vec![&self.keys]),
            (TOKEN, vec![&self.token]),
            (USER_INFO, vec![&self.userinfo, &self.asked_before]),
        ] {
            answers.into_iter().for_each(|answer| provider.plan(path, answer.clone()));
        }
        for path in [DISCOVERY, KEYS, TOKEN, USER_INFO] {
            provider.take_time(path, self.latency);
        }
        *provider.reach.borrow_mut() = self.reach.clone();
        host.crypto_failure.set(self.crypto);
        host
    }

    pub fn look_at(&self, host: &SimulatedHost) -> Preflight {
        let mut options = json!({ "issuer": ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI });
        for (name, value) in self.more.as_object().unwrap() {
            options[name] = value.clone();
        }
        let options = parse_object(options.to_string().as_bytes()).unwrap();
        let mut options = ClientOptions::from_json(&options, false).unwrap();
        (self.options)(&mut options);
        let client = Client::new(host.clone(), options).unwrap();
        host.run(preflight(&client))
    }

    pub fn look(&self) -> Preflight {
        self.look_at(&self.host())
    }

    /// The report, and the requests that were sent.
    pub fn look_and_see(&self) -> (Preflight, Vec<HttpRequest>) {
        let host = self.host();
        let report = self.look_at(&host);
        let seen = host.provider.seen.take();
        (report, seen)
    }
}

/// The report of a setting with this change.
pub fn of(change: fn(&mut Setting)) -> Preflight {
    let mut setting = Setting::default();
    change(&mut setting);
    setting.look()
}

/// The codes of a step's findings.
pub fn code_names(step: &Step) -> Vec<&'static str> {
    step.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// An answer in JSON with these headers beside its media type, unless they hold one.
pub fn said(status: u16, headers: &[(&str, &str)], body: &Value) -> HttpResponse {
    let mut answer = answer(status, body);
    if headers.iter().any(|(name, _)| *name == "content-type") {
        answer.headers.clear();
    }
    answer.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    answer
}

pub fn refusing(status: u16, error: &str, headers: &[(&str, &str)]) -> HttpResponse {
    said(status, headers, &json!({ "error": error }))
}

/// The object with another member.
pub fn with(object: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut object = object.clone();
    object[name] = value.into();
    object
}

/// Discovery that gets no answer.
pub fn away(said: &str) -> Option<Answer> {
    Some(Err(HttpFailure::Network(said.to_owned())))
}
