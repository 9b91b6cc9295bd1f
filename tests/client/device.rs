//! Sign-ins on devices without a browser, in virtual time (RFC 8628).

use std::rc::Rc;

use crate::simulated::{
    DISCOVERY, ISSUER, REVOKE, SimulatedHost, Started, TOKEN, answer, code_of, metadata, refusal, sign,
};
use serde_json::{Value, json};
use wasm_oidc::client::{Client, DeviceOptions, DeviceSignIn, Exchanged};
use wasm_oidc::error::{Class, Code, Result};
use wasm_oidc::ports::HttpFailure;
use wasm_oidc::protocol::http::HttpResponse;
use wasm_oidc::protocol::json::parse_object;

const DEVICE: &str = "/device";

/// A process with a provider that offers the grant, with these members in its answer.
struct Setting {
    host: SimulatedHost,
    client: Client<SimulatedHost>,
}

impl Setting {
    fn new() -> Self {
        let host = SimulatedHost::process();
        let mut document = metadata();
        document["device_authorization_endpoint"] = format!("{ISSUER}{DEVICE}").into();
        host.provider.plan(DISCOVERY, Ok(answer(200, &document)));
        let client = host.client();
        Self { host, client }
    }

    fn begin(&self, more: &Value) -> Result<Rc<DeviceSignIn>> {
        self.begin_with(more, "{}")
    }

    fn begin_with(&self, more: &Value, options: &str) -> Result<Rc<DeviceSignIn>> {
        let mut body = json!({
            "device_code": "canary-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800,
            "verification_uri": format!("{ISSUER}/go"),
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.host.provider.plan(DEVICE, Ok(answer(200, &body)));
        let options =
            DeviceOptions::from_json(&parse_object(options.as_bytes()).unwrap(), self.client.options()).unwrap();
        self.host.run(self.client.begin_device(options)).map(Rc::new)
    }

    fn wait(&self, sign_in: &Rc<DeviceSignIn>) -> Started<Result<Exchanged>> {
        let (client, sign_in) = (self.client.clone(), Rc::clone(sign_in));
        self.host.start(async move { client.device_agent(&sign_in).await })
    }

    fn plan(&self, answers: impl IntoIterator<Item = HttpResponse>) {
        for answer in answers {
            self.host.provider.plan(TOKEN, Ok(answer));
        }
    }

    fn pending_for_ever(&self) {
        self.plan((0..500).map(|_| refusal("authorization_pending")));
    }

    fn tokens(&self, subject: &str) -> HttpResponse {
        let now = self.host.seconds();
        let claims = json!({ "iss": ISSUER, "sub": subject, "aud": "spa", "iat": now, "exp": now + 3600 });
        answer(
            200,
            &json!({
                "access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": sign("k1", &claims, false),
            }),
        )
    }

    fn polls(&self) -> usize {
        self.host.provider.count(TOKEN)
    }

    /// How many polls are sent in so many seconds.
    fn polls_in(&self, seconds: i64) -> usize {
        let before = self.polls();
        self.host.pass_seconds(seconds);
        self.polls() - before
    }
}

#[test]
fn the_person_agrees_and_the_agent_is_whom_the_id_token_names() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    assert_eq!(sign_in.authorization.user_code, "WDJB-MJHT");
    assert_eq!(sign_in.expires_at, setting.host.seconds() + 1800);
    setting.plan([refusal("authorization_pending"), setting.tokens("usr_ada")]);
    let exchanged = setting.host.run(setting.client.device_agent(&sign_in)).unwrap();
    assert_eq!(exchanged.agent.id, "usr_ada");
    let forms = setting.host.provider.forms.borrow();
    assert_eq!(forms[0]["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!((forms[0]["device_code"].as_str(), forms[0]["client_id"].as_str()), ("canary-device-code", "spa"));
    assert_eq!(setting.host.provider.orders.borrow()[0].0["scope"], "openid profile email");
}

#[test]
fn nobody_polls_before_the_interval_and_five_seconds_are_the_usual_one_dev1() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.pending_for_ever();
    let _waiting = setting.wait(&sign_in);
    assert_eq!(setting.polls_in(4), 0);
    assert_eq!(setting.polls_in(2), 1);
    // Each takes its time to be answered.
    assert!((10..=12).contains(&setting.polls_in(60)), "{}", setting.polls());

    let slow = Setting::new();
    let sign_in = slow.begin(&json!({ "interval": 30 })).unwrap();
    slow.pending_for_ever();
    let _waiting = slow.wait(&sign_in);
    assert_eq!((slow.polls_in(29), slow.polls_in(2), slow.polls_in(28)), (0, 1, 0));
}

#[test]
fn pending_keeps_the_interval_and_slow_down_lengthens_it_for_good_dev2() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.plan([refusal("slow_down"), refusal("authorization_pending"), refusal("slow_down")]);
    setting.pending_for_ever();
    let _waiting = setting.wait(&sign_in);
    assert_eq!(setting.polls_in(6), 1);
    // Ten seconds now, and after the pending one still.
    assert_eq!((setting.polls_in(8), setting.polls_in(2)), (0, 1));
    assert_eq!((setting.polls_in(9), setting.polls_in(2)), (0, 1));
    // Fifteen, and it stays so.
    assert_eq!((setting.polls_in(13), setting.polls_in(2)), (0, 1));
    assert_eq!((setting.polls_in(12), setting.polls_in(2)), (0, 1));
}

#[test]
fn a_refusal_and_an_expired_code_end_it_dev3() {
    for (error, class, code) in [
        ("access_denied", Class::AccessDenied, Code::AccessDenied),
        ("expired_token", Class::TokenExchange, Code::ExpiredToken),
        ("invalid_grant", Class::TokenExchange, Code::InvalidGrant),
        ("invalid_client", Class::TokenExchange, Code::InvalidClient),
    ] {
        let setting = Setting::new();
        let sign_in = setting.begin(&json!({})).unwrap();
        setting.plan([refusal("authorization_pending"), refusal(error)]);
        setting.pending_for_ever();
        let failure = setting.host.run(setting.client.device_agent(&sign_in)).unwrap_err();
        assert_eq!((failure.class(), failure.code()), (class, code));
        assert!(!format!("{failure} {failure:?}").contains("canary"));
        assert_eq!(setting.polls_in(3600), 0);
    }
}

#[test]
fn time_outs_and_failures_of_the_provider_double_the_wait_dev3() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.host.provider.plan(TOKEN, Err(HttpFailure::Timeout));
    setting.host.provider.plan(TOKEN, Err(HttpFailure::Network("away".to_owned())));
    setting.plan([refusal("authorization_pending"), answer(503, &json!({})), setting.tokens("usr_ada")]);
    let waiting = setting.wait(&sign_in);
    assert_eq!(setting.polls_in(6), 1);
    assert_eq!((setting.polls_in(8), setting.polls_in(2)), (0, 1));
    assert_eq!((setting.polls_in(18), setting.polls_in(2)), (0, 1));
    assert_eq!((setting.polls_in(18), setting.polls_in(2)), (0, 1));
    assert_eq!((setting.polls_in(38), setting.polls_in(3)), (0, 1));
    assert_eq!(waiting.take().unwrap().agent.id, "usr_ada");
}

