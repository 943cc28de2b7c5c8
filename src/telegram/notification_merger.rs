//! Sends notifications to the front office, and merges them into one message if many are waiting.
//! One notification alone goes by the living message of its booking. The message is composed only when the send queue grants a permit for the chat, so it contains
//! everything that is waiting by then.
//!
//! This module does not send a change again after a failure: it reports the outcome to the
//! notifier, which decides that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BotParts;
use super::delivery_errors::front_office_error;
use super::front_office::FrontOfficeChat;
use super::living_messages::{LivingMessages, Telling};
use super::transport::call::{Call, CallError, MessageContent};
use super::transport::{FINAL_CALLS_WAIT, Permit, Priority, SendQueue};
use crate::domain::{Change, FailureCode, FailureReason, Language, ReceiptNo};
use crate::notifier::DeliveryError;
use crate::service::BookingService;
use crate::text::telegram as words;

/// Up to this many waiting notifications are sent as separate messages.
const MAX_SEPARATE: usize = 5;
/// Maximum length of a merged message in UTF-16 units. Telegram accepts 4,096.
const MAX_UNITS: usize = 3_800;
/// Maximum number of notifications in one message.
const MAX_MERGED: usize = 2_000;
/// Capacity of the channel to the merger. The merger also removes abandoned notifications each
/// time that this many more are pending.
pub(super) const CHANNEL_CAPACITY: usize = 4_096;
/// Pause after a message that was not sent.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// A message to the front office that may be merged with others.
pub(super) enum PendingNotification {
    /// A change. The delivery of its notification waits for the outcome.
    Change(PendingChange),
    /// The notification of this change to the guest could not be delivered, and why. Nothing waits
    /// for the outcome.
    GivenUp { change: Arc<Change>, reason: FailureReason },
}

/// A change, and the channel to the delivery that waits for the outcome.
pub(super) struct PendingChange {
    change: Arc<Change>,
    claimed: oneshot::Sender<oneshot::Receiver<Result<(), DeliveryError>>>,
}

/// The other end of a [`PendingChange`]. Its holder can abandon the change until the merger claims
/// it for a message.
pub(super) struct DeliveryClaim(oneshot::Receiver<oneshot::Receiver<Result<(), DeliveryError>>>);

impl PendingChange {
    pub(super) fn new(change: Arc<Change>) -> (Self, DeliveryClaim) {
        let (claimed, claim) = oneshot::channel();
        (Self { change, claimed }, DeliveryClaim(claim))
    }
}

impl DeliveryClaim {
    /// Waits for the outcome, if the merger claims the change before the deadline.
    ///
    /// # Errors
    /// [`DeliveryError::NotYet`] if the change was not claimed in time, otherwise the error of the
    /// message that contained it.
    pub(super) async fn outcome(mut self, deadline: Instant) -> Result<(), DeliveryError> {
        let claimed = if let Ok(claimed) = timeout_at(deadline, &mut self.0).await {
            claimed.ok()
        } else {
            // After `close` nobody can claim it. It may have been claimed before.
            self.0.close();
            self.0.try_recv().ok()
        };
        let Some(outcome) = claimed else { return Err(DeliveryError::NotYet) };
        let stopped = || DeliveryError::Unknown(FailureCode::TelegramSilent.into());
        outcome.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl PendingNotification {
    /// Whether the delivery that waited for the outcome has given up.
    fn is_dropped(&self) -> bool {
        match self {
            Self::Change(pending) => pending.claimed.is_closed(),
            Self::GivenUp { .. } => false,
        }
    }

    fn item(&self) -> words::MergedItem<'_> {
        match self {
            Self::Change(pending) => words::MergedItem::Change(&pending.change),
            Self::GivenUp { change, .. } => words::MergedItem::GivenUp(change),
        }
    }

    /// Takes this for a message; `None` if the delivery has given up.
    fn claim(self) -> Option<ClaimedNotification> {
        Some(match self {
            Self::Change(PendingChange { change, claimed }) => {
                let (outcome, receiver) = oneshot::channel();
                claimed.send(receiver).ok()?;
                ClaimedNotification::Change { change, outcome }
            }
            Self::GivenUp { change, reason } => ClaimedNotification::GivenUp { change, reason },
        })
    }
}

/// A notification that is part of a message.
enum ClaimedNotification {
    Change { change: Arc<Change>, outcome: oneshot::Sender<Result<(), DeliveryError>> },
    GivenUp { change: Arc<Change>, reason: FailureReason },
}

impl ClaimedNotification {
    fn item(&self) -> words::MergedItem<'_> {
        match self {
            Self::Change { change, .. } => words::MergedItem::Change(change),
            Self::GivenUp { change, .. } => words::MergedItem::GivenUp(change),
        }
    }

