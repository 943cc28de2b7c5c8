//! The one function that moves a booking: state, command, moment and policy in, decision out.

use chrono::TimeDelta;

use super::change::{Actor, Change, Event};
use super::command::{Command, NewBooking, QrisOutcome};
use super::hold::{self, Hold, Verdict};
use super::policy::{EXTEND_MINUTES, QrisPolicy};
use super::refusal::{Field, InputError, NotAllowed, Unavailable, Winner};
use super::travel::{self, Fix, Track, TrackUpdate};
use super::{
    Booking, Moment, Policy, QrisProgress, Refusal, Revision, StaffName, Status, TrackedBooking,
    notification,
};

/// What a command comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The booking moves: one change, to be committed whole.
    Step(Box<Step>),
    /// The guest moves: the positions to keep. The booking stays as it is.
    Track(Track),
    /// Nothing to do: it is so already, or not yet time.
    Unchanged,
}

/// A change with what its commit has to know besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The new state, what happened, and the notices owed.
    pub change: Change,
    /// The instant that a wake was for; what passes until the commit is its lateness.
    pub due: Option<Moment>,
}

/// Decides what a command does to a booking at a moment.
///
/// `state` is `None` for a booking that does not exist yet: the one state that [`Command::Book`]
/// takes.
///
/// # Errors
/// [`Refusal`] if the state or a rule forbids the command, or its input is wrong.
pub fn decide(
    state: Option<&TrackedBooking>,
    command: Command,
    now: Moment,
    policy: &Policy,
) -> Result<Decision, Refusal> {
    match (state, command) {
        (None, Command::Book(new)) => book(new, now, policy),
        (Some(_), Command::Book(_)) => Err(Refusal::Conflict),
        (None, _) => Err(Refusal::NotFound),
        (Some(tracked), command) => Transition { tracked, now, policy }.decide(command),
    }
}

fn book(new: NewBooking, now: Moment, policy: &Policy) -> Result<Decision, Refusal> {
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
    };
    Ok(step(booking, Event::Booked, Actor::Guest, now, policy))
}

fn step(booking: Booking, event: Event, actor: Actor, now: Moment, policy: &Policy) -> Decision {
    let notifications = notification::owed(&booking, &event, policy.front_office_chat);
    let change = Change { at: now, actor, event, booking, notifications };
    Decision::Step(Box::new(Step { change, due: None }))
}

/// A booking about to be moved.
struct Transition<'a> {
    tracked: &'a TrackedBooking,
    now: Moment,
    policy: &'a Policy,
}

