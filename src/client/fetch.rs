//! Calling an app's own API: two decisions. The request and its body stay with JavaScript.

use super::Client;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::provider_error::of_challenge;
use crate::protocol::secret::Secret;

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
    pub async fn authorize(&self, url: &str, policy: FetchPolicy) -> Result<Authorized> {
        self.require_ambient("fetch")?;
        let url = self.permitted(url, policy)?;
        if policy == FetchPolicy::Bare {
            return Ok(Authorized { url, access_token: None });
        }
        let access_token = match self.access_token(0, false).await {
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
    pub fn permitted(&self, url: &str, policy: FetchPolicy) -> Result<String> {
        let location = self.host().location();
        let resolved = self.host().resolve(url, location.as_deref()).ok_or_else(|| {
            Error::new(Code::InvalidOption, "the URL of the request cannot be parsed: give an absolute URL")
        })?;
        if policy != FetchPolicy::Bare && !self.is_api(&resolved.href) {
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

    /// Decides about an answer: a 401 for a token that may have ended meanwhile is tried once more.
    pub async fn judge(&self, status: i64, challenge: Option<&str>, sent: &str, replayable: bool) -> Verdict {
        if !self.may_send_again(status, challenge, replayable) {
            return Verdict::Deliver;
        }
        match self.session() {
            Some(session) if session.tokens.access_token.expose() != sent => {
                Verdict::Again(session.tokens.access_token.clone())
            }
            Some(_) => match self.access_token(0, true).await {
                Ok(token) => Verdict::Again(token),
                // The API's own answer says more to the caller than a refresh that failed behind it.
                Err(_) => Verdict::Deliver,
            },
            None => Verdict::Deliver,
        }
    }

    /// Whether an answer may be about the token, and the request sent once more with another one.
    #[must_use]
    pub fn may_send_again(&self, status: i64, challenge: Option<&str>, replayable: bool) -> bool {
        // A challenge hidden by CORS says nothing; one that names another error than `invalid_token` is final.
        let named = challenge.and_then(of_challenge);
        let is_about_token = named.is_none_or(|error| error == "invalid_token");
        status == 401 && self.inner.options.retry_on_401 && replayable && is_about_token
    }

    /// Whether the URL is on one of the origins, and below the path where one is given with it.
    fn is_api(&self, href: &str) -> bool {
        let is_below = |base: &str| {
            let Some(base) = self.host().resolve(base, None) else { return false };
            let is_secure = base.href.starts_with("https://") || is_loopback(&base.origin);
            let prefix = base.path.trim_end_matches('/');
            let Some(here) = self.host().resolve(href, None) else { return false };
            let rest = here.path.strip_prefix(prefix);
            is_secure && here.origin == base.origin && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match &self.inner.options.api_origins {
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
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}
