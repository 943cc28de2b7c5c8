//! Types for the hotel's names and numbers. A value is checked when it is parsed and is valid from
//! then on.
//!
//! This module does not generate new ids.

use std::fmt;

use chrono::NaiveDate;

use super::cleaning;

/// The most characters that a guest's name may have.
pub const MAX_NAME_CHARS: usize = 80;
/// The most characters of an e-mail address (RFC 5321, 4.5.3.1.3, less the angle brackets).
pub const MAX_EMAIL_CHARS: usize = 254;

/// Why a text cannot be parsed as an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// It is empty or only white space.
    #[error("is empty")]
    Empty,
    /// It is longer than allowed.
    #[error("is too long")]
    TooLong,
    /// It has control characters, line breaks, or marks that change the direction of text.
    #[error("has control characters")]
    ControlCharacter,
    /// It contains a link, which messages would make clickable.
    #[error("contains a link")]
    Link,
    /// It does not have the required form.
    #[error("is malformed")]
    Malformed,
}

/// Receipt number: the hotel day of booking and a counter within that day, from 1.
///
/// Shown as `RESI-20260104-001`; the counter has at least three digits and may have gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiptNo {
    day: NaiveDate,
    serial: u32,
}

impl ReceiptNo {
    /// The receipt number of a hotel day and its counter (from 1).
    #[must_use]
    pub fn new(day: NaiveDate, serial: u32) -> Self {
        Self { day, serial }
    }

    /// The hotel day of booking.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        self.day
    }

    /// The counter within the day, from 1.
    #[must_use]
    pub fn serial(self) -> u32 {
        self.serial
    }

    /// Whether another number is the next one of the same day.
    #[must_use]
    pub fn is_followed_by(self, other: Self) -> bool {
        self.day == other.day && self.serial.checked_add(1) == Some(other.serial)
    }

    /// How far apart two numbers are, to suggest the one that was probably meant: by days first,
    /// then by the counter.
    #[must_use]
    pub fn distance_to(self, other: Self) -> u64 {
        let days = (self.day - other.day).num_days().unsigned_abs();
        days * u64::from(u32::MAX) + u64::from(self.serial.abs_diff(other.serial))
    }

    /// Parses what people type: any case, with or without `RESI-`, with spaces, dashes or
    /// neither, with or without leading zeros in the counter.
    ///
    /// # Errors
    /// [`ParseIdError`] if no date and counter from 1 can be read.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        if text.chars().count() > 64 {
            return Err(ParseIdError::TooLong);
        }
        let is_gap =
            |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '_' | '.');
        let compact: String =
            text.chars().filter(|c| !is_gap(c)).map(|c| c.to_ascii_uppercase()).collect();
        if compact.is_empty() {
            return Err(ParseIdError::Empty);
        }
        let digits = compact.strip_prefix("RESI").unwrap_or(&compact);
        if digits.len() < 9 || digits.len() > 17 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseIdError::Malformed);
        }
        let (day, serial) = digits.split_at(8);
        let day = NaiveDate::parse_from_str(day, "%Y%m%d").map_err(|_| ParseIdError::Malformed)?;
        match serial.parse() {
            Ok(serial) if serial > 0 => Ok(Self { day, serial }),
            _ => Err(ParseIdError::Malformed),
        }
    }
}

impl fmt::Display for ReceiptNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RESI-{}-{:03}", self.day.format("%Y%m%d"), self.serial)
    }
}

/// The number of changes of a booking so far; the first state is revision 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u32);

impl Revision {
    /// The revision of a new booking.
    pub const FIRST: Self = Self(1);

    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Code of a room type: 1 to 16 of `A-Z a-z 0-9 _ -` (short enough for a Telegram button).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomCode(String);

impl RoomCode {
    /// Parses a code; letters keep their case.
    ///
    /// # Errors
    /// [`ParseIdError`] if it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        match text.len() {
            0 => Err(ParseIdError::Empty),
            17.. => Err(ParseIdError::TooLong),
            _ if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ParseIdError::Malformed),
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A guest's name: 1 to 80 characters on one line, trimmed and in composed form (NFC).
///
/// Marks that change the direction of text are refused like control characters: they could make a
/// name look like another one when the front office compares names.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestName(String);

impl GuestName {
    /// Cleans and checks a name.
    ///
    /// # Errors
    /// [`ParseIdError`] if it shows as nothing, is too long, or has control characters or a link.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        parse_name(text).map(Self)
    }

    /// A name as it was stored. The rules of today are not asked: an earlier version may have
    /// accepted it.
    #[must_use]
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name as text. It is untrusted and must be escaped in markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names do not belong in logs, so the debug form hides it.
impl fmt::Debug for GuestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestName(…)")
    }
}

/// A staff member's name, as the history shows it. The rules are those of guests' names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffName(String);

