//! The courier: brings every notice to its recipient, at least once, and hardly ever twice.
//!
//! A notice is stored with its change, sent, then marked. The process that committed it has the
//! first right to send it (a lease); if it dies, others take over when the lease ends. What a
//! notice says and how it travels is a [`Deliver`]'s business; who is owed what is the domain's.

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

use crate::desk::Desk;
use crate::domain::{Change, Moment, Recipient};
use crate::feed::{Fed, Feed, Heard};
use crate::lifecycle::Health;
use crate::store::{Lease, NodeId, NoticeId, Outcome, Store, StoreError};
use crate::text;

mod attempt;
mod letter;

use attempt::TryOnce;
use letter::Channel;
pub use letter::{Deliver, Failure, Letter, Routes};

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
pub struct Courier {
    store: Arc<dyn Store>,
    feed: Feed,
    desk: Arc<Desk>,
    node: NodeId,
    /// No other process delivers for this store, so what an earlier one left is ours at once.
    is_alone: bool,
    routes: Routes,
    health: Health,
    waiting: DelayQueue<NoticeId>,
    letters: HashMap<NoticeId, Pending>,
    sending: JoinSet<Tried>,
    email_places: Arc<Semaphore>,
    telegram_places: Arc<Semaphore>,
    front_office_places: Arc<Semaphore>,
}

/// A letter that is still to be brought.
struct Pending {
    letter: Letter,
    lease: Lease,
    /// Its place in the queue; `None` while an attempt is under way.
    key: Option<delay_queue::Key>,
    attempts: u32,
    /// Of the attempts, those that failed: waiting for a turn is no failure.
    failures: u32,
    unknown: u32,
    /// What it came to, where that could not be written down yet: it is not brought again.
    outcome: Option<Outcome>,
}

/// What is known after an attempt.
struct Tried {
    id: NoticeId,
    lease: Lease,
    outcome: Option<Outcome>,
    attempt: Attempt,
}

/// What an attempt came to.
enum Attempt {
    /// Sent, and marked so.
    Sent,
    /// Given up, and marked so; or another process settled it.
    Settled,
    /// Another process has the right to it until then.
    HeldUntil(Moment),
    /// Not sent.
    Failed(Failure),
    /// The store is away; nothing is known to have changed.
    Store(StoreError),
}

