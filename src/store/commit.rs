//! A commit, with its preconditions, and its outcome.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;

use super::{AllotmentTooLow, Lease};
use crate::domain::{Allotment, Booking, Change, ReceiptNo, RoomCode, TokenHash, WaitingGuest};

/// One room type on one night.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey {
    /// The room type.
    pub room: RoomCode,
    /// The night.
    pub night: NaiveDate,
}

impl ClaimKey {
    /// The claim of a name; `None` if it is not one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (room, night) = name.split_once('|')?;
        Some(Self { room: RoomCode::parse(room).ok()?, night: night.parse().ok()? })
    }
}

/// The name of the claim in stores and errors. Room codes contain no `|`.
impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.room, self.night)
    }
}

/// What is written together, all or not at all, with its preconditions: steps of bookings, rooms
/// for sale, and the waiting list.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The steps of one or more bookings, in order. A later step sees what the earlier ones did.
    pub steps: Vec<CommitStep>,
    /// What a manager sets of one room type, before the steps.
    pub allotment: Option<(RoomCode, Allotment)>,
    /// What happens to the waiting list.
    pub waiting: Option<WaitingStep>,
    /// The request id that this commit carries out, if it must happen only once. It names the
    /// booking of the first step from then on.
    pub request: Option<RequestKey>,
    /// Which node delivers the notifications first, and until when.
    pub lease: Lease,
}

impl Commit {
    /// A commit of steps only.
    #[must_use]
    pub fn of_steps(steps: Vec<CommitStep>, request: Option<RequestKey>, lease: Lease) -> Self {
        Self { steps, allotment: None, waiting: None, request, lease }
    }
}

/// What a commit does to the waiting list.
#[derive(Debug, Clone)]
pub enum WaitingStep {
    /// A guest joins at the end. No room that they wish may be free.
    Join {
        /// The guest.
        guest: Arc<WaitingGuest>,
        /// The room types that fulfil the wish, each with its rooms for sale on nights without an
        /// allotment.
        rooms: Vec<(RoomCode, u32)>,
    },
    /// A guest leaves.
    Leave {
        /// The guest's ticket.
        ticket: TokenHash,
    },
    /// The line was looked at for rooms that are free, or that this commit frees.
    Offer {
        /// The versions of the line that were seen, for each room night that was looked at.
        seen: Vec<(ClaimKey, u32)>,
        /// The guests who are offered a room, each with the booking that offers it.
        offered: Vec<(TokenHash, ReceiptNo)>,
        /// The guests who wait no longer, because the day of their check-in is over.
        over: Vec<TokenHash>,
    },
}

/// One step of one booking, with the rooms and limits that it takes and gives back.
#[derive(Debug, Clone)]
pub struct CommitStep {
    /// The change. Its booking's revision must follow the stored one, or be the first.
    pub change: Arc<Change>,
    /// The room nights that are taken. Each must have a room left.
    pub takes: Vec<ClaimKey>,
    /// The room nights that are given back, before any is taken.
    pub releases: Vec<ClaimKey>,
    /// The rooms for sale of the type that is taken, on nights without an allotment.
    pub rooms: u32,
    /// Limits that the hold counts towards from now on, besides those that it already counts
    /// towards.
    pub limits: Vec<Limit>,
    /// What happens to the guest's positions.
    pub track: TrackEffect,
    /// Whether words changed by which a booking that is stored already is found.
    pub is_found_anew: bool,
}

/// What a step does to the guest's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackEffect {
    /// Nothing.
    Keep,
    /// Positions are kept from now on.
    Begin,
    /// Positions are deleted and no longer kept.
    End,
}

/// A request that must be carried out only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// SHA-256 of the request id.
    pub id: TokenHash,
    /// SHA-256 over the request's input. The same id with other input is refused.
    pub fingerprint: TokenHash,
}

impl CommitStep {
    /// The step from one state of a booking (`None` for a new one) to the state in `change`.
    /// The effects on rooms and positions follow from the two states.
    #[must_use]
    pub fn new(before: Option<&Booking>, change: Change) -> Self {
        let after = &change.booking;
        let taken = |booking: &Booking| {
            if booking.takes_room() { claims_of(booking).collect() } else { Vec::new() }
        };
        let (mut releases, mut takes) = (before.map_or_else(Vec::new, taken), taken(after));
        // Nights in both states are neither given back nor taken.
        releases.retain(|key| match takes.iter().position(|taken| taken == key) {
            Some(index) => {
                takes.remove(index);
                false
            }
            None => true,
        });
        let track = match (before.is_some_and(Booking::has_track), after.has_track()) {
            (false, true) => TrackEffect::Begin,
            (true, false) => TrackEffect::End,
            (false, false) | (true, true) => TrackEffect::Keep,
        };
        let is_found_anew = before.is_some_and(|before| {
            before.guest.name != after.guest.name || before.stay.price != after.stay.price
        });
        let (rooms, limits) = (0, Vec::new());
        let change = Arc::new(change);
        Self { change, takes, releases, rooms, limits, track, is_found_anew }
    }

    /// The same step with the number of rooms for sale of its type, and with the limits that it
    /// counts towards.
    #[must_use]
    pub fn within(self, rooms: u32, limits: Vec<Limit>) -> Self {
        Self { rooms, limits, ..self }
    }

    /// Whether this step ends the hold. If so, its limits are given back.
    #[must_use]
    pub fn ends_hold(&self) -> bool {
        !self.change.booking.is_pending()
    }
}

/// The room nights of a booking, first night first.
fn claims_of(booking: &Booking) -> impl Iterator<Item = ClaimKey> + '_ {
    let room = &booking.stay.room.code;
    booking.stay.each_night().map(|night| ClaimKey { room: room.clone(), night })
}

/// A limit of running holds with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The guest or address that it counts for.
    pub key: String,
    /// The most running holds.
    pub most: u32,
}

/// The outcome of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is written.
    Done,
    /// Another step of the same booking was committed first.
    Stale,
    /// The receipt number of the new booking is taken by another booking.
    NumberTaken,
    /// No room of the type is left on this night.
    SoldOut(NaiveDate),
    /// This limit is reached.
    TooManyHolds(Limit),
    /// This request id made a booking before.
    Repeated(RequestRecord),
    /// Somebody waits for a room that this commit frees, and the line was not looked at or has
    /// changed since.
    GuestsWait,
    /// A room that the guest wants to wait for is free.
    RoomIsFree,
    /// The ticket is known already, so nobody joined.
    HasTicket,
    /// More rooms are sold than the allotment would be.
    AllotmentTooLow(AllotmentTooLow),
}

/// A request that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRecord {
    /// The booking that it made.
    pub receipt_no: ReceiptNo,
    /// SHA-256 over the input of the request.
    pub fingerprint: TokenHash,
}
