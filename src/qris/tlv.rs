//! Reads and writes the fields of a payload. A field is a two-digit tag, a two-digit length in
//! characters, and the value. What a tag means is not known here.

/// One field of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The tag, 0 to 99.
    pub tag: u8,
    /// The value: 1 to 99 characters.
    pub value: &'a str,
    /// The whole field as it was written: tag, length and value.
    pub raw: &'a str,
}

/// Why a text is not a sequence of fields. Positions count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The two digits of a tag are missing.
    #[error("character {at}: a field should start here with two digits")]
    Tag {
        /// The position of the character.
        at: usize,
    },
    /// The two digits of a length from 01 are missing.
    #[error("character {at}: the length of field {tag:02} should be two digits, from 01 to 99")]
    Length {
        /// The position of the character.
        at: usize,
        /// The tag of the field.
        tag: u8,
    },
    /// The text ends before the end of a field.
    #[error("field {tag:02} should have {length} characters, but the text ends after {rest}")]
    Short {
        /// The tag of the field.
        tag: u8,
        /// The length that the field states.
        length: usize,
        /// The number of characters that are left.
        rest: usize,
    },
}

/// The fields of a text, in order. The iterator ends after the first error.
#[must_use]
pub fn fields(text: &str) -> Fields<'_> {
    Fields { rest: text, at: 1 }
}

/// The iterator of [`fields`].
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = "";
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<Field<'a>, TlvError> {
        let (tag, after) = two_digits(self.rest).ok_or(TlvError::Tag { at: self.at })?;
        let (length, after) = two_digits(after)
            .filter(|(length, _)| *length > 0)
            .ok_or(TlvError::Length { at: self.at + 2, tag })?;
        let length = usize::from(length);
        // The byte index after each number of characters, up to the end of the text.
        let mut ends = after.char_indices().map(|(index, _)| index).chain([after.len()]);
        let Some((value, rest)) = ends.nth(length).and_then(|end| after.split_at_checked(end))
        else {
            return Err(TlvError::Short { tag, length, rest: after.chars().count() });
        };
        let raw = self.rest.get(..self.rest.len() - rest.len()).unwrap_or_default();
        self.rest = rest;
        self.at += 4 + length;
        Ok(Field { tag, value, raw })
    }
}

fn two_digits(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok().map(|number| (number, rest))).flatten()
}

/// Writes a field. `None` if the value is empty or has more than 99 characters.
pub(super) fn write(tag: u8, value: &str) -> Option<String> {
    let length = value.chars().count();
    ((1..=99).contains(&length) && tag <= 99).then(|| format!("{tag:02}{length:02}{value}"))
}
