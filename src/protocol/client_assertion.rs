//! Client assertions: a client proves who it is by a JWT of its own (RFC 7523 2.2 and 3, OpenID Connect Core 9).

use super::algorithm::Algorithm;
use super::base64;
use super::form::append_pairs;
use super::hmac;
use super::http::HttpRequest;
use super::json::Object;
use super::metadata::ProviderMetadata;
use super::secret::Secret;
use super::url::{HttpsUrl, Issuer};
use super::words;
use crate::error::{Code, Error, Result, harmless};

/// What the parameter `client_assertion` is (RFC 7523 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion lives, in seconds: it is sent at once, and never a second time.
pub const LIFETIME_SECONDS: i64 = 60;

/// The shortest secret that signs, in bytes: HS256 takes no key shorter than its hash (RFC 7518 3.2, OIDC Core 10.1).
pub const LEAST_SECRET_BYTES: usize = 32;

/// What a client secret signs with.
const HS256: &str = "HS256";

/// What signs assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// `private_key_jwt`: a key that the host has, and what it can sign with, the usual algorithm first.
    Key(Vec<Algorithm>),
    /// `client_secret_jwt`, with HS256.
    Secret(Secret),
}

/// Whom assertions are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Audience {
    /// The provider, by its issuer (RFC 7523bis 3, FAPI 2.0 Security Profile 5.3.3.1): an endpoint that somebody else
    /// wrote into the metadata gets no assertion that is good elsewhere.
    #[default]
    Issuer,
    /// The URL of the token endpoint, as RFC 7523 3 suggested.
    TokenEndpoint,
    /// Any other name of the provider.
    Other(String),
}

/// How a client makes its assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAssertions {
    /// What signs them.
    pub signer: Signer,
    /// Whom they are for.
    pub audience: Audience,
    /// The header's `kid`.
    pub key_id: Option<String>,
    /// The header's `x5t#S256`: the thumbprint of the certificate that the provider has of the key (RFC 7515 4.1.8).
    pub certificate_thumbprint: Option<String>,
}

/// A new assertion. `Debug` shows nothing of it.
#[derive(Debug)]
pub enum Assertion {
    /// Signed with the secret.
    Signed(Secret),
    /// For the host to sign with its key.
    Unsigned(Unsigned),
}

/// An assertion whose signature is missing.
#[derive(Debug)]
pub struct Unsigned {
    /// What it is signed with.
    pub algorithm: Algorithm,
    signing_input: Secret,
}

impl ClientAssertions {
    /// Assertions with a client secret, for the provider by its issuer.
    #[must_use]
    pub const fn of_secret(secret: Secret) -> Self {
        Self { signer: Signer::Secret(secret), audience: Audience::Issuer, key_id: None, certificate_thumbprint: None }
    }

