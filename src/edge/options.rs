//! The options of a verifier, checked: every mistake is named with what was expected.

use super::dpop::DpopOptions;
use super::dpop_options::public_origin;
use super::introspection::IntrospectionOptions;
use crate::authz::mapping::ClaimMapping;
use crate::error::{Code, Error, Result};
use crate::given::{Given, algorithms, claim_mapping, count, issuer, missing, wrong};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::challenge::Challenger;
use crate::protocol::json::{Json, Object};
use crate::protocol::key_set::KeySet;
use crate::protocol::token_binding::DpopUse;
use crate::protocol::url::{HttpsUrl, Issuer};

/// The options of a verifier. Durations are in seconds.
#[derive(Debug, Clone)]
pub struct VerifierOptions {
    /// Whose tokens are taken, each with what is expected of them.
    pub issuers: Vec<IssuerOptions>,
    /// How far clocks may differ.
    pub clock_tolerance: i64,
    /// The limit for one request.
    pub timeout: i64,
    /// How many tokens are remembered.
    pub max_cached_tokens: usize,
    /// How long a token is remembered at most.
    pub max_cache_seconds: i64,
    /// Where organizations come from that a token does not list.
    pub organizations_from: OrganizationsFrom,
    /// Whether processes share keys through a store.
    pub shares_keys: bool,
    /// How credentials are asked for.
    pub challenger: Challenger,
    /// How proofs of possession are checked.
    pub dpop: DpopOptions,
    /// How tokens are asked about that say nothing themselves, and the place of the issuer that is asked.
    pub introspection: Option<(usize, IntrospectionOptions)>,
}

/// An issuer, and what is expected of its tokens.
#[derive(Debug, Clone)]
pub struct IssuerOptions {
    /// The issuer.
    pub issuer: Issuer,
    /// The names of the resource server; `None`: the app wrote out that any will do.
    pub audiences: Option<Vec<String>>,
    /// The algorithms that tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Takes tokens of before RFC 9068.
    pub legacy_jwt: bool,
    /// Keys given by hand.
    pub jwks: Option<KeySet>,
    /// Where the keys are, where the issuer's metadata is not asked.
    pub jwks_uri: Option<HttpsUrl>,
    /// Where organizations, roles and scopes are found in claims.
    pub claim_mapping: ClaimMapping,
}

/// Where organizations come from that a token does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganizationsFrom {
    /// Nowhere: the scopes of the token count.
    Nowhere,
    /// A function of the app.
    App,
    /// The issuer's userinfo endpoint.
    UserInfo,
}

impl VerifierOptions {
    /// Options from the JSON of JavaScript's object.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option`, `invalid_option`, `unknown_option`.
    pub fn from_json(object: &Object) -> Result<Self> {
        let mut given = Given::new("option", object);
        let usual = Expected::read(&mut given);
        let issuers = match (given.value("issuers"), issuer(&mut given)) {
            (Some(list), None) => issuers(list, &usual),
            (None, Some(issuer)) => usual.of(issuer).map(|one| vec![one]),
            // Where one was given that is none, that is what was noted first.
            (None, None) => Err(missing("issuer", "the issuer URL of your provider, or several as `issuers`")),
            (Some(list), Some(_)) => Err(wrong("issuers", list, "nothing beside `issuer`")),
        };
        let issuers = given.outcome(issuers).unwrap_or_default();
        let clock_tolerance = given.seconds("clockToleranceSeconds", 0, 300).unwrap_or(60);
        let timeout = given.seconds("timeoutSeconds", 1, 600).unwrap_or(10);
        let usual = DpopOptions {
            tolerance: clock_tolerance,
            timeout,
            public_origin: public_origin(&mut given),
            ..DpopOptions::default()
        };
        let dpop = DpopOptions::read(given.value("dpop"), usual);
        let dpop = given.outcome(dpop).unwrap_or_default();
        let introspection = given.object("introspection").map(|object| introspection(object, &issuers)).transpose();
        let options = Self {
            introspection: given.outcome(introspection).flatten(),
            clock_tolerance,
            timeout,
            max_cached_tokens: count(&mut given, "maxCachedTokens", 100_000).unwrap_or(1000),
            max_cache_seconds: given.seconds("maxCacheSeconds", 0, 86_400).unwrap_or(300),
            organizations_from: organizations_from(&mut given),
            shares_keys: given.flag("keyStore").unwrap_or(false),
            challenger: Challenger {
                realm: given.text("realm"),
                takes_bearer: dpop.dpop_use != DpopUse::Required,
                dpop_algorithms: if dpop.dpop_use == DpopUse::Off { Vec::new() } else { dpop.algorithms.clone() },
                announces_dpop: given.value("dpop").is_some(),
            },
            issuers,
            dpop,
        };
        given.finish()?;
        Ok(options)
    }
}

/// `introspection`, with the place of the issuer that is asked. An opaque token does not say whose it is, and nobody else may
/// see it: so one issuer is asked, and where there are several it is named.
fn introspection(object: &Object, issuers: &[IssuerOptions]) -> Result<(usize, IntrospectionOptions)> {
    let options = IntrospectionOptions::read(object)?;
    let place = match object.get("issuer").and_then(Json::as_str) {
        Some(named) => issuers.iter().position(|issuer| issuer.issuer.as_str() == named),
        None => (issuers.len() == 1).then_some(0),
    };
    let place =
        place.ok_or_else(|| missing("introspection.issuer", "which of `issuers` is asked about opaque tokens"))?;
    Ok((place, options))
}

