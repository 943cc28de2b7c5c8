//! Everything that a store has, as records that depend on no database: what backups consist of.
//!
//! A record has the persisted documents as they are, so what a newer version wrote is not lost on
//! its way through this one. Left out are sign-in codes and sessions: codes live for minutes, and a
//! session that was ended after the backup would be valid again. The words of searches are made
//! anew from the bookings. This module does not read or write files.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{BookingDocument, WaitingDocument};
use super::{StoreError, document};
use crate::domain::{Booking, Moment};

mod check;

pub use check::{Counts, RecordCheck};

/// The number of records that a store reads or writes at once.
pub(super) const CHUNK: usize = 500;

/// Reads everything that a store has.
#[async_trait]
pub trait BackupStore: Send + Sync + 'static {
    /// Everything that is stored, as it was at one moment, in chunks. Others may write meanwhile.
    /// Texts that have expired by `now` are left out.
    async fn dump(&self, now: Moment) -> Result<RecordStream, StoreError>;
}

/// Records in chunks. The first error ends the stream.
pub type RecordStream = BoxStream<'static, Result<Vec<Record>, StoreError>>;

/// A store that is being replaced by what a backup contains. Until [`RestoreTarget::put_in_place`]
/// nothing of it has changed. No process serves it meanwhile.
#[async_trait]
pub trait RestoreTarget: Send {
    /// Whether it has nothing that a hotel would miss.
    async fn is_empty(&mut self) -> Result<bool, StoreError>;

    /// The records of guests who wished to be forgotten, in the store that is being replaced.
    async fn forgotten(&mut self) -> Result<Vec<Record>, StoreError>;

    /// Adds records to what will replace the store.
    async fn load(&mut self, records: Vec<Record>) -> Result<(), StoreError>;

    /// Replaces the store by what was loaded. Returns where the old one is kept, if it is.
    async fn put_in_place(self: Box<Self>) -> Result<Option<String>, StoreError>;

    /// Removes what was loaded. The store stays as it is.
    async fn give_up(self: Box<Self>);
}

/// One stored thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A booking.
    Booking {
        /// The document of the booking.
        document: Value,
        /// The limits that its hold counts towards.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        limit_keys: Vec<String>,
    },
    /// A change of a booking. Changes come in the order of the log.
    Change {
        /// The place in the log, if the store numbers them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        row: Option<i64>,
        /// The document of the change.
        document: Value,
        /// The lease of its commit.
        lease: LeaseRecord,
        /// What became of the notifications that it owes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notifications: Vec<NotificationRecord>,
        /// What became of those to recipients that earlier versions do not know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more_notifications: Vec<NotificationRecord>,
    },
    /// The rooms of one type on one night.
    Claim {
        /// The room type.
        room: String,
        /// The night.
        night: String,
        /// Rooms taken.
        taken: u32,
        /// Rooms for sale, if a manager set a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allotment: Option<u32>,
        /// Whether a manager closed the type.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_closed: bool,
        /// The guests who wait for it.
        #[serde(default, skip_serializing_if = "is_zero")]
        waiting: u32,
        /// The version of the line of those who wait.
        #[serde(default, skip_serializing_if = "is_zero")]
        line: u32,
    },
    /// A guest in the waiting list.
    Waiting {
        /// The document of the guest.
        document: Value,
        /// Whether they still wait, and were offered no room.
        is_waiting: bool,
        /// The room nights that they could take.
        claims: Vec<String>,
    },
    /// The running holds of one guest or address.
    Limit {
        /// The guest or address.
        key: String,
        /// The running holds.
        running: u32,
    },
    /// A request that was carried out.
    Request {
        /// SHA-256 of the request id.
        request: String,
        /// The booking that it made.
        receipt_no: String,
        /// SHA-256 over the request's input.
        fingerprint: String,
    },
    /// The positions of a running hold.
    Track {
        /// The booking.
        receipt_no: String,
        /// The documents of the fixes.
        fixes: Value,
    },
    /// The counter of a day's receipt numbers.
    Counter {
        /// The day.
        day: String,
        /// The last counter that was given out.
        last: u32,
    },
    /// A booking whose guest wished to be forgotten.
    Forgotten {
        /// The booking.
        receipt_no: String,
        /// When it was done.
        at_ms: i64,
    },
    /// The hotel's signing key.
    SigningKey {
        /// The key, base64url.
        key: String,
    },
    /// A short text by name.
    Text {
        /// The name.
        name: String,
        /// The text.
        text: String,
        /// When it expires.
        expires_at_ms: i64,
    },
}

