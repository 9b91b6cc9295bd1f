//! The entry points for hostile input hold their properties: on the seeds and corpora of the fuzz targets, on mutations of
//! them, and on inputs that are large or deep.
#![cfg(feature = "edge")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails a test"
)]

#[path = "support/entry_points/mod.rs"]
mod entry_points;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;

fn folder(kind: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(name)
}

/// The seeds of a target, which are written by hand, and what fuzzing added to them.
fn inputs(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut inputs = Vec::new();
    for kind in ["seeds", "corpus"] {
        for entry in fs::read_dir(folder(kind, name)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            inputs.push((path, bytes));
        }
    }
    inputs.sort();
    inputs
}

/// One step of a mutation; places are relative to the length that the input has then.
#[derive(Debug, Clone)]
enum Step {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Splice(Index, Index, Index),
}

fn step() -> impl Strategy<Value = Step> {
    let odd = proptest::sample::select(vec![
        &b"\""[..],
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\n\n",
        b"\0",
        b"\xff",
        b"\xc3",
        b"&",
        b"=",
        b"#",
        b"?",
        b"%",
        b"[]",
        b".",
        b"*",
        b"**",
        b"..",
        b"null",
        b"1e400",
        b"-1",
        b"\\ud800",
        b"\xef\xbb\xbf",
        b"code=",
        b"state=",
        b"iss=",
        b"error=",
        b"\"exp\":",
        b"\"sub\":",
        b"\"kty\":",
        b"\"error\":",
        b"\"__proto__\":",
        b"9223372036854775808",
    ]);
    prop_oneof![
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Step::Replace(at, byte)),
        3 => (any::<Index>(), odd).prop_map(|(at, odd)| Step::Insert(at, odd.to_vec())),
        1 => (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, some)| Step::Insert(at, some)),
        2 => (any::<Index>(), 1_usize..12).prop_map(|(at, count)| Step::Remove(at, count)),
        1 => (any::<Index>(), 1_usize..40).prop_map(|(at, count)| Step::Repeat(at, count)),
        1 => (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, other, from)| Step::Splice(at, other, from)),
    ]
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>, others: &[(PathBuf, Vec<u8>)]) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Replace(at, byte) => {
                let at = place(at, bytes);
                bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
            }
            Self::Insert(at, more) => {
                let at = place(at, bytes);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = place(at, bytes);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Self::Repeat(at, count) => {
                let at = place(at, bytes);
                let piece = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            Self::Splice(at, other, from) => {
                let other = &others[other.index(others.len())].1;
                let (at, from) = (place(at, bytes), place(from, other));
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

#[test]
fn every_seed_and_every_input_that_fuzzing_found_keeps_its_properties() {
    for (name, check) in entry_points::ALL {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "{name} has no seeds");
        for (path, bytes) in inputs {
            let outcome = std::panic::catch_unwind(|| check(&bytes));
            assert!(outcome.is_ok(), "{} breaks a property of {name}", path.display());
        }
    }
}

#[test]
fn every_fuzz_target_is_an_entry_point_and_the_other_way_round() {
    let targets = fs::read_dir(folder("fuzz_targets", "")).unwrap();
    let mut targets: Vec<String> =
        targets.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    targets.sort();
    let names: Vec<&str> = entry_points::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, names);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_keep_the_properties(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (_, check) in entry_points::ALL {
            check(&bytes);
        }
    }

    #[test]
    fn a_mutated_input_keeps_the_properties(which in any::<Index>(), steps in proptest::collection::vec(step(), 1..6)) {
        for (name, check) in entry_points::ALL {
            let inputs = inputs(name);
            let mut bytes = inputs[which.index(inputs.len())].1.clone();
            steps.iter().for_each(|step| step.apply(&mut bytes, &inputs));
            check(&bytes);
        }
    }
}
