//! The shapes that cross to JavaScript.

use super::agents;
use super::record::Record;
use crate::authz::organizations::Organization;
use crate::client::{AuthorizationUrl, Authorized, Exchanged, Kept, LoggedOut, Relayed, Renewed, UserInfo};
use crate::ports::Event;
use crate::protocol::end_session::LogoutForm;
use crate::protocol::json::Json;
use crate::session::{Agent, TokenSet};

/// An agent without its tokens.
#[inline(never)]
pub(super) fn agent(agent: &Agent, tokens: &TokenSet, revision: u32) -> Json {
    let mut record = agents::begun(agent, revision);
    record.number("expiresAt", tokens.expires_at);
    record.flag("hasRefreshToken", Some(tokens.refresh_token.is_some()));
    record.number("refreshExpiresAt", tokens.refresh_expires_at);
    record.done()
}

/// An agent whose tokens the app keeps.
pub(super) fn detached(exchanged: &Exchanged) -> Json {
    detached_record(exchanged).done()
}

#[inline(never)]
pub(super) fn detached_record(exchanged: &Exchanged) -> Record {
    let mut record = Record::default();
    record.put("agent", agent(&exchanged.agent, &exchanged.tokens, 0));
    record.text("tokensJson", Some(&exchanged.tokens.to_json().to_string()));
    record
}

/// An agent of tokens that the app kept, and whether they want to be renewed first.
pub(super) fn kept(kept: &Kept) -> Json {
    let mut record = detached_record(&kept.exchanged);
    record.flag("isDue", Some(kept.is_due));
    record.done()
}

/// What renewing them came to: new ones, or why there are none while the old ones are still good.
pub(super) fn renewed(renewed: &Renewed) -> Json {
    match renewed {
        Renewed::Fresh(exchanged) => detached(exchanged),
        Renewed::Unchanged(error) => {
            let mut record = Record::default();
            record.put("error", super::errors::record(error));
            record.done()
        }
    }
}

/// An authorization request.
#[inline(never)]
pub(super) fn authorization_url(request: &AuthorizationUrl) -> Json {
    let mut record = Record::default();
    record.text("url", Some(&request.url));
    record.text("state", Some(&request.state));
    record.text("nonce", request.nonce.as_deref());
    record.text("codeVerifier", Some(request.code_verifier.as_str()));
    record.text("issuer", request.issuer.as_deref());
    record.text("redirectUri", Some(&request.redirect_uri));
    record.text("scope", Some(&request.scope));
    record.number("maxAge", request.max_age);
    if !request.acr_values.is_empty() {
        record.texts("acrValues", &request.acr_values);
    }
    if !request.expected.is_anybody() {
        record.put("expect", Json::Object(request.expected.to_json()));
    }
    record.done()
}

/// Claims, as text so that `__proto__` stays a plain member, and the organizations among them.
pub(super) fn user_info(user_info: &UserInfo) -> Json {
    let mut record = Record::default();
    record.text("claimsJson", Some(&user_info.claims.to_string()));
    record.put("organizations", Json::Array(user_info.organizations.iter().map(Organization::to_json).collect()));
    record.done()
}

/// A form to post, its fields as pairs.
pub(super) fn logout_form(form: &LogoutForm) -> Json {
    let pair = |text: &str| Json::String(text.to_owned());
    let fields = form.fields.iter().map(|(name, value)| Json::Array(vec![pair(name), pair(value.expose())]));
    let mut record = Record::default();
    record.text("action", Some(&form.action));
    record.put("fields", Json::Array(fields.collect()));
    record.done()
}

/// A logout that came back.
pub(super) fn logged_out(logged_out: &LoggedOut) -> Json {
    let mut record = Record::default();
    record.text("returnTo", Some(&logged_out.return_to));
    record.text("appStateJson", logged_out.app_state.as_deref());
    record.done()
}

/// A sign-in that began beside the page.
pub(super) fn relayed(relayed: &Relayed) -> Json {
    let mut record = Record::default();
    record.text("url", Some(&relayed.url));
    record.text("state", Some(&relayed.state));
    record.number("seconds", Some(relayed.seconds));
    record.done()
}

/// A request that may be sent.
pub(super) fn authorized(authorized: &Authorized) -> Json {
    let mut record = Record::default();
    record.text("url", Some(&authorized.url));
    record.text("accessToken", authorized.access_token.as_ref().map(|token| token.expose()));
    record.done()
}

/// An event, without the agent: the wrapper adds the one it has.
pub(super) fn event(event: &Event) -> Json {
    let mut record = Record::default();
    record.text("type", Some(event.kind.as_str()));
    record.text("source", Some(event.source.as_str()));
    record.text("reason", event.reason);
    record.text("message", event.message.as_deref());
    if let Some(error) = &event.error {
        record.put("error", super::errors::record(error));
    }
    record.text("appStateJson", event.app_state.as_deref());
    record.done()
}
