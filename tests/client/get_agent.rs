//! Who is signed in, asked while the session ends or gives way to another one: nobody or the new one, and no error that
//! says "sign in".

use std::rc::Rc;

use crate::simulated::{SimulatedHost, Started, TOKEN, TOKEN_LIFETIME, code_of, here_only, refreshes};
use serde_json::json;
use wasm_oidc::client::Client;
use wasm_oidc::error::{Code, Result};
use wasm_oidc::ports::EventKind;

type Tab = (SimulatedHost, Client<SimulatedHost>);

fn client(host: &SimulatedHost) -> Client<SimulatedHost> {
    let client = host.client_with(json!({ "storage": "local" }));
    host.run(client.restore()).unwrap();
    client
}

/// Somebody signed in, whose access token is past its end; and another tab, whose messages do not arrive in the first.
fn expired_and_another() -> (Tab, Tab) {
    let host = SimulatedHost::page();
    let tab = (host.clone(), client(&host));
    host.sign_in(&tab.1);
    let mut other = host.tab_with(host.places.of_another_tab());
    other.tabs = Rc::default();
    let other = (other.clone(), client(&other));
    host.pass_seconds(TOKEN_LIFETIME + 1);
    (tab, other)
}

/// Asks who is signed in, and for a token, and waits until the provider has the refresh token.
fn asked((host, client): &Tab) -> (Started<Result<Option<String>>>, Started<Result<String>>) {
    let (one, two) = (client.clone(), client.clone());
    let agent = host.start(async move { one.get_agent().await.map(|agent| agent.map(|agent| agent.id.clone())) });
    let token = host.start(async move { two.access_token(0, false).await.map(|token| token.expose().to_owned()) });
    host.executor.pass(20);
    assert_eq!(refreshes(host), 1);
    (agent, token)
}

#[test]
fn nobody_is_signed_in_where_another_tab_signed_out_during_the_refresh_and_this_one_has_not_heard_of_it() {
    let (tab, other) = expired_and_another();
    let (agent, token) = asked(&tab);
    other.0.run(other.1.sign_out(&here_only())).unwrap();
    tab.0.pass_seconds(1);
    assert_eq!(agent.take().unwrap(), None);
    assert_eq!(code_of(token.take()), Code::SignedOut);
    assert!(tab.1.session().is_none());
    assert_eq!(tab.0.reasons(EventKind::SignedOut), [Some("signed_out")]);
    assert_eq!(tab.0.places.all_tokens(), []);
}

#[test]
fn nobody_is_signed_in_where_another_program_erased_the_session_during_the_refresh() {
    let (tab, _) = expired_and_another();
    let (agent, token) = asked(&tab);
    let key = tab.0.places.all_tokens()[0].0.clone();
    tab.0.places.forget_tokens(&key);
    tab.0.pass_seconds(1);
    assert_eq!(agent.take().unwrap(), None);
    assert_eq!(code_of(token.take()), Code::SignedOut);
    assert!(tab.1.session().is_none());
    assert_eq!(tab.0.reasons(EventKind::SignedOut), [Some("cleared")]);
    assert_eq!(tab.0.places.all_tokens(), []);
}

#[test]
fn the_session_that_took_the_place_of_another_during_the_refresh_is_the_agents_and_no_token_for_who_asked_before() {
    let (tab, other) = expired_and_another();
    tab.0.provider.take_time(TOKEN, 1000);
    let (agent, token) = asked(&tab);
    tab.0.provider.take_time(TOKEN, 50);
    other.0.sign_in(&other.1);
    tab.0.pass_seconds(2);
    assert_eq!(agent.take().unwrap().as_deref(), Some("usr_1"));
    assert_eq!(code_of(token.take()), Code::SignedOut);
    assert_eq!(tab.1.session().unwrap().id, other.1.session().unwrap().id);
}

#[test]
fn who_signs_in_here_while_the_old_session_is_being_renewed_is_the_agent() {
    let (tab, _) = expired_and_another();
    let old = tab.1.session().unwrap();
    let (url, caller) = (tab.0.begin(&tab.1), tab.1.clone());
    tab.0.go(&url);
    let callback = tab.0.start(async move { caller.handle_redirect_callback(None).await.map(drop) });
    tab.0.executor.pass(20);
    let (agent, token) = asked(&tab);
    tab.0.pass_seconds(1);
    callback.take().unwrap();
    assert_ne!(tab.1.session().unwrap().id, old.id);
    assert_eq!(agent.take().unwrap().as_deref(), Some("usr_1"));
    assert_eq!(code_of(token.take()), Code::SignedOut);
}
