//! What a check found: six steps, and everything that could be read on the way.

use super::options::TokenType;
use crate::error::Error;
use crate::protocol::json::{Json, Number, Object};

/// A step of the check, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepName {
    /// The token is taken apart (RFC 7515 3.1, RFC 7519).
    DecodeStructure,
    /// The issuer's metadata is fetched (OIDC Discovery 4, RFC 8414 3).
    DiscoverIssuer,
    /// The issuer's key set is fetched (RFC 7517 5).
    FetchJwks,
    /// The key that the header names is found.
    ExtractKey,
    /// The signature is checked with that key (RFC 7515 5.2).
    VerifySignature,
    /// The claims are judged (OIDC Core 3.1.3.7, RFC 9068 4).
    ValidateClaims,
}

impl StepName {
    /// Every step, in order.
    pub const ALL: [Self; 6] = [
        Self::DecodeStructure,
        Self::DiscoverIssuer,
        Self::FetchJwks,
        Self::ExtractKey,
        Self::VerifySignature,
        Self::ValidateClaims,
    ];

    /// The name in the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DecodeStructure => "decode_structure",
            Self::DiscoverIssuer => "discover_issuer",
            Self::FetchJwks => "fetch_jwks",
            Self::ExtractKey => "extract_key",
            Self::VerifySignature => "verify_signature",
            Self::ValidateClaims => "validate_claims",
        }
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Which step.
    pub name: StepName,
    /// Whether it succeeded.
    pub passed: bool,
    /// What happened, for a person to read.
    pub message: String,
    /// What belongs to it: `code`, `expected` and `actual` of a failure, `skipped` where it could not run.
    pub details: Object,
}

impl Step {
    pub(super) fn passed(name: StepName, message: impl Into<String>, details: Object) -> Self {
        Self { name, passed: true, message: message.into(), details }
    }

    pub(super) fn failed(name: StepName, error: &Error, mut details: Object) -> Self {
        let failure = error.failure();
        details.put_text("code", Some(failure.code.as_str()));
        details.put_text("expected", failure.expected.as_deref());
        details.put_text("actual", failure.actual.as_deref());
        details.put_integer("status", failure.status.map(i64::from));
        Self { name, passed: false, message: failure.message.clone().into_owned(), details }
    }

    pub(super) fn skipped(name: StepName, because: &str) -> Self {
        let mut details = Object::new();
        details.insert("skipped", Json::Bool(true));
        Self { name, passed: false, message: format!("skipped because {because}"), details }
    }

    fn is_skipped(&self) -> bool {
        self.details.get("skipped").is_some()
    }

    fn to_json(&self) -> Json {
        let mut step = Object::new();
        step.put_text("name", Some(self.name.as_str()));
        step.insert("passed", Json::Bool(self.passed));
        step.put_text("message", Some(&self.message));
        step.insert("details", Json::Object(self.details.clone()));
        Json::Object(step)
    }
}

/// The report of a check. It holds claims, but neither the token nor its signature. `None`: not known.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenReport {
    /// What the token was judged as.
    pub token_type: TokenType,
    /// Whether every step passed.
    pub valid: bool,
    /// The six steps, in order.
    pub steps: Vec<Step>,
    /// The token's header, as far as it could be read.
    pub header: Option<Object>,
    /// The token's claims, as far as they could be read; believed only where the report is valid.
    pub payload: Option<Object>,
    /// `alg` of the header.
    pub signature_algorithm: Option<String>,
    /// `kid` of the header.
    pub key_id: Option<String>,
    /// Where the metadata was asked for last.
    pub discovery_url: Option<String>,
    /// The metadata in use.
    pub discovery_data: Option<Object>,
    /// Where the key set was asked for.
    pub jwks_uri: Option<String>,
    /// The key set, without members of private keys.
    pub jwks_data: Option<Object>,
    /// The key as PEM (RFC 7468 13).
    pub public_key_pem: Option<String>,
    /// SHA-256 of the key's `SubjectPublicKeyInfo` in DER, in hexadecimal digits.
    pub key_fingerprint: Option<String>,
    /// `kty` of the key: `RSA`, `EC` or `OKP`.
    pub key_type: Option<String>,
    /// The size of the key: of the modulus, or of the curve's field.
    pub key_size_bits: Option<i64>,
    /// What the first certificate of the key's `x5c` says.
    pub x509_info: Option<Object>,
    /// Whether `iss` is the expected issuer; `None` where none was expected or nothing could be read.
    pub issuer_match: Option<bool>,
    /// Whether `aud` names the expected audience; `None` where none was expected or nothing could be read.
    pub audience_match: Option<bool>,
    /// What the first step says that failed.
    pub error: Option<String>,
}

impl TokenReport {
    pub(super) fn new(token_type: TokenType) -> Self {
        Self {
            token_type,
            valid: false,
            steps: Vec::with_capacity(StepName::ALL.len()),
            header: None,
            payload: None,
            signature_algorithm: None,
            key_id: None,
            discovery_url: None,
            discovery_data: None,
            jwks_uri: None,
            jwks_data: None,
            public_key_pem: None,
            key_fingerprint: None,
            key_type: None,
            key_size_bits: None,
            x509_info: None,
            issuer_match: None,
            audience_match: None,
            error: None,
        }
    }

    /// Draws the conclusion. The steps are all there by then.
    pub(super) fn conclude(mut self) -> Self {
        let failed = self.steps.iter().find(|step| !step.passed && !step.is_skipped());
        self.error = failed.or_else(|| self.steps.iter().find(|step| !step.passed)).map(|step| step.message.clone());
        self.valid = self.steps.len() == StepName::ALL.len() && self.steps.iter().all(|step| step.passed);
        self
    }

    /// A step's outcome.
    #[must_use]
    pub fn step(&self, name: StepName) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The report as JSON: all members are always there, and what is not known is `null`.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut report = Object::new();
        let text = |text: &Option<String>| text.clone().map_or(Json::Null, Json::String);
        let object = |object: &Option<Object>| object.clone().map_or(Json::Null, Json::Object);
        let flag = |flag: Option<bool>| flag.map_or(Json::Null, Json::Bool);
        let number = |number: Option<i64>| number.map_or(Json::Null, |number| Json::Number(Number::Integer(number)));
        for (name, value) in [
            ("tokenType", Json::String(self.token_type.as_str().to_owned())),
            ("valid", Json::Bool(self.valid)),
            ("steps", Json::Array(self.steps.iter().map(Step::to_json).collect())),
            ("header", object(&self.header)),
            ("payload", object(&self.payload)),
            ("signatureAlgorithm", text(&self.signature_algorithm)),
            ("keyId", text(&self.key_id)),
            ("discoveryUrl", text(&self.discovery_url)),
            ("discoveryData", object(&self.discovery_data)),
            ("jwksUri", text(&self.jwks_uri)),
            ("jwksData", object(&self.jwks_data)),
            ("publicKeyPem", text(&self.public_key_pem)),
            ("keyFingerprint", text(&self.key_fingerprint)),
            ("keyType", text(&self.key_type)),
            ("keySizeBits", number(self.key_size_bits)),
            ("x509Info", object(&self.x509_info)),
            ("issuerMatch", flag(self.issuer_match)),
            ("audienceMatch", flag(self.audience_match)),
            ("error", text(&self.error)),
        ] {
            report.insert(name, value);
        }
        report
    }
}
