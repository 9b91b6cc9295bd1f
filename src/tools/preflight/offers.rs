//! What the provider says it offers, against what this client needs (RFC 8414 2, OpenID Connect Discovery 1.0 3).

use super::finding::{Finding, FindingCode};
use super::report::Step;
use super::status::Status;
use crate::client::ClientOptions;
use crate::error::{Code, harmless};
use crate::protocol::algorithm;
use crate::protocol::callback::ResponseMode;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::{Json, Object};
use crate::protocol::metadata::ProviderType;
use crate::protocol::url::HttpsUrl;
use crate::protocol::words;

/// The steps that need the metadata, in order.
pub(super) const NAMES: [&str; 7] = [
    "endpoints",
    "authorization_request",
    "pkce",
    "response_types",
    "grant_types",
    "client_authentication",
    "signing_algorithms",
];

/// The metadata as the client uses it: discovered, with what the app gave instead.
pub(super) fn in_use(discovered: Option<&Object>, given: Option<&Object>) -> Option<Object> {
    let mut document = discovered.or(given)?.clone();
    for (name, value) in given.into_iter().flat_map(Object::iter) {
        document.insert(name, value.clone());
    }
    Some(document)
}

pub(super) fn steps(document: &Object, options: &ClientOptions) -> Vec<Step> {
    vec![
        endpoints(document, options),
        authorization_request(document),
        pkce(document, options),
        response_types(document, options),
        grant_types(document, options),
        client_authentication(document, options),
        signing_algorithms(document, options),
    ]
}

/// The URL of an endpoint, where there is one that the client would use.
pub(super) fn endpoint(document: &Object, name: &str) -> Option<HttpsUrl> {
    HttpsUrl::parse(document.string(name).ok()??).ok()
}

/// Whether ID tokens are asked for and checked with the provider's keys.
pub(super) fn needs_keys(options: &ClientOptions) -> bool {
    options.asks_for_id_token(&options.scopes) && options.verify_signature
}

/// A list that the provider may be silent about.
#[inline(never)]
pub(super) fn list(document: &Object, name: &str) -> Option<Vec<String>> {
    document.strings(name).ok().flatten()
}

#[inline(never)]
fn lists(list: &[String], value: &str) -> bool {
    list.iter().any(|listed| listed == value)
}

#[inline(never)]
fn shown(list: &[String]) -> String {
    harmless(&words::join(list))
}

#[inline(never)]
fn note(step: &mut Step, name: &str, list: Option<&[String]>) {
    match list {
        Some(list) => step.put_texts(name, &list.iter().map(String::as_str).collect::<Vec<_>>()),
        None => step.details.insert(name, Json::Null),
    }
}

fn endpoints(document: &Object, options: &ClientOptions) -> Step {
    use FindingCode::{
        AuthorizationEndpointMissing, EndSessionEndpointMissing, JwksUriMissing, RevocationEndpointMissing,
        TokenEndpointMissing, UserinfoEndpointMissing,
    };
    let is_oidc = options.provider_type == ProviderType::Oidc;
    let signs_in = options.redirect_uri.is_some();
    let mut step = Step::new("endpoints");
    // A member, whether this client needs it, and what its absence means.
    let members = [
        ("authorization_endpoint", signs_in, Some(AuthorizationEndpointMissing)),
        ("token_endpoint", true, Some(TokenEndpointMissing)),
        ("jwks_uri", needs_keys(options) && options.jwks.is_none(), Some(JwksUriMissing)),
        ("userinfo_endpoint", is_oidc && signs_in, Some(UserinfoEndpointMissing)),
        ("end_session_endpoint", is_oidc && signs_in, Some(EndSessionEndpointMissing)),
        ("revocation_endpoint", true, Some(RevocationEndpointMissing)),
        ("introspection_endpoint", false, None),
        ("pushed_authorization_request_endpoint", false, None),
        ("device_authorization_endpoint", false, None),
    ];
    for (name, is_needed, missing) in members {
        let text = match document.get(name) {
            None | Some(Json::Null) => {
                if let Some(code) = missing.filter(|_| is_needed) {
                    step.find(Finding::new(code, format!("the metadata has no \"{name}\"")));
                }
                continue;
            }
            Some(Json::String(text)) => text,
            Some(other) => {
                let message = format!("\"{name}\" must be a URL, not of type {}", other.type_name());
                step.find(Finding::new(FindingCode::EndpointInvalid, message));
                continue;
            }
        };
        step.details.put_text(name, Some(&harmless(text)));
        if let Err(error) = HttpsUrl::parse(text) {
            let is_insecure = error.code() == Code::InsecureEndpoint;
            let code = if is_insecure { FindingCode::EndpointInsecure } else { FindingCode::EndpointInvalid };
            step.find(Finding::new(code, format!("\"{name}\": {}", error.failure().message)));
        }
    }
    step.saying("every endpoint that the app needs is there")
}