impl Transition<'_> {
    fn decide(self, command: Command) -> Result<Decision, Refusal> {
        match (&self.tracked.booking.status, command) {
            (_, Command::Book(_)) => Err(Refusal::Conflict),
            (Status::Pending, command) => self.decide_pending(command),
            // What a code came to that was on its way when the booking ended helps nobody any more;
            // the notice of the end says already not to pay by it.
            (
                Status::Paid { .. } | Status::Cancelled { .. },
                Command::Wake | Command::NoteQris { .. },
            ) => Ok(Decision::Unchanged),
            (Status::Paid { .. }, Command::Arrive { by }) => Ok(self.arrive(by)),
            (Status::Paid { .. }, Command::ReportPosition(_)) => {
                Err(Refusal::NotAllowed(NotAllowed::HoldIsOver))
            }
            (
                Status::Paid { at, by },
                Command::SendQris { .. }
                | Command::MarkPaid { .. }
                | Command::CancelByStaff { .. }
                | Command::CancelByGuest
                | Command::Extend { .. },
            ) => Err(Refusal::AlreadyPaid(Winner::staff(*at, by))),
            (
                Status::Cancelled { at, by },
                Command::ReportPosition(_)
                | Command::Arrive { .. }
                | Command::SendQris { .. }
                | Command::MarkPaid { .. }
                | Command::CancelByStaff { .. }
                | Command::CancelByGuest
                | Command::Extend { .. },
            ) => Err(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() })),
        }
    }

    fn decide_pending(self, command: Command) -> Result<Decision, Refusal> {
        match command {
            Command::Book(_) => Err(Refusal::Conflict),
            Command::Wake => Ok(self.wake()),
            Command::ReportPosition(fix) => Ok(self.report(fix)),
            Command::Arrive { by } => Ok(self.arrive(by)),
            Command::SendQris { by } => self.send_qris(by),
            Command::NoteQris { owed_by, outcome } => Ok(self.note_qris(owed_by, outcome)),
            Command::MarkPaid { by } => {
                let status = Status::Paid { at: self.now, by: by.clone() };
                Ok(self.settled(status, Event::Paid, Actor::Staff(by)))
            }
            Command::CancelByStaff { by, note } => {
                Ok(self.cancelled(Event::Cancelled { note }, Actor::Staff(by)))
            }
            Command::CancelByGuest => {
                Ok(self.cancelled(Event::Cancelled { note: None }, Actor::Guest))
            }
            Command::Extend { by, minutes } => self.extend(by, minutes),
        }
    }

    /// The clock has come. Before its time it decides nothing; after the end it decides the end
    /// and reminds of nothing.
    fn wake(self) -> Decision {
        let hold = self.tracked.booking.hold;
        let due = hold.wake_at();
        if self.now < due {
            return Decision::Unchanged;
        }
        let is_over = self.now >= hold.until;
        let due = if is_over { hold.until } else { due };
        let decision = if is_over { self.end() } else { self.remind() };
        match decision {
            Decision::Step(step) => Decision::Step(Box::new(Step { due: Some(due), ..*step })),
            Decision::Track(_) | Decision::Unchanged => decision,
        }
    }

    fn remind(self) -> Decision {
        let (forecast, evidence) = travel::foresee(self.tracked, self.now, self.policy);
        let event = Event::Reminded { forecast, evidence };
        let hold = self.tracked.booking.hold.reminded();
        self.with_hold(hold, event, Actor::Clock)
    }

    fn end(self) -> Decision {
        let hold = self.tracked.booking.hold;
        let rules = &self.policy.hold;
        if self.tracked.booking.arrived_at.is_some() {
            let hold = hold.window_renewed(self.now, rules);
            return self.with_hold(hold, Event::PaymentAsked, Actor::Clock);
        }
        match hold::end(self.tracked, self.now, self.policy) {
            Verdict::Extend(evidence) => {
                let grown = hold.grown(rules.extend_by, self.now, rules);
                let grown = Hold { extensions: hold.extensions + 1, ..grown };
                let event = Event::ExtendedByClock { by: rules.extend_by, evidence };
                self.with_hold(grown, event, Actor::Clock)
            }
            Verdict::Expire(evidence) => self.cancelled(Event::Expired { evidence }, Actor::Clock),
        }
    }

    fn report(self, fix: Fix) -> Decision {
        // At the desk, position plays no part any more, so none is kept.
        if self.tracked.booking.arrived_at.is_some() {
            return Decision::Unchanged;
        }
        match self.tracked.track.take(fix) {
            TrackUpdate::Accepted(track)
            | TrackUpdate::Doubtful(track)
            | TrackUpdate::Imprecise(track) => Decision::Track(track),
            TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => Decision::Unchanged,
        }
    }

    fn arrive(self, by: StaffName) -> Decision {
        let before = &self.tracked.booking;
        if before.arrived_at.is_some() {
            return Decision::Unchanged;
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
        let after = Booking { arrived_at: Some(self.now), hold, qris, ..next };
        step(after, Event::Arrived, Actor::Staff(by), self.now, self.policy)
    }

    /// Where the code went out with the booking, arrival owes it only if it did not get through.
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

    fn send_qris(self, by: StaffName) -> Result<Decision, Refusal> {
        if self.policy.qris.is_none() {
            return Err(Refusal::Unavailable(Unavailable::Qris));
        }
        let next = self.next();
        let after = Booking { qris: QrisProgress::Sending(next.revision), ..next };
        Ok(step(after, Event::QrisRequested, Actor::Staff(by), self.now, self.policy))
    }

    /// What a code came to. Told twice, it is noted once; a newer one that is on its way stays so.
    fn note_qris(self, owed_by: Revision, outcome: QrisOutcome) -> Decision {
        let before = self.tracked.booking.qris;
        let is_latest = match before {
            QrisProgress::Sending(latest) if owed_by < latest => false,
            QrisProgress::Sending(_) => true,
            QrisProgress::None | QrisProgress::Sent | QrisProgress::Failed => {
                return Decision::Unchanged;
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
        step(after, event, Actor::Clock, self.now, self.policy)
    }

    fn extend(self, by: StaffName, minutes: u32) -> Result<Decision, Refusal> {
        if !EXTEND_MINUTES.contains(&minutes) {
            let (least, most) = (*EXTEND_MINUTES.start(), *EXTEND_MINUTES.end());
            let error = InputError::OutOfRange { least: least.into(), most: most.into() };
            return Err(Refusal::InvalidInput { field: Field::Minutes, error });
        }
        let hold = self.tracked.booking.hold;
        let mut grown = hold.grown(TimeDelta::minutes(minutes.into()), self.now, &self.policy.hold);
        if self.tracked.booking.arrived_at.is_some() {
            grown = grown.reminded();
        }
        Ok(self.with_hold(grown, Event::ExtendedByStaff { minutes }, Actor::Staff(by)))
    }

    fn with_hold(self, hold: Hold, event: Event, actor: Actor) -> Decision {
        let after = Booking { hold, ..self.next() };
        step(after, event, actor, self.now, self.policy)
    }

    fn cancelled(self, event: Event, by: Actor) -> Decision {
        let status = Status::Cancelled { at: self.now, by: by.clone() };
        self.settled(status, event, by)
    }

    fn settled(self, status: Status, event: Event, actor: Actor) -> Decision {
        let hold = self.tracked.booking.hold.reminded();
        let after = Booking { hold, status, ..self.next() };
        step(after, event, actor, self.now, self.policy)
    }

    fn next(&self) -> Booking {
        let before = &self.tracked.booking;
        Booking { revision: before.revision.next(), ..before.clone() }
    }
}
