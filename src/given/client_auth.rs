//! The options `clientAuth` and `clientSecret`: how the client authenticates (RFC 6749 2.3, OpenID Connect Core 9).

use std::rc::Rc;

use super::Given;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client_assertion::{Audience, ClientAssertions, Signer};
use crate::protocol::client_auth::ClientAuthentication;
use crate::protocol::json::{Json, Object};
use crate::protocol::secret::Secret;

/// The method of an object that has both members.
pub(crate) fn given(given: &mut Given<'_>) -> ClientAuthentication {
    let secret = given.text("clientSecret").map(Secret::new);
    let named = given.value("clientAuth").and_then(|value| named(value, given));
    match secret {
        Some(secret) => ClientAuthentication::Secret(secret),
        None => named.unwrap_or(ClientAuthentication::None),
    }
}

fn named(value: &Json, given: &mut Given<'_>) -> Option<ClientAuthentication> {
    let Json::Object(object) = value else { return given.wrong("clientAuth", value, "an object") };
    let member = |name: &str| object.get(name).and_then(Json::as_str);
    let secret = member("clientSecret").map(Secret::new);
    Some(match (member("method"), secret, algorithms(object)) {
        (Some("none"), ..) => ClientAuthentication::None,
        (Some("client_secret_basic"), Some(secret), _) => ClientAuthentication::SecretBasic(secret),
        (Some("client_secret_post"), Some(secret), _) => ClientAuthentication::SecretPost(secret),
        (Some("client_secret_jwt"), Some(secret), _) => assertions(object, Signer::Secret(secret), given),
        (Some("private_key_jwt") | None, None, Some(algorithms)) => assertions(object, Signer::Key(algorithms), given),
        (None, Some(secret), None) => ClientAuthentication::Secret(secret),
        _ => {
            let expected = "a `method` that is \"none\", or \"client_secret_basic\", \"client_secret_post\" or \
                            \"client_secret_jwt\" with `clientSecret`, or \"private_key_jwt\" with `key`";
            return given.wrong("clientAuth", value, expected);
        }
    })
}

/// What the key can sign with, which the wrapper says of it: the key itself stays there. A configuration has the key, and
/// nobody signs with that.
fn algorithms(object: &Object) -> Option<Vec<Algorithm>> {
    if object.get("key").is_some() {
        return Some(Vec::new());
    }
    object.strings("algorithms").ok().flatten()?.iter().map(|name| Algorithm::parse(name)).collect()
}

fn assertions(object: &Object, signer: Signer, given: &mut Given<'_>) -> ClientAuthentication {
    let mut text = |name: &str| {
        object.text(name).unwrap_or_else(|error| {
            given.fails(error);
            None
        })
    };
    let audience = match text("audience") {
        Some(name) if name == "token_endpoint" => Audience::TokenEndpoint,
        Some(name) if name != "issuer" => Audience::Other(name),
        _ => Audience::Issuer,
    };
    let (key_id, certificate_thumbprint) = (text("keyId"), text("certificateThumbprint"));
    let assertions = ClientAssertions { signer, audience, key_id, certificate_thumbprint };
    if let Err(error) = assertions.check() {
        given.fails(error);
    }
    ClientAuthentication::Assertion(Rc::new(assertions))
}
