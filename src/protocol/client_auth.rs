//! How a client authenticates at the provider's endpoints (RFC 6749 2.3.1, OpenID Connect Core 9).

use std::rc::Rc;

use super::base64;
use super::client_assertion::ClientAssertions;
use super::form::append_encoded;
use super::secret::Secret;

/// A client authentication method with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `none`: a public client names itself.
    None,
    /// `client_secret_basic`
    SecretBasic(Secret),
    /// `client_secret_post`
    SecretPost(Secret),
    /// A secret without a method: whichever the provider takes.
    Secret(Secret),
    /// `private_key_jwt` or `client_secret_jwt`: an assertion is added when the request is about to be sent.
    Assertion(Rc<ClientAssertions>),
    /// The app's own: what proves who the client is is added when the request is about to be sent.
    App,
}

impl ClientAuthentication {
    /// The method for a provider that lists these. A secret goes by `client_secret_basic`, which is also what silence
    /// means (RFC 8414 2), unless that is not listed and `client_secret_post` is, or else `client_secret_jwt`.
    #[must_use]
    #[inline(never)]
    pub fn among(&self, listed: Option<&[String]>) -> Self {
        match self {
            Self::Secret(secret) => {
                let lists = |method| listed.is_some_and(|listed| listed.iter().any(|name| name == method));
                let secret = secret.clone();
                match () {
                    () if lists("client_secret_basic") => Self::SecretBasic(secret),
                    () if lists("client_secret_post") => Self::SecretPost(secret),
                    () if lists("client_secret_jwt") => Self::Assertion(Rc::new(ClientAssertions::of_secret(secret))),
                    () => Self::SecretBasic(secret),
                }
            }
            named => named.clone(),
        }
    }

    /// Adds to a request what says and proves who the client is.
    pub fn apply<'a>(
        &'a self,
        client_id: &'a str,
        form: &mut Vec<(&'a str, &'a str)>,
        headers: &mut Vec<(String, String)>,
    ) {
        match self {
            Self::None | Self::App | Self::Assertion(_) => form.push(("client_id", client_id)),
            Self::SecretBasic(secret) | Self::Secret(secret) => {
                // Encoded as a form first (RFC 6749 2.3.1), so that a colon in the client id stays where it is.
                let mut credentials = String::new();
                append_encoded(&mut credentials, client_id);
                credentials.push(':');
                append_encoded(&mut credentials, secret.expose());
                let credentials = Secret::new(credentials);
                let value = format!("Basic {}", base64::encode_padded(credentials.expose().as_bytes()));
                headers.push(("authorization".to_owned(), value));
            }
            Self::SecretPost(secret) => {
                form.push(("client_id", client_id));
                form.push(("client_secret", secret.expose()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64, Encoding};

    type Pairs = Vec<(String, String)>;

    fn applied(authentication: &ClientAuthentication, client_id: &str) -> (Pairs, Pairs) {
        let (mut form, mut headers) = (Vec::new(), Pairs::new());
        authentication.apply(client_id, &mut form, &mut headers);
        (form.into_iter().map(|(name, value)| pair(name, value)).collect(), headers)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_public_client_names_itself_and_sends_no_header() {
        assert_eq!(applied(&ClientAuthentication::None, "spa"), (vec![pair("client_id", "spa")], vec![]));
    }

    #[test]
    fn basic_is_the_example_of_rfc_6749_2_3_1() {
        let basic = ClientAuthentication::SecretBasic(Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw"));
        let value = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3";
        assert_eq!(applied(&basic, "s6BhdRkqt3"), (vec![], vec![pair("authorization", value)]));
    }

    #[test]
    fn basic_encodes_id_and_secret_as_forms_before_base64() {
        let basic = ClientAuthentication::SecretBasic(Secret::new("p: %é+"));
        let (_, headers) = applied(&basic, "a:b");
        let value = headers[0].1.strip_prefix("Basic ").unwrap();
        assert_eq!(Base64::decode_vec(value).unwrap(), b"a%3Ab:p%3A+%25%C3%A9%2B");
    }

    #[test]
    fn post_sends_both_in_the_form() {
        let post = ClientAuthentication::SecretPost(Secret::new("s"));
        assert_eq!(applied(&post, "web"), (vec![pair("client_id", "web"), pair("client_secret", "s")], vec![]));
    }

    #[test]
    fn a_secret_without_a_method_goes_by_basic_unless_only_others_are_listed() {
        let secret = || Secret::new("s");
        let (basic, post) = (ClientAuthentication::SecretBasic(secret()), ClientAuthentication::SecretPost(secret()));
        let jwt = ClientAuthentication::Assertion(Rc::new(ClientAssertions::of_secret(secret())));
        for (listed, method) in [
            (None, &basic),
            (Some(&["client_secret_post"][..]), &post),
            (Some(&["client_secret_post", "client_secret_basic"]), &basic),
            (Some(&["private_key_jwt"]), &basic),
            (Some(&["private_key_jwt", "client_secret_jwt"]), &jwt),
            (Some(&["client_secret_jwt", "client_secret_post"]), &post),
            (Some(&[]), &basic),
        ] {
            let listed = listed.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
            assert_eq!(ClientAuthentication::Secret(secret()).among(listed.as_deref()), *method);
            // Who names a method gets it.
            assert_eq!(basic.among(listed.as_deref()), basic);
            assert_eq!(post.among(listed.as_deref()), post);
        }
    }

    #[test]
    fn the_apps_own_authentication_and_an_assertion_begin_with_the_client_id() {
        let jwt = ClientAuthentication::Assertion(Rc::new(ClientAssertions::of_secret(Secret::new("s"))));
        for later in [ClientAuthentication::App, jwt] {
            assert_eq!(applied(&later, "web"), (vec![pair("client_id", "web")], vec![]));
        }
    }

    #[test]
    fn debug_shows_no_secret_x26() {
        let shown = format!("{:?}", ClientAuthentication::SecretPost(Secret::new("canary")));
        assert_eq!(shown, "SecretPost([redacted])");
    }
}