impl Record {
    /// The booking that it is about, if it is of one.
    #[must_use]
    pub fn receipt_no(&self) -> Option<&str> {
        match self {
            Self::Booking { document, .. } | Self::Waiting { document, .. } => {
                document.get("receipt_no")?.as_str()
            }
            Self::Change { document, .. } => document.get("booking")?.get("receipt_no")?.as_str(),
            Self::Request { receipt_no, .. }
            | Self::Track { receipt_no, .. }
            | Self::Forgotten { receipt_no, .. } => Some(receipt_no),
            Self::Claim { .. }
            | Self::Limit { .. }
            | Self::Counter { .. }
            | Self::SigningKey { .. }
            | Self::Text { .. } => None,
        }
    }

    /// The name of its kind, as in the record.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Booking { .. } => "booking",
            Self::Change { .. } => "change",
            Self::Claim { .. } => "claim",
            Self::Waiting { .. } => "waiting",
            Self::Limit { .. } => "limit",
            Self::Request { .. } => "request",
            Self::Track { .. } => "track",
            Self::Counter { .. } => "counter",
            Self::Forgotten { .. } => "forgotten",
            Self::SigningKey { .. } => "signing_key",
            Self::Text { .. } => "text",
        }
    }
}

/// The right of a node to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// The node.
    pub node: String,
    /// When it ends.
    pub until_ms: i64,
}

/// What became of one notification. It is owed until it is sent or given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// The recipient.
    pub to: String,
    /// The current lease.
    pub lease: LeaseRecord,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at_ms: Option<i64>,
    /// When it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up_at_ms: Option<i64>,
    /// Why it was given up, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up: Option<String>,
    /// Why, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up_code: Option<String>,
    /// Why, in the words of a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up_detail: Option<String>,
}

impl NotificationRecord {
    /// Whether it is neither sent nor given up.
    #[must_use]
    pub const fn is_owed(&self) -> bool {
        self.sent_at_ms.is_none() && self.gave_up_at_ms.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The guest in the waiting list of a document.
pub(super) fn waiting(document: &Value) -> Result<WaitingDocument, StoreError> {
    WaitingDocument::deserialize(document).map_err(|_| {
        StoreError::Damaged("a guest who waits has not the form that they should have".into())
    })
}

/// The booking of a document. The document may have more than this version knows.
pub(super) fn booking(document: &Value) -> Result<Booking, StoreError> {
    BookingDocument::deserialize(document)
        .map_err(|_| StoreError::Damaged("a booking has not the form that it should have".into()))?
        .try_into()
}

/// The parts of a change that a store has beside its document.
pub(super) struct ChangeKey {
    pub receipt_no: crate::domain::ReceiptNo,
    pub revision: u32,
    /// The recipients of its notifications, each with the moment until which it is useful.
    pub notifications: Vec<(String, i64)>,
    /// The same for recipients that earlier versions do not know.
    pub more_notifications: Vec<(String, i64)>,
}

/// Reads the parts of a change that a store has beside its document.
pub(super) fn change_key(document: &Value) -> Result<ChangeKey, StoreError> {
    #[derive(Deserialize)]
    struct Parts {
        booking: Key,
        #[serde(default)]
        notices: Vec<document::NotificationDocument>,
        #[serde(default)]
        more_notices: Vec<document::NotificationDocument>,
    }
    #[derive(Deserialize)]
    struct Key {
        receipt_no: String,
        revision: u32,
    }
    let Parts { booking, notices, more_notices } = Parts::deserialize(document)
        .map_err(|_| StoreError::Damaged("a change has not the form that it should have".into()))?;
    let notifications = |notices: Vec<document::NotificationDocument>| {
        notices.into_iter().map(|notice| (notice.to, notice.useful_until_ms)).collect()
    };
    Ok(ChangeKey {
        receipt_no: document::receipt_no(&booking.receipt_no)?,
        revision: booking.revision,
        notifications: notifications(notices),
        more_notifications: notifications(more_notices),
    })
}
