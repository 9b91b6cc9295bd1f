//! The key set: which keys can check the signatures of ID tokens, and why the others cannot (RFC 7517, RFC 7518 6).

use super::asking::{Exchange, NoAnswer, silence};
use super::finding::{Finding, FindingCode};
use super::report::Step;
use crate::client::ClientOptions;
use crate::error::{Code, harmless};
use crate::ports::{CryptoFailure, Host};
use crate::protocol::algorithm::{self, Algorithm};
use crate::protocol::base64;
use crate::protocol::json::{Json, Number, Object, parse_object_as};
use crate::protocol::key_set::{KeySet, MAX_CANDIDATES, PublicKey};
use crate::protocol::words;

/// How many skipped keys are listed one by one.
const MAX_LISTED: usize = 20;

/// Looks at a key set that was given, or asked for.
pub(super) async fn key_set<H: Host>(
    host: &H,
    options: &ClientOptions,
    announced: Option<&[String]>,
    exchange: Option<&Exchange>,
) -> Step {
    let mut step = Step::new("key_set");
    let document = match (&options.jwks, exchange) {
        (Some(given), _) => given.clone(),
        (None, Some(exchange)) => {
            exchange.note(&mut step);
            match fetched(exchange, &mut step) {
                Some(document) => document,
                None => return step,
            }
        }
        (None, None) => return Step::skipped("key_set", "there is no usable \"jwks_uri\""),
    };
    let Some(Json::Array(entries)) = document.get("keys") else {
        return step.finding(Finding::new(FindingCode::KeySetMalformed, "the key set has no array \"keys\""));
    };
    let keys = usable(entries, &mut step);
    let allowed = algorithm::allowed(announced, options.algorithms.as_deref());
    let mut counts = Object::new();
    let mut fits_any = false;
    for &algorithm in &allowed {
        let fitting = keys.iter().filter(|key| key.fits(algorithm)).collect::<Vec<_>>();
        counts.put_integer(algorithm.as_str(), i64::try_from(fitting.len()).ok());
        let Some(key) = fitting.first() else { continue };
        fits_any = true;
        // Once is enough: without WebCrypto it is so for all.
        let is_known = step.findings.iter().any(|finding| finding.code == FindingCode::CryptoUnavailable);
        if !is_known && let Some(finding) = trial(host, algorithm, key).await {
            step.find(finding);
        }
    }
    step.details.insert("usable", Json::Object(counts));
    if !fits_any {
        let names = words::join(&allowed.iter().map(|algorithm| algorithm.as_str().to_owned()).collect::<Vec<_>>());
        let message = format!("none of the {} keys can check a signature by \"{names}\"", entries.len());
        step.find(Finding::new(FindingCode::KeySetUnusable, message));
    }
    let message = format!("{} of {} keys can check signatures", keys.len(), entries.len());
    step.saying(message)
}

fn fetched(exchange: &Exchange, step: &mut Step) -> Option<Object> {
    let url = harmless(&exchange.url);
    let response = match &exchange.outcome {
        Ok(response) => response,
        Err(failure) => {
            let message = match failure {
                NoAnswer::Refused => {
                    let reason = "this page may not read the key set";
                    *step = Step { details: step.details.clone(), ..Step::skipped("key_set", reason) };
                    return None;
                }
                NoAnswer::Redirected => format!("{url} answers with a redirect"),
                NoAnswer::TooLarge => format!("{url} answers with more than a megabyte"),
                NoAnswer::Silent(_) | NoAnswer::TimedOut | NoAnswer::NotSent(_) => {
                    silence(&exchange.url, failure).into_iter().for_each(|finding| step.find(finding));
                    return None;
                }
            };
            step.find(Finding::new(FindingCode::KeySetUnavailable, message));
            return None;
        }
    };
    if response.status != 200 {
        let message = format!("{url} answers with status {}, not 200", response.status);
        step.find(Finding::new(FindingCode::KeySetUnavailable, message));
        return None;
    }
    if !response.is_json() {
        let media_type = response.header("content-type").map_or("no media type".to_owned(), harmless);
        let message = format!("{url} answers with {media_type}, not JSON");
        step.find(Finding::new(FindingCode::KeySetMalformed, message));
        return None;
    }
    match parse_object_as(&response.body, Code::InvalidKeySet) {
        Ok(document) => Some(document),
        Err(error) => {
            let message = format!("{url} does not answer with a JSON object: {}", error.failure().message);
            step.find(Finding::new(FindingCode::KeySetMalformed, message));
            None
        }
    }
}

