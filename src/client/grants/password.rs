//! A person's own password, where nothing else is possible (RFC 6749 4.3; RFC 9700 2.4 says: never).

use super::{Asked, Client, Exchanged, Renewed};
use crate::client::ClientOptions;
use crate::client::given::Given;
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::grant_request::GrantRequest;
use crate::protocol::json::Object;
use crate::protocol::metadata::Endpoint;
use crate::protocol::secret::Secret;
use crate::session::TokenSet;

/// A password grant: used up by its one request, and wiped then.
#[derive(Debug)]
pub struct PasswordGrant {
    asked: Asked,
    username: Secret,
    password: Secret,
    totp: Option<Secret>,
    expected_sub: Option<String>,
}

impl PasswordGrant {
    /// `username`, `password`, `totp`, `expectedSub`, `scopes`, `resource`, `audience`, `extraParams`.
    ///
    /// # Errors
    /// `ConfigurationError`: `missing_option` where the client was not told to allow it, `invalid_option`,
    /// `unknown_option`.
    pub fn from_json(object: &Object, client: &ClientOptions) -> Result<Self> {
        if !client.allow_password_grant {
            let message = "the password grant gives a person's password to the app, which RFC 9700 2.4 forbids: use \
                           `signInRedirect`, `deviceAuthorization`, or `clientCredentials` for a machine; where the \
                           provider offers nothing else, say `allowPasswordGrant: true`";
            return Err(Error::new(Code::MissingOption, message));
        }
        let mut given = Given::new("option of passwordGrant", object);
        let asked = Asked::from_given(&mut given).or_scopes_of(client);
        let mut secret = |name| given.text(name).map(Secret::new);
        let (username, password, totp) = (secret("username"), secret("password"), secret("totp"));
        let expected_sub = given.text("expectedSub");
        given.finish()?;
        let (Some(username), Some(password)) = (username, password) else {
            let message = "passwordGrant needs `username` and `password`, or `credentials` that gives both";
            return Err(Error::new(Code::MissingOption, message));
        };
        Ok(Self { asked, username, password, totp, expected_sub })
    }

    fn request(&self) -> GrantRequest {
        GrantRequest::new("password")
            .with("username", Some(self.username.expose()))
            .with("password", Some(self.password.expose()))
            // The name that Keycloak gives it; others know it by `extraParams`.
            .with("totp", self.totp.as_ref().map(Secret::expose))
    }
}

impl<H: Host> Client<H> {
    /// Tokens for a password, which is wiped whatever comes of it; with `old` ones instead of these.
    ///
    /// # Errors
    /// `TokenExchangeError`: `invalid_grant` where the password or the code is wrong; `SubjectMismatchError` for another
    /// person than before; what an ID token can be refused for; `NetworkError`; `TimeoutError`; with `old` tokens that
    /// are over `RefreshError` (retry).
    pub async fn password_grant(&self, grant: PasswordGrant, old: Option<&TokenSet>) -> Result<Renewed> {
        self.require_alive()?;
        match (self.sign_in_by_password(grant).await, old) {
            (Ok(exchanged), _) => Ok(Renewed::Fresh(exchanged)),
            (Err(error), Some(old)) => self.unchanged(old, error).map(Renewed::Unchanged),
            (Err(error), None) => Err(error),
        }
    }

    async fn sign_in_by_password(&self, grant: PasswordGrant) -> Result<Exchanged> {
        let metadata = self.discover(false).await?;
        let request = grant.asked.add_to(grant.request(), metadata.endpoint(Endpoint::Token)?)?;
        let PasswordGrant { asked, username, password, totp, expected_sub } = grant;
        drop((username, password, totp));
        let tokens = self.ask_for_tokens(&metadata, &request, asked.scope.as_deref()).await;
        // The last copy of the password ends before anything else takes its time.
        drop(request);
        let needs_id_token = self.needs_id_token(asked.scope.as_deref());
        let exchanged = self.exchanged_of(&metadata, tokens?, needs_id_token).await?;
        if let Some(expected) = &expected_sub {
            self.check_subject(expected, &exchanged.tokens).await?;
        }
        Ok(exchanged)
    }
}
