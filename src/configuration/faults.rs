//! What is wrong with a document: every mistake with the path to it, never with a value, since that may be a secret.

use crate::error::{Code, Error, Result, harmless};
use crate::given::nearest;

/// How many mistakes are told; a document may have a million.
const MOST_TOLD: usize = 10;

/// The mistakes of a document, in the order of its text.
#[derive(Default)]
pub(super) struct Faults {
    told: Vec<(Code, String)>,
    others: usize,
}

impl Faults {
    pub(super) fn add(&mut self, code: Code, path: &str, what: &str) {
        if !self.is_full() {
            self.told.push((code, format!("{path}: {what}")));
        } else {
            self.others = self.others.saturating_add(1);
        }
    }

    /// A value that may not stand there.
    #[inline(never)]
    pub(super) fn wrong(&mut self, path: &str, what: &str) {
        self.add(Code::InvalidOption, path, what);
    }

    /// A name that nothing has.
    #[inline(never)]
    pub(super) fn unknown(&mut self, path: &str, what: &str, name: &str, known: &[&str]) {
        // Looking for the nearest name takes its time, and nobody would read it.
        let hint = if self.is_full() { String::new() } else { hint(name, known) };
        self.add(Code::UnknownOption, path, &format!("unknown {what}{hint}"));
    }

    /// Whether a further mistake is only counted.
    pub(super) fn is_full(&self) -> bool {
        self.told.len() >= MOST_TOLD
    }

    /// The mistakes as one error, with the code of the first.
    pub(super) fn finish(self) -> Result<()> {
        let Some((code, _)) = self.told.first() else { return Ok(()) };
        let mut message = String::from("the configuration has a mistake at ");
        for (at, (_, fault)) in self.told.iter().enumerate() {
            if at > 0 {
                message.push_str("; another at ");
            }
            message.push_str(fault);
        }
        if self.others > 0 {
            message.push_str(&format!("; and {} more", self.others));
        }
        Err(Error::new(*code, message))
    }
}

/// The nearest known name as a question, or nothing where none is near.
#[inline(never)]
pub(super) fn hint(name: &str, known: &[&str]) -> String {
    nearest(name, known).map(|near| format!("; did you mean \"{}\"?", harmless(near))).unwrap_or_default()
}

/// Names as a list for people.
#[inline(never)]
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => "there is none".to_owned(),
        names => {
            let names: Vec<_> = names.iter().take(20).map(|name| format!("\"{}\"", harmless(name))).collect();
            format!("known: {}", names.join(", "))
        }
    }
}

/// The path to a member.
#[inline(never)]
pub(super) fn below(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'));
    match (path, is_plain) {
        ("", true) => name.to_owned(),
        (_, true) => format!("{path}.{name}"),
        (_, false) => {
            let name: String = harmless(name).chars().take(64).collect();
            format!("{path}[\"{name}\"]")
        }
    }
}
