//! What clients send, and how it is read: every text becomes a thing of the domain, or a refusal
//! that names its field.

use async_graphql::{ID, InputObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::{MAX_SECRET, MIN_REQUEST_ID, fresh_secret};
use crate::domain::ids::{MAX_EMAIL_CHARS, MAX_NAME_CHARS, ParseIdError};
use crate::domain::{
    self, Contact, Email, Field, Fix, Guest, GuestName, InputError, Moment, ReceiptNo, Refusal,
    RoomCode,
};
use crate::service::{BookRequest, Handoff};
use crate::store::{Filter, Limit, PageKey, Search, StatusKind};

use super::enums::{BookingStatus, Language};
use super::scalar::{Date, DateTime};

/// Characters of a request id at most.
const MAX_REQUEST_ID: usize = 128;
/// Characters of a search at most.
const MAX_SEARCH: usize = 80;
/// Characters of a note at most.
const MAX_NOTE: usize = 200;
/// Bookings of one page at most.
const MAX_FIRST: u32 = 200;

/// A guest's wish to book.
#[derive(InputObject)]
pub struct CreateBookingInput {
    /// Who comes: 1 to 80 characters on one line.
    guest_name: String,
    /// Where messages go.
    email: String,
    /// Code of the room type.
    room_type: String,
    /// First night, a hotel day.
    check_in: Date,
    /// How many nights.
    #[graphql(default = 1)]
    nights: i64,
    /// Where the guest is, if they say so.
    position: Option<PositionInput>,
    /// In which language the guest is spoken to; the request's by default.
    language: Option<Language>,
    /// 128 random bits of the client's making, 22 characters or more. The same id answers with
    /// the same booking and key, so a double tap books once. It is a secret.
    request_id: Option<ID>,
}

/// A choice made on the web form, to be taken over by the Telegram bot.
#[derive(InputObject)]
pub struct TelegramBookingInput {
    /// Code of the room type.
    room_type: String,
    /// First night, a hotel day.
    check_in: Date,
    /// How many nights.
    #[graphql(default = 1)]
    nights: i64,
    /// Who comes; the bot asks where it is missing.
    guest_name: Option<String>,
}

/// A position that a device reports.
#[derive(InputObject)]
pub struct PositionInput {
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
    /// How sure the device is, as a radius in metres.
    accuracy_metres: Option<f64>,
    /// When it was measured; now by default. More than two minutes ahead is refused.
    recorded_at: Option<DateTime>,
}

/// Which bookings. Every condition that is given must hold.
#[derive(InputObject)]
pub struct BookingFilter {
    /// In one of these states.
    status: Option<Vec<BookingStatus>>,
    /// With this check-in date.
    check_in: Option<Date>,
    /// A receipt number, or part of one or of the guest's name, whatever the case.
    search: Option<String>,
}

fn refuse<T>(field: Field, error: InputError) -> Result<T, Refusal> {
    Err(Refusal::InvalidInput { field, error })
}

fn id<T>(read: Result<T, ParseIdError>, field: Field, most: usize) -> Result<T, Refusal> {
    read.or_else(|error| refuse(field, InputError::of_id(error, most)))
}

impl CreateBookingInput {
    /// The wish in the desk's terms.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]
    pub fn read(
        self,
        language: domain::Language,
        address_limit: Limit,
        now: Moment,
    ) -> Result<BookRequest, Refusal> {
        let name = id(GuestName::parse(&self.guest_name), Field::GuestName, MAX_NAME_CHARS)?;
        let email = id(Email::parse(&self.email), Field::Email, MAX_EMAIL_CHARS)?;
        let language = self.language.map_or(language, domain::Language::from);
        let position = self.position.map(|position| position.read(now)).transpose()?;
        Ok(BookRequest {
            request_id: self.request_id.map_or_else(|| Ok(fresh_secret()), read_request_id)?,
            guest: Guest { name, contact: Contact::Web(email), language },
            room: room_code(&self.room_type)?,
            check_in: self.check_in.0,
            nights: nights(self.nights),
            position,
            address_limit: Some(address_limit),
        })
    }
}

fn read_request_id(ID(text): ID) -> Result<String, Refusal> {
    let length = text.chars().count();
    let field = Field::RequestId;
    if text.chars().any(char::is_control) {
        return refuse(field, InputError::ControlCharacter);
    }
    match length {
        0..MIN_REQUEST_ID => refuse(field, InputError::TooShort { least: MIN_REQUEST_ID }),
        MIN_REQUEST_ID..=MAX_REQUEST_ID => Ok(text),
        _ => refuse(field, InputError::TooLong { most: MAX_REQUEST_ID }),
    }
}

impl TelegramBookingInput {
    /// The choice in the desk's terms.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]
    pub fn read(self) -> Result<Handoff, Refusal> {
        let name = self.guest_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.map(|name| id(GuestName::parse(name), Field::GuestName, MAX_NAME_CHARS));
        Ok(Handoff {
            room: room_code(&self.room_type)?,
            check_in: self.check_in.0,
            nights: nights(self.nights),
            name: name.transpose()?,
        })
    }
}

impl PositionInput {
    /// The position as a fix.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `position`.
    pub fn read(self, now: Moment) -> Result<Fix, Refusal> {
        let recorded_at = self.recorded_at.map(|DateTime(at)| at);
        Fix::reported(self.latitude, self.longitude, self.accuracy_metres, recorded_at, now)
    }
}

impl BookingFilter {
    /// The filter in the desk's terms.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `search`.
    pub fn read(self) -> Result<Filter, Refusal> {
        let status = self.status.map(|all| all.into_iter().map(StatusKind::from).collect());
        let search = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(Filter {
            contact: None,
            status,
            check_in: self.check_in.map(|Date(day)| day),
            settled_since: None,
            search: search.map(read_search).transpose()?,
        })
    }
}

fn read_search(text: &str) -> Result<Search, Refusal> {
    if text.chars().count() > MAX_SEARCH {
        return refuse(Field::Search, InputError::TooLong { most: MAX_SEARCH });
    }
    Ok(ReceiptNo::parse(text).map_or_else(|_| Search::Text(text.to_owned()), Search::Receipt))
}

/// A receipt number as people type it.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `receiptNo`.
pub fn receipt_no(text: &str) -> Result<ReceiptNo, Refusal> {
    id(ReceiptNo::parse(text), Field::ReceiptNo, 64)
}

/// The code of a room type. One that cannot be a code is as unknown as any other.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `roomType`.
pub fn room_code(text: &str) -> Result<RoomCode, Refusal> {
    RoomCode::parse(text).or_else(|_| refuse(Field::RoomType, InputError::Unknown))
}

/// A number of nights; what is out of any range comes out as 0 or the most, which the policy
/// refuses with the range that it allows.
pub fn nights(nights: i64) -> u32 {
    u32::try_from(nights.max(0)).unwrap_or(u32::MAX)
}

/// A number of minutes to grant; out of any range as [`nights`].
pub fn minutes(minutes: i64) -> u32 {
    nights(minutes)
}

/// A number of rooms; what is out of any range comes out as the most, which is refused.
pub fn rooms(rooms: i64) -> u32 {
    u32::try_from(rooms).unwrap_or(u32::MAX)
}

/// How many bookings a page has.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `first`.
pub fn first(first: i64) -> Result<usize, Refusal> {
    match usize::try_from(first) {
        Ok(count) if (1..=i64::from(MAX_FIRST)).contains(&first) => Ok(count),
        _ => refuse(Field::First, InputError::OutOfRange { least: 1, most: MAX_FIRST.into() }),
    }
}

/// One line in the front office's words; nothing if it is empty.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `note`.
pub fn note(note: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(note) = note else { return Ok(None) };
    let note = note.trim();
    if note.chars().any(char::is_control) {
        return refuse(Field::Note, InputError::ControlCharacter);
    }
    if note.chars().count() > MAX_NOTE {
        return refuse(Field::Note, InputError::TooLong { most: MAX_NOTE });
    }
    Ok((!note.is_empty()).then(|| note.to_owned()))
}

/// Where a page ended, as clients carry it to the next.
pub fn page_cursor(key: PageKey) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", key.booked_at.timestamp_millis(), key.receipt_no))
}

