//! The house keeps its plan: arrows point down, and the rules know nothing of JavaScript, clocks or networks.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder), &mut found);
    assert!(!found.is_empty(), "src/{folder} has no sources");
    found
}

/// Lines of code, not of comments or unit tests, in a folder that name one of the words.
fn naming(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources(folder) {
        for (number, line) in text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate() {
            let code = line.trim_start();
            if !code.starts_with("//") && words.iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}: {code}", path.display(), number + 1));
            }
        }
    }
    found
}

#[test]
fn protocol_authz_and_session_name_no_javascript_clock_random_source_or_network() {
    let foreign = [
        "wasm_bindgen",
        "js_sys",
        "web_sys",
        "gloo_net",
        "getrandom",
        "SystemTime",
        "Instant",
        "std::net",
        "std::fs",
        "HashMap",
        "HashSet",
    ];
    for folder in ["protocol", "authz", "session"] {
        assert_eq!(naming(folder, &foreign), Vec::<String>::new());
    }
}

#[test]
fn arrows_between_the_folders_point_down() {
    let forbidden = [
        ("protocol", &["authz", "session", "ports", "client", "configuration", "tools", "host", "bindings"][..]),
        ("authz", &["session", "ports", "client", "configuration", "tools", "host", "bindings"]),
        ("session", &["ports", "client", "configuration", "tools", "host", "bindings"]),
        ("ports", &["session", "client", "configuration", "tools", "host", "bindings"]),
        ("client", &["configuration", "tools", "host", "bindings"]),
        ("configuration", &["tools", "host", "bindings"]),
        ("tools", &["configuration", "host", "bindings"]),
        ("host", &["client", "configuration", "tools", "session", "bindings"]),
    ];
    for (folder, above) in forbidden {
        for upper in above {
            assert_eq!(naming(folder, &[&format!("crate::{upper}")]), Vec::<String>::new(), "{folder} → {upper}");
        }
    }
}

#[test]
fn only_host_and_bindings_know_javascript() {
    for folder in ["client", "configuration", "tools", "ports"] {
        assert_eq!(naming(folder, &["wasm_bindgen", "js_sys", "web_sys", "gloo_net"]), Vec::<String>::new());
    }
}
