//! Who wins: the race of one batch, decided in memory from what the transaction read.
//!
//! Pure, so that it can be tested without a server. The commits are played through in order
//! against what was seen; what comes out is the whole difference, to be written at once. Every
//! write names what was seen, so that it matches nothing if the reading was wrong after all.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::NaiveDate;

use crate::domain::{Booking, ReceiptNo, Revision, RoomCode, TokenHash};
use crate::store::{Commit, CommitOutcome, Opening, RequestRecord, StoreError};

/// One room type on one night.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ClaimKey {
    pub room: RoomCode,
    pub night: NaiveDate,
}

/// The id of the claim's document. No room code holds a bar.
impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.room, self.night)
    }
}

/// The claims of a booking, first night first.
pub(super) fn claims_of(booking: &Booking) -> impl Iterator<Item = ClaimKey> + '_ {
    let room = &booking.stay.room.code;
    booking.stay.each_night().map(|night| ClaimKey { room: room.clone(), night })
}

/// What the transaction read. What is not in here does not exist.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub bookings: HashMap<ReceiptNo, SeenBooking>,
    pub claims: HashMap<ClaimKey, SeenClaim>,
    pub limits: HashMap<String, u32>,
    pub requests: HashMap<TokenHash, RequestRecord>,
}

#[derive(Debug, Clone)]
pub(super) struct SeenBooking {
    pub revision: Revision,
    /// The limits that its hold counts towards; empty once the hold is over.
    pub limit_keys: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct SeenClaim {
    pub taken: u32,
    pub allotment: Option<u32>,
}

/// The answers, and what has to be written for them to be true.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub answers: Vec<CommitOutcome>,
    /// The commits that won, in order: their changes are the log.
    pub winners: Vec<&'a Commit>,
    pub bookings: Vec<BookingWrite<'a>>,
    pub claims: Vec<CountWrite<ClaimKey>>,
    pub limits: Vec<CountWrite<String>>,
    pub requests: Vec<(TokenHash, RequestRecord)>,
    pub tracks_begun: Vec<ReceiptNo>,
    pub tracks_ended: Vec<ReceiptNo>,
}

/// The last state of a booking that moved; `seen` is the revision to replace.
#[derive(Debug)]
pub(super) struct BookingWrite<'a> {
    pub booking: &'a Booking,
    pub seen: Option<Revision>,
    pub limit_keys: Vec<String>,
}

/// A count that moved; `seen` is the number to replace, if there was one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CountWrite<K> {
    pub key: K,
    pub seen: Option<u32>,
    pub now: u32,
}

/// Plays the batch through.
///
/// # Errors
/// [`StoreError::Unexpected`] if more rooms would be freed than are taken.
pub(super) fn decide<'a>(batch: &'a [Commit], seen: &'a Seen) -> Result<Plan<'a>, StoreError> {
    let mut race = Race { seen, batch_state: BatchState::default() };
    let mut winners = Vec::new();
    let mut answers = Vec::with_capacity(batch.len());
    for commit in batch {
        let answer = race.run(commit)?;
        if answer == CommitOutcome::Done {
            winners.push(commit);
        }
        answers.push(answer);
    }
    Ok(race.finish(answers, winners))
}

/// What the batch has changed so far.
#[derive(Default)]
struct BatchState<'a> {
    bookings: BTreeMap<ReceiptNo, (&'a Booking, Vec<String>)>,
    claims: BTreeMap<ClaimKey, u32>,
    limits: BTreeMap<String, u32>,
    requests: Vec<(TokenHash, RequestRecord)>,
}

struct Race<'a> {
    seen: &'a Seen,
    batch_state: BatchState<'a>,
}

impl<'a> Race<'a> {
    fn run(&mut self, commit: &'a Commit) -> Result<CommitOutcome, StoreError> {
        match &commit.opening {
            Some(opening) => Ok(self.open(commit, opening)),
            None => self.step(commit),
        }
    }

    fn open(&mut self, commit: &'a Commit, opening: &'a Opening) -> CommitOutcome {
        let booking = &commit.change.booking;
        if let Some(requested) = self.requested(opening.request) {
            return CommitOutcome::Repeated(requested);
        }
        if self.revision(booking.receipt_no).is_some() {
            return CommitOutcome::Stale;
        }
        if let Some(full) = opening.limits.iter().find(|l| self.running(&l.key) >= l.most) {
            return CommitOutcome::TooManyHolds(full.most);
        }
        if let Some(full) = claims_of(booking).find(|key| self.is_sold_out(key, opening.rooms)) {
            return CommitOutcome::SoldOut(full.night);
        }
        for key in claims_of(booking) {
            let taken = self.taken(&key) + 1;
            self.batch_state.claims.insert(key, taken);
        }
        let limit_keys: Vec<_> = opening.limits.iter().map(|limit| limit.key.clone()).collect();
        for key in &limit_keys {
            let running = self.running(key) + 1;
            self.batch_state.limits.insert(key.clone(), running);
        }
        let receipt_no = booking.receipt_no;
        let requested = RequestRecord { receipt_no, fingerprint: opening.fingerprint };
        self.batch_state.requests.push((opening.request, requested));
        self.batch_state.bookings.insert(receipt_no, (booking, limit_keys));
        CommitOutcome::Done
    }

