//! The device authorization grant (RFC 8628): the answer to its request, and how the token endpoint is polled.

use super::http::HttpResponse;
use super::json::{Object, parse_object};
use super::provider_error;
use super::secret::Secret;
use super::token_response::seconds;
use super::url::HttpsUrl;
use crate::error::{Class, Code, Error, Result};

/// The seconds between two polls where the provider names none (RFC 8628 3.2), and how many `slow_down` adds (3.5).
const INTERVAL: i64 = 5;

/// What the provider answered to a device authorization request (RFC 8628 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// What is exchanged for tokens once the person has agreed.
    pub device_code: Secret,
    /// What the person types, as it was sent.
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: String,
    /// Where nothing has to be typed: for a QR code.
    pub verification_uri_complete: Option<String>,
    /// Seconds until both codes are over.
    pub expires_in: i64,
    /// Seconds between two polls, at least.
    pub interval: i64,
}

/// Judges the answer of an endpoint.
///
/// # Errors
/// What the provider sent as `error`, as a failed sign-in; `InvalidResponse` naming the member; `InsecureEndpoint` for a
/// verification URI that is not https. Plain http is for a provider that is on loopback itself.
pub fn judge(response: &HttpResponse, endpoint: &HttpsUrl) -> Result<DeviceAuthorization> {
    const ENDPOINT: &str = "device authorization endpoint";
    if response.status != 200 {
        let error = provider_error::of_answer(response, ENDPOINT);
        return Err(if error.code().class() == Class::TokenExchange {
            error.during(Class::TokenExchange)
        } else {
            error
        });
    }
    if !response.is_json() {
        return Err(Error::new(Code::InvalidResponse, "the device authorization endpoint must answer with JSON"));
    }
    let members = parse_object(&response.body)?;
    let is_https = endpoint.as_str().starts_with("https:");
    let uri = |name: &str| verification_uri(&members, name, is_https);
    // The name before RFC 8628, which Google never gave up.
    let verification_uri = match uri("verification_uri")? {
        Some(found) => Some(found),
        None => uri("verification_url")?,
    };
    let required = |name: &str| members.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name));
    Ok(DeviceAuthorization {
        device_code: Secret::new(required("device_code")?),
        user_code: required("user_code")?,
        verification_uri: verification_uri.ok_or_else(|| missing("verification_uri"))?,
        verification_uri_complete: uri("verification_uri_complete")?,
        expires_in: seconds(&members, "expires_in")?.ok_or_else(|| missing("expires_in"))?,
        // None between two polls would be no interval.
        interval: seconds(&members, "interval")?.unwrap_or(INTERVAL).max(1),
    })
}

fn verification_uri(members: &Object, name: &str, is_https: bool) -> Result<Option<String>> {
    let Some(text) = members.text(name)? else { return Ok(None) };
    let parsed = HttpsUrl::parse(&text);
    if is_https && text.starts_with("http:") {
        let message = format!("\"{name}\" must start with https://, as the provider does: nobody is sent to {name}");
        return Err(Error::new(Code::InsecureEndpoint, message));
    }
    match parsed {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(Error::new(error.code(), format!("\"{name}\": {}", error.failure().message))),
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::InvalidResponse, format!("the device authorization response has no \"{name}\""))
}

/// How long to wait before each poll (RFC 8628 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    seconds: i64,
}

/// What a poll that brought no tokens means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// The person has not answered yet: ask again after the pace.
    Pending,
    /// It is over, with this error.
    Over(Error),
}

impl Pace {
    /// Polls this many seconds apart.
    #[must_use]
    pub const fn new(interval: i64) -> Self {
        Self { seconds: interval }
    }

