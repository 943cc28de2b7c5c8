//! A commit on its way into the store, and what became of it.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Lease;
use super::race::ClaimKey;
use crate::domain::{Booking, Change, ReceiptNo, TokenHash};

/// Steps of one or more bookings with their preconditions, written all or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The steps, in order; at least one. A later step sees what the earlier ones did.
    pub steps: Vec<CommitStep>,
    /// The request id that this commit carries out, if it must happen only once. It names the
    /// booking of the first step from then on.
    pub request: Option<RequestKey>,
    /// Who delivers the notifications first, and until when.
    pub lease: Lease,
}

/// One step of one booking, with what it takes and gives back in the store.
#[derive(Debug, Clone)]
pub struct CommitStep {
    /// The step. Its booking's revision must be the one after the stored one, or the first.
    pub change: Arc<Change>,
    /// Room nights that are taken. Each must have a room left.
    pub takes: Vec<ClaimKey>,
    /// Room nights that are given back, before any is taken.
    pub releases: Vec<ClaimKey>,
    /// Rooms for sale a night of the type that is taken, where no manager set an allotment.
    pub rooms: u32,
    /// Limits that the hold counts towards from now on, besides those that it already does.
    pub limits: Vec<Limit>,
    /// What becomes of the guest's positions.
    pub track: TrackEffect,
}

/// What a step does to the guest's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackEffect {
    /// Nothing.
    Keep,
    /// From now on positions are kept.
    Begin,
    /// They are deleted.
    End,
}

/// A request that must be carried out only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// SHA-256 of the request id.
    pub id: TokenHash,
    /// SHA-256 over the request's input: the same id with other input is refused.
    pub fingerprint: TokenHash,
}

impl CommitStep {
    /// The step from one state of a booking (`None`: there was none) to the one in `change`.
    /// Rooms and positions follow from the two states.
    #[must_use]
    pub fn new(before: Option<&Booking>, change: Change) -> Self {
        let after = &change.booking;
        let taken = |booking: &Booking| {
            if booking.takes_room() { claims_of(booking).collect() } else { Vec::new() }
        };
        let (mut releases, mut takes) = (before.map_or_else(Vec::new, taken), taken(after));
        // Nights that stay taken are neither given back nor asked for.
        releases.retain(|key| match takes.iter().position(|taken| taken == key) {
            Some(index) => {
                takes.remove(index);
                false
            }
            None => true,
        });
        let track = match (before.is_some_and(has_track), has_track(after)) {
            (false, true) => TrackEffect::Begin,
            (true, false) => TrackEffect::End,
            (false, false) | (true, true) => TrackEffect::Keep,
        };
        Self { change: Arc::new(change), takes, releases, rooms: 0, limits: Vec::new(), track }
    }

    /// The same step, which may take rooms of a type that has so many for sale, and counts
    /// towards these limits.
    #[must_use]
    pub fn within(self, rooms: u32, limits: Vec<Limit>) -> Self {
        Self { rooms, limits, ..self }
    }

    /// Whether this step ends the hold: its limits are given back.
    #[must_use]
    pub fn ends_hold(&self) -> bool {
        !self.change.booking.is_pending()
    }
}

/// Positions are kept while the hold runs and the guest is not at the desk.
fn has_track(booking: &Booking) -> bool {
    booking.is_pending() && booking.arrived_at.is_none()
}

/// The room nights of a booking, first night first.
fn claims_of(booking: &Booking) -> impl Iterator<Item = ClaimKey> + '_ {
    let room = &booking.stay.room.code;
    booking.stay.each_night().map(|night| ClaimKey { room: room.clone(), night })
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
    /// The receipt number of a new booking names another one already.
    NumberTaken,
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
