//! One step of one booking on its way into the store, and what became of it.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Lease;
use crate::domain::{Change, ReceiptNo, Status, TokenHash};

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
pub enum CommitOutcome {
    /// It is written.
    Done,
    /// Another step of the same booking came first.
    Stale,
    /// No room of the type is left on this night.
    SoldOut(NaiveDate),
    /// A limit is reached; how many it allows.
    TooManyHolds(u32),
    /// This request id made a booking before.
    Repeated(RequestRecord),
}

/// What a request id made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRecord {
    /// The booking.
    pub receipt_no: ReceiptNo,
    /// SHA-256 over the input of the request.
    pub fingerprint: TokenHash,
}
