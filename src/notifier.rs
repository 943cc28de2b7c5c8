//! The courier: brings every notice to its recipient, at least once, and hardly ever twice.
//!
//! A notice is stored with its change, sent, then marked. The process that committed it has the
//! first right to send it (a lease); if it dies, others take over when the lease ends. What a
//! notice says and how it travels is a [`DeliveryMethod`]'s business; who is owed what is the domain's.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::time::{DelayQueue, delay_queue};
use tracing::{error, info, warn};

use crate::domain::{Change, Event, Moment, Recipient};
use crate::feed::{Feed, FeedMessage};
use crate::lifecycle::Health;
use crate::service::BookingService;
use crate::store::{
    DeliveryOutcome, FeedEvent, Lease, NodeId, NotificationId, NotificationStore, StoreError,
};
use crate::text;

mod attempt;
mod method;

use attempt::Attempt;
use method::DeliveryChannel;
pub use method::{DeliveryError, DeliveryMethod, DeliveryMethods, DeliveryRequest};

/// One attempt may take so long: less than a lease, so that nobody takes over in the middle.
pub const ATTEMPT: Duration = Duration::from_secs(26);
/// Waits between attempts: doubled from the first to the last.
const RETRY: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(5);
/// Attempts whose outcome may stay unknown: one more, then it counts as sent.
const MAX_UNKNOWN: u32 = 2;
/// What had to let others go first comes back so soon.
const NEXT_TURN: Duration = Duration::from_secs(1);
/// An entry waits at most so long at a time (the queue panics beyond 2^36 ms).
const MAX_WAIT: Duration = Duration::from_hours(24);
/// Attempts under way at once, over one channel.
const MAX_SENDING: usize = 8;
/// The same of notices to the front office, which wait to be merged and so take no guest's place.
const MAX_MERGING: usize = 2_000;
/// How long a stopping process goes on delivering what is on the way.
pub const DRAIN: Duration = Duration::from_secs(10);

/// How long a stopping process listens for what was committed last.
const LAST_HEARD: Duration = Duration::from_millis(200);

/// The courier of one process.
pub struct Notifier {
    store: Arc<dyn NotificationStore>,
    feed: Feed,
    service: Arc<BookingService>,
    node: NodeId,
    /// No other process delivers for this store, so what an earlier one left is ours at once.
    is_alone: bool,
    methods: DeliveryMethods,
    health: Health,
    waiting: DelayQueue<NotificationId>,
    pending: HashMap<NotificationId, Pending>,
    sending: JoinSet<Delivery>,
    email_places: Arc<Semaphore>,
    telegram_places: Arc<Semaphore>,
    front_office_places: Arc<Semaphore>,
}

/// A letter that is still to be brought.
struct Pending {
    request: DeliveryRequest,
    lease: Lease,
    /// Its place in the queue; `None` while an attempt is under way.
    key: Option<delay_queue::Key>,
    attempts: u32,
    /// Of the attempts, those that failed: waiting for a turn is no failure.
    failures: u32,
    unknown: u32,
    /// What it came to, where that could not be written down yet: it is not brought again.
    outcome: Option<DeliveryOutcome>,
}

/// What is known after an attempt.
struct Delivery {
    id: NotificationId,
    lease: Lease,
    outcome: Option<DeliveryOutcome>,
    attempt: AttemptOutcome,
}

/// What an attempt came to.
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

