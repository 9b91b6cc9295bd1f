//! Marks: what the tabs of an origin have to know of each other. Sign-outs, so that nothing resurrects, and refresh tokens
//! that are under way or spent, so that none is sent twice. Never a secret: tokens are named by their fingerprints.

use super::Client;
use crate::ports::{Area, Host};
use crate::protocol::json::{self, Json, Object};
use crate::session::EndReason;

const REFRESH_PREFIX: &str = "wasm-oidc:refresh:";
/// How many refresh tokens are remembered: as many as a tab renews in a day, so that a duplicate which slept through it
/// still knows that its own is spent.
const MAX_MARKS: usize = 256;

/// The newest sign-out of a client: sessions that began before it are over, wherever they are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tombstone {
    pub(super) epoch: i64,
    pub(super) reason: EndReason,
}

/// What is known of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nobody is known to have sent it.
    Unsent,
    /// It was sent and nobody has told its end: when (Unix seconds), and by whom.
    UnderWay { sent_at: i64, by: String },
    /// It was sent and its answer is lost; the provider may have rotated it.
    Lost { sent_at: i64 },
    /// Its answer was stored: it is never sent again.
    Spent { since: i64 },
}

impl Mark {
    fn to_text(&self) -> String {
        let mut object = Object::new();
        match self {
            Self::Unsent => {}
            Self::UnderWay { sent_at, by } => {
                object.put_integer("sent", Some(*sent_at));
                object.put_text("by", Some(by));
            }
            Self::Lost { sent_at } => {
                object.put_integer("sent", Some(*sent_at));
                object.insert("over", Json::Bool(true));
            }
            Self::Spent { since } => object.put_integer("spent", Some(*since)),
        }
        object.to_string()
    }

    /// The mark of a text; what cannot be read says nothing.
    fn from_text(text: &str) -> Self {
        let Ok(object) = json::parse_object(text.as_bytes()) else { return Self::Unsent };
        let seconds = |name: &str| object.seconds(name).ok().flatten();
        match (seconds("spent"), seconds("sent"), object.bool("over").ok().flatten()) {
            (Some(since), _, _) => Self::Spent { since },
            (None, Some(sent_at), Some(true)) => Self::Lost { sent_at },
            (None, Some(sent_at), _) => {
                let by = object.text("by").ok().flatten().unwrap_or_default();
                Self::UnderWay { sent_at, by }
            }
            _ => Self::Unsent,
        }
    }

    fn time(&self) -> i64 {
        match self {
            Self::Unsent => i64::MIN,
            Self::UnderWay { sent_at: time, .. } | Self::Lost { sent_at: time } | Self::Spent { since: time } => *time,
        }
    }
}

impl<H: Host> Client<H> {
    /// The newest sign-out; epoch 0 where there was none.
    pub(super) fn tombstone(&self) -> Tombstone {
        let read = |text: Option<String>| {
            let object = json::parse_object(text.unwrap_or_default().as_bytes()).unwrap_or_default();
            Tombstone {
                epoch: object.seconds("epoch").ok().flatten().unwrap_or(0),
                reason: EndReason::parse(&object.text("reason").ok().flatten().unwrap_or_default()),
            }
        };
        let (shared, own) = self.read_mark(&self.tombstone_key());
        let (shared, own) = (read(shared), read(own));
        if own.epoch > shared.epoch { own } else { shared }
    }

    /// The newest sign-out as far as it can be known: where marks cannot be read there may have been one just now.
    pub(super) fn known_epoch(&self) -> i64 {
        let epoch = self.tombstone().epoch;
        let is_readable = self.host().load(Area::Marks, &self.tombstone_key()).is_ok();
        if is_readable { epoch } else { epoch.max(self.now()) }
    }

    /// Begins a new epoch: what is older is over. By the clock, so that it is newer than any session even where the marks
    /// were cleared meanwhile, and never smaller than before, whatever the clock says.
    pub(super) fn begin_epoch(&self, ended: i64, reason: EndReason) -> i64 {
        let newest = self.tombstone().epoch.max(ended).saturating_add(1);
        let epoch = newest.max(self.now());
        self.write_mark(&self.tombstone_key(), Some(&tombstone_text(epoch, reason.as_str())));
        epoch
    }

    /// Where marks cannot be read, a sign-out is believed to the tab that tells of it.
    pub(super) fn believe(&self, epoch: i64, reason: &str) {
        if self.host().load(Area::Marks, "").is_err() && epoch > self.tombstone().epoch {
            self.keep(&self.tombstone_key(), Some(&tombstone_text(epoch, reason)));
        }
    }

    /// What is known of a refresh token.
    pub(super) fn mark(&self, fingerprint: &str) -> Mark {
        self.mark_at(&refresh_key(fingerprint))
    }

    /// Tells all tabs about a refresh token.
    pub(super) fn set_mark(&self, fingerprint: &str, mark: &Mark) {
        let key = refresh_key(fingerprint);
        if *mark == Mark::Unsent {
            return self.write_mark(&key, None);
        }
        let mut others = self.host().keys(Area::Marks, REFRESH_PREFIX).unwrap_or_default();
        others.retain(|other| *other != key);
        while others.len() >= MAX_MARKS {
            let oldest = others.iter().enumerate().min_by_key(|(_, other)| self.mark_at(other).time());
            let Some((oldest, _)) = oldest else { break };
            self.write_mark(&others.swap_remove(oldest), None);
        }
        self.write_mark(&key, Some(&mark.to_text()));
    }

    fn mark_at(&self, key: &str) -> Mark {
        let read = |text: Option<String>| text.map_or(Mark::Unsent, |text| Mark::from_text(&text));
        let (shared, own) = self.read_mark(key);
        let (shared, own) = (read(shared), read(own));
        // Another tab may have got further than this one, whose own mark the store did not take.
        let is_ahead = matches!(own, Mark::Spent { .. }) || own.time() > shared.time();
        if is_ahead && !matches!(shared, Mark::Spent { .. }) { own } else { shared }
    }

    /// What all tabs see, and what this one keeps because the store did not take it.
    fn read_mark(&self, key: &str) -> (Option<String>, Option<String>) {
        (self.host().load(Area::Marks, key).ok().flatten(), self.kept(key))
    }

    fn write_mark(&self, key: &str, text: Option<&str>) {
        let written = match text {
            Some(text) => self.host().save(Area::Marks, key, text),
            None => self.host().delete(Area::Marks, key),
        };
        self.keep(key, text.filter(|_| written.is_err()));
    }

    fn tombstone_key(&self) -> String {
        format!("wasm-oidc:signed-out:{}", self.inner.store_tag.as_str())
    }
}

fn tombstone_text(epoch: i64, reason: &str) -> String {
    let mut object = Object::new();
    object.put_integer("epoch", Some(epoch));
    object.put_text("reason", Some(reason));
    object.to_string()
}

fn refresh_key(fingerprint: &str) -> String {
    format!("{REFRESH_PREFIX}{fingerprint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_round_trip_and_broken_ones_say_nothing() {
        for mark in [
            Mark::UnderWay { sent_at: 5, by: "a".to_owned() },
            Mark::Lost { sent_at: 6 },
            Mark::Spent { since: 7 },
            Mark::Unsent,
        ] {
            assert_eq!(Mark::from_text(&mark.to_text()), mark);
        }
        for broken in ["", "[]", "{\"sent\":\"5\"}", "{\"spent\":null}", "{"] {
            assert_eq!(Mark::from_text(broken), Mark::Unsent, "{broken}");
        }
    }
}
