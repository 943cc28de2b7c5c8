//! The front office's notices, merged when many come at once: a message is composed when the
//! chat's turn has come, of whatever waits then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BotParts;
use super::front_office::FrontOfficeChat;
use super::notifications::failure;
use super::staff::callbacks::action_buttons;
use super::transport::api::{CallError, MessageContent};
use super::transport::{Call, LINGER, Permit, Priority, SendQueue};
use crate::domain::{Change, Language};
use crate::notifier::DeliveryError;
use crate::service::BookingService;
use crate::text::telegram as words;

/// So many notices at once still go one by one.
const ONE_BY_ONE: usize = 5;
/// UTF-16 units that a merged message may have; Telegram takes 4,096.
const MAX_UNITS: usize = 3_800;
/// Notices in one message at most.
const MERGED: usize = 2_000;
/// Notices that may wait to be merged.
pub(super) const WAITING: usize = 4_096;
/// A pause after a message that was not taken.
const PAUSE: Duration = Duration::from_secs(1);

/// A message to the front office that may be merged with others.
pub(super) enum PendingNotification {
    /// Something happened; somebody waits until it is told.
    Change(PendingChange),
    /// The guest was not told of a change, and why. Nobody waits.
    GivenUp { change: Arc<Change>, reason: String },
}

/// What happened, and who waits until it is told.
pub(super) struct PendingChange {
    change: Arc<Change>,
    claimed: oneshot::Sender<oneshot::Receiver<Result<(), DeliveryError>>>,
}

/// The other end of a notice: it can be given up until it is claimed for a message.
pub(super) struct Claim(oneshot::Receiver<oneshot::Receiver<Result<(), DeliveryError>>>);

impl PendingChange {
    pub(super) fn new(change: Arc<Change>) -> (Self, Claim) {
        let (claimed, claim) = oneshot::channel();
        (Self { change, claimed }, Claim(claim))
    }
}

impl Claim {
    /// What came of it, if a message takes it by then.
    pub(super) async fn outcome(mut self, by: Instant) -> Result<(), DeliveryError> {
        let claimed = if let Ok(claimed) = timeout_at(by, &mut self.0).await {
            claimed.ok()
        } else {
            // From here on nobody can claim it; until here somebody may have.
            self.0.close();
            self.0.try_recv().ok()
        };
        let Some(outcome) = claimed else { return Err(DeliveryError::NotYet) };
        let stopped = || DeliveryError::Unknown("Telegram did not answer".to_owned());
        outcome.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl PendingNotification {
    fn is_dropped(&self) -> bool {
        match self {
            Self::Change(happened) => happened.claimed.is_closed(),
            Self::GivenUp { .. } => false,
        }
    }

    fn item(&self) -> words::MergedItem<'_> {
        match self {
            Self::Change(happened) => words::MergedItem::Change(&happened.change),
            Self::GivenUp { change, .. } => words::MergedItem::GivenUp(change),
        }
    }

    fn claim(self) -> Option<ClaimedNotification> {
        Some(match self {
            Self::Change(PendingChange { change, claimed }) => {
                let (item, outcome) = oneshot::channel();
                claimed.send(outcome).ok()?;
                ClaimedNotification::Change { change, item }
            }
            Self::GivenUp { change, reason } => ClaimedNotification::GivenUp { change, reason },
        })
    }
}

/// A notice that is in a message.
enum ClaimedNotification {
    Change { change: Arc<Change>, item: oneshot::Sender<Result<(), DeliveryError>> },
    GivenUp { change: Arc<Change>, reason: String },
}

impl ClaimedNotification {
    fn item(&self) -> words::MergedItem<'_> {
        match self {
            Self::Change { change, .. } => words::MergedItem::Change(change),
            Self::GivenUp { change, .. } => words::MergedItem::GivenUp(change),
        }
    }
}

/// The work of sending notices to the front office.
pub(super) struct NotificationMerger {
    service: Arc<BookingService>,
    queue: SendQueue,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
    waiting: mpsc::Receiver<PendingNotification>,
    pending: VecDeque<PendingNotification>,
}

