//! The session as it is stored: versioned JSON text.

use crate::error;
use crate::protocol::json::{self, Json, Object};
use crate::session::TokenSet;

/// The version that this library writes. Version 1 had neither an epoch nor a pending answer.
const VERSION: i64 = 2;

/// What is stored of a session. Who it is follows from the ID token, which was verified before its tokens became current.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The session's id.
    pub id: String,
    /// The newest sign-out that was known when the session began; `None` in records of version 1.
    pub epoch: Option<i64>,
    /// Its tokens.
    pub tokens: TokenSet,
    /// The answer of a refresh, stored before it was verified.
    pub pending: Option<TokenSet>,
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
        object.put_integer("epoch", self.epoch);
        object.insert("tokens", Json::Object(self.tokens.to_json()));
        if let Some(pending) = &self.pending {
            object.insert("pending", Json::Object(pending.to_json()));
        }
        object.to_string()
    }

    /// A session from stored text.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let object = json::parse_object(text.as_bytes()).map_err(|_| Unreadable::Corrupt)?;
        match object.seconds("version") {
            Ok(Some(1..=VERSION)) => {}
            Ok(Some(version)) if version > VERSION => return Err(Unreadable::Newer),
            _ => return Err(Unreadable::Corrupt),
        }
        Self::from_members(&object).map_err(|_| Unreadable::Corrupt)
    }

    fn from_members(object: &Object) -> error::Result<Self> {
        Ok(Self {
            id: object.required_text("session")?,
            epoch: object.seconds("epoch")?,
            tokens: TokenSet::from_json(object.required_object("tokens")?)?,
            pending: object.object("pending")?.map(TokenSet::from_json).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: &str = r#"{"access_token":"a","token_type":"Bearer","issued_at":5,"version":1}"#;

    fn text() -> String {
        format!(r#"{{"version":2,"session":"s1","epoch":7,"tokens":{TOKENS},"pending":{TOKENS}}}"#)
    }

    #[test]
    fn a_record_round_trips() {
        assert_eq!(Record::from_text(&text()).unwrap().to_text(), text());
    }

    #[test]
    fn a_record_of_version_1_is_read_and_written_as_the_current_one() {
        let old = format!(r#"{{"version":1,"session":"s1","tokens":{TOKENS}}}"#);
        let record = Record::from_text(&old).unwrap();
        assert_eq!((record.epoch, &record.pending), (None, &None));
        assert_eq!(record.to_text(), old.replacen("\"version\":1", "\"version\":2", 1));
    }

    #[test]
    fn a_record_of_a_newer_version_is_told_from_a_broken_one() {
        assert_eq!(Record::from_text(&text().replacen("\"version\":2", "\"version\":3", 1)), Err(Unreadable::Newer));
        for broken in ["", "null", "[]", "{", "{\"version\":\"1\"}", "{\"version\":1}", "{\"version\":0}"] {
            assert_eq!(Record::from_text(broken), Err(Unreadable::Corrupt), "{broken}");
        }
        assert_eq!(Record::from_text(&text().replace("\"a\"", "7")), Err(Unreadable::Corrupt));
        assert_eq!(Record::from_text(&text().replace("\"epoch\":7", "\"epoch\":\"7\"")), Err(Unreadable::Corrupt));
    }
}
