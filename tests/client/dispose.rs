//! Clients without a session: those that were disposed of, and those where one process serves many people.

use crate::simulated::{DISCOVERY, SimulatedHost, TOKEN_LIFETIME, code_of, here_only};
use wasm_oidc::client::{ApiSession, Client, FetchPolicy};
use wasm_oidc::error::Code;

/// Somebody signed in, whose access token is past its end.
fn expired() -> (SimulatedHost, Client<SimulatedHost>) {
    let (host, client) = signed_in();
    host.pass_seconds(TOKEN_LIFETIME + 1);
    (host, client)
}

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.created();
    host.sign_in(&client);
    host.journal.borrow_mut().clear();
    (host, client)
}

#[test]
fn a_client_that_was_disposed_of_refuses_and_what_is_stored_stays() {
    let (host, client) = signed_in();
    let stored = host.places.all_tokens();
    let url = host.begin(&client);
    let requests = host.provider.requests();
    client.dispose();
    assert!(client.session().is_none() && client.metadata().is_none());
    assert_eq!(code_of(host.run(client.get_agent())), Code::Disposed);
    assert_eq!(code_of(host.run(client.refresh())), Code::Disposed);
    assert_eq!(code_of(host.run(client.discover(false))), Code::Disposed);
    assert_eq!(code_of(host.run(client.restore())), Code::Disposed);
    assert_eq!(code_of(host.come_back(&client, &url)), Code::Disposed);
    assert_eq!((host.provider.requests(), host.places.all_tokens()), (requests, stored));
    assert!(host.reloaded().created().session().is_some());
}

#[test]
fn a_refresh_that_was_sent_is_still_stored_when_the_client_is_disposed_of() {
    let (host, client) = expired();
    let caller = client.clone();
    let call = host.start(async move { caller.refresh().await });
    host.executor.pass(10);
    client.dispose();
    host.pass_seconds(1);
    assert_eq!(code_of(call.take()), Code::Disposed);
    assert!(client.session().is_none());
    assert_eq!((*host.journal.borrow()).clone(), ["stored"]);
    let client = host.reloaded().created();
    assert!(host.run(client.refresh()).is_ok());
}

#[test]
fn who_waits_for_the_agent_of_a_client_that_is_disposed_of_is_told_so() {
    let (host, client) = expired();
    let caller = client.clone();
    let call = host.start(async move { caller.get_agent().await });
    host.executor.pass(10);
    client.dispose();
    host.pass_seconds(1);
    assert_eq!(code_of(call.take()), Code::Disposed);
}

#[test]
fn a_sign_in_under_way_in_a_client_that_is_disposed_of_keeps_nothing() {
    let host = SimulatedHost::page();
    let client = host.created();
    let url = host.begin(&client);
    let caller = client.clone();
    let call = host.start(async move { caller.handle_redirect_callback(Some(url)).await });
    host.executor.pass(10);
    client.dispose();
    host.pass_seconds(10);
    assert!(call.take().is_err());
    assert!(client.session().is_none() && client.metadata().is_none());
    assert_eq!(host.places.all_tokens(), []);
}

#[test]
fn a_process_that_serves_many_people_has_no_session_of_its_own_x38() {
    let host = SimulatedHost::process();
    let client = host.client();
    let options = wasm_oidc::client::SignInOptions::new(client.options());
    assert_eq!(code_of(host.run(client.sign_in_redirect(&options))), Code::NoAmbientSession);
    assert_eq!(code_of(host.run(client.handle_redirect_callback(None))), Code::NoAmbientSession);
    assert_eq!(code_of(host.run(client.get_agent())), Code::NoAmbientSession);
    assert_eq!(code_of(host.run(client.access_token(0, false))), Code::NoAmbientSession);
    assert_eq!(code_of(host.run(client.refresh())), Code::NoAmbientSession);
    assert_eq!(code_of(host.run(client.sign_out(&here_only()))), Code::NoAmbientSession);
    let session = ApiSession::default();
    let fetch = client.authorize("https://api.example/", FetchPolicy::Optional, &session);
    assert_eq!(code_of(host.run(fetch)), Code::NoAmbientSession);
    assert_eq!(host.provider.requests(), 0);
    host.run(client.restore()).unwrap();
    assert_eq!((host.provider.requests(), host.provider.count(DISCOVERY)), (1, 1));
}
