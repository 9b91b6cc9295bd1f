//! Whether another person may sign in, or come with a refresh, while somebody is signed in.

use crate::signing_in::*;
use crate::simulated::{SimulatedHost, code_of};
use serde_json::{Value, json};
use wasm_oidc::client::Interaction;
use wasm_oidc::error::{Class, Code};
use wasm_oidc::ports::EventKind;

#[test]
fn only_who_is_signed_in_may_sign_in_again_where_the_app_says_so() {
    let same = json!({ "sameSubject": true });
    for way in WAYS {
        let host = SimulatedHost::page();
        let client = host.created();
        assert_eq!(code_of(sign_in(&host, &client, way, &same)), Code::SignedOut, "{way:?}");
        host.sign_in(&client);
        sign_in(&host, &client, way, &same).unwrap();
        let before = client.session().unwrap();
        let stored = host.places.all_tokens();
        *host.provider.subject.borrow_mut() = "usr_2".to_owned();
        let error = sign_in(&host, &client, way, &same).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::SubjectMismatch, Code::SubjectMismatch), "{way:?}");
        let failure = error.failure();
        assert_eq!((failure.expected.as_deref(), failure.actual.as_deref()), (Some("usr_1"), Some("usr_2")));
        assert!(std::rc::Rc::ptr_eq(&client.session().unwrap(), &before), "{way:?}");
        assert_eq!((host.places.all_tokens(), revoked(&host).len()), (stored, 2), "{way:?}");
        assert_eq!(host.reasons(EventKind::SignedOut), [], "{way:?}");
    }
}

#[test]
fn a_silent_sign_in_takes_nobody_elses_answer_also_where_the_provider_overlooks_the_hint() {
    let host = SimulatedHost::page();
    let client = host.created();
    sign_in(&host, &client, Way::Silent, &json!({})).unwrap();
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    assert_eq!(code_of(sign_in(&host, &client, Way::Silent, &json!({}))), Code::SubjectMismatch);
    assert_eq!(client.agent().unwrap().id, "usr_1");
    // Whoever is there, where the app says so; a popup asks for nobody by itself.
    sign_in(&host, &client, Way::Silent, &json!({ "sameSubject": false })).unwrap();
    assert_eq!(client.agent().unwrap().id, "usr_2");
    *host.provider.subject.borrow_mut() = "usr_3".to_owned();
    sign_in(&host, &client, Way::Popup, &json!({})).unwrap();
    assert_eq!(client.agent().unwrap().id, "usr_3");
}

#[test]
fn a_silent_sign_in_hints_at_nobody_where_whoever_is_there_will_do() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    let begin = |given: Value| {
        let options = options(&client, &given);
        host.run(client.begin_relayed(options, Interaction::Silent)).unwrap().url
    };
    assert!(begin(json!({})).contains("id_token_hint="));
    assert!(begin(json!({ "sameSubject": true })).contains("id_token_hint="));
    assert!(!begin(json!({ "sameSubject": false })).contains("id_token_hint="));
}

#[test]
fn a_refresh_that_brings_another_subject_ends_the_session_and_says_who() {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    *host.provider.subject.borrow_mut() = "usr_2".to_owned();
    let error = host.run(client.refresh()).unwrap_err();
    let failure = error.failure();
    assert_eq!((error.class(), failure.expected.as_deref()), (Class::SubjectMismatch, Some("usr_1")));
    assert_eq!((failure.actual.as_deref(), client.session().is_none()), (Some("usr_2"), true));
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("subject_changed")]);
}
