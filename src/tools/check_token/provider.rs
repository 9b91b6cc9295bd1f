//! The second and third step: the issuer's metadata and its key set, with at most three requests in all.

use super::options::TokenCheck;
use super::public_name::require_public;
use super::report::TokenReport;
use crate::error::{Code, Error, Result, harmless};
use crate::ports::VerifierHost;
use crate::protocol::claims::required_text;
use crate::protocol::json::{Json, Object, parse_object_as};
use crate::protocol::jwt::Jwt;
use crate::protocol::key_set::{self, KeySet, PublicKey};
use crate::protocol::metadata::{self, ProviderMetadata, ProviderType};
use crate::protocol::url::Issuer;
use crate::provider::sending::send;

/// Members of private and symmetric keys (RFC 7518 6.2.2, 6.3.2, 6.4): what should not be there is not passed on.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Where the keys come from.
pub(super) struct Provider {
    pub(super) metadata: ProviderMetadata,
    /// Known from the token alone: it is followed to public names only.
    is_stranger: bool,
}

/// A key set, entry by entry.
pub(super) struct Keys {
    pub(super) set: KeySet,
    /// The entries that can verify, with what the provider wrote beside the key.
    pub(super) entries: Vec<(Object, PublicKey)>,
    /// What the other entries are.
    pub(super) unusable: usize,
}

/// Finds out who the issuer is: what `iss` says has to be the expected one, unless any is allowed, before anything is
/// sent. Gives the message of the step.
pub(super) async fn discover<H: VerifierHost>(
    host: &H,
    check: &TokenCheck,
    jwt: &Jwt,
    report: &mut TokenReport,
) -> Result<(Provider, String)> {
    let named = required_text(&jwt.claims, "iss")?;
    let is_stranger = check.expected_issuer.as_ref().is_none_or(|expected| expected.as_str() != named);
    if is_stranger && !check.allow_any_issuer {
        let expected = check.expected_issuer.as_ref().map(Issuer::as_str).unwrap_or_default();
        let message = "the token is of another issuer than the expected one, which is not asked for anything";
        return Err(Error::new(Code::IssuerMismatch, message).mismatch(expected, harmless(named)));
    }
    let issuer = Issuer::parse(named)?;
    let given = check.metadata.as_ref().filter(|_| !is_stranger);
    if is_stranger {
        require_public(host, issuer.url())?;
    } else if !check.discovers {
        let metadata = ProviderMetadata::from_object(given.cloned().unwrap_or_default())?;
        report.discovery_data = given.cloned();
        return Ok((Provider { metadata, is_stranger }, "given by hand: nothing was asked".to_owned()));
    }
    let discovered = fetch_metadata(host, check, &issuer, report).await?;
    let metadata = match given {
        Some(given) => discovered.overridden_by(given)?,
        None => discovered,
    };
    report.discovery_data = Some(metadata.document.clone());
    let message = format!("the metadata of {} is there", issuer.as_str());
    Ok((Provider { metadata, is_stranger }, message))
}

async fn fetch_metadata<H: VerifierHost>(
    host: &H,
    check: &TokenCheck,
    issuer: &Issuer,
    report: &mut TokenReport,
) -> Result<ProviderMetadata> {
    let mut requests = metadata::discovery_requests(issuer, ProviderType::Oauth2);
    // The one of OpenID Connect first: it is where most providers are found.
    requests.reverse();
    let mut failure = None;
    for request in requests {
        report.discovery_url = Some(request.url.clone());
        let response = send(host, request, check.timeout).await?;
        match metadata::judge_discovery(&response, issuer) {
            // Only "there is nothing here" leads on to the next well-known location.
            Err(error) if error.code() == Code::DiscoveryFailed => failure = Some(error),
            result => return result,
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(Code::DiscoveryFailed, "the issuer has no metadata")))
}

impl Provider {
    /// Gets the key set. Gives the message of the step.
    pub(super) async fn keys<H: VerifierHost>(
        &self,
        host: &H,
        check: &TokenCheck,
        report: &mut TokenReport,
    ) -> Result<(Keys, String)> {
        if let Some(given) = check.jwks.as_ref().filter(|_| !self.is_stranger) {
            report.jwks_data = Some(public_part(given));
            let keys = Keys::of(given)?;
            let message = format!("{}, given by hand: nothing was asked", keys.counted());
            return Ok((keys, message));
        }
        let Some(uri) = &self.metadata.jwks_uri else {
            return Err(Error::new(Code::EndpointMissing, "the provider's metadata has no \"jwks_uri\""));
        };
        report.jwks_uri = Some(uri.as_str().to_owned());
        if self.is_stranger {
            require_public(host, uri)?;
        }
        let response = send(host, key_set::key_set_request(uri), check.timeout).await?;
        key_set::judge_key_set(&response)?;
        let document = parse_object_as(&response.body, Code::InvalidKeySet)?;
        report.jwks_data = Some(public_part(&document));
        let keys = Keys::of(&document)?;
        let message = keys.counted();
        Ok((keys, message))
    }
}

impl Keys {
    fn of(document: &Object) -> Result<Self> {
        let set = KeySet::parse(document)?;
        let listed = document.array("keys")?.unwrap_or_default();
        let mut entries = Vec::with_capacity(set.keys().len());
        for entry in listed {
            let Json::Object(entry) = entry else { continue };
            let mut alone = Object::new();
            alone.insert("keys", Json::Array(vec![Json::Object(entry.clone())]));
            if let Some(key) = KeySet::parse(&alone)?.keys().first() {
                entries.push((entry.clone(), key.clone()));
            }
        }
        let unusable = listed.len().saturating_sub(entries.len());
        Ok(Self { set, entries, unusable })
    }

    fn counted(&self) -> String {
        let usable = match self.entries.len() {
            1 => "1 key that can verify signatures".to_owned(),
            count => format!("{count} keys that can verify signatures"),
        };
        match self.unusable {
            0 => usable,
            unusable => format!("{usable}, and {unusable} that cannot"),
        }
    }
}

/// A key set without what belongs to nobody but its owner.
fn public_part(document: &Object) -> Object {
    let mut document = document.clone();
    if let Some(Json::Array(keys)) = document.remove("keys") {
        let keys = keys.into_iter().map(|key| match key {
            Json::Object(mut key) => {
                for name in PRIVATE_MEMBERS {
                    if key.remove(name).is_some() {
                        key.put_text(name, Some("[redacted]"));
                    }
                }
                Json::Object(key)
            }
            other => other,
        });
        document.insert("keys", Json::Array(keys.collect()));
    }
    document
}