impl Notifier {
    /// A courier with nothing on its way yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn NotificationStore>,
        feed: Feed,
        service: Arc<BookingService>,
        node: NodeId,
        is_alone: bool,
        methods: DeliveryMethods,
        health: Health,
    ) -> Self {
        Self {
            store,
            feed,
            service,
            node,
            is_alone,
            methods,
            health,
            waiting: DelayQueue::new(),
            pending: HashMap::new(),
            sending: JoinSet::new(),
            email_places: Arc::new(Semaphore::new(MAX_SENDING)),
            telegram_places: Arc::new(Semaphore::new(MAX_SENDING)),
            front_office_places: Arc::new(Semaphore::new(MAX_MERGING)),
        }
    }

    /// Delivers until told to stop, then what is on its way, for [`DRAIN`] at most. What is left
    /// is owed at the next start.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.load_owed() => {}
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                item = heard.next() => match item {
                    Some(FeedMessage::Item(item)) => self.hear(item.event),
                    Some(FeedMessage::Lagged) => {
                        let again = stop.run_until_cancelled(self.reload(&mut heard)).await;
                        if again.is_none() {
                            break;
                        }
                    }
                    None => break,
                },
                Some(expired) = self.waiting.next(), if !self.waiting.is_empty() => {
                    self.attempt(expired.into_inner());
                }
                Some(ended) = self.sending.join_next() => self.attempted(ended),
            }
        }
        self.drain(heard).await;
    }

    async fn reload(&mut self, heard: &mut BoxStream<'static, FeedMessage>) {
        warn!("the feed lost something; reading again what is owed");
        *heard = self.feed.listen();
        self.load_owed().await;
    }

    /// What was committed before the stop is heard and sent; what waits for a retry stays owed.
    async fn drain(mut self, mut heard: BoxStream<'static, FeedMessage>) {
        let deadline = Instant::now() + DRAIN;
        // The log may be some milliseconds behind what was committed.
        while let Ok(Some(FeedMessage::Item(item))) =
            tokio::time::timeout(LAST_HEARD, heard.next()).await
        {
            self.hear(item.event);
        }
        let fresh: Vec<NotificationId> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.key.is_some() && pending.attempts == 0)
            .filter(|(_, pending)| pending.lease.node == self.node)
            .map(|(id, _)| *id)
            .collect();
        for id in fresh {
            self.attempt(id);
        }
        while !self.sending.is_empty() {
            match tokio::time::timeout_at(deadline, self.sending.join_next()).await {
                Ok(Some(ended)) => self.attempted(ended),
                Ok(None) => break,
                Err(_) => {
                    warn!(left = self.sending.len(), "stopped before every notice was out");
                    break;
                }
            }
        }
    }

    async fn load_owed(&mut self) {
        let mut wait = *RETRY.start();
        while let Err(error) = self.read_owed().await {
            warn!(%error, "what is owed could not be read; trying again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(*RETRY.end());
        }
    }

    async fn read_owed(&mut self) -> Result<(), StoreError> {
        let mut owed = self.store.owed().await?;
        let mut count = 0_usize;
        while let Some(item) = owed.next().await {
            let item = item?;
            self.take(&item.change, item.to, item.lease);
            count += 1;
        }
        if count > 0 {
            info!(count, "notices are still owed");
        }
        Ok(())
    }

    fn hear(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changed { change, lease } => {
                for notification in &change.notifications {
                    self.take(&change, notification.to, lease.clone());
                }
            }
            FeedEvent::NotificationSettled(settle) => self.forget(settle.notification),
            FeedEvent::PositionMoved(_) => {}
        }
    }

    /// Notes a notice down: ours goes at once, another's when its lease has ended.
    fn take(&mut self, change: &Arc<Change>, to: Recipient, lease: Lease) {
        // A newer version has the words for it, and delivers it.
        if change.booking.is_read_only || change.event == Event::Other {
            return;
        }
        let Some(notification) =
            change.notifications.iter().find(|notification| notification.to == to)
        else {
            return;
        };
        let request = DeliveryRequest {
            change: Arc::clone(change),
            to,
            useful_until: notification.useful_until,
            with_qris: notification.with_qris,
        };
        let id = request.id();
        if self.pending.contains_key(&id) {
            return;
        }
        let is_ours = self.is_alone || lease.node == self.node;
        let wait = if is_ours { Duration::ZERO } else { self.until(lease.until) };
        let key = Some(self.waiting.insert(id, wait));
        let (attempts, failures, unknown, outcome) = (0, 0, 0, None);
        let pending = Pending { request, lease, key, attempts, failures, unknown, outcome };
        self.pending.insert(id, pending);
    }

    fn until(&self, moment: Moment) -> Duration {
        (moment - self.service.now()).to_std().unwrap_or_default().min(MAX_WAIT)
    }

    fn useful_for(&self, id: NotificationId) -> Duration {
        self.pending.get(&id).map_or(MAX_WAIT, |pending| self.until(pending.request.useful_until))
    }

    fn forget(&mut self, id: NotificationId) {
        if let Some(Pending { key: Some(key), .. }) = self.pending.remove(&id) {
            self.waiting.try_remove(&key);
        }
    }

    fn attempt(&mut self, id: NotificationId) {
        let Some(pending) = self.pending.get_mut(&id) else {
            return;
        };
        if let Some(key) = pending.key.take() {
            self.waiting.try_remove(&key);
        }
        pending.attempts += 1;
        let route = self.methods.to(&pending.request);
        let places = match route {
            Some((DeliveryChannel::Telegram, _)) => Arc::clone(&self.telegram_places),
            Some((DeliveryChannel::FrontOffice, _)) => Arc::clone(&self.front_office_places),
            Some((DeliveryChannel::Email, _)) | None => Arc::clone(&self.email_places),
        };
        let try_once = Attempt {
            store: Arc::clone(&self.store),
            service: Arc::clone(&self.service),
            node: self.node.clone(),
            is_alone: self.is_alone,
            request: pending.request.clone(),
            lease: pending.lease.clone(),
            is_first: pending.attempts == 1,
            is_last_unknown: pending.unknown + 1 >= MAX_UNKNOWN,
            deliver: route.map(|(_, deliver)| deliver),
            front_office: self.methods.telegram.clone(),
            outcome: pending.outcome.clone(),
        };
        let (lease, outcome) = (pending.lease.clone(), pending.outcome.clone());
        self.sending.spawn(async move {
            // Never closed, so a place always comes.
            let _place = places.acquire_owned().await;
            let tried = AssertUnwindSafe(try_once.run()).catch_unwind().await;
            tried.unwrap_or_else(|_| {
                error!(notification = %id, "an attempt to deliver crashed");
                let failure = DeliveryError::Unknown(text::MAYBE_SENT.to_owned());
                Delivery { id, lease, outcome, attempt: AttemptOutcome::Failed(failure) }
            })
        });
    }

    fn attempted(&mut self, ended: Result<Delivery, tokio::task::JoinError>) {
        let Delivery { id, lease, outcome, attempt } = match ended {
            Ok(ended) => ended,
            Err(failure) => return error!(%failure, "an attempt to deliver crashed"),
        };
        let wait = match attempt {
            AttemptOutcome::Sent => return self.sent(id),
            AttemptOutcome::Settled => {
                self.pending.remove(&id);
                // What was given up is shown with its booking, and is tried no more.
                if self.pending.values().all(|pending| pending.attempts == 0) {
                    self.health.set_degraded("courier", None);
                }
                return;
            }
            AttemptOutcome::LeasedUntil(moment) => self.until(moment),
            // At the end of its useful life it is given up on time, for the desk to see.
            AttemptOutcome::Failed(failure) => self.failed(id, &failure).min(self.useful_for(id)),
            AttemptOutcome::Store(error) => {
                warn!(notification = %id, %error, "a notice waits for the store");
                self.backoff(id)
            }
        };
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.lease = lease;
            pending.outcome = outcome;
            pending.key = Some(self.waiting.insert(id, wait.min(MAX_WAIT)));
        }
    }

    fn sent(&mut self, id: NotificationId) {
        self.pending.remove(&id);
        self.health.set_degraded("courier", None);
    }

    fn failed(&mut self, id: NotificationId, failure: &DeliveryError) -> Duration {
        if *failure == DeliveryError::NotYet {
            return NEXT_TURN;
        }
        warn!(notification = %id, reason = %failure, "a notice did not go out; trying again");
        self.health.set_degraded("courier", Some(failure.to_string()));
        let backoff = self.backoff(id);
        match failure {
            DeliveryError::Transient { retry_after, .. } => retry_after.unwrap_or(backoff),
            DeliveryError::Unknown(_) => {
                if let Some(pending) = self.pending.get_mut(&id) {
                    pending.unknown += 1;
                }
                backoff
            }
            DeliveryError::Permanent(_) | DeliveryError::NotYet => backoff,
        }
    }

    /// How long to wait after one more failure.
    fn backoff(&mut self, id: NotificationId) -> Duration {
        let failures = self.pending.get_mut(&id).map_or(0, |pending| {
            pending.failures += 1;
            pending.failures - 1
        });
        let wait = RETRY.start().saturating_mul(1 << failures.min(16));
        wait.min(*RETRY.end()).mul_f64(rand::random_range(0.8..1.2))
    }
}
