//! The hold: how long a room is kept, when the guest is reminded, and what its end decides.

use chrono::TimeDelta;

use super::policy::HoldPolicy;
use super::travel::{self, Evidence, Why};
use super::{Moment, Policy, TrackedBooking};

/// A clock that is later than this was away (asleep, switched off): what it grants then counts
/// from now, for else it would grant time that has passed already.
const AWAY: TimeDelta = TimeDelta::minutes(1);

/// Who has been at one spot for longer than this, and came closer at no time before, has not left
/// yet: no jam or errand, but home.
const SETTLED: TimeDelta = TimeDelta::minutes(30);
/// After an extension, who has been at one spot for longer than this rests there; traffic rarely
/// stands for so long.
const REST: TimeDelta = TimeDelta::minutes(20);
/// Within so many metres a guest may be at the hotel already, unseen by the front office: in the
/// car park, in the lobby.
const DOOR_METRES: f64 = 500.0;

/// How long the room is kept, and when the clock is needed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The deadline, as the guest was told it.
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

    /// The next instant at which the clock is needed: the reminder, else the end.
    #[must_use]
    pub fn wake_at(&self) -> Moment {
        self.remind_at.map_or(self.until, |at| at.min(self.until))
    }

    /// The same hold with its reminder given.
    #[must_use]
    pub fn reminded(self) -> Self {
        Self { remind_at: None, ..self }
    }

    /// The hold grown by some time, decided now: its new stretch runs from now to the new end.
    #[must_use]
    pub fn grown(self, by: TimeDelta, now: Moment, policy: &HoldPolicy) -> Self {
        let until = grown_end(self.until, by, now);
        Self { until, remind_at: remind_at(now, until, policy), ..self }
    }

    /// The hold of a guest at the desk: the window to pay replaces the deadline where it is
    /// later. Nobody is reminded of a window: at its end the front office is asked.
    #[must_use]
    pub fn at_desk(self, now: Moment, policy: &HoldPolicy) -> Self {
        Self { until: self.until.max(now + policy.payment_window), remind_at: None, ..self }
    }

    /// The window to pay, renewed at its end.
    #[must_use]
    pub fn window_renewed(self, now: Moment, policy: &HoldPolicy) -> Self {
        Self { until: grown_end(self.until, policy.payment_window, now), remind_at: None, ..self }
    }
}

/// Deadlines grow from the deadline, not from the few milliseconds after it at which the clock
/// decided, so that people read round times.
fn grown_end(until: Moment, by: TimeDelta, now: Moment) -> Moment {
    let grown = until + by;
    if now - until > AWAY || grown <= now { now + by } else { grown }
}

/// When the stretch from `from` to `until` is reminded of: left out, not postponed, where that
/// falls in its first quarter.
fn remind_at(from: Moment, until: Moment, policy: &HoldPolicy) -> Option<Moment> {
    let at = until - policy.remind_before;
    (at >= from + (until - from) / 4).then_some(at)
}

/// What the end of a hold comes to for a guest who is not at the desk, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Where the guest was.
    pub evidence: Evidence,
    /// The clause of the rule that decided.
    pub why: Why,
    /// Extensions that the clock had granted before.
    pub extensions: u32,
}

impl Verdict {
    /// Whether the hold grows; otherwise the room is free again.
    #[must_use]
    pub fn extends(&self) -> bool {
        self.why.extends()
    }
}

/// What the end of this hold would decide at `now`. The clock asks this at the end; forecasts
/// ask it at any time before. `None`: there is no position, and the hold simply ends.
#[must_use]
pub fn end(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> Option<Verdict> {
    let evidence = travel::evidence(&tracked.track, now, policy)?;
    let hold = &tracked.booking.hold;
    let why = why(&evidence, hold, now, policy);
    Some(Verdict { evidence, why, extensions: hold.extensions })
}

/// By which clause of the rule a hold grows or ends.
///
/// Within the radius the first extension is refused only to who plainly does not come: who drives
/// away, or has not left yet; the second also to who rests. Of one who closes in from farther away,
/// the estimate may be too long by three quarters of an extension: the doubt is the guest's. (An
/// extension granted in vain costs half an hour of a room, one refused costs a guest the night.)
/// The limits were chosen with `jatah simulate`: `docs/on-the-way.md`.
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
    let is_repeat = hold.extensions > 0;
    let is_parked = evidence.standing > if is_repeat { extend_by.min(REST) } else { extend_by };
    let is_away = evidence.is_approaching == Some(false);
    let is_closing = evidence.is_approaching == Some(true);
    if evidence.within_radius {
        if is_away {
            Why::MovedAway
        } else if is_repeat && is_parked {
            Why::Parked
        } else if !is_closing && evidence.standing > SETTLED && !is_at_the_door(evidence) {
            Why::NotLeft
        } else {
            Why::Near
        }
    } else if !is_closing {
        Why::Far
    } else if is_parked && (is_repeat || !covered_by(extend_by)) {
        Why::Parked
    } else if covered_by(extend_by + extend_by * 3 / 4) {
        Why::Closing
    } else {
        Why::TooLate
    }
}

fn is_at_the_door(evidence: &Evidence) -> bool {
    evidence.distance_metres <= DOOR_METRES
}
