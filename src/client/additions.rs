//! What an app's own function made of a request: it may add to it, and nothing else.

use crate::error::{Code, Error, Result};
use crate::protocol::form;
use crate::protocol::headers::check_added;
use crate::protocol::http::HttpRequest;
use crate::protocol::secret::Secret;
use crate::protocol::token_request;

/// What a function may add to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition {
    /// Form fields, and any header that proves who the client is.
    ClientAuthentication,
    /// Headers that the library does not set.
    Headers,
}

/// What an app's function did wrong.
#[inline(never)]
pub(crate) fn fault_of(code: Code, function: &'static str, did: &str) -> Error {
    Error::new(code, format!("the app's own `{function}` {did}"))
}

/// The function answered what is no request, or changed more than it may.
#[inline(never)]
pub(crate) fn no_addition(function: &'static str) -> Error {
    let expected = "has to answer with the request that it was given: it may add headers, and `clientAuth` form fields as \
                    well, and change nothing else";
    fault_of(Code::PlugInAnswer, function, expected)
}

impl Addition {
    /// The function, as messages name it.
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::ClientAuthentication => "clientAuth",
            Self::Headers => "onRequest",
        }
    }

    /// Adds to the request what the function added.
    ///
    /// # Errors
    /// `PlugInAnswer` where it changed what it may not change, and those of [`check_added`].
    pub(super) fn accept(self, asked: &mut HttpRequest, made: HttpRequest, is_page: bool) -> Result<()> {
        let is_fine = made.url == asked.url
            && made.method == asked.method
            && match (&asked.body, &made.body) {
                (Some(asked), Some(made)) if self == Self::ClientAuthentication => only_adds(asked, made),
                (asked, made) => asked == made,
            };
        if !is_fine {
            return Err(no_addition(self.function()));
        }
        asked.body = made.body;
        for (name, value) in made.headers {
            let name = name.to_ascii_lowercase();
            // Headers that were there may be left out, and stay.
            let known = asked.headers.iter_mut().find(|(known, _)| *known == name);
            if known.as_ref().is_some_and(|(_, set)| *set == value) {
                continue;
            }
            let is_proof = self == Self::ClientAuthentication && name == "authorization";
            check_added(if is_proof { "x" } else { &name }, &value, is_page)?;
            match known {
                Some((_, set)) => *set = value,
                None => asked.headers.push((name, value)),
            }
        }
        Ok(())
    }
}

/// Whether the fields that were there are there once, but for the client id, which some ways to prove who the client is say
/// as well, and whether nothing was added that is the library's to say.
fn only_adds(asked: &Secret, made: &Secret) -> bool {
    let asked = form::pairs(asked.expose().as_bytes());
    let mut added = form::pairs(made.expose().as_bytes());
    asked.iter().all(|field| match added.iter().position(|one| one == field) {
        Some(at) => {
            added.swap_remove(at);
            true
        }
        None => field.0 == "client_id",
    }) && !added.iter().any(|(name, _)| {
        let is_ours = asked.iter().any(|(known, _)| known == name) || token_request::is_reserved(name);
        is_ours && (name == "client_id" || !name.starts_with("client_"))
    })
}
