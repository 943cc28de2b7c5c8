//! The task of one notification: take the lease, send, write down what came of it, and wait
//! between attempts.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::method::DeliveryChannel;
use super::{ATTEMPT, DeliveryError, DeliveryMethods, DeliveryRequest, RETRY};
use crate::domain::{
    Booking, Change, Command, Event, FailureCode, FailureReason, Moment, QrisOutcome, Recipient,
    Refusal,
};
use crate::lifecycle::Health;
use crate::service::{BookingService, ServiceError};
use crate::store::{
    DeliveryOutcome, Lease, LeaseOutcome, NodeId, NotificationId, NotificationStore, StoreError,
};
use crate::text;

/// Attempts whose outcome may stay unknown: after so many the notification is given up, since it
/// may be out already.
const MAX_UNKNOWN: u32 = 2;
/// What had to let others go first comes back so soon.
const NEXT_TURN: Duration = Duration::from_secs(1);
/// Attempts under way at once, over one channel.
const MAX_SENDING: usize = 8;
/// The same for the front office, whose notifications wait to be merged and so take no guest's
/// place.
const MAX_MERGING: usize = 2_000;
/// The name of this part in `/health`.
const PART: &str = "courier";

/// What the deliveries of one process share.
pub(super) struct DeliveryContext {
    pub store: Arc<dyn NotificationStore>,
    /// Cancelled when the process stops: what waits then stays owed.
    pub stop: CancellationToken,
    service: Arc<BookingService>,
    node: NodeId,
    is_alone: bool,
    methods: DeliveryMethods,
    health: Health,
    /// Deliveries that failed at least once and are not over.
    retrying: AtomicUsize,
    email_places: Semaphore,
    telegram_places: Semaphore,
    front_office_places: Semaphore,
}

impl DeliveryContext {
    pub(super) fn new(
        store: Arc<dyn NotificationStore>,
        service: Arc<BookingService>,
        node: NodeId,
        is_alone: bool,
        methods: DeliveryMethods,
        health: Health,
    ) -> Self {
        Self {
            store,
            stop: CancellationToken::new(),
            service,
            node,
            is_alone,
            methods,
            health,
            retrying: AtomicUsize::new(0),
            email_places: Semaphore::new(MAX_SENDING),
            telegram_places: Semaphore::new(MAX_SENDING),
            front_office_places: Semaphore::new(MAX_MERGING),
        }
    }

    fn places(&self, request: &DeliveryRequest) -> &Semaphore {
        match DeliveryMethods::channel(request) {
            Some(DeliveryChannel::Telegram) => &self.telegram_places,
            Some(DeliveryChannel::FrontOffice) => &self.front_office_places,
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
    /// Cancelled when any process settled the notification.
    settled: CancellationToken,
    is_first_attempt: bool,
    /// Failed attempts: waiting for a turn is no failure.
    failures: u32,
    /// Attempts whose outcome is unknown.
    unknown: u32,
    /// What it came to, until that is written down: it is not sent again meanwhile.
    outcome: Option<DeliveryOutcome>,
}

/// What one attempt came to.
enum AttemptOutcome {
    /// Sent, and marked so.
    Sent,
    /// Given up, and marked so; or another process settled it.
    Settled,
    /// Another process has the right to it until then.
    LeasedUntil(Moment),
    /// Not sent.
    Failed(DeliveryError),
    /// The store is away; nothing is known to have changed.
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
            // Boxed, so that a notification that waits is small.
            let attempt = Box::pin(self.attempt_in_turn()).await;
            self.is_first_attempt = false;
            wait = match attempt {
                AttemptOutcome::Sent => {
                    self.context.health.set_degraded(PART, None);
                    break;
                }
                AttemptOutcome::Settled => break,
                AttemptOutcome::LeasedUntil(moment) => self.context.time_until(moment),
                // At the end of its useful life it is given up on time, for the front office to
                // see.
                AttemptOutcome::Failed(failure) => {
                    let useful = self.context.time_until(self.request.useful_until);
                    self.wait_after(&failure).min(useful)
                }
                AttemptOutcome::Store(error) => {
                    warn!(notification = %id, %error, "a notification waits for the store");
                    self.next_backoff()
                }
            };
        }
        self.end();
        id
    }

