//! Who is expected to sign in, in every way of signing in: somebody else leaves nothing behind.

use crate::signing_in::*;
use crate::simulated::{DISCOVERY, REVOKE, SimulatedHost, TOKEN, USER_INFO, answer, code_of, metadata, refusal};
use serde_json::{Value, json};
use wasm_oidc::error::{Class, Code, Error, Recovery};
use wasm_oidc::ports::{Area, EventKind, HttpFailure};

#[test]
fn each_address_of_the_table_is_the_expected_one_or_not() {
    let table: Value = serde_json::from_str(include_str!("../fixtures/addresses.json")).unwrap();
    let host = SimulatedHost::process();
    let client = host.client();
    for row in table["rows"].as_array().unwrap() {
        says(&host, verified(row["actual"].as_str().unwrap()));
        let outcome = by_hand(&host, &client, &json!({ "expect": { "email": row["expected"] } }));
        let code = outcome.as_ref().err().map(Error::code);
        let expected = match (row["refused"].as_bool(), row["is_same"].as_bool()) {
            (Some(true), None) => Some(Code::InvalidOption),
            (None, Some(true)) => None,
            (None, Some(false)) => Some(Code::IdentityMismatch),
            _ => panic!("{row}"),
        };
        assert_eq!(code, expected, "{row}");
        if expected == Some(Code::IdentityMismatch) {
            let failure = outcome.unwrap_err().failure().clone();
            assert_eq!(
                (json!(failure.expected), json!(failure.actual)),
                (row["expected"].clone(), row["actual"].clone())
            );
        }
    }
}

#[test]
fn somebody_else_leaves_nothing_behind_whichever_way_the_sign_in_went() {
    for way in WAYS {
        let host = SimulatedHost::page();
        let client = host.created();
        says(&host, verified("ben@example.com"));
        let given = json!({ "expect": { "email": "ada@example.com" }, "appState": "kept" });
        let error = sign_in(&host, &client, way, &given).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::IdentityMismatch, Code::IdentityMismatch), "{way:?}");
        let failure = error.failure();
        assert_eq!((failure.recovery, failure.app_state.as_deref()), (Recovery::Reauthenticate, Some("\"kept\"")));
        assert_eq!(
            (failure.expected.as_deref(), failure.actual.as_deref()),
            (Some("ada@example.com"), Some("ben@example.com"))
        );
        assert!(!error.to_string().contains("@example.com"), "{error}");
        assert_eq!((client.session().is_none(), host.places.all_tokens()), (true, vec![]), "{way:?}");
        assert_eq!(revoked(&host), ["refresh-2", "access-3"], "{way:?}");
        assert_eq!((host.journal.borrow().len(), host.events.borrow().len()), (0, 0), "{way:?}");
        let left = host.places.all(Area::Transactions);
        assert!(
            left.iter().all(|(_, text)| !text.contains("@example.com") && text.contains("\"used\":true")),
            "{left:?}"
        );
    }
}

#[test]
fn an_earlier_session_stays_as_it_was_when_somebody_else_signs_in() {
    for way in WAYS {
        let host = SimulatedHost::page();
        let client = host.created();
        host.sign_in(&client);
        let (before, stored) = (client.session().unwrap(), host.places.all_tokens());
        host.events.borrow_mut().clear();
        says(&host, verified("ben@example.com"));
        assert_eq!(code_of(sign_in(&host, &client, way, &expect_ada())), Code::IdentityMismatch, "{way:?}");
        assert!(std::rc::Rc::ptr_eq(&client.session().unwrap(), &before), "{way:?}");
        assert_eq!((host.places.all_tokens(), host.events.borrow().len()), (stored, 0), "{way:?}");
        let gone = revoked(&host);
        let kept = before.tokens.refresh_token.as_ref().unwrap().expose();
        assert!(gone.len() == 2 && !gone.contains(&kept.to_owned()), "{way:?} {gone:?}");
        assert_eq!(host.run(client.get_agent()).unwrap().unwrap().id, "usr_1");
    }
}

#[test]
fn who_is_expected_signs_in_whichever_way() {
    for way in WAYS {
        let host = SimulatedHost::page();
        let client = host.created();
        says(&host, verified("Ada@Example.com"));
        let given =
            json!({ "expect": { "email": "ada@example.com", "sub": "usr_1", "claims": { "email_verified": true } } });
        sign_in(&host, &client, way, &given).unwrap();
        assert_eq!(client.agent().unwrap().email.as_deref(), Some("Ada@Example.com"), "{way:?}");
        assert_eq!((host.provider.count(USER_INFO), host.provider.count(REVOKE)), (0, 0), "{way:?}");
    }
}