/// The keys that can check signatures; of the others, the reasons.
fn usable(entries: &[Json], step: &mut Step) -> Vec<PublicKey> {
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    for entry in entries.iter().take(MAX_CANDIDATES) {
        match alone(entry) {
            Some(key) => keys.push(key),
            None => skipped.push(entry),
        }
    }
    for entry in skipped.iter().take(MAX_LISTED) {
        let (id, reason) = why(entry);
        match reason {
            Reason::Private => {
                let message = format!("the key {id} holds the private members of a signing key");
                step.find(Finding::new(FindingCode::PrivateKeyPublished, message));
            }
            Reason::TooShort(bits) => {
                let message = format!("the RSA key {id} has {bits} bits, below 2048");
                step.find(Finding::new(FindingCode::KeyTooShort, message));
            }
            Reason::Other(_) => {}
        }
    }
    let listed = skipped.iter().take(MAX_LISTED).map(|entry| {
        let (id, reason) = why(entry);
        let mut listed = Object::new();
        listed.put_text("key", Some(&id));
        listed.put_text("reason", Some(&reason.words()));
        Json::Object(listed)
    });
    step.details.insert("skipped", Json::Array(listed.collect()));
    step.details.insert("total", Json::Number(Number::Integer(i64::try_from(entries.len()).unwrap_or(i64::MAX))));
    keys
}

/// The key of an entry, by the rules that hold when a signature is checked.
fn alone(entry: &Json) -> Option<PublicKey> {
    let mut document = Object::new();
    document.insert("keys", Json::Array(vec![entry.clone()]));
    KeySet::parse(&document).ok()?.keys().first().cloned()
}

/// Why a key is skipped.
enum Reason {
    Private,
    TooShort(usize),
    Other(&'static str),
}

impl Reason {
    fn words(&self) -> String {
        match self {
            Self::Private => "it holds private members".to_owned(),
            Self::TooShort(bits) => format!("RSA of {bits} bits, below 2048"),
            Self::Other(words) => (*words).to_owned(),
        }
    }
}

/// What a key is called, and why it is skipped.
fn why(entry: &Json) -> (String, Reason) {
    let Json::Object(entry) = entry else { return ("that is no object".to_owned(), Reason::Other("it is no object")) };
    let member = |name: &str| entry.get(name).and_then(Json::as_str);
    let id = member("kid").map_or("without key id".to_owned(), |id| format!("\"{}\"", harmless(id)));
    let is_private = ["d", "p", "q"].iter().any(|name| entry.get(name).is_some());
    let reason = match member("kty") {
        _ if is_private => Reason::Private,
        Some("oct") => Reason::Other("it is symmetric (oct)"),
        _ if member("use").is_some_and(|purpose| purpose != "sig") => Reason::Other("it is not for signatures (use)"),
        _ if entry.get("key_ops").is_some() && !is_for_verifying(entry) => {
            Reason::Other("it is not for verifying (key_ops)")
        }
        Some("RSA") => match member("n").and_then(base64::decode).map(|modulus| bits(&modulus)) {
            Some(bits) if bits < 2048 => Reason::TooShort(bits),
            _ => Reason::Other("it is no RSA key of RFC 7518 6.3"),
        },
        Some("EC") if !matches!(member("crv"), Some("P-256" | "P-384" | "P-521")) => {
            Reason::Other("its curve is unknown")
        }
        Some("OKP") if member("crv") != Some("Ed25519") => Reason::Other("its curve is unknown"),
        Some("EC" | "OKP") => Reason::Other("it is no point of RFC 7518 6.2"),
        _ => Reason::Other("its type is unknown (kty)"),
    };
    (id, reason)
}

fn is_for_verifying(entry: &Object) -> bool {
    entry.strings("key_ops").ok().flatten().is_some_and(|operations| operations.iter().any(|one| one == "verify"))
}

fn bits(modulus: &[u8]) -> usize {
    let mut digits = modulus.iter().skip_while(|&&byte| byte == 0);
    let first = digits.next().map_or(0, |byte| 8_usize.saturating_sub(byte.leading_zeros() as usize));
    digits.count().saturating_mul(8).saturating_add(first)
}

/// Lets this host check a signature that nobody made: whether it could check one.
async fn trial<H: Host>(host: &H, algorithm: Algorithm, key: &PublicKey) -> Option<Finding> {
    let length = algorithm.signature_length().or_else(|| key.signature_length()).unwrap_or_default();
    let name = algorithm.as_str();
    match host.verify(algorithm, key, &vec![0; length], b"").await {
        Ok(_) => None,
        Err(CryptoFailure::Unavailable) => {
            Some(Finding::new(FindingCode::CryptoUnavailable, "WebCrypto is missing here: no signature can be checked"))
        }
        Err(CryptoFailure::Unsupported) => {
            let message = format!("this host cannot check {name} signatures");
            Some(Finding::new(FindingCode::AlgorithmUnsupportedHere, message))
        }
        Err(CryptoFailure::InvalidKey) => {
            let message = format!("this host refuses the first key for {name}: its numbers are not those of a key");
            Some(Finding::new(FindingCode::KeyRefused, message))
        }
    }
}
