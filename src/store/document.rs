//! The persisted documents, shared by both stores, and their conversion from and to the domain.
//!
//! A document that was written once stays readable: fields are only added, with a default. The
//! documents do not depend on a database. Moments are milliseconds since 1970 (UTC), dates are
//! `YYYY-MM-DD`, and hashes of secrets are base64url without padding.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{StatusKind, StoreError};
use crate::domain::{
    Actor, Booking, Change, Contact, Email, Event, Guest, GuestName, Hold, Language, Moment,
    Notification, QrisProgress, ReceiptNo, Recipient, Revision, Role, RoomCode, RoomOfStay, Rupiah,
    StaffName, Status, Stay, TelegramId, TokenHash,
};

mod event;
mod travel;
mod waiting;

use event::EventDocument;
pub(super) use event::FailureDocument;

pub(super) use travel::{FixDocument, fix_documents, track};
pub(super) use waiting::WaitingDocument;

/// The error for a stored document that cannot be read.
fn broken(what: &str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unexpected(format!("a stored {what} is broken: {error}"))
}

pub(super) fn moment(ms: i64) -> Result<Moment, StoreError> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| broken("moment", &ms))
}

pub(super) fn receipt_no(text: &str) -> Result<ReceiptNo, StoreError> {
    ReceiptNo::parse(text).map_err(|error| broken("receipt number", &error))
}

pub(super) fn room_code(text: &str) -> Result<RoomCode, StoreError> {
    RoomCode::parse(text).map_err(|error| broken("room code", &error))
}

pub(super) fn hash_text(hash: TokenHash) -> String {
    URL_SAFE_NO_PAD.encode(hash.0)
}

pub(super) fn hash(text: &str) -> Result<TokenHash, StoreError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|error| broken("hash", &error))?;
    let bytes = bytes.try_into().map_err(|_| broken("hash", &"not 32 bytes"))?;
    Ok(TokenHash(bytes))
}

pub(super) fn recipient_text(to: Recipient) -> &'static str {
    match to {
        Recipient::Guest => "GUEST",
        Recipient::FrontOffice => "FRONT_OFFICE",
        Recipient::HotelSystem => "HOTEL_SYSTEM",
    }
}

pub(super) fn recipient(text: &str) -> Result<Recipient, StoreError> {
    known_recipient(text).ok_or_else(|| broken("recipient", &text))
}

fn known_recipient(text: &str) -> Option<Recipient> {
    Recipient::ALL.into_iter().find(|to| recipient_text(*to) == text)
}

/// Whether versions before this one know a recipient. What is owed to others is stored where those
/// versions do not look, because they cannot read a change that names another recipient.
pub(super) fn is_first_recipient(to: Recipient) -> bool {
    match to {
        Recipient::Guest | Recipient::FrontOffice => true,
        Recipient::HotelSystem => false,
    }
}

/// The text of a status in columns and queries.
pub(super) fn status_text(status: StatusKind) -> &'static str {
    match status {
        StatusKind::Pending => "PENDING",
        StatusKind::Paid => "PAID",
        StatusKind::Cancelled => "CANCELLED",
    }
}

/// A text that sorts as receipt numbers do, also if the counter has more than three digits.
pub(super) fn receipt_order(receipt_no: ReceiptNo) -> String {
    let text = receipt_no.to_string();
    let (day, serial) = text.rsplit_once('-').unwrap_or(("", &text));
    format!("{day}-{serial:0>10}")
}

/// The receipt number of a text that [`receipt_order`] made.
pub(super) fn receipt_of_order(order: &str) -> Result<ReceiptNo, StoreError> {
    let (day, serial) = order.rsplit_once('-').unwrap_or((order, ""));
    receipt_no(&format!("{day}-{}", serial.trim_start_matches('0')))
}

pub(super) fn role_text(role: Role) -> &'static str {
    match role {
        Role::FrontOffice => "FRONT_OFFICE",
        Role::Manager => "MANAGER",
    }
}

