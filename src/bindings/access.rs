//! Access questions: compiled scopes behind a handle that JavaScript's garbage collection releases.

use wasm_bindgen::prelude::*;

use super::errors::thrown;
use super::record::{Record, to_js};
use crate::authz::access::{Access, Grant};
use crate::authz::question::Question;
#[cfg(feature = "core-bindings")]
use crate::authz::scope;
use crate::protocol::json;

/// What one agent may do.
///
/// A question is the scope that answers it exactly, `projects.tasks:write`: one text crosses, and whatever is malformed in
/// it leaves no scope. An organization is its place in the list; any, or the token itself, where that is negative.
#[wasm_bindgen]
pub struct WasmAccess(Access);

#[wasm_bindgen]
impl WasmAccess {
    /// Compiles what the record of an agent says.
    #[wasm_bindgen(constructor)]
    pub fn new(access_json: &str) -> Self {
        // The text was written by this library: what cannot be read grants nothing.
        let access = json::parse_object(access_json.as_bytes()).and_then(|access| Access::from_json(&access));
        Self(access.unwrap_or_else(|_| Access::new(Some(Vec::new()), Vec::new(), Vec::new())))
    }

    /// Whether it is granted.
    pub fn allows(&self, place: i32, question: &str) -> bool {
        self.grant(place, question).is_some()
    }

    /// The answers to questions, one a line, each after its place and a space; one character each, `1` for yes.
    pub fn allows_each(&self, questions: &str) -> String {
        let answer = |line: &str| {
            let (place, question) = line.split_once(' ')?;
            self.grant(place.parse().ok()?, question)
        };
        questions.split('\n').map(|line| if answer(line).is_some() { '1' } else { '0' }).collect()
    }

    /// The id of the organization and the scope that grant it; `undefined` where nothing does.
    pub fn reason(&self, place: i32, question: &str) -> JsValue {
        let Some(Grant { organization, scope }) = self.grant(place, question) else { return JsValue::UNDEFINED };
        let mut record = Record::default();
        record.text("organization", organization.map(|organization| organization.id.as_str()));
        record.text("scope", Some(scope));
        to_js(&record.done())
    }

    /// The error of what nothing grants, as a record.
    pub fn refusal(&self, organization: Option<String>, action: &str, resource: &str) -> JsValue {
        thrown(self.0.refusal(organization.as_deref(), action, resource))
    }

    /// Whether the organization lists the role; whether the token has it, where the place is negative.
    pub fn has_role(&self, place: i32, role: &str) -> bool {
        match usize::try_from(place) {
            Ok(place) => self.0.has_role_in(place, role),
            Err(_) => self.0.has_role(role),
        }
    }

    fn grant(&self, place: i32, question: &str) -> Option<Grant<'_>> {
        self.0.grant(&Question::parse(question)?, usize::try_from(place).ok())
    }
}

/// The parts of a scope; `undefined` for what is none.
#[cfg(feature = "core-bindings")]
#[wasm_bindgen]
pub fn parse_scope(text: &str) -> JsValue {
    let Some(parsed) = scope::parse_scope(text) else { return JsValue::UNDEFINED };
    let mut record = Record::default();
    record.text("resource", Some(parsed.resource));
    record.text("action", Some(parsed.action));
    to_js(&record.done())
}
