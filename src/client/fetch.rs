//! Calling an app's own API: two decisions. The request and its body stay with JavaScript.

use super::api_tokens::Target;
use super::given::Given;
use super::{Client, signed_out};
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::authorization_request::check_resources;
use crate::protocol::json::Object;
use crate::protocol::provider_error::of_challenge;
use crate::protocol::secret::Secret;

/// How long no 401 forces a refresh after one that did not help, in seconds.
const FORCED_PAUSE_SECONDS: i64 = 10;

/// What a call says about its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FetchPolicy {
    /// A token, or an error.
    #[default]
    Required,
    /// A token if somebody is signed in.
    Optional,
    /// No token, to any origin.
    Bare,
}

/// What an API of its own changes about the client's options; what it leaves out is as the client has it.
#[derive(Debug, Clone, Default)]
pub struct ApiSession {
    /// Where access tokens may go.
    pub api_origins: Option<Vec<String>>,
    /// Whose tokens the API takes.
    pub target: Target,
    /// Whether tokens are renewed for a request.
    pub auto_refresh: Option<bool>,
    /// Whether a request answered with 401 is sent once more.
    pub retry_on_401: Option<bool>,
}

impl ApiSession {
    /// The options of JavaScript's object. The limit of time is JavaScript's, which has the request; it is only
    /// checked here.
    ///
    /// # Errors
    /// `ConfigurationError`: `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("session option", object);
        given.seconds("timeoutSeconds", 1, 86_400);
        let session = Self {
            api_origins: given.texts("apiOrigins"),
            target: Target::from_given(&mut given),
            auto_refresh: given.flag("autoRefresh"),
            retry_on_401: given.flag("retryOn401"),
        };
        given.finish()?;
        check_resources(&session.target.resources)?;
        Ok(session)
    }
}

/// A request that may be sent.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// The URL as the host's parser wrote it: the only one that may be fetched.
    pub url: String,
    /// The access token to send, if any.
    pub access_token: Option<Secret>,
}

/// What to do with an answer.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Give it to the caller.
    Deliver,
    /// Send the request once more, with this access token.
    Again(Secret),
}

impl<H: Host> Client<H> {
    /// Decides whether a request may carry the token, and which (RFC 9700 4.9.1).
    ///
    /// # Errors
    /// `ConfigurationError` `origin_not_allowed`; `LoginRequiredError` and the errors of [`Client::access_token`].
    pub async fn authorize(&self, url: &str, policy: FetchPolicy, session: &ApiSession) -> Result<Authorized> {
        if policy == FetchPolicy::Bare {
            self.require_alive()?;
        } else {
            self.require_ambient("fetch")?;
        }
        let url = self.permitted(url, policy, session)?;
        if policy == FetchPolicy::Bare {
            return Ok(Authorized { url, access_token: None });
        }
        let access_token = match self.token_for(session).await {
            Ok(token) => Some(token),
            Err(error) if policy == FetchPolicy::Optional && error.code() == Code::SignedOut => None,
            Err(error) => return Err(error),
        };
        Ok(Authorized { url, access_token })
    }

    /// The URL of a request as the host's parser writes it, if it may be sent so.
    ///
    /// # Errors
    /// `ConfigurationError` `origin_not_allowed`, `invalid_option`.
    pub fn permitted(&self, url: &str, policy: FetchPolicy, session: &ApiSession) -> Result<String> {
        let location = self.host().location();
        let resolved = self.host().resolve(url, location.as_deref()).ok_or_else(|| {
            Error::new(Code::InvalidOption, "the URL of the request cannot be parsed: give an absolute URL")
        })?;
        if policy != FetchPolicy::Bare && !self.is_api(&resolved.href, session) {
            return Err(Error::new(
                Code::OriginNotAllowed,
                format!(
                    "the access token may not go to {}: add this origin to `apiOrigins`, or send the request without \
                     the token by `auth: \"none\"`",
                    resolved.origin
                ),
            ));
        }
        Ok(resolved.href)
    }

