//! A sign-in by the functions of `protocol` alone, in the order in which the client calls them.

use jwt_compact::alg::{Ed25519, Es256, Rsa};
use jwt_compact::jwk::{JsonWebKey, JwkError};
use jwt_compact::{Algorithm as Verifier, AlgorithmSignature};
use serde_json::Value;
use wasm_oidc::error::{Class, Code, Error, Result};
use wasm_oidc::protocol::algorithm::{self, Algorithm};
use wasm_oidc::protocol::authorization_request::{AuthorizationRequest, RequestSecrets, authorization_url};
use wasm_oidc::protocol::callback::{self, Outcome, Recognized, ResponseMode};
use wasm_oidc::protocol::id_token::{Expectations, NonceRule, check_algorithm, validate_claims, validate_refreshed};
use wasm_oidc::protocol::jwt::{self, Jwt};
use wasm_oidc::protocol::key_set::{KeySet, judge_key_set};
use wasm_oidc::protocol::metadata::{Endpoint, ProviderMetadata, ProviderType, judge_discovery};
use wasm_oidc::protocol::pkce::CodeVerifier;
use wasm_oidc::protocol::provider_error;
use wasm_oidc::protocol::state::StateTag;
use wasm_oidc::protocol::token_response::{self, TokenResponse};
use wasm_oidc::protocol::url::Issuer;
use wasm_oidc::protocol::user_info::{self, Answer};
use wasm_oidc::protocol::{front_channel_logout, logout_token};

use crate::provider::{Provider, REDIRECT_URI};
use crate::support::{CLIENT_ID, ISSUER, NONCE, NOW, expectations};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What the app configured, as far as a row says it.
struct Options {
    algorithms: Option<Vec<Algorithm>>,
    trusted_audiences: Vec<String>,
    max_id_token_age: Option<i64>,
    require_pkce_advertised: bool,
    max_age: Option<u64>,
    acr_values: Vec<String>,
}

impl Options {
    fn of(row: &Value) -> Self {
        let texts = |value: &Value| -> Option<Vec<String>> {
            Some(value.as_array()?.iter().map(|text| text.as_str().unwrap().to_owned()).collect())
        };
        let options = &row["options"];
        Self {
            algorithms: texts(&options["algorithms"])
                .map(|names| names.iter().map(|name| Algorithm::parse(name).unwrap()).collect()),
            trusted_audiences: texts(&options["trustedAudiences"]).unwrap_or_default(),
            max_id_token_age: options["maxIdTokenAgeSeconds"].as_i64(),
            require_pkce_advertised: options["requirePkceAdvertised"] == true,
            max_age: row["signIn"]["maxAge"].as_u64(),
            acr_values: texts(&row["signIn"]["acrValues"]).unwrap_or_default(),
        }
    }
}

/// Signs in as a row says; `false` when the callback is left alone.
pub fn attempt(row: &Value, mode: ResponseMode) -> Result<bool> {
    let (provider, options) = (Provider::new(row), Options::of(row));
    match row["flow"].as_str() {
        Some("logout-token") => return take_logout_token(&provider).map(|()| true),
        Some("front-channel") => return is_this_session(&provider),
        _ => {}
    }
    let issuer = Issuer::parse(ISSUER).unwrap();
    let metadata = judge_discovery(&provider.discovery(), &issuer)?;

    let tag = StateTag::new(ISSUER, CLIENT_ID, REDIRECT_URI, "");
    let state = tag.state("a-random-part-of-some-length");
    let verifier = CodeVerifier::parse(VERIFIER).unwrap();
    let request =
        AuthorizationRequest { scopes: vec!["openid".to_owned()], max_age: options.max_age, ..Default::default() };
    let secrets = RequestSecrets { state: &state, nonce: Some(NONCE), verifier: &verifier };
    authorization_url(&metadata, CLIENT_ID, REDIRECT_URI, &request, &secrets, options.require_pkce_advertised)?;

    let url = provider.callback(&state, mode);
    let response = match callback::recognize(&url, mode, &tag, Some(ISSUER))? {
        Recognized::Ours(response) => response,
        Recognized::NotOurs => return Ok(false),
        other => panic!("{other:?}"),
    };
    assert_eq!(response.state, state, "which transaction it is, is not for `protocol` to say");
    let is_advertised = metadata.authorization_response_iss_parameter_supported;
    callback::check_issuer(response.iss.as_deref(), Some(ISSUER), is_advertised)?;
    if let Outcome::Refused { error, description } = &response.outcome {
        return Err(provider_error::from_wire(error, description.as_deref(), Class::Provider, None));
    }

    metadata.endpoint(Endpoint::Token)?;
    let tokens =
        token_response::judge(&provider.tokens("authorization_code"), Class::TokenExchange, ProviderType::Oidc)?;
    let keys = judge_key_set(&provider.key_set())?;
    let id_token = parsed(&tokens)?.ok_or_else(|| Error::new(Code::IdTokenMissing, "no ID token"))?;
    let expected = Expectations {
        nonce: NonceRule::Equal(NONCE),
        trusted_audiences: &options.trusted_audiences,
        max_id_token_age: options.max_id_token_age,
        max_age: options.max_age,
        acr_values: &options.acr_values,
        access_token: Some(provider.access_token()),
        code: Some(provider.code()),
        ..expectations()
    };
    let allowed =
        algorithm::allowed(metadata.id_token_signing_alg_values_supported.as_deref(), options.algorithms.as_deref());
    let found = check_signed(&id_token, &keys, &allowed)?;
    let found = validate_claims(&id_token, Some(found), &expected)?;
    match row["flow"].as_str() {
        Some("userinfo") => ask_userinfo(&provider, &metadata, &found.subject)?,
        Some("refresh") => refresh(&provider, &keys, &allowed, &id_token, &expected)?,
        _ => {}
    }
    Ok(true)
}