fn authorization_request(document: &Object) -> Step {
    let mut step = Step::new("authorization_request");
    let requirements = [
        ("require_pushed_authorization_requests", FindingCode::ParRequired, "pushed authorization requests (RFC 9126)"),
        (
            "require_signed_request_object",
            FindingCode::RequestObjectRequired,
            "signed authorization requests (RFC 9101)",
        ),
    ];
    for (name, code, what) in requirements {
        if document.get(name) == Some(&Json::Bool(true)) {
            step.find(Finding::new(code, format!("the provider takes only {what}, which this version does not send")));
        }
    }
    step.saying("the provider takes plain authorization requests")
}

fn pkce(document: &Object, options: &ClientOptions) -> Step {
    let mut step = Step::new("pkce");
    let methods = list(document, "code_challenge_methods_supported");
    note(&mut step, "methods", methods.as_deref());
    match &methods {
        Some(methods) if lists(methods, "S256") => {}
        Some(methods) if lists(methods, "plain") => step.find(Finding::new(
            FindingCode::PkcePlainOnly,
            "the provider announces the code challenge method `plain` and not S256",
        )),
        Some(methods) => step.find(Finding::new(
            FindingCode::PkceS256Missing,
            format!("the provider announces the code challenge methods \"{}\", without S256", shown(methods)),
        )),
        None => {
            let status = if options.require_pkce_advertised { Status::Failure } else { Status::Warning };
            let message = "the provider does not announce PKCE; S256 is sent all the same, and `state` and `nonce` \
                           protect the response";
            step.find(Finding::new(FindingCode::PkceNotAdvertised, message).weighing(status));
        }
    }
    step.saying("the provider announces PKCE with S256")
}

fn response_types(document: &Object, options: &ClientOptions) -> Step {
    if options.redirect_uri.is_none() {
        return Step::skipped("response_types", "there is no `redirectUri`, so no authorization response");
    }
    let mut step = Step::new("response_types");
    let types = list(document, "response_types_supported");
    note(&mut step, "types", types.as_deref());
    if let Some(types) = types.filter(|types| !lists(types, "code")) {
        let message = format!("the provider announces the response types \"{}\", without \"code\"", shown(&types));
        step.find(Finding::new(FindingCode::CodeResponseTypeMissing, message));
    }
    let modes = list(document, "response_modes_supported");
    note(&mut step, "modes", modes.as_deref());
    let mode = options.response_mode.as_str();
    if let Some(modes) = modes.filter(|modes| !lists(modes, mode)) {
        // The usual one is not asked for: what the provider does then is its own choice.
        let is_usual = options.response_mode == ResponseMode::Query;
        let status = if is_usual { Status::Warning } else { Status::Failure };
        let message = format!("the provider announces the response modes \"{}\", without \"{mode}\"", shown(&modes));
        step.find(Finding::new(FindingCode::ResponseModeMissing, message).weighing(status));
    }
    step.saying(format!("the response type \"code\" comes by \"{mode}\""))
}