    /// The seconds to wait before the next poll.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// What a failed poll means, and how it changes the pace: `slow_down` adds five seconds for good; whoever got no
    /// answer waits twice as long from then on.
    pub fn judge(&mut self, error: Error) -> Poll {
        let failure = error.failure();
        match failure.error.as_deref() {
            Some("authorization_pending") => return Poll::Pending,
            Some("slow_down") => {
                self.seconds = self.seconds.saturating_add(INTERVAL).max(failure.retry_after.unwrap_or(0));
                return Poll::Pending;
            }
            _ => {}
        }
        let is_unanswered = matches!(failure.class, Class::Network | Class::Timeout)
            && failure.code != Code::RedirectRefused
            && failure.code != Code::ResponseTooLarge;
        if is_unanswered || matches!(failure.code, Code::ServerError | Code::TemporarilyUnavailable) {
            self.seconds = self.seconds.saturating_mul(2).max(failure.retry_after.unwrap_or(0));
            return Poll::Pending;
        }
        Poll::Over(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::provider_error::from_wire;

    fn answered(body: &str) -> Result<DeviceAuthorization> {
        answered_by("https://idp.example/device", 200, body)
    }

    fn answered_by(endpoint: &str, status: u16, body: &str) -> Result<DeviceAuthorization> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let response = HttpResponse { status, headers, body: body.as_bytes().to_vec() };
        judge(&response, &HttpsUrl::parse(endpoint).unwrap())
    }

    /// The example of RFC 8628 3.2, with members taken out or changed.
    fn example(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut body = serde_json::json!({
            "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
            "user_code": "WDJB-MJHT",
            "verification_uri": "https://example.com/device",
            "verification_uri_complete": "https://example.com/device?user_code=WDJB-MJHT",
            "expires_in": 1800,
            "interval": 5,
        });
        change(&mut body);
        body.to_string()
    }

    #[test]
    fn the_example_of_rfc_8628_3_2_is_read_and_its_device_code_never_shown_x26() {
        let device = answered(&example(|_| {})).unwrap();
        assert_eq!(device.user_code, "WDJB-MJHT");
        assert_eq!(device.verification_uri, "https://example.com/device");
        assert_eq!(device.verification_uri_complete.as_deref(), Some("https://example.com/device?user_code=WDJB-MJHT"));
        assert_eq!((device.expires_in, device.interval), (1800, 5));
        assert!(!format!("{device:?}").contains("GmRh"));
    }

    #[test]
    fn the_interval_is_five_seconds_where_none_is_given_dev1() {
        let without = example(|body| drop(body.as_object_mut().unwrap().remove("interval")));
        assert_eq!(answered(&without).unwrap().interval, 5);
        assert_eq!(answered(&example(|body| body["interval"] = 0.into())).unwrap().interval, 1);
        assert_eq!(answered(&example(|body| body["interval"] = "7".into())).unwrap().interval, 7);
    }

    #[test]
    fn verification_uris_are_https_and_the_complete_one_is_optional_dev5() {
        let without = example(|body| drop(body.as_object_mut().unwrap().remove("verification_uri_complete")));
        assert_eq!(answered(&without).unwrap().verification_uri_complete, None);
        for name in ["verification_uri", "verification_uri_complete"] {
            for uri in
                ["http://example.com/d", "javascript:alert(1)", "http://127.0.0.1/d", "//example.com", "https://"]
            {
                assert!(answered(&example(|body| body[name] = uri.into())).is_err(), "{name} {uri}");
            }
        }
        let loopback = example(|body| {
            body["verification_uri"] = "http://127.0.0.1:8080/device".into();
            body["verification_uri_complete"] = serde_json::Value::Null;
        });
        assert!(answered_by("http://127.0.0.1:8080/device/auth", 200, &loopback).is_ok());
        let older = example(|body| {
            let uri = body.as_object_mut().unwrap().remove("verification_uri").unwrap();
            body["verification_url"] = uri;
        });
        assert_eq!(answered(&older).unwrap().verification_uri, "https://example.com/device");
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
            let error = answered(&example(|body| drop(body.as_object_mut().unwrap().remove(name)))).unwrap_err();
            assert_eq!(error.code(), Code::InvalidResponse);
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_refusal_is_what_the_provider_said() {
        let refused = answered_by("https://idp.example/device", 400, r#"{"error":"unauthorized_client"}"#).unwrap_err();
        assert_eq!((refused.class(), refused.code()), (Class::TokenExchange, Code::UnauthorizedClient));
        let html = answered_by("https://idp.example/device", 503, "<html>").unwrap_err();
        assert_eq!(html.code(), Code::TemporarilyUnavailable);
    }

    fn said(error: &str) -> Error {
        from_wire(error, None, Class::TokenExchange, Some(400))
    }

    #[test]
    fn pending_keeps_the_pace_and_slow_down_adds_five_seconds_for_good_dev2() {
        let mut pace = Pace::new(5);
        assert_eq!((pace.judge(said("authorization_pending")), pace.seconds()), (Poll::Pending, 5));
        assert_eq!((pace.judge(said("slow_down")), pace.seconds()), (Poll::Pending, 10));
        assert_eq!((pace.judge(said("authorization_pending")), pace.seconds()), (Poll::Pending, 10));
        assert_eq!((pace.judge(said("slow_down")), pace.seconds()), (Poll::Pending, 15));
        // A provider that answers 429 with it means the same.
        assert_eq!(pace.judge(from_wire("slow_down", None, Class::TokenExchange, Some(429))), Poll::Pending);
        assert_eq!(pace.seconds(), 20);
    }

    #[test]
    fn an_end_is_an_end_and_no_answer_doubles_the_wait_dev3() {
        let mut pace = Pace::new(5);
        for error in ["access_denied", "expired_token", "invalid_grant", "invalid_client", "server_went_away"] {
            assert_eq!(pace.judge(said(error)), Poll::Over(said(error)));
        }
        assert_eq!(pace.seconds(), 5);
        for (code, seconds) in [(Code::Timeout, 10), (Code::NetworkFailure, 20), (Code::ServerError, 40)] {
            assert_eq!((pace.judge(Error::new(code, "")), pace.seconds()), (Poll::Pending, seconds));
        }
        let asked = Error::new(Code::TemporarilyUnavailable, "").with_retry_after(Some(300));
        assert_eq!((pace.judge(asked), pace.seconds()), (Poll::Pending, 300));
        assert!(matches!(pace.judge(Error::new(Code::RedirectRefused, "")), Poll::Over(_)));
    }
}
