//! Tokens of which the issuer has to be asked (RFC 7662): those that say nothing themselves, and where the app wants to hear of
//! revocations, JWTs too.

use std::rc::Rc;

use super::EdgeHost;
use super::introspection::{Introspection, Question, Told};
use super::verifier::{Checked, Verifier, unknown_issuer};
use crate::error::{Code, Result};
use crate::protocol::access_token::AccessToken;
use crate::protocol::introspected;
use crate::protocol::metadata::{Endpoint, ProviderMetadata};
use crate::protocol::secret::Secret;

impl Verifier {
    /// Checks a token, by itself or by what the issuer says of it.
    pub(super) async fn check_token<H: EdgeHost>(&self, host: &H, token: &Secret) -> Result<Checked> {
        let checked = self.check_jwt(host, token.expose()).await;
        let Some((place, introspection)) = &self.introspection else { return checked };
        match checked {
            Ok(checked) if introspection.options().always && checked.issuer == *place => {
                let Checked { until, .. } = self.ask(host, *place, introspection, token).await?;
                Ok(Checked { until, ..checked })
            }
            // Opaque: whatever is no JWT. A JWT that is not good is not asked about.
            Err(error) if error.code() == Code::MalformedToken => self.ask(host, *place, introspection, token).await,
            other => other,
        }
    }

    async fn ask<H: EdgeHost>(
        &self,
        host: &H,
        place: usize,
        introspection: &Introspection,
        token: &Secret,
    ) -> Result<Checked> {
        let issuer = self.issuers.get(place).ok_or_else(unknown_issuer)?;
        let timeout = self.options.timeout;
        let given = introspection.options().endpoint.as_ref();
        let metadata = match given {
            // Nothing is asked for what the app has said.
            Some(_) => {
                let issuer = Some(issuer.options.issuer.clone());
                Rc::new(ProviderMetadata { issuer, ..ProviderMetadata::default() })
            }
            None => issuer.metadata(host, timeout).await?,
        };
        let endpoint = match given {
            Some(endpoint) => endpoint,
            None => metadata.endpoint(Endpoint::Introspection)?,
        };
        let now = host.now();
        let question = Question {
            token,
            endpoint,
            metadata: &metadata,
            expected: introspected::Expectations {
                issuer: issuer.options.issuer.as_str(),
                audiences: issuer.options.audiences.as_deref(),
                may_lack_audience: introspection.options().allow_missing_audience,
                now,
                clock_tolerance: self.options.clock_tolerance,
            },
            timeout,
        };
        let Told { found, answer, until } = introspection.ask(host, &question).await?;
        let mut claims = (*answer).clone();
        // What the endpoint says of the token, and not of whom it speaks of.
        claims.remove("active");
        // As in a JWT, whose `sub` is the client where nobody else took part (RFC 9068 2.2).
        claims.put_text("sub", Some(&found.subject));
        let token = AccessToken {
            subject: found.subject,
            client_id: found.client_id,
            // Without `exp` nothing is known beyond this answer.
            expires_at: found.expires_at.unwrap_or(until),
            scope: found.scope,
            claims,
        };
        Ok(Checked { issuer: place, thumbprint: None, token, until: Some(until) })
    }
}
