//! What a preflight says of CORS: in a page by trying, elsewhere by judging the answers as a browser would.

use crate::setting::{Setting, away, code_names, of, refusing, said};
use crate::simulated::{ISSUER, USER_INFO};
use serde_json::{Value, json};
use wasm_oidc::ports::{HttpFailure, Reach};
use wasm_oidc::protocol::http::{HttpRequest, Method};
use wasm_oidc::tools::preflight::Status;

#[test]
fn in_a_page_an_answer_that_cors_refuses_is_told_from_none() {
    let refused = of(|it| {
        it.is_page = true;
        it.discovery = away("Failed to fetch");
        it.reach = Reach::Answers;
    });
    assert_eq!(refused.step("reachability").unwrap().status, Status::Success);
    assert_eq!(refused.step("discovery").unwrap().status, Status::Skipped);
    let step = refused.step("cors_discovery").unwrap();
    assert_eq!((step.status, code_names(step)), (Status::Failure, vec!["cors_refused"]));
    assert!(step.findings[0].remedy.contains("\"Access-Control-Allow-Origin: https://app.example\""));

    let silent = of(|it| {
        it.is_page = true;
        it.discovery = away("Failed to fetch");
        it.reach = Reach::Silent("Failed to fetch".into());
    });
    assert_eq!(code_names(silent.step("reachability").unwrap()), ["unreachable"]);
    assert_eq!(silent.step("cors_discovery").unwrap().status, Status::Skipped);
}

#[test]
fn in_a_page_each_endpoint_that_cors_refuses_is_named() {
    let report = of(|it| {
        it.is_page = true;
        it.keys = Err(HttpFailure::Network("Failed to fetch".into()));
        it.token = Err(HttpFailure::Network("Failed to fetch".into()));
        it.userinfo = Err(HttpFailure::Network("Failed to fetch".into()));
        it.reach = Reach::Answers;
    });
    for name in ["cors_key_set", "cors_token", "cors_userinfo"] {
        assert_eq!(code_names(report.step(name).unwrap()), ["cors_refused"], "{name}");
    }
    assert_eq!(report.step("cors_discovery").unwrap().status, Status::Success);
    for name in ["key_set", "token_endpoint", "clock", "exposed_headers"] {
        assert_eq!(report.step(name).unwrap().status, Status::Skipped, "{name}");
    }
}

#[test]
fn outside_a_page_the_origin_of_the_redirect_uri_asks_as_a_browser_would() {
    let (_, seen) = Setting::default().look_and_see();
    assert!(seen.iter().all(|request| request.headers.contains(&("origin".into(), "https://app.example".into()))));
    let asked = seen.iter().find(|request| request.method.as_str() == "OPTIONS").unwrap();
    assert_eq!(asked.url, format!("{ISSUER}{USER_INFO}"));
    assert!(asked.headers.contains(&("access-control-request-headers".into(), "authorization".into())));

    for (headers, why) in [
        (&[][..], "the answer has no header `Access-Control-Allow-Origin`"),
        (
            &[("access-control-allow-origin", "https://other.example")][..],
            "the answer allows https://other.example alone",
        ),
        (
            &[("access-control-allow-origin", "*"), ("access-control-allow-origin", "*")][..],
            "the answer has the header `Access-Control-Allow-Origin` twice",
        ),
    ] {
        let report = Setting { token: Ok(refusing(400, "invalid_request", headers)), ..Setting::default() }.look();
        let step = report.step("cors_token").unwrap();
        assert!(step.status == Status::Warning && step.message.ends_with(why), "{}", step.message);
        assert!(report.is_ok());
    }
    let own = of(|it| it.token = Ok(refusing(400, "x", &[("access-control-allow-origin", "https://app.example")])));
    assert_eq!(own.step("cors_token").unwrap().status, Status::Success);
}

#[test]
fn cors_is_not_judged_for_servers_and_for_programs_on_this_device() {
    for more in [
        json!({ "clientSecret": "canary" }),
        json!({ "redirectUri": "http://127.0.0.1:4200/callback", "session": "single-user" }),
    ] {
        let mut setting = Setting { more, ..Setting::default() };
        setting.document["token_endpoint_auth_methods_supported"] = json!(["none", "client_secret_basic"]);
        let (report, seen) = setting.look_and_see();
        assert!(report.is_ok());
        for name in ["cors_discovery", "cors_key_set", "cors_token", "cors_userinfo", "exposed_headers"] {
            let step = report.step(name).unwrap();
            assert!(step.status == Status::Skipped && !step.message.is_empty(), "{name}");
        }
        assert!(seen.iter().all(|request| request.headers.iter().all(|(name, _)| name != "origin")));
    }
}

#[test]
fn a_provider_on_the_apps_own_origin_hides_and_refuses_nothing() {
    let report = of(|it| {
        it.more = json!({ "redirectUri": format!("{ISSUER}/app/callback") });
        it.token = Ok(refusing(400, "invalid_request", &[]));
        it.userinfo = Ok(refusing(401, "invalid_token", &[]));
    });
    for name in ["cors_discovery", "cors_key_set", "cors_token", "cors_userinfo"] {
        let step = report.step(name).unwrap();
        assert_eq!(
            (step.status, step.message.as_str()),
            (Status::Success, "it has the app's own origin, so that CORS does not apply")
        );
    }
    let step = report.step("exposed_headers").unwrap();
    assert_eq!(step.message, "the endpoints have the app's own origin, so that nothing is hidden");
}

#[test]
fn headers_of_the_apps_have_to_be_allowed_beside_the_token_and_are_asked_for_without_being_sent() {
    let with = |allowed| {
        let headers = [("access-control-allow-origin", "*"), ("access-control-allow-headers", allowed)];
        let asked_before = Ok(said(204, &headers, &Value::Null));
        Setting { more: json!({ "headers": { "X-Tenant": "acme" } }), asked_before, ..Setting::default() }
    };
    for (allowed, codes) in [
        ("Authorization", vec!["cors_authorization_refused"]),
        ("*", vec!["cors_authorization_refused"]),
        ("Authorization, X-Tenant", vec![]),
        ("Authorization, *", vec![]),
    ] {
        assert_eq!(code_names(with(allowed).look().step("cors_userinfo").unwrap()), codes, "{allowed}");
    }
    let (_, seen) = with("*").look_and_see();
    let header = |request: &HttpRequest, name: &str| {
        request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let asked = seen.iter().find(|request| request.method == Method::Options).unwrap();
    assert_eq!(header(asked, "access-control-request-headers").as_deref(), Some("authorization,x-tenant"));
    for request in &seen {
        let expected = (request.method != Method::Options).then(|| "acme".to_owned());
        assert_eq!(header(request, "x-tenant"), expected, "{}", request.url);
    }
}
