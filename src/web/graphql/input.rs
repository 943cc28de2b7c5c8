//! The input types of the schema and their validation. Every value is converted to a type of the
//! domain or refused with the name of its field. Rules that depend on the policy or on stored
//! bookings are not checked here.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;

use crate::auth::{MAX_SECRET, MIN_REQUEST_ID, MiniAppGuest, fresh_secret};
use crate::domain::ids::{MAX_EMAIL_CHARS, MAX_NAME_CHARS, ParseIdError};
use crate::domain::{
    self, Amendment, Contact, Email, Field, Fix, Guest, GuestName, HotelPolicy, InputError, Moment,
    ReceiptNo, Refusal, RoomCode, StaffName, TokenHash, Wish, WishedRoom,
};
use crate::service::{BookRequest, Handoff, WaitingRequest, WebOrigin};
use crate::store::{Filter, PageKey, Search, StatusKind};

use super::enums::{BookingStatus, Language};
use super::scalar::{Date, DateTime, Rupiah};

/// The longest request id, in characters.
const MAX_REQUEST_ID: usize = 128;
/// The longest search text, in characters.
const MAX_SEARCH: usize = 80;
/// The longest note, in characters.
const MAX_NOTE: usize = 200;
/// The most bookings on one page.
const MAX_FIRST: u32 = 200;

/// The data for a new booking.
#[derive(InputObject)]
pub struct CreateBookingInput {
    /// The guest's name: one line of 1 to 80 characters.
    guest_name: String,
    /// The e-mail address that receives the messages about the booking.
    email: String,
    /// The code of the room type.
    room_type: String,
    /// The date of the first night, as a hotel day.
    check_in: Date,
    /// The number of nights.
    #[graphql(default = 1)]
    nights: i64,
    /// The guest's position, if the guest shares it.
    position: Option<PositionInput>,
    /// The language of the messages to the guest. The default is the language of the request.
    language: Option<Language>,
    /// A secret that the client makes from at least 128 random bits: 22 to 128 characters. A
    /// request that repeats the id returns the same booking and access token and books nothing
    /// more.
    request_id: Option<ID>,
    /// The price of all nights that the guest was shown. If the stay has another price, nothing is
    /// booked, and the error `PRICE_CHANGED` has it in `extensions.price`. A repeated request
    /// returns its booking, whatever the price is now.
    expected_price: Option<Rupiah>,
}

/// A choice made on the web form, with which the guest continues in the Telegram bot.
#[derive(InputObject)]
pub struct TelegramBookingInput {
    /// The code of the room type.
    room_type: String,
    /// The date of the first night, as a hotel day.
    check_in: Date,
    /// The number of nights.
    #[graphql(default = 1)]
    nights: i64,
    /// The guest's name. If it is missing, the bot asks for it.
    guest_name: Option<String>,
}

/// A position that a device measured.
#[derive(InputObject)]
pub struct PositionInput {
    /// Latitude in degrees, positive to the north, from -90 to 90.
    latitude: f64,
    /// Longitude in degrees, positive to the east, from -180 to 180.
    longitude: f64,
    /// The accuracy of the measurement, as a radius in metres.
    accuracy_metres: Option<f64>,
    /// When the position was measured. The default is now. A time more than two minutes in the
    /// future is refused.
    recorded_at: Option<DateTime>,
}

/// Selects bookings. A booking must match all given conditions.
#[derive(InputObject)]
pub struct BookingFilter {
    /// The booking has one of these statuses.
    status: Option<Vec<BookingStatus>>,
    /// The first night is on this date.
    check_in: Option<Date>,
    /// What the status tells happened on this hotel day: a pending booking was made, a paid one was
    /// paid, a cancelled one was cancelled.
    hotel_day: Option<Date>,
    /// The price is exactly this. Without another condition, only the newest 1,000 bookings of that
    /// price are looked at.
    price: Option<Rupiah>,
    /// A receipt number, or the beginnings of words, all of which must match: words of the guest's
    /// name, the day (`20260104`) and the counter of the receipt number, the price. Case and
    /// accents do not matter. At most 80 characters. Together with another condition, only the
    /// newest 1,000 bookings that match the search are looked at.
    search: Option<String>,
}

