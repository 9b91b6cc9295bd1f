//! Random bytes.

/// The host has no source of cryptographically secure random bytes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomUnavailable;

/// Makes cryptographically secure random bytes.
pub trait Random {
    /// Fills the buffer.
    ///
    /// # Errors
    /// The host refuses, as Workers do at module scope.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable>;
}
