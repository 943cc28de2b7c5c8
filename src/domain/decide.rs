//! The functions that change a booking: [`book`] makes one, [`apply`] carries out a command,
//! [`wake`] does what is due by the clock, and [`Track::report`] adds a position.
//!
//! Each takes the state, the current time and the policy, and returns the step to commit. None of
//! them commits it.

use chrono::TimeDelta;

use super::change::{self, Change, Event};
use super::command::{Command, NewBooking, QrisOutcome};
use super::hold::{self, Hold};
use super::policy::{EXTEND_MINUTES, QrisPolicy};
use super::refusal::{Field, InputError, NotAllowed, Unavailable, Winner};
use super::travel::TrackUpdate;
use super::{
    Actor, Amendment, Booking, Contact, Fix, Guest, Moment, Policy, QrisProgress, Refusal,
    Revision, StaffName, Status, Track, TrackedBooking, forecast,
};

/// A change to commit, with the instant that it was due at.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The new state, what happened, and the notifications owed.
    pub change: Change,
    /// The instant that a wake was for. The time from then until the commit is the lateness.
    pub due: Option<Moment>,
}

/// Makes a booking for a walk-in, who is at the desk already: pending with the time to pay, and then
/// paid if they have paid. The steps are to be committed together.
///
/// # Errors
/// [`Refusal::InvalidInput`] if the hotel's rules do not offer the stay.
pub fn book_at_desk(
    new: NewBooking,
    is_paid: bool,
    by: StaffName,
    now: Moment,
    policy: &Policy,
) -> Result<Vec<Step>, Refusal> {
    let Step { change, .. } = book(new, now, policy)?;
    let window = Hold { until: now, ..change.booking.hold };
    let booking = Booking {
        hold: window.at_desk(now, &policy.hold),
        arrived_at: Some(now),
        qris: QrisProgress::None,
        ..change.booking
    };
    let booked = step(booking, Event::Booked, Actor::Staff(by.clone()), now, policy);
    if !is_paid {
        return Ok(vec![booked]);
    }
    let tracked =
        TrackedBooking { booking: booked.change.booking.clone(), track: Track::default() };
    let paid = apply(&tracked, Command::MarkPaid { by }, now, policy)?;
    Ok([booked].into_iter().chain(paid).collect())
}

/// Makes a booking.
///
/// # Errors
/// [`Refusal::InvalidInput`] if the hotel's rules do not offer the stay.
pub fn book(new: NewBooking, now: Moment, policy: &Policy) -> Result<Step, Refusal> {
    let stay = policy.stay(&new.room, new.check_in, new.nights, now)?;
    let hold = Hold::new(now, policy.hold_end(stay.check_in, now), &policy.hold);
    let revision = Revision::FIRST;
    let booking = Booking {
        receipt_no: new.receipt_no,
        revision,
        guest: new.guest,
        stay,
        booked_at: now,
        hold,
        status: Status::Pending,
        arrived_at: None,
        qris_sent_at: None,
        qris: match policy.qris {
            Some(QrisPolicy::OnBooking) => QrisProgress::Sending(revision),
            Some(QrisPolicy::OnArrival) | None => QrisProgress::None,
        },
        access: new.access,
        is_offer: false,
        is_read_only: false,
    };
    Ok(step(booking, Event::Booked, Actor::Guest, now, policy))
}

/// Offers a freed room to a guest of the waiting list: a short hold without a reminder.
///
/// # Errors
/// [`Refusal::InvalidInput`] if the hotel's rules do not offer the stay any more.
pub fn offer(new: NewBooking, now: Moment, policy: &Policy) -> Result<Step, Refusal> {
    let Step { change, .. } = book(new, now, policy)?;
    let hold = Hold { until: now + policy.booking.offer_window, remind_at: None, extensions: 0 };
    let booking = Booking { hold, is_offer: true, qris: QrisProgress::None, ..change.booking };
    Ok(step(booking, Event::Offered, Actor::System, now, policy))
}

