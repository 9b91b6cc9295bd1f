//! The published examples of `tests/vectors/`.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic fails a test")]

use wasm_oidc::protocol::algorithm::Algorithm;
use wasm_oidc::protocol::base64;
use wasm_oidc::protocol::json::{Json, Object, parse_object};
use wasm_oidc::protocol::key_set::{KeySet, PublicKey};

const FILES: [(&str, &[u8]); 6] = [
    ("RFC 7515", include_bytes!("../vectors/rfc7515.json")),
    ("RFC 7517", include_bytes!("../vectors/rfc7517.json")),
    ("RFC 7519", include_bytes!("../vectors/rfc7519.json")),
    ("RFC 7520", include_bytes!("../vectors/rfc7520.json")),
    ("RFC 7638", include_bytes!("../vectors/rfc7638.json")),
    ("RFC 8037", include_bytes!("../vectors/rfc8037.json")),
];

/// All examples of a kind (`tokens`, `signatures`, `key_sets`, `thumbprints`), each with the name of its standard.
pub fn examples(kind: &str) -> Vec<(String, Object)> {
    let mut examples = Vec::new();
    for (standard, text) in FILES {
        let file = parse_object(text).expect("the vectors are JSON");
        for example in file.array(kind).unwrap().unwrap_or_default() {
            let Json::Object(example) = example else { panic!("an example is an object") };
            let name = format!("{standard} {}", example.required_string("name").unwrap());
            examples.push((name, example.clone()));
        }
    }
    examples
}

/// The key of an example, read as one of a key set.
pub fn key_set_of(example: &Object) -> KeySet {
    let key = example.required_object("key").unwrap();
    KeySet::parse(&parse_object(format!(r#"{{"keys":[{key}]}}"#).as_bytes()).unwrap()).unwrap()
}

/// A signature that a standard prints.
pub struct Signed {
    pub name: String,
    pub algorithm: Algorithm,
    pub key: PublicKey,
    pub signing_input: Vec<u8>,
    pub signature: Vec<u8>,
}

pub fn signatures() -> Vec<Signed> {
    let read = |(name, example): (String, Object)| {
        let text = |member| example.required_string(member).unwrap();
        let algorithm = Algorithm::parse(text("alg")).unwrap();
        let keys = key_set_of(&example);
        let key = keys.candidates(algorithm, None).first().copied().expect("the key fits its algorithm").clone();
        let signature = base64::decode(text("signature")).unwrap();
        Signed { name, algorithm, key, signing_input: text("signing_input").into(), signature }
    };
    examples("signatures").into_iter().map(read).collect()
}
