//! Requests to the token endpoint (RFC 6749 4.1.3 with RFC 7636 4.5, and 6).

use super::client_auth::ClientAuthentication;
use super::http::HttpRequest;
use super::pkce::CodeVerifier;
use super::purpose::Purpose;
use super::url::HttpsUrl;
use crate::error::{Code, Error, Result};

/// Parameters that the library sets itself, or that would change what a request means.
const RESERVED: [&str; 10] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
    "scope",
];

/// Checks parameters that an app wants in the token request: none that the library sets, none twice. `resource`
/// (RFC 8707 2) may repeat.
///
/// # Errors
/// `ReservedParameter` naming it.
pub fn check_extra(extra: &[(String, String)]) -> Result<()> {
    for (at, (name, _)) in extra.iter().enumerate() {
        let repeated = name != "resource" && extra.iter().take(at).any(|(earlier, _)| earlier == name);
        if repeated || is_reserved(name) {
            let message = format!("the extra parameter \"{name}\" is set by the library, or there twice");
            return Err(Error::new(Code::ReservedParameter, message));
        }
    }
    Ok(())
}

/// Whether the library sets a parameter of this name itself.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Redeems an authorization code. `redirect_uri` is byte for byte that of the authorization request; `extra` is sent as
/// it is, see [`check_extra`].
#[must_use]
pub fn authorization_code(
    endpoint: &HttpsUrl,
    client_id: &str,
    auth: &ClientAuthentication,
    code: &str,
    redirect_uri: &str,
    verifier: &CodeVerifier,
    extra: &[(String, String)],
) -> HttpRequest {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.as_str()),
    ];
    for (name, value) in extra {
        form.push((name, value));
    }
    authenticated(endpoint, client_id, auth, form)
}

/// Renews tokens; without `scopes` those that were granted before (RFC 6749 6), with `resources` for these APIs alone
/// (RFC 8707 2.2).
#[must_use]
pub fn refresh(
    endpoint: &HttpsUrl,
    client_id: &str,
    auth: &ClientAuthentication,
    refresh_token: &str,
    scopes: Option<&str>,
    resources: &[String],
) -> HttpRequest {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    form.extend(resources.iter().map(|resource| ("resource", resource.as_str())));
    if let Some(scopes) = scopes {
        form.push(("scope", scopes));
    }
    authenticated(endpoint, client_id, auth, form)
}

/// A form to an endpoint at which the client authenticates as at the token endpoint.
pub(super) fn authenticated<'a>(
    endpoint: &HttpsUrl,
    client_id: &'a str,
    auth: &'a ClientAuthentication,
    mut form: Vec<(&'a str, &'a str)>,
) -> HttpRequest {
    let mut headers = Vec::new();
    auth.apply(client_id, &mut form, &mut headers);
    let mut request = HttpRequest::post_form(endpoint.as_str(), &form);
    request.headers.append(&mut headers);
    request.purpose = Purpose::Token;
    request.awaits_client_authentication =
        matches!(auth, ClientAuthentication::App | ClientAuthentication::Assertion(_));
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::http::Method;
    use crate::protocol::secret::Secret;

    fn endpoint() -> HttpsUrl {
        HttpsUrl::parse("https://idp.example/token").unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn body(request: &HttpRequest) -> &str {
        request.body.as_ref().map_or("", Secret::expose)
    }

    #[test]
    fn a_code_is_redeemed_by_post_with_the_verifier_and_the_redirect_uri_as_it_was_o1_w4_p4() {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let request = authorization_code(
            &endpoint(),
            "spa",
            &ClientAuthentication::None,
            "a+b/c",
            "https://app.example/cb?x=1",
            &verifier,
            &[pair("resource", "https://api.example/")],
        );
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.url, "https://idp.example/token");
        assert_eq!(
            body(&request),
            "grant_type=authorization_code&code=a%2Bb%2Fc&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1\
             &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&resource=https%3A%2F%2Fapi.example%2F\
             &client_id=spa"
        );
        assert!(!format!("{request:?}").contains("dBjft"));
    }

    #[test]
    fn a_refresh_asks_for_scopes_only_where_they_are_given_w13_res2() {
        let auth = ClientAuthentication::None;
        assert_eq!(
            body(&refresh(&endpoint(), "spa", &auth, "rt", None, &[])),
            "grant_type=refresh_token&refresh_token=rt&client_id=spa"
        );
        assert_eq!(
            body(&refresh(
                &endpoint(),
                "spa",
                &auth,
                "rt",
                Some("openid email"),
                &["urn:a".to_owned(), "urn:b".to_owned()]
            )),
            "grant_type=refresh_token&refresh_token=rt&resource=urn%3Aa&resource=urn%3Ab&scope=openid+email&client_id=spa"
        );
    }

    #[test]
    fn a_client_secret_goes_into_the_header_and_not_into_the_body_where_basic_is_used() {
        let auth = ClientAuthentication::SecretBasic(Secret::new("canary"));
        let request = refresh(&endpoint(), "web", &auth, "rt", None, &[]);
        assert!(request.headers.iter().any(|(name, value)| name == "authorization" && value.starts_with("Basic ")));
        assert_eq!(body(&request), "grant_type=refresh_token&refresh_token=rt");
    }

    #[test]
    fn extra_parameters_may_not_name_what_the_library_sets_nor_repeat_x37() {
        assert!(check_extra(&[pair("audience", "a"), pair("resource", "b"), pair("resource", "c")]).is_ok());
        for extra in [vec![pair("code_verifier", "x")], vec![pair("audience", "a"), pair("audience", "b")]] {
            assert_eq!(check_extra(&extra).unwrap_err().code(), Code::ReservedParameter);
        }
    }
}