impl StaffName {
    /// Cleans and checks a name.
    ///
    /// # Errors
    /// [`ParseIdError`] if it shows as nothing, is too long, or has control characters or a link.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        parse_name(text).map(Self)
    }

    /// A name as it was stored. The rules of today are not asked: an earlier version may have
    /// accepted it.
    #[must_use]
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rights of a member of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// May do everything with bookings.
    FrontOffice,
    /// May also set allotments.
    Manager,
}

fn parse_name(text: &str) -> Result<String, ParseIdError> {
    let name = cleaning::name(text);
    if cleaning::is_blank(&name) {
        return Err(ParseIdError::Empty);
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(ParseIdError::TooLong);
    }
    let turns_text = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if name.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err(ParseIdError::ControlCharacter);
    }
    if cleaning::has_link(&name) {
        return Err(ParseIdError::Link);
    }
    Ok(name)
}

/// Who changed a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The guest, through the web page or the bot.
    Guest,
    /// The clock, at the end of a hold or at its reminder.
    Clock,
    /// The program itself, when it records the outcome of its own messages.
    System,
    /// A member of the front office.
    Staff(StaffName),
}

/// An e-mail address that mail systems accept: `local@domain`, ASCII, the domain in lower case.
///
/// Dot-atoms only (RFC 5322, 3.2.3): no quoted local parts, no comments, no address literals.
/// The check does not show whether the address exists.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Trims and checks an address.
    ///
    /// # Errors
    /// [`ParseIdError`] if it is empty, too long, has control characters, or is no address.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        let text = cleaning::trim(text);
        if text.chars().any(char::is_control) {
            return Err(ParseIdError::ControlCharacter);
        }
        if text.is_empty() {
            return Err(ParseIdError::Empty);
        }
        if text.chars().count() > MAX_EMAIL_CHARS {
            return Err(ParseIdError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(ParseIdError::Malformed)?;
        let is_atom = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let is_valid = local.len() <= 64
            && local.split('.').all(is_atom)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if is_valid {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(ParseIdError::Malformed)
        }
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The mailbox that the address most probably leads to, to count what one person does: in lower
    /// case (nearly all mail systems ignore the case of the local part, RFC 5321, 2.4), without a
    /// tag after `+` (RFC 5233), and at Gmail without dots. Mail is never sent to this form.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let lower = self.0.to_ascii_lowercase();
        let Some((local, domain)) = lower.rsplit_once('@') else { return lower };
        let base = local.split('+').next().filter(|base| !base.is_empty()).unwrap_or(local);
        match domain {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", base.replace('.', "")),
            _ => format!("{base}@{domain}"),
        }
    }
}

/// Addresses do not belong in logs, so the debug form hides it.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A Telegram user's id. It is also the id of the private chat with that user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TelegramId(pub i64);

/// SHA-256 of a secret that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

/// The language of messages to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Bahasa Indonesia.
    Indonesian,
    /// English.
    English,
}

impl Language {
    /// Every language with its ISO 639-1 code.
    pub const CODES: [(Self, &'static str); 2] = [(Self::Indonesian, "id"), (Self::English, "en")];

    /// The ISO 639-1 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// The language of a code, or of a tag that starts with a code (`en-GB`).
    #[must_use]
    pub fn from_code(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::CODES
            .iter()
            .find(|(_, code)| primary.eq_ignore_ascii_case(code))
            .map(|(language, _)| *language)
    }
}

/// Whole rupiah.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rupiah(pub u64);

impl Rupiah {
    /// The largest amount that fits into a JSON number without loss (RFC 8259, 6: 2^53 - 1).
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Parses an amount as people type it: `275000`, `Rp275.000`, `275,000` or `275rb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let text = text.strip_prefix("rp").unwrap_or(&text).trim_start();
        let thousands = ["rb", "ribu", "k"].iter().find_map(|unit| text.strip_suffix(unit));
        let (number, unit) = thousands.map_or((text, 1), |number| (number.trim_end(), 1_000));
        let mut groups = number.split(['.', ',']);
        let first = groups.next()?;
        let rest: Vec<&str> = groups.collect();
        let is_grouped = rest.is_empty() || (1..=3).contains(&first.len());
        let is_number = is_grouped
            && !first.is_empty()
            && rest.iter().all(|group| group.len() == 3)
            && rest.iter().chain([&first]).all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if !is_number {
            return None;
        }
        let number: u64 = format!("{first}{}", rest.concat()).parse().ok()?;
        number.checked_mul(unit).map(Self).filter(|sum| *sum <= Self::MAX)
    }

    /// The exact price of this many nights; `None` beyond [`Rupiah::MAX`].
    #[must_use]
    pub fn for_nights(self, nights: u32) -> Option<Self> {
        self.0.checked_mul(u64::from(nights)).map(Self).filter(|sum| *sum <= Self::MAX)
    }
}
