//! What an agent may do as JSON, and back: the shape in which it crosses to JavaScript.

use super::access::Access;
use super::organizations::Organization;
use crate::error::Result;
use crate::protocol::json::{Json, Object};

impl Access {
    /// `{organizations, roles, tokenScopes}`; no `organizations` where there is no such claim.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut access = Object::default();
        if self.has_organizations() {
            let organizations = self.organizations().map(Organization::to_json);
            access.insert("organizations", Json::Array(organizations.collect()));
        }
        access.insert("roles", texts(self.roles()));
        access.insert("tokenScopes", texts(self.token_scopes()));
        access
    }

    /// What [`Access::to_json`] wrote.
    ///
    /// # Errors
    /// With the code of the object, for another shape.
    pub fn from_json(access: &Object) -> Result<Self> {
        let mut organizations = None;
        if access.get("organizations").is_some() {
            let listed = organizations.insert(Vec::new());
            // `null` is a list without entries: with no claim at all the scopes of the token would start to count.
            for organization in access.array("organizations")?.unwrap_or_default() {
                if let Json::Object(organization) = organization {
                    listed.push(Organization::from_json(organization)?);
                }
            }
        }
        let texts = |name| access.strings(name).map(Option::unwrap_or_default);
        Ok(Self::new(organizations, texts("roles")?, texts("tokenScopes")?))
    }
}

impl Organization {
    /// `{id, title, scopes, roles, joinedAt}`; what is absent is missing.
    #[must_use]
    #[inline(never)]
    pub fn to_json(&self) -> Json {
        let mut organization = Object::default();
        organization.put_text("id", Some(&self.id));
        organization.put_text("title", self.title.as_deref());
        organization.insert("scopes", texts(&self.scopes));
        organization.insert("roles", texts(&self.roles));
        organization.put_integer("joinedAt", self.joined_at);
        Json::Object(organization)
    }

    /// What [`Organization::to_json`] wrote.
    ///
    /// # Errors
    /// With the code of the object, for another shape.
    #[inline(never)]
    pub fn from_json(organization: &Object) -> Result<Self> {
        Ok(Self {
            id: organization.required_text("id")?,
            title: organization.text("title")?,
            scopes: organization.strings("scopes")?.unwrap_or_default(),
            roles: organization.strings("roles")?.unwrap_or_default(),
            joined_at: organization.seconds("joinedAt")?,
        })
    }
}

fn texts(texts: &[String]) -> Json {
    Json::Array(texts.iter().map(|text| Json::String(text.clone())).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::json::parse_object;

    fn organization() -> impl Strategy<Value = Organization> {
        let texts = || proptest::collection::vec(any::<String>(), 0..4);
        (any::<String>(), any::<Option<String>>(), texts(), texts(), any::<Option<i64>>())
            .prop_map(|(id, title, scopes, roles, joined_at)| Organization { id, title, scopes, roles, joined_at })
    }

    proptest! {
        #[test]
        fn access_comes_back_as_it_was_written(
            organizations in proptest::option::of(proptest::collection::vec(organization(), 0..4)),
            roles in proptest::collection::vec(any::<String>(), 0..4),
            token_scopes in proptest::collection::vec(any::<String>(), 0..4),
        ) {
            let access = Access::new(organizations, roles, token_scopes);
            let text = access.to_json().to_string();
            prop_assert_eq!(Access::from_json(&parse_object(text.as_bytes()).unwrap()).unwrap(), access);
        }
    }

    #[test]
    fn an_absent_organizations_claim_and_one_without_entries_are_not_the_same() {
        let read = |text: &str| Access::from_json(&parse_object(text.as_bytes()).unwrap());
        let scopes = r#""tokenScopes":["users:read"]"#;
        assert!(read(&format!("{{{scopes}}}")).unwrap().has_access("read", "users"));
        for organizations in ["[]", "null"] {
            let access = read(&format!("{{\"organizations\":{organizations},{scopes}}}")).unwrap();
            assert!(access.has_organizations() && !access.has_access("read", "users"), "{organizations}");
        }
        for organizations in ["{}", "\"org_a\"", "1", "[{}]", r#"[{"id":"a","scopes":"*:**"}]"#] {
            assert!(read(&format!("{{\"organizations\":{organizations},{scopes}}}")).is_err(), "{organizations}");
        }
    }
}
