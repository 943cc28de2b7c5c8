//! The scheduler: wakes every pending booking at its wake time.
//!
//! One task owns one [`DelayQueue`] with one entry for each booking. At a wake time it calls
//! [`BookingService::wake`], and the domain decides what is due. Entries come from one streamed
//! scan at start and from the feed afterwards, so no query is made while nothing is due. The
//! scheduler knows nothing of reminders or expiry.
//!
//! The queue runs on tokio's monotonic clock, but deadlines are wall-clock times. If the two clocks
//! differ (the machine slept, or the clock was set), every entry is armed again, within
//! [`CLOCK_CHECK`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::time::{DelayQueue, delay_queue};
use tracing::{debug, error, info, warn};

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::domain::{Booking, Moment, ReceiptNo, Revision};
use crate::feed::{Feed, FeedItem, FeedMessage};
use crate::lifecycle::Health;
use crate::service::{BookingService, WakeOutcome, WakeTurn};
use crate::store::{
    BookingReader, FeedEvent, Store, StoreControl, StoreError, WARN_CLOCK_OFFSET_MS, Wake,
};

/// How often wall-clock and monotonic time are compared, in memory.
pub const CLOCK_CHECK: Duration = Duration::from_secs(30);
/// How far the two may differ before every entry is armed again.
const MAX_DRIFT: TimeDelta = TimeDelta::milliseconds(20);
/// The longest wait of an entry at a time; the queue panics beyond 2^36 ms (2.2 years).
const MAX_WAIT: Duration = Duration::from_hours(24);
/// The most wakes in one batch, as many as one batch of commits takes. Wakes that become due
/// meanwhile are in the next one.
const MAX_BATCH: usize = 500;
/// The most batches at the same time: one that is committed, one that waits for that, and one that
/// is read meanwhile. They are committed in the order in which they were started.
const MAX_BATCHES: usize = 3;
/// The wait before a failed wake is tried again, doubled from the first to the last.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// The scheduler of one process.
pub struct Scheduler {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    store: Arc<dyn StoreControl>,
    feed: Feed,
    clock: Clock,
    health: Health,
    queue: DelayQueue<ReceiptNo>,
    armed: HashMap<ReceiptNo, TimerEntry>,
    /// The wakes that are due, oldest first.
    due: BinaryHeap<Reverse<(Moment, ReceiptNo, Revision)>>,
    /// The batches of wakes that are being carried out, at most [`MAX_BATCHES`].
    batches: JoinSet<WakeResults>,
    /// The wakes in each of them.
    firing: HashMap<task::Id, Vec<Wake>>,
    /// Whether wakes wait until the clocks are compared again, because this machine's clock is not
    /// trusted.
    is_held_back: bool,
    /// How often in succession the store failed, and until when wakes wait because of it. They stay
    /// due meanwhile, so that the oldest goes first when the store is back.
    outage: Option<(u32, Instant)>,
    /// One reading of both clocks, to compare later ones with.
    anchor: (Moment, Instant),
    /// When the clocks are compared next.
    next_check: Instant,
}

type WakeResults = Result<Vec<Result<WakeOutcome, StoreError>>, StoreError>;

/// One booking's entry.
struct TimerEntry {
    wake: Wake,
    /// Its key in the queue; `None` while the wake is due or in a batch.
    key: Option<delay_queue::Key>,
    failures: u32,
}

impl Scheduler {
    /// A scheduler with nothing armed yet.
    #[must_use]
    pub fn new(
        service: Arc<BookingService>,
        store: &Arc<dyn Store>,
        feed: Feed,
        clock: Clock,
        health: Health,
    ) -> Self {
        let anchor = (clock.now(), Instant::now());
        Self {
            service,
            bookings: Arc::<dyn Store>::clone(store),
            store: Arc::<dyn Store>::clone(store),
            feed,
            clock,
            health,
            queue: DelayQueue::new(),
            armed: HashMap::new(),
            due: BinaryHeap::new(),
            batches: JoinSet::new(),
            firing: HashMap::new(),
            is_held_back: false,
            outage: None,
            anchor,
            next_check: anchor.1 + CLOCK_CHECK,
        }
    }

