//! The error of a wrong configuration: one line that names the place and the problem.

use std::fmt::Write;

/// The first error in a configuration, such as `hold.duration: "soon" is no duration; write …`.
///
/// It starts with the place: the TOML path of the key (entries of lists are counted from 1, as in
/// `room[2].price`), the name of the environment variable, or the file. It is always one line and
/// contains no secret.
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

    /// The key, the environment variable or the file that is wrong.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

/// Puts a text on one line. Control characters and direction marks are escaped, so that a text from
/// the file can neither break the line nor change its direction.
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
