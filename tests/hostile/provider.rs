//! What the hostile provider sends for a row, without a network: documents and tokens with the row's changes in them.
//!
//! Where a row changes what is signed, the token is signed here, by Ed25519: there is no RSA key in Rust to sign with, so
//! that `RS256` in such a row means EdDSA. Where it changes nothing of it, the token is one of `tests/fixtures/jose.json`.

use serde_json::{Value, json};
use wasm_oidc::protocol::callback::ResponseMode;
use wasm_oidc::protocol::http::HttpResponse;

use crate::edits::{Words, edited, edited_params, spoken};
use crate::signing::{OURS, STRANGER, public_key, sign, spoilt};
use crate::support::{CLIENT_ID, ISSUER, NOW, base64url, fixture};
use base64ct::{Base64UrlUnpadded, Encoding};

pub const REDIRECT_URI: &str = "https://app.example.com/callback";

/// The provider of one row.
pub struct Provider {
    inject: Value,
    fixtures: Value,
    /// Whether tokens are signed here.
    signs: bool,
}

impl Provider {
    pub fn new(row: &Value) -> Self {
        let inject = row.get("inject").cloned().unwrap_or_default();
        let changes = ["header", "claims", "refreshedClaims", "rawClaims", "repeated", "on"];
        let signs = changes.iter().any(|name| inject.get(name).is_some())
            || inject["wrong"] == "stranger"
            || row["flow"] == "refresh"
            || row["flow"] == "logout-token";
        let inject =
            if signs { serde_json::from_str(&inject.to_string().replace("RS256", "EdDSA")).unwrap() } else { inject };
        let fixtures = serde_json::from_str(include_str!("../fixtures/jose.json")).unwrap();
        Self { inject, fixtures, signs }
    }

    pub fn access_token(&self) -> &str {
        self.fixtures["access_token"].as_str().unwrap()
    }

    pub fn code(&self) -> &str {
        self.fixtures["code"].as_str().unwrap()
    }

    fn algorithm(&self) -> &str {
        self.inject["algorithm"].as_str().unwrap_or(if self.signs { "EdDSA" } else { "RS256" })
    }

