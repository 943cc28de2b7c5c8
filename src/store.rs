//! What the hotel keeps, in the hotel's terms: the trait that every store fulfils.
//!
//! One commit writes a booking's new state, its change, the rooms it takes or frees and the
//! guest's limits, or nothing of it. The domain decides the step; the store decides the race.
//! Nothing here knows rules, people's sentences or any driver.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveDate, TimeDelta};
use futures_util::stream::BoxStream;

use crate::domain::{
    Change, Held, Moment, ReceiptNo, Recipient, Revision, RoomCode, StaffName, Status, TokenHash,
    Track,
};

mod document;
pub mod mongo;
pub mod queue;
pub mod sqlite;

pub use crate::domain::Role;
pub use queue::CommitQueue;

/// Commits in one batch at most.
pub const MAX_BATCH: usize = 500;

/// Everything that outlives the process. Cheap to share behind an `Arc`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ── bookings ────────────────────────────────────────────────────────────────────────────

    /// The next counter of a hotel day's receipt numbers, from 1; never handed out twice.
    async fn next_serial(&self, day: NaiveDate) -> Result<u32, StoreError>;

    /// Carries out commits, each whole or not at all, and answers each in its place. Of two that
    /// cannot both be, the earlier in the batch wins. At most [`MAX_BATCH`].
    ///
    /// # Errors
    /// If the store failed as a whole; then a commit that had no answer may be sent again:
    /// one that was written after all answers [`CommitAnswer::Stale`] or
    /// [`CommitAnswer::Repeated`], never twice [`CommitAnswer::Done`].
    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitAnswer>, StoreError>;

    /// The booking that a request id made, with the fingerprint of its input.
    async fn requested(&self, request: TokenHash) -> Result<Option<Requested>, StoreError>;

    /// One booking with its track, of one moment.
    async fn held(&self, receipt_no: ReceiptNo) -> Result<Option<Held>, StoreError>;

    /// Those of these bookings that there are, in any order.
    async fn held_many(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<Held>, StoreError>;

    /// Bookings newest `booked_at` first, then by receipt number, one page.
    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError>;

    /// The changes of one booking, oldest first.
    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError>;

    /// Notices of these bookings that were given up, oldest first.
    async fn undelivered(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<Undelivered>, StoreError>;

    /// Every pending booking's next wake, in any order, streamed.
    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError>;

    /// Keeps a track beside its booking, and feeds [`Fed::Moved`]. Without effect (`false`) once
    /// the hold is over.
    async fn keep_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError>;

    // ── rooms ───────────────────────────────────────────────────────────────────────────────

    /// What is taken and allotted of every room type on so many nights from `from` on. Nights
    /// and types of which nothing is known are left out.
    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<Night>, StoreError>;

    /// Sets a night's allotment, unless more rooms are taken: then answers how many.
    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), BelowSold>, StoreError>;

    // ── the log ─────────────────────────────────────────────────────────────────────────────

    /// Every committed change in order, from every process, as it comes: from now on, or since
    /// a cursor. The stream is open when this returns: what is committed from then on is in it.
    /// It never ends by itself; an error ends it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the cursor is malformed or too old.
    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError>;

    /// The changes after one cursor up to and including another, for who was away: a stream
    /// that ends. Empty if `until` is not after `after`. Moves and marks are not in it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if `after` is malformed or too old.
    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, Fed), StoreError>>, StoreError>;

    /// Notices that are neither sent nor given up, oldest first, streamed.
    async fn owed(&self) -> Result<BoxStream<'static, Result<Owed, StoreError>>, StoreError>;

    /// Takes the right to deliver a notice, if it is still owed and its lease has ended by `now`
    /// or is this node's own.
    async fn take_lease(
        &self,
        notice: NoticeId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseAnswer, StoreError>;

    /// Writes down what became of a notice, and feeds [`Fed::Marked`]. The first mark stands.
    async fn mark(&self, notice: NoticeId, outcome: &Outcome) -> Result<(), StoreError>;

    // ── staff ───────────────────────────────────────────────────────────────────────────────

    /// Keeps a one-time code or a session, by the hash of its secret, until it expires.
    async fn keep_pass(
        &self,
        kind: PassKind,
        secret: TokenHash,
        pass: &Pass,
    ) -> Result<(), StoreError>;

    /// Takes a pass away and answers it: of many callers one gets it.
    async fn take_pass(
        &self,
        kind: PassKind,
        secret: TokenHash,
    ) -> Result<Option<Pass>, StoreError>;

    /// The pass of a secret.
    async fn pass(&self, kind: PassKind, secret: TokenHash) -> Result<Option<Pass>, StoreError>;

    // ── memos ───────────────────────────────────────────────────────────────────────────────

    /// Keeps a short text under a name until it expires; the later one stands. What has expired
    /// by `now` may be tidied up with it.
    async fn keep_memo(&self, name: &str, memo: &Memo, now: Moment) -> Result<(), StoreError>;

    /// The text kept under a name.
    async fn memo(&self, name: &str) -> Result<Option<Memo>, StoreError>;

    // ── the store itself ────────────────────────────────────────────────────────────────────

    /// The hotel's own secret, the same for every process and for good: `fresh` the first time,
    /// and the one kept then from then on.
    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

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

/// One step of one booking with its preconditions, to be written whole or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The step. Its booking's revision must be the one after what the store has.
    pub change: Arc<Change>,
    /// What the first step of a booking needs besides; `None` for every later one.
    pub opening: Option<Opening>,
    /// Who delivers the notices first, and for how long.
    pub lease: Lease,
}

