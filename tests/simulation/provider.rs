//! The provider's side of the truth: families of refresh tokens, and every answer that it ever gave. Names tell what they
//! are: `r-3-2` is the refresh token of answer 2 in family 3, `a-3-2` its access token.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use wasm_oidc::protocol::http::HttpResponse;

use crate::answers::{DISCOVERY, ISSUER, KEYS, TOKEN, answer, key, metadata, pairs, refusal, sign};
use crate::faults::Settings;
use crate::random::Random;

pub const REVOKE: &str = "/revoke";
pub const BEGINNING: i64 = 1_800_000_000;

/// An answer by its family and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub family: usize,
    pub number: usize,
}

impl Name {
    /// What a token says it is.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('-').skip(1).map(str::parse);
        Some(Self { family: parts.next()?.ok()?, number: parts.next()?.ok()? })
    }

    pub fn refresh_token(self) -> String {
        format!("r-{}-{}", self.family, self.number)
    }
}

/// What is wrong with an answer, where the provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Signature,
    Subject,
}

/// One token response, and what became of it.
#[derive(Debug)]
pub struct Issue {
    pub has_id_token: bool,
    pub wrong: Option<Wrong>,
    /// Its refresh token took the place of this one.
    pub instead_of: Option<usize>,
    /// It came to the page that waited for it.
    pub arrived: bool,
    /// When a store first took it.
    pub stored_at: Option<i64>,
    /// A page saw that its signature is right.
    pub verified: bool,
}

/// Everything that began with one sign-in.
#[derive(Debug)]
pub struct Family {
    pub user: String,
    pub issues: Vec<Issue>,
    /// The answer whose refresh token is good.
    pub current: usize,
    /// Why no refresh token is good any more.
    pub over: Option<&'static str>,
    /// A refusal came to a page that waited for it.
    pub refused: bool,
    /// Provider's time, in Unix seconds.
    pub born_at: i64,
    /// Somebody asked to sign out while it was signed in.
    pub sign_out_begun: bool,
    /// Somebody asked to forget it.
    pub clear_begun: bool,
    /// When such a call was done, in virtual milliseconds.
    pub signed_out_at: Option<i64>,
}

struct Asked {
    challenge: String,
    nonce: Option<String>,
    user: String,
}

pub struct Provider {
    pub families: RefCell<Vec<Family>>,
    codes: RefCell<BTreeMap<String, Asked>>,
    signed: RefCell<BTreeMap<String, Name>>,
    published: RefCell<Vec<String>>,
    keys: Cell<u32>,
}

impl Provider {
    pub fn new() -> Self {
        Self {
            families: RefCell::default(),
            codes: RefCell::default(),
            signed: RefCell::default(),
            published: RefCell::new(vec!["k0".to_owned()]),
            keys: Cell::new(0),
        }
    }

    /// Signs with a new key from now on; the old ones stay published.
    pub fn rotate_keys(&self) {
        self.keys.set(self.keys.get() + 1);
        self.published.borrow_mut().push(format!("k{}", self.keys.get()));
    }

    /// What the consent of a user leads to.
    pub fn authorize(&self, url: &str, user: &str) -> String {
        let asked = pairs(Url::parse(url).unwrap().query().unwrap());
        let code = format!("c-{}", self.codes.borrow().len());
        let callback = [("code", code.as_str()), ("state", &asked["state"]), ("iss", ISSUER)];
        let callback = Url::parse_with_params(&asked["redirect_uri"], callback).unwrap();
        let (challenge, nonce) = (asked["code_challenge"].clone(), asked.get("nonce").cloned());
        self.codes.borrow_mut().insert(code, Asked { challenge, nonce, user: user.to_owned() });
        callback.to_string()
    }

    /// The answer whose ID token begins so.
    pub fn signed(&self, signing_input: &[u8]) -> Option<Name> {
        self.signed.borrow().get(std::str::from_utf8(signing_input).ok()?).copied()
    }

