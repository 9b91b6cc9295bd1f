//! Who it is, as the provider says now (OpenID Connect Core 5.3).

use super::{Client, signed_out};
use crate::authz::organizations::Organization;
use crate::error::{Code, Result};
use crate::ports::Host;
use crate::protocol::json::Object;
use crate::protocol::jwt;
use crate::protocol::metadata::Endpoint;
use crate::protocol::url::Issuer;
use crate::protocol::user_info::{self, Answer};
use crate::session::TokenSet;

/// The claims of a userinfo answer.
#[derive(Debug, Clone)]
pub struct UserInfo {
    /// The claims as they came.
    pub claims: Object,
    /// The organizations among them.
    pub organizations: Vec<Organization>,
}

impl<H: Host> Client<H> {
    /// The claims of whom the tokens speak of, or of who is signed in: its token is renewed once where the provider
    /// does not take it.
    ///
    /// # Errors
    /// `SubjectMismatchError`; `ProviderError`, among them `invalid_token`; `InsufficientScopeError`;
    /// `TokenParseError` where claims are not what the mapping reads; that and `TokenVerificationError` for signed answers; `ConfigurationError` `endpoint_missing`; for
    /// the session those of [`Client::access_token`].
    pub async fn user_info(&self, tokens: Option<&TokenSet>) -> Result<UserInfo> {
        if let Some(tokens) = tokens {
            return self.read_user_info(self.claims_of(tokens).await?);
        }
        self.require_ambient("getUserInfo without an agent")?;
        self.access_token(0, false).await?;
        let mut may_renew = self.inner.options.auto_refresh;
        loop {
            let session = self.session().ok_or_else(signed_out)?;
            match self.claims_of(&session.tokens).await {
                Err(error) if may_renew && error.code() == Code::InvalidToken => {
                    may_renew = false;
                    // Somebody else may have renewed it meanwhile.
                    let token = |tokens: &TokenSet| tokens.access_token.clone();
                    let is_current = self.session().is_some_and(|now| token(&now.tokens) == token(&session.tokens));
                    if is_current && !session.tokens.is_refreshable(self.now()) {
                        return Err(error);
                    }
                    if is_current {
                        self.access_token(0, true).await?;
                    }
                }
                result => return self.read_user_info(result?),
            }
        }
    }

    /// The claims, of whom the ID token speaks of.
    pub(in crate::client) async fn claims_of(&self, tokens: &TokenSet) -> Result<Object> {
        let metadata = self.discover(false).await?;
        let request = user_info::request(metadata.endpoint(Endpoint::Userinfo)?, tokens.access_token.expose());
        let claims = match user_info::judge(&self.send(request).await?)? {
            Answer::Plain(claims) => claims,
            Answer::Signed(jwt) => {
                let listed = metadata.document.strings("userinfo_signing_alg_values_supported")?;
                self.check_authenticity_among(&metadata, &jwt, listed.as_deref()).await?;
                let issuer = metadata.issuer.as_ref().map(Issuer::as_str).unwrap_or_default();
                let options = &self.inner.options;
                user_info::check_signed(&jwt, issuer, &options.client_id, self.now(), options.clock_tolerance)?;
                jwt.claims
            }
        };
        if let Some(id_token) = &tokens.id_token {
            let known = jwt::parse(id_token.expose())?.claims;
            user_info::check_subject(&claims, known.required_string("sub")?)?;
        }
        if let Some(known) = &tokens.identity {
            self.check_same_identity(known, &claims)?;
        }
        Ok(claims)
    }

    fn read_user_info(&self, claims: Object) -> Result<UserInfo> {
        let (access, warnings) = self.inner.options.claim_mapping.grants(&claims, None)?;
        for warning in warnings {
            self.warn(warning.code, &warning.message);
        }
        Ok(UserInfo { claims, organizations: access.organizations().cloned().collect() })
    }
}