impl Courier {
    /// A courier with nothing on its way yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        feed: Feed,
        desk: Arc<Desk>,
        node: NodeId,
        is_alone: bool,
        routes: Routes,
        health: Health,
    ) -> Self {
        Self {
            store,
            feed,
            desk,
            node,
            is_alone,
            routes,
            health,
            waiting: DelayQueue::new(),
            letters: HashMap::new(),
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
                    Some(Heard::Told(told)) => self.hear(told.fed),
                    Some(Heard::Lost) => {
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

    async fn reload(&mut self, heard: &mut BoxStream<'static, Heard>) {
        warn!("the feed lost something; reading again what is owed");
        *heard = self.feed.listen();
        self.load_owed().await;
    }

    /// What was committed before the stop is heard and sent; what waits for a retry stays owed.
    async fn drain(mut self, mut heard: BoxStream<'static, Heard>) {
        let deadline = Instant::now() + DRAIN;
        // The log may be some milliseconds behind what was committed.
        while let Ok(Some(Heard::Told(told))) = tokio::time::timeout(LAST_HEARD, heard.next()).await
        {
            self.hear(told.fed);
        }
        let fresh: Vec<NoticeId> = self
            .letters
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

    fn hear(&mut self, fed: Fed) {
        match fed {
            Fed::Changed { change, lease } => {
                for notice in &change.notices {
                    self.take(&change, notice.to, lease.clone());
                }
            }
            Fed::Marked(mark) => self.forget(mark.notice),
            Fed::Moved(_) => {}
        }
    }

    /// Notes a notice down: ours goes at once, another's when its lease has ended.
    fn take(&mut self, change: &Arc<Change>, to: Recipient, lease: Lease) {
        let Some(notice) = change.notices.iter().find(|notice| notice.to == to) else {
            return;
        };
        let letter = Letter {
            change: Arc::clone(change),
            to,
            useful_until: notice.useful_until,
            with_qris: notice.with_qris,
        };
        let id = letter.id();
        if self.letters.contains_key(&id) {
            return;
        }
        let is_ours = self.is_alone || lease.node == self.node;
        let wait = if is_ours { Duration::ZERO } else { self.until(lease.until) };
        let key = Some(self.waiting.insert(id, wait));
        let (attempts, failures, unknown, outcome) = (0, 0, 0, None);
        let pending = Pending { letter, lease, key, attempts, failures, unknown, outcome };
        self.letters.insert(id, pending);
    }

    fn until(&self, moment: Moment) -> Duration {
        (moment - self.desk.now()).to_std().unwrap_or_default().min(MAX_WAIT)
    }

    fn useful_for(&self, id: NoticeId) -> Duration {
        self.letters.get(&id).map_or(MAX_WAIT, |pending| self.until(pending.letter.useful_until))
    }

    fn forget(&mut self, id: NoticeId) {
        if let Some(Pending { key: Some(key), .. }) = self.letters.remove(&id) {
            self.waiting.try_remove(&key);
        }
    }

    fn attempt(&mut self, id: NoticeId) {
        let Some(pending) = self.letters.get_mut(&id) else {
            return;
        };
        if let Some(key) = pending.key.take() {
            self.waiting.try_remove(&key);
        }
        pending.attempts += 1;
        let route = self.routes.to(&pending.letter);
        let places = match route {
            Some((Channel::Telegram, _)) => Arc::clone(&self.telegram_places),
            Some((Channel::FrontOffice, _)) => Arc::clone(&self.front_office_places),
            Some((Channel::Email, _)) | None => Arc::clone(&self.email_places),
        };
        let try_once = TryOnce {
            store: Arc::clone(&self.store),
            desk: Arc::clone(&self.desk),
            node: self.node.clone(),
            is_alone: self.is_alone,
            letter: pending.letter.clone(),
            lease: pending.lease.clone(),
            is_first: pending.attempts == 1,
            is_last_unknown: pending.unknown + 1 >= MAX_UNKNOWN,
            deliver: route.map(|(_, deliver)| deliver),
            front_office: self.routes.telegram.clone(),
            outcome: pending.outcome.clone(),
        };
        let (lease, outcome) = (pending.lease.clone(), pending.outcome.clone());
        self.sending.spawn(async move {
            // Never closed, so a place always comes.
            let _place = places.acquire_owned().await;
            let tried = AssertUnwindSafe(try_once.run()).catch_unwind().await;
            tried.unwrap_or_else(|_| {
                error!(notice = %id, "an attempt to deliver crashed");
                let failure = Failure::Unknown(text::MAYBE_SENT.to_owned());
                Tried { id, lease, outcome, attempt: Attempt::Failed(failure) }
            })
        });
    }

    fn attempted(&mut self, ended: Result<Tried, tokio::task::JoinError>) {
        let Tried { id, lease, outcome, attempt } = match ended {
            Ok(ended) => ended,
            Err(failure) => return error!(%failure, "an attempt to deliver crashed"),
        };
        let wait = match attempt {
            Attempt::Sent => return self.sent(id),
            Attempt::Settled => {
                self.letters.remove(&id);
                // What was given up is shown with its booking, and is tried no more.
                if self.letters.values().all(|pending| pending.attempts == 0) {
                    self.health.set_degraded("courier", None);
                }
                return;
            }
            Attempt::HeldUntil(moment) => self.until(moment),
            // At the end of its useful life it is given up on time, for the desk to see.
            Attempt::Failed(failure) => self.failed(id, &failure).min(self.useful_for(id)),
            Attempt::Store(error) => {
                warn!(notice = %id, %error, "a notice waits for the store");
                self.backoff(id)
            }
        };
        if let Some(pending) = self.letters.get_mut(&id) {
            pending.lease = lease;
            pending.outcome = outcome;
            pending.key = Some(self.waiting.insert(id, wait.min(MAX_WAIT)));
        }
    }

    fn sent(&mut self, id: NoticeId) {
        self.letters.remove(&id);
        self.health.set_degraded("courier", None);
    }

    fn failed(&mut self, id: NoticeId, failure: &Failure) -> Duration {
        if *failure == Failure::NotYet {
            return NEXT_TURN;
        }
        warn!(notice = %id, reason = %failure, "a notice did not go out; trying again");
        self.health.set_degraded("courier", Some(failure.to_string()));
        let backoff = self.backoff(id);
        match failure {
            Failure::Transient { retry_after, .. } => retry_after.unwrap_or(backoff),
            Failure::Unknown(_) => {
                if let Some(pending) = self.letters.get_mut(&id) {
                    pending.unknown += 1;
                }
                backoff
            }
            Failure::Permanent(_) | Failure::NotYet => backoff,
        }
    }

    /// How long to wait after one more failure.
    fn backoff(&mut self, id: NoticeId) -> Duration {
        let failures = self.letters.get_mut(&id).map_or(0, |pending| {
            pending.failures += 1;
            pending.failures - 1
        });
        let wait = RETRY.start().saturating_mul(1 << failures.min(16));
        wait.min(*RETRY.end()).mul_f64(rand::random_range(0.8..1.2))
    }
}
