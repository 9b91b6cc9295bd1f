//! Keys and certificates as a report shows them, beside what openssl says of the same ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::simulated::{ISSUER, SimulatedHost, signature};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use wasm_oidc::protocol::json::parse_object;
use wasm_oidc::tools::check_token::{StepName, TokenCheck, check_token};

/// A folder of its own, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wasm-oidc-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn openssl(&self, arguments: &str) -> Vec<u8> {
        let openssl = std::env::var("OPENSSL").unwrap_or_else(|_| "openssl".to_owned());
        let arguments: Vec<&str> = arguments.split('|').collect();
        let output = Command::new(&openssl).args(&arguments).current_dir(&self.0).output();
        let output = output.unwrap_or_else(|error| panic!("{openssl} does not run ({error}): node scripts/set-up.mjs"));
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn says(&self, arguments: &str) -> String {
        String::from_utf8(self.openssl(arguments)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// A kind of key: its name in JOSE, how openssl makes it, and what it must come to.
struct Kind {
    algorithm: &'static str,
    options: &'static str,
    key_type: &'static str,
    bits: i64,
    curve: Option<&'static str>,
    signed_by: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind {
        algorithm: "RS256",
        options: "RSA|-pkeyopt|rsa_keygen_bits:2048",
        key_type: "RSA",
        bits: 2048,
        curve: None,
        signed_by: "sha256WithRSAEncryption",
    },
    // One bit more than a whole number of bytes: the size is that of the number, not of its bytes.
    Kind {
        algorithm: "PS384",
        options: "RSA|-pkeyopt|rsa_keygen_bits:2049|-pkeyopt|rsa_keygen_pubexp:3",
        key_type: "RSA",
        bits: 2049,
        curve: None,
        signed_by: "sha256WithRSAEncryption",
    },
    Kind {
        algorithm: "ES256",
        options: "EC|-pkeyopt|ec_paramgen_curve:P-256",
        key_type: "EC",
        bits: 256,
        curve: Some("P-256"),
        signed_by: "ecdsa-with-SHA256",
    },
    Kind {
        algorithm: "ES384",
        options: "EC|-pkeyopt|ec_paramgen_curve:P-384",
        key_type: "EC",
        bits: 384,
        curve: Some("P-384"),
        signed_by: "ecdsa-with-SHA256",
    },
    Kind {
        algorithm: "ES512",
        options: "EC|-pkeyopt|ec_paramgen_curve:P-521",
        key_type: "EC",
        bits: 521,
        curve: Some("P-521"),
        signed_by: "ecdsa-with-SHA256",
    },
    Kind {
        algorithm: "EdDSA",
        options: "ED25519",
        key_type: "OKP",
        bits: 256,
        curve: Some("Ed25519"),
        signed_by: "ED25519",
    },
];

/// The key in `key.pem` as a JWK, put together from what openssl prints.
fn jwk(folder: &Folder, kind: &Kind) -> Value {
    let spki = folder.openssl("pkey|-in|key.pem|-pubout|-outform|DER");
    let mut jwk = json!({ "kty": kind.key_type, "kid": "k1" });
    if let Some(curve) = kind.curve {
        jwk["crv"] = curve.into();
    }
    match kind.key_type {
        "RSA" => {
            let modulus = folder.says("rsa|-in|key.pem|-noout|-modulus");
            let digits = modulus.trim().strip_prefix("Modulus=").unwrap().to_lowercase();
            let digits = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
            let bytes =
                (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2).unwrap(), 16).unwrap());
            jwk["n"] = base64url(bytes.collect::<Vec<u8>>()).into();
            jwk["e"] = if kind.options.contains("pubexp:3") { "Aw" } else { "AQAB" }.into();
        }
        "EC" => {
            let length = usize::try_from(kind.bits).unwrap().div_ceil(8);
            let (x, y) = spki[spki.len() - 2 * length..].split_at(length);
            jwk["x"] = base64url(x).into();
            jwk["y"] = base64url(y).into();
        }
        _ => jwk["x"] = base64url(&spki[spki.len() - 32..]).into(),
    }
    jwk
}

