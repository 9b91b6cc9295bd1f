//! The organizations that the claims list, read so that a lying or broken claim never grants more.

/// One organization that the agent is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its identifier, unique at the provider.
    pub id: String,
    /// Its name for people, where the provider sent one.
    pub title: Option<String>,
    /// The agent's scopes in it, as they came.
    pub scopes: Vec<String>,
    /// When the agent joined, in Unix seconds.
    pub joined_at: Option<i64>,
}
