//! Asking the provider about tokens that say nothing themselves (RFC 7662): the answers are kept for a short time, as plain
//! values that the requests of an isolate share.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::EdgeHost;
use crate::error::{Code, Result};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::introspected::{Expectations, Introspected, validate};
use crate::protocol::json::Object;
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::purpose::Purpose;
use crate::protocol::secret::Secret;
use crate::protocol::url::HttpsUrl;
use crate::protocol::{introspection, revocation};
use crate::provider::assertion::prove;
use crate::provider::sending::send;

/// The most answers about good tokens that are kept, and of no's. They are kept apart, so that a flood of made-up tokens
/// pushes no good one out.
pub const MAX_ACTIVE: usize = 2000;
/// See [`MAX_ACTIVE`].
pub const MAX_REFUSED: usize = 1000;

/// The largest answer that is kept, in bytes of its JSON text.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// How tokens are asked about. Durations are in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntrospectionOptions {
    /// Where to ask, instead of where the provider's metadata says.
    pub endpoint: Option<HttpsUrl>,
    /// Who asks.
    pub client_id: String,
    /// How it proves that: an endpoint that answers anybody lets anybody guess tokens (RFC 7662 4).
    pub client_auth: ClientAuthentication,
    /// Asks about tokens that are JWTs, too: so that a revoked one is refused.
    pub always: bool,
    /// How long a good token's answer is kept at most; 0: not at all.
    pub max_cache_seconds: i64,
    /// How long a no is kept.
    pub refused_cache_seconds: i64,
    /// Takes answers without `aud`.
    pub allow_missing_audience: bool,
}

/// The answers of an endpoint.
pub struct Introspection {
    options: IntrospectionOptions,
    active: RefCell<Kept>,
    refused: RefCell<Kept>,
}

/// What to ask whom.
pub struct Question<'a> {
    /// The token.
    pub token: &'a Secret,
    /// The provider's endpoint.
    pub endpoint: &'a HttpsUrl,
    /// What is known of the provider: which client authentication it takes, and what assertions are for.
    pub metadata: &'a ProviderMetadata,
    /// What is expected of the answer.
    pub expected: Expectations<'a>,
    /// The seconds until the answer has to be there.
    pub timeout: i64,
}

/// What the provider says of a good token.
pub struct Told {
    /// What is known of the token.
    pub found: Introspected,
    /// All members of the answer.
    pub answer: Rc<Object>,
    /// Until when the answer counts, in Unix seconds.
    pub until: i64,
}

impl Introspection {
    /// Nothing is kept yet.
    #[must_use]
    pub fn new(options: IntrospectionOptions) -> Self {
        let kept = |capacity| RefCell::new(Kept { capacity, answers: BTreeMap::new() });
        Self { options, active: kept(MAX_ACTIVE), refused: kept(MAX_REFUSED) }
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &IntrospectionOptions {
        &self.options
    }

    /// What the provider says of a token.
    ///
    /// Requests with one token that come at the same time ask each for itself: what one request waits for cannot be waited
    /// for by another one in every runtime.
    ///
    /// # Errors
    /// Those of [`validate`]; `ProviderError`, `NetworkError`, `TimeoutError` where nobody answers.
    pub async fn ask<H: EdgeHost>(&self, host: &H, question: &Question<'_>) -> Result<Told> {
        let name = question.token.fingerprint();
        let now = question.expected.now;
        let known = self.active.borrow().get(&name, now).or_else(|| self.refused.borrow().get(&name, now));
        if let Some((until, answer)) = known {
            // Judged each time: a token that is kept can expire meanwhile.
            return validate(&answer, &question.expected).map(|found| Told { found, answer, until });
        }
        let answer = Rc::new(self.send(host, question).await?);
        match validate(&answer, &question.expected) {
            Ok(found) => {
                let until = now.saturating_add(self.options.max_cache_seconds);
                let until = found.expires_at.map_or(until, |expires_at| until.min(expires_at));
                self.active.borrow_mut().put(name, &answer, until, now);
                Ok(Told { found, answer, until })
            }
            Err(error) => {
                if error.code() == Code::InvalidToken {
                    let until = now.saturating_add(self.options.refused_cache_seconds);
                    self.refused.borrow_mut().put(name, &answer, until, now);
                }
                Err(error)
            }
        }
    }

    async fn send<H: EdgeHost>(&self, host: &H, question: &Question<'_>) -> Result<Object> {
        let Question { token, endpoint, metadata, timeout, .. } = question;
        let client_id = &self.options.client_id;
        let auth = self.options.client_auth.among(metadata.token_endpoint_auth_methods_supported.as_deref());
        let hint = Some(revocation::ACCESS_TOKEN);
        let mut request = revocation::about_token(endpoint, client_id, &auth, token.expose(), hint)
            .for_purpose(Purpose::Introspection);
        if let ClientAuthentication::Assertion(assertions) = &auth {
            request = prove(host, assertions, client_id, metadata, request).await?;
        }
        Ok(introspection::judge(&send(host, request, *timeout).await?)?.with_code(Code::InvalidClaim))
    }
}

/// Answers by the hash of their token, with the second until which they count.
struct Kept {
    capacity: usize,
    answers: BTreeMap<String, (i64, Rc<Object>)>,
}

impl Kept {
    fn get(&self, name: &str, now: i64) -> Option<(i64, Rc<Object>)> {
        self.answers.get(name).filter(|(until, _)| now < *until).cloned()
    }

    fn put(&mut self, name: String, answer: &Rc<Object>, until: i64, now: i64) {
        if until <= now || answer.to_string().len() > MAX_KEPT_BYTES {
            return;
        }
        if self.answers.len() >= self.capacity {
            self.answers.retain(|_, (until, _)| now < *until);
        }
        // Names are hashes: the first of them is any.
        while self.answers.len() >= self.capacity && self.answers.pop_first().is_some() {}
        self.answers.insert(name, (until, Rc::clone(answer)));
    }
}