    /// Arms every pending booking and wakes bookings until it is stopped. Then waits for the
    /// current batches to finish.
    pub async fn run(mut self, stop: CancellationToken) {
        // Listens before scanning, so that changes committed in between are received.
        let mut messages = self.feed.listen();
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.arm_all() => {}
        }
        self.health.set_ready(true);
        info!(armed = self.armed.len(), "every running hold is armed");
        loop {
            let (is_paused, next_try) = (self.is_paused(), self.next_try());
            tokio::select! {
                () = stop.cancelled() => break,
                message = messages.next() => match message {
                    Some(FeedMessage::Item(item)) => self.on_item(&item),
                    Some(FeedMessage::Lagged) => {
                        let again = stop.run_until_cancelled(self.reload(&mut messages)).await;
                        if again.is_none() {
                            break;
                        }
                    }
                    None => break,
                },
                Some(expired) = self.queue.next(), if !self.queue.is_empty() => {
                    self.on_expired(expired.into_inner());
                    self.gather_expired();
                }
                turn = self.service.wake_turn(), if self.may_fire() => self.fire(turn),
                Some(ended) = self.batches.join_next_with_id() => self.batch_finished(ended),
                () = tokio::time::sleep_until(self.next_check) => self.compare_clocks(),
                () = tokio::time::sleep_until(next_try), if is_paused => {}
            }
        }
        while let Some(ended) = self.batches.join_next_with_id().await {
            self.batch_finished(ended);
        }
    }

    /// Reads everything again after the feed lost items.
    async fn reload(&mut self, messages: &mut BoxStream<'static, FeedMessage>) {
        warn!("the feed lost items; arming everything again");
        *messages = self.feed.listen();
        self.arm_all().await;
    }

    /// Arms every pending booking from one scan of the store, trying until it succeeds.
    async fn arm_all(&mut self) {
        let mut retries = BACKOFF.start();
        while let Err(error) = self.scan().await {
            warn!(%error, "the running holds could not be read; trying again");
            retries.wait().await;
        }
    }

    async fn scan(&mut self) -> Result<(), StoreError> {
        let mut wakes = self.bookings.wakes().await?;
        while let Some(wake) = wakes.next().await {
            self.arm(wake?);
        }
        Ok(())
    }

    fn on_item(&mut self, item: &FeedItem) {
        match &item.event {
            FeedEvent::Changed { change, .. } => self.arm_or_disarm(&change.booking),
            FeedEvent::PositionMoved(_)
            | FeedEvent::NotificationSettled(_)
            | FeedEvent::WaitingListMoved
            | FeedEvent::SessionEnded => {}
        }
    }

    fn arm_or_disarm(&mut self, booking: &Booking) {
        let (receipt_no, revision) = (booking.receipt_no, booking.revision);
        match booking.wake_at() {
            Some(at) => self.arm(Wake { receipt_no, revision, at }),
            None if self.is_newer(receipt_no, revision) => self.disarm(receipt_no),
            None => {}
        }
    }

    fn is_newer(&self, receipt_no: ReceiptNo, revision: Revision) -> bool {
        self.armed.get(&receipt_no).is_none_or(|armed| armed.wake.revision < revision)
    }

    fn arm(&mut self, wake: Wake) {
        if !self.is_newer(wake.receipt_no, wake.revision) {
            return;
        }
        self.disarm(wake.receipt_no);
        self.armed.insert(wake.receipt_no, TimerEntry { wake, key: None, failures: 0 });
        self.count_armed();
        self.enqueue(wake.receipt_no);
    }

    fn disarm(&mut self, receipt_no: ReceiptNo) {
        if let Some(TimerEntry { key: Some(key), .. }) = self.armed.remove(&receipt_no) {
            self.queue.try_remove(&key);
        }
        self.count_armed();
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 bookings")]
    fn count_armed(&self) {
        metrics::gauge!("jatah_armed_timers").set(self.armed.len() as f64);
    }

    /// Puts an armed booking among the wakes that are due, or into the queue.
    fn enqueue(&mut self, receipt_no: ReceiptNo) {
        let now = self.clock.now();
        let Some(armed) = self.armed.get_mut(&receipt_no) else {
            return;
        };
        let wake = armed.wake;
        armed.key = match (wake.at - now).to_std() {
            Ok(wait) if !wait.is_zero() => Some(self.queue.insert(receipt_no, wait.min(MAX_WAIT))),
            Ok(_) | Err(_) => {
                self.due.push(Reverse((wake.at, receipt_no, wake.revision)));
                None
            }
        };
    }

    /// Handles an entry that expired in the queue. It may be early, because an entry waits at most
    /// a day at a time and the wall clock may have been set back.
    fn on_expired(&mut self, receipt_no: ReceiptNo) {
        if let Some(armed) = self.armed.get_mut(&receipt_no) {
            armed.key = None;
            self.enqueue(receipt_no);
        }
    }

    /// Takes every expired entry out of the queue, so that the oldest deadline is fired first.
    fn gather_expired(&mut self) {
        while !self.queue.is_empty() {
            // Polls once, without waiting.
            let Some(Some(expired)) = futures_util::FutureExt::now_or_never(self.queue.next())
            else {
                return;
            };
            self.on_expired(expired.into_inner());
        }
    }

    fn may_fire(&self) -> bool {
        // While the store fails, one batch finds out whether it is back.
        let max_batches = if self.outage.is_some() { 1 } else { MAX_BATCHES };
        !self.due.is_empty()
            && !self.is_held_back
            && !self.is_paused()
            && self.batches.len() < max_batches
    }

    /// Whether wakes wait because the store failed a moment ago.
    fn is_paused(&self) -> bool {
        Instant::now() < self.next_try()
    }

    fn next_try(&self) -> Instant {
        self.outage.map_or(self.anchor.1, |(_, until)| until)
    }

    /// Starts a batch of the wakes that are due.
    fn fire(&mut self, turn: WakeTurn) {
        if !self.is_clock_trusted() {
            self.is_held_back = true;
            self.next_check = self.next_check.min(Instant::now() + BACKOFF.longest());
            return;
        }
        let mut wakes = Vec::new();
        while wakes.len() < MAX_BATCH {
            let Some(Reverse((at, receipt_no, revision))) = self.due.pop() else {
                break;
            };
            let wake = Wake { receipt_no, revision, at };
            // A booking that has changed since has another entry.
            if self.is_current(&wake) {
                wakes.push(wake);
            }
        }
        if !wakes.is_empty() {
            let (service, fired) = (Arc::clone(&self.service), wakes.clone());
            let batch = self.batches.spawn(async move { service.wake(&fired, turn).await });
            self.firing.insert(batch.id(), wakes);
        }
    }

    fn is_current(&self, wake: &Wake) -> bool {
        let armed = self.armed.get(&wake.receipt_no);
        armed.is_some_and(|armed| armed.wake.revision == wake.revision)
    }

    fn batch_finished(&mut self, ended: Result<(task::Id, WakeResults), JoinError>) {
        let (batch, ended) = match ended {
            Ok((batch, results)) => (batch, Ok(results)),
            Err(failure) => (failure.id(), Err(failure)),
        };
        let wakes = self.firing.remove(&batch).unwrap_or_default();
        let results = match ended {
            Ok(Ok(results)) => results,
            Ok(Err(error)) => return self.store_failed(&wakes, &error),
            Err(failure) => {
                error!(%failure, count = wakes.len(), "wakes crashed; they are armed again");
                return wakes.iter().for_each(|wake| self.retry(wake));
            }
        };
        let away =
            |result: &Result<_, StoreError>| matches!(result, Err(StoreError::Unavailable(_)));
        match results.first() {
            Some(Err(error)) if results.iter().all(away) => self.store_failed(&wakes, error),
            Some(_) | None => {
                self.outage = None;
                for (wake, result) in wakes.iter().zip(results) {
                    self.on_result(wake, result);
                }
            }
        }
    }

    /// The store did not carry out a batch. Its wakes are due again, and all wait a little.
    fn store_failed(&mut self, wakes: &[Wake], error: &StoreError) {
        warn!(%error, count = wakes.len(), "wakes failed; they are tried again");
        for wake in wakes {
            if self.is_current(wake) {
                self.due.push(Reverse((wake.at, wake.receipt_no, wake.revision)));
            }
        }
        let failures = self.outage.map_or(0, |(failures, _)| failures).saturating_add(1);
        self.outage = Some((failures, Instant::now() + BACKOFF.spread_after(failures)));
    }

    fn on_result(&mut self, wake: &Wake, result: Result<WakeOutcome, StoreError>) {
        let receipt_no = wake.receipt_no;
        match result {
            // Its next wake time, if any, comes with the change through the feed.
            Ok(WakeOutcome::Done | WakeOutcome::Superseded) => {
                if self.is_current(wake) {
                    self.armed.remove(&receipt_no);
                }
            }
            Ok(WakeOutcome::NotYet) => {
                debug!(%receipt_no, "woken before its time");
                self.retry(wake);
            }
            Err(error) => {
                warn!(%receipt_no, %error, "a wake failed; it is armed again");
                self.retry(wake);
            }
        }
    }

    fn retry(&mut self, wake: &Wake) {
        if !self.is_current(wake) {
            return;
        }
        if let Some(armed) = self.armed.get_mut(&wake.receipt_no) {
            armed.failures += 1;
            // Random, so that a store that comes back does not get every retry at once.
            let wait = BACKOFF.spread_after(armed.failures);
            armed.key = Some(self.queue.insert(wake.receipt_no, wait));
        }
    }

    /// Whether this machine's clock is close enough to the store's to fire wakes. If not, they wait
    /// for the next comparison of the clocks.
    fn is_clock_trusted(&self) -> bool {
        let ahead = self.store.clock_ahead_ms().unwrap_or(0);
        let off = (ahead.abs() > WARN_CLOCK_OFFSET_MS)
            .then(|| format!("this machine's clock is {} ms off the store's", -ahead));
        let stepped = self.clock.step_not_followed().map(|step| {
            format!(
                "this machine's clock was set by {} s while the server runs; the server goes on by \
                 the time before, and takes the new one when it is started again",
                step.num_seconds()
            )
        });
        self.health.set_degraded("clock", off.or(stepped));
        self.store.is_clock_trusted()
    }

    /// Compares the time that the wall clock and the monotonic clock have run since the anchor.
    fn compare_clocks(&mut self) {
        self.next_check = Instant::now() + CLOCK_CHECK;
        self.is_clock_trusted();
        // `fire` looks again, and holds wakes back if it must.
        self.is_held_back = false;
        let (wall, ran) = self.anchor;
        let now = self.clock.now();
        let expected = wall + TimeDelta::from_std(ran.elapsed()).unwrap_or(TimeDelta::MAX);
        let drift = now - expected;
        if drift.abs() > MAX_DRIFT {
            warn!(drift_ms = drift.num_milliseconds(), "the clock was set or the machine slept");
            self.anchor = (now, Instant::now());
            self.rearm_all();
        }
    }

    /// Arms every waiting entry again by the current wall-clock time.
    fn rearm_all(&mut self) {
        self.queue.clear();
        let waiting: Vec<ReceiptNo> = self
            .armed
            .iter()
            .filter(|(_, armed)| armed.key.is_some())
            .map(|(receipt_no, _)| *receipt_no)
            .collect();
        for receipt_no in waiting {
            self.enqueue(receipt_no);
        }
    }
}
