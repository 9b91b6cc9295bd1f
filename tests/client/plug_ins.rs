//! Client authentication of the app's own, as a Rust trait: where it is asked, what it may add, and what comes of one that
//! does something else.

use crate::plugged::{
    at_once, authenticating, client_with, do_everything, failing, header, hooked, never, paths_with_field, signed_in,
    with_field,
};
use crate::simulated::{
    DISCOVERY, INTROSPECT, REVOKE, SimulatedHost, TOKEN, answer, code_of, metadata, refreshes, refusal,
};
use serde_json::json;
use wasm_oidc::client::PlugIns;
use wasm_oidc::error::{Class, Code};
use wasm_oidc::protocol::http::{HttpRequest, Method};
use wasm_oidc::protocol::purpose::Purpose;
use wasm_oidc::protocol::secret::Secret;

#[test]
fn the_apps_own_client_authentication_is_asked_wherever_the_client_authenticates() {
    let (host, client) =
        signed_in(authenticating(at_once(|request| with_field(request, "client_assertion=made"))), json!({}));
    let token = client.session().unwrap().tokens.access_token.expose().to_owned();
    host.run(client.introspect(&token, None)).unwrap();
    do_everything(&host, &client);
    assert_eq!(paths_with_field(&host, "client_assertion=made"), [TOKEN, INTROSPECT, TOKEN, REVOKE, REVOKE]);
}

#[test]
fn client_authentication_may_bring_a_header_and_say_the_client_id_elsewhere() {
    let app = at_once(|request| {
        let body = request.body.as_ref().unwrap().expose().replace("&client_id=spa", "");
        HttpRequest { body: Some(Secret::new(body)), ..request }.with_header("Authorization", "Custom proof")
    });
    let host = SimulatedHost::page();
    let client = client_with(&host, authenticating(app), json!({})).unwrap();
    let url = host.begin(&client);
    host.provider.plan(TOKEN, Ok(answer(400, &json!({ "error": "invalid_client" }))));
    assert_eq!(code_of(host.come_back(&client, &url)), Code::InvalidClient);
    let seen = host.provider.seen.borrow();
    let request = seen.iter().find(|request| request.purpose == Purpose::Token).unwrap();
    assert_eq!(header(request, "authorization"), Some("Custom proof"));
    assert!(!request.body.as_ref().unwrap().expose().contains("client_id"));
}

#[test]
fn a_function_that_changes_more_of_a_request_than_it_may_is_refused_and_nothing_is_sent() {
    type Change = fn(HttpRequest) -> HttpRequest;
    fn body(request: HttpRequest, from: &str, to: &str) -> HttpRequest {
        let body = request.body.as_ref().unwrap().expose().replace(from, to);
        HttpRequest { body: Some(Secret::new(body)), ..request }
    }
    let changes: [(&str, Change, Code); 12] = [
        ("the URL", |it| HttpRequest { url: "https://evil.example/".to_owned(), ..it }, Code::PlugInAnswer),
        ("the method", |it| HttpRequest { method: Method::Get, ..it }, Code::PlugInAnswer),
        ("no body", |it| HttpRequest { body: None, ..it }, Code::PlugInAnswer),
        ("the grant", |it| body(it, "authorization_code", "password"), Code::PlugInAnswer),
        ("the verifier gone", |it| body(it, "code_verifier", "x"), Code::PlugInAnswer),
        ("a second code", |it| with_field(it, "code=other"), Code::PlugInAnswer),
        ("another client", |it| body(it, "client_id=spa", "client_id=other"), Code::PlugInAnswer),
        ("a scope", |it| with_field(it, "scope=admin"), Code::PlugInAnswer),
        ("the content type", |it| it.with_header("content-type", "text/plain"), Code::ReservedParameter),
        ("a DPoP proof", |it| it.with_header("dpop", "x"), Code::ReservedParameter),
        ("a cookie", |it| it.with_header("cookie", "a=b"), Code::InvalidOption),
        ("two lines", |it| it.with_header("authorization", "a\r\nx: y"), Code::InvalidOption),
    ];
    for (what, change, code) in changes {
        let host = SimulatedHost::page();
        let client = client_with(&host, authenticating(at_once(change)), json!({})).unwrap();
        let url = host.begin(&client);
        let error = host.come_back(&client, &url).err().unwrap();
        assert_eq!((error.class(), error.code()), (Class::Configuration, code), "{what}");
        assert_eq!(host.provider.count(TOKEN), 0, "{what}");
    }
}

