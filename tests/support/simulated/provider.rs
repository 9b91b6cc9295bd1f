//! A provider that keeps its promises until it is told otherwise, and counts what it is asked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use wasm_oidc::ports::{Http, HttpFailure, Limits, Reach};
use wasm_oidc::protocol::http::{HttpRequest, HttpResponse};

use super::SimulatedHost;
use super::answers::{
    DISCOVERY, INTROSPECT, ISSUER, KEYS, REVOKE, TOKEN, USER_INFO, answer, key, metadata, pairs, refusal, sign_with,
};

/// How long an answer takes unless a test says otherwise, in milliseconds.
const USUAL_LATENCY: u32 = 50;
/// How long access tokens live, in seconds.
pub const TOKEN_LIFETIME: i64 = 300;

type Answer = Result<HttpResponse, HttpFailure>;

/// What an authorization request asked for.
struct Asked {
    challenge: String,
    nonce: Option<String>,
}

pub struct Provider {
    /// `> /path` for a request, `< /path` for its answer.
    pub log: RefCell<Vec<String>>,
    /// The bodies of the token requests.
    pub forms: RefCell<Vec<BTreeMap<String, String>>>,
    /// The bodies of the other forms, and whether they were to outlive the page.
    pub orders: RefCell<Vec<(BTreeMap<String, String>, bool)>>,
    /// The credentials of the requests for claims.
    pub credentials: RefCell<Vec<String>>,
    /// Access tokens that are answered with 401.
    pub ended: RefCell<Vec<String>>,
    /// Every request, as it was sent.
    pub seen: RefCell<Vec<HttpRequest>>,
    /// What the host finds out of a server that does not answer.
    pub reach: RefCell<Reach>,
    planned: RefCell<BTreeMap<String, VecDeque<Answer>>>,
    latency: RefCell<BTreeMap<String, u32>>,
    codes: RefCell<BTreeMap<String, Asked>>,
    refresh_tokens: RefCell<Vec<String>>,
    made: Cell<u32>,
    /// The key ids in the key set.
    pub published: RefCell<Vec<String>>,
    /// The key id that tokens are signed with.
    pub signs_with: RefCell<String>,
    /// Each token names another key that does not exist.
    pub makes_up_keys: Cell<bool>,
    /// Tokens name a key that did not sign them.
    pub forges: Cell<bool>,
    /// Members of the header of each token, beside `alg` and `kid`; a `kid` of null takes it away.
    pub header: RefCell<Value>,
    pub gives_no_refresh_token: Cell<bool>,
    pub subject: RefCell<String>,
    /// More claims of each ID token.
    pub in_id_token: RefCell<Value>,
    /// More members of userinfo.
    pub in_user_info: RefCell<Value>,
    /// Nobody can reach the provider.
    pub is_away: Cell<bool>,
    /// How many seconds its clock is ahead of the device's.
    pub is_ahead: Cell<i64>,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            log: RefCell::default(),
            forms: RefCell::default(),
            orders: RefCell::default(),
            credentials: RefCell::default(),
            ended: RefCell::default(),
            seen: RefCell::default(),
            reach: RefCell::new(Reach::Unknown),
            planned: RefCell::default(),
            latency: RefCell::default(),
            codes: RefCell::default(),
            refresh_tokens: RefCell::default(),
            made: Cell::new(0),
            published: RefCell::new(vec!["k1".to_owned()]),
            signs_with: RefCell::new("k1".to_owned()),
            makes_up_keys: Cell::new(false),
            forges: Cell::new(false),
            header: RefCell::new(json!({})),
            gives_no_refresh_token: Cell::new(false),
            subject: RefCell::new("usr_1".to_owned()),
            in_id_token: RefCell::new(json!({})),
            in_user_info: RefCell::new(json!({})),
            is_away: Cell::new(false),
            is_ahead: Cell::new(0),
        }
    }
}

impl Provider {
    /// How many requests a path got.
    pub fn count(&self, path: &str) -> usize {
        self.log.borrow().iter().filter(|line| **line == format!("> {path}")).count()
    }

    /// How many requests came in all.
    pub fn requests(&self) -> usize {
        self.log.borrow().iter().filter(|line| line.starts_with('>')).count()
    }

    /// The next request to the path is answered so.
    pub fn plan(&self, path: &str, answer: Answer) {
        self.planned.borrow_mut().entry(path.to_owned()).or_default().push_back(answer);
    }

    /// What was planned does not happen.
    pub fn forget_plans(&self) {
        self.planned.borrow_mut().clear();
    }

    /// Signs with a new key from now on, which it publishes.
    pub fn rotate_keys(&self, id: &str) {
        self.published.borrow_mut().push(id.to_owned());
        *self.signs_with.borrow_mut() = id.to_owned();
    }

    /// Requests to the path take so many milliseconds.
    pub fn take_time(&self, path: &str, milliseconds: u32) {
        self.latency.borrow_mut().insert(path.to_owned(), milliseconds);
    }

    /// What a user's consent leads to: the authorization response as a URL.
    pub fn authorize(&self, url: &str) -> String {
        let asked = pairs(Url::parse(url).unwrap().query().unwrap());
        let code = self.made("code");
        let callback = [("code", code.as_str()), ("state", &asked["state"]), ("iss", ISSUER)];
        let callback = Url::parse_with_params(&asked["redirect_uri"], callback).unwrap();
        assert_eq!(asked["code_challenge_method"], "S256");
        let asked = Asked { challenge: asked["code_challenge"].clone(), nonce: asked.get("nonce").cloned() };
        self.codes.borrow_mut().insert(code, asked);
        callback.to_string()
    }

