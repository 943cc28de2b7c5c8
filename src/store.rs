//! The store: a trait for each aggregate that the hotel stores. Every store implements all of them.
//!
//! One commit writes a booking's new state, its change, the rooms that it takes or frees and the
//! guest's limits, all or nothing. The domain decides the step; the store decides which of several
//! concurrent commits wins. The traits do not depend on the hotel's rules, on texts for people or
//! on a database driver.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::domain::{
    Change, Moment, ReceiptNo, Role, StaffName, TelegramId, TokenHash, Track, TrackedBooking,
    WaitingGuest,
};

pub mod backup;
mod call_queue;
mod commit;
mod document;
mod latency;
mod list;
mod log;
pub mod mongo;
mod older_bookings;
mod personal_data;
pub mod queue;
mod race;
mod search;
pub mod sqlite;
mod typed;

pub use backup::BackupStore;
pub use commit::{
    ClaimKey, Commit, CommitOutcome, CommitStep, Limit, RequestKey, RequestRecord, TrackEffect,
    WaitingStep,
};
pub use list::{AllotmentTooLow, Filter, Page, PageKey, RoomNight, StatusKind, Wake};
pub use log::{
    Changes, Cursor, DeliveryOutcome, FeedEvent, FeedStream, Lease, LeaseOutcome, LeaseRequest,
    NodeId, NotificationId, OwedNotification, SettledNotification, UndeliveredNotification,
    until_error,
};
pub use personal_data::{PersonalDataStore, erase_record};
pub use queue::{CommitQueue, NotificationQueue};
pub use search::Search;
pub use typed::{TypedValue, TypedValues};

/// How far the bookings that match a filter are counted. Counting a million takes MongoDB 0.6 s.
pub const MAX_COUNTED: u64 = 10_000;
/// How far this machine's clock may be off the store's, in milliseconds.
pub const MAX_CLOCK_OFFSET_MS: i64 = 2_000;
/// A node whose clock differs from the store's by more than this, in milliseconds, is degraded.
pub const WARN_CLOCK_OFFSET_MS: i64 = 250;
/// How many of the bookings that match a search are looked at, if there are other conditions too.
pub const MAX_SEARCHED: usize = 1_000;
/// The most guests of the waiting list that are read.
pub const MAX_WAITING: usize = 1_000;
/// The most commits in one batch, and the most calls in any other group.
pub const MAX_BATCH: usize = 500;

/// Everything that outlives the process: every aggregate of one store. Behind an `Arc` it can be
/// shared as a whole or as any one of its parts.
pub trait Store:
    BookingReader
    + CommitStore
    + ChangeLog
    + NotificationStore
    + RoomStore
    + WaitingList
    + CredentialStore
    + KeyValueStore
    + BackupStore
    + PersonalDataStore
    + StoreControl
{
}

impl<T> Store for T where
    T: BookingReader
        + CommitStore
        + ChangeLog
        + NotificationStore
        + RoomStore
        + WaitingList
        + CredentialStore
        + KeyValueStore
        + BackupStore
        + PersonalDataStore
        + StoreControl
{
}

/// Reads bookings.
#[async_trait]
pub trait BookingReader: Send + Sync + 'static {
    /// One booking with its track. A track is empty once its hold is over.
    async fn booking(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError>;

    /// The bookings with these receipt numbers, in any order. Unknown numbers are left out.
    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError>;

    /// One page of bookings, newest `booked_at` first, then by receipt number.
    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError>;

    /// The changes of one booking, oldest first.
    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError>;

    /// Notifications of these bookings that were given up, oldest first.
    async fn undelivered(
        &self,
        receipt_nos: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError>;

    /// The next wake of every pending booking, in any order, as a stream.
    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError>;
}

/// Writes bookings. Only the booking service and the commit queue use it.
#[async_trait]
pub trait CommitStore: Send + Sync + 'static {
    /// The next `count` counters for the receipt numbers of a hotel day, from 1. No counter is given
    /// out twice.
    async fn next_serials(
        &self,
        day: NaiveDate,
        count: u32,
    ) -> Result<RangeInclusive<u32>, StoreError>;

    /// Carries out at most [`MAX_BATCH`] commits, each as a whole or not at all, and returns their
    /// outcomes in order. If two exclude each other, the earlier one in the batch wins.
    ///
    /// # Errors
    /// [`StoreError`] if the whole batch failed. Its commits may be sent again: if one was written
    /// after all, its outcome is [`CommitOutcome::Stale`] or [`CommitOutcome::Repeated`] and never
    /// a second [`CommitOutcome::Done`].
    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError>;

    /// The booking that a request made, with the fingerprint of the request's input.
    async fn request(&self, id: TokenHash) -> Result<Option<RequestRecord>, StoreError>;

    /// Stores a booking's track and publishes [`FeedEvent::PositionMoved`]. Has no effect and
    /// returns `false` once positions are no longer kept for the booking.
    async fn put_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError>;
}

/// The log of committed changes.
#[async_trait]
pub trait ChangeLog: Send + Sync + 'static {
    /// The committed changes of every process, in order: from now on, or since a cursor. The stream
    /// is open when this returns, so it contains everything that is committed from then on. Only an
    /// error ends it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the cursor is malformed or too old.
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError>;

    /// The changes after one cursor up to and including another, for listeners that reconnect. The
    /// stream ends. It is empty if `until` is not after `after`, and contains no positions or
    /// settlements.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if `after` is malformed or too old.
    async fn replay(&self, after: &Cursor, until: &Cursor) -> Result<FeedStream, StoreError>;
}

