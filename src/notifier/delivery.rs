//! The task of one notification. It takes the lease, sends the notification, stores the outcome,
//! and waits between attempts.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::channel_health::ChannelHealth;
use super::method::DeliveryChannel;
use super::{
    ATTEMPT_TIMEOUT, BACKOFF, DeliveryError, DeliveryMethods, DeliveryRequest, HOTEL_SYSTEM_BACKOFF,
};
use crate::domain::{
    Booking, Change, Command, Event, FailureCode, FailureReason, Moment, QrisOutcome, Recipient,
    Refusal,
};
use crate::lifecycle::Health;
use crate::service::{BookingService, ServiceError};
use crate::store::{
    DeliveryOutcome, Lease, LeaseOutcome, LeaseRequest, NodeId, NotificationId, NotificationQueue,
    StoreError,
};
use crate::text;

/// After this many attempts with an unknown outcome, the notification is given up. It may have been
/// delivered.
const MAX_UNKNOWN: u32 = 2;
/// The wait before another attempt if the queue was busy.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// The most simultaneous attempts over one channel to guests, and to the hotel's own system.
const MAX_SENDING: usize = 8;
/// The most simultaneous attempts to the front office. They are limited separately and wait to be
/// merged, so they do not delay notifications to guests.
const MAX_MERGING: usize = 2_000;

/// The data that all deliveries of a process share.
pub(super) struct DeliveryContext {
    pub queue: NotificationQueue,
    /// Cancelled when the process stops. Waiting deliveries then end without being settled.
    pub stop: CancellationToken,
    service: Arc<BookingService>,
    node: NodeId,
    is_alone: bool,
    methods: DeliveryMethods,
    channels: ChannelHealth,
    email_places: Semaphore,
    telegram_places: Semaphore,
    front_office_places: Semaphore,
    hotel_system_places: Semaphore,
}

impl DeliveryContext {
    pub(super) fn new(
        queue: NotificationQueue,
        service: Arc<BookingService>,
        node: NodeId,
        is_alone: bool,
        methods: DeliveryMethods,
        health: Health,
    ) -> Self {
        Self {
            queue,
            stop: CancellationToken::new(),
            service,
            node,
            is_alone,
            methods,
            channels: ChannelHealth::new(health),
            email_places: Semaphore::new(MAX_SENDING),
            telegram_places: Semaphore::new(MAX_SENDING),
            front_office_places: Semaphore::new(MAX_MERGING),
            hotel_system_places: Semaphore::new(MAX_SENDING),
        }
    }

    fn places(&self, request: &DeliveryRequest) -> &Semaphore {
        match DeliveryMethods::channel(request) {
            Some(DeliveryChannel::Telegram) => &self.telegram_places,
            Some(DeliveryChannel::FrontOffice) => &self.front_office_places,
            Some(DeliveryChannel::HotelSystem) => &self.hotel_system_places,
            Some(DeliveryChannel::Email) | None => &self.email_places,
        }
    }

    fn time_until(&self, moment: Moment) -> Duration {
        (moment - self.service.now()).to_std().unwrap_or_default()
    }
}

/// The delivery of one notification.
pub(super) struct Delivery {
    context: Arc<DeliveryContext>,
    request: DeliveryRequest,
    lease: Lease,
    /// Cancelled when any process has settled the notification.
    settled: CancellationToken,
    is_first_attempt: bool,
    /// The number of failed attempts. An attempt that found the queue busy is not counted.
    failures: u32,
    /// The number of attempts whose outcome is unknown.
    unknown: u32,
    /// The outcome, if it is known. The notification is then not sent again, even if storing the
    /// outcome has to be retried.
    outcome: Option<DeliveryOutcome>,
}

/// The result of one attempt.
enum AttemptOutcome {
    /// It was sent, and that was stored.
    Sent,
    /// It was given up, and that was stored. Or another process settled it.
    Settled,
    /// Another process has the lease until this time.
    LeasedUntil(Moment),
    /// The attempt failed, or the queue was busy.
    Failed(DeliveryError),
    /// The store failed. The attempt is to be repeated.
    Store(StoreError),
}

impl Delivery {
    pub(super) fn new(
        context: Arc<DeliveryContext>,
        request: DeliveryRequest,
        lease: Lease,
        settled: CancellationToken,
    ) -> Self {
        Self {
            context,
            request,
            lease,
            settled,
            is_first_attempt: true,
            failures: 0,
            unknown: 0,
            outcome: None,
        }
    }

