//! Access questions: compiled scopes behind a handle that JavaScript's garbage collection releases.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::records::to_js;
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

    /// In any organization.
    pub fn has_access(&self, action: &str, resource: &str) -> bool {
        self.0.has_access(action, resource)
    }

    /// In one organization.
    pub fn has_access_in(&self, organization: &str, action: &str, resource: &str) -> bool {
        self.0.has_access_in(organization, action, resource)
    }

    /// Whether the organization lists the role `owner`.
    pub fn is_owner_of(&self, organization: &str) -> bool {
        self.0.is_owner_of(organization)
    }

    /// Whether the organization lists the role `admin`.
    pub fn is_admin_of(&self, organization: &str) -> bool {
        self.0.is_admin_of(organization)
    }

    /// Whether the organization is listed.
    pub fn is_member_of(&self, organization: &str) -> bool {
        self.0.is_member_of(organization)
    }

    /// The raw scopes in one organization.
    pub fn scopes_for(&self, organization: &str) -> Vec<String> {
        self.0.scopes_for(organization).to_vec()
    }
}

/// Whether a list of scopes grants an action on a resource.
#[wasm_bindgen]
pub fn has_access(scopes: Vec<String>, action: &str, resource: &str) -> bool {
    Grants::compile(&scopes).allows(action, resource)
}

#[derive(Serialize)]
struct ScopeRecord<'a> {
    resource: &'a str,
    action: &'a str,
}

/// The parts of a scope; `undefined` for what is none.
#[wasm_bindgen]
pub fn parse_scope(text: &str) -> JsValue {
    match scope::parse_scope(text) {
        Some(parsed) => to_js(&ScopeRecord { resource: parsed.resource, action: parsed.action }),
        None => JsValue::UNDEFINED,
    }
}
