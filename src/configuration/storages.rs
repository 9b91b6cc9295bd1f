//! Where sessions can be kept, and what belongs to each kind of storage.

use super::keys::{Key, key};
use super::kind::Kind;

/// A storage with a word for it and what belongs to it.
#[derive(Debug)]
pub(super) struct Storage {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) members: &'static [Key],
    /// The members without which it cannot be made.
    pub(super) required: &'static [&'static str],
}

const KIND: Key = key("kind", &["type"], Kind::Name, "The kind of storage.");
const PATH: Key = key("path", &[], Kind::Plain, "The file.");

/// Where sessions can be kept.
pub(super) static STORAGES: &[Storage] = &[
    Storage { name: "memory", aliases: &[], members: &[KIND], required: &[] },
    Storage { name: "session", aliases: &[], members: &[KIND], required: &[] },
    Storage { name: "local", aliases: &[], members: &[KIND], required: &[] },
    Storage {
        name: "encrypted",
        aliases: &[],
        members: &[KIND, key("name", &[], Kind::Plain, "The name of the database.")],
        required: &[],
    },
    Storage { name: "file", aliases: &[], members: &[KIND, PATH], required: &["path"] },
    Storage {
        name: "encryptedFile",
        aliases: &["encrypted_file"],
        members: &[
            KIND,
            PATH,
            key(
                "passphrase",
                &[],
                Kind::Text,
                "What the file is encrypted with; a reference keeps it out of the document.",
            ),
        ],
        required: &["path", "passphrase"],
    },
    Storage { name: "sops", aliases: &[], members: &[KIND, PATH], required: &["path"] },
];

impl Storage {
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        STORAGES.iter().find(|storage| storage.name == name || storage.aliases.contains(&name))
    }
}