pub(super) fn role(text: &str) -> Result<Role, StoreError> {
    [Role::FrontOffice, Role::Manager]
        .into_iter()
        .find(|role| role_text(*role) == text)
        .ok_or_else(|| broken("role", &text))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BookingDocument {
    pub receipt_no: String,
    pub revision: u32,
    pub guest_name: String,
    pub contact: ContactDocument,
    pub language: String,
    pub room: RoomDocument,
    pub check_in: NaiveDate,
    pub nights: u32,
    pub price: i64,
    pub booked_at_ms: i64,
    pub hold_until_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at_ms: Option<i64>,
    pub extensions: u32,
    pub status: StatusDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qris_sent_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "QrisDocument::is_none")]
    pub qris: QrisDocument,
    pub access: String,
    #[serde(default, rename = "offer", skip_serializing_if = "std::ops::Not::not")]
    pub is_offer: bool,
    /// The least [`READER`] that may decide about this booking; written only if it is more than 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_reader: Option<u32>,
}

/// The version of the booking document that this program understands. A version that adds something
/// that older ones would lose or misjudge must raise this number and write it as `min_reader` into
/// the bookings that use it.
///
/// 2 knows offers. An older version would keep the room of one as if it were a full booking.
const READER: u32 = 2;
/// The least reader of an offer.
const OFFER_READER: u32 = 2;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ContactDocument {
    Telegram {
        id: i64,
    },
    Web {
        email: String,
    },
    Desk,
    /// A channel that only a newer version knows.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RoomDocument {
    pub code: String,
    pub name: String,
    pub price: i64,
}

/// A stay as it was before an amendment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StayDocument {
    pub room: RoomDocument,
    pub check_in: NaiveDate,
    pub nights: u32,
    pub price: i64,
}

impl From<&Stay> for StayDocument {
    fn from(stay: &Stay) -> Self {
        Self {
            room: (&stay.room).into(),
            check_in: stay.check_in,
            nights: stay.nights,
            price: rupiah_number(stay.price),
        }
    }
}

impl TryFrom<StayDocument> for Stay {
    type Error = StoreError;

    fn try_from(stored: StayDocument) -> Result<Self, StoreError> {
        let (check_in, nights) = (stored.check_in, stored.nights);
        Ok(Self { room: stored.room.try_into()?, check_in, nights, price: rupiah(stored.price)? })
    }
}

impl From<&RoomOfStay> for RoomDocument {
    fn from(room: &RoomOfStay) -> Self {
        Self {
            code: room.code.to_string(),
            name: room.name.clone(),
            price: rupiah_number(room.price),
        }
    }
}

impl TryFrom<RoomDocument> for RoomOfStay {
    type Error = StoreError;

