//! The logout request (OpenID Connect RP-Initiated Logout 1.0, section 2).

use super::authorization_request::with_parameters;
use super::form::pairs;
use super::response_parameters::{joined, keep};
use super::secret::Secret;
use super::url::{HttpsUrl, cut};
use crate::error::Result;

/// A logout request that is posted: the ID token in it stays out of URLs, and so out of histories and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutForm {
    /// Where it goes.
    pub action: String,
    /// Names and values.
    pub fields: Vec<(String, Secret)>,
}

/// What a logout request says.
#[derive(Clone, Copy, Default)]
pub struct LogoutRequest<'a> {
    /// This client.
    pub client_id: &'a str,
    /// The ID token of the session to end.
    pub id_token_hint: Option<&'a str>,
    /// Where the provider returns the user to; has to be registered there.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// What the provider gives back there.
    pub state: Option<&'a str>,
}

impl<'a> LogoutRequest<'a> {
    fn parameters(&self) -> Vec<(&'a str, &'a str)> {
        let mut parameters = vec![("client_id", self.client_id)];
        parameters.extend(self.id_token_hint.map(|hint| ("id_token_hint", hint)));
        if let Some(redirect_uri) = self.post_logout_redirect_uri {
            parameters.push(("post_logout_redirect_uri", redirect_uri));
            // It comes back at the redirect URI, so that it has no use without one.
            parameters.extend(self.state.map(|state| ("state", state)));
        }
        parameters
    }
}

/// The URL at which the provider ends its session.
///
/// # Errors
/// `InvalidMetadata` for an endpoint whose own query names a parameter of the request.
pub fn logout_url(endpoint: &HttpsUrl, request: &LogoutRequest<'_>) -> Result<String> {
    with_parameters(endpoint, &request.parameters())
}

/// The same as a form to post.
///
/// # Errors
/// As [`logout_url`].
pub fn logout_form(endpoint: &HttpsUrl, request: &LogoutRequest<'_>) -> Result<LogoutForm> {
    logout_url(endpoint, request)?;
    let fields = request.parameters().into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value)));
    Ok(LogoutForm { action: endpoint.as_str().to_owned(), fields: fields.collect() })
}

/// The `state` in the query of a URL that the provider returned the user to (section 3); `None` where there is not one.
#[must_use]
pub fn returned_state(url: &str) -> Option<String> {
    let query = cut(cut(url, b'#').0, b'?').1?;
    let mut states = pairs(query.as_bytes()).into_iter().filter(|(name, _)| name == "state");
    let (_, state) = states.next()?;
    states.next().is_none().then_some(state)
}

/// The URL without that `state`; everything else keeps its bytes and its order.
#[must_use]
pub fn without_state(url: &str) -> String {
    let (rest, fragment) = cut(url, b'#');
    let (path, query) = cut(rest, b'?');
    let query = query.and_then(|query| keep(query, &|name| name == "state"));
    joined(path, query.as_deref(), fragment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn endpoint(url: &str) -> HttpsUrl {
        HttpsUrl::parse(url).unwrap()
    }

    const WHOLE: LogoutRequest<'_> = LogoutRequest {
        client_id: "spa",
        id_token_hint: Some("a.b.c"),
        post_logout_redirect_uri: Some("https://app/bye"),
        state: Some("s&s"),
    };

    #[test]
    fn all_parameters_are_sent_l1() {
        let url = logout_url(&endpoint("https://idp/out?x=y"), &WHOLE);
        let expected = "https://idp/out?x=y&client_id=spa&id_token_hint=a.b.c\
                        &post_logout_redirect_uri=https%3A%2F%2Fapp%2Fbye&state=s%26s";
        assert_eq!(url.as_deref(), Ok(expected));
    }

    #[test]
    fn a_form_says_the_same_with_nothing_of_it_in_its_url_l1_x26() {
        let form = logout_form(&endpoint("https://idp/out?x=y"), &WHOLE).unwrap();
        assert_eq!(form.action, "https://idp/out?x=y");
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        let redirect_uri = ("post_logout_redirect_uri", "https://app/bye");
        assert_eq!(fields, [("client_id", "spa"), ("id_token_hint", "a.b.c"), redirect_uri, ("state", "s&s")]);
        assert!(!format!("{form:?}").contains("a.b.c"));
    }

    #[test]
    fn a_state_without_a_redirect_uri_has_no_use_and_is_not_sent() {
        let request = LogoutRequest { post_logout_redirect_uri: None, id_token_hint: None, ..WHOLE };
        assert_eq!(logout_url(&endpoint("https://idp/out"), &request).as_deref(), Ok("https://idp/out?client_id=spa"));
    }

    #[test]
    fn an_endpoint_whose_own_query_names_a_parameter_of_the_request_is_refused() {
        let endpoint = endpoint("https://idp/out?client_id=evil");
        assert_eq!(logout_url(&endpoint, &WHOLE).unwrap_err().code(), Code::InvalidMetadata);
        assert_eq!(logout_form(&endpoint, &WHOLE).unwrap_err().code(), Code::InvalidMetadata);
    }

    #[test]
    fn the_state_that_came_back_is_the_one_in_the_query_l2() {
        for (url, state) in [
            ("https://app/bye?state=a%2Bb", Some("a+b")),
            ("https://app/bye?x=1&state=a#state=b", Some("a")),
            ("https://app/bye?state=a&state=a", None),
            ("https://app/bye#?state=a", None),
            ("https://app/bye?states=a", None),
            ("https://app/bye", None),
        ] {
            assert_eq!(returned_state(url).as_deref(), state, "{url}");
        }
    }

    #[test]
    fn only_the_state_leaves_the_url() {
        for (before, after) in [
            ("https://app/bye?state=a", "https://app/bye"),
            ("https://app/bye?x=%20&st%61te=a&code=1#/route?state=b", "https://app/bye?x=%20&code=1#/route?state=b"),
            ("https://app/bye?", "https://app/bye?"),
            ("https://app/bye", "https://app/bye"),
        ] {
            assert_eq!(without_state(before), after);
        }
    }
}
