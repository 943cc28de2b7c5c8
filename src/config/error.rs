//! What is wrong with a configuration, in one line.

use std::fmt::Write;

/// The first thing that is wrong: `hold.duration: "soon" is no duration; write …`.
///
/// It names the key by its TOML path, with entries of lists counted from 1 (`room[2].price`), or
/// the variable of the environment, or the file. Always one line, never with a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ConfigError {
    place: String,
    problem: String,
}

impl ConfigError {
    pub(super) fn at(place: impl AsRef<str>, problem: impl AsRef<str>) -> Self {
        Self { place: one_line(place.as_ref()), problem: one_line(problem.as_ref()) }
    }

    /// The key, the variable or the file that it is about.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

/// Whoever wrote a text: control characters cannot break the line or turn it.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.trim_end().chars() {
        match character {
            '\n' => line.push_str("; "),
            other if is_unprintable(other) => {
                // Writing to a String does not fail.
                let _ = write!(line, "{}", other.escape_unicode());
            }
            other => line.push(other),
        }
    }
    line
}

fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
