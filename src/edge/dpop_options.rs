//! The options of proof of possession and of introspection, checked: every mistake is named with what was expected.

use super::dpop::DpopOptions;
use super::introspection::IntrospectionOptions;
use crate::error::{Code, Error, Result};
use crate::given::{Given, algorithms, client_auth, missing, wrong};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::{Json, Object};
use crate::protocol::secret::Secret;
use crate::protocol::token_binding::DpopUse;
use crate::protocol::url::HttpsUrl;

/// The fewest characters of a secret that keys of nonces are made from.
const MIN_SECRET_CHARACTERS: usize = 32;

impl DpopOptions {
    /// Reads `dpop`; `usual` is what it says nothing about.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub(crate) fn read(value: Option<&Json>, usual: Self) -> Result<Self> {
        let dpop_use = |name: Option<&str>| match name {
            Some("allowed") => Some(DpopUse::Allowed),
            Some("required") => Some(DpopUse::Required),
            _ => None,
        };
        match value {
            None => Ok(usual),
            Some(Json::Bool(false)) => Ok(Self { dpop_use: DpopUse::Off, ..usual }),
            Some(Json::Object(object)) => {
                let mut given = Given::new("member of `dpop`", object);
                let mode = given.value("mode");
                let named = mode.map(|mode| (mode, dpop_use(mode.as_str())));
                let nonce_secret = given.text("nonceSecret").map(Secret::new);
                let options = Self {
                    dpop_use: match named {
                        None => DpopUse::Allowed,
                        Some((_, Some(dpop_use))) => dpop_use,
                        Some((mode, None)) => {
                            given.wrong("mode", mode, "\"allowed\" or \"required\"").unwrap_or(DpopUse::Allowed)
                        }
                    },
                    algorithms: algorithms(&mut given).unwrap_or(usual.algorithms),
                    max_age: given.seconds("maxAgeSeconds", 1, 600).unwrap_or(usual.max_age),
                    requires_nonce: given.flag("nonce").unwrap_or(nonce_secret.is_some()),
                    nonce_secret,
                    ..usual
                };
                // The store itself is the app's.
                let _ = given.flag("replayStore");
                given.finish()?;
                options.check_secret()
            }
            Some(value) => {
                let named = dpop_use(value.as_str());
                let dpop_use =
                    named.ok_or_else(|| wrong("dpop", value, "\"allowed\", \"required\", false, or an object"))?;
                Ok(Self { dpop_use, ..usual })
            }
        }
    }

    fn check_secret(self) -> Result<Self> {
        let is_short = |secret: &Secret| secret.expose().chars().count() < MIN_SECRET_CHARACTERS;
        if self.nonce_secret.as_ref().is_some_and(is_short) {
            return Err(Error::new(Code::InvalidOption, "option \"nonceSecret\" must have at least 32 characters"));
        }
        if self.nonce_secret.is_some() && !self.requires_nonce {
            let message = "option \"nonceSecret\" is for nonces, which `nonce: false` switches off";
            return Err(Error::new(Code::InvalidOption, message));
        }
        Ok(self)
    }
}

/// An origin: scheme, host and port, without a slash behind them.
pub(crate) fn public_origin(given: &mut Given<'_>) -> Option<String> {
    let value = given.value("publicOrigin")?;
    let text = given.text("publicOrigin")?;
    let text = text.strip_suffix('/').unwrap_or(&text);
    match HttpsUrl::parse(text) {
        Ok(url) if url.path().is_empty() && url.query().is_none() => Some(text.to_owned()),
        _ => given.wrong(
            "publicOrigin",
            value,
            "an https origin such as \"https://api.example.com\", or http on loopback",
        ),
    }
}

