//! What is stored about people: shown and forgotten when a guest wishes it, and erased by age.
//!
//! Erasing takes names, addresses, Telegram ids and free texts out of a settled booking and out of
//! every state of it that is stored; dates, prices and counts stay. This module does not write to a
//! database itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::{Contact, Email, Moment, ReceiptNo, TelegramId};
use crate::store::backup::Record;
use crate::store::{BookingReader, Filter, Store, StoreError};

mod retention;

pub use retention::{DailyRetention, Retention, RetentionOutcome};

/// The number of bookings that are erased or deleted at once. A step holds the store for some
/// milliseconds.
const STEP: usize = 50;
/// The number of bookings that are read at once.
const PAGE: usize = 200;

/// A person, as a command names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// The guest of one booking.
    OfBooking(ReceiptNo),
    /// The guest with this address or Telegram id, with all of their bookings.
    Of(Contact),
}

/// Why nothing was forgotten or shown.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The text names nobody.
    #[error("{0} is no receipt number, e-mail address or Telegram id")]
    Unreadable(String),
    /// There is nothing.
    #[error("nothing is stored about this person")]
    Unknown,
    /// Holds are running.
    #[error("{} still held: wait until the hold ends, or cancel it on the board or with /update_cancel, then do this again", held(.0))]
    Held(Vec<ReceiptNo>),
    /// The guest waits for a room.
    #[error(
        "the guest is on the waiting list: they leave it on their page or in the bot, or it ends with the day; then do this again"
    )]
    Waits,
    /// The store failed.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
}

fn held(numbers: &[ReceiptNo]) -> String {
    let names: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

impl Person {
    /// Reads a receipt number, an e-mail address or a Telegram id. Digits alone are a Telegram id.
    ///
    /// # Errors
    /// [`PersonError::Unreadable`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let text = text.trim();
        let unreadable = || PersonError::Unreadable(text.escape_debug().to_string());
        if text.contains('@') {
            return Email::parse(text)
                .map(|email| Self::Of(Contact::Web(email)))
                .map_err(|_| unreadable());
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let id = text.parse().ok().filter(|id| *id > 0);
            return id.map(|id| Self::Of(Contact::Telegram(TelegramId(id)))).ok_or_else(unreadable);
        }
        ReceiptNo::parse(text).map(Self::OfBooking).map_err(|_| unreadable())
    }
}

/// What is known of a person.
struct Known {
    bookings: Vec<ReceiptNo>,
    held: Vec<ReceiptNo>,
    telegram_ids: BTreeSet<i64>,
    waits: bool,
    waiting: Vec<Value>,
}

async fn find(store: &dyn Store, person: &Person) -> Result<Known, PersonError> {
    let mut known = Known {
        bookings: Vec::new(),
        held: Vec::new(),
        telegram_ids: BTreeSet::new(),
        waits: false,
        waiting: Vec::new(),
    };
    let bookings = match person {
        Person::OfBooking(receipt_no) => store.booking(*receipt_no).await?.into_iter().collect(),
        Person::Of(contact) => bookings_of(store, contact).await?,
    };
    for tracked in bookings {
        let booking = tracked.booking;
        if booking.is_pending() {
            known.held.push(booking.receipt_no);
        }
        if let Contact::Telegram(TelegramId(id)) = booking.guest.contact
            && id != 0
        {
            known.telegram_ids.insert(id);
        }
        known.bookings.push(booking.receipt_no);
    }
    if let Person::Of(contact) = person {
        if let Contact::Telegram(TelegramId(id)) = contact {
            known.telegram_ids.insert(*id);
        }
        let guests = store.waiting_guests(chrono::NaiveDate::MIN).await?;
        for guest in guests.iter().filter(|guest| guest.guest.contact == *contact) {
            known.waits |= guest.state == crate::domain::WaitingState::Waiting;
            known.waiting.push(json!({
                "guest_name": guest.guest.name.as_str(),
                "check_in": guest.wish.check_in,
                "nights": guest.wish.nights,
                "since": guest.since,
            }));
        }
    }
    Ok(known)
}

async fn bookings_of(
    store: &dyn Store,
    contact: &Contact,
) -> Result<Vec<crate::domain::TrackedBooking>, StoreError> {
    let filter = Filter { contact: Some(contact.clone()), ..Filter::default() };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = BookingReader::page(store, &filter, PAGE, after).await?;
        let last = page.bookings.last().map(|last| crate::store::PageKey {
            booked_at: last.booking.booked_at,
            receipt_no: last.booking.receipt_no,
        });
        all.extend(page.bookings);
        match last {
            Some(last) if page.has_next => after = Some(last),
            Some(_) | None => return Ok(all),
        }
    }
}

/// Forgets a person. Returns the bookings that were erased.
///
/// # Errors
/// [`PersonError`]. Nothing was forgotten then, unless the store failed on the way.
pub async fn forget(
    store: &dyn Store,
    person: &Person,
    now: Moment,
) -> Result<Vec<ReceiptNo>, PersonError> {
    let known = find(store, person).await?;
    if !known.held.is_empty() {
        return Err(PersonError::Held(known.held));
    }
    if known.waits {
        return Err(PersonError::Waits);
    }
    let mut texts = 0;
    for id in &known.telegram_ids {
        texts += store.delete_texts_of(TelegramId(*id)).await?;
    }
    if known.bookings.is_empty() && texts == 0 {
        return Err(PersonError::Unknown);
    }
    for step in known.bookings.chunks(STEP) {
        store.erase(step, Some(now)).await?;
    }
    Ok(known.bookings)
}

/// Everything that is stored about a person, as JSON.
///
/// # Errors
/// [`PersonError`].
pub async fn export(store: &dyn Store, person: &Person) -> Result<Value, PersonError> {
    let known = find(store, person).await?;
    let mut bookings = Vec::new();
    for receipt_no in &known.bookings {
        let records: Vec<Record> = store.stored_about(*receipt_no).await?;
        bookings.push(json!({ "receipt_no": receipt_no.to_string(), "stored": records }));
    }
    let mut texts = Vec::new();
    for id in &known.telegram_ids {
        texts.extend(store.texts_of(TelegramId(*id)).await?);
    }
    if bookings.is_empty() && texts.is_empty() && known.waiting.is_empty() {
        return Err(PersonError::Unknown);
    }
    Ok(json!({ "bookings": bookings, "waiting_list": known.waiting, "bot": texts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_receipt_number_address_or_telegram_id() {
        let receipt_no = ReceiptNo::parse("RESI-20260104-001").unwrap();
        assert_eq!(Person::parse("RESI-20260104-001").unwrap(), Person::OfBooking(receipt_no));
        assert_eq!(Person::parse(" resi 20260104 1 ").unwrap(), Person::OfBooking(receipt_no));
        let email = Email::parse("Budi@example.com").unwrap();
        assert_eq!(Person::parse("Budi@Example.com").unwrap(), Person::Of(Contact::Web(email)));
        let telegram = Person::Of(Contact::Telegram(TelegramId(202_601_041)));
        assert_eq!(Person::parse("202601041").unwrap(), telegram);
        for text in ["", "0", "Budi", "a@b", "99999999999999999999"] {
            assert!(Person::parse(text).is_err(), "{text}");
        }
    }
}