/// The report on a token of this key; the simulated signature of a key on a curve is none, which is not what counts here.
fn report(algorithm: &str, jwk: &Value) -> Value {
    let host = SimulatedHost::process();
    let part = |value: Value| base64url(value.to_string());
    let input = format!("{}.{}", part(json!({ "alg": algorithm, "kid": "k1" })), part(json!({ "iss": ISSUER })));
    let token = format!("{input}.{}", base64url(signature("k1", input.as_bytes())));
    let arguments = json!({ "token": token, "options": { "expectedIssuer": ISSUER, "jwks": { "keys": [jwk] } } });
    let check = TokenCheck::from_json(&parse_object(arguments.to_string().as_bytes()).unwrap(), None).unwrap();
    let report = host.run(check_token(&host, &check));
    assert!(report.step(StepName::ExtractKey).unwrap().passed, "{:?}", report.step(StepName::ExtractKey));
    serde_json::from_str(&report.to_json().to_string()).unwrap()
}

/// The value of `name=value` in what `openssl x509` prints.
fn value<'t>(printed: &'t str, name: &str) -> &'t str {
    let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("openssl prints no {name}: {printed}"))
}

#[test]
fn pem_fingerprint_type_and_size_are_those_of_openssl() {
    let folder = Folder::new("keys");
    for kind in &KINDS {
        folder.openssl(&format!("genpkey|-out|key.pem|-algorithm|{}", kind.options));
        let report = report(kind.algorithm, &jwk(&folder, kind));
        assert_eq!(report["publicKeyPem"], folder.says("pkey|-in|key.pem|-pubout"), "{}", kind.algorithm);
        folder.openssl("pkey|-in|key.pem|-pubout|-outform|DER|-out|key.der");
        let digest = folder.says("dgst|-sha256|-r|key.der");
        assert_eq!(report["keyFingerprint"], digest.split(' ').next().unwrap());
        assert_eq!((&report["keyType"], &report["keySizeBits"]), (&json!(kind.key_type), &json!(kind.bits)));
        assert_eq!(report["steps"][3]["details"]["curve"], json!(kind.curve));
        let shown = folder.says("pkey|-in|key.pem|-noout|-text");
        assert!(kind.key_type == "OKP" || shown.contains(&format!("({} bit", kind.bits)), "{shown}");
        assert_eq!(report["x509Info"], Value::Null);
    }
}

#[test]
fn the_facts_of_a_certificate_are_those_of_openssl() {
    let folder = Folder::new("certificates");
    let subject = "/C=DE/O=A \"B\", C \\+ D; <E>/OU=#1/CN= é 𝒳 /emailAddress=a@example.com";
    for kind in &KINDS {
        folder.openssl(&format!("genpkey|-out|key.pem|-algorithm|{}", kind.options));
        folder.openssl(&format!("req|-x509|-new|-utf8|-key|key.pem|-sha256|-days|30|-subj|{subject}|-out|cert.pem"));
        let der = folder.openssl("x509|-in|cert.pem|-outform|DER");
        let mut jwk = jwk(&folder, kind);
        jwk["x5c"] = json!([Base64::encode_string(&der), "more"]);
        let facts = &report(kind.algorithm, &jwk)["x509Info"];
        let printed = folder.says(
            "x509|-in|cert.pem|-noout|-subject|-issuer|-serial|-dates|-fingerprint|-sha256|-nameopt|RFC2253,utf8,-esc_msb|-dateopt|iso_8601",
        );
        assert_eq!(facts["subject"], value(&printed, "subject"));
        assert_eq!(facts["issuer"], value(&printed, "issuer"));
        assert_eq!(facts["serialNumber"], value(&printed, "serial").to_lowercase());
        assert_eq!(facts["notBefore"], value(&printed, "notBefore").replacen(' ', "T", 1));
        assert_eq!(facts["notAfter"], value(&printed, "notAfter").replacen(' ', "T", 1));
        let fingerprint = value(&printed, "sha256 Fingerprint").replace(':', "").to_lowercase();
        assert_eq!(facts["fingerprint"], fingerprint);
        assert_eq!(facts["signatureAlgorithm"], kind.signed_by);
        assert!(folder.says("x509|-in|cert.pem|-noout|-text").contains(kind.signed_by));
        assert_eq!((&facts["keyMatches"], &facts["chainLength"]), (&json!(true), &json!(2)));
        assert_eq!(facts.get("error"), None);
    }
}

