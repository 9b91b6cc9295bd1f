//! Looking at tokens and providers: what only a developer or an operator asks for, in a wasm of its own that is loaded
//! when it is.

pub mod preflight;
