//! From where CORS is judged (Fetch 3.3): this page, a page of the app, or nowhere.

use crate::client::Client;
use crate::ports::Host;
use crate::protocol::client_auth::ClientAuthentication;

/// From where CORS is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Viewpoint {
    /// In a page: the browser judges.
    Page { origin: String },
    /// Outside, for an app whose pages have this origin: answers are judged as a browser would.
    App { origin: String },
    /// Nobody asks from a page; the reason.
    Elsewhere { reason: &'static str },
}

impl Viewpoint {
    pub(super) fn of<H: Host>(client: &Client<H>) -> Self {
        let (host, options) = (client.host(), client.options());
        if let Some(origin) = host.location().and_then(|url| origin(host, &url)) {
            return Self::Page { origin };
        }
        if options.client_auth != ClientAuthentication::None {
            return Self::Elsewhere { reason: "a client with a secret runs on a server, where CORS does not apply" };
        }
        let Some(origin) = options.redirect_uri.as_deref().and_then(|url| origin(host, url)) else {
            return Self::Elsewhere { reason: "this is no page, and no `redirectUri` names the origin of one" };
        };
        if options.single_user && is_loopback(&origin) {
            return Self::Elsewhere { reason: "this program asks by itself, and CORS applies to pages alone" };
        }
        Self::App { origin }
    }
}

/// The origin of a URL as the host's parser sees it; `None` where it has none.
pub(super) fn origin<H: Host>(host: &H, url: &str) -> Option<String> {
    host.resolve(url, None).map(|resolved| resolved.origin).filter(|origin| origin != "null")
}

/// Whether an origin is this device's.
pub(super) fn is_loopback(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://")).unwrap_or(origin);
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}
