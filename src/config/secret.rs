//! Texts that are not to be seen.

use std::fmt;

/// A token, a password, or an address that holds one. Neither `{:?}` nor an error shows it, and
/// there is no `Display`: whoever needs it says [`Secret::expose`].
///
/// Compared like any text, so never with what a stranger sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the one who must send it, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