/// Reads what [`page_cursor`] wrote.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `after`.
pub fn page_key(cursor: &str) -> Result<PageKey, Refusal> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= MAX_SECRET)?;
        let text = String::from_utf8(bytes).ok()?;
        let (booked_at, receipt_no) = text.split_once(' ')?;
        let booked_at = chrono::DateTime::from_timestamp_millis(booked_at.parse().ok()?)?;
        Some(PageKey { booked_at, receipt_no: ReceiptNo::parse(receipt_no).ok()? })
    };
    read().map_or_else(|| refuse(Field::After, InputError::Malformed), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cursor_is_read_back() {
        let receipt_no = ReceiptNo::parse("RESI-20260104-012").unwrap();
        let booked_at = chrono::DateTime::from_timestamp_millis(1_767_500_000_123).unwrap();
        let key = PageKey { booked_at, receipt_no };
        assert_eq!(page_key(&page_cursor(key)), Ok(key));
        for wrong in ["", "no cursor", "AAAA", &"A".repeat(5000)] {
            assert!(page_key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_out_of_any_range_stay_out_of_range() {
        assert_eq!((nights(-1), nights(i64::MAX)), (0, u32::MAX));
        assert_eq!((rooms(-1), rooms(0), rooms(i64::MAX)), (u32::MAX, 0, u32::MAX));
        assert!(first(0).is_err() && first(201).is_err() && first(-1).is_err());
        assert_eq!(first(200), Ok(200));
    }
}
