//! Erases what a store knows of people, and deletes what is old.
//!
//! When that is done is decided elsewhere. This module has the trait, and what erasing does to a
//! record; each store writes it.

use async_trait::async_trait;
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::StoreError;
use super::backup::Record;
use crate::domain::{Moment, ReceiptNo, TelegramId};

/// What stands where a name or a word about a guest was. No search finds it.
pub(super) const ERASED: &str = "—";
/// The address of a web guest whose address was erased: no mail can be sent to it (RFC 2606).
const ERASED_EMAIL: &str = "dihapus@tamu.invalid";

/// Reads, erases and deletes what is stored about guests.
#[async_trait]
pub trait PersonalDataStore: Send + Sync + 'static {
    /// Everything that is stored about a booking.
    async fn stored_about(&self, receipt_no: ReceiptNo) -> Result<Vec<Record>, StoreError>;

    /// Bookings that were settled before a moment and whose last night is before a day, oldest
    /// first, at most `most`. With `has_name` only those whose guest is not erased yet.
    async fn finished(
        &self,
        settled_before: Moment,
        over_by: NaiveDate,
        has_name: bool,
        most: usize,
    ) -> Result<Vec<ReceiptNo>, StoreError>;

    /// Erases the guests of those of these bookings that are settled: names, addresses, Telegram
    /// ids and free texts, in every state that is stored. Returns how many it were. `wished_at`
    /// also enters them into the list of what was forgotten, which outlives a restore.
    async fn erase(&self, of: &[ReceiptNo], wished_at: Option<Moment>)
    -> Result<usize, StoreError>;

    /// Deletes those of these bookings that are settled, with everything that belongs to them, and
    /// their rooms from the nights. Returns how many it were.
    async fn delete(&self, of: &[ReceiptNo]) -> Result<usize, StoreError>;

    /// The texts that are stored under the id of a Telegram user, such as the state of a
    /// conversation.
    async fn texts_of(&self, user: TelegramId) -> Result<Vec<Record>, StoreError>;

    /// Deletes these texts. Returns how many it were.
    async fn delete_texts_of(&self, user: TelegramId) -> Result<usize, StoreError>;

    /// Deletes what belongs to no booking: counters and empty nights before a day, credentials,
    /// texts and places in the waiting list that have expired by `now`, and what was forgotten
    /// before the day.
    async fn delete_rest(&self, before: NaiveDate, now: Moment) -> Result<(), StoreError>;
}

/// Erases the guest from the document of a booking.
pub(super) fn erase_booking(document: &mut Value) {
    let Some(fields) = document.as_object_mut() else { return };
    fields.insert("guest_name".to_owned(), ERASED.into());
    if let Some(contact) = fields.get_mut("contact") {
        let channel = contact.get("channel").cloned().unwrap_or_default();
        *contact = match channel.as_str() {
            Some("TELEGRAM") => json!({ "channel": channel, "id": 0 }),
            Some("WEB") => json!({ "channel": channel, "email": ERASED_EMAIL }),
            Some(_) | None => json!({ "channel": channel }),
        };
    }
    if let Some(status) = fields.get_mut("status").and_then(Value::as_object_mut) {
        erase_text(status, "note");
    }
}

/// Erases the guest from the document of a change.
pub(super) fn erase_change(document: &mut Value) {
    if let Some(booking) = document.get_mut("booking") {
        erase_booking(booking);
    }
    if let Some(event) = document.get_mut("event").and_then(Value::as_object_mut) {
        for field in ["name_before", "note", "reason"] {
            erase_text(event, field);
        }
        event.remove("detail");
    }
}

/// Erases the guest from a record, as if they had been forgotten before it was made.
pub fn erase_record(record: &mut Record) {
    match record {
        Record::Booking { document, .. } => erase_booking(document),
        Record::Change { document, notifications, more_notifications, .. } => {
            erase_change(document);
            for notification in notifications.iter_mut().chain(more_notifications) {
                notification.gave_up_detail = None;
                if let Some(sentence) = &mut notification.gave_up {
                    ERASED.clone_into(sentence);
                }
            }
        }
        Record::Claim { .. }
        | Record::Waiting { .. }
        | Record::Limit { .. }
        | Record::Request { .. }
        | Record::Track { .. }
        | Record::Counter { .. }
        | Record::Forgotten { .. }
        | Record::SigningKey { .. }
        | Record::Text { .. } => {}
    }
}

/// Erases a text, if there is one.
fn erase_text(fields: &mut serde_json::Map<String, Value>, field: &str) {
    if let Some(text) = fields.get_mut(field)
        && !text.is_null()
    {
        *text = ERASED.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_guest_is_left_and_the_numbers_stay() {
        let mut change = json!({
            "at_ms": 1,
            "event": { "kind": "AMENDED", "name_before": "Budi", "stay_before": { "price": 5 } },
            "booking": {
                "guest_name": "Budi Santoso",
                "contact": { "channel": "WEB", "email": "budi@example.com" },
                "status": { "kind": "CANCELLED", "note": "Budi rang", "at_ms": 2 },
                "price": 350_000,
            },
        });
        erase_change(&mut change);
        let text = change.to_string();
        assert!(!text.contains("Budi") && !text.contains("example"), "{text}");
        assert_eq!(change["booking"]["contact"]["channel"], "WEB");
        assert_eq!(change["booking"]["price"], 350_000);
        assert_eq!(change["booking"]["status"]["at_ms"], 2);
        let mut failed = json!({
            "event": { "kind": "QRIS_FAILED", "reason": "no budi@x", "code": "X", "detail": "budi" },
            "booking": { "contact": { "channel": "TELEGRAM", "id": 77 }, "status": {} },
        });
        erase_change(&mut failed);
        assert!(!failed.to_string().contains("budi") && !failed.to_string().contains("77"));
    }
}