#[test]
fn nothing_is_asked_when_the_code_is_over_dev4() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({ "expires_in": 62 })).unwrap();
    setting.pending_for_ever();
    let waiting = setting.wait(&sign_in);
    setting.host.pass_seconds(61);
    let polls = setting.polls();
    assert!(!waiting.is_done());
    assert_eq!(setting.polls_in(3600), 0, "{polls}");
    assert_eq!(code_of(waiting.take()), Code::ExpiredToken);
}

#[test]
fn a_device_that_slept_over_the_end_does_not_ask_dev4() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({ "expires_in": 60 })).unwrap();
    setting.pending_for_ever();
    let waiting = setting.wait(&sign_in);
    setting.host.set_clock(3600);
    assert_eq!(setting.polls_in(60), 0);
    assert_eq!(code_of(waiting.take()), Code::ExpiredToken);
}

#[test]
fn no_poll_is_sent_while_another_is_on_its_way() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.pending_for_ever();
    setting.host.provider.take_time(TOKEN, 20_000);
    let _waiting = setting.wait(&sign_in);
    assert_eq!(setting.polls_in(24), 1);
    assert_eq!((setting.polls_in(5), setting.polls_in(2)), (0, 1));
}

#[test]
fn a_cancelled_sign_in_asks_nothing_more_dev6() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.pending_for_ever();
    let waiting = setting.wait(&sign_in);
    setting.host.pass_seconds(12);
    sign_in.cancel();
    assert_eq!(setting.polls_in(3600), 0);
    let failure = waiting.take().unwrap_err();
    assert_eq!((failure.class(), failure.code()), (Class::TokenExchange, Code::Cancelled));
    sign_in.cancel();
}

