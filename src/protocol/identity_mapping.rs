//! Who signed in at a provider that has no ID tokens (RFC 6749 gives none): claims (OpenID Connect Core 5.1) out of what
//! its endpoint for user information answers, by names that the app knows.

use super::json::{Json, Number, Object};
use super::token_response::{MAX_OTHER_DEPTH, is_deeper};
use crate::error::{Code, Error, Result, harmless};

/// The member names that lead to a value, from the outermost on.
type Path = Vec<String>;

/// Which member of the answer becomes which claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityMapping(Vec<(String, Path)>);

impl IdentityMapping {
    /// The option `identity`: for each claim the name of a member, or a list of names from the outermost on. `id` is where
    /// the subject is, and has to be there.
    ///
    /// # Errors
    /// `InvalidOption`, `MissingOption`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut paths: Vec<(String, Path)> = Vec::with_capacity(object.len());
        for (name, value) in object.iter() {
            let claim = match name {
                "id" => "sub",
                "emailVerified" => "email_verified",
                "sub" => return Err(Error::new(Code::InvalidOption, "the subject is called \"id\" here")),
                "email_verified" => return Err(Error::new(Code::InvalidOption, "it is called \"emailVerified\" here")),
                other => other,
            };
            let Some(path) = path(value) else {
                let message = format!(
                    "\"{}\": expected the name of a member, or a list of names from the outermost on, got {}",
                    harmless(name),
                    value.type_name()
                );
                return Err(Error::new(Code::InvalidOption, message));
            };
            paths.push((claim.to_owned(), path));
        }
        if paths.iter().all(|(claim, _)| claim != "sub") {
            return Err(Error::new(
                Code::InvalidOption,
                "\"id\" is missing: the member that tells one user from another",
            ));
        }
        Ok(Self(paths))
    }

    /// The claims in an answer. Numbers become the text of a subject, digit by digit; every other value stays as it is, and
    /// what is missing or `null` is no claim.
    ///
    /// # Errors
    /// `TokenVerificationError`: `missing_claim` where there is no subject; `invalid_claim` where it is neither a text nor a
    /// whole number, or a value is nested too deep.
    pub fn claims(&self, answer: &Object) -> Result<Object> {
        let mut claims = Object::new();
        for (claim, path) in &self.0 {
            let Some(value) = at(answer, path) else { continue };
            let value = if claim == "sub" { Json::String(subject(value, path)?) } else { value.clone() };
            if is_deeper(&value, MAX_OTHER_DEPTH) {
                return Err(Error::new(Code::InvalidClaim, format!("\"{}\" is nested too deep", shown(path))));
            }
            claims.insert(claim, value);
        }
        if claims.get("sub").is_none() {
            let message = "the answer of the userinfo endpoint has no member where option `identity` says that `id` is";
            return Err(Error::new(Code::MissingClaim, message));
        }
        Ok(claims)
    }
}

fn path(value: &Json) -> Option<Path> {
    let one = std::slice::from_ref(value);
    let names = if let Json::Array(names) = value { names } else { one };
    let names = names.iter().map(|name| name.as_str().filter(|name| !name.is_empty()).map(str::to_owned));
    names.collect::<Option<Path>>().filter(|path| !path.is_empty())
}

fn at<'a>(answer: &'a Object, path: &[String]) -> Option<&'a Json> {
    let (last, outer) = path.split_last()?;
    let mut within = answer;
    for name in outer {
        let Json::Object(inner) = within.get(name)? else { return None };
        within = inner;
    }
    within.get(last).filter(|value| !matches!(value, Json::Null))
}

