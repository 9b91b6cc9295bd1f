//! What the app is told.

use crate::error::Error;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody signed in.
    SignedIn,
    /// The tokens were renewed.
    Refreshed,
    /// A refresh failed; the session lives on.
    RefreshFailed,
    /// The access token is past its end and could not be renewed.
    Expired,
    /// The session is over; the reason says why.
    SignedOut,
    /// Something is not as it should be; the reason is a code.
    Warning,
    /// A refresh began or ended: for what shows the state, never dispatched to listeners.
    StateChanged,
}

impl EventKind {
    /// The type of the DOM event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signedin",
            Self::Refreshed => "refreshed",
            Self::RefreshFailed => "refreshfailed",
            Self::Expired => "expired",
            Self::SignedOut => "signedout",
            Self::Warning => "warning",
            Self::StateChanged => "statechanged",
        }
    }
}

/// Where it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// In this tab or process.
    ThisTab,
    /// In another tab on the same session.
    OtherTab,
}

impl EventSource {
    /// The name that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThisTab => "this-tab",
            Self::OtherTab => "other-tab",
        }
    }
}

/// Something that happened; never holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Where.
    pub source: EventSource,
    /// Why, as a code.
    pub reason: Option<&'static str>,
    /// What a developer should know.
    pub message: Option<String>,
    /// The error behind it.
    pub error: Option<Error>,
    /// What the app gave to the sign-in, as JSON text.
    pub app_state: Option<String>,
}

/// Tells the app.
pub trait Events {
    /// Queues the event; listeners run later, never inside this call.
    fn emit(&self, event: Event);
}