    fn key_id(&self) -> &'static str {
        match self.algorithm() {
            _ if self.signs => "native",
            "RS256" | "PS256" => "rsa",
            "ES256" => "p256",
            _ => "ed",
        }
    }

    fn words(&self) -> Vec<(&'static str, Value)> {
        let mut stranger = public_key(STRANGER);
        stranger["kty"] = json!("OKP");
        vec![
            ("issuer", json!(ISSUER)),
            ("client_id", json!(CLIENT_ID)),
            ("trap", json!("https://idp.example.com/trap")),
            ("key_id", json!(self.key_id())),
            ("stranger", stranger),
        ]
    }

    pub fn discovery(&self) -> HttpResponse {
        let document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://idp.example.com/authorize",
            "token_endpoint": "https://idp.example.com/token",
            "userinfo_endpoint": "https://idp.example.com/userinfo",
            "jwks_uri": "https://idp.example.com/jwks",
            "end_session_endpoint": "https://idp.example.com/end",
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "userinfo_signing_alg_values_supported": ["EdDSA"],
            "authorization_response_iss_parameter_supported": true,
        });
        answer(&edited(&document, self.inject.get("discovery"), &self.words()).to_string())
    }

    /// The callback of an authorization response to this `state`: a URL, with what a form would post in the query's place.
    pub fn callback(&self, state: &str, mode: ResponseMode) -> String {
        let params = [("code", self.code().to_owned()), ("state", state.to_owned()), ("iss", ISSUER.to_owned())];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(edited_params(&params, self.inject.get("response"), &self.words()));
        let mark = if mode == ResponseMode::Fragment { '#' } else { '?' };
        format!("{REDIRECT_URI}{mark}{}", query.finish())
    }

    /// The URL of a front-channel logout.
    pub fn front_channel(&self) -> String {
        let asked = [("iss", ISSUER.to_owned()), ("sid", "session-1".to_owned())];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(edited_params(&asked, self.inject.get("frontChannel"), &self.words()));
        format!("https://app.example.com/signed-out?{}", query.finish())
    }

    /// The token response to this grant.
    pub fn tokens(&self, grant: &str) -> HttpResponse {
        let applies = self.inject.get("on").is_none_or(|on| on == grant);
        let body = json!({
            "access_token": self.access_token(),
            "token_type": "Bearer",
            "expires_in": 60,
            "refresh_token": "a-refresh-token",
            "scope": "openid email",
            "id_token": self.id_token(applies, grant == "refresh_token"),
        });
        let body = if applies { edited(&body, self.inject.get("tokens"), &self.words()) } else { body };
        answer(&body.to_string())
    }

    fn id_token(&self, applies: bool, is_refresh: bool) -> String {
        if !applies {
            return sign(OURS, &json!({"alg": "EdDSA", "kid": "native"}), &self.honest_claims().to_string());
        }
        let token = if self.signs { self.signed(is_refresh) } else { self.recorded() };
        let Some(compact) = self.inject["compact"].as_str() else { return token };
        let parts: Vec<&str> = token.split('.').collect();
        compact.replace("{header}", parts[0]).replace("{payload}", parts[1]).replace("{signature}", parts[2])
    }

    fn honest_claims(&self) -> Value {
        let token = self.fixtures["tokens"]["EdDSA"].as_str().unwrap();
        let payload = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    fn signed(&self, is_refresh: bool) -> String {
        let words = self.words();
        let header = edited(&json!({"alg": "EdDSA", "kid": "native"}), self.inject.get("header"), &words);
        let mut claims = edited(&self.honest_claims(), self.inject.get("claims"), &words);
        if is_refresh {
            claims = edited(&claims, self.inject.get("refreshedClaims"), &words);
        }
        let mut payload = claims.to_string();
        if let Some(more) = self.more_claims() {
            payload.truncate(payload.len() - 1);
            payload = format!("{payload},{more}}}");
        }
        let key = if self.inject["wrong"] == "stranger" { STRANGER } else { OURS };
        spoilt(&sign(key, &header, &payload), self.inject["wrong"].as_str())
    }

    /// A logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
    pub fn logout_token(&self) -> String {
        let words = self.words();
        let wrong = self.inject["wrong"].as_str();
        let algorithm = if wrong == Some("public key") { "HS256" } else { "EdDSA" };
        let header = edited(&json!({"alg": algorithm, "kid": "native"}), self.inject.get("header"), &words);
        let honest = json!({
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "iat": NOW,
            "exp": NOW + 120,
            "jti": "a-token-of-its-own",
            "sub": "usr_1",
            "sid": "session-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        let claims = edited(&honest, self.inject.get("claims"), &words);
        // By which secret an HMAC was made is no question: its algorithm is not allowed.
        spoilt(&sign(OURS, &header, &claims.to_string()), wrong.filter(|wrong| *wrong != "public key"))
    }

    /// Further claims as JSON text.
    fn more_claims(&self) -> Option<String> {
        let Some(repeated) = self.inject.get("repeated") else {
            return self.inject["rawClaims"].as_str().map(str::to_owned);
        };
        let times = usize::try_from(repeated["times"].as_u64().unwrap()).unwrap();
        let text = repeated["text"].as_str().unwrap().repeat(times);
        Some(match repeated["end"].as_str() {
            Some(end) => format!("\"x\":{text}{}", end.repeat(times)),
            None => format!("\"x\":\"{text}\""),
        })
    }

    fn recorded(&self) -> String {
        match self.inject["wrong"].as_str() {
            Some("public key") => fixture("hostile", "hs256_with_public_key"),
            Some("der") => fixture("hostile", "es256_der"),
            wrong => spoilt(&fixture("tokens", self.algorithm()), wrong),
        }
    }

    pub fn key_set(&self) -> HttpResponse {
        let fixed = self.fixtures["jwks"]["keys"].as_array().unwrap();
        let find = |kid: &str, alg: &str| {
            let is_it =
                |key: &&Value| key["kid"] == kid && key["kty"] != "oct" && key["n"] != "%%%" && key["alg"] != "RS256";
            let mut key = fixed.iter().rfind(is_it).unwrap().clone();
            key["alg"] = json!(alg);
            key
        };
        let rsa = if self.algorithm() == "PS256" { "PS256" } else { "RS256" };
        let mut keys = vec![find("rsa", rsa), find("p256", "ES256"), find("ed", "EdDSA")];
        if self.signs {
            keys.retain(|key| key["alg"] != "EdDSA");
            let mut ours = public_key(OURS);
            for (name, value) in [("kid", "native"), ("alg", "EdDSA"), ("use", "sig")] {
                ours[name] = json!(value);
            }
            keys.push(ours);
        }
        let words = self.words();
        for step in self.inject["keys"].as_array().into_iter().flatten() {
            keys = changed_keys(keys, step, &words);
        }
        answer(&json!({ "keys": keys }).to_string())
    }

    pub fn userinfo(&self) -> HttpResponse {
        let claims = json!({"sub": "usr_1", "email": "ada@example.com"});
        let claims = edited(&claims, self.inject.get("userinfo"), &self.words()).to_string();
        let Some(signed) = self.inject.get("signedUserinfo") else { return answer(&claims) };
        let header = json!({"alg": signed["alg"].as_str().unwrap_or("EdDSA"), "kid": "native"});
        let jwt = spoilt(&sign(OURS, &header, &claims), signed["wrong"].as_str());
        HttpResponse { headers: vec![("content-type".to_owned(), "application/jwt".to_owned())], ..answer(&jwt) }
    }

    /// Whether userinfo is signed, by the key that signs here.
    pub fn signs_userinfo(&self) -> Self {
        Self { inject: json!({}), fixtures: self.fixtures.clone(), signs: true }
    }
}

fn changed_keys(keys: Vec<Value>, step: &Value, words: &Words) -> Vec<Value> {
    if let Some(only) = step.get("only") {
        return keys.into_iter().filter(|key| only.as_array().unwrap().contains(&key["alg"])).collect();
    }
    if let Some(before) = step.get("before") {
        let stranger = words.iter().find(|(word, _)| *word == "stranger").map(|(_, key)| key.clone()).unwrap();
        let mut more = Vec::new();
        for key in before.as_array().unwrap() {
            let mut key = spoken(key, words);
            if key.get("stranger").is_some() {
                key.as_object_mut().unwrap().remove("stranger");
                let members = key.as_object().unwrap().clone();
                key = stranger.clone();
                key.as_object_mut().unwrap().extend(members);
            }
            more.push(key);
        }
        let times = usize::try_from(step["times"].as_u64().unwrap_or(1)).unwrap();
        return std::iter::repeat_n(more, times).flatten().chain(keys).collect();
    }
    if let Some(edits) = step.get("each") {
        return keys.iter().map(|key| edited(key, Some(edits), words)).collect();
    }
    assert_eq!(step["signByte"], true, "a step that nobody knows");
    let with_sign_byte = |mut key: Value| {
        if let Some(modulus) = key["n"].as_str() {
            let bytes = Base64UrlUnpadded::decode_vec(modulus).unwrap();
            key["n"] = json!(base64url([&[0], &bytes[..]].concat()));
        }
        key
    };
    keys.into_iter().map(with_sign_byte).collect()
}

fn answer(body: &str) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    HttpResponse { status: 200, headers, body: body.as_bytes().to_vec() }
}
