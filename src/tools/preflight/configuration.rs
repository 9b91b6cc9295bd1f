//! What the app says about itself: redirect URI (RFC 6749 3.1.2, RFC 9700 2.1, RFC 8252 7.3 and 8.3), scopes, secrets.

use super::finding::{Finding, FindingCode};
use super::report::Step;
use super::viewpoint::{is_loopback, origin};
use crate::client::{Client, ClientOptions};
use crate::error::harmless;
use crate::ports::Host;
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::Json;
use crate::protocol::metadata::ProviderType;

pub(super) fn configuration<H: Host>(client: &Client<H>) -> Step {
    let options = client.options();
    let mut step = Step::new("configuration");
    step.details.put_text("clientId", Some(&harmless(&options.client_id)));
    step.put_texts("scopes", &options.scopes.iter().map(String::as_str).collect::<Vec<_>>());
    let page = client.host().location();
    redirect_uri(client, page.as_deref(), &mut step);
    let has_secret = !matches!(options.client_auth, ClientAuthentication::None | ClientAuthentication::App);
    if page.is_some() && has_secret {
        step.find(Finding::new(FindingCode::SecretInPage, "a client secret is in a page, where everybody can read it"));
    }
    scopes(options, &mut step);
    if options.asks_for_id_token(&options.scopes) && !options.verify_signature {
        step.find(Finding::new(
            FindingCode::SignatureUnchecked,
            "`verifySignature` is false: the signatures of ID tokens are not checked",
        ));
    }
    let redirect_uri = options.redirect_uri.as_deref().map(harmless);
    step.saying(match redirect_uri {
        Some(uri) => format!("the provider has to know the redirect URI \"{uri}\", byte for byte"),
        None => "there is no redirect URI, so no code flow".to_owned(),
    })
}

fn redirect_uri<H: Host>(client: &Client<H>, page: Option<&str>, step: &mut Step) {
    let options = client.options();
    let Some(uri) = options.redirect_uri.as_deref() else {
        if options.client_auth == ClientAuthentication::None {
            let message = "there is no `redirectUri`, without which nobody can sign in by the code flow";
            step.find(Finding::new(FindingCode::RedirectUriMissing, message));
        }
        return;
    };
    let shown = harmless(uri);
    step.details.put_text("redirectUri", Some(&shown));
    let mut find = |code, what: &str| step.find(Finding::new(code, format!("the redirect URI \"{shown}\" {what}")));
    let Some(own) = origin(client.host(), uri) else {
        return find(FindingCode::RedirectUriInvalid, "is no absolute URL");
    };
    if uri.contains('#') {
        find(FindingCode::RedirectUriFragment, "has a fragment, which RFC 6749 3.1.2 forbids");
    }
    if uri.contains('*') {
        find(FindingCode::RedirectUriWildcard, "holds a wildcard, and is sent as it is");
    }
    if uri.starts_with("http:") && !is_loopback(&own) {
        find(FindingCode::RedirectUriInsecure, "is http and not on this device: everybody on the way reads the code");
    }
    match page.and_then(|page| origin(client.host(), page)) {
        Some(origin) if origin != own => {
            let hint = if is_loopback(&origin) && is_loopback(&own) {
                ": \"localhost\", \"127.0.0.1\" and other ports are other origins"
            } else {
                ""
            };
            let what = format!(
                "lies on another origin than this page, {}, so that what a sign-in began with is not found there{hint}",
                harmless(&origin)
            );
            find(FindingCode::RedirectUriOtherOrigin, &what);
        }
        None if options.single_user && own.starts_with("http://localhost") => {
            find(FindingCode::RedirectUriLocalhost, "names \"localhost\", which RFC 8252 8.3 advises against");
        }
        _ => {}
    }
    step.details.insert("notes", notes(uri, &own));
}

/// What is right, and often written another way at the provider.
fn notes(uri: &str, own: &str) -> Json {
    let mut notes = Vec::new();
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    if path.ends_with('/') || path.len() <= own.len() {
        notes.push("a trailing slash counts: the provider compares redirect URIs byte for byte");
    }
    if is_loopback(own) {
        notes.push("\"localhost\" and \"127.0.0.1\" are two redirect URIs and two origins");
    }
    Json::Array(notes.into_iter().map(|note| Json::String(note.to_owned())).collect())
}

fn scopes(options: &ClientOptions, step: &mut Step) {
    let is_scope =
        |scope: &str| !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if let Some(scope) = options.scopes.iter().find(|scope| !is_scope(scope)) {
        let message = format!("\"{}\" is no scope (RFC 6749 3.3)", harmless(scope));
        step.find(Finding::new(FindingCode::ScopeMalformed, message));
    }
    let asks = options.scopes.iter().any(|scope| scope == "openid");
    match options.provider_type {
        // A machine has nobody to identify.
        ProviderType::Oidc if !asks && options.redirect_uri.is_some() => step.find(Finding::new(
            FindingCode::OpenidMissing,
            "`scopes` lacks `openid`: there is no ID token, so nobody is known by a sign-in",
        )),
        ProviderType::Oauth2 if asks => step.find(Finding::new(
            FindingCode::OpenidUnused,
            "`scopes` has `openid`, but with `type: \"oauth2\"` the ID token is neither verified nor used",
        )),
        ProviderType::Oidc | ProviderType::Oauth2 => {}
    }
}
