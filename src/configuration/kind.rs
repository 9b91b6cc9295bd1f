//! What may stand at a key, and the keys of each level of a document.

use super::keys::{APPLICATION, AUTHENTICATION, ENVIRONMENT, Key, OPTIONS, PROVIDER, ROOT, WRAPPER};

/// What may stand at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, taken as it is written.
    Name,
    /// Text in which `${NAME}` is replaced.
    Plain,
    /// Text in which `${NAME}` is replaced, or a reference of the app's own scheme: what may be secret.
    Text,
    /// An `https` URL, or `http` on loopback; `${NAME}` is replaced.
    Url,
    /// An issuer: such a URL without a query.
    Issuer,
    /// The URL of an endpoint, which is a member of the metadata of this name.
    Endpoint(&'static str),
    /// True or false.
    Flag,
    /// Only true, with the reason.
    Always(&'static str),
    /// A whole number of seconds.
    Whole { least: i64, most: i64 },
    /// A port of TCP.
    Port,
    /// A list of texts, or one with spaces; `${NAME}` is replaced.
    Words,
    /// A list of texts; `${NAME}` is replaced.
    Texts,
    /// Names of JWS algorithms.
    Algorithms,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, or an object that is not looked into.
    Mapping(&'static [&'static str]),
    /// Provider metadata (RFC 8414 2).
    Metadata,
    /// An object that is not looked into.
    Free,
    /// Texts by names of headers.
    Headers,
    /// A method of client authentication.
    Authentication,
    /// A kind of storage, or an object that has one.
    Storage,
    /// What belongs to this kind of storage.
    StorageMembers(&'static str),
    /// A project id, or one for each environment.
    ProjectId,
    /// Project ids by application.
    ProjectIds,
    /// One object.
    Section(Level),
    /// Objects by names of the document's own.
    Named(Level),
}

/// The levels of a document, each with its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Wrapper,
    Root,
    Provider,
    Environment,
    Application,
    Authentication,
    Overrides,
}

impl Level {
    pub(super) fn keys(self) -> impl Iterator<Item = &'static Key> + Clone {
        let (own, options): (&'static [Key], &'static [Key]) = match self {
            Self::Wrapper => (WRAPPER, &[]),
            Self::Root => (ROOT, &[]),
            Self::Provider => (PROVIDER, OPTIONS),
            Self::Environment => (ENVIRONMENT, OPTIONS),
            Self::Application => (APPLICATION, &[]),
            Self::Authentication => (AUTHENTICATION, &[]),
            Self::Overrides => (&[], OPTIONS),
        };
        options.iter().chain(own)
    }
}