impl IntrospectionOptions {
    /// Reads `introspection`, without its `issuer`.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option`, `invalid_option`, `unknown_option`.
    pub(crate) fn read(object: &Object) -> Result<Self> {
        let mut given = Given::new("member of `introspection`", object);
        // Read by who knows the issuers.
        let _ = given.value("issuer");
        let endpoint = given.url("endpoint").map(|url| HttpsUrl::parse(&url)).transpose()?;
        let client_id = given.text("clientId");
        let method = given.value("clientAuthMethod");
        let client_auth = match (method.map(|method| (method, method.as_str())), client_auth::given(&mut given)) {
            (Some((_, Some("client_secret_basic"))), ClientAuthentication::Secret(secret)) => {
                ClientAuthentication::SecretBasic(secret)
            }
            (Some((_, Some("client_secret_post"))), ClientAuthentication::Secret(secret)) => {
                ClientAuthentication::SecretPost(secret)
            }
            (Some((method, _)), ClientAuthentication::Secret(_)) => {
                let expected = "\"client_secret_basic\" or \"client_secret_post\"";
                given.wrong("clientAuthMethod", method, expected).unwrap_or(ClientAuthentication::None)
            }
            (_, named) => named,
        };
        let options = Self {
            endpoint,
            always: given.flag("always").unwrap_or(false),
            max_cache_seconds: given.seconds("maxCacheSeconds", 0, 3600).unwrap_or(30),
            refused_cache_seconds: given.seconds("refusedCacheSeconds", 0, 300).unwrap_or(5),
            allow_missing_audience: given.flag("allowMissingAudience").unwrap_or(false),
            client_id: client_id.clone().unwrap_or_default(),
            client_auth,
        };
        given.finish()?;
        match (client_id, &options.client_auth) {
            (None, _) => Err(missing("introspection.clientId", "who asks the introspection endpoint (RFC 7662 2.1)")),
            (_, ClientAuthentication::None) => {
                let what = "a provider answers introspection only to a client that authenticates (RFC 7662 2.1)";
                Err(missing("introspection.clientSecret", what))
            }
            _ => Ok(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::algorithm::Algorithm;
    use crate::protocol::json::{parse, parse_object};

    fn dpop(text: &str) -> std::result::Result<DpopOptions, Code> {
        let value = parse(text).unwrap();
        DpopOptions::read(Some(&value), DpopOptions::default()).map_err(|error| error.code())
    }

    #[test]
    fn dpop_is_a_word_false_or_an_object() {
        let usual = DpopOptions { tolerance: 7, ..DpopOptions::default() };
        assert_eq!(DpopOptions::read(None, usual.clone()), Ok(usual));
        assert_eq!(dpop("\"required\"").unwrap().dpop_use, DpopUse::Required);
        assert_eq!(dpop("\"allowed\"").unwrap().dpop_use, DpopUse::Allowed);
        assert_eq!(dpop("false").unwrap().dpop_use, DpopUse::Off);
        assert_eq!(dpop("{}").unwrap(), DpopOptions::default());
        let all = dpop(
            r#"{"mode":"required","algorithms":["ES256"],"maxAgeSeconds":5,"replayStore":true,
                "nonceSecret":"0123456789abcdef0123456789abcdef"}"#,
        )
        .unwrap();
        assert_eq!((all.dpop_use, all.max_age, all.requires_nonce), (DpopUse::Required, 5, true));
        assert_eq!(all.algorithms, [Algorithm::ES256]);
        assert!(dpop(r#"{"nonce":true}"#).unwrap().requires_nonce);
    }

    #[test]
    fn a_mistake_in_dpop_is_named() {
        for (text, code) in [
            ("true", Code::InvalidOption),
            ("\"off\"", Code::InvalidOption),
            ("[]", Code::InvalidOption),
            (r#"{"mode":"off"}"#, Code::InvalidOption),
            (r#"{"algorithms":["HS256"]}"#, Code::InvalidOption),
            (r#"{"algorithms":[]}"#, Code::InvalidOption),
            (r#"{"maxAgeSeconds":0}"#, Code::InvalidOption),
            (r#"{"nonceSecret":"short"}"#, Code::InvalidOption),
            (r#"{"nonce":false,"nonceSecret":"0123456789abcdef0123456789abcdef"}"#, Code::InvalidOption),
            (r#"{"nonces":true}"#, Code::UnknownOption),
        ] {
            assert_eq!(dpop(text), Err(code), "{text}");
        }
    }

    #[test]
    fn a_public_origin_is_an_origin() {
        let read = |text: &str| {
            let object = parse_object(format!("{{\"publicOrigin\":{text}}}").as_bytes()).unwrap();
            let mut given = Given::new("option", &object);
            let origin = public_origin(&mut given);
            given.finish().map(|()| origin).map_err(|error| error.code())
        };
        assert_eq!(read("\"https://api.example\""), Ok(Some("https://api.example".to_owned())));
        assert_eq!(read("\"https://api.example:8443/\""), Ok(Some("https://api.example:8443".to_owned())));
        assert_eq!(read("\"http://localhost:3000\""), Ok(Some("http://localhost:3000".to_owned())));
        assert_eq!(read("null"), Ok(None));
        for text in [
            "\"http://api.example\"",
            "\"https://api.example/v1\"",
            "\"https://api.example?x\"",
            "\"api.example\"",
            "1",
        ] {
            assert_eq!(read(text), Err(Code::InvalidOption), "{text}");
        }
    }

    #[test]
    fn introspection_needs_a_client_that_authenticates_int4() {
        let read = |text: &str| {
            let object = parse_object(text.as_bytes()).unwrap();
            IntrospectionOptions::read(&object).map_err(|error| error.code())
        };
        let found = read(r#"{"clientId":"api","clientSecret":"s"}"#).unwrap();
        assert_eq!(found.client_auth, ClientAuthentication::Secret(Secret::new("s")));
        assert_eq!((found.max_cache_seconds, found.refused_cache_seconds, found.always), (30, 5, false));
        let post = read(r#"{"clientId":"api","clientSecret":"s","clientAuthMethod":"client_secret_post"}"#).unwrap();
        assert_eq!(post.client_auth, ClientAuthentication::SecretPost(Secret::new("s")));
        for (text, code) in [
            ("{}", Code::MissingOption),
            (r#"{"clientId":"api"}"#, Code::MissingOption),
            (r#"{"clientSecret":"s"}"#, Code::MissingOption),
            (r#"{"clientId":"api","clientSecret":"s","clientAuthMethod":"none"}"#, Code::InvalidOption),
            (r#"{"clientId":"api","clientSecret":"s","endpoint":"http://idp.example/"}"#, Code::InvalidOption),
            (r#"{"clientId":"api","clientSecret":"s","maxCacheSeconds":-1}"#, Code::InvalidOption),
            (r#"{"clientId":"api","clientSecret":"s","maxCache":1}"#, Code::UnknownOption),
        ] {
            assert_eq!(read(text), Err(code), "{text}");
        }
    }
}
