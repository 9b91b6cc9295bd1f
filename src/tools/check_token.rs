//! A token looked at in six steps, each with its outcome: structure, discovery, key set, key, signature, claims.
//!
//! A check never fails for what is in the token: there is always a report. What it may ask of whom is bounded: an issuer
//! that is not the expected one is asked for nothing, at most two locations of metadata and one of keys are asked, no
//! redirect is followed, and what the header brings along (`jku`, `x5u`, `jwk`, `x5c`) is never used.

mod certificate;
mod claims;
mod distinguished_name;
mod options;
mod provider;
mod public_key;
mod public_name;
mod report;
mod structure;
mod x509;

pub use options::{TokenCheck, TokenType};
pub use report::{Step, StepName, TokenReport};

use crate::error::{Code, Error, Result, harmless};
use crate::ports::{CryptoFailure, VerifierHost};
use crate::protocol::algorithm::{self, Algorithm};
use crate::protocol::id_token::check_algorithm;
use crate::protocol::json::{Json, Object};
use crate::protocol::jwt::Jwt;
use crate::protocol::key_set::PublicKey;
use crate::protocol::metadata::ProviderMetadata;
use crate::protocol::thumbprint;
use claims::Verdicts;
use provider::Keys;
use public_key::KeyFacts;
use structure::{Structure, ignored_members};

/// The most keys of a set that a step's details list.
const MAX_LISTED_KEYS: usize = 20;

/// Checks a token.
pub async fn check_token<H: VerifierHost>(host: &H, check: &TokenCheck) -> TokenReport {
    let structure = Structure::of(check.token.expose());
    let mut report = TokenReport::new(check.token_type.unwrap_or_else(|| structure.token_type()));
    let named = |name| structure.header.as_ref().and_then(|header| header.get(name)).and_then(Json::as_str);
    report.signature_algorithm = named("alg").map(str::to_owned);
    report.key_id = named("kid").map(str::to_owned);
    report.issuer_match = issuer_match(check, structure.payload.as_ref());
    let audience = check.audience_of(report.token_type).zip(structure.payload.as_ref());
    report.audience_match = audience.and_then(|(audience, claims)| Verdicts::audience_match(claims, audience));
    report.header = structure.header;
    report.payload = structure.payload;
    let mut examination = Examination { host, check, report };
    match structure.jwt {
        Ok(jwt) => examination.examine(&jwt).await,
        Err(error) => {
            examination.fail(StepName::DecodeStructure, &error, Object::new());
            examination.skip_the_rest("the token could not be decoded");
        }
    }
    examination.report.conclude()
}

fn issuer_match(check: &TokenCheck, claims: Option<&Object>) -> Option<bool> {
    let issuer = claims?.get("iss")?.as_str()?;
    Some(check.expected_issuer.as_ref()?.as_str() == issuer)
}

/// A check under way.
struct Examination<'a, H> {
    host: &'a H,
    check: &'a TokenCheck,
    report: TokenReport,
}

