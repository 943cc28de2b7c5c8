//! A text that must not be printed or logged.

use std::fmt;

/// A token, a password, or an address that contains one. `{:?}` does not print it, and there is no
/// `Display`; [`Secret::expose`] gives the text.
///
/// The comparison does not take constant time. Do not compare a secret with a text that came over
/// the network.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for code that has to send it. Never log it.
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

/// The bytes of a key. `{:?}` does not print them; [`SecretBytes::expose`] gives them.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Wraps bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for code that signs with them. Never log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

/// A key of the links to bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkKeySource {
    /// The one that is in the store.
    Stored,
    /// This one.
    Secret(Secret),
}
