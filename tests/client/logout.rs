//! To the provider's logout page and back (RP-Initiated Logout 1.0): once, and only to this client.

use crate::simulated::{DISCOVERY, REVOKE, SimulatedHost, answer, code_of, metadata};
use serde_json::json;
use url::Url;
use wasm_oidc::client::{Client, LoggedOut, SignInOptions, SignOutOptions};
use wasm_oidc::error::Code;
use wasm_oidc::ports::{Area, EventKind};

const BYE: &str = "https://app.example/bye?lang=de";

fn signed_in() -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.client_with(json!({ "postLogoutRedirectUri": BYE }));
    host.run(client.restore()).unwrap();
    host.sign_in(&client);
    (host, client)
}

/// Where the provider sends the user back to.
fn sign_out(host: &SimulatedHost, client: &Client<SimulatedHost>, app_state: Option<&str>) -> String {
    let options = SignOutOptions { app_state: app_state.map(str::to_owned), ..SignOutOptions::default() };
    assert_eq!(host.run(client.sign_out(&options)).unwrap(), None);
    let logout = Url::parse(host.navigations.borrow().last().unwrap()).unwrap();
    let sent = |name: &str| logout.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    format!("{}&state={}", sent("post_logout_redirect_uri"), sent("state"))
}

#[test]
fn the_return_from_the_provider_is_told_once_and_leaves_the_address_bar_clean_l2() {
    let (host, client) = signed_in();
    let back = sign_out(&host, &client, Some("{\"tab\":3}"));
    let host = host.reloaded();
    host.go(&format!("{back}#/route"));
    let client = host.client_with(json!({ "postLogoutRedirectUri": BYE }));
    let told = client.handle_logout_callback(None).unwrap();
    assert_eq!(told, Some(LoggedOut { return_to: BYE.to_owned(), app_state: Some("{\"tab\":3}".to_owned()) }));
    assert_eq!(wasm_oidc::ports::Page::location(&host).unwrap(), format!("{BYE}#/route"));
    assert_eq!(host.places.all(Area::Transactions).iter().filter(|(key, _)| key.contains("logout")).count(), 0);
    host.go(&back);
    assert_eq!(client.handle_logout_callback(None).unwrap(), None);
    assert_eq!(wasm_oidc::ports::Page::location(&host).unwrap(), back);
}

#[test]
fn what_is_not_the_return_of_this_sign_out_is_left_alone_l2() {
    let (host, client) = signed_in();
    let back = sign_out(&host, &client, None);
    for url in [
        BYE.to_owned(),
        format!("{BYE}&state=made-up"),
        format!("{back}x"),
        format!("{back}&state=x"),
        back.replace("/bye", "/elsewhere"),
        back.replace("app.example", "evil.example"),
        back.replace("lang=de", "lang=en"),
    ] {
        host.go(&url);
        assert_eq!(client.handle_logout_callback(None).unwrap(), None, "{url}");
        assert_eq!(wasm_oidc::ports::Page::location(&host).unwrap(), url);
    }
    assert!(client.handle_logout_callback(Some(back)).unwrap().is_some());
    assert!(host.reasons(EventKind::Warning).is_empty());
}

#[test]
fn each_sign_out_has_a_state_of_its_own_and_the_last_one_counts_l2() {
    let (host, client) = signed_in();
    let first = sign_out(&host, &client, None);
    host.sign_in(&client);
    let second = sign_out(&host, &client, None);
    assert_ne!(first, second);
    let is_logout = |(key, _): &(String, String)| key.starts_with("wasm-oidc:logout:");
    assert_eq!(host.places.all(Area::Transactions).into_iter().filter(is_logout).count(), 1);
    assert_eq!(client.handle_logout_callback(Some(first)).unwrap(), None);
    assert!(client.handle_logout_callback(Some(second)).unwrap().is_some());
}

#[test]
fn a_sign_out_by_form_gives_the_form_and_puts_the_id_token_into_no_url_l1() {
    let (host, client) = signed_in();
    let id_token = client.session().unwrap().tokens.id_token.as_ref().unwrap().expose().to_owned();
    let before = host.navigations.borrow().len();
    let options = SignOutOptions { by_form: true, ..SignOutOptions::default() };
    let form = host.run(client.sign_out(&options)).unwrap().unwrap();
    assert_eq!(form.action, "https://idp.example/logout");
    let value = |name: &str| form.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose());
    assert_eq!((value("id_token_hint"), value("post_logout_redirect_uri")), (Some(id_token.as_str()), Some(BYE)));
    assert_eq!(host.navigations.borrow().len(), before);
    let back = format!("{BYE}&state={}", value("state").unwrap());
    assert!(client.handle_logout_callback(Some(back)).unwrap().is_some());
}

#[test]
fn only_a_page_posts_a_form_and_the_session_stays_where_it_cannot() {
    let host = SimulatedHost::process();
    let client = host.client_with(json!({ "session": "single-user" }));
    // It has nothing to open a URL with, and the test opens it instead.
    let begun = host.run(client.sign_in_redirect(&SignInOptions::new(client.options())));
    assert_eq!(code_of(begun), Code::MissingOption);
    let url = host.provider.authorize(&host.navigations.borrow()[0]);
    host.run(client.handle_redirect_callback(Some(url))).unwrap();
    let options = SignOutOptions { by_form: true, ..SignOutOptions::default() };
    assert_eq!(code_of(host.run(client.sign_out(&options))), Code::InvalidOption);
    assert!(client.session().is_some());
}

#[test]
fn nothing_is_remembered_where_the_user_does_not_come_back_l3() {
    let remembered = |host: &SimulatedHost| {
        host.places.all(Area::Transactions).iter().filter(|(key, _)| key.contains("logout")).count()
    };
    let (host, client) = signed_in();
    let here = SignOutOptions { redirect: false, ..SignOutOptions::default() };
    host.run(client.sign_out(&here)).unwrap();
    assert_eq!(remembered(&host), 0);

    let host = SimulatedHost::page();
    let mut silent = metadata();
    silent.as_object_mut().unwrap().remove("end_session_endpoint");
    host.provider.plan(DISCOVERY, Ok(answer(200, &silent)));
    let client = host.client_with(json!({ "postLogoutRedirectUri": BYE }));
    host.sign_in(&client);
    let before = host.navigations.borrow().len();
    host.run(client.sign_out(&SignOutOptions::default())).unwrap();
    assert_eq!((remembered(&host), host.navigations.borrow().len()), (0, before));
}

#[test]
fn the_session_is_gone_here_before_the_page_is_left_l4() {
    let (host, client) = signed_in();
    let before = host.navigations.borrow().len();
    host.provider.take_time(REVOKE, 1000);
    let caller = client.clone();
    let call = host.start(async move { caller.sign_out(&SignOutOptions::default()).await });
    host.executor.pass(500);
    assert!(client.session().is_none() && host.places.all_tokens().is_empty());
    assert_eq!(host.reasons(EventKind::SignedOut), [Some("signed_out")]);
    assert_eq!((call.is_done(), host.navigations.borrow().len()), (false, before));
    host.pass_seconds(3);
    assert!(host.navigations.borrow().last().unwrap().starts_with("https://idp.example/logout?"));
}

#[test]
fn a_process_that_serves_many_people_has_no_logout_of_its_own() {
    let client = SimulatedHost::process().client();
    assert_eq!(code_of(client.handle_logout_callback(Some(BYE.to_owned()))), Code::NoAmbientSession);
}
