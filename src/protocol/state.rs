//! The `state` of an authorization request (RFC 6749 10.12): tagged, so that "is this ours" never depends on storage.
//!
//! `<tag>.<random>` comes back to the window that the user left from. `<tag>~<random>` comes back to a window or frame
//! beside it, which hands the response over. The mark stands before all that an app can choose, and no tag holds it, so
//! that no `state` of an app's own can be taken for the other kind.

use super::base64;
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};

/// How many bytes of the hash make the tag: 16 characters, no secret, enough that two clients never share one.
const TAG_BYTES: usize = 12;

/// What stands after the tag where the response comes back to the window that began.
const DIRECT: char = '.';
/// What stands there where the response has to be relayed.
const RELAYED: char = '~';

/// What marks the states of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTag(String);

impl StateTag {
    /// The tag of the client with this issuer, client id and redirect URI, in this storage namespace.
    #[must_use]
    pub fn new(issuer: &str, client_id: &str, redirect_uri: &str, namespace: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [issuer, client_id, redirect_uri, namespace] {
            // With its length, so that no text can move from one part to the next.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(base64::encode(digest.get(..TAG_BYTES).unwrap_or_default()))
    }

    /// A state of this client: the tag, a dot, and what makes it unguessable.
    #[must_use]
    pub fn state(&self, random: &str) -> String {
        format!("{}{DIRECT}{random}", self.0)
    }

    /// The same for a sign-in in a popup or a frame: whoever sees it come back has to relay it, and knows that from
    /// the state alone. `window.opener` can be cut off by COOP, and storage can be another one.
    #[must_use]
    pub fn relayed_state(&self, random: &str) -> String {
        format!("{}{RELAYED}{random}", self.0)
    }

    /// The tag itself, good for naming what belongs to the client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a state is one of this client's.
    #[must_use]
    pub fn owns(&self, state: &str) -> bool {
        self.random_after(DIRECT, state) || self.relays(state)
    }

    /// Whether a state is one of this client's that has to be relayed.
    #[must_use]
    pub fn relays(&self, state: &str) -> bool {
        self.random_after(RELAYED, state)
    }

    fn random_after(&self, mark: char, state: &str) -> bool {
        let random = state.strip_prefix(self.0.as_str()).and_then(|rest| rest.strip_prefix(mark));
        random.is_some_and(|random| !random.is_empty())
    }
}

/// Checks a `state` or `nonce` that the app brings: long enough not to be guessed, and of a size that URLs can carry.
///
/// # Errors
/// `InvalidOption` naming the option, unless the value has 22 to 512 characters of `%x21-7E`.
pub fn check_caller_value(name: &str, value: &str) -> Result<()> {
    if (22..=512).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let message = format!("\"{name}\" must have 22 to 512 visible ASCII characters, and must not be guessable");
    Err(Error::new(Code::InvalidOption, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> StateTag {
        StateTag::new("https://idp", "spa", "https://app/cb", "")
    }

    #[test]
    fn a_tag_owns_its_states_and_no_others() {
        let state = tag().state("random");
        assert_eq!(state.len(), 16 + 1 + "random".len());
        assert!(tag().owns(&state));
        let (tag_alone, rest) = state.split_at(16);
        let (dot, tilde) = (format!("{tag_alone}."), format!("{tag_alone}~"));
        for foreign in ["", ".", "random", rest, tag_alone, &dot, &tilde, &format!("x{state}")] {
            assert!(!tag().owns(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_state_says_whether_it_is_relayed_whatever_the_app_chose() {
        let random = base64::encode(&[0xff; 32]);
        for chosen in ["random", "~random", "..random", "~", ".~.~", &random] {
            let (direct, relayed) = (tag().state(chosen), tag().relayed_state(chosen));
            assert!(tag().owns(&direct) && !tag().relays(&direct), "{direct}");
            assert!(tag().owns(&relayed) && tag().relays(&relayed), "{relayed}");
        }
        let other = StateTag::new("https://idp", "spb", "https://app/cb", "");
        assert!(!other.owns(&tag().relayed_state("random")) && !other.relays(&tag().relayed_state("random")));
    }

    #[test]
    fn each_part_changes_the_tag_and_none_can_move_to_the_next() {
        let tags = [
            tag(),
            StateTag::new("https://idp/", "spa", "https://app/cb", ""),
            StateTag::new("https://idp", "spb", "https://app/cb", ""),
            StateTag::new("https://idp", "spa", "https://app/cb2", ""),
            StateTag::new("https://idp", "spa", "https://app/cb", "x"),
            StateTag::new("https://idps", "pa", "https://app/cb", ""),
            StateTag::new("https://idp", "spahttps://app/cb", "", ""),
        ];
        for (at, tag) in tags.iter().enumerate() {
            assert_eq!(tags.iter().filter(|other| *other == tag).count(), 1, "{at}");
        }
    }

    #[test]
    fn a_value_of_the_app_has_22_to_512_visible_ascii_characters() {
        let check = |value: &str| check_caller_value("nonce", value).map_err(|error| error.code());
        assert_eq!(check(&"a".repeat(22)), Ok(()));
        assert_eq!(check(&"~!".repeat(256)), Ok(()));
        for value in ["", &"a".repeat(21), &"a".repeat(513), &" ".repeat(30), &"é".repeat(30), &"a\n".repeat(20)] {
            assert_eq!(check(value), Err(Code::InvalidOption));
        }
    }

    #[test]
    fn the_error_names_the_option_and_not_its_value() {
        let message = check_caller_value("nonce", "canary").unwrap_err().to_string();
        assert!(message.contains("\"nonce\"") && !message.contains("canary"), "{message}");
    }
}