fn refuse<T>(field: Field, error: InputError) -> Result<T, Refusal> {
    Err(Refusal::InvalidInput { field, error })
}

fn id<T>(read: Result<T, ParseIdError>, field: Field, most: usize) -> Result<T, Refusal> {
    read.or_else(|error| refuse(field, InputError::of_id(error, most)))
}

impl CreateBookingInput {
    /// Converts the input to a request to the service.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]
    pub fn read(
        self,
        language: domain::Language,
        origin: WebOrigin,
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
            expected_price: self.expected_price.map(|Rupiah(price)| price),
            position,
            origin: Some(origin),
        })
    }
}

/// The data for a booking from the form inside Telegram. Who the guest is comes from `initData`.
#[derive(InputObject)]
pub struct MiniAppBookingInput {
    /// The code of the room type.
    room_type: String,
    /// The date of the first night, as a hotel day.
    check_in: Date,
    /// The number of nights.
    #[graphql(default = 1)]
    nights: i64,
    /// The guest's name: one line of 1 to 80 characters. The default is the name of the account.
    guest_name: Option<String>,
    /// The client's id of this request, as in `CreateBookingInput`.
    request_id: Option<ID>,
    /// The price of all nights that the guest was shown, as in `CreateBookingInput`.
    expected_price: Option<Rupiah>,
}

impl MiniAppBookingInput {
    /// Converts the input to a request to the service, for the guest that Telegram named.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`]
    pub fn read(
        self,
        guest: MiniAppGuest,
        language: domain::Language,
    ) -> Result<BookRequest, Refusal> {
        let name = self.guest_name.unwrap_or(guest.name);
        let name = id(GuestName::parse(&name), Field::GuestName, MAX_NAME_CHARS)?;
        let code = guest.language_code.as_deref();
        let language = code.and_then(domain::Language::from_code).unwrap_or(language);
        Ok(BookRequest {
            request_id: self.request_id.map_or_else(|| Ok(fresh_secret()), read_request_id)?,
            guest: Guest { name, contact: Contact::Telegram(guest.id), language },
            room: room_code(&self.room_type)?,
            check_in: self.check_in.0,
            nights: nights(self.nights),
            expected_price: self.expected_price.map(|Rupiah(price)| price),
            position: None,
            origin: None,
        })
    }
}

/// What a guest of the web waits for.
#[derive(InputObject)]
pub struct WaitingInput {
    /// The guest's name: one line of 1 to 80 characters.
    guest_name: String,
    /// The guest's e-mail address, to which the offer is sent.
    email: Option<String>,
    /// The code of the room type. If it is missing, any type will do.
    room_type: Option<String>,
    /// The most that a night may cost, if any type will do.
    max_price: Option<Rupiah>,
    /// The date of the first night, as a hotel day.
    check_in: Date,
    /// The number of nights.
    #[graphql(default = 1)]
    nights: i64,
    /// The language of messages to the guest. The default is the language of the request.
    language: Option<Language>,
    /// The data that Telegram signed for a Mini App, instead of an e-mail address.
    init_data: Option<String>,
    /// The client's id of this request, at least 22 characters of base64url. A repeated id joins once
    /// and returns the same ticket.
    request_id: Option<ID>,
}

impl WaitingInput {
    /// The data that Telegram signed, if the guest is identified by it.
    pub fn init_data(&self) -> Option<&str> {
        self.init_data.as_deref()
    }

    /// Converts the input to a request to the service. Without a contact, the e-mail address is needed.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with the field.
    pub fn read(
        self,
        language: domain::Language,
        contact: Option<Contact>,
        origin: Option<WebOrigin>,
    ) -> Result<WaitingRequest, Refusal> {
        let name = id(GuestName::parse(&self.guest_name), Field::GuestName, MAX_NAME_CHARS)?;
        let contact = if let Some(contact) = contact {
            contact
        } else {
            let email = self.email.unwrap_or_default();
            Contact::Web(id(Email::parse(&email), Field::Email, MAX_EMAIL_CHARS)?)
        };
        let language = self.language.map_or(language, domain::Language::from);
        let room = match self.room_type {
            Some(code) => WishedRoom::OfType(room_code(&code)?),
            None => WishedRoom::Any { at_most: self.max_price.map(|Rupiah(price)| price) },
        };
        Ok(WaitingRequest {
            request_id: self.request_id.map_or_else(|| Ok(fresh_secret()), read_request_id)?,
            guest: Guest { name, contact, language },
            wish: Wish { room, check_in: self.check_in.0, nights: nights(self.nights) },
            origin,
        })
    }
}

