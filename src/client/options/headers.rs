//! The option `headers`: what every request to the provider carries beside what the library sets.

use super::super::given::Given;
use crate::error::{Code, Error};
use crate::protocol::headers::check_added;
use crate::protocol::json::Json;
use crate::protocol::secret::Secret;

/// The headers, their names in lower case. A value may be a key of the app's: it is kept as a secret.
pub(super) fn given(given: &mut Given<'_>, in_page: bool) -> Vec<(String, Secret)> {
    let mut headers: Vec<(String, Secret)> = Vec::new();
    for (name, value) in given.object("headers").into_iter().flat_map(|object| object.iter()) {
        let Json::String(text) = value else {
            given.wrong::<()>("headers", value, "an object whose values are strings");
            continue;
        };
        let name = name.to_ascii_lowercase();
        let checked =
            check_added(&name, text, in_page).and_then(|()| match headers.iter().any(|(one, _)| *one == name) {
                true => {
                    Err(Error::new(Code::InvalidOption, "a header is there twice: upper and lower case are the same"))
                }
                false => Ok(()),
            });
        match checked {
            Ok(()) => headers.push((name, Secret::new(text.clone()))),
            Err(fault) => given.fails(fault),
        }
    }
    headers
}
