//! The agent of a verified token: who it is, and where its organizations come from.

use std::rc::Rc;

use crate::simulated::{SimulatedHost, USER_INFO, html};
use crate::verifying::*;
use serde_json::json;
use wasm_oidc::authz::mapping::AppClaimMapping;
use wasm_oidc::edge::{PlugIns, Verifier};
use wasm_oidc::error::{Code, Result};
use wasm_oidc::protocol::json::{Object, parse_object};
use wasm_oidc::session::AgentType;

#[test]
fn the_subjects_prefix_or_the_client_says_which_kind_of_agent_it_is() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    for (claims, kind) in [
        (json!({ "sub": "key_1" }), AgentType::ApiKey),
        (json!({ "sub": "tok_1" }), AgentType::PersonalToken),
        (json!({ "sub": "agt_1" }), AgentType::Agent),
        (json!({ "sub": "machine", "client_id": "machine" }), AgentType::Agent),
        (json!({ "sub": "somebody", "client_id": "machine" }), AgentType::User),
    ] {
        let verified = verify(&host, &verifier, &token_with(&host, json!({}), claims.clone())).unwrap();
        assert_eq!(verified.agent.agent_type, kind, "{claims}");
    }
}

#[test]
fn organizations_that_the_token_does_not_list_come_from_userinfo() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "organizationsFrom": "userinfo" }));
    *host.provider.in_user_info.borrow_mut() =
        json!({ "organizations": [{ "id": "org_a", "scopes": ["mail:read"] }], "email": "elsewhere@example.com" });
    let agent = verify(&host, &verifier, &token(&host)).unwrap().agent;
    assert!(agent.access.has_access_in("org_a", "read", "mail"));
    assert!(!agent.access.has_access("read", "users"), "with organizations the scopes of the token do not count");
    assert_eq!(agent.email, None, "nothing but the organizations is taken");
    let listed = token_with(&host, json!({}), json!({ "organizations": [] }));
    assert!(!verify(&host, &verifier, &listed).unwrap().agent.access.has_access("read", "mail"));
    assert_eq!(host.provider.count(USER_INFO), 1);
    // Somebody else's organizations are nobody's.
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    assert_eq!(
        refused(verify(&host, &verifier, &token_with(&host, json!({}), json!({ "jti": "2" })))).1,
        Code::SubjectMismatch
    );
}

#[test]
fn a_token_that_userinfo_does_not_take_is_not_good() {
    let host = SimulatedHost::process();
    let verifier = verifier_with(json!({ "organizationsFrom": "userinfo" }));
    let token = token(&host);
    host.provider.ended.borrow_mut().push(token.clone());
    assert_eq!(refused(verify(&host, &verifier, &token)), (401, Code::InvalidToken));
    host.provider.ended.borrow_mut().clear();
    host.provider.plan(USER_INFO, Ok(html(500)));
    assert_eq!(refused(verify(&host, &verifier, &token)).0, 503);
    assert!(!is_seen(&host, &verifier, &token));
    assert!(verify(&host, &verifier, &token).is_ok());
}

#[test]
fn claims_are_read_as_the_provider_sends_them() {
    let host = SimulatedHost::process();
    let realm = json!({ "realm_access": { "roles": ["editor"] } });
    let keycloak = verifier_with(json!({ "claimMapping": "keycloak" }));
    let agent = verify(&host, &keycloak, &token_with(&host, json!({}), realm)).unwrap().agent;
    assert!(agent.access.has_role("editor"));
    let broken = token_with(&host, json!({}), json!({ "realm_access": [] }));
    assert_eq!(refused(verify(&host, &keycloak, &broken)), (401, Code::InvalidClaim));
}

#[test]
fn the_apps_own_mapping_goes_before_every_other() {
    struct Mine;
    impl AppClaimMapping for Mine {
        fn map(&self, claims: &Object) -> Result<Object> {
            assert_eq!(claims.string("sub")?, Some("usr_1"));
            parse_object(br#"{"organizations":[{"id":"mine","scopes":["a:b"]}]}"#)
        }
    }
    let host = SimulatedHost::process();
    let options = options_with(json!({ "claimMapping": "keycloak" })).unwrap();
    let verifier =
        Rc::new(Verifier::new(options, PlugIns { claim_mapping: Some(Rc::new(Mine)), ..PlugIns::default() }));
    assert!(verify(&host, &verifier, &token(&host)).unwrap().agent.access.has_access_in("mine", "b", "a"));
}

#[test]
fn only_the_subject_decides_whoever_acts_for_it_and_however_deep_tex5() {
    let (host, verifier) = (SimulatedHost::process(), verifier());
    let chain =
        |depth: usize| (0..depth).fold(json!({ "sub": "usr_admin" }), |act, _| json!({ "sub": "agt_1", "act": act }));
    let acted = token_with(&host, json!({}), json!({ "act": chain(3) }));
    let agent = verify(&host, &verifier, &acted).unwrap().agent;
    assert_eq!(agent.id, "usr_1");
    assert_eq!(agent.access, verify(&host, &verifier, &token(&host)).unwrap().agent.access);
    let (status, code) = refused(verify(&host, &verifier, &token_with(&host, json!({}), json!({ "act": chain(70) }))));
    assert_eq!((status, code), (401, Code::MalformedToken));
}
