//! Signing in beside the page, in a popup (OIDC Core 3.1.2.1) or in a hidden frame (`prompt=none`): the window that comes
//! back relays the authorization response to the page that waits for it, and only that page redeems the code. The browser
//! beside a program does the same, by a loopback address (RFC 8252 7.3).

use super::{Client, SignInOptions, SignedIn};
use crate::error::{Code, Error, Result};
use crate::ports::Host;
use crate::protocol::callback::{self, Recognized};

/// How long a frame may take, in seconds: nobody has to type anything in it.
const SILENT_SECONDS: i64 = 10;

/// Where the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// In a window, with the user.
    Popup,
    /// In a frame that nobody sees.
    Silent,
    /// In the browser beside a program, which listens on a loopback address for the answer.
    Loopback,
}

/// A sign-in that began beside the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Where the window or frame goes.
    pub url: String,
    /// What the response will be known by.
    pub state: String,
    /// How many seconds the answer may take.
    pub seconds: i64,
}

impl<H: Host> Client<H> {
    /// Begins a sign-in in a popup, a frame or the browser beside a program. A silent one forces `prompt=none` and names
    /// the user of the session, so that the provider answers for nobody else (OIDC Core 3.1.2.1 `id_token_hint`), and
    /// takes nobody else's answer, unless `same_subject` is `Some(false)`.
    ///
    /// # Errors
    /// As [`Client::create_authorization_request`]; `no_ambient_session` without a page; `invalid_option`: `prompt` in a
    /// silent one, or a `redirectUri` on another origin, from where no window could hand anything over.
    pub async fn begin_relayed(&self, mut options: SignInOptions, interaction: Interaction) -> Result<Relayed> {
        let is_silent = interaction == Interaction::Silent;
        let method = match interaction {
            Interaction::Popup => "signInPopup",
            Interaction::Silent => "signInSilent",
            Interaction::Loopback => "startLogin",
        };
        self.require_ambient(method)?;
        if interaction != Interaction::Loopback {
            self.check_relay(method)?;
        }
        let mut seconds = self.inner.options.callback_timeout;
        if is_silent {
            seconds = seconds.min(SILENT_SECONDS);
            let request = &mut options.request;
            if request.prompt.replace("none".to_owned()).is_some() {
                let message = "option \"prompt\": signInSilent always says \"none\": leave it out, or use signInPopup";
                return Err(Error::new(Code::InvalidOption, message));
            }
            if let (None, Some(session)) = (&request.id_token_hint, self.session())
                && options.same_subject != Some(false)
            {
                request.id_token_hint = session.tokens.id_token.as_ref().map(|token| token.expose().to_owned());
                // A provider may overlook the hint: nobody else's session takes the place of this one unseen.
                options.same_subject = Some(options.same_subject == Some(true) || !session.agent.id.is_empty());
            }
        }
        let (url, state) = self.begin(&options, true).await?;
        Ok(Relayed { url, state, seconds })
    }

    /// Whether a URL that was relayed answers this sign-in. Whatever else arrives ends nothing.
    #[must_use]
    pub fn answers_relayed(&self, state: &str, url: &str) -> bool {
        self.is_at_redirect_uri(url) && callback::answers(url, self.inner.options.response_mode, state)
    }

    /// Ends a sign-in with the response that was relayed; `None` where it answers another one.
    ///
    /// # Errors
    /// Rows 5 to 10 of *Callbacks* in `index.d.ts`.
    pub async fn finish_relayed(&self, state: &str, url: &str) -> Result<Option<SignedIn>> {
        self.require_alive()?;
        if !self.answers_relayed(state, url) {
            return Ok(None);
        }
        let response = callback::parse_response(url, self.inner.options.response_mode)?;
        self.handle_once(response).await.map(Some)
    }

    /// Forgets a sign-in that nobody waits for any more.
    pub fn forget_relayed(&self, state: &str) {
        self.inner.relayed.borrow_mut().retain(|(other, _)| other != state);
    }

    /// The authorization response in `url`, or in the address bar, where another window of this page waits for it: to
    /// be handed over as it is. Redeems nothing and stores nothing; the response leaves the address bar.
    pub fn response_to_relay(&self, url: Option<&str>) -> Option<String> {
        let location = self.host().location()?;
        let url = self.host().resolve(url.unwrap_or(&location), Some(&location))?.href;
        let inner = &self.inner;
        if !self.is_at_redirect_uri(&url)
            || callback::recognize(&url, inner.options.response_mode, &inner.tag, None) != Ok(Recognized::ToRelay)
        {
            return None;
        }
        self.clean_address_bar(&url);
        Some(url)
    }

    /// A window can hand over to its own origin only.
    #[inline(never)]
    fn check_relay(&self, method: &str) -> Result<()> {
        let Some(location) = self.host().location() else {
            let message = format!("{method} needs a page, whose window or frame goes to the provider");
            return Err(Error::new(Code::NoAmbientSession, message));
        };
        let origin = |url: &str| self.host().resolve(url, None).map(|resolved| resolved.origin);
        match &self.inner.options.redirect_uri {
            Some(redirect_uri) if origin(redirect_uri) != origin(&location) => {
                let message = format!("option \"redirectUri\": {method} needs one on the page's own origin");
                Err(Error::new(Code::InvalidOption, message))
            }
            // Without one, the request says so.
            _ => Ok(()),
        }
    }
}
