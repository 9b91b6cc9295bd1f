//! Access questions: compiled scopes behind a handle that JavaScript's garbage collection releases.

use wasm_bindgen::prelude::*;

use super::record::{Record, to_js};
use crate::authz::access::Access;
use crate::authz::grants::Grants;
use crate::authz::scope;
use crate::protocol::json;

/// What one agent may do.
#[wasm_bindgen]
pub struct WasmAccess(Access);

#[wasm_bindgen]
impl WasmAccess {
    /// Compiles the grants in verified claims and granted scopes.
    #[wasm_bindgen(constructor)]
    pub fn new(claims_json: &str, scope: Option<String>) -> Self {
        // The text was written by this library: what cannot be read grants nothing.
        let claims = json::parse_object(claims_json.as_bytes()).unwrap_or_default();
        let (access, _) = Access::from_claims(&claims, scope.as_deref());
        Self(access)
    }

    /// In one organization, or in any where its name is empty.
    pub fn has_access(&self, organization: &str, action: &str, resource: &str) -> bool {
        if organization.is_empty() {
            return self.0.has_access(action, resource);
        }
        self.0.has_access_in(organization, action, resource)
    }

    /// Whether the agent is the `owner`, an `admin` or a `member` of the organization.
    pub fn has_role(&self, organization: &str, role: &str) -> bool {
        match role {
            "owner" => self.0.is_owner_of(organization),
            "admin" => self.0.is_admin_of(organization),
            _ => self.0.is_member_of(organization),
        }
    }
}

/// Whether a list of scopes, one a line, grants an action on a resource.
#[wasm_bindgen]
pub fn has_access(scopes: &str, action: &str, resource: &str) -> bool {
    let scopes: Vec<String> = scopes.split('\n').map(str::to_owned).collect();
    Grants::compile(&scopes).allows(action, resource)
}

/// The parts of a scope; `undefined` for what is none.
#[wasm_bindgen]
pub fn parse_scope(text: &str) -> JsValue {
    let Some(parsed) = scope::parse_scope(text) else { return JsValue::UNDEFINED };
    let mut record = Record::default();
    record.text("resource", Some(parsed.resource));
    record.text("action", Some(parsed.action));
    to_js(&record.done())
}