    /// Does what a request asks, and says which answer it made.
    pub fn serve(
        &self,
        path: &str,
        body: &str,
        now: i64,
        settings: &Settings,
        random: &Random,
    ) -> (HttpResponse, Option<Name>) {
        match path {
            DISCOVERY => {
                let mut metadata = metadata();
                if !settings.is_revocation_offered {
                    metadata.as_object_mut().unwrap().remove("revocation_endpoint");
                }
                (answer(200, &metadata), None)
            }
            KEYS => {
                let keys: Value = self.published.borrow().iter().map(|id| key(id)).collect();
                (answer(200, &json!({ "keys": keys })), None)
            }
            REVOKE => {
                if let Some(name) = pairs(body).get("token").and_then(|token| Name::of(token)) {
                    self.end(name.family, "revoked");
                }
                (answer(200, &json!({})), None)
            }
            TOKEN => match self.grant(&pairs(body), now, settings, random) {
                Some((response, name)) => (response, Some(name)),
                None => (refusal("invalid_grant"), None),
            },
            _ => (answer(501, &json!({})), None),
        }
    }

    /// No refresh token of the family is good from now on.
    pub fn end(&self, family: usize, why: &'static str) {
        if let Some(family) = self.families.borrow_mut().get_mut(family) {
            family.over.get_or_insert(why);
        }
    }

    fn grant(
        &self,
        form: &BTreeMap<String, String>,
        now: i64,
        settings: &Settings,
        random: &Random,
    ) -> Option<(HttpResponse, Name)> {
        let mut families = self.families.borrow_mut();
        let (name, nonce) = if form["grant_type"] == "authorization_code" {
            let asked = self
                .codes
                .borrow_mut()
                .insert(form["code"].clone(), Asked { challenge: String::new(), nonce: None, user: String::new() })?;
            let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(form["code_verifier"].as_bytes()));
            (challenge == asked.challenge).then_some(())?;
            let (user, over) = (asked.user, (!settings.gives_refresh_tokens).then_some("none given"));
            families.push(Family {
                user,
                issues: Vec::new(),
                current: 0,
                over,
                refused: false,
                born_at: now,
                sign_out_begun: false,
                clear_begun: false,
                signed_out_at: None,
            });
            (Name { family: families.len() - 1, number: 0 }, asked.nonce)
        } else {
            let presented = Name::of(&form["refresh_token"])?;
            let family = &mut families[presented.family];
            if settings.refresh_lifetime.is_some_and(|(lifetime, _)| now >= family.born_at + lifetime) {
                family.over.get_or_insert("expired");
            }
            if presented.number != family.current && settings.revokes_on_reuse {
                family.over.get_or_insert("reused");
            }
            if presented.number != family.current || family.over.is_some() {
                return None;
            }
            (Name { number: family.issues.len(), ..presented }, None)
        };
        let family = &mut families[name.family];
        let is_first = name.number == 0;
        let has_id_token = is_first || settings.refreshes_with_id_token;
        let is_wrong = !is_first && has_id_token && random.chance(settings.wrong_answer);
        let wrong = is_wrong.then(|| random.pick(&[Wrong::Signature, Wrong::Subject]));
        let rotates = !is_first && settings.rotates;
        let instead_of = rotates.then_some(family.current);
        family.issues.push(Issue { has_id_token, wrong, instead_of, arrived: false, stored_at: None, verified: false });
        if rotates {
            family.current = name.number;
        }
        let mut tokens = json!({
            "access_token": format!("a-{}-{}", name.family, name.number), "token_type": "Bearer",
            "expires_in": settings.access_lifetime,
        });
        if settings.gives_refresh_tokens && (is_first || rotates) {
            tokens["refresh_token"] = name.refresh_token().into();
            if let Some((lifetime, true)) = settings.refresh_lifetime {
                tokens["refresh_expires_in"] = (family.born_at + lifetime - now).into();
            }
        }
        if has_id_token {
            let subject = if wrong == Some(Wrong::Subject) { "usr_thief" } else { family.user.as_str() };
            let mut claims = json!({
                "iss": ISSUER, "sub": subject, "aud": form["client_id"], "iat": now,
                "exp": now + settings.access_lifetime, "jti": format!("{}-{}", name.family, name.number),
            });
            if let Some(nonce) = nonce {
                claims["nonce"] = nonce.into();
            }
            let id_token = sign(&format!("k{}", self.keys.get()), &claims, wrong == Some(Wrong::Signature));
            let signing_input = id_token.rsplit_once('.').unwrap().0.to_owned();
            self.signed.borrow_mut().insert(signing_input, name);
            tokens["id_token"] = id_token.into();
        }
        Some((answer(200, &tokens), name))
    }
}
