//! MongoDB's documents: the shared ones, with the extra fields that queries need.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use mongodb::bson::{
    Document, RawDocumentBuf, deserialize_from_document, deserialize_from_slice, doc,
    serialize_to_raw_document_buf,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::broken;
use crate::domain::{Booking, Change, ReceiptNo, Recipient, Revision, Track};
use crate::store::document::{
    self, BookingDocument, ChangeDocument, FixDocument, fix_documents, is_first_recipient,
    receipt_order, recipient_text,
};
use crate::store::{ClaimKey, Lease, NodeId, NotificationId, PageKey, RequestRecord, StoreError};

pub(super) const BOOKINGS: &str = "bookings";
pub(super) const CHANGES: &str = "changes";
pub(super) const CLAIMS: &str = "claims";
pub(super) const LIMITS: &str = "limits";
pub(super) const REQUESTS: &str = "requests";
pub(super) const TRACKS: &str = "tracks";
pub(super) const COUNTERS: &str = "counters";
pub(super) const CODES: &str = "codes";
pub(super) const SESSIONS: &str = "sessions";
pub(super) const META: &str = "meta";
pub(super) const SEARCH_WORDS: &str = "search_words";
pub(super) const KEY_VALUES: &str = "memos";
pub(super) const FORGOTTEN: &str = "forgotten";
pub(super) const WAITING: &str = "waiting";

/// More documents than any call reads at once, so that the first answer contains all of them.
pub(super) const READ_BATCH_SIZE: u32 = 100_000;

/// A booking, with the limits that its hold counts towards and the field to sort by.
#[derive(Serialize)]
struct StoredBooking<'a> {
    #[serde(rename = "_id")]
    id: String,
    #[serde(flatten)]
    booking: BookingDocument,
    limit_keys: &'a [String],
    receipt_order: String,
}

/// A change, with the lease of its commit and the state of its notifications.
#[derive(Serialize)]
struct StoredChange<'a> {
    #[serde(rename = "_id")]
    id: String,
    #[serde(flatten)]
    change: ChangeDocument,
    lease: &'a LeaseDocument,
    outbox: BTreeMap<String, OwedState<'a>>,
    /// The number of notifications without an outcome, for an index of the few changes that owe
    /// any.
    owed: i64,
}

/// The state of a notification without an outcome.
#[derive(Serialize)]
struct OwedState<'a> {
    owed: bool,
    lease: &'a LeaseDocument,
}

pub(super) fn booking_document(
    booking: &Booking,
    limit_keys: &[String],
) -> Result<RawDocumentBuf, StoreError> {
    let stored = StoredBooking {
        id: booking.receipt_no.to_string(),
        booking: booking.into(),
        limit_keys,
        receipt_order: receipt_order(booking.receipt_no),
    };
    raw(&stored)
}

pub(super) fn change_document(
    change: &Change,
    lease: &Lease,
) -> Result<RawDocumentBuf, StoreError> {
    let lease = LeaseDocument::from(lease);
    let change_id = change_id(change.booking.receipt_no, change.booking.revision);
    let change = ChangeDocument::from(change);
    let owed_state = |to: &String| (to.clone(), OwedState { owed: true, lease: &lease });
    let outbox: BTreeMap<_, _> = change
        .notifications
        .iter()
        .chain(&change.more_notifications)
        .map(|notification| owed_state(&notification.to))
        .collect();
    let owed = i64::try_from(outbox.len()).unwrap_or(i64::MAX);
    raw(&StoredChange { id: change_id, change, lease: &lease, outbox, owed })
}

/// Serializes straight to bytes. This is several times as fast as through a [`Document`].
pub(super) fn raw(document: &impl Serialize) -> Result<RawDocumentBuf, StoreError> {
    serialize_to_raw_document_buf(document).map_err(|error| broken(&error))
}

/// The id of a change, such as `RESI-20260104-001#3`.
pub(super) fn change_id(receipt_no: ReceiptNo, revision: Revision) -> String {
    format!("{receipt_no}#{}", revision.0)
}

/// The notification id for the id of a change and a recipient.
pub(super) fn notification_id(change_id: &str, to: &str) -> Result<NotificationId, StoreError> {
    let odd = || StoreError::Unexpected(format!("a stored change has the id {change_id}"));
    let (receipt_no, revision) = change_id.rsplit_once('#').ok_or_else(odd)?;
    Ok(NotificationId {
        receipt_no: document::receipt_no(receipt_no)?,
        revision: Revision(revision.parse().map_err(|_| odd())?),
        to: document::recipient(to)?,
    })
}