    fn try_from(stored: RoomDocument) -> Result<Self, StoreError> {
        let code = room_code(&stored.code)?;
        Ok(Self { code, name: stored.name, price: rupiah(stored.price)? })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StatusDocument {
    Pending,
    Paid {
        at_ms: i64,
        by: String,
    },
    Cancelled {
        at_ms: i64,
        by: ActorDocument,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ActorDocument {
    Guest,
    Clock,
    Staff { name: String },
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum QrisDocument {
    #[default]
    None,
    Sending {
        owed_by: u32,
    },
    Sent,
    Failed,
}

impl QrisDocument {
    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChangeDocument {
    pub at_ms: i64,
    pub actor: ActorDocument,
    pub event: EventDocument,
    pub booking: BookingDocument,
    #[serde(rename = "notices", default)]
    pub notifications: Vec<NotificationDocument>,
    /// Those to recipients that the versions before do not know: see [`is_first_recipient`].
    #[serde(rename = "more_notices", default, skip_serializing_if = "Vec::is_empty")]
    pub more_notifications: Vec<NotificationDocument>,
}

impl ChangeDocument {
    /// The notifications to recipients that this version knows.
    pub(super) fn known_notifications(&self) -> Result<Vec<Notification>, StoreError> {
        let first = self.notifications.iter().map(NotificationDocument::notification);
        let more = self
            .more_notifications
            .iter()
            .filter(|stored| known_recipient(&stored.to).is_some())
            .map(NotificationDocument::notification);
        first.chain(more).collect()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NotificationDocument {
    pub to: String,
    pub useful_until_ms: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_qris: bool,
}

impl NotificationDocument {
    fn notification(&self) -> Result<Notification, StoreError> {
        Ok(Notification {
            to: recipient(&self.to)?,
            useful_until: moment(self.useful_until_ms)?,
            with_qris: self.with_qris,
        })
    }
}

impl From<&Notification> for NotificationDocument {
    fn from(notification: &Notification) -> Self {
        Self {
            to: recipient_text(notification.to).to_owned(),
            useful_until_ms: notification.useful_until.timestamp_millis(),
            with_qris: notification.with_qris,
        }
    }
}

fn rupiah_number(price: Rupiah) -> i64 {
    // Every price is at most Rupiah::MAX, 2^53 - 1.
    i64::try_from(price.0).unwrap_or(i64::MAX)
}

fn rupiah(number: i64) -> Result<Rupiah, StoreError> {
    u64::try_from(number).map(Rupiah).map_err(|error| broken("price", &error))
}

fn language(code: &str) -> Result<Language, StoreError> {
    Language::from_code(code).ok_or_else(|| broken("language", &code))
}

impl From<&Contact> for ContactDocument {
    fn from(contact: &Contact) -> Self {
        match contact {
            Contact::Telegram(TelegramId(id)) => Self::Telegram { id: *id },
            Contact::Web(email) => Self::Web { email: email.as_str().to_owned() },
            Contact::Desk => Self::Desk,
            Contact::Other => Self::Other,
        }
    }
}

impl TryFrom<ContactDocument> for Contact {
    type Error = StoreError;

    fn try_from(stored: ContactDocument) -> Result<Self, StoreError> {
        Ok(match stored {
            ContactDocument::Telegram { id } => Self::Telegram(TelegramId(id)),
            ContactDocument::Web { email } => {
                Self::Web(Email::parse(&email).map_err(|error| broken("e-mail address", &error))?)
            }
            ContactDocument::Desk => Self::Desk,
            ContactDocument::Other => Self::Other,
        })
    }
}

impl From<&Booking> for BookingDocument {
    fn from(booking: &Booking) -> Self {
        let ms = |at: Option<Moment>| at.map(|at| at.timestamp_millis());
        Self {
            receipt_no: booking.receipt_no.to_string(),
            revision: booking.revision.0,
            guest_name: booking.guest.name.as_str().to_owned(),
            contact: (&booking.guest.contact).into(),
            language: booking.guest.language.code().to_owned(),
            room: (&booking.stay.room).into(),
            check_in: booking.stay.check_in,
            nights: booking.stay.nights,
            price: rupiah_number(booking.stay.price),
            booked_at_ms: booking.booked_at.timestamp_millis(),
            hold_until_ms: booking.hold.until.timestamp_millis(),
            remind_at_ms: ms(booking.hold.remind_at),
            extensions: booking.hold.extensions,
            status: (&booking.status).into(),
            arrived_at_ms: ms(booking.arrived_at),
            qris_sent_at_ms: ms(booking.qris_sent_at),
            qris: booking.qris.into(),
            access: hash_text(booking.access),
            is_offer: booking.is_offer,
            min_reader: (booking.is_offer && booking.is_pending()).then_some(OFFER_READER),
        }
    }
}

impl TryFrom<BookingDocument> for Booking {
    type Error = StoreError;

    fn try_from(stored: BookingDocument) -> Result<Self, StoreError> {
        let at = |ms: Option<i64>| ms.map(moment).transpose();
        let contact = Contact::try_from(stored.contact)?;
        let is_read_only =
            contact == Contact::Other || stored.min_reader.is_some_and(|least| least > READER);
        Ok(Self {
            receipt_no: receipt_no(&stored.receipt_no)?,
            revision: Revision(stored.revision),
            guest: Guest {
                name: GuestName::from_stored(stored.guest_name),
                contact,
                language: language(&stored.language)?,
            },
            stay: Stay {
                room: stored.room.try_into()?,
                check_in: stored.check_in,
                nights: stored.nights,
                price: rupiah(stored.price)?,
            },
            booked_at: moment(stored.booked_at_ms)?,
            hold: Hold {
                until: moment(stored.hold_until_ms)?,
                remind_at: at(stored.remind_at_ms)?,
                extensions: stored.extensions,
            },
            status: stored.status.try_into()?,
            arrived_at: at(stored.arrived_at_ms)?,
            qris_sent_at: at(stored.qris_sent_at_ms)?,
            qris: stored.qris.into(),
            access: hash(&stored.access)?,
            is_offer: stored.is_offer,
            is_read_only,
        })
    }
}

impl From<&Status> for StatusDocument {
    fn from(status: &Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Paid { at, by } => {
                Self::Paid { at_ms: at.timestamp_millis(), by: by.as_str().to_owned() }
            }
            Status::Cancelled { at, by, note } => {
                Self::Cancelled { at_ms: at.timestamp_millis(), by: by.into(), note: note.clone() }
            }
        }
    }
}

impl TryFrom<StatusDocument> for Status {
    type Error = StoreError;

    fn try_from(stored: StatusDocument) -> Result<Self, StoreError> {
        Ok(match stored {
            StatusDocument::Pending => Self::Pending,
            StatusDocument::Paid { at_ms, by } => {
                Self::Paid { at: moment(at_ms)?, by: StaffName::from_stored(by) }
            }
            StatusDocument::Cancelled { at_ms, by, note } => {
                Self::Cancelled { at: moment(at_ms)?, by: by.try_into()?, note }
            }
        })
    }
}

impl From<QrisProgress> for QrisDocument {
    fn from(progress: QrisProgress) -> Self {
        match progress {
            QrisProgress::None => Self::None,
            QrisProgress::Sending(owed_by) => Self::Sending { owed_by: owed_by.0 },
            QrisProgress::Sent => Self::Sent,
            QrisProgress::Failed => Self::Failed,
        }
    }
}

impl From<QrisDocument> for QrisProgress {
    fn from(stored: QrisDocument) -> Self {
        match stored {
            QrisDocument::None => Self::None,
            QrisDocument::Sending { owed_by } => Self::Sending(Revision(owed_by)),
            QrisDocument::Sent => Self::Sent,
            QrisDocument::Failed => Self::Failed,
        }
    }
}

impl From<&Actor> for ActorDocument {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Guest => Self::Guest,
            // Both are stored under one name, because older versions know no other.
            Actor::Clock | Actor::System => Self::Clock,
            Actor::Staff(name) => Self::Staff { name: name.as_str().to_owned() },
        }
    }
}

impl TryFrom<ActorDocument> for Actor {
    type Error = StoreError;

    fn try_from(stored: ActorDocument) -> Result<Self, StoreError> {
        Ok(match stored {
            ActorDocument::Guest => Self::Guest,
            ActorDocument::Clock => Self::Clock,
            ActorDocument::Staff { name } => Self::Staff(StaffName::from_stored(name)),
        })
    }
}

impl From<&Change> for ChangeDocument {
    fn from(change: &Change) -> Self {
        let owed = |is_first| {
            let owed = change.notifications.iter();
            owed.filter(|owed| is_first_recipient(owed.to) == is_first).map(Into::into).collect()
        };
        Self {
            at_ms: change.at.timestamp_millis(),
            actor: (&change.actor).into(),
            event: (&change.event).into(),
            booking: (&change.booking).into(),
            notifications: owed(true),
            more_notifications: owed(false),
        }
    }
}

impl TryFrom<ChangeDocument> for Change {
    type Error = StoreError;

    fn try_from(stored: ChangeDocument) -> Result<Self, StoreError> {
        let notifications = stored.known_notifications()?;
        let event = Event::try_from(stored.event)?;
        let actor = match (&event, stored.actor.try_into()?) {
            (Event::QrisSent | Event::QrisFailed { .. } | Event::Offered, Actor::Clock) => {
                Actor::System
            }
            (_, actor) => actor,
        };
        Ok(Self {
            at: moment(stored.at_ms)?,
            actor,
            event,
            booking: stored.booking.try_into()?,
            notifications,
        })
    }
}

#[cfg(test)]
mod tests;