fn grant_types(document: &Object, options: &ClientOptions) -> Step {
    let mut step = Step::new("grant_types");
    let grants = list(document, "grant_types_supported");
    note(&mut step, "types", grants.as_deref());
    let wants_offline = lists(&options.scopes, "offline_access");
    step.details.insert("offlineAccess", Json::Bool(wants_offline));
    if let Some(grants) = &grants {
        if options.redirect_uri.is_some() && !lists(grants, "authorization_code") {
            let message =
                format!("the provider announces the grant types \"{}\", without \"authorization_code\"", shown(grants));
            step.find(Finding::new(FindingCode::CodeGrantMissing, message));
        }
        if wants_offline && !lists(grants, "refresh_token") {
            let message =
                "`offline_access` is asked for, and the provider does not announce the grant type \"refresh_token\"";
            step.find(Finding::new(FindingCode::RefreshGrantMissing, message));
        }
    }
    if let Some(known) = list(document, "scopes_supported") {
        let unknown = options.scopes.iter().filter(|scope| !lists(&known, scope)).cloned().collect::<Vec<_>>();
        if !unknown.is_empty() {
            let message = format!("the provider does not list the scopes \"{}\"", shown(&unknown));
            step.find(Finding::new(FindingCode::ScopeNotListed, message));
        }
    }
    step.saying(match wants_offline {
        true => "codes and refresh tokens can be redeemed",
        false => "codes can be redeemed; most providers give a refresh token for the scope `offline_access` alone",
    })
}

fn client_authentication(document: &Object, options: &ClientOptions) -> Step {
    let listed = list(document, "token_endpoint_auth_methods_supported");
    let method = match options.client_auth.among(listed.as_deref()) {
        ClientAuthentication::Assertion(assertions) => assertions.method(),
        ClientAuthentication::None => "none",
        ClientAuthentication::SecretBasic(_) | ClientAuthentication::Secret(_) => "client_secret_basic",
        ClientAuthentication::SecretPost(_) => "client_secret_post",
        ClientAuthentication::App => {
            return Step::skipped("client_authentication", "the app authenticates the client by a function of its own");
        }
    };
    let mut step = Step::new("client_authentication");
    step.details.put_text("method", Some(method));
    note(&mut step, "methods", listed.as_deref());
    // Silence means client_secret_basic for clients that have a secret (RFC 8414 2).
    let usual = ["client_secret_basic".to_owned()];
    let offered = listed.as_deref().unwrap_or(&usual);
    let is_public = method == "none";
    let is_usual = is_public && listed.is_none();
    if !is_usual && !lists(offered, method) {
        let message = format!(
            "the provider announces the methods \"{}\" for its token endpoint, without \"{method}\"",
            shown(offered)
        );
        let finding = Finding::new(FindingCode::ClientAuthNotListed, message);
        step.find(if is_public {
            let remedy = "Register the app as a public client: many providers take those without announcing it.";
            finding.weighing(Status::Warning).remedied_by(remedy.to_owned())
        } else {
            finding
        });
    }
    step.saying(format!("the client authenticates by \"{method}\""))
}

fn signing_algorithms(document: &Object, options: &ClientOptions) -> Step {
    if !needs_keys(options) {
        return Step::skipped("signing_algorithms", "no ID token is asked for whose signature would be checked");
    }
    let mut step = Step::new("signing_algorithms");
    let listed = list(document, "id_token_signing_alg_values_supported");
    note(&mut step, "announced", listed.as_deref());
    let allowed = algorithm::allowed(listed.as_deref(), options.algorithms.as_deref());
    step.put_texts("allowed", &allowed.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>());
    match &listed {
        None if options.algorithms.is_none() => step.find(Finding::new(
            FindingCode::SigningAlgorithmsNotListed,
            "the provider does not say which algorithms sign ID tokens; all asymmetric ones are allowed",
        )),
        Some(listed) if !allowed.iter().any(|algorithm| lists(listed, algorithm.as_str())) => {
            let message = format!("the provider signs ID tokens by \"{}\", none of which is allowed", shown(listed));
            step.find(Finding::new(FindingCode::SigningAlgorithmsUnsupported, message));
        }
        _ => {}
    }
    step.saying("the provider signs ID tokens as this client checks them")
}

/// Whether responses say who they come from (RFC 9207), the defence of an app with several issuers (RFC 9700 4.4.2).
pub(super) fn issuer_parameter(document: &Object) -> Step {
    let step = Step::new("issuer_parameter");
    if document.get("authorization_response_iss_parameter_supported") == Some(&Json::Bool(true)) {
        return step.saying("authorization responses say which issuer they come from (RFC 9207)");
    }
    let message = "authorization responses do not say which issuer they come from (RFC 9207), so that an app with \
                   several issuers could mix them up";
    step.finding(Finding::new(FindingCode::IssuerParameterNotAdvertised, message))
}
