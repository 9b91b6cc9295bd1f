//! Whom a token may lead to: hosts with a public name only. What a token names is written by whoever made the token, so
//! following it must not reach into the network of the one who looks (RFC 8725 3.10).

use crate::error::{Code, Error, Result, harmless};
use crate::ports::Urls;
use crate::protocol::url::HttpsUrl;

/// Last labels of names that are for one's own network: RFC 6761, 6762, 7686, 8375, the name that ICANN reserved for
/// private use (`internal`), and those that routers, companies and clusters use without asking.
const PRIVATE: [&str; 16] = [
    "localhost",
    "local",
    "internal",
    "arpa",
    "test",
    "onion",
    "alt",
    "localdomain",
    "domain",
    "lan",
    "home",
    "corp",
    "intranet",
    "private",
    "svc",
    "workgroup",
];

/// Refuses a URL whose host is an IP address, in whichever notation, or has a private name. It is the host's own parser
/// that says what the host is, since that is where the request will go.
///
/// # Errors
/// `InsecureEndpoint`
pub(super) fn require_public<U: Urls>(urls: &U, url: &HttpsUrl) -> Result<()> {
    let resolved = urls.resolve(url.as_str(), None);
    let host = resolved.as_ref().and_then(|resolved| resolved.origin.strip_prefix("https://")).map(without_port);
    match host.and_then(fault) {
        None if host.is_some() => Ok(()),
        fault => {
            let fault = fault.unwrap_or("is not an https URL");
            let message = format!(
                "\"{}\" {fault}: what only a token names is not followed there; name it as `expectedIssuer` if it is yours",
                harmless(url.as_str())
            );
            Err(Error::new(Code::InsecureEndpoint, message).mismatch("a public host name", harmless(url.as_str())))
        }
    }
}

fn fault(host: &str) -> Option<&'static str> {
    let host = host.to_ascii_lowercase();
    if host.starts_with('[') {
        return Some("has an IP address for a host");
    }
    let host = host.strip_suffix('.').unwrap_or(&host);
    let Some((_, last)) = host.rsplit_once('.') else {
        return Some("has a host name of a single label");
    };
    if last.bytes().next().is_none_or(|first| first.is_ascii_digit()) {
        return Some("has an IP address for a host");
    }
    PRIVATE.contains(&last).then_some("has a private host name")
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}
