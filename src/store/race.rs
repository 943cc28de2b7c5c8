//! Decides which commits of a batch win, in memory, from what the store read.
//!
//! Both stores use it. A store loads a [`Snapshot`] of everything that the batch depends on, asks
//! [`decide`] for the [`WritePlan`], and writes the plan as a whole or not at all. The commits are
//! applied to the snapshot in order, so if two exclude each other, the earlier one wins.
//!
//! This module is pure: it has no I/O, clock or driver. It does not decide what happens to a
//! booking or who is offered a room; the domain does. It only knows revisions, rooms, limits, request
//! ids and the versions of the waiting list.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    AllotmentTooLow, ClaimKey, Commit, CommitOutcome, CommitStep, RequestRecord, StoreError,
    TrackEffect, WaitingStep,
};
use crate::domain::{Allotment, Booking, ReceiptNo, Revision, RoomCode, TokenHash, WaitingGuest};

/// What the transaction read. Everything that is missing here does not exist in the store.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub bookings: HashMap<ReceiptNo, BookingState>,
    pub claims: HashMap<ClaimKey, Claim>,
    /// Running holds by limit key.
    pub limits: HashMap<String, u32>,
    pub requests: HashMap<TokenHash, RequestRecord>,
    pub waiting: HashMap<TokenHash, Place>,
}

/// A guest's place in the waiting list.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Whether the guest still waits.
    pub is_waiting: bool,
    /// The room nights that the guest could take.
    pub claims: Vec<ClaimKey>,
}

/// What the race needs to know of a stored booking.
#[derive(Debug, Clone)]
pub(super) struct BookingState {
    pub revision: Revision,
    /// The limits that its hold counts towards; empty once the hold is over.
    pub limit_keys: Vec<String>,
}

/// Rooms taken and allotted on one night, and who waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Claim {
    pub taken: u32,
    /// Rooms for sale, if a manager set a number.
    pub allotment: Option<u32>,
    /// Whether a manager closed the type.
    pub is_closed: bool,
    /// The guests who wait and could take a room.
    pub waiting: u32,
    /// Grows when such a guest joins or leaves.
    pub line: u32,
}

/// What must be read for a batch, as far as it is known before any booking is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReadSet {
    pub bookings: BTreeSet<ReceiptNo>,
    pub claims: BTreeSet<ClaimKey>,
    pub limits: BTreeSet<String>,
    pub requests: BTreeSet<TokenHash>,
    pub waiting: BTreeSet<TokenHash>,
}

impl ReadSet {
    /// What a batch depends on. It does not contain what is known only once others are read: the limits
    /// that ending holds give back ([`Snapshot::released_limits`]), and the room nights of guests who
    /// leave the waiting list ([`Snapshot::left_claims`]).
    pub fn of(batch: &[Commit]) -> Self {
        let mut read = Self::default();
        for commit in batch {
            read.requests.extend(commit.request.iter().map(|request| request.id));
            if let Some((room, allotment)) = &commit.allotment {
                read.claims.extend(claims_of(room, allotment));
            }
            match &commit.waiting {
                Some(WaitingStep::Join { guest, rooms }) => {
                    read.waiting.insert(guest.ticket);
                    read.claims.extend(wished_claims(guest, rooms));
                }
                Some(WaitingStep::Leave { ticket }) => {
                    read.waiting.insert(*ticket);
                }
                Some(WaitingStep::Offer { offered, over, .. }) => {
                    read.waiting.extend(
                        offered.iter().map(|(ticket, _)| *ticket).chain(over.iter().copied()),
                    );
                }
                None => {}
            }
            for step in &commit.steps {
                read.bookings.insert(step.change.booking.receipt_no);
                read.claims.extend(step.takes.iter().chain(&step.releases).cloned());
                read.limits.extend(step.limits.iter().map(|limit| limit.key.clone()));
            }
        }
        read
    }
}

impl Snapshot {
    /// The limits that the ending holds of a batch give back, once its bookings are read.
    pub fn released_limits(&self, batch: &[Commit]) -> BTreeSet<String> {
        let steps = batch.iter().flat_map(|commit| &commit.steps);
        steps
            .filter(|step| step.ends_hold())
            .filter_map(|step| self.bookings.get(&step.change.booking.receipt_no))
            .flat_map(|state| state.limit_keys.iter().cloned())
            .collect()
    }

