//! What the hotel keeps, in the hotel's terms: a trait for each aggregate, which every store
//! implements.
//!
//! One commit writes a booking's new state, its change, the rooms it takes or frees and the
//! guest's limits, or nothing of it. The domain decides the step; the store decides the race.
//! Nothing here knows rules, people's sentences or any driver.

use crate::domain::Role;
use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::stream::BoxStream;

use crate::domain::{
    Change, Moment, ReceiptNo, RoomCode, StaffName, TokenHash, Track, TrackedBooking,
};

mod commit;
mod document;
mod list;
mod log;
pub mod mongo;
pub mod queue;
mod race;
pub mod sqlite;
mod typed;

pub use commit::{
    Commit, CommitOutcome, CommitStep, Limit, RequestKey, RequestRecord, TrackEffect,
};
pub use list::{BelowSold, Filter, Page, PageKey, RoomNight, Search, StatusKind, Wake};
pub use log::{
    Changes, Cursor, DeliveryOutcome, FeedEvent, FeedStream, Lease, LeaseOutcome, NodeId,
    NotificationId, OwedNotification, SettledNotification, UndeliveredNotification,
};
pub use queue::CommitQueue;
pub use race::ClaimKey;
pub use typed::{Stored, TypedValues};

/// Commits in one batch at most.
pub const MAX_BATCH: usize = 500;

/// Everything that outlives the process: every aggregate of one store. Cheap to share behind an
/// `Arc`, and as any one of its parts.
pub trait Store:
    BookingReader
    + CommitStore
    + ChangeLog
    + NotificationStore
    + RoomStore
    + CredentialStore
    + KeyValueStore
    + StoreControl
{
}

impl<T> Store for T where
    T: BookingReader
        + CommitStore
        + ChangeLog
        + NotificationStore
        + RoomStore
        + CredentialStore
        + KeyValueStore
        + StoreControl
{
}

/// Bookings, as they are now.
#[async_trait]
pub trait BookingReader: Send + Sync + 'static {
    /// One booking with its track, of one moment.
    async fn booking(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError>;

    /// Those of these bookings that there are, in any order.
    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError>;

    /// Bookings newest `booked_at` first, then by receipt number, one page.
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

    /// Every pending booking's next wake, in any order, streamed.
    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError>;
}

/// How bookings move. Only the booking service and the commit queue use it.
#[async_trait]
pub trait CommitStore: Send + Sync + 'static {
    /// The next counter of a hotel day's receipt numbers, from 1; never handed out twice.
    async fn next_serial(&self, day: NaiveDate) -> Result<u32, StoreError>;

    /// Carries out commits, each whole or not at all, and answers each in its place. Of two that
    /// cannot both be, the earlier in the batch wins. At most [`MAX_BATCH`].
    ///
    /// # Errors
    /// If the store failed as a whole; then a commit that had no answer may be sent again:
    /// one that was written after all answers [`CommitOutcome::Stale`] or
    /// [`CommitOutcome::Repeated`], never twice [`CommitOutcome::Done`].
    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError>;

    /// The booking that a request id made, with the fingerprint of its input.
    async fn request(&self, id: TokenHash) -> Result<Option<RequestRecord>, StoreError>;

    /// Keeps a track beside its booking, and feeds [`FeedEvent::PositionMoved`]. Without effect
    /// (`false`) once the hold is over.
    async fn keep_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError>;
}

/// The log of committed changes.
#[async_trait]
pub trait ChangeLog: Send + Sync + 'static {
    /// Every committed change in order, from every process, as it comes: from now on, or since
    /// a cursor. The stream is open when this returns: what is committed from then on is in it.
    /// It never ends by itself; an error ends it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the cursor is malformed or too old.
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError>;

    /// The changes after one cursor up to and including another, for who was away: a stream
    /// that ends. Empty if `until` is not after `after`. Positions and settlements are not in it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if `after` is malformed or too old.
    async fn replay(&self, after: &Cursor, until: &Cursor) -> Result<FeedStream, StoreError>;
}

/// Notifications that changes owe.
#[async_trait]
pub trait NotificationStore: Send + Sync + 'static {
    /// Notifications that are neither sent nor given up, oldest first, streamed.
    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError>;

    /// Takes the right to deliver a notification, if it is still owed and its lease has ended by
    /// `now` or is this node's own.
    async fn take_lease(
        &self,
        notification: NotificationId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Writes down what became of a notification, and feeds [`FeedEvent::NotificationSettled`].
    /// The first settlement stands.
    async fn settle(
        &self,
        notification: NotificationId,
        outcome: &DeliveryOutcome,
    ) -> Result<(), StoreError>;
}

/// Rooms taken and allotted.
#[async_trait]
pub trait RoomStore: Send + Sync + 'static {
    /// What is taken and allotted of every room type on so many nights from `from` on. Nights
    /// and types of which nothing is known are left out.
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError>;

    /// Sets a night's allotment, unless more rooms are taken: then answers how many.
    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), BelowSold>, StoreError>;
}

/// Sign-in codes, sessions, and the hotel's own secret.
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// Keeps a one-time code or a session, by the hash of its secret, until it expires.
    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError>;

    /// Takes a credential away and answers it: of many callers one gets it.
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

    /// The hotel's own secret, the same for every process and for good: `fresh` the first time,
    /// and the one kept then from then on.
    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
}

/// Short texts by name, each with an end.
#[async_trait]
pub trait KeyValueStore: Send + Sync + 'static {
    /// Keeps a text under a name until it expires; the later one stands. What has expired by
    /// `now` may be deleted with it.
    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<(), StoreError>;

    /// The text kept under a name. It may have expired: whoever reads it compares.
    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError>;
}

/// The store itself.
#[async_trait]
pub trait StoreControl: Send + Sync + 'static {
    /// How far the store's clock is ahead of this machine's, in milliseconds; `None` where they
    /// are the same clock or it is not known yet. No call to the store is made.
    fn clock_ahead_ms(&self) -> Option<i64>;

    /// Asks the store for a sign of life.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Lets go of everything. Calls after this fail.
    async fn close(&self);
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// Others kept changing the same thing; asking again may work.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The store is away; asking later may work.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What no one foresaw: a bug, or data that is broken.
    #[error("unexpected: {0}")]
    Unexpected(String),
}

/// What a secret opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// For whom.
    pub name: StaffName,
    /// May they do what only managers may?
    pub role: Role,
    /// Until when. Whoever reads the credential compares; stores only tidy up.
    pub expires_at: Moment,
}

/// A short text that outlives the process: where a conversation stands, which message shows what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// What is kept. Only who wrote it knows what it means.
    pub text: String,
    /// Until when. Whoever reads the memo compares; stores only tidy up.
    pub expires_at: Moment,
}

/// The two kinds of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// Signs in once.
    Code,
    /// Holds for a working day.
    Session,
}
