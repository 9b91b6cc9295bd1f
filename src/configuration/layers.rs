//! What a provider, its environment and the app's overrides say, one over the other, field by field.

use super::faults::below;
use super::kind::{Kind, Level};
use super::reading::{kind_of_metadata, members, named};
use crate::protocol::json::Json;
use crate::protocol::json::Object;

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// An option of the client.
    Option(&'a str),
    /// A member of the option `metadata`.
    Metadata(&'a str),
}

/// A value in the place where it goes.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub(super) target: Target<'a>,
    pub(super) kind: Kind,
    pub(super) value: &'a Json,
    /// Where it is written.
    pub(super) path: String,
    /// It is a value of the app's code, in which nothing is a reference.
    pub(super) is_literal: bool,
}

/// Values of several layers; the later wins.
#[derive(Default)]
pub(super) struct Layers<'a> {
    placed: Vec<Placed<'a>>,
}

impl<'a> Layers<'a> {
    /// Adds the options of an object.
    pub(super) fn add(&mut self, level: Level, object: &'a Object, path: &str) {
        let is_literal = level == Level::Overrides;
        let mut layer = Vec::new();
        for (key, name, value) in members(level, object) {
            let path = below(path, name);
            if key.kind == Kind::Metadata {
                for (member, value) in named(Some(value)) {
                    let (target, path) = (Target::Metadata(member), below(&path, member));
                    let kind = match kind_of_metadata(member) {
                        Some(kind) => kind,
                        None if value.as_str().is_some() => Kind::Plain,
                        None => Kind::Free,
                    };
                    layer.push(Placed { target, kind, value, path, is_literal });
                }
                continue;
            }
            let target = match key.kind {
                Kind::Endpoint(member) => Target::Metadata(member),
                // Nothing is to be done about these, and these are not options of a client.
                Kind::Always(_) | Kind::Named(_) | Kind::Name | Kind::ProjectIds => continue,
                _ => Target::Option(key.name),
            };
            layer.push(Placed { target, kind: key.kind, value, path, is_literal });
        }
        for placed in &layer {
            self.forget(placed.target);
        }
        self.placed.append(&mut layer);
    }

    /// Takes out what a value in this place stands instead of.
    pub(super) fn forget(&mut self, target: Target<'_>) {
        self.placed.retain(|placed| !is_same_thing(placed.target, target));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Placed<'a>> {
        self.placed.iter()
    }
}

/// Whether two places say the same thing, so that only one of them can count.
fn is_same_thing(one: Target<'_>, other: Target<'_>) -> bool {
    thing(one) == thing(other)
}

fn thing(target: Target<'_>) -> Target<'_> {
    match target {
        Target::Option("clientSecret") => Target::Option("clientAuth"),
        Target::Option("redirectPort") => Target::Option("redirectUri"),
        target => target,
    }
}