impl Commit {
    /// Whether this step ends the hold: its limits are given back.
    #[must_use]
    pub fn ends_hold(&self) -> bool {
        !self.change.booking.is_pending()
    }

    /// Whether the guest's positions go with this step: at the end of the hold, and at the desk,
    /// where they play no part any more.
    #[must_use]
    pub fn ends_track(&self) -> bool {
        self.ends_hold() || self.change.booking.arrived_at.is_some()
    }

    /// Whether this step frees the rooms that the booking took.
    #[must_use]
    pub fn frees_rooms(&self) -> bool {
        // A cancelled booking takes no further step, so this is true of one commit only.
        matches!(self.change.booking.status, Status::Cancelled { .. })
    }
}

/// What the first step of a booking needs.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Rooms for sale a night, where no manager set another allotment.
    pub rooms: u32,
    /// Limits on running holds that it counts towards, the guest's first.
    pub limits: Vec<Limit>,
    /// The request that made it.
    pub request: TokenHash,
    /// SHA-256 over the request's input: the same id with other input is refused.
    pub fingerprint: TokenHash,
}

/// At most so many running holds may carry the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Whom it is counted for.
    pub key: String,
    /// How many may run.
    pub most: u32,
}

/// What became of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitAnswer {
    /// It is written.
    Done,
    /// Another step of the same booking came first.
    Stale,
    /// No room of the type is left on this night.
    SoldOut(NaiveDate),
    /// A limit is reached; how many it allows.
    TooManyHolds(u32),
    /// This request id made a booking before.
    Repeated(Requested),
}

/// What a request id made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// SHA-256 over the input of the request.
    pub fingerprint: TokenHash,
}

/// When a booking needs the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// Which booking.
    pub receipt_no: ReceiptNo,
    /// In which state: a wake of an older one is void.
    pub revision: Revision,
    /// When.
    pub at: Moment,
}

/// What is known of one room type on one night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// Which type.
    pub room: RoomCode,
    /// Which night.
    pub night: NaiveDate,
    /// Rooms taken by pending and paid bookings.
    pub taken: u32,
    /// Rooms for sale, if a manager set it.
    pub allotment: Option<u32>,
}

/// More rooms are sold than the allotment would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BelowSold(pub u32);

