//! Options that clients and verifiers have in common.

use super::Given;
use crate::error::{Code, Error};
use crate::protocol::algorithm::Algorithm;
#[cfg(feature = "edge")]
use crate::protocol::json::{Json, Number};
use crate::protocol::url::Issuer;

pub(crate) fn issuer(given: &mut Given<'_>) -> Option<Issuer> {
    let text = given.text("issuer")?;
    given.parsed("issuer", Issuer::parse(&text))
}

pub(crate) fn algorithms(given: &mut Given<'_>) -> Option<Vec<Algorithm>> {
    let value = given.value("algorithms")?;
    let known = given.texts("algorithms")?.iter().map(|name| Algorithm::parse(name)).collect::<Option<Vec<_>>>();
    match known {
        Some(list) if !list.is_empty() => Some(list),
        _ => {
            let expected = "a list of asymmetric JWS algorithms such as \"RS256\", \"ES256\" or \"EdDSA\"";
            given.wrong("algorithms", value, expected)
        }
    }
}

#[inline(never)]
pub(crate) fn missing(name: &str, what: &str) -> Error {
    Error::new(Code::MissingOption, format!("option \"{name}\" is missing: {what}"))
}

/// A whole number up to `most`.
#[cfg(feature = "edge")]
pub(crate) fn count(given: &mut Given<'_>, name: &'static str, most: usize) -> Option<usize> {
    let value = given.value(name)?;
    let found = match value {
        Json::Number(Number::Integer(count)) => usize::try_from(*count).ok().filter(|count| *count <= most),
        _ => None,
    };
    found.or_else(|| given.wrong(name, value, &format!("a whole number from 0 to {most}")))
}
