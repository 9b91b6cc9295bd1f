//! The rules of OAuth 2.0, OpenID Connect and JOSE as plain functions and types: no clock, no network, no JavaScript.

pub mod algorithm;
pub mod authorization_request;
pub mod base64;
pub mod callback;
pub(crate) mod claims;
pub mod client_auth;
pub mod end_session;
pub mod form;
pub mod front_channel_logout;
pub mod headers;
pub mod http;
pub mod id_token;
pub mod introspection;
pub mod json;
pub mod jwt;
pub mod key_set;
pub mod logout_token;
pub mod metadata;
pub mod pkce;
pub mod provider_error;
pub mod purpose;
pub mod random;
pub mod redaction;
mod response_parameters;
pub mod revocation;
pub mod secret;
pub mod state;
#[cfg(feature = "tools")]
pub mod thumbprint;
pub mod token_request;
pub mod token_response;
pub mod url;
pub mod user_info;
pub mod words;
