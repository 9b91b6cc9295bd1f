//! Front-channel logout requests (OpenID Connect Front-Channel Logout 1.0, section 2): the provider loads a URL of the app,
//! and may say in its query which session ended.

use super::form::pairs;
use super::url::cut;
use crate::error::{Code, Error, Result};

/// The session that a request speaks of, by `iss` and `sid`; `None` where the provider sends neither.
///
/// # Errors
/// `DuplicateParameter`; `InvalidCallback` where one of the two is missing, since neither means anything alone.
pub fn asked_session(url: &str) -> Result<Option<[String; 2]>> {
    let query = cut(cut(url, b'#').0, b'?').1.unwrap_or_default();
    let mut found = [None, None];
    for (name, value) in pairs(query.as_bytes()) {
        let slot = match (name.as_str(), &mut found) {
            ("iss", [slot, _]) | ("sid", [_, slot]) => slot,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            let message = format!("the logout request has \"{name}\" more than once");
            return Err(Error::new(Code::DuplicateParameter, message));
        }
    }
    match found {
        [Some(issuer), Some(session)] => Ok(Some([issuer, session])),
        [None, None] => Ok(None),
        _ => {
            Err(Error::new(Code::InvalidCallback, "the logout request must have both \"iss\" and \"sid\", or neither"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_issuer_and_session_once_in_its_query_or_neither() {
        let both = |url: &str| asked_session(url).unwrap();
        let named = Some(["https://idp".to_owned(), "s 1".to_owned()]);
        assert_eq!(both("https://app/out?lang=de&iss=https%3A%2F%2Fidp&sid=s+1#/x?sid=2"), named);
        for url in ["", "https://app/out", "https://app/out?lang=de", "https://app/out#iss=a&sid=b"] {
            assert_eq!(both(url), None, "{url}");
        }
    }

    #[test]
    fn half_a_request_and_a_parameter_that_occurs_twice_are_refused() {
        for (query, code) in [
            ("iss=a", Code::InvalidCallback),
            ("sid=a", Code::InvalidCallback),
            ("iss=a&sid=b&sid=b", Code::DuplicateParameter),
            ("iss=a&iss=b&sid=c", Code::DuplicateParameter),
            ("s%69d=a&sid=", Code::DuplicateParameter),
        ] {
            let error = asked_session(&format!("https://app/out?{query}")).unwrap_err();
            assert_eq!(error.code(), code, "{query}");
        }
    }
}
