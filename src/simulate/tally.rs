//! Counts the outcomes of a simulated day.

use chrono::TimeDelta;

/// A guest who would come within this time after the promised end is worth waiting for.
pub const WORTH_WAITING: TimeDelta = TimeDelta::minutes(30);

/// The outcome of one booking.
#[derive(Debug, Clone, Copy)]
pub(super) struct StayOutcome {
    /// Whether the guest came while the room was held.
    pub is_kept: bool,
    /// When the guest would come, counted from the promised end; negative if earlier. `None` if
    /// never.
    pub would_arrive: Option<TimeDelta>,
    /// Whether the hotel knew where the guest was at the promised end.
    pub shares_at_end: bool,
    /// Whether the guest ever shared a position.
    pub has_shared: bool,
    /// How long the room was held, from booking to payment or cancellation.
    pub held: TimeDelta,
    /// How far the end of the hold was moved beyond the promised end.
    pub extended: TimeDelta,
}

/// The sums over all guests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of guests, which is the number of bookings.
    pub guests: u64,
    /// Guests who came while the room was held.
    pub kept: u64,
    /// Guests who are not worth waiting for: they never come, or more than 30 minutes after the
    /// promised end.
    pub hopeless: u64,
    /// Of the hopeless, those whose room was not held beyond the promised end.
    pub freed_on_time: u64,
    /// Guests who would come within 30 minutes after the promised end.
    pub late: u64,
    /// Of the late, those whose booking was cancelled.
    pub late_cancelled: u64,
    /// Of the late, those whose position was known at the promised end.
    pub late_seen: u64,
    /// Of the late and seen, those who kept the room.
    pub late_seen_kept: u64,
    /// Of the late, those who ever shared a position.
    pub late_shared: u64,
    /// Of the late who ever shared, those who kept the room.
    pub late_shared_kept: u64,
    /// Bookings that were extended although the guest did not come while the room was held.
    pub vain: u64,
    /// The minutes of those extensions, in total.
    pub vain_minutes: u64,
    /// The minutes that rooms were held, in total.
    pub held_minutes: u64,
}

impl Tally {
    /// Counts one booking.
    pub(super) fn count(&mut self, outcome: &StayOutcome) {
        let minutes = |time: TimeDelta| u64::try_from(time.num_minutes()).unwrap_or_default();
        let zero = TimeDelta::zero();
        let one = u64::from;
        let is_late = outcome.would_arrive.is_some_and(|late| late > zero && late <= WORTH_WAITING);
        let is_hopeless = outcome.would_arrive.is_none_or(|late| late > WORTH_WAITING);
        let is_vain = !outcome.is_kept && outcome.extended > zero;
        self.guests += 1;
        self.kept += one(outcome.is_kept);
        self.hopeless += one(is_hopeless);
        self.freed_on_time += one(is_hopeless && outcome.extended <= zero);
        self.late += one(is_late);
        self.late_cancelled += one(is_late && !outcome.is_kept);
        self.late_seen += one(is_late && outcome.shares_at_end);
        self.late_seen_kept += one(is_late && outcome.shares_at_end && outcome.is_kept);
        self.late_shared += one(is_late && outcome.has_shared);
        self.late_shared_kept += one(is_late && outcome.has_shared && outcome.is_kept);
        self.vain += one(is_vain);
        self.vain_minutes += if is_vain { minutes(outcome.extended) } else { 0 };
        self.held_minutes += minutes(outcome.held);
    }

    /// Adds the sums of another tally.
    pub(super) fn add(&mut self, other: &Self) {
        self.guests += other.guests;
        self.kept += other.kept;
        self.hopeless += other.hopeless;
        self.freed_on_time += other.freed_on_time;
        self.late += other.late;
        self.late_cancelled += other.late_cancelled;
        self.late_seen += other.late_seen;
        self.late_seen_kept += other.late_seen_kept;
        self.late_shared += other.late_shared;
        self.late_shared_kept += other.late_shared_kept;
        self.vain += other.vain;
        self.vain_minutes += other.vain_minutes;
        self.held_minutes += other.held_minutes;
    }

    /// The part of the late and seen guests who kept the room, 0 to 1.
    #[must_use]
    pub fn late_kept(&self) -> f64 {
        part(self.late_seen_kept, self.late_seen)
    }
}

/// `some` divided by `all`; 0 if `all` is 0.
pub(super) fn part(some: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let part = some as f64 / all.max(1) as f64;
    part
}
