//! The rules of OAuth 2.0, OpenID Connect and JOSE as plain functions and types: no clock, no network, no JavaScript.