fn step(booking: Booking, event: Event, actor: Actor, now: Moment, policy: &Policy) -> Step {
    let notifications = change::notifications_owed(&booking, &event, now, policy);
    Step { change: Change { at: now, actor, event, booking, notifications }, due: None }
}

/// Carries out a command. `None` if the booking is in the requested state already.
///
/// # Errors
/// [`Refusal`] if the state or a rule forbids the command, or if its input is wrong.
pub fn apply(
    tracked: &TrackedBooking,
    command: Command,
    now: Moment,
    policy: &Policy,
) -> Result<Option<Step>, Refusal> {
    Transition { tracked, now, policy }.apply(command)
}

/// Decides what is due for a booking at `now`. `None` before its wake time, and for a booking that
/// is settled. At or after the end of the hold it decides only the end, never a reminder first.
#[must_use]
pub fn wake(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> Option<Step> {
    let due = tracked.booking.wake_at().filter(|due| now >= *due)?;
    let until = tracked.booking.hold.until;
    let transition = Transition { tracked, now, policy };
    let (step, due) =
        if now >= until { (transition.end(), until) } else { (transition.remind(), due) };
    Some(Step { due: Some(due), ..step })
}

impl Track {
    /// Adds a guest's report: the track to store, or `None` if the report changes nothing. Once the
    /// guest is at the desk, and before an offer is taken, positions are not kept.
    ///
    /// # Errors
    /// [`Refusal`] once the hold is over, or if only a newer version may decide about the booking.
    pub fn report(&self, fix: Fix, booking: &Booking) -> Result<Option<Self>, Refusal> {
        if booking.is_read_only {
            return Err(Refusal::Unavailable(Unavailable::NewerVersion));
        }
        match &booking.status {
            Status::Paid { .. } => return Err(Refusal::NotAllowed(NotAllowed::HoldIsOver)),
            Status::Cancelled { at, by, .. } => {
                return Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() }));
            }
            Status::Pending if !booking.has_track() => return Ok(None),
            Status::Pending => {}
        }
        Ok(match self.take(fix) {
            TrackUpdate::Accepted(track)
            | TrackUpdate::Outlier(track)
            | TrackUpdate::Imprecise(track) => Some(track),
            TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => None,
        })
    }
}

/// A booking about to be changed.
struct Transition<'a> {
    tracked: &'a TrackedBooking,
    now: Moment,
    policy: &'a Policy,
}

