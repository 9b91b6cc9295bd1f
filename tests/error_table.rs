//! The table of errors and the classes of the npm package are one.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

use std::fs;
use std::path::Path;

use wasm_oidc::error::{Class, Code};

fn template(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-template").join(file)).unwrap()
}

#[test]
fn every_class_is_made_exported_and_declared() {
    let (made, exported, declared) = (template("errors.js"), template("index.js"), template("index.d.ts"));
    for class in Class::ALL {
        assert!(made.contains(&format!("export class {class} extends OAuthError")), "{class} in errors.js");
        assert!(exported.contains(&format!(" {class},")), "{class} in index.js");
        assert!(declared.contains(&format!("export class {class} extends OAuthError")), "{class} in index.d.ts");
    }
}

#[test]
fn every_class_of_the_package_is_one_of_the_table() {
    for line in template("index.d.ts").lines().filter(|line| line.contains(" extends OAuthError")) {
        let name = line.split_whitespace().nth(2).unwrap();
        assert!(Class::ALL.iter().any(|class| class.as_str() == name), "{name}");
    }
}

#[test]
fn the_table_is_printed_with_class_and_recovery_of_every_code() {
    for code in Code::ALL {
        println!("{:32} {:32} {}", code.as_str(), code.class().as_str(), code.recovery());
        assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{code}");
    }
}
