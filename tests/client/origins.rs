//! Where access tokens may go, and where in a request they stand (RFC 9700 2.3 and 4.9.1, RFC 6750 2).

use crate::simulated::{SimulatedHost, USER_INFO, code_of};
use serde_json::json;
use wasm_oidc::client::{ApiSession, Client, FetchPolicy};
use wasm_oidc::error::Code;

fn signed_in(options: serde_json::Value) -> (SimulatedHost, Client<SimulatedHost>) {
    let host = SimulatedHost::page();
    let client = host.client_with(options);
    host.sign_in(&client);
    (host, client)
}

fn authorize(host: &SimulatedHost, client: &Client<SimulatedHost>, url: &str) -> Result<String, Code> {
    let authorized = host.run(client.authorize(url, FetchPolicy::Required, &ApiSession::default()));
    authorized.map(|request| request.url).map_err(|error| error.code())
}

#[test]
fn only_the_origins_and_paths_that_were_named_get_the_token_b12() {
    let origins = ["https://api.example/v1/", "https://plain.example", "http://lan.example", "http://localhost:8080"];
    let (host, client) = signed_in(json!({ "apiOrigins": origins }));
    for (url, sent) in [
        ("https://api.example/v1", "https://api.example/v1"),
        ("https://API.example:443/v1/a/../b?c", "https://api.example/v1/b?c"),
        ("https://plain.example", "https://plain.example/"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
    ] {
        assert_eq!(authorize(&host, &client, url).as_deref(), Ok(sent), "{url}");
    }
    let before = host.provider.requests();
    for url in [
        "https://api.example/v2",
        "https://api.example/v1x",
        "https://api.example/v1/../admin",
        "https://api.example/v1/%2e%2e/admin",
        "https://api.example/v1%2f..%2fadmin",
        "https://api.example\\@evil.example/v1",
        "https://api.example@evil.example/v1",
        "https://api.example.evil.example/v1",
        "https://evil.example/https://api.example/v1",
        "https://api.example:8443/v1",
        "https://api.example./v1",
        "http://api.example/v1",
        "//evil.example/v1",
        "/v1",
        "https://sub.plain.example/",
        "http://plain.example/",
        "blob:https://plain.example/x",
        "http://lan.example/",
        "http://localhost:8081/",
        "http://localhost.evil.example:8080/",
        "data:text/plain,x",
        "javascript:alert(1)",
    ] {
        assert_eq!(authorize(&host, &client, url), Err(Code::OriginNotAllowed), "{url}");
    }
    assert_eq!(authorize(&host, &client, "https://"), Err(Code::InvalidOption));
    assert_eq!(host.provider.requests(), before);
}

#[test]
fn where_nothing_was_named_the_pages_own_origin_gets_it_and_a_process_gives_it_to_nobody_b12() {
    let (host, client) = signed_in(json!({}));
    assert_eq!(authorize(&host, &client, "/api").as_deref(), Ok("https://app.example/api"));
    for url in
        ["https://api.example/", "//app.example.evil.example/", "http://app.example/", "blob:https://app.example/x"]
    {
        assert_eq!(authorize(&host, &client, url), Err(Code::OriginNotAllowed), "{url}");
    }
    let process = SimulatedHost::process();
    let client = process.client_with(json!({ "session": "single-user" }));
    assert_eq!(authorize(&process, &client, "https://app.example/"), Err(Code::OriginNotAllowed));
}

#[test]
fn no_request_of_the_client_has_a_token_in_its_url_b7_o6() {
    let (host, client) = signed_in(json!({}));
    let first = client.session().unwrap().tokens.clone();
    host.run(client.refresh()).unwrap();
    host.run(client.user_info(None)).unwrap();
    let second = client.session().unwrap().tokens.clone();
    host.run(client.sign_out(&crate::simulated::here_only())).unwrap();
    let log = host.provider.log.borrow().join(" ");
    let mut gone_to = host.navigations.borrow().join(" ");
    gone_to.push_str(&log);
    for tokens in [first, second] {
        for token in [Some(&tokens.access_token), tokens.refresh_token.as_ref(), tokens.id_token.as_ref()] {
            assert!(!gone_to.contains(token.unwrap().expose()), "{gone_to}");
        }
    }
    assert!(log.contains(&format!("> {USER_INFO} ")), "{log}");
    assert_eq!(code_of(host.run(client.user_info(None))), Code::SignedOut);
}