    /// The room nights that the guests of the snapshot could take, once they are read.
    pub fn left_claims(&self) -> BTreeSet<ClaimKey> {
        self.waiting.values().flat_map(|place| place.claims.iter().cloned()).collect()
    }
}

/// Each room night of an allotment.
fn claims_of(room: &RoomCode, allotment: &Allotment) -> impl Iterator<Item = ClaimKey> {
    let room = room.clone();
    allotment.each_night().map(move |night| ClaimKey { room: room.clone(), night })
}

/// Each room night that a guest could take.
fn wished_claims<'a>(
    guest: &'a WaitingGuest,
    rooms: &'a [(RoomCode, u32)],
) -> impl Iterator<Item = ClaimKey> + 'a {
    let of_room = |(room, _): &'a (RoomCode, u32)| {
        guest.wish.each_night().map(move |night| ClaimKey { room: room.clone(), night })
    };
    rooms.iter().flat_map(of_room)
}

/// The outcomes of a batch, and what must be written for them.
#[derive(Debug)]
pub(super) struct WritePlan<'a> {
    /// One for each commit, in the order of the batch.
    pub outcomes: Vec<CommitOutcome>,
    /// The commits that won, in order: their changes go into the log.
    pub winners: Vec<&'a Commit>,
    pub bookings: Vec<BookingWrite<'a>>,
    pub claims: Vec<ClaimWrite>,
    pub limits: Vec<CountWrite<String>>,
    pub requests: Vec<(TokenHash, RequestRecord)>,
    /// Tracks to delete. Written before `tracks_begun`: a booking can be in both.
    pub tracks_ended: Vec<ReceiptNo>,
    pub tracks_begun: Vec<ReceiptNo>,
    pub waiting: Vec<WaitingWrite<'a>>,
}

/// A room night that changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClaimWrite {
    pub key: ClaimKey,
    /// What is replaced; `None` if there is none.
    pub before: Option<Claim>,
    pub after: Claim,
}

/// A change of the waiting list.
#[derive(Debug)]
pub(super) enum WaitingWrite<'a> {
    /// A guest joined, who could take these room nights.
    Insert(&'a WaitingGuest, Vec<ClaimKey>),
    /// A guest was offered a room.
    Offered(TokenHash, ReceiptNo),
    /// A guest left.
    Delete(TokenHash),
}

/// The last state of a booking that changed.
#[derive(Debug)]
pub(super) struct BookingWrite<'a> {
    pub booking: &'a Booking,
    /// The stored revision that is replaced; `None` for a new booking.
    pub before: Option<Revision>,
    pub limit_keys: Vec<String>,
    /// Whether the words of a stored booking must be replaced.
    pub is_found_anew: bool,
}

/// A number that changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CountWrite<K> {
    pub key: K,
    /// The stored number that is replaced; `None` if there is none.
    pub before: Option<u32>,
    pub after: u32,
}

/// Decides the outcomes of a batch.
///
/// # Errors
/// [`StoreError::Unexpected`] if more rooms would be freed than are taken.
pub(super) fn decide<'a>(
    batch: &'a [Commit],
    snapshot: &'a Snapshot,
) -> Result<WritePlan<'a>, StoreError> {
    let mut state = PendingWrites::default();
    let mut winners = Vec::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for commit in batch {
        let mut race = Race { snapshot, earlier: &state, own: PendingWrites::default() };
        let outcome = race.run(commit)?;
        if outcome == CommitOutcome::Done {
            let own = race.own;
            state.merge(own);
            winners.push(commit);
        }
        outcomes.push(outcome);
    }
    Ok(plan(snapshot, state, outcomes, winners))
}

/// What commits have changed so far, on top of a snapshot.
#[derive(Default)]
struct PendingWrites<'a> {
    bookings: BTreeMap<ReceiptNo, BookingMove<'a>>,
    claims: BTreeMap<ClaimKey, Claim>,
    limits: BTreeMap<String, u32>,
    requests: BTreeMap<TokenHash, RequestRecord>,
    places: BTreeMap<TokenHash, Place>,
    waiting: Vec<WaitingWrite<'a>>,
}

