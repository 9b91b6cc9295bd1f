//! Organizations of agents whose access tokens list none (option `organizationsFrom`). Asked once for a token, and
//! remembered with it.

use std::pin::pin;

use futures_util::future::LocalBoxFuture;

use super::EdgeHost;
use super::issuer::IssuerState;
use super::options::OrganizationsFrom;
use super::verifier::Verifier;
use crate::authz::access::Access;
use crate::authz::mapping::organizations_given;
use crate::authz::organizations::Organization;
use crate::error::{Code, Error, Result};
use crate::ports::timer;
use crate::protocol::claims::text;
use crate::protocol::json::{Json, Object};
use crate::protocol::metadata::Endpoint;
use crate::protocol::user_info::{self, Answer};
use crate::provider::sending;

/// A function of the app that finds the organizations of an agent.
pub trait AppOrganizations {
    /// The organizations of whom the verified claims speak of; `null` where the scopes of the token are all there is.
    ///
    /// # Errors
    /// What keeps the app from saying so.
    fn organizations<'a>(&'a self, claims: &'a Object) -> LocalBoxFuture<'a, Result<Json>>;
}

impl Verifier {
    /// What an agent may do, with the organizations that its token does not list.
    ///
    /// # Errors
    /// `plug_in_failed`, `plug_in_answer`, `timeout`: the app's function; those of the userinfo endpoint.
    pub(super) async fn with_organizations<H: EdgeHost>(
        &self,
        host: &H,
        issuer: &IssuerState,
        token: &str,
        claims: &Object,
        access: Access,
    ) -> Result<Access> {
        let found = match self.options.organizations_from {
            OrganizationsFrom::Nowhere => return Ok(access),
            OrganizationsFrom::App => self.organizations_of_app(host, claims).await?,
            OrganizationsFrom::UserInfo => self.organizations_of_issuer(host, issuer, token, claims).await?,
        };
        Ok(match found {
            Some(organizations) => {
                Access::new(Some(organizations), access.roles().to_vec(), access.token_scopes().to_vec())
            }
            None => access,
        })
    }

    async fn organizations_of_app<H: EdgeHost>(&self, host: &H, claims: &Object) -> Result<Option<Vec<Organization>>> {
        let Some(app) = &self.plug_ins.organizations else { return Ok(None) };
        let seconds = u32::try_from(self.options.timeout).unwrap_or(u32::MAX);
        let asked = timer::within(host, seconds.saturating_mul(1000), pin!(app.organizations(claims))).await;
        let answer = asked.unwrap_or_else(|| {
            let message = format!("the app's own `organizationsFrom` did not answer within {seconds} s");
            Err(Error::new(Code::Timeout, message))
        })?;
        organizations_given(&answer)
    }

    /// What the userinfo endpoint says of whom the token speaks of (OIDC Core 5.3): the organizations in it, and nothing
    /// else. TLS vouches for it, as for the keys.
    async fn organizations_of_issuer<H: EdgeHost>(
        &self,
        host: &H,
        issuer: &IssuerState,
        token: &str,
        claims: &Object,
    ) -> Result<Option<Vec<Organization>>> {
        let timeout = self.options.timeout;
        let metadata = issuer.metadata(host, timeout).await?;
        let request = user_info::request(metadata.endpoint(Endpoint::Userinfo)?, token);
        let told = match user_info::judge(&sending::send(host, request, timeout).await?) {
            Ok(Answer::Plain(told)) => told,
            Ok(Answer::Signed(_)) => {
                let message =
                    "the userinfo endpoint signs its answers, which `organizationsFrom` cannot read: give a function";
                return Err(Error::new(Code::InvalidResponse, message));
            }
            // The issuer does not take its token any more.
            Err(error) if error.code() == Code::InvalidToken => {
                return Err(Error::new(
                    Code::InvalidToken,
                    "the issuer's userinfo endpoint does not take the access token",
                )
                .during(crate::error::Class::RequestAuth)
                .because(error));
            }
            Err(error) => return Err(error),
        };
        user_info::check_subject(&told, text(claims, "sub")?.unwrap_or_default())?;
        let (access, _) = self.mapping_of(issuer).grants(&told, None)?;
        Ok(access.has_organizations().then(|| access.organizations().cloned().collect()))
    }
}