fn organizations_from(given: &mut Given<'_>) -> OrganizationsFrom {
    let Some(value) = given.value("organizationsFrom") else { return OrganizationsFrom::Nowhere };
    match value.as_str() {
        Some("app") => OrganizationsFrom::App,
        Some("userinfo") => OrganizationsFrom::UserInfo,
        _ => {
            given.wrong("organizationsFrom", value, "a function or \"userinfo\"").unwrap_or(OrganizationsFrom::Nowhere)
        }
    }
}

/// What is expected of the tokens of an issuer: of each that says nothing else.
#[derive(Clone)]
struct Expected {
    audiences: Option<Option<Vec<String>>>,
    algorithms: Option<Vec<Algorithm>>,
    legacy_jwt: Option<bool>,
    jwks: Option<KeySet>,
    jwks_uri: Option<HttpsUrl>,
    claim_mapping: Option<Json>,
}

impl Expected {
    fn read(given: &mut Given<'_>) -> Self {
        let jwks = given.object("jwks").map(KeySet::parse);
        let jwks_uri = given.text("jwksUri").map(|text| HttpsUrl::parse(&text));
        Self {
            audiences: audiences(given),
            algorithms: algorithms(given),
            legacy_jwt: given.flag("legacyJwt"),
            jwks: jwks.and_then(|jwks| given.parsed("jwks", jwks)),
            jwks_uri: jwks_uri.and_then(|uri| given.parsed("jwksUri", uri)),
            claim_mapping: given.value("claimMapping").cloned(),
        }
    }

    fn of(&self, issuer: Issuer) -> Result<IssuerOptions> {
        let Some(audiences) = self.audiences.clone() else {
            let what = "the name of your API in `aud`, or several; `false` takes tokens that are for somebody else too";
            return Err(missing("audience", what));
        };
        let own = audiences.as_ref().and_then(|names| names.first()).map_or("", String::as_str);
        let claim_mapping = match &self.claim_mapping {
            Some(value) => claim_mapping::from_json(value, own)?,
            None => ClaimMapping::default(),
        };
        Ok(IssuerOptions {
            issuer,
            audiences,
            algorithms: self.algorithms.clone().unwrap_or_else(|| Algorithm::ALL.to_vec()),
            legacy_jwt: self.legacy_jwt.unwrap_or(false),
            jwks: self.jwks.clone(),
            jwks_uri: self.jwks_uri.clone(),
            claim_mapping,
        })
    }

    /// What an entry of `issuers` says itself goes first.
    fn before(self, usual: &Self) -> Self {
        let usual = usual.clone();
        Self {
            audiences: self.audiences.or(usual.audiences),
            algorithms: self.algorithms.or(usual.algorithms),
            legacy_jwt: self.legacy_jwt.or(usual.legacy_jwt),
            jwks: self.jwks,
            jwks_uri: self.jwks_uri,
            claim_mapping: self.claim_mapping.or(usual.claim_mapping),
        }
    }
}

/// `None` where nothing is said; `false` written out is `Some(None)`.
fn audiences(given: &mut Given<'_>) -> Option<Option<Vec<String>>> {
    match given.value("audience")? {
        Json::Bool(false) => Some(None),
        Json::String(one) if !one.is_empty() => Some(Some(vec![one.clone()])),
        value @ Json::Array(_) => match given.texts("audience") {
            Some(names) if !names.is_empty() => Some(Some(names)),
            Some(_) => given.wrong("audience", value, "at least one audience"),
            None => None,
        },
        value => given.wrong("audience", value, "a string, a list of strings, or false"),
    }
}

fn issuers(list: &Json, usual: &Expected) -> Result<Vec<IssuerOptions>> {
    const EXPECTED: &str = "a list of issuer URLs, or of objects with `issuer`, each once";
    let refused = || wrong("issuers", list, EXPECTED);
    if usual.jwks.is_some() || usual.jwks_uri.is_some() {
        // Keys belong to their issuer (RFC 8725 3.8).
        let message = "options \"jwks\" and \"jwksUri\": with `issuers` they belong into the entry of their issuer";
        return Err(Error::new(Code::InvalidOption, message));
    }
    let Json::Array(entries) = list else { return Err(refused()) };
    let mut issuers: Vec<IssuerOptions> = Vec::with_capacity(entries.len());
    for entry in entries {
        let one = match entry {
            Json::String(text) => {
                let parsed = Issuer::parse(text).map_err(|cause| refused().because(cause))?;
                Expected { jwks: None, jwks_uri: None, ..usual.clone() }.of(parsed)?
            }
            Json::Object(object) => {
                let mut given = Given::new("member of `issuers`", object);
                let (own, named) = (Expected::read(&mut given), issuer(&mut given));
                given.finish()?;
                own.before(usual).of(named.ok_or_else(refused)?)?
            }
            _ => return Err(refused()),
        };
        if issuers.iter().any(|known| known.issuer == one.issuer) {
            return Err(refused());
        }
        issuers.push(one);
    }
    if issuers.is_empty() { Err(refused()) } else { Ok(issuers) }
}
