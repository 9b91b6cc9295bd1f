//! Revocation of a token (RFC 7009): the request, and the judgement of the answer.

use super::client_auth::ClientAuthentication;
use super::http::{HttpRequest, HttpResponse};
use super::provider_error;
use super::token_request::authenticated;
use super::url::HttpsUrl;
use crate::error::Result;

/// The hint for a refresh token (RFC 7009 2.1).
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The hint for an access token (RFC 7009 2.1).
pub const ACCESS_TOKEN: &str = "access_token";

/// A form that names one token: the request of RFC 7009 2.1, and of RFC 7662 2.1. The hint says where the provider looks
/// first.
#[must_use]
pub fn about_token(
    endpoint: &HttpsUrl,
    client_id: &str,
    auth: &ClientAuthentication,
    token: &str,
    hint: Option<&str>,
) -> HttpRequest {
    let mut form = vec![("token", token)];
    form.extend(hint.map(|hint| ("token_type_hint", hint)));
    authenticated(endpoint, client_id, auth, form)
}

/// Judges the answer. Status 200 is success whatever the body says, for a token that the provider never knew, too
/// (RFC 7009 2.2).
///
/// # Errors
/// `ProviderError`: `unsupported_token_type`, what else the provider sent as `error`, `temporarily_unavailable` with
/// the seconds to wait, where the token still lives (RFC 7009 2.2.1).
pub fn judge(response: &HttpResponse) -> Result<()> {
    match response.status {
        200 => Ok(()),
        _ => Err(provider_error::of_answer(response, "revocation endpoint")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Code, Recovery};
    use crate::protocol::secret::Secret;

    fn answer(status: u16, body: &str) -> HttpResponse {
        let headers = [("content-type", "application/json"), ("retry-after", "7")]
            .map(|(name, value)| (name.into(), value.into()));
        HttpResponse { status, headers: headers.into(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_token_goes_into_the_body_with_its_hint_and_who_the_client_is_rev1_rev5() {
        let endpoint = HttpsUrl::parse("https://idp.example/revoke").unwrap();
        let request = about_token(&endpoint, "spa", &ClientAuthentication::None, "a+b", Some(REFRESH_TOKEN));
        assert_eq!(request.url, "https://idp.example/revoke");
        let body = request.body.unwrap();
        assert_eq!(body.expose(), "token=a%2Bb&token_type_hint=refresh_token&client_id=spa");
        let auth = ClientAuthentication::SecretBasic(Secret::new("canary"));
        let request = about_token(&endpoint, "web", &auth, "t", None);
        assert_eq!(request.body.unwrap().expose(), "token=t");
        assert!(request.headers.iter().any(|(name, _)| name == "authorization"));
    }

    #[test]
    fn an_answer_of_200_is_success_whatever_it_holds_rev2() {
        for body in ["", "{}", "<html>", r#"{"error":"invalid_token"}"#] {
            assert_eq!(judge(&answer(200, body)), Ok(()));
        }
    }

    #[test]
    fn a_refusal_is_named_as_the_provider_named_it_rev3_rev4() {
        for (status, body, code, recovery) in [
            (400, r#"{"error":"unsupported_token_type"}"#, Code::UnsupportedTokenType, Recovery::Fix),
            (401, r#"{"error":"invalid_client"}"#, Code::InvalidClient, Recovery::Fix),
            (400, r#"{"error":"something"}"#, Code::ProviderRefused, Recovery::Fix),
            (400, "{}", Code::InvalidResponse, Recovery::Retry),
            (503, "", Code::TemporarilyUnavailable, Recovery::Retry),
            (500, r#"{"error":"invalid_client"}"#, Code::ServerError, Recovery::Retry),
        ] {
            let error = judge(&answer(status, body)).unwrap_err();
            let failure = error.failure();
            assert_eq!((failure.class, failure.code, failure.recovery), (Class::Provider, code, recovery), "{body}");
            assert_eq!((failure.status, failure.retry_after), (Some(status), Some(7)));
        }
    }
}