#[test]
fn a_response_that_brought_somebody_else_is_used_up() {
    let host = SimulatedHost::page();
    let client = host.created();
    says(&host, verified("ben@example.com"));
    host.run(client.sign_in_redirect(&options(&client, &expect_ada()))).unwrap();
    let url = host.provider.authorize(&host.navigations.borrow().last().cloned().unwrap());
    assert_eq!(code_of(host.come_back(&client, &url)), Code::IdentityMismatch);
    assert_eq!(code_of(host.come_back(&client, &url)), Code::CallbackAlreadyHandled);
    // A reload asks what is stored.
    let reloaded = host.reloaded();
    let again = reloaded.created();
    assert_eq!(code_of(reloaded.come_back(&again, &url)), Code::CallbackAlreadyHandled);
    assert_eq!((host.provider.count(TOKEN), again.session().is_none()), (1, true));
}

#[test]
fn the_expectation_outlives_the_page_that_had_it() {
    let host = SimulatedHost::page();
    let client = host.created();
    says(&host, verified("ben@example.com"));
    host.run(client.sign_in_redirect(&options(&client, &expect_ada()))).unwrap();
    let url = host.provider.authorize(&host.navigations.borrow().last().cloned().unwrap());
    let reloaded = host.reloaded();
    let client = reloaded.created();
    assert_eq!(code_of(reloaded.come_back(&client, &url)), Code::IdentityMismatch);
    assert_eq!(reloaded.places.all_tokens(), []);
}

#[test]
fn an_exchange_by_hand_checks_it_too_and_revokes() {
    let host = SimulatedHost::process();
    let client = host.client();
    says(&host, verified("ben@example.com"));
    assert_eq!(code_of(by_hand(&host, &client, &expect_ada())), Code::IdentityMismatch);
    assert_eq!(revoked(&host), ["refresh-2", "access-3"]);
    says(&host, verified("ada@example.com"));
    assert_eq!(by_hand(&host, &client, &expect_ada()).unwrap().agent.id, "usr_1");
    assert_eq!(revoked(&host).len(), 2);
}

#[test]
fn the_email_comes_from_userinfo_only_where_the_id_token_does_not_tell_it() {
    let host = SimulatedHost::process();
    let client = host.client();
    *host.provider.in_user_info.borrow_mut() = verified("ada@example.com");
    by_hand(&host, &client, &expect_ada()).unwrap();
    assert_eq!(host.provider.count(USER_INFO), 1);
    // What the ID token tells counts, also where userinfo tells what is expected.
    for (claims, expected) in [
        (verified("ben@example.com"), Code::IdentityMismatch),
        (json!({ "email": "ada@example.com" }), Code::EmailUnverified),
        (json!({ "email": "ada@example.com", "email_verified": "true" }), Code::EmailUnverified),
    ] {
        says(&host, claims);
        assert_eq!(code_of(by_hand(&host, &client, &expect_ada())), expected);
    }
    assert_eq!(host.provider.count(USER_INFO), 1);
    says(&host, json!({}));
    for (claims, expected) in [
        (verified("ben@example.com"), Code::IdentityMismatch),
        (json!({ "email": "ada@example.com" }), Code::EmailUnverified),
        (json!({}), Code::EmailMissing),
        (json!({ "sub": "usr_2", "email": "ada@example.com", "email_verified": true }), Code::SubjectMismatch),
    ] {
        *host.provider.in_user_info.borrow_mut() = claims;
        assert_eq!(code_of(by_hand(&host, &client, &expect_ada())), expected);
    }
}

#[test]
fn an_address_that_nobody_verified_counts_only_where_the_app_says_so() {
    let host = SimulatedHost::process();
    let client = host.client();
    says(&host, json!({ "email": "ada@example.com", "email_verified": false }));
    assert_eq!(code_of(by_hand(&host, &client, &expect_ada())), Code::EmailUnverified);
    let lax = json!({ "expect": { "email": "ada@example.com" }, "allowUnverifiedEmail": true });
    by_hand(&host, &client, &lax).unwrap();
    says(&host, json!({ "email": "ben@example.com" }));
    assert_eq!(code_of(by_hand(&host, &client, &lax)), Code::IdentityMismatch);
}

