//! Token requests of grants without a redirect (RFC 6749 4.3, 4.4 and 4.5), on which RFC 8628 3.4 and RFC 8693 2.1 build.

use super::authorization_request::check_extra_params;
use super::client_auth::ClientAuthentication;
use super::http::HttpRequest;
use super::secret::Secret;
use super::token_request::authenticated;
use super::url::HttpsUrl;
use crate::error::{Code, Error, Result, harmless};

/// Parameters that say what is granted, to whom: no extra one may change that.
const RESERVED: &[&str] = &[
    "actor_token",
    "actor_token_type",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "scope",
    "subject_token",
    "subject_token_type",
    "totp",
    "username",
];

/// Parameters that say who the client is.
const OF_THE_CLIENT: &[&str] = &["client_assertion", "client_assertion_type", "client_id", "client_secret"];

/// Grants with rules of their own, and the way to each.
const WITH_OWN_RULES: &[(&str, &str)] = &[
    ("authorization_code", "signInRedirect` or `exchangeCode"),
    ("password", "passwordGrant"),
    ("refresh_token", "refreshTokenGrant"),
    (DEVICE_CODE, "deviceAuthorization"),
];

/// The grant type of RFC 8628 3.4.
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The grant type of RFC 8693 2.1.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The form of a token request, all of it wiped when dropped: a grant is made of secrets. The empty one is for the
/// endpoint of RFC 8628 3.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantRequest(Vec<(String, Secret)>);

impl GrantRequest {
    /// A request of this grant type.
    #[must_use]
    pub fn new(grant_type: &str) -> Self {
        Self(Vec::new()).with("grant_type", Some(grant_type))
    }

    /// A request of an app's own grant, with its fields as they are (RFC 6749 4.5).
    ///
    /// # Errors
    /// `MissingOption` without `grant_type`; `InvalidOption` for one that this library has a method for, which holds its
    /// rules; `ReservedParameter` for what says who the client is.
    pub fn of_fields(fields: Vec<(String, Secret)>) -> Result<Self> {
        let Some((_, grant_type)) = fields.iter().find(|(name, _)| name == "grant_type") else {
            let message = "the fields of a grant need a `grant_type` (RFC 6749 4.5)";
            return Err(Error::new(Code::MissingOption, message));
        };
        if let Some((known, method)) = WITH_OWN_RULES.iter().find(|(known, _)| *known == grant_type.expose()) {
            let message = format!("the grant \"{known}\" has rules that only `{method}` holds: call that instead");
            return Err(Error::new(Code::InvalidOption, message));
        }
        if let Some((name, _)) = fields.iter().find(|(name, _)| OF_THE_CLIENT.contains(&name.as_str())) {
            let message = format!("the field \"{}\" is set by the library, from the client's options", harmless(name));
            return Err(Error::new(Code::ReservedParameter, message));
        }
        Ok(Self(fields))
    }

    /// With a parameter, if there is one.
    #[must_use]
    #[inline(never)]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.0.extend(value.map(|value| (name.to_owned(), Secret::new(value))));
        self
    }

    /// With a parameter that may repeat.
    #[must_use]
    pub fn with_each(self, name: &str, values: &[String]) -> Self {
        values.iter().fold(self, |request, value| request.with(name, Some(value)))
    }

    /// With what the app adds.
    ///
    /// # Errors
    /// `ReservedParameter` for what is reserved or already there, `InvalidOption` for one without a name.
    pub fn with_extra(mut self, extra: &[(String, String)], endpoint: &HttpsUrl) -> Result<Self> {
        let taken: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).chain(RESERVED.iter().copied()).collect();
        check_extra_params(extra, &taken, endpoint)?;
        self.0.extend(extra.iter().map(|(name, value)| (name.clone(), Secret::new(value.as_str()))));
        Ok(self)
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose())
    }

    /// The request, with what says and proves who the client is.
    #[must_use]
    pub fn to_http(&self, endpoint: &HttpsUrl, client_id: &str, auth: &ClientAuthentication) -> HttpRequest {
        let form = self.0.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        authenticated(endpoint, client_id, auth, form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> HttpsUrl {
        HttpsUrl::parse("https://idp.example/token?tenant=1").unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, Secret)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
    }

    #[test]
    fn a_password_is_in_the_body_only_and_never_shown_x26() {
        let request = GrantRequest::new("password").with("username", Some("ada")).with("password", Some("canary & co"));
        let sent = request.to_http(&endpoint(), "cli", &ClientAuthentication::None);
        assert_eq!(
            sent.body.as_ref().map(Secret::expose),
            Some("grant_type=password&username=ada&password=canary+%26+co&client_id=cli")
        );
        assert_eq!(sent.url, "https://idp.example/token?tenant=1");
        assert!(!format!("{request:?} {sent:?}").contains("canary"));
    }

    #[test]
    fn the_example_of_rfc_6749_4_4_2_has_the_secret_in_the_header() {
        let auth = ClientAuthentication::SecretBasic(Secret::new("gX1fBat3bV"));
        let sent = GrantRequest::new("client_credentials").to_http(&endpoint(), "s6BhdRkqt3", &auth);
        assert_eq!(sent.body.as_ref().map(Secret::expose), Some("grant_type=client_credentials"));
        let header = sent.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.as_str());
        assert_eq!(header, Some("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"));
    }

    #[test]
    fn what_repeats_is_sent_in_order() {
        let request = GrantRequest::new("x").with_each("resource", &["urn:a".to_owned(), "urn:b".to_owned()]);
        let sent = request.to_http(&endpoint(), "cli", &ClientAuthentication::None);
        let body = sent.body.unwrap();
        assert_eq!(body.expose(), "grant_type=x&resource=urn%3Aa&resource=urn%3Ab&client_id=cli");
    }

    #[test]
    fn extra_parameters_change_nothing_that_a_grant_says_x37() {
        let request = || GrantRequest::new("x").with("audience", Some("a"));
        assert!(request().with_extra(&[pair("organization", "o")], &endpoint()).is_ok());
        for name in RESERVED.iter().copied().chain(["audience", "tenant"]) {
            let error = request().with_extra(&[pair(name, "canary")], &endpoint()).unwrap_err();
            assert_eq!(error.code(), Code::ReservedParameter, "{name}");
            assert!(!error.to_string().contains("canary"));
        }
    }

    #[test]
    fn fields_of_an_app_name_a_grant_of_its_own_and_not_the_client() {
        let jwt_bearer = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        assert!(GrantRequest::of_fields(fields(&[jwt_bearer, ("assertion", "a.b.c")])).is_ok());
        for (pairs, code) in [
            (vec![("assertion", "canary")], Code::MissingOption),
            (vec![("grant_type", "password"), ("password", "canary")], Code::InvalidOption),
            (vec![("grant_type", "authorization_code"), ("code", "canary")], Code::InvalidOption),
            (vec![("grant_type", "refresh_token")], Code::InvalidOption),
            (vec![("grant_type", DEVICE_CODE)], Code::InvalidOption),
            (vec![jwt_bearer, ("client_secret", "canary")], Code::ReservedParameter),
            (vec![jwt_bearer, ("client_id", "canary")], Code::ReservedParameter),
        ] {
            let error = GrantRequest::of_fields(fields(&pairs)).unwrap_err();
            assert_eq!(error.code(), code, "{}", pairs[0].1);
            assert!(!error.to_string().contains("canary"));
        }
    }
}