    fn change(&self) -> &Change {
        match self {
            Self::Change { change, .. } | Self::GivenUp { change, .. } => change,
        }
    }
}

/// The worker that sends notifications to the front office.
pub(super) struct NotificationMerger {
    service: Arc<BookingService>,
    queue: SendQueue,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
    waiting: mpsc::Receiver<PendingNotification>,
    pending: VecDeque<PendingNotification>,
    living: Arc<LivingMessages>,
}

impl NotificationMerger {
    pub(super) fn new(
        parts: &BotParts,
        living: Arc<LivingMessages>,
        waiting: mpsc::Receiver<PendingNotification>,
    ) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            queue: parts.queue.clone(),
            front_office: Arc::clone(&parts.front_office),
            language: parts.settings.language,
            waiting,
            pending: VecDeque::new(),
            living,
        }
    }

    /// Sends until `stop` is cancelled, and then what arrives within [`FINAL_CALLS_WAIT`].
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut end: Option<Instant> = None;
        loop {
            if self.pending.is_empty() {
                let latest = end.unwrap_or_else(Instant::now);
                tokio::select! {
                    biased;
                    Some(next) = self.waiting.recv() => self.add(next),
                    () = stop.cancelled(), if end.is_none() => end = Some(Instant::now() + FINAL_CALLS_WAIT),
                    () = tokio::time::sleep_until(latest), if end.is_some() => return,
                    else => return stop.cancelled().await,
                }
                continue;
            }
            let Some(chat) = self.front_office.chat() else {
                self.pending.clear();
                continue;
            };
            match self.permit(chat).await {
                Ok(permit) => self.send(chat, permit).await,
                // The send queue has stopped, so this worker stops too.
                Err(_) => return stop.cancelled().await,
            }
        }
    }

    /// Waits for a permit for the chat. Meanwhile it receives further notifications.
    async fn permit(&mut self, chat: i64) -> Result<Permit, CallError> {
        let queue = self.queue.clone();
        let mut permit = std::pin::pin!(queue.permit(chat, Priority::Notification));
        loop {
            tokio::select! {
                biased;
                permit = &mut permit => return permit,
                Some(next) = self.waiting.recv() => self.add(next),
            }
        }
    }

    fn add(&mut self, next: PendingNotification) {
        // An abandoned notification comes again as a new one. Remove the old ones, so that they
        // do not accumulate while nothing can be sent to the chat.
        if self.pending.len() >= CHANNEL_CAPACITY
            && self.pending.len().is_multiple_of(CHANNEL_CAPACITY)
        {
            self.pending.retain(|one| !one.is_dropped());
        }
        self.pending.push_back(next);
    }

    async fn send(&mut self, chat: i64, permit: Permit) {
        while let Ok(next) = self.waiting.try_recv() {
            self.add(next);
        }
        self.pending.retain(|one| !one.is_dropped());
        let count = if self.pending.len() <= MAX_SEPARATE { 1 } else { self.fitting() };
        let taken = self.pending.drain(..count.min(self.pending.len()));
        let claimed: Vec<ClaimedNotification> =
            taken.filter_map(PendingNotification::claim).collect();
        if claimed.is_empty() {
            // This drops the permit, which gives it back.
            return;
        }
        let mut outcome = self.say(Some(permit), chat, &claimed).await;
        if let Err(CallError::Moved(to)) = outcome {
            self.front_office.record_move(chat, to).await;
            if self.front_office.chat() == Some(to) && chat != to {
                outcome = self.say(None, to, &claimed).await;
            }
        }
        let merged: Vec<ReceiptNo> = match claimed.as_slice() {
            [_] => Vec::new(),
            several => several.iter().map(|one| one.change().booking.receipt_no).collect(),
        };
        self.report(claimed, &outcome);
        if outcome.is_err() {
            tokio::time::sleep(RETRY_PAUSE).await;
        } else if !merged.is_empty() {
            self.living.renew_later(chat, merged).await;
        }
    }

    /// Sends one notification by the living message of its booking, or several as one message.
    async fn say(
        &self,
        permit: Option<Permit>,
        chat: i64,
        claimed: &[ClaimedNotification],
    ) -> Result<(), CallError> {
        let (language, hotel) = (self.language, &self.service.policy().hotel);
        match claimed {
            [ClaimedNotification::Change { change, .. }] => {
                let reply = (Telling::of(change) == Telling::Reply)
                    .then(|| words::staff_reply(language, change, hotel));
                self.living.tell(permit, chat, change, reply).await
            }
            [ClaimedNotification::GivenUp { change, reason }] => {
                let reply = words::given_up(language, change, reason);
                self.living.tell(permit, chat, change, Some(reply)).await
            }
            several => {
                let items: Vec<_> = several.iter().map(ClaimedNotification::item).collect();
                let html = words::merged_notification(language, &items);
                let topic = self.front_office.topic;
                let call = Call::Send(MessageContent { topic, ..MessageContent::text(html) });
                match permit {
                    Some(permit) => permit.send(call).await.map(drop),
                    None => self.queue.send(chat, Priority::Notification, call).await.map(drop),
                }
            }
        }
    }

    /// Reports the outcome of a message to the deliveries that wait for it.
    fn report(&mut self, claimed: Vec<ClaimedNotification>, outcome: &Result<(), CallError>) {
        // From the last to the first, so that what goes back to the front keeps its order.
        for one in claimed.into_iter().rev() {
            match (one, outcome) {
                (ClaimedNotification::Change { outcome: waiting, .. }, _) => {
                    let _ = waiting.send(outcome.as_ref().copied().map_err(front_office_error));
                }
                (ClaimedNotification::GivenUp { .. }, Ok(())) => {}
                (ClaimedNotification::GivenUp { change, reason }, Err(error)) => {
                    match front_office_error(error) {
                        DeliveryError::Transient { .. } | DeliveryError::NotYet => {
                            self.pending
                                .push_front(PendingNotification::GivenUp { change, reason });
                        }
                        DeliveryError::Permanent(_)
                        | DeliveryError::Closed(_)
                        | DeliveryError::Unknown(_) => {
                            warn!(
                                receipt_no = %change.booking.receipt_no,
                                "the front office was not told of an undelivered notification"
                            );
                        }
                    }
                }
            }
        }
    }

    /// The number of pending notifications that fit in one message, found by binary search.
    fn fitting(&self) -> usize {
        let language = self.language;
        let items: Vec<_> =
            self.pending.iter().take(MAX_MERGED).map(PendingNotification::item).collect();
        let fits = |count: usize| {
            let html = words::merged_notification(language, items.get(..count).unwrap_or(&items));
            html.encode_utf16().count() <= MAX_UNITS
        };
        if fits(items.len()) {
            return items.len();
        }
        let (mut fitting, mut too_many) = (1, items.len());
        while too_many - fitting > 1 {
            let count = usize::midpoint(fitting, too_many);
            if fits(count) {
                fitting = count;
            } else {
                too_many = count;
            }
        }
        fitting
    }
}
