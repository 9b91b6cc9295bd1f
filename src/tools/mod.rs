//! Looking at tokens and providers: what a page needs only while somebody looks, so that it has a wasm of its own.

pub mod check_token;
