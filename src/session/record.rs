//! The session as it is stored: versioned JSON text.

use crate::protocol::json::{self, Json, Object};
use crate::session::TokenSet;

/// The version that this library writes.
const VERSION: i64 = 1;

/// What is stored of a session. Who it is follows from the ID token, which was verified before it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The session's id.
    pub id: String,
    /// Its tokens.
    pub tokens: TokenSet,
}

/// Why a stored text is no session of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer version of the library wrote it: it stays in place.
    Newer,
    /// It is broken.
    Corrupt,
}

impl Record {
    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut object = Object::new();
        object.put_integer("version", Some(VERSION));
        object.put_text("session", Some(&self.id));
        object.insert("tokens", Json::Object(self.tokens.to_json()));
        object.to_string()
    }

    /// A session from stored text.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let object = json::parse_object(text.as_bytes()).map_err(|_| Unreadable::Corrupt)?;
        match object.seconds("version") {
            Ok(Some(VERSION)) => {}
            Ok(Some(version)) if version > VERSION => return Err(Unreadable::Newer),
            _ => return Err(Unreadable::Corrupt),
        }
        let id = object.required_text("session").map_err(|_| Unreadable::Corrupt)?;
        let tokens = object.required_object("tokens").map_err(|_| Unreadable::Corrupt)?;
        Ok(Self { id, tokens: TokenSet::from_json(tokens).map_err(|_| Unreadable::Corrupt)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"version":1,"session":"s1","tokens":{"access_token":"a","token_type":"Bearer","issued_at":5,"version":1}}"#;

    #[test]
    fn a_record_round_trips() {
        let record = Record::from_text(TEXT).unwrap();
        assert_eq!(record.to_text(), TEXT);
    }

    #[test]
    fn a_record_of_a_newer_version_is_told_from_a_broken_one() {
        assert_eq!(Record::from_text(&TEXT.replacen("\"version\":1", "\"version\":2", 1)), Err(Unreadable::Newer));
        for broken in ["", "null", "[]", "{", "{\"version\":\"1\"}", "{\"version\":1}", "{\"version\":0}"] {
            assert_eq!(Record::from_text(broken), Err(Unreadable::Corrupt), "{broken}");
        }
        assert_eq!(Record::from_text(&TEXT.replace("\"a\"", "7")), Err(Unreadable::Corrupt));
    }
}
