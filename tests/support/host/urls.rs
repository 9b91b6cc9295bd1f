//! `URL` behind the port, and the vectors X16 and X17 through a client on this host.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::client::{Client, ClientOptions, SignInOptions};
use wasm_oidc::error::Code;
use wasm_oidc::host::JsHost;
use wasm_oidc::ports::{Page, Urls};
use wasm_oidc::protocol::json::parse_object;

use super::host;

#[wasm_bindgen_test]
fn a_url_is_taken_apart_as_the_standard_says() {
    let url = host().resolve("../b/./c?d=%2f#e", Some("HTTPS://APP.example:443/x/y")).unwrap();
    assert_eq!(url.href, "https://app.example/b/c?d=%2f#e");
    assert_eq!((&*url.origin, &*url.path, &*url.query), ("https://app.example", "/b/c", "?d=%2f"));
    let opaque = host().resolve("data:text/html,x", None).unwrap();
    assert_eq!(opaque.origin, "null");
    assert_eq!(host().resolve("blob:https://app.example/x", None).unwrap().origin, "https://app.example");
}

#[wasm_bindgen_test]
fn what_is_no_url_is_none_and_no_trap_x18() {
    for (input, base) in [
        ("", None),
        ("/path", None),
        ("https://", None),
        ("https://[::1/", None),
        ("https://app.example:99999/", None),
        ("/path", Some("")),
        ("/path", Some("not a base")),
        ("//", Some("https://app.example/")),
    ] {
        assert_eq!(host().resolve(input, base), None, "{input:?} {base:?}");
    }
}

#[wasm_bindgen_test]
fn hosts_that_parsers_disagree_on_are_seen_as_this_host_navigates_to_them_x17() {
    for (input, origin) in [
        ("///e.example", "https://e.example"),
        ("https://127.1/", "https://127.0.0.1"),
        ("https://0x7f000001/", "https://127.0.0.1"),
        ("https://app\u{3002}example/", "https://app.example"),
        ("https://\u{fb01}le.example/", "https://file.example"),
        ("https://EXAMPLE.com./", "https://example.com."),
    ] {
        let url = host().resolve(input, Some("https://app.example/")).unwrap();
        assert_eq!(url.origin, origin, "{input:?}");
        // What is compared is what is navigated to.
        assert_eq!(host().resolve(&url.href, None).unwrap(), url, "{input:?}");
    }
}

/// Signs in with a `returnTo`, and tells how often the user was sent to the provider. The app is where the page is, or
/// at `https://app.example` where there is none.
async fn sign_in(return_to: &str) -> (Result<(), Code>, usize) {
    let options = br#"{"type":"oauth2","clientId":"app","session":"single-user","scopes":["a"],
        "redirectUri":"https://app.example/callback","metadata":{"issuer":"https://idp.example",
        "authorization_endpoint":"https://idp.example/authorize","token_endpoint":"https://idp.example/token"}}"#;
    let options = ClientOptions::from_json(&parse_object(options).unwrap(), JsHost::is_page()).unwrap();
    let opened = Rc::new(RefCell::new(0));
    let open_url = {
        let opened = Rc::clone(&opened);
        Closure::<dyn Fn(String)>::new(move |_| *opened.borrow_mut() += 1)
    };
    let host = JsHost::new(options.storage).with_open_url(Some(open_url.as_ref().clone().into()));
    let client = Client::new(host, options).unwrap();
    let mut sign_in = SignInOptions::new(client.options());
    sign_in.return_to = Some(return_to.to_owned());
    let result = client.sign_in_redirect(&sign_in).await.map_err(|error| error.code());
    let opened = *opened.borrow();
    (result, opened)
}

fn origin() -> String {
    match host().location() {
        Some(location) => host().resolve(&location, None).unwrap().origin,
        None => "https://app.example".to_owned(),
    }
}

#[wasm_bindgen_test]
async fn a_place_of_the_own_origin_can_be_returned_to() {
    let origin = origin();
    for target in ["/a?b#c", "a", "\\a", "", "?x", "#y", &origin, &origin.to_uppercase(), &format!("{origin}/a")] {
        assert_eq!(sign_in(target).await, (Ok(()), 1), "{target:?}");
    }
}

#[wasm_bindgen_test]
async fn whatever_leaves_the_origin_is_rejected_before_the_page_is_left_b1_x16() {
    let origin = origin();
    let (scheme, authority) = origin.split_once("://").unwrap();
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    let of_this_origin = [
        format!("{origin}@e.example/"),
        format!("{origin}.e.example/"),
        format!("{origin}0.e.example/"),
        format!("blob:{origin}/x"),
        format!("{other_scheme}://{authority}/"),
        format!("{scheme}://user@e.example#@{authority}/"),
    ];
    let fixed = [
        "//e.example",
        "/\\e.example",
        "\\\\e.example",
        "\\/e.example",
        "/\t/e.example",
        "/\n/e.example",
        "https:///e.example",
        "https:\\\\e.example",
        " https://e.example",
        "///e.example",
        "https://app%2eexample.e/",
        "/.//e.example",
        "/..//e.example",
        "https://xn--app-.example/",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "https://",
        "//",
    ];
    for target in fixed.into_iter().chain(of_this_origin.iter().map(String::as_str)) {
        assert_eq!(sign_in(target).await, (Err(Code::RedirectTargetRejected), 0), "{target:?}");
    }
}
