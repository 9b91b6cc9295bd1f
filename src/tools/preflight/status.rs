//! How a step of a preflight ended.

/// How a step ended; the worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It could not be looked at, or does not matter here.
    Skipped,
    /// All is well.
    Success,
    /// It works, but not everything, or not as safely as it could.
    Warning,
    /// Signing in does not work, or is not safe.
    Failure,
}

impl Status {
    /// The name that JavaScript sees.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}
