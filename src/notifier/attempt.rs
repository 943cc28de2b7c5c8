//! One attempt at one letter: lease, delivery, and what it came to written down.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::warn;

use super::{ATTEMPT, AttemptOutcome, Delivery, DeliveryError, DeliveryMethod, DeliveryRequest};
use crate::domain::{Booking, Change, Command, Event, QrisOutcome, Recipient, Refusal};
use crate::service::{BookingService, ServiceError};
use crate::store::{DeliveryOutcome, Lease, LeaseOutcome, NodeId, NotificationStore, StoreError};
use crate::text;

pub(super) struct Attempt {
    pub store: Arc<dyn NotificationStore>,
    pub service: Arc<BookingService>,
    pub node: NodeId,
    pub is_alone: bool,
    pub request: DeliveryRequest,
    pub lease: Lease,
    pub is_first: bool,
    pub is_last_unknown: bool,
    pub deliver: Option<Arc<dyn DeliveryMethod>>,
    /// Where the front office is told of what was given up.
    pub front_office: Option<Arc<dyn DeliveryMethod>>,
    /// What an earlier attempt came to, which is still to be written down.
    pub outcome: Option<DeliveryOutcome>,
}

impl Attempt {
    pub(super) async fn run(mut self) -> Delivery {
        let attempt = self.attempt().await.unwrap_or_else(AttemptOutcome::Store);
        Delivery { id: self.request.id(), lease: self.lease, outcome: self.outcome, attempt }
    }

    async fn attempt(&mut self) -> Result<AttemptOutcome, StoreError> {
        if let Some(outcome) = self.outcome.clone() {
            return self.settle(outcome).await;
        }
        match self.hold_lease().await? {
            LeaseOutcome::Acquired => {}
            LeaseOutcome::LeasedUntil(moment) => return Ok(AttemptOutcome::LeasedUntil(moment)),
            LeaseOutcome::Settled => return Ok(AttemptOutcome::Settled),
        }
        let Some(deliver) = self.deliver.clone() else {
            return self.give_up(text::NOT_SET_UP).await;
        };
        if self.service.now() >= self.request.useful_until {
            return self.give_up(text::TOO_LATE).await;
        }
        if let Some(why) = self.untrue().await? {
            return self.give_up(why).await;
        }
        let sent = tokio::time::timeout(ATTEMPT, deliver.deliver(&self.request)).await;
        let failure = match sent {
            Ok(Ok(())) => return self.settle(DeliveryOutcome::Sent(self.service.now())).await,
            Ok(Err(failure)) => failure,
            Err(_) => DeliveryError::Unknown(text::NO_ANSWER.to_owned()),
        };
        match failure {
            DeliveryError::Permanent(reason) => self.give_up(&reason).await,
            // It may be out twice already: not a third time. Nobody knows that it arrived, so the
            // front office is told.
            DeliveryError::Unknown(_) if self.is_last_unknown => {
                self.give_up(text::MAYBE_SENT).await
            }
            DeliveryError::Unknown(_) | DeliveryError::Transient { .. } | DeliveryError::NotYet => {
                Ok(AttemptOutcome::Failed(failure))
            }
        }
    }

    /// Why this letter is not true any more: the booking ended, or another deadline holds by now.
    /// Asked where it matters: before anything is sent late, and before anybody is asked to pay.
    async fn untrue(&self) -> Result<Option<&'static str>, StoreError> {
        let change = &self.request.change;
        let is_late = !self.is_first || self.service.now() >= change.at + Lease::LENGTH;
        let is_asked = is_late || self.request.with_qris;
        if !change.booking.is_pending() || !is_asked || self.request.to != Recipient::Guest {
            return Ok(None);
        }
        match self.service.booking(change.booking.receipt_no).await {
            Ok(tracked) if !tracked.booking.is_pending() => Ok(Some(text::NO_LONGER_TRUE)),
            Ok(tracked) if is_overtaken(change, &tracked.booking) => Ok(Some(text::OVERTAKEN)),
            Ok(_) | Err(ServiceError::Refused(_)) => Ok(None),
            Err(ServiceError::Store(error)) => Err(error),
        }
    }

    /// Makes sure that the right to this notice outlasts the attempt.
    async fn hold_lease(&mut self) -> Result<LeaseOutcome, StoreError> {
        let now = self.service.now();
        let attempt = TimeDelta::from_std(ATTEMPT).unwrap_or(Lease::LENGTH);
        let is_ours = self.lease.node == self.node && self.lease.until >= now + attempt;
        if is_ours || self.is_alone {
            return Ok(LeaseOutcome::Acquired);
        }
        let lease = Lease { node: self.node.clone(), until: now + Lease::LENGTH };
        let answer = self.store.take_lease(self.request.id(), &lease, now).await?;
        if answer == LeaseOutcome::Acquired {
            self.lease = lease;
        }
        Ok(answer)
    }

    async fn give_up(&mut self, reason: &str) -> Result<AttemptOutcome, StoreError> {
        warn!(notification = %self.request.id(), reason, "a notice is given up");
        self.settle(DeliveryOutcome::GivenUp(self.service.now(), reason.to_owned())).await
    }

    /// Writes down what a letter came to. It is kept until that has worked, so that a store that is
    /// away makes nobody read anything twice.
    async fn settle(&mut self, outcome: DeliveryOutcome) -> Result<AttemptOutcome, StoreError> {
        self.outcome = Some(outcome.clone());
        let id = self.request.id();
        let (name, attempt) = match &outcome {
            // Marked last: a process that dies in between sends again rather than never telling.
            DeliveryOutcome::Sent(_) => {
                self.record_qris(QrisOutcome::Delivered).await?;
                self.store.settle(id, &outcome).await?;
                ("sent", AttemptOutcome::Sent)
            }
            // Marked first: whoever hears that a code failed finds the reason with the notice.
            DeliveryOutcome::GivenUp(_, reason) => {
                self.store.settle(id, &outcome).await?;
                self.record_qris(QrisOutcome::GivenUp(reason.clone())).await?;
                self.tell_front_office(reason).await;
                ("given_up", AttemptOutcome::Settled)
            }
        };
        metrics::counter!("jatah_notices_total", "outcome" => name).increment(1);
        Ok(attempt)
    }

    /// A guest who was not told may have to be told by somebody. Of a code that failed the front
    /// office has a notice of its own; what newer word overtook is no news.
    async fn tell_front_office(&self, reason: &str) {
        let is_overtaken = [text::NO_LONGER_TRUE, text::OVERTAKEN].contains(&reason);
        let is_news = !self.request.with_qris && !is_overtaken;
        if self.request.to == Recipient::Guest
            && is_news
            && let Some(front_office) = &self.front_office
        {
            front_office.tell_given_up(&self.request, reason).await;
        }
    }

    /// Tells the booking what became of its code.
    async fn record_qris(&self, outcome: QrisOutcome) -> Result<(), StoreError> {
        if !self.request.with_qris {
            return Ok(());
        }
        let booking = &self.request.change.booking;
        let command = Command::RecordQris { owed_by: booking.revision, outcome };
        match self.service.apply(booking.receipt_no, command).await {
            Ok(_) | Err(ServiceError::Refused(Refusal::NotFound)) => Ok(()),
            Err(ServiceError::Refused(refusal)) => Err(StoreError::Conflict(refusal.to_string())),
            Err(ServiceError::Store(error)) => Err(error),
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
        | Event::Expired { .. }
        | Event::Other => false,
    }
}