impl Transition<'_> {
    fn apply(self, command: Command) -> Result<Option<Step>, Refusal> {
        if self.tracked.booking.is_read_only {
            return Err(Refusal::Unavailable(Unavailable::NewerVersion));
        }
        match (&self.tracked.booking.status, command) {
            (Status::Pending, command) => self.apply_pending(command),
            // The booking ended while a code was being sent, so the outcome no longer matters. The
            // notification of the end already tells the guest not to use the code.
            (Status::Paid { .. } | Status::Cancelled { .. }, Command::RecordQris { .. }) => {
                Ok(None)
            }
            (Status::Paid { .. }, Command::Arrive { by }) => Ok(self.arrive(by)),
            (Status::Paid { .. }, Command::Reopen { by, reason }) => {
                Ok(Some(self.reopen(by, reason)))
            }
            (Status::Cancelled { .. }, Command::Revive { by, is_arrived }) => {
                self.revive(by, is_arrived).map(Some)
            }
            (
                Status::Paid { at, by },
                Command::SendQris { .. }
                | Command::MarkPaid { .. }
                | Command::CancelByStaff { .. }
                | Command::CancelByGuest
                | Command::Revive { .. }
                | Command::Amend { .. }
                | Command::TakeOffer
                | Command::Extend { .. },
            ) => Err(Refusal::AlreadyPaid(Winner::staff(*at, by))),
            (
                Status::Cancelled { at, by, .. },
                Command::Arrive { .. }
                | Command::SendQris { .. }
                | Command::MarkPaid { .. }
                | Command::CancelByStaff { .. }
                | Command::CancelByGuest
                | Command::Reopen { .. }
                | Command::Amend { .. }
                | Command::TakeOffer
                | Command::Extend { .. },
            ) => Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() })),
        }
    }

    fn apply_pending(self, command: Command) -> Result<Option<Step>, Refusal> {
        let is_offer = self.tracked.booking.is_offer;
        match command {
            Command::SendQris { .. } | Command::Extend { .. } | Command::Amend { .. }
                if is_offer =>
            {
                Err(Refusal::NotAllowed(NotAllowed::OfferNotTaken))
            }
            Command::TakeOffer => Ok(is_offer.then(|| self.take_offer())),
            Command::Arrive { by } => Ok(self.arrive(by)),
            Command::SendQris { by } => self.send_qris(by).map(Some),
            Command::RecordQris { owed_by, outcome } => Ok(self.record_qris(owed_by, outcome)),
            Command::MarkPaid { by } => {
                let status = Status::Paid { at: self.now, by: by.clone() };
                Ok(Some(self.settle(status, Event::Paid, Actor::Staff(by))))
            }
            Command::CancelByStaff { by, note } => {
                let event = Event::Cancelled { note: note.clone() };
                Ok(Some(self.cancel(event, Actor::Staff(by), note)))
            }
            Command::CancelByGuest => {
                Ok(Some(self.cancel(Event::Cancelled { note: None }, Actor::Guest, None)))
            }
            Command::Extend { by, minutes } => self.extend(by, minutes).map(Some),
            Command::Amend { by, amendment } => self.amend(by, amendment),
            // Somebody else revived it first.
            Command::Revive { .. } => Ok(None),
            Command::Reopen { .. } => Err(Refusal::NotAllowed(NotAllowed::NotPaid)),
        }
    }

    /// Makes an offer a full booking, with the hold of one that is made now.
    fn take_offer(self) -> Step {
        let next = self.next();
        let until = self.policy.hold_end(next.stay.check_in, self.now);
        let hold = Hold::new(self.now, until, &self.policy.hold);
        let qris = match self.policy.qris {
            Some(QrisPolicy::OnBooking) => QrisProgress::Sending(next.revision),
            Some(QrisPolicy::OnArrival) | None => next.qris,
        };
        let after = Booking { hold, qris, is_offer: false, ..next };
        step(after, Event::OfferTaken, Actor::Guest, self.now, self.policy)
    }

    /// Makes a cancelled booking pending again: a new hold from now at the price as booked, or the
    /// payment window of a guest who is at the desk.
    fn revive(self, by: StaffName, is_arrived: bool) -> Result<Step, Refusal> {
        let next = self.next();
        if self.policy.hotel.day_of(self.now) > next.stay.check_in {
            return Err(Refusal::NotAllowed(NotAllowed::CheckInIsOver));
        }
        let rules = &self.policy.hold;
        let hold = Hold::new(self.now, self.now + rules.duration, rules);
        let (hold, arrived_at) = if is_arrived {
            let window = Hold { until: self.now, ..hold };
            (window.at_desk(self.now, rules), Some(self.now))
        } else {
            (hold, None)
        };
        let owes_qris = match self.policy.qris {
            None => false,
            Some(_) if self.has_no_channel() => false,
            Some(QrisPolicy::OnArrival) => is_arrived,
            Some(QrisPolicy::OnBooking) => true,
        };
        let qris = if owes_qris { QrisProgress::Sending(next.revision) } else { next.qris };
        let after =
            Booking { status: Status::Pending, hold, arrived_at, qris, is_offer: false, ..next };
        Ok(step(after, Event::Revived, Actor::Staff(by), self.now, self.policy))
    }

    /// Makes a paid booking pending again. The guest counts as arrived, and no code is sent.
    fn reopen(self, by: StaffName, reason: String) -> Step {
        let next = self.next();
        let hold = next.hold.at_desk(self.now, &self.policy.hold);
        let arrived_at = next.arrived_at.or(Some(self.now));
        let after = Booking { status: Status::Pending, hold, arrived_at, ..next };
        step(after, Event::Reopened { reason }, Actor::Staff(by), self.now, self.policy)
    }

    /// Changes name, room type or nights. Another room type or number of nights has today's price, and
    /// a code that the guest has is replaced if the price changed.
    fn amend(self, by: StaffName, amendment: Amendment) -> Result<Option<Step>, Refusal> {
        let next = self.next();
        let Amendment { guest_name, room, nights } = amendment;
        let name = guest_name.unwrap_or_else(|| next.guest.name.clone());
        let room = room.unwrap_or_else(|| next.stay.room.code.clone());
        let nights = nights.unwrap_or(next.stay.nights);
        let stay = if room == next.stay.room.code && nights == next.stay.nights {
            next.stay.clone()
        } else {
            self.policy.amended_stay(&room, next.stay.check_in, nights)?
        };
        let (name_before, stay_before) = (next.guest.name.clone(), next.stay.clone());
        if name == name_before && stay == stay_before {
            return Ok(None);
        }
        let is_code_wrong = next.may_have_code() && stay.price != stay_before.price;
        let qris = match self.policy.qris {
            Some(_) if is_code_wrong => QrisProgress::Sending(next.revision),
            Some(_) | None => next.qris,
        };
        let guest = Guest { name, ..next.guest.clone() };
        let after = Booking { guest, stay, qris, ..next };
        let event = Event::Amended { name_before, stay_before };
        Ok(Some(step(after, event, Actor::Staff(by), self.now, self.policy)))
    }

    fn remind(self) -> Step {
        let (forecast, verdict) =
            forecast::forecast_with_verdict(self.tracked, self.now, self.policy);
        let event = Event::Reminded { forecast, verdict };
        let hold = self.tracked.booking.hold.reminded();
        self.with_hold(hold, event, Actor::Clock)
    }

    fn end(self) -> Step {
        let hold = self.tracked.booking.hold;
        let rules = &self.policy.hold;
        if self.tracked.booking.arrived_at.is_some() {
            let hold = hold.with_renewed_window(self.now, rules);
            return self.with_hold(hold, Event::PaymentAsked, Actor::Clock);
        }
        if self.tracked.booking.is_offer {
            return self.cancel(Event::Expired { verdict: None }, Actor::Clock, None);
        }
        match hold::end(&self.tracked.track, &hold, self.now, self.policy) {
            Some(verdict) if verdict.extends() => {
                let grown = hold.extended(rules.extend_by, self.now, rules);
                let grown = Hold { extensions: hold.extensions + 1, ..grown };
                let event = Event::ExtendedByClock { by: rules.extend_by, verdict };
                self.with_hold(grown, event, Actor::Clock)
            }
            verdict => self.cancel(Event::Expired { verdict }, Actor::Clock, None),
        }
    }

    fn arrive(self, by: StaffName) -> Option<Step> {
        let before = &self.tracked.booking;
        if before.arrived_at.is_some() {
            return None;
        }
        let hold = if before.is_pending() {
            before.hold.at_desk(self.now, &self.policy.hold)
        } else {
            before.hold
        };
        let next = self.next();
        let qris = if self.arrival_owes_qris() {
            QrisProgress::Sending(next.revision)
        } else {
            before.qris
        };
        let after = Booking { arrived_at: Some(self.now), hold, qris, is_offer: false, ..next };
        Some(step(after, Event::Arrived, Actor::Staff(by), self.now, self.policy))
    }

    /// Where the code is sent on booking, arrival owes it only if it was not sent or was given up.
    fn arrival_owes_qris(&self) -> bool {
        let before = &self.tracked.booking;
        let is_out = match before.qris {
            QrisProgress::Sending(_) | QrisProgress::Sent => true,
            QrisProgress::None | QrisProgress::Failed => false,
        };
        before.is_pending()
            && match self.policy.qris {
                None => false,
                Some(QrisPolicy::OnArrival) => true,
                Some(QrisPolicy::OnBooking) => !is_out,
            }
    }

    fn send_qris(self, by: StaffName) -> Result<Step, Refusal> {
        if self.policy.qris.is_none() {
            return Err(Refusal::Unavailable(Unavailable::Qris));
        }
        if self.has_no_channel() {
            return Err(Refusal::NotAllowed(NotAllowed::NoChannel));
        }
        let next = self.next();
        let after = Booking { qris: QrisProgress::Sending(next.revision), ..next };
        Ok(step(after, Event::QrisRequested, Actor::Staff(by), self.now, self.policy))
    }

    /// Records the outcome of sending a code. A repeated report changes nothing. A report about an
    /// older code leaves a newer one in progress.
    fn record_qris(self, owed_by: Revision, outcome: QrisOutcome) -> Option<Step> {
        let before = self.tracked.booking.qris;
        let is_latest = match before {
            QrisProgress::Sending(latest) if owed_by < latest => false,
            QrisProgress::Sending(_) => true,
            QrisProgress::None | QrisProgress::Sent | QrisProgress::Failed => {
                return None;
            }
        };
        let of_latest = |progress| if is_latest { progress } else { before };
        let next = self.next();
        let (after, event) = match outcome {
            QrisOutcome::Delivered => {
                let qris_sent_at = Some(self.now);
                let qris = of_latest(QrisProgress::Sent);
                (Booking { qris_sent_at, qris, ..next }, Event::QrisSent)
            }
            QrisOutcome::GivenUp(reason) => {
                let qris = of_latest(QrisProgress::Failed);
                (Booking { qris, ..next }, Event::QrisFailed { reason })
            }
        };
        Some(step(after, event, Actor::System, self.now, self.policy))
    }

    fn extend(self, by: StaffName, minutes: u32) -> Result<Step, Refusal> {
        if !EXTEND_MINUTES.contains(&minutes) {
            let (least, most) = (*EXTEND_MINUTES.start(), *EXTEND_MINUTES.end());
            let error = InputError::OutOfRange { least: least.into(), most: most.into() };
            return Err(Refusal::InvalidInput { field: Field::Minutes, error });
        }
        let hold = self.tracked.booking.hold;
        let mut grown =
            hold.extended(TimeDelta::minutes(minutes.into()), self.now, &self.policy.hold);
        if self.tracked.booking.arrived_at.is_some() {
            grown = grown.reminded();
        }
        Ok(self.with_hold(grown, Event::ExtendedByStaff { minutes }, Actor::Staff(by)))
    }

    fn with_hold(self, hold: Hold, event: Event, actor: Actor) -> Step {
        let after = Booking { hold, ..self.next() };
        step(after, event, actor, self.now, self.policy)
    }

    fn cancel(self, event: Event, by: Actor, note: Option<String>) -> Step {
        let status = Status::Cancelled { at: self.now, by: by.clone(), note };
        self.settle(status, event, by)
    }

    fn settle(self, status: Status, event: Event, actor: Actor) -> Step {
        let hold = self.tracked.booking.hold.reminded();
        // Paying makes an offer a full booking.
        let is_offer = self.tracked.booking.is_offer && !matches!(status, Status::Paid { .. });
        let after = Booking { hold, status, is_offer, ..self.next() };
        step(after, event, actor, self.now, self.policy)
    }

    /// Whether the guest booked at the desk, where the code is on the screen.
    fn has_no_channel(&self) -> bool {
        self.tracked.booking.guest.contact == Contact::Desk
    }

    fn next(&self) -> Booking {
        let before = &self.tracked.booking;
        Booking { revision: before.revision.next(), ..before.clone() }
    }
}