impl NotificationMerger {
    pub(super) fn new(parts: &BotParts, waiting: mpsc::Receiver<PendingNotification>) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            queue: parts.queue.clone(),
            front_office: Arc::clone(&parts.front_office),
            language: parts.settings.language,
            waiting,
            pending: VecDeque::new(),
        }
    }

    /// Sends until told to stop, and then what is there.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut end: Option<Instant> = None;
        loop {
            if self.pending.is_empty() {
                let latest = end.unwrap_or_else(Instant::now);
                tokio::select! {
                    biased;
                    Some(next) = self.waiting.recv() => self.add(next),
                    () = stop.cancelled(), if end.is_none() => end = Some(Instant::now() + LINGER),
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
                // The outbox has stopped, and so do we.
                Err(_) => return stop.cancelled().await,
            }
        }
    }

    /// Takes in more until the chat's turn has come.
    async fn permit(&mut self, chat: i64) -> Result<Permit, CallError> {
        let queue = self.queue.clone();
        let mut permit = std::pin::pin!(queue.permit(chat, Priority::Notice));
        loop {
            tokio::select! {
                biased;
                permit = &mut permit => return permit,
                Some(next) = self.waiting.recv() => self.add(next),
            }
        }
    }

    fn add(&mut self, next: PendingNotification) {
        // Who gave up comes back: while a chat is closed for long, the old ones are swept out.
        if self.pending.len() >= WAITING && self.pending.len().is_multiple_of(WAITING) {
            self.pending.retain(|one| !one.is_dropped());
        }
        self.pending.push_back(next);
    }

    async fn send(&mut self, mut chat: i64, permit: Permit) {
        while let Ok(next) = self.waiting.try_recv() {
            self.add(next);
        }
        self.pending.retain(|one| !one.is_dropped());
        let count = if self.pending.len() <= ONE_BY_ONE { 1 } else { self.fitting() };
        let taken = self.pending.drain(..count.min(self.pending.len()));
        let claimed: Vec<ClaimedNotification> =
            taken.filter_map(PendingNotification::claim).collect();
        // The turn is given back by dropping it.
        let Some(shown) = self.shown(&claimed) else { return };
        let mut outcome = permit.send(Call::Send(shown.clone())).await;
        while let Err(CallError::Moved(to)) = outcome {
            self.front_office.moved(chat, to).await;
            if self.front_office.chat() != Some(to) || chat == to {
                break;
            }
            chat = to;
            outcome = self.queue.send(to, Priority::Notice, Call::Send(shown.clone())).await;
        }
        self.item(claimed, &outcome);
        if outcome.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn item(&mut self, claimed: Vec<ClaimedNotification>, outcome: &Result<i32, CallError>) {
        for one in claimed {
            match (one, outcome) {
                (ClaimedNotification::Change { item, .. }, _) => {
                    let _ = item.send(outcome.as_ref().map(drop).map_err(failure));
                }
                (ClaimedNotification::GivenUp { .. }, Ok(_)) => {}
                (ClaimedNotification::GivenUp { change, reason }, Err(error)) => {
                    match failure(error) {
                        DeliveryError::Transient { .. } | DeliveryError::NotYet => {
                            self.pending
                                .push_front(PendingNotification::GivenUp { change, reason });
                        }
                        DeliveryError::Permanent(_) | DeliveryError::Unknown(_) => {
                            warn!(receipt_no = %change.booking.receipt_no, "nobody was told of a notice that was given up");
                        }
                    }
                }
            }
        }
    }

    /// What a message with these says.
    fn shown(&self, claimed: &[ClaimedNotification]) -> Option<MessageContent> {
        let language = self.language;
        let hotel = &self.service.policy().hotel;
        match claimed {
            [] => None,
            [ClaimedNotification::Change { change, .. }] => {
                let html = words::staff_notification(language, change, hotel);
                Some(MessageContent::text(html).with(action_buttons(language, &change.booking)))
            }
            [ClaimedNotification::GivenUp { change, reason }] => {
                let html = words::given_up(language, change, reason, hotel);
                Some(MessageContent::text(html).with(action_buttons(language, &change.booking)))
            }
            several => {
                let items: Vec<_> = several.iter().map(ClaimedNotification::item).collect();
                Some(MessageContent::text(words::merged_notification(language, &items)))
            }
        }
    }

    /// As many of those that wait as one message takes, by halving what is not known yet.
    fn fitting(&self) -> usize {
        let language = self.language;
        let items: Vec<_> =
            self.pending.iter().take(MERGED).map(PendingNotification::item).collect();
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