#[test]
fn a_function_that_never_settles_is_given_up_and_leaves_the_refresh_token_unspent() {
    for plug_ins in [authenticating(never()), hooked(never())] {
        let (host, _) = signed_in(PlugIns::default(), json!({}));
        let stuck = client_with(&host, plug_ins, json!({})).unwrap();
        host.run(stuck.restore()).unwrap();
        let before = host.executor.milliseconds();
        let error = host.run(stuck.refresh()).unwrap_err();
        assert_eq!((error.class(), error.code()), (Class::Refresh, Code::Timeout));
        assert!((10_000..11_000).contains(&(host.executor.milliseconds() - before)));
        assert_eq!(refreshes(&host), 0);
        // Nobody waits for an answer that cannot come.
        let healthy = host.created();
        let before = host.executor.milliseconds();
        host.run(healthy.refresh()).unwrap();
        assert!(host.executor.milliseconds() - before < 5000);
        assert_eq!(refreshes(&host), 1);
    }
}

#[test]
fn a_refresh_that_a_function_kept_from_being_sent_does_not_count_as_one_whose_answer_was_lost() {
    for plug_ins in [authenticating(failing()), authenticating(never())] {
        let (host, _) = signed_in(PlugIns::default(), json!({}));
        let client = client_with(&host, plug_ins, json!({})).unwrap();
        host.run(client.restore()).unwrap();
        host.run(client.refresh()).unwrap_err();
        let healthy = host.created();
        host.provider.plan(TOKEN, Ok(refusal("invalid_grant")));
        assert_eq!(code_of(host.run(healthy.refresh())), Code::InvalidGrant);
    }
}

#[test]
fn a_function_has_no_more_time_than_the_request_it_adds_to() {
    let host = SimulatedHost::page();
    let client = client_with(&host, hooked(never()), json!({ "timeoutSeconds": 2 })).unwrap();
    let error = host.run(client.discover(false)).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Timeout, Code::Timeout));
    assert_eq!((host.executor.milliseconds(), host.provider.requests()), (2000, 0));
    assert!(error.to_string().contains("onRequest"));
}

#[test]
fn a_function_that_fails_ends_the_job_and_not_the_session() {
    let (host, _) = signed_in(PlugIns::default(), json!({}));
    let client = client_with(&host, authenticating(failing()), json!({})).unwrap();
    host.run(client.restore()).unwrap();
    let error = host.run(client.refresh()).unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Configuration, Code::PlugInFailed));
    assert!(client.session().is_some());
    assert_eq!(refreshes(&host), 0);
}

#[test]
fn a_secret_beside_a_function_that_authenticates_is_refused() {
    let host = SimulatedHost::process();
    let made = client_with(&host, authenticating(failing()), json!({ "clientSecret": "canary" }));
    let error = made.err().unwrap();
    assert_eq!(error.code(), Code::InvalidOption);
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn a_client_secret_goes_into_the_form_where_the_provider_lists_that_alone() {
    for (listed, is_post) in
        [(json!(["client_secret_post"]), true), (json!(["client_secret_basic", "client_secret_post"]), false)]
    {
        let host = SimulatedHost::process();
        let mut document = metadata();
        document["token_endpoint_auth_methods_supported"] = listed;
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        let client = client_with(&host, PlugIns::default(), json!({ "clientSecret": "canary" })).unwrap();
        host.run(client.introspect("token", None)).unwrap();
        assert_eq!(paths_with_field(&host, "client_secret=canary").len(), usize::from(is_post));
        let seen = host.provider.seen.borrow();
        assert_eq!(header(seen.last().unwrap(), "authorization").is_some(), !is_post);
    }
}
