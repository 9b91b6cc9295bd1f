//! The shapes that cross to JavaScript.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::authz::organizations::Organization;
use crate::client::{AuthorizationUrl, SignedIn};
use crate::session::{Agent, TokenSet};

/// A record as a plain object; what is absent is missing.
#[inline(never)]
pub(super) fn to_js(record: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    // The records hold strings, numbers, booleans and lists: none of them can fail.
    record.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// Unix seconds as JavaScript's number.
#[allow(clippy::cast_precision_loss, reason = "JavaScript numbers are doubles")]
pub(super) fn number(seconds: i64) -> f64 {
    seconds as f64
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrganizationRecord<'a> {
    id: &'a str,
    title: Option<&'a str>,
    scopes: &'a [String],
    joined_at: Option<f64>,
}

/// An agent without its tokens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgentRecord<'a> {
    revision: u32,
    id: &'a str,
    r#type: &'static str,
    email: Option<&'a str>,
    email_verified: Option<bool>,
    organizations: Vec<OrganizationRecord<'a>>,
    malformed_scopes: Vec<&'a str>,
    claims_json: String,
    scope: Option<&'a str>,
    expires_at: Option<f64>,
    has_refresh_token: bool,
    refresh_expires_at: Option<f64>,
}

impl<'a> AgentRecord<'a> {
    pub(super) fn new(agent: &'a Agent, tokens: &'a TokenSet, revision: u32) -> Self {
        let organization = |organization: &'a Organization| OrganizationRecord {
            id: &organization.id,
            title: organization.title.as_deref(),
            scopes: &organization.scopes,
            joined_at: organization.joined_at.map(number),
        };
        Self {
            revision,
            id: &agent.id,
            r#type: agent.agent_type.as_str(),
            email: agent.email.as_deref(),
            email_verified: agent.email_verified,
            organizations: agent.access.organizations().map(organization).collect(),
            malformed_scopes: agent.access.malformed_scopes(),
            claims_json: agent.claims.to_string(),
            scope: tokens.scope.as_deref(),
            expires_at: tokens.expires_at.map(number),
            has_refresh_token: tokens.refresh_token.is_some(),
            refresh_expires_at: tokens.refresh_expires_at.map(number),
        }
    }
}

/// An agent whose tokens the app keeps.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DetachedRecord<'a> {
    pub(super) agent: AgentRecord<'a>,
    pub(super) tokens_json: String,
}

/// What came of a sign-in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedInRecord<'a> {
    agent: AgentRecord<'a>,
    app_state_json: Option<&'a str>,
    return_to: Option<&'a str>,
}

impl<'a> SignedInRecord<'a> {
    pub(super) fn new(signed_in: &'a SignedIn, tokens: &'a TokenSet, revision: u32) -> Self {
        Self {
            agent: AgentRecord::new(&signed_in.agent, tokens, revision),
            app_state_json: signed_in.app_state.as_deref(),
            return_to: signed_in.return_to.as_deref(),
        }
    }
}

/// An authorization request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizationUrlRecord<'a> {
    url: &'a str,
    state: &'a str,
    nonce: Option<&'a str>,
    code_verifier: &'a str,
    issuer: Option<&'a str>,
    redirect_uri: &'a str,
    scope: &'a str,
    max_age: Option<f64>,
    acr_values: Option<&'a [String]>,
}

impl<'a> AuthorizationUrlRecord<'a> {
    pub(super) fn new(request: &'a AuthorizationUrl) -> Self {
        Self {
            url: &request.url,
            state: &request.state,
            nonce: request.nonce.as_deref(),
            code_verifier: request.code_verifier.as_str(),
            issuer: request.issuer.as_deref(),
            redirect_uri: &request.redirect_uri,
            scope: &request.scope,
            max_age: request.max_age.map(number),
            acr_values: (!request.acr_values.is_empty()).then_some(&request.acr_values),
        }
    }
}

/// An event, without the agent: the wrapper adds the one it has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventRecord<'a> {
    pub(super) r#type: &'static str,
    pub(super) source: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) message: Option<&'a str>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub(super) error: JsValue,
    pub(super) app_state_json: Option<&'a str>,
}

/// A request that may be sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizedRecord<'a> {
    pub(super) url: &'a str,
    pub(super) access_token: Option<&'a str>,
}
