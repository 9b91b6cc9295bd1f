//! Introspection of a token (RFC 7662): the judgement of the answer. The request is [`super::revocation::about_token`].

use super::http::HttpResponse;
use super::json::{Json, Object, parse_object};
use super::provider_error;
use crate::error::{Class, Code, Error, Result};

/// Judges the answer: its members as they are. A token is active only where `active` is the boolean `true` (RFC 7662
/// 2.2); whatever else the provider wrote there becomes `false`.
///
/// # Errors
/// `ProviderError`: what the provider sent as `error`, `invalid_response` for what is no JSON object.
pub fn judge(response: &HttpResponse) -> Result<Object> {
    if response.status != 200 {
        return Err(provider_error::of_answer(response, "introspection endpoint"));
    }
    if !response.is_json() {
        let message = "the introspection endpoint must answer with JSON";
        return Err(Error::new(Code::InvalidResponse, message).during(Class::Provider));
    }
    let mut members = parse_object(&response.body).map_err(|error| error.during(Class::Provider))?;
    let is_active = members.get("active") == Some(&Json::Bool(true));
    members.insert("active", Json::Bool(is_active));
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, media_type: &str, body: &str) -> Result<String> {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        let response = HttpResponse { status, headers, body: body.as_bytes().to_vec() };
        judge(&response).map(|members| members.to_string())
    }

    #[test]
    fn only_the_boolean_true_is_active_int1() {
        for (sent, told) in [
            (r#"{"active":true,"sub":"u"}"#, r#"{"active":true,"sub":"u"}"#),
            (r#"{"active":false}"#, r#"{"active":false}"#),
            (r#"{"active":"true"}"#, r#"{"active":false}"#),
            (r#"{"active":1,"sub":"u"}"#, r#"{"active":false,"sub":"u"}"#),
            ("{}", r#"{"active":false}"#),
        ] {
            assert_eq!(judged(200, "application/json", sent).as_deref(), Ok(told));
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error_of_the_provider() {
        for (status, media_type, body, code) in [
            (200, "text/html", "{\"active\":true}", Code::InvalidResponse),
            (200, "application/json", "[]", Code::InvalidResponse),
            (401, "application/json", "{\"error\":\"invalid_client\"}", Code::InvalidClient),
            (401, "application/json", "{\"active\":true}", Code::InvalidResponse),
            (500, "text/html", "", Code::ServerError),
        ] {
            let error = judged(status, media_type, body).unwrap_err();
            assert_eq!((error.class(), error.code()), (Class::Provider, code), "{status} {body}");
        }
    }
}