    fn step(&mut self, commit: &'a Commit) -> Result<CommitOutcome, StoreError> {
        let booking = &commit.change.booking;
        if self.revision(booking.receipt_no).map(Revision::next) != Some(booking.revision) {
            return Ok(CommitOutcome::Stale);
        }
        let mut limit_keys = self.limit_keys(booking.receipt_no);
        if commit.ends_hold() {
            for key in limit_keys.drain(..) {
                // A limit that is not counted holds nobody back: no reason to keep a room.
                let running = self.running(&key).saturating_sub(1);
                self.batch_state.limits.insert(key, running);
            }
        }
        if commit.frees_rooms() {
            for key in claims_of(booking) {
                let taken = self.taken(&key).checked_sub(1).ok_or_else(|| {
                    let receipt_no = booking.receipt_no;
                    StoreError::Unexpected(format!("{receipt_no} frees {key}, which is not taken"))
                })?;
                self.batch_state.claims.insert(key, taken);
            }
        }
        self.batch_state.bookings.insert(booking.receipt_no, (booking, limit_keys));
        Ok(CommitOutcome::Done)
    }

    fn revision(&self, receipt_no: ReceiptNo) -> Option<Revision> {
        let batch_state =
            self.batch_state.bookings.get(&receipt_no).map(|(booking, _)| booking.revision);
        batch_state.or_else(|| self.seen.bookings.get(&receipt_no).map(|seen| seen.revision))
    }

    fn limit_keys(&self, receipt_no: ReceiptNo) -> Vec<String> {
        match self.batch_state.bookings.get(&receipt_no) {
            Some((_, keys)) => keys.clone(),
            None => {
                self.seen.bookings.get(&receipt_no).map_or_else(Vec::new, |b| b.limit_keys.clone())
            }
        }
    }

    fn requested(&self, request: TokenHash) -> Option<RequestRecord> {
        let of_batch = self.batch_state.requests.iter().find(|(id, _)| *id == request);
        of_batch.map(|(_, made)| *made).or_else(|| self.seen.requests.get(&request).copied())
    }

    fn running(&self, key: &str) -> u32 {
        let batch_state = self.batch_state.limits.get(key);
        batch_state.or_else(|| self.seen.limits.get(key)).copied().unwrap_or_default()
    }

    fn taken(&self, key: &ClaimKey) -> u32 {
        let seen = || self.seen.claims.get(key).map_or(0, |claim| claim.taken);
        self.batch_state.claims.get(key).copied().unwrap_or_else(seen)
    }

    fn is_sold_out(&self, key: &ClaimKey, rooms: u32) -> bool {
        let allotment = self.seen.claims.get(key).and_then(|claim| claim.allotment);
        self.taken(key) >= allotment.unwrap_or(rooms)
    }

    fn finish(self, answers: Vec<CommitOutcome>, winners: Vec<&'a Commit>) -> Plan<'a> {
        let Self { seen, batch_state } = self;
        let mut bookings = Vec::with_capacity(batch_state.bookings.len());
        let (mut tracks_begun, mut tracks_ended) = (Vec::new(), Vec::new());
        for (receipt_no, (booking, limit_keys)) in batch_state.bookings {
            let seen = seen.bookings.get(&receipt_no).map(|seen| seen.revision);
            let has_track = booking.is_pending() && booking.arrived_at.is_none();
            match (seen, has_track) {
                (None, true) => tracks_begun.push(receipt_no),
                (Some(_), false) => tracks_ended.push(receipt_no),
                (None, false) | (Some(_), true) => {}
            }
            bookings.push(BookingWrite { booking, seen, limit_keys });
        }
        let claims = batch_state.claims.into_iter().map(|(key, now)| {
            let seen = seen.claims.get(&key).map(|claim| claim.taken);
            CountWrite { key, seen, now }
        });
        let limits = batch_state.limits.into_iter().map(|(key, now)| {
            let seen = seen.limits.get(&key).copied();
            CountWrite { key, seen, now }
        });
        Plan {
            answers,
            winners,
            bookings,
            claims: claims.filter(|write| write.seen.unwrap_or(0) != write.now).collect(),
            limits: limits.filter(|write| write.seen.unwrap_or(0) != write.now).collect(),
            requests: batch_state.requests,
            tracks_begun,
            tracks_ended,
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
