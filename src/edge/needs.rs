//! What a request needs beside a good token.

use crate::authz::access::Access;
use crate::error::{Code, Error, Result};
use crate::protocol::json::Object;
use crate::protocol::words;

/// What a request needs beside a good token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Scopes that the token has to have, each of them.
    pub scopes: Vec<String>,
    /// What the agent has to be allowed.
    pub access: Option<NeededAccess>,
}

/// What an agent has to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededAccess {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The organization; `None`: in any, or by the token itself.
    pub organization: Option<String>,
}

impl Needs {
    /// Needs from the JSON of JavaScript's object.
    ///
    /// # Errors
    /// `ConfigurationError` `invalid_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let access = match object.object("access")? {
            Some(access) => Some(NeededAccess {
                action: access.required_string("action")?.to_owned(),
                resource: access.required_string("resource")?.to_owned(),
                organization: access.text("organization")?,
            }),
            None => None,
        };
        Ok(Self { scopes: object.strings("scopes")?.unwrap_or_default(), access })
    }

    /// What a client has to ask for to be let in (RFC 6750 3).
    #[must_use]
    pub fn wanted_scopes(&self) -> Vec<String> {
        let mut scopes = self.scopes.clone();
        scopes.extend(self.access.as_ref().map(|needed| format!("{}:{}", needed.resource, needed.action)));
        scopes
    }

    /// Whether the token's scopes and what its agent may do are enough.
    pub(super) fn are_met(&self, access: &Access, scopes: &[String]) -> bool {
        self.scopes.iter().all(|scope| scopes.contains(scope))
            && self.access.as_ref().is_none_or(|needed| needed.is_granted(access))
    }

    /// The same, with what is missing.
    ///
    /// # Errors
    /// `insufficient_scope`
    pub(super) fn require(&self, access: &Access, scopes: &[String]) -> Result<()> {
        if self.are_met(access, scopes) {
            return Ok(());
        }
        if self.scopes.iter().all(|scope| scopes.contains(scope))
            && let Some(needed) = &self.access
        {
            return Err(access.refusal(needed.organization.as_deref(), &needed.action, &needed.resource));
        }
        let message = format!("the token needs the scopes \"{}\"", crate::error::harmless(&words::join(&self.scopes)));
        Err(Error::new(Code::InsufficientScope, message))
    }
}

impl NeededAccess {
    fn is_granted(&self, access: &Access) -> bool {
        match &self.organization {
            Some(organization) => access.has_access_in(organization, &self.action, &self.resource),
            None => access.has_access(&self.action, &self.resource),
        }
    }
}