/// The data for a booking of a walk-in.
#[derive(InputObject)]
pub struct DeskBookingInput {
    /// The guest's name: one line of 1 to 80 characters.
    guest_name: String,
    /// The code of the room type.
    room_type: String,
    /// The date of the first night, as a hotel day. The default is today.
    check_in: Option<Date>,
    /// The number of nights.
    #[graphql(default = 1)]
    nights: i64,
    /// Whether the guest has paid.
    #[graphql(default = false)]
    paid: bool,
    /// The client's id of this request, at least 22 characters of base64url. A repeated id books once.
    request_id: Option<ID>,
}

impl DeskBookingInput {
    /// The request, and whether it is paid.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with the field.
    pub fn read(
        self,
        language: domain::Language,
        today: NaiveDate,
    ) -> Result<(BookRequest, bool), Refusal> {
        let name = id(GuestName::parse(&self.guest_name), Field::GuestName, MAX_NAME_CHARS)?;
        let request = BookRequest {
            request_id: self.request_id.map_or_else(|| Ok(fresh_secret()), read_request_id)?,
            guest: Guest { name, contact: Contact::Desk, language },
            room: room_code(&self.room_type)?,
            check_in: self.check_in.map_or(today, |date| date.0),
            nights: nights(self.nights),
            expected_price: None,
            position: None,
            origin: None,
        };
        Ok((request, self.paid))
    }
}

/// What is changed of a booking. What is left out stays as it is.
#[derive(InputObject)]
pub struct AmendInput {
    /// The guest's name: one line of 1 to 80 characters.
    guest_name: Option<String>,
    /// The code of the room type.
    room_type: Option<String>,
    /// The number of nights.
    nights: Option<i64>,
}

impl AmendInput {
    /// The amendment.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with the field.
    pub fn read(self) -> Result<Amendment, Refusal> {
        let name = |name: String| id(GuestName::parse(&name), Field::GuestName, MAX_NAME_CHARS);
        Ok(Amendment {
            guest_name: self.guest_name.map(name).transpose()?,
            room: self.room_type.map(|code| room_code(&code)).transpose()?,
            nights: self.nights.map(nights),
        })
    }
}

/// Of 128 random bits in base64, hexadecimal or decimal digits, fewer than once in 10^13 has fewer
/// different characters.
const MIN_DISTINCT: usize = 5;

fn read_request_id(ID(text): ID) -> Result<String, Refusal> {
    let length = text.chars().count();
    let field = Field::RequestId;
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return refuse(field, InputError::Malformed);
    }
    let distinct: BTreeSet<char> = text.chars().collect();
    if length >= MIN_REQUEST_ID && distinct.len() < MIN_DISTINCT {
        // No random text looks like this; whoever guesses it would get the booking.
        return refuse(field, InputError::Malformed);
    }
    match length {
        0..MIN_REQUEST_ID => refuse(field, InputError::TooShort { least: MIN_REQUEST_ID }),
        MIN_REQUEST_ID..=MAX_REQUEST_ID => Ok(text),
        _ => refuse(field, InputError::TooLong { most: MAX_REQUEST_ID }),
    }
}

impl TelegramBookingInput {
    /// Converts the input to a choice that the service keeps.
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
    /// Converts the input to a fix.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `position`.
    pub fn read(self, now: Moment) -> Result<Fix, Refusal> {
        let recorded_at = self.recorded_at.map(|DateTime(at)| at);
        Fix::reported(self.latitude, self.longitude, self.accuracy_metres, recorded_at, now)
    }
}