impl<H: VerifierHost> Examination<'_, H> {
    async fn examine(&mut self, jwt: &Jwt) {
        self.show_structure(jwt);
        match Algorithm::parse(&jwt.algorithm) {
            Some(algorithm) => {
                if let Err(because) = self.prove(jwt, algorithm).await {
                    self.skip_up_to(StepName::VerifySignature, because);
                }
            }
            None => {
                // No key of anybody's could make such a token right, so none is asked for.
                self.skip_up_to(StepName::ExtractKey, "no key can verify the algorithm of the token");
                self.fail(StepName::VerifySignature, &refused_algorithm(&jwt.algorithm), Object::new());
            }
        }
        self.judge_claims(jwt);
    }

    /// Steps two to five. The error says why those that are left cannot run.
    async fn prove(&mut self, jwt: &Jwt, algorithm: Algorithm) -> std::result::Result<(), &'static str> {
        let discovered = provider::discover(self.host, self.check, jwt, &mut self.report).await;
        let because = "the issuer's metadata is not there";
        let provider = self.passed(StepName::DiscoverIssuer, discovered).ok_or(because)?;

        let fetched = provider.keys(self.host, self.check, &mut self.report).await;
        let keys = self.passed(StepName::FetchJwks, fetched).ok_or("the issuer's key set is not there")?;

        let candidates = keys.set.candidates(algorithm, jwt.key_id.as_deref());
        let Some(first) = candidates.first() else {
            let mut details = Object::new();
            details.insert("keys", listed(&keys));
            self.fail(StepName::ExtractKey, &no_key(jwt, algorithm, &keys), details);
            return Err("there is no key to verify it with");
        };
        let verdict = match self.check_allowed(jwt, &provider.metadata) {
            Ok(()) => self.signer(jwt, algorithm, &candidates).await,
            Err(error) => Err(error),
        };
        let key = verdict.as_ref().copied().unwrap_or(first);
        self.show_key(key, &keys, candidates.len()).await;
        match verdict {
            Ok(_) => {
                let message = format!("the signature is right: {} with this key", algorithm.as_str());
                self.pass(StepName::VerifySignature, message, Object::new());
            }
            Err(error) => self.fail(StepName::VerifySignature, &error, Object::new()),
        }
        Ok(())
    }

    fn check_allowed(&self, jwt: &Jwt, metadata: &ProviderMetadata) -> Result<()> {
        // What the metadata lists is said of ID tokens only.
        let listed = match self.report.token_type {
            TokenType::IdToken => metadata.id_token_signing_alg_values_supported.as_deref(),
            TokenType::AccessToken => None,
        };
        let allowed = algorithm::allowed(listed, self.check.algorithms.as_deref());
        check_algorithm(jwt, &allowed).map(drop)
    }

    /// The key that made the signature.
    async fn signer<'k>(&self, jwt: &Jwt, algorithm: Algorithm, keys: &[&'k PublicKey]) -> Result<&'k PublicKey> {
        let mut failure = None;
        for key in keys {
            match self.host.verify(algorithm, key, &jwt.signature, jwt.signing_input.as_bytes()).await {
                Ok(true) => return Ok(key),
                Ok(false) => {}
                Err(error) => failure = Some(uncheckable(error, algorithm)),
            }
        }
        let message = match keys.len() {
            1 => "the signature is not one of this key: the token was changed, or somebody else signed it".to_owned(),
            count => format!("the signature is not one of the {count} keys that fit"),
        };
        Err(failure.unwrap_or_else(|| Error::new(Code::SignatureInvalid, message)))
    }

    fn show_structure(&mut self, jwt: &Jwt) {
        let mut details = Object::new();
        details.put_text("type", jwt.token_type.as_deref());
        let ignored = ignored_members(&jwt.header);
        if !ignored.is_empty() {
            details.insert("ignored", Json::Array(ignored));
        }
        let algorithm = harmless(&jwt.algorithm);
        let message = match &jwt.key_id {
            Some(key_id) => format!("a JWT that says {algorithm}, with key id \"{}\"", harmless(key_id)),
            None => format!("a JWT that says {algorithm}, without a key id"),
        };
        self.pass(StepName::DecodeStructure, message, details);
    }

    async fn show_key(&mut self, key: &PublicKey, keys: &Keys, candidates: usize) {
        let mut details = Object::new();
        details.put_text("keyId", key.key_id.as_deref());
        details.put_text("algorithm", key.algorithm.as_deref());
        details.put_integer("candidates", i64::try_from(candidates).ok());
        let Some(facts) = KeyFacts::of(key) else {
            let error = Error::new(Code::InvalidKeySet, "the key has numbers that no encoding takes");
            return self.fail(StepName::ExtractKey, &error, details);
        };
        details.put_text("curve", facts.curve.as_deref());
        details.put_text("thumbprint", Some(&thumbprint::of(key)));
        let report = &mut self.report;
        report.public_key_pem = Some(facts.to_pem());
        report.key_fingerprint = Some(facts.fingerprint());
        report.key_type = Some(facts.key_type.to_owned());
        report.key_size_bits = Some(facts.size_bits);
        if let Some((entry, _)) = keys.entries.iter().find(|(_, known)| known == key) {
            report.x509_info = certificate::facts(self.host, entry, key, &facts).await;
        }
        self.pass(StepName::ExtractKey, facts.describe(), details);
    }

    fn judge_claims(&mut self, jwt: &Jwt) {
        let verdicts = Verdicts::of(jwt, self.report.token_type, self.check, self.host.now());
        let mut details = Object::new();
        details.insert("checks", verdicts.to_json());
        match verdicts.failure() {
            None => self.pass(StepName::ValidateClaims, "every claim is as it has to be".to_owned(), details),
            Some(error) => {
                details.put_integer("failures", i64::try_from(verdicts.failures()).ok());
                self.fail(StepName::ValidateClaims, error, details);
            }
        }
    }

    /// Notes the outcome of a step that has something to hand on.
    fn passed<T>(&mut self, name: StepName, outcome: Result<(T, String)>) -> Option<T> {
        match outcome {
            Ok((found, message)) => {
                self.pass(name, message, Object::new());
                Some(found)
            }
            Err(error) => {
                self.fail(name, &error, Object::new());
                None
            }
        }
    }

    fn pass(&mut self, name: StepName, message: String, details: Object) {
        self.report.steps.push(Step::passed(name, message, details));
    }

    fn fail(&mut self, name: StepName, error: &Error, details: Object) {
        self.report.steps.push(Step::failed(name, error, details));
    }

    /// Every step up to this one, unless it ran, could not run.
    fn skip_up_to(&mut self, last: StepName, because: &str) {
        for name in StepName::ALL {
            if self.report.step(name).is_none() {
                self.report.steps.push(Step::skipped(name, because));
            }
            if name == last {
                break;
            }
        }
    }

    fn skip_the_rest(&mut self, because: &str) {
        self.skip_up_to(StepName::ValidateClaims, because);
    }
}