#[test]
fn where_userinfo_cannot_be_asked_nothing_is_stored_and_the_tokens_are_revoked() {
    for (plan, expected) in [
        (Err(HttpFailure::Network("simulated".to_owned())), Code::NetworkFailure),
        (Err(HttpFailure::Timeout), Code::Timeout),
        (Ok(answer(503, &json!({}))), Code::TemporarilyUnavailable),
        (Ok(refusal("invalid_token")), Code::InvalidToken),
        (Ok(crate::simulated::html(200)), Code::InvalidResponse),
    ] {
        let host = SimulatedHost::page();
        let client = host.created();
        host.provider.plan(USER_INFO, plan);
        let error = sign_in(&host, &client, Way::Redirect, &expect_ada()).unwrap_err();
        assert_eq!(error.code(), expected);
        // The code is spent, so that trying the same again cannot help.
        assert_ne!(error.failure().recovery, Recovery::Retry, "{error}");
        assert_eq!((client.session().is_none(), host.places.all_tokens()), (true, vec![]));
        assert_eq!(revoked(&host).len(), 2);
    }
}

#[test]
fn a_provider_without_userinfo_tells_no_address() {
    let host = SimulatedHost::process();
    let mut document = metadata();
    document.as_object_mut().unwrap().remove("userinfo_endpoint");
    host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
    let error = by_hand(&host, &host.client(), &expect_ada()).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::IdentityMismatch, Code::EmailMissing));
}

#[test]
fn a_provider_that_revokes_nothing_changes_no_verdict_and_a_failing_one_is_a_warning_without_names() {
    let host = SimulatedHost::page();
    let client = host.created();
    says(&host, verified("ben@example.com"));
    host.provider.plan(REVOKE, Err(HttpFailure::Timeout));
    assert_eq!(code_of(sign_in(&host, &client, Way::Redirect, &expect_ada())), Code::IdentityMismatch);
    assert_eq!(revoked(&host).len(), 2);
    assert_eq!(host.reasons(EventKind::Warning), [Some("revocation_failed")]);
    let told = format!("{:?}", host.events.borrow());
    assert!(!told.contains("ada@") && !told.contains("ben@"), "{told}");
}

#[test]
fn the_login_hint_is_enforced_where_the_app_says_so() {
    let host = SimulatedHost::process();
    let client = host.client();
    says(&host, verified("ben@example.com"));
    let hinted = json!({ "loginHint": "ada@example.com" });
    assert_eq!(by_hand(&host, &client, &hinted).unwrap().agent.email.as_deref(), Some("ben@example.com"));
    let enforced = json!({ "loginHint": "ada@example.com", "enforceLoginHint": true });
    assert_eq!(code_of(by_hand(&host, &client, &enforced)), Code::IdentityMismatch);
    says(&host, verified("ADA@example.com"));
    by_hand(&host, &client, &enforced).unwrap();
    let both = json!({ "loginHint": "ada@example.com", "enforceLoginHint": true, "expect": { "sub": "usr_2" } });
    assert_eq!(code_of(by_hand(&host, &client, &both)), Code::IdentityMismatch);
}

#[test]
fn what_cannot_be_enforced_is_refused_before_anybody_is_sent_away() {
    let host = SimulatedHost::process();
    let client = host.client();
    for (given, expected) in [
        (json!({ "enforceLoginHint": true }), Code::MissingOption),
        (json!({ "enforceLoginHint": true, "loginHint": "ada" }), Code::InvalidOption),
        (
            json!({ "enforceLoginHint": true, "loginHint": "a@b.c", "expect": { "email": "b@b.c" } }),
            Code::InvalidOption,
        ),
        (json!({ "enforceLoginHint": "yes", "loginHint": "a@b.c" }), Code::InvalidOption),
        (json!({ "expect": {} }), Code::InvalidOption),
        (json!({ "expect": "ada@example.com" }), Code::InvalidOption),
        (json!({ "expect": { "mail": "ada@example.com" } }), Code::InvalidOption),
        (json!({ "expect": { "email": null } }), Code::InvalidOption),
        (json!({ "expect": { "sub": "usr_1" }, "allowUnverifiedEmail": 1 }), Code::InvalidOption),
        (json!({ "sameSubject": "usr_1" }), Code::InvalidOption),
    ] {
        assert_eq!(code_of(read_options(&client, &given)), expected, "{given}");
    }
    assert_eq!(host.provider.requests(), 0);
}