    /// The refresh token that it gave last.
    pub fn refresh_token(&self) -> String {
        self.refresh_tokens.borrow().last().cloned().unwrap()
    }

    fn made(&self, what: &str) -> String {
        self.made.set(self.made.get() + 1);
        format!("{what}-{}", self.made.get())
    }

    fn answer(&self, path: &str, form: &BTreeMap<String, String>, now: i64) -> HttpResponse {
        match path {
            DISCOVERY => answer(200, &metadata()),
            KEYS => {
                answer(200, &json!({ "keys": self.published.borrow().iter().map(|id| key(id)).collect::<Value>() }))
            }
            TOKEN => self.tokens(form, now).unwrap_or_else(|| refusal("invalid_grant")),
            REVOKE => {
                self.refresh_tokens.borrow_mut().retain(|token| *token != form["token"]);
                HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }
            }
            USER_INFO => self.claims(),
            INTROSPECT => {
                let is_known = self.refresh_tokens.borrow().contains(&form["token"]);
                answer(200, &json!({ "active": is_known }))
            }
            _ => answer(501, &json!({})),
        }
    }

    fn claims(&self) -> HttpResponse {
        let credentials = self.credentials.borrow().last().cloned().unwrap_or_default();
        if self.ended.borrow().iter().any(|token| credentials == format!("Bearer {token}")) {
            return HttpResponse { status: 401, headers: Vec::new(), body: Vec::new() };
        }
        let claims = json!({ "sub": *self.subject.borrow(), "name": "Ada" });
        answer(200, &with_all(claims, &self.in_user_info.borrow()))
    }

    fn sign(&self, key_id: &str, claims: &Value) -> String {
        let mut header = json!({ "alg": "RS256", "kid": key_id });
        for (name, value) in self.header.borrow().as_object().unwrap() {
            header[name] = value.clone();
        }
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        sign_with(&header, if self.forges.get() { "thief" } else { key_id }, claims)
    }

    /// A refresh token that came of a sign-in elsewhere.
    pub fn another_refresh_token(&self) -> String {
        let token = self.made("refresh");
        self.refresh_tokens.borrow_mut().push(token.clone());
        token
    }

    /// Codes and refresh tokens are good once.
    fn tokens(&self, form: &BTreeMap<String, String>, now: i64) -> Option<HttpResponse> {
        let nonce = if form["grant_type"] == "authorization_code" {
            let asked = self.codes.borrow_mut().remove(&form["code"])?;
            let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(form["code_verifier"].as_bytes()));
            (challenge == asked.challenge).then_some(asked.nonce)?
        } else {
            let mut known = self.refresh_tokens.borrow_mut();
            let at = known.iter().position(|token| *token == form["refresh_token"])?;
            known.swap_remove(at);
            None
        };
        let refresh_token = self.made("refresh");
        self.refresh_tokens.borrow_mut().push(refresh_token.clone());
        let mut claims = json!({
            "iss": ISSUER, "sub": *self.subject.borrow(), "aud": form["client_id"], "iat": now, "exp": now + TOKEN_LIFETIME,
        });
        claims = with_all(claims, &self.in_id_token.borrow());
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let key_id = if self.makes_up_keys.get() { self.made("nobody") } else { self.signs_with.borrow().clone() };
        let mut tokens = json!({
            "access_token": self.made("access"), "token_type": "Bearer", "expires_in": TOKEN_LIFETIME,
            "id_token": self.sign(&key_id, &claims),
        });
        if !self.gives_no_refresh_token.get() {
            tokens["refresh_token"] = refresh_token.into();
        }
        Some(answer(200, &tokens))
    }
}

fn with_all(mut object: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

impl Http for SimulatedHost {
    async fn send(&self, request: HttpRequest, limits: Limits) -> Result<HttpResponse, HttpFailure> {
        let path = request.url.strip_prefix(ISSUER).expect("requests go to the provider only").to_owned();
        let provider = &self.provider;
        provider.seen.borrow_mut().push(request.clone());
        provider.log.borrow_mut().push(format!("> {path}"));
        let form = pairs(request.body.as_ref().map(|body| body.expose()).unwrap_or_default());
        if path == TOKEN {
            provider.forms.borrow_mut().push(form.clone());
        } else if request.body.is_some() {
            provider.orders.borrow_mut().push((form.clone(), request.keepalive));
        }
        let credentials = request.headers.iter().find(|(name, _)| name == "authorization");
        provider.credentials.borrow_mut().extend(credentials.map(|(_, value)| value.clone()));
        let planned = provider.planned.borrow_mut().get_mut(&path).and_then(VecDeque::pop_front);
        let latency = provider.latency.borrow().get(&path).copied().unwrap_or(USUAL_LATENCY);
        self.executor.sleep(latency.min(limits.timeout_milliseconds)).await;
        if latency > limits.timeout_milliseconds {
            return Err(HttpFailure::Timeout);
        }
        provider.log.borrow_mut().push(format!("< {path}"));
        match planned {
            Some(answer) => answer,
            None if provider.is_away.get() => Err(HttpFailure::Network("simulated".to_owned())),
            None => Ok(provider.answer(&path, &form, self.seconds() + provider.is_ahead.get())),
        }
    }

    async fn reach(&self, url: &str, _: Limits) -> Reach {
        let path = url.strip_prefix(ISSUER).expect("requests go to the provider only");
        self.provider.log.borrow_mut().push(format!("> {path}"));
        self.provider.reach.borrow().clone()
    }
}