    /// The name of the method (OIDC Core 9).
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self.signer {
            Signer::Key(_) => "private_key_jwt",
            Signer::Secret(_) => "client_secret_jwt",
        }
    }

    /// Whether a secret that signs is long enough.
    ///
    /// # Errors
    /// `InvalidOption`
    pub fn check(&self) -> Result<()> {
        match &self.signer {
            Signer::Secret(secret) if secret.expose().len() < LEAST_SECRET_BYTES => Err(Error::new(
                Code::InvalidOption,
                "option \"clientAuth\": a client secret that signs has 32 bytes or more: let the provider make a longer one",
            )),
            _ => Ok(()),
        }
    }

    /// A new assertion for this provider (RFC 7523 3): `identifier` is its `jti`, 256 random bits.
    ///
    /// # Errors
    /// `InvalidOption` for a secret that is too short, or where the key signs with nothing that the provider lists;
    /// `MissingOption` where the metadata has no issuer.
    pub fn assertion(
        &self,
        client_id: &str,
        metadata: &ProviderMetadata,
        now: i64,
        identifier: &str,
    ) -> Result<Assertion> {
        self.check()?;
        let chosen = self.chosen(metadata)?;
        let audience = match &self.audience {
            Audience::Issuer => metadata.issuer.as_ref().map(Issuer::as_str),
            Audience::TokenEndpoint => metadata.token_endpoint.as_ref().map(HttpsUrl::as_str),
            Audience::Other(name) => Some(name.as_str()),
        };
        if audience.is_none() {
            let message = "option \"clientAuth.audience\" is missing, and the metadata says nothing instead";
            return Err(Error::new(Code::MissingOption, message));
        }
        let header = texts(&[
            ("alg", Some(chosen.name())),
            ("typ", Some("JWT")),
            ("kid", self.key_id.as_deref()),
            ("x5t#S256", self.certificate_thumbprint.as_deref()),
        ]);
        let client_id = Some(client_id);
        let mut claims = texts(&[("iss", client_id), ("sub", client_id), ("aud", audience), ("jti", Some(identifier))]);
        claims.put_integer("iat", Some(now));
        claims.put_integer("exp", Some(now.saturating_add(LIFETIME_SECONDS)));
        let signing_input = joined(encoded(&header), &encoded(&claims));
        Ok(match chosen {
            Chosen::Key(algorithm) => Assertion::Unsigned(Unsigned { algorithm, signing_input }),
            Chosen::Secret(secret) => {
                let signature = hmac::sha256(secret.expose().as_bytes(), signing_input.expose().as_bytes())?;
                Assertion::Signed(signed(&signing_input, &signature))
            }
        })
    }

    /// What signs, of what the provider takes; one that lists nothing takes the usual.
    fn chosen(&self, metadata: &ProviderMetadata) -> Result<Chosen<'_>> {
        let listed = metadata.document.strings("token_endpoint_auth_signing_alg_values_supported").ok().flatten();
        let takes =
            |chosen: &Chosen<'_>| listed.as_ref().is_none_or(|listed| listed.iter().any(|one| one == chosen.name()));
        let chosen = match &self.signer {
            Signer::Key(algorithms) => algorithms.iter().copied().map(Chosen::Key).find(takes),
            Signer::Secret(secret) => Some(Chosen::Secret(secret)).filter(takes),
        };
        chosen.ok_or_else(|| {
            let message = format!(
                "option \"clientAuth\": of what the provider takes, \"{}\", its key or secret signs by none \
                 (token_endpoint_auth_signing_alg_values_supported)",
                harmless(&words::join(&listed.unwrap_or_default()))
            );
            Error::new(Code::InvalidOption, message)
        })
    }
}

/// What signs one assertion.
enum Chosen<'a> {
    Key(Algorithm),
    Secret(&'a Secret),
}

impl Chosen<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Key(algorithm) => algorithm.as_str(),
            Self::Secret(_) => HS256,
        }
    }
}

impl Unsigned {
    /// What is signed (RFC 7515 5.1).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.expose().as_bytes()
    }

    /// The assertion with its signature.
    #[must_use]
    pub fn signed(&self, signature: &[u8]) -> Secret {
        signed(&self.signing_input, signature)
    }
}

fn signed(signing_input: &Secret, signature: &[u8]) -> Secret {
    joined(signing_input.expose().to_owned(), &base64::encode(signature))
}

/// Two parts of a JWT.
#[inline(never)]
fn joined(mut first: String, second: &str) -> Secret {
    first.push('.');
    first.push_str(second);
    Secret::new(first)
}

#[inline(never)]
fn encoded(object: &Object) -> String {
    base64::encode(object.to_string().as_bytes())
}

#[inline(never)]
fn texts(members: &[(&str, Option<&str>)]) -> Object {
    let mut object = Object::new();
    for (name, text) in members {
        object.put_text(name, *text);
    }
    object
}

/// Adds an assertion to the form of a request (RFC 7521 4.2).
pub fn add_to(request: &mut HttpRequest, assertion: &Secret) {
    let mut body = request.body.as_ref().map(|body| body.expose().to_owned()).unwrap_or_default();
    body.push('&');
    let pairs = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.expose())];
    append_pairs(&mut body, &pairs);
    request.body = Some(Secret::new(body));
}