/// Which bookings. Every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these states.
    pub status: Option<Vec<StatusKind>>,
    /// With this check-in date.
    pub check_in: Option<NaiveDate>,
    /// Paid or cancelled at or after this moment.
    pub settled_since: Option<Moment>,
    /// Receipt number, or part of the name, whatever the case.
    pub search: Option<Search>,
}

/// A status without its data, to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    /// Pending.
    Pending,
    /// Paid.
    Paid,
    /// Cancelled.
    Cancelled,
}

impl From<&Status> for StatusKind {
    fn from(status: &Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Paid { .. } => Self::Paid,
            Status::Cancelled { .. } => Self::Cancelled,
        }
    }
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// This receipt number.
    Receipt(ReceiptNo),
    /// Part of a receipt number (`RESI-20260104`, `-001`) or of the guest's name, any case.
    Text(String),
}

/// Where a page ended: the next starts after this booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    /// When it was booked.
    pub booked_at: Moment,
    /// Its receipt number.
    pub receipt_no: ReceiptNo,
}

/// One page of bookings.
#[derive(Debug, Clone)]
pub struct Page {
    /// The bookings with their tracks.
    pub bookings: Vec<Held>,
    /// Whether there are more after these.
    pub has_next: bool,
    /// How many the filter matches in all.
    pub total: u64,
}

/// A place in the log of changes. What is in it only its store knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// An open stream of changes.
pub struct Changes {
    /// Where it starts: nothing after this cursor is missed.
    pub start: Cursor,
    /// What was committed after it.
    pub stream: BoxStream<'static, Result<(Cursor, Fed), StoreError>>,
}

/// What the log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Fed {
    /// A booking moved.
    Changed {
        /// The step.
        change: Arc<Change>,
        /// Who delivers its notices first.
        lease: Lease,
    },
    /// A guest moved. Never replayed.
    Moved(ReceiptNo),
    /// A notice was sent or given up. Never replayed.
    Marked(Mark),
}

/// What became of a notice, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Which notice.
    pub notice: NoticeId,
    /// Given up, not sent.
    pub is_given_up: bool,
}

/// Names one notice: the change that owes it, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeId {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// The change.
    pub revision: Revision,
    /// Who is told.
    pub to: Recipient,
}

/// The right to deliver a notice first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which process.
    pub node: NodeId,
    /// Until when; then others take over.
    pub until: Moment,
}

impl Lease {
    /// How long a process has the right to deliver a notice: longer than any attempt.
    pub const LENGTH: TimeDelta = TimeDelta::seconds(30);
}

/// What became of the wish to deliver a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// The lease is the caller's.
    Taken,
    /// Another process has the right until then.
    HeldUntil(Moment),
    /// It is sent or given up, or never was.
    Settled,
}

/// One process's name, fresh at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeId(pub String);

/// A notice that is still to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Owed {
    /// The change that owes it.
    pub change: Arc<Change>,
    /// To whom.
    pub to: Recipient,
    /// Who has the right to deliver it.
    pub lease: Lease,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted by the recipient's side.
    Sent(Moment),
    /// Given up, with the reason in the front office's words.
    GaveUp(Moment, String),
}

/// A notice that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Of which booking.
    pub receipt_no: ReceiptNo,
    /// To whom.
    pub to: Recipient,
    /// Why.
    pub reason: String,
}

/// What a secret opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// For whom.
    pub name: StaffName,
    /// May they do what only managers may?
    pub role: Role,
    /// Until when. Whoever reads the pass compares; stores only tidy up.
    pub expires_at: Moment,
}

/// A short text that outlives the process: where a conversation stands, which message shows what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memo {
    /// What is kept. Only who wrote it knows what it means.
    pub text: String,
    /// Until when. Whoever reads the memo compares; stores only tidy up.
    pub expires_at: Moment,
}

/// The two kinds of pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassKind {
    /// Signs in once.
    Code,
    /// Holds for a working day.
    Session,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{} to {:?}", self.receipt_no, self.revision.0, self.to)
    }
}