/// A subject is a text (OpenID Connect Core 2); a whole number is one as it is written, however long.
fn subject(value: &Json, path: &[String]) -> Result<String> {
    match value {
        Json::String(text) if !text.is_empty() => Ok(text.clone()),
        Json::Number(Number::Integer(number)) => Ok(number.to_string()),
        Json::Number(Number::Decimal(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(text.clone()),
        other => {
            let message = format!("\"{}\" must be a text that is not empty, or a whole number", shown(path));
            Err(Error::new(Code::InvalidClaim, message).mismatch("string", other.type_name()))
        }
    }
}

fn shown(path: &[String]) -> String {
    harmless(&path.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::parse_object;

    fn object(text: &str) -> Object {
        parse_object(text.as_bytes()).unwrap()
    }

    fn claims(mapping: &str, answer: &str) -> Result<String> {
        let mapping = IdentityMapping::from_json(&object(mapping))?;
        mapping.claims(&object(answer)).map(|claims| claims.to_string())
    }

    #[test]
    fn members_become_claims_and_what_is_not_named_does_not() {
        let mapping =
            r#"{"id":"id","email":"email","emailVerified":"verified","name":"name","preferred_username":"login"}"#;
        let answer = r#"{"login":"octocat","id":583231,"email":"octocat@github.example","verified":true,"name":null,
            "organizations":[{"id":"org_x","scopes":["*:**"]}],"plan":{"name":"free"}}"#;
        let expected =
            r#"{"sub":"583231","email":"octocat@github.example","email_verified":true,"preferred_username":"octocat"}"#;
        assert_eq!(claims(mapping, answer).unwrap(), expected);
    }

    #[test]
    fn a_list_of_names_leads_into_objects() {
        let mapping = r#"{"id":["data","id"],"name":["data","profile","name"],"a.b":["a.b"]}"#;
        let answer = r#"{"data":{"id":"7","profile":{"name":"Ada"}},"a.b":[1],"a":{"b":2}}"#;
        assert_eq!(claims(mapping, answer).unwrap(), r#"{"sub":"7","name":"Ada","a.b":[1]}"#);
        assert_eq!(claims(mapping, r#"{"data":{"id":"7","profile":"Ada"}}"#).unwrap(), r#"{"sub":"7"}"#);
    }

    #[test]
    fn a_number_is_a_subject_digit_by_digit() {
        for (written, sub) in [
            ("583231", "583231"),
            ("0", "0"),
            ("-1", "-1"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775808", "9223372036854775808"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (r#""0583231""#, "0583231"),
        ] {
            let read = claims(r#"{"id":"id"}"#, &format!("{{\"id\":{written}}}")).unwrap();
            assert_eq!(read, format!("{{\"sub\":\"{sub}\"}}"));
        }
    }

    #[test]
    fn what_tells_nobody_apart_is_no_subject() {
        for (written, expected) in [
            ("null", Code::MissingClaim),
            (r#""""#, Code::InvalidClaim),
            ("1.5", Code::InvalidClaim),
            ("1e3", Code::InvalidClaim),
            ("true", Code::InvalidClaim),
            ("[1]", Code::InvalidClaim),
            ("{}", Code::InvalidClaim),
        ] {
            let error = claims(r#"{"id":"id"}"#, &format!("{{\"id\":{written}}}")).unwrap_err();
            assert_eq!(error.code(), expected, "{written}");
        }
        for answer in ["{}", r#"{"error":"bad_credentials"}"#, r#"{"user":{"id":1}}"#] {
            assert_eq!(claims(r#"{"id":"id"}"#, answer).unwrap_err().code(), Code::MissingClaim, "{answer}");
        }
    }

    #[test]
    fn a_mapping_that_names_nobody_or_nothing_is_refused() {
        for mapping in [
            "{}",
            r#"{"email":"email"}"#,
            r#"{"id":""}"#,
            r#"{"id":[]}"#,
            r#"{"id":["data",""]}"#,
            r#"{"id":["data",1]}"#,
            r#"{"id":1}"#,
            r#"{"id":"id","email":null}"#,
            r#"{"id":"id","sub":"login"}"#,
            r#"{"id":"id","email_verified":"verified"}"#,
        ] {
            assert_eq!(claims(mapping, r#"{"id":1}"#).unwrap_err().code(), Code::InvalidOption, "{mapping}");
        }
    }

    #[test]
    fn a_value_that_could_not_be_read_again_once_it_is_stored_is_refused() {
        let nested = |depth: usize| format!("{{\"id\":1,\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let mapping = r#"{"id":"id","x":"x"}"#;
        assert!(claims(mapping, &nested(MAX_OTHER_DEPTH)).is_ok());
        assert_eq!(claims(mapping, &nested(MAX_OTHER_DEPTH + 1)).unwrap_err().code(), Code::InvalidClaim);
    }
}
