//! What an app's own function made of a request: it may add to it, and nothing else.

use crate::error::{Code, Error, Result, harmless};
use crate::protocol::form;
use crate::protocol::headers::check_added;
use crate::protocol::http::HttpRequest;
use crate::protocol::secret::Secret;
use crate::protocol::token_request;

type Pairs = Vec<(String, String)>;

/// What a function may add to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition {
    /// Form fields, and any header that proves who the client is.
    ClientAuthentication,
    /// Headers that the library does not set.
    Headers,
}

impl Addition {
    /// The function, as messages name it.
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::ClientAuthentication => "clientAuth",
            Self::Headers => "onRequest",
        }
    }

    /// The request as it was with what the function added.
    ///
    /// # Errors
    /// `PlugInAnswer` where it changed what it may not change, and those of [`check_added`].
    pub(super) fn accept(self, asked: HttpRequest, made: HttpRequest, is_page: bool) -> Result<HttpRequest> {
        if made.url != asked.url || made.method != asked.method {
            return Err(self.refused("changed where the request goes"));
        }
        let body = match (self, asked.body, made.body) {
            (Self::ClientAuthentication, Some(asked), Some(made)) => Some(self.fields(&asked, made)?),
            (_, asked, made) if asked == made => asked,
            _ => return Err(self.refused("changed the body of the request")),
        };
        let headers = self.headers(asked.headers, made.headers, is_page)?;
        Ok(HttpRequest { headers, body, ..asked })
    }

    /// Headers that were there may be left out, and stay.
    fn headers(self, mut asked: Pairs, made: Pairs, is_page: bool) -> Result<Pairs> {
        for (name, value) in made {
            let name = name.to_ascii_lowercase();
            let is_there = |(known, set): &(String, String)| *known == name && *set == value;
            if asked.iter().any(is_there) {
                continue;
            }
            let is_proof = self == Self::ClientAuthentication && name == "authorization";
            check_added(if is_proof { "x" } else { &name }, &value, is_page)?;
            asked.retain(|(known, _)| *known != name);
            asked.push((name, value));
        }
        Ok(asked)
    }

    /// Fields that were there have to stay, but for the client id: some ways to prove who the client is say that, too.
    fn fields(self, asked: &Secret, made: Secret) -> Result<Secret> {
        let asked = form::pairs(asked.expose().as_bytes());
        let mut added = form::pairs(made.expose().as_bytes());
        for field in &asked {
            match added.iter().position(|one| one == field) {
                Some(at) => drop(added.swap_remove(at)),
                None if field.0 == "client_id" => {}
                None => return Err(self.refused(&format!("took the field \"{}\" away", harmless(&field.0)))),
            }
        }
        for (name, _) in &added {
            let is_ours = asked.iter().any(|(known, _)| known == name) || token_request::is_reserved(name);
            if is_ours && (name == "client_id" || !name.starts_with("client_")) {
                return Err(self.refused(&format!("set the field \"{}\", which the library sets", harmless(name))));
            }
        }
        Ok(made)
    }

    fn refused(self, what: &str) -> Error {
        let function = self.function();
        Error::new(Code::PlugInAnswer, format!("the app's own `{function}` {what}: it may only add to the request"))
    }
}
