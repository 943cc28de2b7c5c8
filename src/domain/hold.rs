//! The hold: how long a room is kept, when the guest is reminded, and what its end decides.
//!
//! Distances, speeds and estimates come from [`travel`].

use chrono::TimeDelta;

use super::policy::HoldPolicy;
use super::travel::{self, EstimateBasis, Evidence, Track, Why};
use super::{Moment, Policy};

/// A clock that decides later than this was stopped (the machine slept or was off). An extension
/// then counts from now, because time counted from the deadline may have passed already.
const STOPPED_CLOCK: TimeDelta = TimeDelta::minutes(1);

/// A guest who has been at one spot for longer than this, and did not come closer before, has not
/// left yet: a traffic jam or an errand does not last that long.
const NOT_LEFT_AFTER: TimeDelta = TimeDelta::minutes(30);
/// After an extension, a guest who has been at one spot for longer than this is resting there:
/// traffic rarely stands still for that long.
const RESTING_AFTER: TimeDelta = TimeDelta::minutes(15);
/// Before any extension, a guest within the radius who has been at one spot for longer than this is
/// staying there, also if they came closer before.
const STAYING_AFTER: TimeDelta = TimeDelta::minutes(95);
/// Within this distance a guest may be at the hotel already, for example in the car park, without
/// having been seen by the front office.
const AT_HOTEL_METRES: f64 = 500.0;

/// How long the room is kept, and when the clock is needed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The deadline that the guest was given.
    pub until: Moment,
    /// The reminder of this deadline, if one is still to come.
    pub remind_at: Option<Moment>,
    /// How often the clock granted an extension.
    pub extensions: u32,
}

impl Hold {
    /// A fresh hold.
    #[must_use]
    pub fn new(from: Moment, until: Moment, policy: &HoldPolicy) -> Self {
        Self { until, remind_at: remind_at(from, until, policy), extensions: 0 }
    }

    /// The wake time: the next instant at which the clock is needed, the reminder or else the end.
    #[must_use]
    pub fn wake_at(&self) -> Moment {
        self.remind_at.map_or(self.until, |at| at.min(self.until))
    }

    /// The same hold with its reminder given.
    #[must_use]
    pub fn reminded(self) -> Self {
        Self { remind_at: None, ..self }
    }

    /// The hold extended by some time. For the reminder, the extension runs from `now` to the new
    /// end.
    #[must_use]
    pub fn extended(self, by: TimeDelta, now: Moment, policy: &HoldPolicy) -> Self {
        let until = extended_end(self.until, by, now);
        Self { until, remind_at: remind_at(now, until, policy), ..self }
    }

    /// The hold of a guest at the desk: the end of the payment window replaces the deadline if it
    /// is later. A payment window has no reminder; at its end the front office is asked.
    #[must_use]
    pub fn at_desk(self, now: Moment, policy: &HoldPolicy) -> Self {
        Self { until: self.until.max(now + policy.payment_window), remind_at: None, ..self }
    }

    /// The payment window, renewed at its end.
    #[must_use]
    pub fn with_renewed_window(self, now: Moment, policy: &HoldPolicy) -> Self {
        Self {
            until: extended_end(self.until, policy.payment_window, now),
            remind_at: None,
            ..self
        }
    }
}

/// The new deadline. It counts from the old deadline, not from the few milliseconds later at which
/// the clock decided, so that people read round times.
fn extended_end(until: Moment, by: TimeDelta, now: Moment) -> Moment {
    let grown = until + by;
    if now - until > STOPPED_CLOCK || grown <= now { now + by } else { grown }
}

/// When the reminder of a hold or extension from `from` to `until` is due. It is left out, not
/// postponed, if it would fall in the first quarter.
fn remind_at(from: Moment, until: Moment, policy: &HoldPolicy) -> Option<Moment> {
    let at = until - policy.remind_before;
    (at >= from + (until - from) / 4).then_some(at)
}

/// What the end of a hold decides for a guest who is not at the desk, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// What was known of the guest's position.
    pub evidence: Evidence,
    /// The clause of the rule that decided.
    pub why: Why,
    /// Extensions that the clock had granted before.
    pub extensions: u32,
}

impl Verdict {
    /// Whether the hold is extended. If not, the booking is cancelled.
    #[must_use]
    pub fn extends(&self) -> bool {
        self.why.extends()
    }
}

/// What the end of this hold would decide at `now`. The clock asks this at the end, and forecasts
/// ask it at any time before. `None` if there is no position; the hold then ends.
#[must_use]
pub fn end(track: &Track, hold: &Hold, now: Moment, policy: &Policy) -> Option<Verdict> {
    let evidence = travel::evidence(track, now, policy)?;
    let why = why(&evidence, hold, now, policy);
    Some(Verdict { evidence, why, extensions: hold.extensions })
}

/// The clause of the rule by which a hold is extended or ends.
///
/// Within the radius, the first extension is refused only to guests who are clearly not coming:
/// those whose drive does not lead to the hotel, and those who have not left yet. Later extensions
/// are also refused to guests who rest. For guests who come closer from outside the radius, the
/// estimated arrival may be later than the end of the extension by three quarters of an extension,
/// because estimates are uncertain. If the guest's own speed is not known yet, the empty road counts.
/// (An extension granted in vain costs half an hour of a room; one refused costs the guest the
/// night.) The limits were chosen with `jatah simulate`: `docs/on-the-way.md`.
fn why(evidence: &Evidence, hold: &Hold, now: Moment, policy: &Policy) -> Why {
    let HoldPolicy { extend_by, max_extensions, .. } = policy.hold;
    if !evidence.is_fresh {
        return Why::Stale;
    }
    if hold.extensions >= max_extensions {
        return Why::NoneLeft;
    }
    // Before the end, extensions count from the end; after it, from now.
    let to_end = (hold.until - now).max(TimeDelta::zero());
    let covered_by =
        |time| evidence.estimate.is_some_and(|known| known.arrives_in <= to_end + time);
    let has_unknown_speed =
        evidence.estimate.is_some_and(|known| known.basis == EstimateBasis::CitySpeed);
    let on_empty_roads = policy.travel.drive_on_empty_roads(evidence.distance_metres);
    let is_repeat = hold.extensions > 0;
    let is_parked =
        evidence.standing > if is_repeat { extend_by.min(RESTING_AFTER) } else { extend_by };
    let is_away = evidence.is_approaching == Some(false);
    let is_closing = evidence.is_approaching == Some(true);
    let is_staying = is_closing && evidence.standing > STAYING_AFTER && !is_at_hotel(evidence);
    if evidence.within_radius {
        if is_away && !is_at_hotel(evidence) {
            Why::MovedAway
        } else if is_repeat && is_parked || is_staying {
            Why::Parked
        } else if !is_closing && evidence.standing > NOT_LEFT_AFTER && !is_at_hotel(evidence) {
            Why::NotLeft
        } else {
            Why::Near
        }
    } else if !is_closing {
        Why::Far
    } else if is_parked && (is_repeat || !covered_by(extend_by)) {
        Why::Parked
    } else if covered_by(extend_by + extend_by * 3 / 4)
        || has_unknown_speed && on_empty_roads <= to_end + extend_by * 8 / 5
    {
        Why::Closing
    } else {
        Why::TooLate
    }
}

fn is_at_hotel(evidence: &Evidence) -> bool {
    evidence.distance_metres <= AT_HOTEL_METRES
}
