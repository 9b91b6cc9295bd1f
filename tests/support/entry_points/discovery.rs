//! Provider metadata: the issuer is the one asked for, and every endpoint means the same to the URL Standard.

use super::{ISSUER, answer, check_error};
use wasm_oidc::protocol::json::{Object, parse_object};
use wasm_oidc::protocol::metadata::{Endpoint, ProviderMetadata, ProviderType, discovery_requests, judge_discovery};
use wasm_oidc::protocol::url::{HttpsUrl, Issuer};

const ENDPOINTS: [Endpoint; 7] = [
    Endpoint::Authorization,
    Endpoint::Token,
    Endpoint::Userinfo,
    Endpoint::Jwks,
    Endpoint::EndSession,
    Endpoint::Revocation,
    Endpoint::Introspection,
];

pub fn check(bytes: &[u8]) {
    let response = answer(bytes);
    let issuer = Issuer::parse(ISSUER).expect("it is an issuer");
    match judge_discovery(&response, &issuer) {
        Ok(metadata) => {
            assert_eq!(response.status, 200);
            assert_eq!(metadata.issuer.as_ref(), Some(&issuer));
            is_right(&metadata);
        }
        Err(error) => check_error(&error),
    }
    // A document of the app's own names its issuer itself.
    if let Ok(document) = parse_object(&response.body) {
        match ProviderMetadata::from_object(document) {
            Ok(metadata) => {
                if let Some(issuer) = &metadata.issuer {
                    is_right_url(issuer.url());
                    assert_eq!(issuer.url().query(), None);
                    for kind in [ProviderType::Oidc, ProviderType::Oauth2] {
                        let requests = discovery_requests(issuer, kind);
                        assert!(requests.iter().all(|request| request.url.starts_with(issuer.url().origin())));
                    }
                }
                is_right(&metadata);
            }
            Err(error) => check_error(&error),
        }
    }
}

fn is_right(metadata: &ProviderMetadata) {
    for endpoint in ENDPOINTS {
        match metadata.endpoint(endpoint) {
            Ok(url) => {
                assert_eq!(metadata.document.string(endpoint.member()), Ok(Some(url.as_str())));
                is_right_url(url);
            }
            Err(error) => check_error(&error),
        }
    }
    assert_eq!(ProviderMetadata::from_object(metadata.document.clone()).as_ref(), Ok(metadata));
    assert_eq!(metadata.overridden_by(&Object::new()).as_ref(), Ok(metadata));
    assert_eq!(metadata.overridden_by(&metadata.document).as_ref(), Ok(metadata));
}

fn is_right_url(url: &HttpsUrl) {
    let text = url.as_str();
    assert!(text.is_ascii() && !text.contains(['#', ' ', '\\', '"', '<', '>']) && text.len() <= 4096);
    // What the standard refuses beyond (impossible punycode or addresses) is never asked.
    let Ok(parsed) = url::Url::parse(text) else { return };
    assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
    let host = parsed.host_str().unwrap_or_default();
    let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    assert!(parsed.scheme() == "https" || (parsed.scheme() == "http" && is_loopback), "{text}");
    // The standard writes an apostrophe in a query as %27, which means the same.
    assert_eq!(parsed.query(), url.query().map(|query| query.replace('\'', "%27")).as_deref());
    assert_eq!(if url.path().is_empty() { "/" } else { url.path() }, parsed.path());
    let address = text.split_once("://[").and_then(|(_, rest)| rest.split_once(']')).map(|(address, _)| address);
    match address {
        // Many texts are one IPv6 address.
        Some(address) => {
            let address: std::net::Ipv6Addr = address.parse().expect("the standard reads it as an address");
            assert_eq!(parsed.host(), Some(url::Host::Ipv6(address)));
        }
        None => {
            assert!(url.origin().to_ascii_lowercase().starts_with(&format!("{}://{host}", parsed.scheme())), "{text}")
        }
    }
}