/// A field of one notification's state in the document of its change.
pub(super) fn outbox_field(to: Recipient, field: &str) -> String {
    format!("outbox.{}.{field}", recipient_text(to))
}

/// The field of a change that names the notification that was settled last, for the change stream.
/// An earlier version reads only the first of the two fields.
pub(super) fn marked_field(to: Recipient) -> &'static str {
    if is_first_recipient(to) { "marked" } else { "marked_more" }
}

#[derive(Serialize)]
struct StoredTrack {
    #[serde(rename = "_id")]
    receipt_no: String,
    fixes: Vec<FixDocument>,
}

/// The document of a guest's positions.
pub(super) fn track_document(
    receipt_no: ReceiptNo,
    track: &Track,
) -> Result<RawDocumentBuf, StoreError> {
    raw(&StoredTrack { receipt_no: receipt_no.to_string(), fixes: fix_documents(track) })
}

#[derive(Debug, Deserialize)]
pub(super) struct TrackDocument {
    #[serde(rename = "_id")]
    pub receipt_no: String,
    pub fixes: Vec<FixDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LeaseDocument {
    node: String,
    until_ms: i64,
}

impl LeaseDocument {
    pub(super) fn document(&self) -> Document {
        doc! { "node": &self.node, "until_ms": self.until_ms }
    }
}

impl From<&Lease> for LeaseDocument {
    fn from(lease: &Lease) -> Self {
        Self { node: lease.node.0.clone(), until_ms: lease.until.timestamp_millis() }
    }
}

impl TryFrom<LeaseDocument> for Lease {
    type Error = StoreError;

    fn try_from(stored: LeaseDocument) -> Result<Self, StoreError> {
        Ok(Self { node: NodeId(stored.node), until: document::moment(stored.until_ms)? })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RequestDocument {
    #[serde(rename = "_id")]
    pub request: String,
    receipt_no: String,
    fingerprint: String,
}

impl TryFrom<RequestDocument> for RequestRecord {
    type Error = StoreError;

    fn try_from(stored: RequestDocument) -> Result<Self, StoreError> {
        Ok(Self {
            receipt_no: document::receipt_no(&stored.receipt_no)?,
            fingerprint: document::hash(&stored.fingerprint)?,
        })
    }
}

/// The fields of a booking that a commit needs.
#[derive(Debug, Deserialize)]
pub(super) struct BookingStateDocument {
    #[serde(rename = "_id")]
    pub receipt_no: String,
    pub revision: u32,
    pub limit_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LimitDocument {
    #[serde(rename = "_id")]
    pub key: String,
    pub running: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct ClaimDocument {
    pub room: String,
    pub night: NaiveDate,
    pub taken: u32,
    #[serde(default)]
    pub allotment: Option<u32>,
    #[serde(default, rename = "closed")]
    pub is_closed: bool,
    #[serde(default)]
    pub waiting: u32,
    #[serde(default)]
    pub line: u32,
}

impl ClaimDocument {
    pub(super) fn key(&self) -> Result<ClaimKey, StoreError> {
        Ok(ClaimKey { room: document::room_code(&self.room)?, night: self.night })
    }
}

/// Deserializes a document.
pub(super) fn read<T: DeserializeOwned>(stored: Document) -> Result<T, StoreError> {
    deserialize_from_document(stored).map_err(|error| broken(&error))
}

/// Deserializes a document from its bytes.
pub(super) fn read_raw<T: DeserializeOwned>(stored: &[u8]) -> Result<T, StoreError> {
    deserialize_from_slice(stored).map_err(|error| broken(&error))
}

/// The order of pages.
pub(super) fn newest_first() -> Document {
    doc! { "booked_at_ms": -1, "receipt_order": 1 }
}

/// The condition for documents after the key in the order of pages.
pub(super) fn rest(after: PageKey) -> Document {
    let booked_at = after.booked_at.timestamp_millis();
    doc! { "booked_at_ms": { "$lte": booked_at }, "$or": [
        { "booked_at_ms": { "$lt": booked_at } },
        { "receipt_order": { "$gt": receipt_order(after.receipt_no) } },
    ] }
}

/// One condition that is met if all of these are.
pub(super) fn all(conditions: Vec<Document>) -> Document {
    if conditions.is_empty() {
        doc! {}
    } else {
        doc! { "$and": conditions }
    }
}