#[derive(Clone)]
struct BookingMove<'a> {
    booking: &'a Booking,
    limit_keys: Vec<String>,
    track: TrackWrite,
    is_found_anew: bool,
}

/// What must be done with the stored track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct TrackWrite {
    delete: bool,
    insert: bool,
}

impl TrackWrite {
    fn then(self, effect: TrackEffect) -> Self {
        match effect {
            TrackEffect::Keep => self,
            TrackEffect::Begin => Self { insert: true, ..self },
            // A track that began in this batch is not stored, so there is nothing to delete.
            TrackEffect::End => Self { delete: self.delete || !self.insert, insert: false },
        }
    }
}

impl PendingWrites<'_> {
    fn merge(&mut self, later: Self) {
        self.bookings.extend(later.bookings);
        self.claims.extend(later.claims);
        self.limits.extend(later.limits);
        self.requests.extend(later.requests);
        self.places.extend(later.places);
        self.waiting.extend(later.waiting);
    }
}

/// One commit on top of the earlier ones. Its own changes are kept apart, so that a commit that
/// fails at a later step has no effect.
struct Race<'r, 'a> {
    snapshot: &'a Snapshot,
    earlier: &'r PendingWrites<'a>,
    own: PendingWrites<'a>,
}

impl<'a> Race<'_, 'a> {
    fn run(&mut self, commit: &'a Commit) -> Result<CommitOutcome, StoreError> {
        if let Some(request) = &commit.request
            && let Some(known) = self.request(request.id)
        {
            return Ok(CommitOutcome::Repeated(known));
        }
        if let Some((room, allotment)) = &commit.allotment
            && let Err(outcome) = self.allot(room, allotment, commit)
        {
            return Ok(outcome);
        }
        for step in &commit.steps {
            let outcome = self.step(step, commit)?;
            if outcome != CommitOutcome::Done {
                return Ok(outcome);
            }
        }
        if let Some(step) = &commit.waiting
            && let Err(outcome) = self.move_line(step)
        {
            return Ok(outcome);
        }
        if let (Some(request), Some(first)) = (&commit.request, commit.steps.first()) {
            let receipt_no = first.change.booking.receipt_no;
            let record = RequestRecord { receipt_no, fingerprint: request.fingerprint };
            self.own.requests.insert(request.id, record);
        }
        Ok(CommitOutcome::Done)
    }

    /// Sets what a manager allots.
    fn allot(
        &mut self,
        room: &RoomCode,
        allotment: &Allotment,
        commit: &Commit,
    ) -> Result<(), CommitOutcome> {
        for key in claims_of(room, allotment) {
            let mut claim = self.claim(&key);
            if let Some(rooms) = allotment.rooms {
                if claim.taken > rooms {
                    let too_low = AllotmentTooLow { night: key.night, sold: claim.taken };
                    return Err(CommitOutcome::AllotmentTooLow(too_low));
                }
                claim.allotment = Some(rooms);
            }
            claim.is_closed = allotment.is_closed.unwrap_or(claim.is_closed);
            if !self.line_was_seen(&key, commit) {
                return Err(CommitOutcome::GuestsWait);
            }
            self.own.claims.insert(key, claim);
        }
        Ok(())
    }

    /// Whether nobody waits for a room of this night, or the commit looked at the line as it is now.
    fn line_was_seen(&self, key: &ClaimKey, commit: &Commit) -> bool {
        let claim = self.claim(key);
        let has_seen = || match &commit.waiting {
            Some(WaitingStep::Offer { seen, .. }) => {
                seen.iter().any(|(seen, line)| seen == key && *line == claim.line)
            }
            Some(WaitingStep::Join { .. } | WaitingStep::Leave { .. }) | None => false,
        };
        claim.waiting == 0 || has_seen()
    }

    /// Changes the waiting list.
    fn move_line(&mut self, step: &'a WaitingStep) -> Result<(), CommitOutcome> {
        match step {
            WaitingStep::Join { guest, rooms } => {
                if self.place(guest.ticket).is_some() {
                    return Err(CommitOutcome::HasTicket);
                }
                let is_free = |(room, rooms): &(RoomCode, u32)| {
                    guest.wish.each_night().all(|night| {
                        !self.is_sold_out(&ClaimKey { room: room.clone(), night }, *rooms)
                    })
                };
                if rooms.iter().any(is_free) {
                    return Err(CommitOutcome::RoomIsFree);
                }
                let claims: Vec<_> = wished_claims(guest, rooms).collect();
                for key in &claims {
                    self.count_waiting(key, |waiting| waiting.saturating_add(1));
                }
                self.own.waiting.push(WaitingWrite::Insert(guest, claims.clone()));
                self.own.places.insert(guest.ticket, Place { is_waiting: true, claims });
            }
            WaitingStep::Leave { ticket } => {
                if !self.end_waiting(*ticket) {
                    return Err(CommitOutcome::Stale);
                }
                self.own.waiting.push(WaitingWrite::Delete(*ticket));
            }
            WaitingStep::Offer { offered, over, .. } => {
                for (ticket, receipt_no) in offered {
                    if !self.end_waiting(*ticket) {
                        return Err(CommitOutcome::GuestsWait);
                    }
                    self.own.waiting.push(WaitingWrite::Offered(*ticket, *receipt_no));
                }
                for ticket in over {
                    if self.end_waiting(*ticket) {
                        self.own.waiting.push(WaitingWrite::Delete(*ticket));
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the waiting of a guest. Returns whether the guest waited.
    fn end_waiting(&mut self, ticket: TokenHash) -> bool {
        let Some(place) = self.place(ticket).filter(|place| place.is_waiting) else {
            return false;
        };
        let claims = place.claims.clone();
        for key in &claims {
            self.count_waiting(key, |waiting| waiting.saturating_sub(1));
        }
        self.own.places.insert(ticket, Place { is_waiting: false, claims });
        true
    }

    fn count_waiting(&mut self, key: &ClaimKey, count: impl Fn(u32) -> u32) {
        let claim = self.claim(key);
        let (waiting, line) = (count(claim.waiting), claim.line.wrapping_add(1));
        self.own.claims.insert(key.clone(), Claim { waiting, line, ..claim });
    }

    fn step(&mut self, step: &'a CommitStep, commit: &Commit) -> Result<CommitOutcome, StoreError> {
        let booking = &step.change.booking;
        let receipt_no = booking.receipt_no;
        match self.revision(receipt_no) {
            None if booking.revision == Revision::FIRST => {}
            Some(_) if booking.revision == Revision::FIRST => {
                return Ok(CommitOutcome::NumberTaken);
            }
            Some(stored) if stored.next() == booking.revision => {}
            None | Some(_) => return Ok(CommitOutcome::Stale),
        }
        if let Some(full) = step.limits.iter().find(|limit| self.running(&limit.key) >= limit.most)
        {
            return Ok(CommitOutcome::TooManyHolds(full.clone()));
        }
        // Rooms are freed first, because a step may take again what it gives back.
        for key in &step.releases {
            let claim = self.claim(key);
            let taken = claim.taken.checked_sub(1).ok_or_else(|| {
                StoreError::Unexpected(format!("{receipt_no} frees {key}, which is not taken"))
            })?;
            if !self.line_was_seen(key, commit) {
                return Ok(CommitOutcome::GuestsWait);
            }
            self.own.claims.insert(key.clone(), Claim { taken, ..claim });
        }
        if let Some(full) = step.takes.iter().find(|key| self.is_sold_out(key, step.rooms)) {
            return Ok(CommitOutcome::SoldOut(full.night));
        }
        for key in &step.takes {
            let claim = self.claim(key);
            self.own.claims.insert(key.clone(), Claim { taken: claim.taken + 1, ..claim });
        }
        let limit_keys = self.count_limits(step);
        let track = self.track(receipt_no).then(step.track);
        let is_found_anew =
            step.is_found_anew || self.moved(receipt_no).is_some_and(|moved| moved.is_found_anew);
        let moved = BookingMove { booking, limit_keys, track, is_found_anew };
        self.own.bookings.insert(receipt_no, moved);
        Ok(CommitOutcome::Done)
    }

    /// Counts the limits that a step takes and gives back. Returns the limits that its booking
    /// counts towards from then on.
    fn count_limits(&mut self, step: &CommitStep) -> Vec<String> {
        let mut keys = self.limit_keys(step.change.booking.receipt_no);
        for limit in &step.limits {
            let running = self.running(&limit.key) + 1;
            self.own.limits.insert(limit.key.clone(), running);
            keys.push(limit.key.clone());
        }
        if step.ends_hold() {
            for key in keys.drain(..) {
                // A count that is missing must not stop the hold from ending.
                let running = self.running(&key).saturating_sub(1);
                self.own.limits.insert(key, running);
            }
        }
        keys
    }

    fn moved(&self, receipt_no: ReceiptNo) -> Option<&BookingMove<'a>> {
        let own = self.own.bookings.get(&receipt_no);
        own.or_else(|| self.earlier.bookings.get(&receipt_no))
    }

    fn revision(&self, receipt_no: ReceiptNo) -> Option<Revision> {
        let moved = self.moved(receipt_no).map(|moved| moved.booking.revision);
        moved.or_else(|| self.snapshot.bookings.get(&receipt_no).map(|state| state.revision))
    }

    fn limit_keys(&self, receipt_no: ReceiptNo) -> Vec<String> {
        if let Some(moved) = self.moved(receipt_no) {
            return moved.limit_keys.clone();
        }
        let stored = self.snapshot.bookings.get(&receipt_no);
        stored.map_or_else(Vec::new, |state| state.limit_keys.clone())
    }

    fn track(&self, receipt_no: ReceiptNo) -> TrackWrite {
        self.moved(receipt_no).map_or_else(TrackWrite::default, |moved| moved.track)
    }

    fn request(&self, id: TokenHash) -> Option<RequestRecord> {
        let known = self.earlier.requests.get(&id);
        known.or_else(|| self.snapshot.requests.get(&id)).copied()
    }

    fn running(&self, key: &str) -> u32 {
        let moved = self.own.limits.get(key).or_else(|| self.earlier.limits.get(key));
        moved.or_else(|| self.snapshot.limits.get(key)).copied().unwrap_or_default()
    }

    fn claim(&self, key: &ClaimKey) -> Claim {
        let moved = self.own.claims.get(key).or_else(|| self.earlier.claims.get(key));
        moved.or_else(|| self.snapshot.claims.get(key)).copied().unwrap_or_default()
    }

    fn place(&self, ticket: TokenHash) -> Option<&Place> {
        let moved = self.own.places.get(&ticket).or_else(|| self.earlier.places.get(&ticket));
        moved.or_else(|| self.snapshot.waiting.get(&ticket))
    }

    fn is_sold_out(&self, key: &ClaimKey, rooms: u32) -> bool {
        let claim = self.claim(key);
        claim.is_closed || claim.taken >= claim.allotment.unwrap_or(rooms)
    }
}

fn plan<'a>(
    snapshot: &Snapshot,
    moves: PendingWrites<'a>,
    outcomes: Vec<CommitOutcome>,
    winners: Vec<&'a Commit>,
) -> WritePlan<'a> {
    let mut bookings = Vec::with_capacity(moves.bookings.len());
    let (mut tracks_begun, mut tracks_ended) = (Vec::new(), Vec::new());
    for (receipt_no, moved) in moves.bookings {
        let BookingMove { booking, limit_keys, track, is_found_anew } = moved;
        let before = snapshot.bookings.get(&receipt_no).map(|state| state.revision);
        if track.delete {
            tracks_ended.push(receipt_no);
        }
        if track.insert {
            tracks_begun.push(receipt_no);
        }
        bookings.push(BookingWrite { booking, before, limit_keys, is_found_anew });
    }
    let claims = moves.claims.into_iter().map(|(key, after)| {
        let before = snapshot.claims.get(&key).copied();
        ClaimWrite { key, before, after }
    });
    let limits = moves.limits.into_iter().map(|(key, after)| {
        let before = snapshot.limits.get(&key).copied();
        CountWrite { key, before, after }
    });
    WritePlan {
        outcomes,
        winners,
        bookings,
        claims: claims.filter(|write| write.before.unwrap_or_default() != write.after).collect(),
        limits: limits.filter(|write| write.before.unwrap_or(0) != write.after).collect(),
        requests: moves.requests.into_iter().collect(),
        tracks_ended,
        tracks_begun,
        waiting: moves.waiting,
    }
}

#[cfg(test)]
mod tests;
