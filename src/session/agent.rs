//! The agent: who is signed in, and what it may do.

use std::rc::Rc;

use crate::authz::access::Access;
use crate::authz::mapping::ClaimMapping;
use crate::authz::organizations::Warning;
use crate::error::{Error, Result};
use crate::protocol::json::Object;

/// What kind of agent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentType {
    /// A person.
    User,
    /// A token that a person made for a program.
    PersonalToken,
    /// A key of an application.
    ApiKey,
    /// A machine.
    Agent,
}

impl AgentType {
    /// The type that the prefix of a subject names (`usr_`, `tok_`, `key_`, `agt_`), else the one given.
    #[must_use]
    pub fn of(subject: &str, otherwise: Self) -> Self {
        match subject.split_once('_') {
            Some(("usr", _)) => Self::User,
            Some(("tok", _)) => Self::PersonalToken,
            Some(("key", _)) => Self::ApiKey,
            Some(("agt", _)) => Self::Agent,
            _ => otherwise,
        }
    }

    /// The name that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::PersonalToken => "personal_token",
            Self::ApiKey => "api_key",
            Self::Agent => "agent",
        }
    }
}

/// The claims of a session cannot be read as the app's mapping says.
pub const CLAIM_MAPPING_FAILED: &str = "claim_mapping_failed";

/// Who is signed in. Immutable; holds no token.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The subject (`sub`); empty where a plain OAuth 2.0 provider names nobody.
    pub id: String,
    /// What kind of agent.
    pub agent_type: AgentType,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider says that the address was verified.
    pub email_verified: Option<bool>,
    /// What it may do.
    pub access: Access,
    /// The verified claims.
    pub claims: Rc<Object>,
    /// What was wrong with the claims about access, and was taken in the way that grants less.
    pub warnings: Vec<Warning>,
}

impl Agent {
    /// The agent of a person's sign-in, from verified claims and the granted scopes.
    ///
    /// # Errors
    /// What [`ClaimMapping::grants`] says.
    pub fn from_claims(claims: Rc<Object>, scope: Option<&str>, mapping: &ClaimMapping) -> Result<Self> {
        let (access, warnings) = mapping.grants(&claims, scope)?;
        Ok(Self::new(claims, access, warnings))
    }

    /// Somebody who may do nothing, since the mapping cannot read the claims: for tokens that must not be lost because of
    /// that.
    #[must_use]
    pub fn without_access(claims: Rc<Object>, error: &Error) -> Self {
        let message = format!("this agent may do nothing: {}", error.failure().message);
        Self::new(claims, ClaimMapping::nothing(), vec![Warning { code: CLAIM_MAPPING_FAILED, message }])
    }

    fn new(claims: Rc<Object>, access: Access, warnings: Vec<Warning>) -> Self {
        let id = claims.text("sub").ok().flatten().unwrap_or_default();
        Self {
            agent_type: AgentType::of(&id, AgentType::User),
            id,
            // A lying type here is no reason to refuse a sign-in: the claim then says nothing.
            email: claims.text("email").ok().flatten(),
            email_verified: claims.bool("email_verified").ok().flatten(),
            access,
            claims,
            warnings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::parse_object;

    #[test]
    fn the_prefix_of_the_subject_names_the_type() {
        for (subject, expected) in [
            ("usr_1", AgentType::User),
            ("tok_1", AgentType::PersonalToken),
            ("key_1", AgentType::ApiKey),
            ("agt_1", AgentType::Agent),
            ("someone", AgentType::User),
            ("xyz_1", AgentType::User),
        ] {
            assert_eq!(AgentType::of(subject, AgentType::User), expected, "{subject}");
        }
    }

    #[test]
    fn claims_of_a_wrong_type_say_nothing() {
        let claims = parse_object(br#"{"sub":"usr_1","email":["a@b.c"],"email_verified":"true"}"#).unwrap();
        let agent = Agent::from_claims(Rc::new(claims), None, &ClaimMapping::default()).unwrap();
        assert_eq!((agent.email, agent.email_verified), (None, None));
    }
}