fn refused_algorithm(name: &str) -> Error {
    let what = if name.eq_ignore_ascii_case("none") {
        "says that it is not signed: anybody can write such a token"
    } else if name.starts_with("HS") {
        "is signed with a shared secret, which cannot be checked with a public key, and must not be: whoever knows the \
         public key could sign"
    } else {
        "has an algorithm that is not known here"
    };
    let message = format!("the token {what} (\"alg\" is \"{}\")", harmless(name));
    Error::new(Code::AlgNotAllowed, message).mismatch("an asymmetric algorithm", harmless(name))
}

fn uncheckable(failure: CryptoFailure, algorithm: Algorithm) -> Error {
    match failure {
        CryptoFailure::Unavailable => Error::new(
            Code::CryptoUnavailable,
            "signatures cannot be checked: WebCrypto is missing, because the page is neither on https nor on localhost",
        ),
        CryptoFailure::Unsupported => {
            let message = format!("this host cannot check {} signatures", algorithm.as_str());
            Error::new(Code::AlgNotAllowed, message)
        }
        CryptoFailure::InvalidKey => Error::new(
            Code::InvalidKeySet,
            "the key is none: its point is not on the curve, or its numbers are impossible",
        ),
    }
}

fn no_key(jwt: &Jwt, algorithm: Algorithm, keys: &Keys) -> Error {
    let named = jwt.key_id.as_deref();
    let has_name = named.is_some() && keys.entries.iter().any(|(_, key)| key.key_id.as_deref() == named);
    let message = match named {
        Some(named) if has_name => {
            format!("the key with key id \"{}\" is not one for {}", harmless(named), algorithm.as_str())
        }
        Some(named) => format!(
            "the key set has no key with key id \"{}\" that can verify: the provider may have changed its keys since it \
             signed, or another provider signed",
            harmless(named)
        ),
        None => format!("the key set has no key for {}", algorithm.as_str()),
    };
    Error::new(Code::KeyNotFound, message)
}

/// What the usable keys of the set are, for whoever looks for the one that is missing.
fn listed(keys: &Keys) -> Json {
    let one = |(entry, _): &(Object, PublicKey)| {
        let mut record = Object::new();
        for name in ["kid", "kty", "crv", "alg", "use"] {
            record.put_text(name, entry.get(name).and_then(Json::as_str));
        }
        Json::Object(record)
    };
    Json::Array(keys.entries.iter().take(MAX_LISTED_KEYS).map(one).collect())
}