/// The notifications that changes owe.
#[async_trait]
pub trait NotificationStore: Send + Sync + 'static {
    /// Notifications that are neither sent nor given up, oldest first, as a stream.
    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError>;

    /// Takes the lease of each notification that is still owed and whose current lease has ended by
    /// the time of the request or belongs to its node. Returns the outcomes in order.
    async fn take_leases(&self, requests: &[LeaseRequest])
    -> Result<Vec<LeaseOutcome>, StoreError>;

    /// Records the outcomes of notifications and publishes [`FeedEvent::NotificationSettled`] for
    /// each. Only the first outcome of a notification counts.
    ///
    /// # Errors
    /// [`StoreError`] if not all were recorded. They may be recorded again.
    async fn settle(
        &self,
        outcomes: &[(NotificationId, DeliveryOutcome)],
    ) -> Result<(), StoreError>;
}

/// Claims and allotments of rooms.
#[async_trait]
pub trait RoomStore: Send + Sync + 'static {
    /// The rooms taken and the allotment of every room type on `nights` nights from `from` on.
    /// Nights and types without claims or allotment are left out.
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError>;
}

/// The waiting list. Commits change it.
#[async_trait]
pub trait WaitingList: Send + Sync + 'static {
    /// The guests with check-in on a date or later who wait or were offered a room, in the order of
    /// the line, at most [`MAX_WAITING`].
    async fn waiting_guests(&self, from: NaiveDate) -> Result<Vec<WaitingGuest>, StoreError>;

    /// The guest of a ticket.
    async fn waiting_guest(&self, ticket: TokenHash) -> Result<Option<WaitingGuest>, StoreError>;
}

/// Sign-in codes, sessions, and the hotel's signing key.
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// Stores a one-time code or a session under the hash of its secret until it expires.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one with this secret.
    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError>;

    /// Deletes a credential and returns it. If several callers try, one of them gets it. For a
    /// session this publishes [`FeedEvent::SessionEnded`].
    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError>;

    /// The credential of a secret.
    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError>;

    /// The sessions that have not expired by `now`, each with the hash of its secret, in any order.
    async fn sessions(&self, now: Moment) -> Result<Vec<(TokenHash, Credential)>, StoreError>;

    /// The hotel's signing key. The first call stores `fresh`; every process gets that key from
    /// then on.
    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
}

/// Short texts by name, each with an expiry time.
#[async_trait]
pub trait KeyValueStore: Send + Sync + 'static {
    /// Stores a text under a name until it expires. It replaces an earlier one. Texts that have
    /// expired by `now` may be deleted.
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<(), StoreError>;

    /// Stores a text under a name unless there is one that has not expired by `now`. Returns whether
    /// it was stored. If several callers try, one of them stores its text.
    async fn put_value_if_absent(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<bool, StoreError>;

    /// The text stored under a name. It may have expired; the caller must check.
    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError>;
}

/// The store itself.
#[async_trait]
pub trait StoreControl: Send + Sync + 'static {
    /// How far the store's clock is ahead of this machine's, in milliseconds. `None` if both are
    /// the same clock or the difference is not known yet. This makes no call to the store.
    fn clock_ahead_ms(&self) -> Option<i64>;

    /// Whether this machine's clock is close enough to the store's to decide about deadlines: no
    /// more than [`MAX_CLOCK_OFFSET_MS`] off. Times of another clock would be judged by other
    /// processes, which trust the store's.
    fn is_clock_trusted(&self) -> bool {
        self.clock_ahead_ms().is_none_or(|ahead| ahead.abs() <= MAX_CLOCK_OFFSET_MS)
    }

    /// What keeps the store from keeping what it is given: now, and after every change. Most
    /// stores answer with an error instead, and have no such fault.
    fn faults(&self) -> BoxStream<'static, Option<StoreFault>> {
        stream::pending().boxed()
    }

    /// Checks that the store answers, and that it can write if it could not the last time.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Closes the store. Calls after this fail.
    async fn close(&self);
}

/// Why a call to the store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It does not exist.
    #[error("not found")]
    NotFound,
    /// Others kept changing the same data; trying again may work.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The store cannot be reached; trying later may work.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The stored data are damaged; trying later does not help.
    #[error("the stored data are damaged: {0}")]
    Damaged(String),
    /// An unexpected failure: a bug, or broken data.
    #[error("unexpected: {0}")]
    Unexpected(String),
}

/// A lasting fault of a store that someone at the hotel must mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The files were removed, replaced or given a second name. What is written would not be there
    /// after the next start.
    FilesChanged,
    /// The disk is full, read-only or broken.
    CannotWrite,
    /// The stored data are damaged.
    Damaged,
}

impl StoreFault {
    /// What is wrong, and what to do about it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::FilesChanged => {
                "the database files were removed, replaced or linked elsewhere while the server \
                 runs: nothing is written any more; put them back and restart the server"
            }
            Self::CannotWrite => {
                "the database cannot be written: free space on the disk and check that it is not \
                 read-only"
            }
            Self::Damaged => {
                "the database is damaged: stop the server, copy the files away and restore a backup"
            }
        }
    }
}

/// A stored one-time code or session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The member of staff.
    pub name: StaffName,
    /// The role that it gives.
    pub role: Role,
    /// Their Telegram id, if they were identified by it. They must still be staff to use it.
    pub telegram_id: Option<TelegramId>,
    /// When it expires. The caller must check; stores only delete expired ones some time later.
    pub expires_at: Moment,
}

/// A short text that outlives the process, such as the state of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// The text. Its meaning is known only to the code that wrote it.
    pub text: String,
    /// When it expires. The caller must check; stores only delete expired ones some time later.
    pub expires_at: Moment,
}

/// The two kinds of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// Signs in once.
    Code,
    /// Valid for a working day.
    Session,
}