#[test]
fn a_certificate_of_an_authority_or_of_another_key_is_said_to_be_one() {
    let folder = Folder::new("authority");
    let kind = &KINDS[2];
    let make = |name: &str| folder.openssl(&format!("genpkey|-out|{name}|-algorithm|{}", kind.options));
    make("authority.pem");
    folder
        .openssl("req|-x509|-new|-key|authority.pem|-days|30|-subj|/DC=example/DC=ca/CN=Authority|-out|authority.crt");
    make("key.pem");
    folder.openssl("req|-new|-key|key.pem|-subj|/CN=idp.example|-out|request.pem");
    folder.openssl("x509|-req|-in|request.pem|-CA|authority.crt|-CAkey|authority.pem|-CAcreateserial|-sha512|-days|3|-outform|DER|-out|cert.der");
    let mut jwk = jwk(&folder, kind);
    jwk["x5c"] = json!([Base64::encode_string(&std::fs::read(folder.0.join("cert.der")).unwrap())]);
    let facts = report("ES256", &jwk)["x509Info"].clone();
    assert_eq!(
        (&facts["subject"], &facts["issuer"]),
        (&json!("CN=idp.example"), &json!("CN=Authority,DC=ca,DC=example"))
    );
    assert_eq!((&facts["selfSigned"], &facts["keyMatches"]), (&json!(false), &json!(true)));
    assert_eq!(facts["signatureAlgorithm"], "ecdsa-with-SHA512");

    let foreign = folder.openssl("x509|-in|authority.crt|-outform|DER");
    jwk["x5c"] = json!([Base64::encode_string(&foreign)]);
    let facts = &report("ES256", &jwk)["x509Info"];
    assert_eq!((&facts["selfSigned"], &facts["keyMatches"]), (&Value::Null, &json!(false)));
}

#[test]
fn a_certificate_written_in_another_way_is_read_and_a_broken_one_is_said_to_be_broken() {
    let folder = Folder::new("broken");
    let kind = &KINDS[5];
    folder.openssl(&format!("genpkey|-out|key.pem|-algorithm|{}", kind.options));
    folder.openssl("req|-x509|-new|-key|key.pem|-days|30|-subj|/CN=idp|-out|cert.pem");
    let der = folder.openssl("x509|-in|cert.pem|-outform|DER");
    let mut jwk = jwk(&folder, kind);
    let mut facts_of = |x5c: Value| {
        jwk["x5c"] = x5c;
        report("EdDSA", &jwk)["x509Info"].clone()
    };
    let right = Base64::encode_string(&der);
    let broken_into_lines =
        right.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    for written in [
        right.clone(),
        broken_into_lines.join("\r\n"),
        right.trim_end_matches('=').to_owned(),
        format!("{}==", right.trim_end_matches('=')),
        base64url(&der),
    ] {
        assert_eq!(facts_of(json!([written]))["subject"], "CN=idp");
    }
    let cut = Base64::encode_string(&der[..der.len() - 1]);
    let longer = Base64::encode_string(&[&der[..], &[0]].concat());
    for broken in [
        json!([]),
        json!("x"),
        json!([1]),
        json!(["%%%"]),
        json!(["MIIB+padded/=="]),
        json!([cut]),
        json!([longer]),
        json!([""]),
    ] {
        let facts = facts_of(broken.clone());
        assert!(facts["error"].as_str().unwrap().contains("x5c"), "{broken}: {facts}");
        assert_eq!(facts.get("subject"), None);
    }
    assert_eq!(facts_of(Value::Null), Value::Null);
}
