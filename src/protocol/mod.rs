//! The rules of OAuth, OpenID Connect and JOSE as plain functions and types: no clock, no random source, no network.

pub mod algorithm;
pub mod http;
pub mod id_token;
pub mod json;
pub mod jwt;
pub mod key_set;
pub mod secret;
pub mod url;
