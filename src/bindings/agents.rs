//! Agents as records, whoever has their tokens.

use super::record::Record;
use crate::protocol::json::Json;
use crate::session::Agent;

/// An agent without what its tokens say; `revision` tells agents of a session apart.
#[cfg(any(feature = "core-bindings", feature = "tools-bindings"))]
#[inline(never)]
pub(super) fn begun(agent: &Agent, revision: u32) -> Record {
    let mut record = without_claims(agent, revision);
    record.text("claimsJson", Some(&agent.claims.to_string()));
    record
}

/// The same without the text of its claims.
pub(super) fn without_claims(agent: &Agent, revision: u32) -> Record {
    let mut record = Record::default();
    record.number("revision", Some(revision.into()));
    record.text("id", Some(&agent.id));
    record.text("type", Some(agent.agent_type.as_str()));
    record.text("email", agent.email.as_deref());
    record.flag("emailVerified", agent.email_verified);
    record.put("access", Json::Object(agent.access.to_json()));
    record.texts("malformedScopes", &agent.access.malformed_scopes());
    record
}