impl BookingFilter {
    /// Converts the input to a filter of the store.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`], field `search`.
    pub fn read(self, hotel: &HotelPolicy) -> Result<Filter, Refusal> {
        let search = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let filter = Filter {
            contact: None,
            status: self.status.map(|all| all.into_iter().map(StatusKind::from).collect()),
            check_in: self.check_in.map(|Date(day)| day),
            settled_since: None,
            touched_within: None,
            happened_within: self.hotel_day.map(|Date(day)| hotel.moments_of(day)),
            price: self.price.map(|Rupiah(price)| price),
            search: search.map(read_search).transpose()?,
        };
        // No index has prices alone, but the one of words has.
        let is_price_alone = filter.status.is_none()
            && filter.check_in.is_none()
            && filter.happened_within.is_none()
            && filter.search.is_none();
        let by_words = |price: domain::Rupiah| Search::Words(vec![price.0.to_string()]);
        let search = filter.price.filter(|_| is_price_alone).map(by_words);
        Ok(Filter { search: filter.search.or(search), ..filter })
    }
}

fn read_search(text: &str) -> Result<Search, Refusal> {
    if text.chars().count() > MAX_SEARCH {
        return refuse(Field::Search, InputError::TooLong { most: MAX_SEARCH });
    }
    Ok(Search::parse(text))
}

/// Reads a receipt number as people type it.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `receiptNo`.
pub fn receipt_no(text: &str) -> Result<ReceiptNo, Refusal> {
    id(ReceiptNo::parse(text), Field::ReceiptNo, 64)
}

/// Reads the code of a room type. A text that cannot be a code is refused as an unknown code.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `roomType`.
pub fn room_code(text: &str) -> Result<RoomCode, Refusal> {
    RoomCode::parse(text).or_else(|_| refuse(Field::RoomType, InputError::Unknown))
}

/// Reads a number of nights. A number out of the type's range becomes 0 or `u32::MAX`. The policy
/// refuses both, with the range that it allows.
pub fn nights(nights: i64) -> u32 {
    u32::try_from(nights.max(0)).unwrap_or(u32::MAX)
}

/// Reads a number of minutes. A number out of the type's range is converted as by [`nights`].
pub fn minutes(minutes: i64) -> u32 {
    nights(minutes)
}

/// Reads a number of rooms. A number out of the type's range becomes `u32::MAX`, which the service
/// refuses.
pub fn rooms(rooms: i64) -> u32 {
    u32::try_from(rooms).unwrap_or(u32::MAX)
}

/// Reads the number of bookings of a page.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `first`.
pub fn first(first: i64) -> Result<usize, Refusal> {
    match usize::try_from(first) {
        Ok(count) if (1..=i64::from(MAX_FIRST)).contains(&first) => Ok(count),
        _ => refuse(Field::PageSize, InputError::OutOfRange { least: 1, most: MAX_FIRST.into() }),
    }
}

/// Reads the name of a member of staff.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `name`.
pub fn staff_name(name: &str) -> Result<StaffName, Refusal> {
    id(StaffName::parse(name), Field::StaffName, MAX_NAME_CHARS)
}

/// The id of a session as clients see it.
pub fn session_id_text(TokenHash(id): TokenHash) -> ID {
    ID(hex::encode(id))
}

/// Reads the id of a session; `None` if it names none.
pub fn session_id(ID(text): &ID) -> Option<TokenHash> {
    hex::decode(text).ok()?.try_into().ok().map(TokenHash)
}

/// Reads the reason why a payment is taken back: one line, not empty.
///
/// # Errors
/// [`Refusal::InvalidInput`], field `reason`.
pub fn reason(reason: String) -> Result<String, Refusal> {
    let of_reason = |refusal| match refusal {
        Refusal::InvalidInput { error, .. } => {
            Refusal::InvalidInput { field: Field::Reason, error }
        }
        other => other,
    };
    let reason = note(Some(reason)).map_err(of_reason)?;
    reason.map_or_else(|| refuse(Field::Reason, InputError::Empty), Ok)
}

/// Reads a note of the front office, which is one line. `None` if it is empty.
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

/// The cursor with which a client requests the page after `key`.
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
    read().map_or_else(|| refuse(Field::PageCursor, InputError::Malformed), Ok)
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
