//! The logout request (OpenID Connect RP-Initiated Logout 1.0, section 2).

use super::authorization_request::{check_extra_params, with_parameters};
use super::metadata::ProviderMetadata;
use crate::error::Result;

/// Parameters of a logout request that this crate sets.
pub const RESERVED_PARAMETERS: &[&str] = &["client_id", "id_token_hint", "post_logout_redirect_uri", "state"];

/// Builds the URL at which the provider ends its session; `None` where it has no such endpoint.
///
/// `state` comes back at the redirect URI, so that it is sent only together with one.
///
/// # Errors
/// `ReservedParameter` and `InvalidOption` for `extra`, `InvalidMetadata` for an endpoint whose own query names a
/// parameter of the request.
pub fn logout_url(
    metadata: &ProviderMetadata,
    client_id: &str,
    id_token_hint: Option<&str>,
    post_logout_redirect_uri: Option<&str>,
    state: Option<&str>,
    extra: &[(String, String)],
) -> Result<Option<String>> {
    let Some(endpoint) = &metadata.end_session_endpoint else { return Ok(None) };
    check_extra_params(extra, RESERVED_PARAMETERS, endpoint)?;
    let mut parameters = vec![("client_id", client_id)];
    parameters.extend(id_token_hint.map(|hint| ("id_token_hint", hint)));
    if let Some(redirect_uri) = post_logout_redirect_uri {
        parameters.push(("post_logout_redirect_uri", redirect_uri));
        parameters.extend(state.map(|state| ("state", state)));
    }
    for (name, value) in extra {
        parameters.push((name, value));
    }
    with_parameters(endpoint, &parameters).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::protocol::json::{Object, parse_object};

    fn metadata(endpoint: &str) -> ProviderMetadata {
        let text = format!(r#"{{"end_session_endpoint":"{endpoint}"}}"#);
        ProviderMetadata::from_object(parse_object(text.as_bytes()).unwrap()).unwrap()
    }

    fn extra(name: &str) -> [(String, String); 1] {
        [(name.to_owned(), "v".to_owned())]
    }

    #[test]
    fn all_parameters_are_sent() {
        let metadata = metadata("https://idp/out?x=y");
        let url =
            logout_url(&metadata, "spa", Some("a.b.c"), Some("https://app/bye"), Some("s&s"), &extra("ui_locales"));
        let expected = "https://idp/out?x=y&client_id=spa&id_token_hint=a.b.c\
                        &post_logout_redirect_uri=https%3A%2F%2Fapp%2Fbye&state=s%26s&ui_locales=v";
        assert_eq!(url, Ok(Some(expected.to_owned())));
    }

    #[test]
    fn a_state_without_a_redirect_uri_has_no_use_and_is_not_sent() {
        let url = logout_url(&metadata("https://idp/out"), "spa", None, None, Some("s"), &[]);
        assert_eq!(url, Ok(Some("https://idp/out?client_id=spa".to_owned())));
    }

    #[test]
    fn a_provider_without_the_endpoint_has_no_logout_url() {
        let metadata = ProviderMetadata::from_object(Object::new()).unwrap();
        assert_eq!(logout_url(&metadata, "spa", None, None, None, &[]), Ok(None));
    }

    #[test]
    fn extra_parameters_may_not_name_what_the_library_sets_or_the_endpoint_holds() {
        for name in RESERVED_PARAMETERS.iter().chain(&["x"]) {
            let url = logout_url(&metadata("https://idp/out?x=y"), "spa", None, None, None, &extra(name));
            assert_eq!(url.unwrap_err().code(), Code::ReservedParameter, "{name}");
        }
        let url = logout_url(&metadata("https://idp/out?client_id=evil"), "spa", None, None, None, &[]);
        assert_eq!(url.unwrap_err().code(), Code::InvalidMetadata);
    }
}
