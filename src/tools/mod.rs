//! Looking at tokens and providers: reports for people, and what no page needs to stay signed in. In the npm package a
//! wasm of its own, loaded when it is first asked something.

pub mod check_token;
pub mod preflight;
