//! A client with a claim mapping: who signs in, whose session goes on, and what the app is told.

use std::cell::Cell;
use std::rc::Rc;

use crate::simulated::{REDIRECT_URI, SimulatedHost, USER_INFO, answer, exchange_now};
use serde_json::{Value, json};
use wasm_oidc::client::{AppClaimMapping, Client, ClientOptions, KeptOptions, PlugIns};
use wasm_oidc::error::{Class, Code, Error, Recovery, Result};
use wasm_oidc::ports::EventKind;
use wasm_oidc::protocol::json::{Object, parse_object};

fn says(host: &SimulatedHost, claims: Value) {
    *host.provider.in_id_token.borrow_mut() = claims;
}

fn keycloak(host: &SimulatedHost) -> Client<SimulatedHost> {
    let client = host.client_with(json!({ "claimMapping": "keycloak" }));
    host.run(client.restore()).unwrap();
    client
}

#[test]
fn who_signs_in_has_the_roles_and_organizations_that_the_mapping_finds() {
    let host = SimulatedHost::page();
    says(
        &host,
        json!({ "realm_access": { "roles": ["admin"] }, "organization": ["org_x"], "organizations": [{ "id": "org_y", "scopes": ["owner"] }] }),
    );
    let client = keycloak(&host);
    let agent = host.sign_in(&client).agent;
    assert!(agent.access.has_role("admin") && agent.access.is_member_of("org_x"));
    assert!(!agent.access.is_admin_of("org_x") && !agent.access.is_member_of("org_y"));
    assert!(keycloak(&host.reloaded()).agent().unwrap().access.has_role("admin"));
}

#[test]
fn claims_that_the_mapping_cannot_read_refuse_a_sign_in_and_store_nothing() {
    let host = SimulatedHost::page();
    says(&host, json!({ "realm_access": { "roles": "admin" } }));
    let client = keycloak(&host);
    let url = host.begin(&client);
    let error = host.come_back(&client, &url).err().unwrap();
    assert_eq!(
        (error.class(), error.code(), error.failure().recovery),
        (Class::TokenParse, Code::InvalidClaim, Recovery::Fix)
    );
    assert!(error.failure().message.contains("realm_access.roles"), "{error}");
    assert!(client.session().is_none() && keycloak(&host.reloaded()).session().is_none());
    assert!(exchange_now(&host, &client).is_err());
}

#[test]
fn what_is_wrong_and_no_error_reaches_the_app_as_a_warning() {
    let host = SimulatedHost::page();
    let mapping = json!({ "claimMapping": "entra" });
    says(&host, json!({ "hasgroups": true }));
    let client = host.client_with(mapping.clone());
    host.run(client.restore()).unwrap();
    host.sign_in(&client);
    assert_eq!(host.reasons(EventKind::Warning), [Some("groups_omitted")]);

    let process = SimulatedHost::process();
    says(&process, json!({ "hasgroups": true }));
    let server = process.client_with(mapping);
    exchange_now(&process, &server).unwrap();
    assert_eq!(process.reasons(EventKind::Warning), [Some("groups_omitted")]);
    let tokens = client.session().unwrap().tokens.to_json();
    let options = KeptOptions { auto_refresh: true, verifies_signature: false };
    process.run(server.create_agent(&tokens, &options)).unwrap();
    assert_eq!(process.reasons(EventKind::Warning), [Some("groups_omitted"); 2]);
}

#[test]
fn a_stored_session_whose_claims_the_mapping_cannot_read_any_more_goes_on_without_access() {
    let host = SimulatedHost::page();
    says(&host, json!({ "groups": "admin", "organizations": [{ "id": "org_x", "scopes": ["admin"] }] }));
    let client = host.created();
    assert!(host.sign_in(&client).agent.access.is_admin_of("org_x"));

    let host = host.reloaded();
    let client = host.client_with(json!({ "claimMapping": "okta" }));
    host.run(client.restore()).unwrap();
    let agent = client.agent().unwrap();
    assert_eq!(agent.id, "usr_1");
    assert!(!agent.access.is_member_of("org_x") && agent.access.roles().is_empty() && agent.access.has_organizations());
    assert_eq!(host.reasons(EventKind::Warning), [Some("claim_mapping_failed")]);
    assert!(host.run(client.access_token(0, false)).is_ok());
    let tokens = client.session().unwrap().tokens.to_json();
    let options = KeptOptions { auto_refresh: true, verifies_signature: false };
    let refused = host.run(client.create_agent(&tokens, &options)).err().unwrap();
    assert_eq!(refused.class(), Class::TokenParse);
}

