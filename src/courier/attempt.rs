//! One attempt at one letter: lease, delivery, and what it came to written down.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::warn;

use super::{ATTEMPT, Attempt, Deliver, Failure, Letter, Tried};
use crate::desk::{Desk, DeskError};
use crate::domain::{Booking, Change, Command, Event, QrisOutcome, Recipient, Refusal};
use crate::store::{Lease, LeaseAnswer, NodeId, Outcome, Store, StoreError};
use crate::text;

pub(super) struct TryOnce {
    pub store: Arc<dyn Store>,
    pub desk: Arc<Desk>,
    pub node: NodeId,
    pub is_alone: bool,
    pub letter: Letter,
    pub lease: Lease,
    pub is_first: bool,
    pub is_last_unknown: bool,
    pub deliver: Option<Arc<dyn Deliver>>,
    /// Where the front office is told of what was given up.
    pub front_office: Option<Arc<dyn Deliver>>,
    /// What an earlier attempt came to, which is still to be written down.
    pub outcome: Option<Outcome>,
}

impl TryOnce {
    pub(super) async fn run(mut self) -> Tried {
        let attempt = self.attempt().await.unwrap_or_else(Attempt::Store);
        Tried { id: self.letter.id(), lease: self.lease, outcome: self.outcome, attempt }
    }

    async fn attempt(&mut self) -> Result<Attempt, StoreError> {
        if let Some(outcome) = self.outcome.clone() {
            return self.settle(outcome).await;
        }
        match self.hold_lease().await? {
            LeaseAnswer::Taken => {}
            LeaseAnswer::HeldUntil(moment) => return Ok(Attempt::HeldUntil(moment)),
            LeaseAnswer::Settled => return Ok(Attempt::Settled),
        }
        let Some(deliver) = self.deliver.clone() else {
            return self.give_up(text::NOT_SET_UP).await;
        };
        if self.desk.now() >= self.letter.useful_until {
            return self.give_up(text::TOO_LATE).await;
        }
        if let Some(why) = self.untrue().await? {
            return self.give_up(why).await;
        }
        let sent = tokio::time::timeout(ATTEMPT, deliver.deliver(&self.letter)).await;
        let failure = match sent {
            Ok(Ok(())) => return self.settle(Outcome::Sent(self.desk.now())).await,
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Unknown(text::NO_ANSWER.to_owned()),
        };
        match failure {
            Failure::Permanent(reason) => self.give_up(&reason).await,
            // It may be out twice already: not a third time. Nobody knows that it arrived, so the
            // front office is told.
            Failure::Unknown(_) if self.is_last_unknown => self.give_up(text::MAYBE_SENT).await,
            Failure::Unknown(_) | Failure::Transient { .. } | Failure::NotYet => {
                Ok(Attempt::Failed(failure))
            }
        }
    }

    /// Why this letter is not true any more: the booking ended, or another deadline holds by now.
    /// Asked where it matters: before anything is sent late, and before anybody is asked to pay.
    async fn untrue(&self) -> Result<Option<&'static str>, StoreError> {
        let change = &self.letter.change;
        let is_late = !self.is_first || self.desk.now() >= change.at + Lease::LENGTH;
        let is_asked = is_late || self.letter.with_qris;
        if !change.booking.is_pending() || !is_asked || self.letter.to != Recipient::Guest {
            return Ok(None);
        }
        match self.desk.held(change.booking.receipt_no).await {
            Ok(held) if !held.booking.is_pending() => Ok(Some(text::NO_LONGER_TRUE)),
            Ok(held) if is_overtaken(change, &held.booking) => Ok(Some(text::OVERTAKEN)),
            Ok(_) | Err(DeskError::Refused(_)) => Ok(None),
            Err(DeskError::Store(error)) => Err(error),
        }
    }

    /// Makes sure that the right to this notice outlasts the attempt.
    async fn hold_lease(&mut self) -> Result<LeaseAnswer, StoreError> {
        let now = self.desk.now();
        let attempt = TimeDelta::from_std(ATTEMPT).unwrap_or(Lease::LENGTH);
        let is_ours = self.lease.node == self.node && self.lease.until >= now + attempt;
        if is_ours || self.is_alone {
            return Ok(LeaseAnswer::Taken);
        }
        let lease = Lease { node: self.node.clone(), until: now + Lease::LENGTH };
        let answer = self.store.take_lease(self.letter.id(), &lease, now).await?;
        if answer == LeaseAnswer::Taken {
            self.lease = lease;
        }
        Ok(answer)
    }

    async fn give_up(&mut self, reason: &str) -> Result<Attempt, StoreError> {
        warn!(notice = %self.letter.id(), reason, "a notice is given up");
        self.settle(Outcome::GaveUp(self.desk.now(), reason.to_owned())).await
    }

    /// Writes down what a letter came to. It is kept until that has worked, so that a store that is
    /// away makes nobody read anything twice.
    async fn settle(&mut self, outcome: Outcome) -> Result<Attempt, StoreError> {
        self.outcome = Some(outcome.clone());
        let id = self.letter.id();
        let (name, attempt) = match &outcome {
            // Marked last: a process that dies in between sends again rather than never telling.
            Outcome::Sent(_) => {
                self.note_qris(QrisOutcome::Delivered).await?;
                self.store.mark(id, &outcome).await?;
                ("sent", Attempt::Sent)
            }
            // Marked first: whoever hears that a code failed finds the reason with the notice.
            Outcome::GaveUp(_, reason) => {
                self.store.mark(id, &outcome).await?;
                self.note_qris(QrisOutcome::GivenUp(reason.clone())).await?;
                self.tell_front_office(reason).await;
                ("given_up", Attempt::Settled)
            }
        };
        metrics::counter!("jatah_notices_total", "outcome" => name).increment(1);
        Ok(attempt)
    }

    /// A guest who was not told may have to be told by somebody. Of a code that failed the front
    /// office has a notice of its own; what newer word overtook is no news.
    async fn tell_front_office(&self, reason: &str) {
        let is_overtaken = [text::NO_LONGER_TRUE, text::OVERTAKEN].contains(&reason);
        let is_news = !self.letter.with_qris && !is_overtaken;
        if self.letter.to == Recipient::Guest
            && is_news
            && let Some(front_office) = &self.front_office
        {
            front_office.tell_given_up(&self.letter, reason).await;
        }
    }

    /// Tells the booking what became of its code.
    async fn note_qris(&self, outcome: QrisOutcome) -> Result<(), StoreError> {
        if !self.letter.with_qris {
            return Ok(());
        }
        let booking = &self.letter.change.booking;
        let command = Command::NoteQris { owed_by: booking.revision, outcome };
        match self.desk.act(booking.receipt_no, command).await {
            Ok(_) | Err(DeskError::Refused(Refusal::NotFound)) => Ok(()),
            Err(DeskError::Refused(refusal)) => Err(StoreError::Conflict(refusal.to_string())),
            Err(DeskError::Store(error)) => Err(error),
        }
    }
}

/// Whether a letter tells of nothing but a deadline that was moved since.
fn is_overtaken(change: &Change, now: &Booking) -> bool {
    let is_moved = now.hold.until != change.booking.hold.until;
    match &change.event {
        Event::Reminded { .. }
        | Event::PaymentAsked
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. } => is_moved,
        Event::Booked
        | Event::Arrived
        | Event::QrisRequested
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Paid
        | Event::Cancelled { .. }
        | Event::Expired { .. } => false,
    }
}