    /// Waits, and answers whether to go on. What another process settled is over, and a stopping
    /// process leaves what waits to the next start; what still has to be written down is not over.
    async fn wait(&self, wait: Duration) -> bool {
        let is_written = self.outcome.is_none();
        tokio::select! {
            biased;
            () = self.context.stop.cancelled() => false,
            () = self.settled.cancelled(), if is_written => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    fn wait_after(&mut self, failure: &DeliveryError) -> Duration {
        if *failure == DeliveryError::NotYet {
            return NEXT_TURN;
        }
        let id = self.request.id();
        warn!(notification = %id, reason = %failure, "a notification did not go out; trying again");
        if let Some(reason) = failure.reason() {
            self.context.health.set_degraded(PART, Some(text::failure_in_both(reason)));
        }
        let backoff = self.next_backoff();
        match failure {
            DeliveryError::Transient { retry_after, .. } => retry_after.unwrap_or(backoff),
            DeliveryError::Unknown(_) => {
                self.unknown += 1;
                backoff
            }
            DeliveryError::Permanent(_) | DeliveryError::NotYet => backoff,
        }
    }

    fn next_backoff(&mut self) -> Duration {
        if self.failures == 0 {
            self.context.retrying.fetch_add(1, Ordering::Relaxed);
        }
        self.failures += 1;
        RETRY.spread_after(self.failures)
    }

    /// What was given up is shown with its booking: the process is well when nothing is retried.
    fn end(&self) {
        let is_last =
            self.failures > 0 && self.context.retrying.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_last {
            self.context.health.set_degraded(PART, None);
        }
    }

    /// One attempt, once there is a place for it. A crash counts as an attempt that may have sent.
    async fn attempt_in_turn(&mut self) -> AttemptOutcome {
        let context = Arc::clone(&self.context);
        // Never closed, so a place always comes.
        let _place = context.places(&self.request).acquire().await;
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
        if let Some(outcome) = self.outcome.clone() {
            return self.settle(outcome).await;
        }
        match self.hold_lease().await? {
            LeaseOutcome::Acquired => {}
            LeaseOutcome::LeasedUntil(moment) => return Ok(AttemptOutcome::LeasedUntil(moment)),
            LeaseOutcome::Settled => return Ok(AttemptOutcome::Settled),
        }
        let Some(method) = self.context.methods.method(&self.request) else {
            return self.give_up(FailureCode::NotSetUp.into()).await;
        };
        if self.context.service.now() >= self.request.useful_until {
            return self.give_up(FailureCode::TooLate.into()).await;
        }
        if let Some(why) = self.untrue().await? {
            return self.give_up(why.into()).await;
        }
        let sent = tokio::time::timeout(ATTEMPT, method.deliver(&self.request)).await;
        let failure = match sent {
            Ok(Ok(())) => {
                return self.settle(DeliveryOutcome::Sent(self.context.service.now())).await;
            }
            Ok(Err(failure)) => failure,
            Err(_) => DeliveryError::Unknown(self.silent().into()),
        };
        match failure {
            DeliveryError::Permanent(reason) => self.give_up(reason).await,
            // It may be out already: not once more. Nobody knows that it arrived, so the front
            // office is told.
            DeliveryError::Unknown(_) if self.unknown + 1 >= MAX_UNKNOWN => {
                self.give_up(FailureCode::MaybeSent.into()).await
            }
            DeliveryError::Unknown(_) | DeliveryError::Transient { .. } | DeliveryError::NotYet => {
                Ok(AttemptOutcome::Failed(failure))
            }
        }
    }

    /// The reason if the other side does not answer an attempt in time.
    fn silent(&self) -> FailureCode {
        match DeliveryMethods::channel(&self.request) {
            Some(DeliveryChannel::Telegram | DeliveryChannel::FrontOffice) => {
                FailureCode::TelegramSilent
            }
            Some(DeliveryChannel::Email) | None => FailureCode::MailServerSilent,
        }
    }

    /// Why this notification is not true any more: the booking ended, or another deadline holds by
    /// now. Asked where it matters: before anything is sent late, and before anybody is asked to
    /// pay.
    async fn untrue(&self) -> Result<Option<FailureCode>, StoreError> {
        let (service, change) = (&self.context.service, &self.request.change);
        let is_late = !self.is_first_attempt || service.now() >= change.at + Lease::LENGTH;
        let is_asked = is_late || self.request.with_qris;
        if !change.booking.is_pending() || !is_asked || self.request.to != Recipient::Guest {
            return Ok(None);
        }
        match service.booking(change.booking.receipt_no).await {
            Ok(tracked) if !tracked.booking.is_pending() => Ok(Some(FailureCode::BookingEnded)),
            Ok(tracked) if is_overtaken(change, &tracked.booking) => {
                Ok(Some(FailureCode::Overtaken))
            }
            Ok(_) | Err(ServiceError::Refused(_)) => Ok(None),
            Err(ServiceError::Store(error)) => Err(error),
        }
    }

    /// Makes sure that the right to this notification outlasts the attempt.
    async fn hold_lease(&mut self) -> Result<LeaseOutcome, StoreError> {
        let now = self.context.service.now();
        let attempt = TimeDelta::from_std(ATTEMPT).unwrap_or(Lease::LENGTH);
        let is_ours = self.lease.node == self.context.node && self.lease.until >= now + attempt;
        if is_ours || self.context.is_alone {
            return Ok(LeaseOutcome::Acquired);
        }
        let lease = Lease { node: self.context.node.clone(), until: now + Lease::LENGTH };
        let answer = self.context.store.take_lease(self.request.id(), &lease, now).await?;
        if answer == LeaseOutcome::Acquired {
            self.lease = lease;
        }
        Ok(answer)
    }

    async fn give_up(&mut self, reason: FailureReason) -> Result<AttemptOutcome, StoreError> {
        warn!(notification = %self.request.id(), %reason, "a notification is given up");
        let now = self.context.service.now();
        self.settle(DeliveryOutcome::GivenUp(now, reason)).await
    }

    /// Writes down what the notification came to. It is kept until that has worked, so that a
    /// store that is away makes nobody read anything twice.
    async fn settle(&mut self, outcome: DeliveryOutcome) -> Result<AttemptOutcome, StoreError> {
        self.outcome = Some(outcome.clone());
        let (id, store) = (self.request.id(), &self.context.store);
        let (name, attempt) = match &outcome {
            // Marked last: a process that dies in between sends again rather than never with_route_requests.
            DeliveryOutcome::Sent(_) => {
                self.record_qris(QrisOutcome::Delivered).await?;
                store.settle(id, &outcome).await?;
                ("sent", AttemptOutcome::Sent)
            }
            // Marked first: whoever sees that a code failed finds the reason with the
            // notification.
            DeliveryOutcome::GivenUp(_, reason) => {
                store.settle(id, &outcome).await?;
                self.record_qris(QrisOutcome::GivenUp(reason.clone())).await?;
                self.tell_front_office(reason).await;
                ("given_up", AttemptOutcome::Settled)
            }
        };
        metrics::counter!("jatah_notices_total", "outcome" => name).increment(1);
        Ok(attempt)
    }

    /// A guest who was not told may have to be told by somebody. Of a code that failed the front
    /// office has a notification of its own; what newer word overtook is no news.
    async fn tell_front_office(&self, reason: &FailureReason) {
        let is_news = !self.request.with_qris && !reason.code.is_outdated();
        if self.request.to == Recipient::Guest
            && is_news
            && let Some(front_office) = &self.context.methods.telegram
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
        match self.context.service.apply(booking.receipt_no, command).await {
            Ok(_) | Err(ServiceError::Refused(Refusal::NotFound)) => Ok(()),
            Err(ServiceError::Refused(refusal)) => Err(StoreError::Conflict(refusal.to_string())),
            Err(ServiceError::Store(error)) => Err(error),
        }
    }
}

/// Whether a notification tells of nothing but a deadline that was moved since.
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