    /// Delivers until the notification is settled or the process stops.
    pub(super) async fn run(mut self) -> NotificationId {
        let id = self.request.id();
        let is_ours = self.context.is_alone || self.lease.node == self.context.node;
        let mut wait =
            if is_ours { Duration::ZERO } else { self.context.time_until(self.lease.until) };
        while wait.is_zero() || self.wait(wait).await {
            // Boxed, so that a waiting delivery uses little memory.
            let attempt = Box::pin(self.attempt_safely()).await;
            self.is_first_attempt = false;
            wait = match attempt {
                AttemptOutcome::Sent => {
                    self.with_channel(ChannelHealth::succeeded);
                    break;
                }
                AttemptOutcome::Settled => break,
                AttemptOutcome::LeasedUntil(moment) => self.context.time_until(moment),
                // Wait no longer than the notification is useful. It is then given up, which the
                // front office sees.
                AttemptOutcome::Failed(failure) => {
                    let useful = self.context.time_until(self.request.useful_until);
                    self.wait_after(&failure).min(useful)
                }
                AttemptOutcome::Store(error) => {
                    warn!(notification = %id, %error, "the store failed; trying again");
                    self.next_backoff()
                }
            };
        }
        self.end();
        id
    }

    /// Waits, and returns whether to continue. A delivery ends if another process settled the
    /// notification, except if this process still has to store an outcome. It also ends if the
    /// process stops; the notification is then sent after the next start.
    async fn wait(&self, wait: Duration) -> bool {
        let has_outcome_to_store = self.outcome.is_some();
        tokio::select! {
            biased;
            () = self.context.stop.cancelled() => false,
            () = self.settled.cancelled(), if !has_outcome_to_store => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    fn wait_after(&mut self, failure: &DeliveryError) -> Duration {
        if *failure == DeliveryError::NotYet {
            return BUSY_PAUSE;
        }
        let id = self.request.id();
        warn!(notification = %id, reason = %failure, "an attempt to deliver failed; trying again");
        if let Some(reason) = failure.reason() {
            let reason = text::failure_in_both(reason);
            self.with_channel(|channels, channel| channels.failed(channel, reason));
        }
        let backoff = self.next_backoff();
        match failure {
            DeliveryError::Transient { retry_after, .. } => retry_after.unwrap_or(backoff),
            DeliveryError::Unknown(_) => {
                self.unknown += 1;
                backoff
            }
            DeliveryError::Permanent(_) | DeliveryError::Closed(_) | DeliveryError::NotYet => {
                backoff
            }
        }
    }

    fn next_backoff(&mut self) -> Duration {
        if self.failures == 0 {
            self.with_channel(ChannelHealth::began_retrying);
        }
        self.failures += 1;
        let backoff = match DeliveryMethods::channel(&self.request) {
            Some(DeliveryChannel::HotelSystem) => HOTEL_SYSTEM_BACKOFF,
            Some(
                DeliveryChannel::Email | DeliveryChannel::Telegram | DeliveryChannel::FrontOffice,
            )
            | None => BACKOFF,
        };
        backoff.spread_after(self.failures)
    }

    fn end(&self) {
        if self.failures > 0 {
            self.with_channel(ChannelHealth::ended_retrying);
        }
    }

    fn with_channel(&self, report: impl FnOnce(&ChannelHealth, DeliveryChannel)) {
        if let Some(channel) = DeliveryMethods::channel(&self.request) {
            report(&self.context.channels, channel);
        }
    }

    /// Makes one attempt. The outcome of an attempt that panics is unknown.
    async fn attempt_safely(&mut self) -> AttemptOutcome {
        let attempt = AssertUnwindSafe(self.attempt()).catch_unwind().await;
        attempt.map_or_else(
            |_| {
                error!(notification = %self.request.id(), "an attempt to deliver crashed");
                AttemptOutcome::Failed(DeliveryError::Unknown(FailureCode::MaybeSent.into()))
            },
            |attempt| attempt.unwrap_or_else(AttemptOutcome::Store),
        )
    }

    async fn attempt(&mut self) -> Result<AttemptOutcome, StoreError> {
        let outcome = match self.outcome.take() {
            Some(outcome) => outcome,
            None => match self.deliver_in_turn().await? {
                ControlFlow::Continue(outcome) => outcome,
                ControlFlow::Break(attempt) => return Ok(attempt),
            },
        };
        self.settle(outcome).await
    }

    /// Waits for a free place, then tries to deliver. The place is free again before the outcome is
    /// stored, so that many outcomes are stored together.
    async fn deliver_in_turn(
        &mut self,
    ) -> Result<ControlFlow<AttemptOutcome, DeliveryOutcome>, StoreError> {
        let context = Arc::clone(&self.context);
        context.service.yield_to_wakes().await;
        // The semaphore is never closed, so this never fails.
        let _place = context.places(&self.request).acquire().await;
        match self.hold_lease().await? {
            LeaseOutcome::Acquired => {}
            LeaseOutcome::LeasedUntil(moment) => {
                return Ok(ControlFlow::Break(AttemptOutcome::LeasedUntil(moment)));
            }
            LeaseOutcome::Settled => return Ok(ControlFlow::Break(AttemptOutcome::Settled)),
        }
        let Some(method) = self.context.methods.method(&self.request) else {
            return Ok(self.give_up(FailureCode::NotSetUp.into()));
        };
        if self.context.service.now() >= self.request.useful_until {
            return Ok(self.give_up(FailureCode::TooLate.into()));
        }
        if let Some(why) = self.obsolete_reason().await? {
            return Ok(self.give_up(why.into()));
        }
        let sent = tokio::time::timeout(ATTEMPT_TIMEOUT, method.deliver(&self.request)).await;
        let failure = match sent {
            Ok(Ok(())) => {
                let sent = DeliveryOutcome::Sent(self.context.service.now());
                return Ok(ControlFlow::Continue(sent));
            }
            Ok(Err(failure)) => failure,
            Err(_) => DeliveryError::Unknown(self.silent().into()),
        };
        match failure {
            DeliveryError::Permanent(reason) => Ok(self.give_up(reason)),
            DeliveryError::Closed(reason) => {
                let words = text::failure_in_both(&reason);
                self.with_channel(|channels, channel| channels.closed(channel, words));
                Ok(self.give_up(reason))
            }
            // It may have been delivered, so it is not sent again. Because that is not certain, the
            // front office is told.
            DeliveryError::Unknown(_) if self.unknown + 1 >= MAX_UNKNOWN => {
                Ok(self.give_up(FailureCode::MaybeSent.into()))
            }
            DeliveryError::Unknown(_) | DeliveryError::Transient { .. } | DeliveryError::NotYet => {
                Ok(ControlFlow::Break(AttemptOutcome::Failed(failure)))
            }
        }
    }

    /// The reason for an attempt that was not answered in time.
    fn silent(&self) -> FailureCode {
        match DeliveryMethods::channel(&self.request) {
            Some(DeliveryChannel::Telegram | DeliveryChannel::FrontOffice) => {
                FailureCode::TelegramSilent
            }
            Some(DeliveryChannel::HotelSystem) => FailureCode::WebhookSilent,
            Some(DeliveryChannel::Email) | None => FailureCode::MailServerSilent,
        }
    }

    /// Why this notification is no longer true: the booking ended, or its deadline changed. This is
    /// checked only for guests, before a late notification and before one with a QRIS code.
    async fn obsolete_reason(&self) -> Result<Option<FailureCode>, StoreError> {
        let (service, change) = (&self.context.service, &self.request.change);
        let is_late = !self.is_first_attempt || service.now() >= change.at + Lease::LENGTH;
        let is_asked = is_late || self.request.with_qris;
        if !change.booking.is_pending() || !is_asked || self.request.to != Recipient::Guest {
            return Ok(None);
        }
        match service.booking(change.booking.receipt_no).await {
            Ok(tracked) if !tracked.booking.is_pending() => Ok(Some(FailureCode::BookingEnded)),
            Ok(tracked) if is_superseded(change, &tracked.booking) => {
                Ok(Some(FailureCode::Overtaken))
            }
            Ok(_) | Err(ServiceError::Refused(_)) => Ok(None),
            Err(ServiceError::Store(error)) => Err(error),
        }
    }

    /// Takes a new lease if the current one may end before the attempt does.
    async fn hold_lease(&mut self) -> Result<LeaseOutcome, StoreError> {
        let now = self.context.service.now();
        let attempt = TimeDelta::from_std(ATTEMPT_TIMEOUT).unwrap_or(Lease::LENGTH);
        let is_ours = self.lease.node == self.context.node && self.lease.until >= now + attempt;
        if is_ours || self.context.is_alone {
            return Ok(LeaseOutcome::Acquired);
        }
        let lease = Lease { node: self.context.node.clone(), until: now + Lease::LENGTH };
        let notification = self.request.id();
        let request = LeaseRequest { notification, lease: lease.clone(), now };
        let answer = self.context.queue.take_lease(request).await?;
        if answer == LeaseOutcome::Acquired {
            self.lease = lease;
        }
        Ok(answer)
    }

    fn give_up(&self, reason: FailureReason) -> ControlFlow<AttemptOutcome, DeliveryOutcome> {
        warn!(notification = %self.request.id(), %reason, "a notification is given up");
        ControlFlow::Continue(DeliveryOutcome::GivenUp(self.context.service.now(), reason))
    }

    /// Stores the outcome of the notification. The outcome is kept in memory until that succeeds,
    /// so that an outage of the store causes no duplicate.
    async fn settle(&mut self, outcome: DeliveryOutcome) -> Result<AttemptOutcome, StoreError> {
        self.outcome = Some(outcome.clone());
        let (id, queue) = (self.request.id(), &self.context.queue);
        let (name, attempt) = match &outcome {
            // The notification is settled last. If the process dies before that, the notification
            // is sent again, and the booking's QRIS progress is not lost.
            DeliveryOutcome::Sent(_) => {
                self.record_qris(QrisOutcome::Delivered).await?;
                queue.settle(id, outcome.clone()).await?;
                ("sent", AttemptOutcome::Sent)
            }
            // The notification is settled first, so that its reason can be read as soon as the
            // booking shows that the QRIS code failed.
            DeliveryOutcome::GivenUp(_, reason) => {
                queue.settle(id, outcome.clone()).await?;
                self.record_qris(QrisOutcome::GivenUp(reason.clone())).await?;
                self.tell_front_office(reason).await;
                ("given_up", AttemptOutcome::Settled)
            }
        };
        let channel = DeliveryMethods::channel(&self.request).map_or("none", DeliveryChannel::name);
        metrics::counter!("jatah_notices_total", "outcome" => name, "channel" => channel)
            .increment(1);
        Ok(attempt)
    }

    /// Tells the front office that a guest was not notified, so that the staff can contact the
    /// guest. Not necessary for a QRIS code, whose failure has a notification of its own, or for a
    /// notification that was outdated.
    async fn tell_front_office(&self, reason: &FailureReason) {
        let is_worth_telling = !self.request.with_qris && !reason.code.is_outdated();
        if self.request.to == Recipient::Guest
            && is_worth_telling
            && let Some(front_office) = &self.context.methods.telegram
        {
            front_office.notify_given_up(&self.request, reason).await;
        }
    }

    /// Records in the booking whether its QRIS code was delivered.
    async fn record_qris(&self, outcome: QrisOutcome) -> Result<(), StoreError> {
        if !self.request.with_qris {
            return Ok(());
        }
        let booking = &self.request.change.booking;
        let command = Command::RecordQris { owed_by: booking.revision, outcome };
        match self.context.service.apply(booking.receipt_no, command).await {
            Ok(_) | Err(ServiceError::Refused(Refusal::NotFound)) => Ok(()),
            Err(ServiceError::Refused(refusal)) => Err(StoreError::Conflict(refusal.to_string())),
            Err(ServiceError::Store(error)) => Err(error),
        }
    }
}

/// Whether a notification is only about a deadline that has changed since.
fn is_superseded(change: &Change, now: &Booking) -> bool {
    let is_moved = now.hold.until != change.booking.hold.until;
    match &change.event {
        Event::Reminded { .. }
        | Event::PaymentAsked
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. }
        | Event::Offered
        | Event::Revived => is_moved,
        Event::Booked
        | Event::Arrived
        | Event::QrisRequested
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Paid
        | Event::Cancelled { .. }
        | Event::Expired { .. }
        | Event::Reopened { .. }
        | Event::Amended { .. }
        | Event::OfferTaken
        | Event::Other => false,
    }
}