    /// The token for a request, renewed where that is due and the session does so.
    async fn token_for(&self, session: &ApiSession) -> Result<Secret> {
        let renews = self.renews_for(session);
        if !session.target.is_session() {
            return self.api_token(&session.target, 0, false, renews).await;
        }
        if renews == self.inner.options.auto_refresh {
            return self.access_token(0, false).await;
        }
        let (now, tokens) = (self.now(), &self.session().ok_or_else(signed_out)?.tokens);
        let is_due = tokens.should_refresh(now, self.inner.options.refresh_buffer) || tokens.is_expired(now, 0);
        if !renews || !is_due {
            return Ok(tokens.access_token.clone());
        }
        match self.access_token(0, true).await {
            // A refresh that failed costs nothing while the token lives.
            Err(_) if self.session().is_some() && !tokens.is_expired(self.now(), 0) => Ok(tokens.access_token.clone()),
            result => result,
        }
    }

    fn renews_for(&self, session: &ApiSession) -> bool {
        session.auto_refresh.unwrap_or(self.inner.options.auto_refresh)
    }

    /// Decides about an answer: a 401 for a token that may have ended meanwhile is tried once more.
    pub async fn judge(
        &self,
        status: i64,
        challenge: Option<&str>,
        sent: &str,
        replayable: bool,
        session: &ApiSession,
    ) -> Verdict {
        if !self.may_send_again(status, challenge, replayable, session) {
            return Verdict::Deliver;
        }
        match self.api_token_now(&session.target) {
            Some(current) if current.expose() != sent => Verdict::Again(current),
            Some(_) if self.renews_for(session) && self.may_force() => {
                match self.access_token_for(&session.target, 0, true).await {
                    Ok(token) => Verdict::Again(token),
                    // The API's own answer says more to the caller than a refresh that failed behind it.
                    Err(_) => Verdict::Deliver,
                }
            }
            _ => Verdict::Deliver,
        }
    }

    /// Remembers that an API refused a token that was renewed because of it: one that refuses every token must not make
    /// every call to it a request to the provider.
    pub fn refused_again(&self) {
        self.inner.refused_at.set(Some(self.now()));
    }

    /// Whether tokens may be renewed because an API refused one.
    fn may_force(&self) -> bool {
        let since = self.inner.refused_at.get().map(|at| self.now().saturating_sub(at));
        since.is_none_or(|since| !(0..FORCED_PAUSE_SECONDS).contains(&since))
    }

    /// Whether an answer may be about the token, and the request sent once more with another one.
    #[must_use]
    pub fn may_send_again(&self, status: i64, challenge: Option<&str>, replayable: bool, session: &ApiSession) -> bool {
        // A challenge hidden by CORS says nothing; one that names another error than `invalid_token` is final.
        let named = challenge.and_then(of_challenge);
        let is_about_token = named.is_none_or(|error| error == "invalid_token");
        let retries = session.retry_on_401.unwrap_or(self.inner.options.retry_on_401);
        status == 401 && retries && replayable && is_about_token
    }

    /// Whether the URL is on one of the origins, and below the path where one is given with it.
    fn is_api(&self, href: &str, session: &ApiSession) -> bool {
        let is_below = |base: &str| {
            let Some(base) = self.host().resolve(base, None) else { return false };
            let is_secure = base.href.starts_with("https://") || is_loopback(&base.origin);
            let prefix = base.path.trim_end_matches('/');
            let Some(here) = self.host().resolve(href, None) else { return false };
            let rest = here.path.strip_prefix(prefix);
            is_secure && here.origin == base.origin && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match session.api_origins.as_ref().or(self.inner.options.api_origins.as_ref()) {
            Some(origins) => origins.iter().any(|origin| is_below(origin)),
            None => {
                let page = self.host().location().and_then(|location| self.host().resolve(&location, None));
                page.is_some_and(|page| is_below(&page.origin))
            }
        }
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").unwrap_or_default();
    let port = |rest: &str| rest.is_empty() || rest.starts_with(':');
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.strip_prefix(name).is_some_and(port))
}