#[test]
fn tokens_that_arrive_after_the_cancelling_are_given_back_dev6() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.plan([setting.tokens("usr_ada")]);
    setting.host.provider.take_time(TOKEN, 2000);
    let waiting = setting.wait(&sign_in);
    setting.host.pass_seconds(6);
    assert_eq!(setting.polls(), 1);
    sign_in.cancel();
    setting.host.pass_seconds(10);
    assert_eq!(code_of(waiting.take()), Code::Cancelled);
    assert_eq!(setting.host.provider.count(REVOKE), 1);
}

#[test]
fn a_client_that_is_disposed_of_asks_nothing_more() {
    let setting = Setting::new();
    let sign_in = setting.begin(&json!({})).unwrap();
    setting.pending_for_ever();
    let waiting = setting.wait(&sign_in);
    setting.host.pass_seconds(6);
    setting.client.dispose();
    assert_eq!(setting.polls_in(3600), 0);
    assert_eq!(code_of(waiting.take()), Code::Disposed);
}

#[test]
fn the_id_token_is_verified_and_has_to_be_there() {
    for (change, code) in [
        (json!({ "aud": "another" }), Code::AudienceMismatch),
        (json!({ "iss": "https://other.example" }), Code::IssuerMismatch),
        (json!({ "exp": 1 }), Code::IdTokenExpired),
        (json!({ "nonce": "from another sign-in" }), Code::NonceMismatch),
    ] {
        let setting = Setting::new();
        let sign_in = setting.begin(&json!({})).unwrap();
        let now = setting.host.seconds();
        let mut claims = json!({ "iss": ISSUER, "sub": "usr_ada", "aud": "spa", "iat": now, "exp": now + 3600 });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let id_token = sign("k1", &claims, false);
        setting.plan([answer(200, &json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token }))]);
        let failure = setting.host.run(setting.client.device_agent(&sign_in)).unwrap_err();
        assert_eq!((failure.class(), failure.code()), (Class::TokenVerification, code), "{failure}");
    }
    let without = Setting::new();
    let sign_in = without.begin(&json!({})).unwrap();
    without.plan([answer(200, &json!({ "access_token": "at", "token_type": "Bearer" }))]);
    assert_eq!(code_of(without.host.run(without.client.device_agent(&sign_in))), Code::IdTokenMissing);
    let forged = Setting::new();
    let sign_in = forged.begin(&json!({})).unwrap();
    forged.host.provider.forges.set(true);
    let now = forged.host.seconds();
    let claims = json!({ "iss": ISSUER, "sub": "usr_ada", "aud": "spa", "iat": now, "exp": now + 3600 });
    let id_token = sign("k1", &claims, true);
    forged.plan([answer(200, &json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token }))]);
    assert_eq!(code_of(forged.host.run(forged.client.device_agent(&sign_in))), Code::SignatureInvalid);
}

#[test]
fn a_page_to_go_to_that_is_not_https_is_refused_dev5() {
    let setting = Setting::new();
    let error = setting.begin(&json!({ "verification_uri": "http://idp.example/go" })).err().unwrap();
    assert_eq!(error.code(), Code::InsecureEndpoint);
    let other = Setting::new();
    let error = other.begin(&json!({ "verification_uri_complete": "http://127.0.0.1/go" })).err().unwrap();
    assert_eq!(error.code(), Code::InsecureEndpoint);
}

#[test]
fn a_provider_without_the_endpoint_says_so() {
    let host = SimulatedHost::process();
    let client = host.client();
    let options = DeviceOptions::from_json(&parse_object(b"{}").unwrap(), client.options()).unwrap();
    let error = host.run(client.begin_device(options)).err().unwrap();
    assert_eq!(error.code(), Code::EndpointMissing);
    assert!(error.to_string().contains("device_authorization_endpoint"));
}

#[test]
fn somebody_else_than_expected_gets_no_agent_and_the_tokens_are_given_back() {
    for (subject, is_expected) in [("usr_ada", true), ("usr_eve", false)] {
        let setting = Setting::new();
        let sign_in = setting.begin_with(&json!({}), r#"{"expect":{"sub":"usr_ada"}}"#).unwrap();
        setting.plan([setting.tokens(subject)]);
        let came = setting.host.run(setting.client.device_agent(&sign_in));
        setting.host.pass_seconds(10);
        assert_eq!((came.is_ok(), setting.host.provider.count(REVOKE)), (is_expected, usize::from(!is_expected)));
        if let Err(error) = came {
            assert!(matches!(error.class(), Class::IdentityMismatch | Class::SubjectMismatch), "{error}");
        }
    }
}
