#![no_main]

#[path = "../../tests/support/entry_points/mod.rs"]
mod entry_points;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry_points::request::check(bytes));