fn take_logout_token(provider: &Provider) -> Result<()> {
    let jwt = jwt::parse(&provider.logout_token())?;
    logout_token::check_type(&jwt)?;
    check_signed(&jwt, &judge_key_set(&provider.key_set())?, Algorithm::ALL)?;
    logout_token::validate(&jwt, &expectations()).map(drop)
}

fn is_this_session(provider: &Provider) -> Result<bool> {
    let asked = front_channel_logout::asked_session(&provider.front_channel())?;
    Ok(asked == Some([ISSUER.to_owned(), "session-1".to_owned()]))
}

fn parsed(tokens: &TokenResponse) -> Result<Option<Jwt>> {
    tokens.id_token.as_ref().map(|id_token| jwt::parse(id_token.expose())).transpose()
}

fn ask_userinfo(provider: &Provider, metadata: &ProviderMetadata, subject: &str) -> Result<()> {
    let claims = match user_info::judge(&provider.userinfo())? {
        Answer::Plain(claims) => claims,
        Answer::Signed(jwt) => {
            let listed = metadata.document.strings("userinfo_signing_alg_values_supported")?;
            let keys = judge_key_set(&provider.signs_userinfo().key_set())?;
            check_signed(&jwt, &keys, &algorithm::allowed(listed.as_deref(), None))?;
            user_info::check_signed(&jwt, ISSUER, CLIENT_ID, NOW, 60)?;
            jwt.claims
        }
    };
    user_info::check_subject(&claims, subject)
}

fn refresh(
    provider: &Provider,
    keys: &KeySet,
    allowed: &[Algorithm],
    first: &Jwt,
    expected: &Expectations<'_>,
) -> Result<()> {
    let tokens = token_response::judge(&provider.tokens("refresh_token"), Class::Refresh, ProviderType::Oidc)?;
    let Some(renewed) = parsed(&tokens)? else { return Ok(()) };
    let algorithm = check_signed(&renewed, keys, allowed)?;
    validate_refreshed(&first.claims, &renewed, Some(algorithm), expected).map(drop)
}

/// The algorithm, then the key, then the signature.
fn check_signed(jwt: &Jwt, keys: &KeySet, allowed: &[Algorithm]) -> Result<Algorithm> {
    let algorithm = check_algorithm(jwt, allowed)?;
    let candidates = keys.candidates(algorithm, jwt.key_id.as_deref());
    if candidates.is_empty() {
        return Err(Error::new(Code::KeyNotFound, "no key fits"));
    }
    if candidates.iter().any(|key| is_signed_by(&key.jwk(), jwt, algorithm)) {
        return Ok(algorithm);
    }
    Err(Error::new(Code::SignatureInvalid, "no key made this signature"))
}

fn is_signed_by(key: &JsonWebKey<'static>, jwt: &Jwt, algorithm: Algorithm) -> bool {
    match algorithm {
        Algorithm::ES256 => verify(&Es256, jwt, key),
        Algorithm::EdDSA | Algorithm::Ed25519 => verify(&Ed25519, jwt, key),
        Algorithm::ES384 | Algorithm::ES512 => panic!("no row has {algorithm:?}"),
        rsa => verify(&rsa.as_str().parse::<Rsa>().unwrap(), jwt, key),
    }
}

fn verify<'a, V: Verifier>(verifier: &V, jwt: &Jwt, key: &'a JsonWebKey<'static>) -> bool
where
    V::VerifyingKey: TryFrom<&'a JsonWebKey<'static>, Error = JwkError>,
{
    let Ok(key) = V::VerifyingKey::try_from(key) else { return false };
    let Ok(signature) = V::Signature::try_from_slice(&jwt.signature) else { return false };
    verifier.verify_signature(&signature, &key, jwt.signing_input.as_bytes())
}