#[test]
fn a_refresh_whose_claims_the_mapping_cannot_read_ends_no_session() {
    let host = SimulatedHost::page();
    says(&host, json!({ "realm_access": { "roles": ["admin"] } }));
    let client = keycloak(&host);
    host.sign_in(&client);
    let before = client.session().unwrap().tokens.access_token.expose().to_owned();
    says(&host, json!({ "realm_access": "admin" }));
    host.run(client.refresh()).unwrap();
    let session = client.session().unwrap();
    assert_ne!(session.tokens.access_token.expose(), before);
    assert!(!session.agent.access.has_role("admin") && session.agent.access.has_organizations());
    assert_eq!(host.reasons(EventKind::SignedOut), []);
    assert_eq!(host.reasons(EventKind::Warning), [Some("claim_mapping_failed")]);
    // Right again, right again.
    says(&host, json!({ "realm_access": { "roles": ["auditor"] } }));
    host.run(client.refresh()).unwrap();
    assert!(client.agent().unwrap().access.has_role("auditor"));

    let kept = client.session().unwrap().tokens.clone();
    says(&host, json!({ "realm_access": 7 }));
    let mut process = SimulatedHost::process();
    process.provider = Rc::clone(&host.provider);
    let server = process.client_with(json!({ "claimMapping": "keycloak" }));
    let renewed = process.run(server.refresh_tokens(&kept)).unwrap();
    assert_ne!(renewed.tokens.refresh_token, kept.refresh_token);
    assert!(renewed.agent.access.roles().is_empty());
    assert_eq!(process.reasons(EventKind::Warning), [Some("claim_mapping_failed")]);
}

#[test]
fn claims_of_userinfo_are_read_by_the_mapping_too() {
    let host = SimulatedHost::page();
    let client = keycloak(&host);
    host.sign_in(&client);
    let claims =
        json!({ "sub": "usr_1", "organization": { "acme": { "id": "1" } }, "organizations": [{ "id": "org_x" }] });
    host.provider.plan(USER_INFO, Ok(answer(200, &claims)));
    let told = host.run(client.user_info(None)).unwrap();
    assert_eq!(told.organizations.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(), ["1"]);
    host.provider.plan(USER_INFO, Ok(answer(200, &json!({ "sub": "usr_1", "organization": "acme" }))));
    assert_eq!(host.run(client.user_info(None)).unwrap_err().class(), Class::TokenParse);
}

/// The function of an app, which fails when it is told to, and counts.
#[derive(Default)]
struct OfApp {
    fails: Cell<bool>,
    calls: Cell<u32>,
}

impl AppClaimMapping for OfApp {
    fn map(&self, claims: &Object) -> Result<Object> {
        self.calls.set(self.calls.get() + 1);
        if self.fails.get() {
            return Err(Error::new(Code::InvalidClaim, "thrown").during(Class::TokenParse));
        }
        parse_object(format!(r#"{{"organizations":["of_{}"]}}"#, claims.required_string("sub")?).as_bytes())
    }
}

#[test]
fn the_function_of_an_app_decides_for_each_sign_in_and_its_failures_lose_no_session() {
    let host = SimulatedHost::page();
    let app = Rc::new(OfApp::default());
    let options = json!({ "issuer": crate::simulated::ISSUER, "clientId": "spa", "redirectUri": REDIRECT_URI, "storage": "session" });
    let client = |host: &SimulatedHost| {
        let options = ClientOptions::from_json(&parse_object(options.to_string().as_bytes()).unwrap(), true).unwrap();
        let plug_ins = PlugIns { claim_mapping: Some(Rc::clone(&app) as Rc<_>), ..PlugIns::default() };
        let client = Client::with_plug_ins(host.clone(), options, plug_ins).unwrap();
        host.run(client.restore()).unwrap();
        client
    };
    let signed_in = client(&host);
    assert!(host.sign_in(&signed_in).agent.access.is_member_of("of_usr_1"));
    assert_eq!(app.calls.get(), 1);
    app.fails.set(true);
    let host = host.reloaded();
    let again = client(&host);
    assert!(!again.agent().unwrap().access.is_member_of("of_usr_1"));
    assert_eq!(host.reasons(EventKind::Warning), [Some("claim_mapping_failed")]);
    let url = host.begin(&again);
    assert_eq!(host.come_back(&again, &url).err().unwrap().class(), Class::TokenParse);
    assert_eq!(again.agent().unwrap().id, "usr_1");
}
