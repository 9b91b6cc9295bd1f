//! The errors that a provider sends (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, RFC 8707 2).

use super::http::HttpResponse;
use super::json::{Json, Object, parse_object};
use crate::error::{Class, Code, Error, harmless, without_tokens};

/// The codes that are named as the provider's `error` is.
const ON_THE_WIRE: &[Code] = &[
    Code::AccessDenied,
    Code::AccountLinkingRequired,
    Code::AccountSelectionRequired,
    Code::ConsentRequired,
    Code::ExpiredToken,
    Code::InsufficientScope,
    Code::InteractionRequired,
    Code::InvalidClient,
    Code::InvalidGrant,
    Code::InvalidRequest,
    Code::InvalidScope,
    Code::InvalidTarget,
    Code::InvalidToken,
    Code::LoginRequired,
    Code::ServerError,
    Code::SessionExpired,
    Code::TemporarilyUnavailable,
    Code::UnauthorizedClient,
    Code::UnsupportedGrantType,
    Code::UnsupportedTokenType,
    Code::UserBlocked,
];

/// The code that a provider's `error` stands for; `None` for one that has none.
#[must_use]
pub fn code_of(error: &str) -> Option<Code> {
    ON_THE_WIRE.iter().copied().find(|code| code.as_str() == error).or(match error {
        // GitHub's words for what RFC 6749 5.2 has others for: a session must not outlive its refresh token there.
        "bad_verification_code" | "bad_refresh_token" => Some(Code::InvalidGrant),
        "incorrect_client_credentials" => Some(Code::InvalidClient),
        _ => None,
    })
}

/// The code of a status that says the provider failed, whatever the body says: 429 and 5xx.
#[must_use]
pub const fn code_of_status(status: u16) -> Option<Code> {
    match status {
        429 | 503 => Some(Code::TemporarilyUnavailable),
        500..=599 => Some(Code::ServerError),
        _ => None,
    }
}

/// The error that a provider sent while a job was done.
///
/// A status of 429 or 5xx counts more than the body: a provider that fails has decided nothing, so that no session ends
/// by what it says then. Errors with a class of their own keep it; all others are failures of the job.
#[must_use]
pub fn from_wire(error: &str, description: Option<&str>, job: Class, status: Option<u16>) -> Error {
    let code = status.and_then(code_of_status).or_else(|| code_of(error)).unwrap_or(Code::ProviderRefused);
    let hint = if code == Code::InvalidClient { ": check `clientId`, `clientAuth`, and its `audience`" } else { "" };
    let failure = Error::new(code, format!("the provider answered \"{}\"{hint}", without_tokens(&harmless(error))));
    let failure = match code.class() {
        // The codes of RFC 6749 5.2 say nothing about which job it was, and neither does an unknown one.
        Class::TokenExchange => failure.during(job),
        _ if code == Code::ProviderRefused => failure.during(job),
        _ => failure,
    };
    let failure = failure.from_provider(error, description);
    match status {
        Some(status) => failure.with_status(status),
        None => failure,
    }
}

/// The error that an answer of an endpoint other than the token endpoint is (RFC 6749 5.2, RFC 7009 2.2.1): what its body
/// names, else what its status says.
#[must_use]
#[inline(never)]
pub fn of_answer(response: &HttpResponse, endpoint: &str) -> Error {
    let members = if response.is_json() { parse_object(&response.body).ok() } else { None };
    let text = |name| members.as_ref().and_then(|members: &Object| members.get(name)).and_then(Json::as_str);
    let status = response.status;
    let failure = match (text("error"), code_of_status(status)) {
        (Some(error), _) => from_wire(error, text("error_description"), Class::Provider, Some(status)),
        (None, Some(code)) => Error::new(code, format!("the {endpoint} failed with status {}", u32::from(status))),
        (None, None) => {
            let message = format!("the {endpoint} answered with status {}, not 200", u32::from(status));
            Error::new(Code::InvalidResponse, message).during(Class::Provider)
        }
    };
    failure.with_status(status).with_retry_after(response.retry_after())
}

/// The `error` of a challenge (RFC 6750 3).
#[must_use]
pub fn of_challenge(challenge: &str) -> Option<&str> {
    let mut parts = challenge.split([' ', ',']).map(str::trim_start);
    let value = parts.find_map(|part| part.strip_prefix("error="))?;
    Some(value.trim_matches('"'))
}

/// The error of an authorization response (RFC 6749 4.1.2.1).
#[must_use]
pub fn refused(error: &str, description: Option<&str>) -> Error {
    from_wire(error, description, Class::Callback, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Recovery;

    #[test]
    fn errors_with_a_class_of_their_own_keep_it_whatever_the_job() {
        for (error, class) in [
            ("login_required", Class::LoginRequired),
            ("interaction_required", Class::InteractionRequired),
            ("consent_required", Class::ConsentRequired),
            ("account_selection_required", Class::AccountSelectionRequired),
            ("access_denied", Class::AccessDenied),
            ("insufficient_scope", Class::InsufficientScope),
            ("session_expired", Class::SessionExpired),
            ("user_blocked", Class::UserBlocked),
            ("account_linking_required", Class::AccountLinkingRequired),
            ("server_error", Class::Provider),
            ("temporarily_unavailable", Class::Provider),
        ] {
            for job in [Class::Callback, Class::TokenExchange, Class::Refresh] {
                let failure = from_wire(error, None, job, Some(400));
                assert_eq!((failure.class(), failure.code().as_str()), (class, error));
            }
        }
    }

    #[test]
    fn the_errors_of_rfc_6749_5_2_and_unknown_ones_are_failures_of_the_job_res4() {
        for error in [
            "invalid_grant",
            "invalid_client",
            "invalid_request",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "invalid_target",
            "expired_token",
        ] {
            for job in [Class::Callback, Class::TokenExchange, Class::Refresh] {
                let failure = from_wire(error, None, job, Some(400));
                assert_eq!((failure.class(), failure.code().as_str()), (job, error));
            }
        }
        let unknown = refused("unsupported_response_type", None);
        assert_eq!((unknown.class(), unknown.code()), (Class::Callback, Code::ProviderRefused));
        assert_eq!(unknown.failure().error.as_deref(), Some("unsupported_response_type"));
    }

    #[test]
    fn a_provider_that_fails_has_decided_nothing() {
        for (status, code) in [
            (500, Code::ServerError),
            (502, Code::ServerError),
            (503, Code::TemporarilyUnavailable),
            (429, Code::TemporarilyUnavailable),
        ] {
            let failure = from_wire("invalid_grant", Some("gone"), Class::Refresh, Some(status));
            assert_eq!((failure.class(), failure.code()), (Class::Provider, code));
            assert_eq!(failure.failure().recovery, Recovery::Retry);
            assert_eq!(failure.failure().status, Some(status));
            assert_eq!(failure.failure().error.as_deref(), Some("invalid_grant"));
        }
    }

    #[test]
    fn text_of_the_provider_stays_harmless_and_its_description_out_of_the_message_x34() {
        let failure = refused("<b>\r\n\"é", Some(&"<script>canary\n".repeat(1000)));
        assert_eq!(failure.failure().message, "the provider answered \"<b>????\"");
        assert_eq!(failure.failure().error_description.as_ref().map(String::len), Some(500));
        assert!(!failure.failure().error_description.as_ref().unwrap().contains('\n'));
    }
}
