//! The feed: distributes the events of the store's log to every listener in this process.
//!
//! Events come only from [`ChangeLog::changes`], so a listener receives the changes of every node
//! in the order of the log, and only committed ones. The feed keeps the latest changes in memory
//! for listeners that reconnect. It loads no bookings and decides nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::domain::{Change, ReceiptNo};
use crate::lifecycle::Health;
use crate::store::{ChangeLog, Changes, Cursor, FeedEvent, Lease, StoreError};

/// The number of changes kept for listeners that reconnect.
const RING_SIZE: usize = 10_000;
/// How many items one listener may fall behind before it lags and must reload.
const LISTENER_CAPACITY: usize = 16_384;
/// The same for a guest's listener, which receives the events of one booking only.
const GUEST_CAPACITY: usize = 32;
/// Waits between attempts to open the log again: doubled from the first to the last.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// After this many failures the feed is degraded; after this many at one place of the log, that
/// place is skipped.
const MAX_FAILURES: u32 = 3;
/// How long the log must be read without a failure until earlier ones are forgotten.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// The name of this part in the list of degraded parts.
const PART: &str = "feed";

/// A message to a listener.
#[derive(Debug, Clone)]
pub enum FeedMessage {
    /// Something was committed.
    Item(FeedItem),
    /// Items were lost because the listener was slow or the log was cut. The listener must reload.
    Lagged,
}

/// One item of the log.
#[derive(Debug, Clone)]
pub struct FeedItem {
    /// Numbers the events while they are published. `None` if an event is repeated for a listener
    /// that reconnects: what it shows besides the change may be newer by then.
    pub number: Option<u64>,
    /// The listener's place in the log after this item.
    pub cursor: Cursor,
    /// What was committed.
    pub event: FeedEvent,
}

/// The feed of one process. Clones are the same feed.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    store: Arc<dyn ChangeLog>,
    state: Mutex<State>,
    live: broadcast::Sender<FeedMessage>,
    /// Notified when the waiting list has changed.
    waiting_list: watch::Sender<()>,
}

struct State {
    /// The cursor right before the first item of the ring.
    base: Cursor,
    /// The number of the next event.
    next_number: u64,
    /// The latest changes, oldest first.
    ring: VecDeque<(Cursor, Arc<Change>, Lease)>,
    /// The guests' listeners, by booking.
    guests: HashMap<ReceiptNo, Vec<mpsc::Sender<FeedMessage>>>,
}

impl State {
    fn cursor(&self) -> &Cursor {
        self.ring.back().map_or(&self.base, |(cursor, ..)| cursor)
    }
}

/// Why a listener cannot start at a cursor.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The cursor is malformed, or too old for the log.
    #[error("the cursor is gone")]
    CursorGone,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl Feed {
    /// Opens the log from now on. Everything that is committed after this call is published.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn open(
        store: Arc<dyn ChangeLog>,
        clock: Clock,
    ) -> Result<(Self, FeedWorker), StoreError> {
        let changes = store.changes(None).await?;
        let state = State {
            base: changes.start.clone(),
            next_number: 0,
            ring: VecDeque::with_capacity(RING_SIZE),
            guests: HashMap::new(),
        };
        let (live, _) = broadcast::channel(LISTENER_CAPACITY);
        let waiting_list = watch::Sender::default();
        let feed = Self(Arc::new(Inner { store, state: Mutex::new(state), live, waiting_list }));
        let work = FeedWorker { feed: feed.clone(), changes, clock };
        Ok((feed, work))
    }

    /// The latest published place in the log. What is read from the store after this call is at
    /// least as new.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.state().cursor().clone()
    }

    /// Every event from now on.
    #[must_use]
    pub fn listen(&self) -> BoxStream<'static, FeedMessage> {
        messages(self.0.live.subscribe()).boxed()
    }

    /// Every change after a cursor, then every event from now on, without a gap.
    ///
    /// # Errors
    /// [`ListenError`] if the cursor is gone or the store fails.
    pub async fn listen_after(
        &self,
        after: &Cursor,
    ) -> Result<BoxStream<'static, FeedMessage>, ListenError> {
        // Both under one lock: what is not in this copy reaches the new subscription.
        let (live, recent, until) = {
            let state = self.state();
            let recent: Option<Vec<_>> = if *after == state.base {
                Some(state.ring.iter().cloned().collect())
            } else {
                let found = state.ring.iter().rposition(|(cursor, ..)| cursor == after);
                found.map(|index| state.ring.iter().skip(index + 1).cloned().collect())
            };
            (self.0.live.subscribe(), recent, state.cursor().clone())
        };
        if let Some(recent) = recent {
            let item = |(cursor, change, lease)| {
                let event = FeedEvent::Changed { change, lease };
                FeedMessage::Item(FeedItem { number: None, cursor, event })
            };
            return Ok(stream::iter(recent.into_iter().map(item)).chain(messages(live)).boxed());
        }
        let older = self.0.store.replay(after, &until).await.map_err(|error| match error {
            StoreError::NotFound => ListenError::CursorGone,
            StoreError::Conflict(_)
            | StoreError::Unavailable(_)
            | StoreError::Damaged(_)
            | StoreError::Unexpected(_) => ListenError::Store(error),
        })?;
        let older = older.map(|item| match item {
            Ok((cursor, event)) => FeedMessage::Item(FeedItem { number: None, cursor, event }),
            Err(_) => FeedMessage::Lagged,
        });
        Ok(older.chain(messages(live)).boxed())
    }

    /// Tells when the waiting list has changed, or may have.
    #[must_use]
    pub fn watch_waiting_list(&self) -> watch::Receiver<()> {
        self.0.waiting_list.subscribe()
    }

    /// The events of one booking, from now on. It ends when the listener falls behind.
    #[must_use]
    pub fn listen_to(&self, receipt_no: ReceiptNo) -> GuestFeed {
        let (sender, receiver) = mpsc::channel(GUEST_CAPACITY);
        self.state().guests.entry(receipt_no).or_default().push(sender);
        GuestFeed { feed: self.clone(), receipt_no, receiver }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, so the state is consistent even if poisoned.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, cursor: &Cursor, event: FeedEvent) {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        let receipt_no = match &event {
            FeedEvent::Changed { change, lease } => {
                state.ring.push_back((cursor.clone(), Arc::clone(change), lease.clone()));
                if state.ring.len() > RING_SIZE
                    && let Some((oldest, ..)) = state.ring.pop_front()
                {
                    state.base = oldest;
                }
                Some(change.booking.receipt_no)
            }
            FeedEvent::PositionMoved(receipt_no) => Some(*receipt_no),
            FeedEvent::WaitingListMoved => {
                self.0.waiting_list.send_replace(());
                None
            }
            FeedEvent::NotificationSettled(_) | FeedEvent::SessionEnded => None,
        };
        // Positions and settlements are not in the ring, so they do not advance the cursor.
        let (number, cursor) = (Some(number), state.cursor().clone());
        let message = FeedMessage::Item(FeedItem { number, cursor, event });
        if let Some(receipt_no) = receipt_no {
            send_to_guests(&mut state.guests, receipt_no, &message);
        }
        // Sent under the lock, so that there is no gap between a copy of the ring and a
        // subscription. Sending fails if nobody listens, which is fine.
        let _ = self.0.live.send(message);
    }

    /// Handles a cut of the log: every listener must reload, and the feed goes on from `start`.
    fn cut(&self, start: Cursor) {
        let mut state = self.state();
        state.base = start;
        state.ring.clear();
        state.guests.clear();
        self.0.waiting_list.send_replace(());
        let _ = self.0.live.send(FeedMessage::Lagged);
    }
}

fn send_to_guests(
    guests: &mut HashMap<ReceiptNo, Vec<mpsc::Sender<FeedMessage>>>,
    receipt_no: ReceiptNo,
    message: &FeedMessage,
) {
    if let Some(listeners) = guests.get_mut(&receipt_no) {
        // Listeners that are gone or too far behind are dropped. The latter see the end and reload.
        listeners.retain(|listener| listener.try_send(message.clone()).is_ok());
        if listeners.is_empty() {
            guests.remove(&receipt_no);
        }
    }
}

/// The events of one booking, through a small channel of its own. Dropping it unsubscribes.
pub struct GuestFeed {
    feed: Feed,
    receipt_no: ReceiptNo,
    receiver: mpsc::Receiver<FeedMessage>,
}

impl GuestFeed {
    /// The next item; `None` once this listener was too slow and must reload.
    pub async fn next(&mut self) -> Option<FeedMessage> {
        self.receiver.recv().await
    }
}

impl Drop for GuestFeed {
    fn drop(&mut self) {
        self.receiver.close();
        let mut state = self.feed.state();
        if let Some(listeners) = state.guests.get_mut(&self.receipt_no) {
            listeners.retain(|listener| !listener.is_closed());
            if listeners.is_empty() {
                state.guests.remove(&self.receipt_no);
            }
        }
    }
}

/// The task of a feed: reads the log until it is stopped.
pub struct FeedWorker {
    feed: Feed,
    changes: Changes,
    clock: Clock,
}

impl FeedWorker {
    /// Reads the log. When the stream fails, opens it again where it left off, or from now on if it
    /// keeps failing there.
    pub async fn run(self, health: Health, stop: CancellationToken) {
        let Self { feed, changes, clock } = self;
        let mut stream = changes.stream;
        let mut failures = StreamFailures::new();
        loop {
            let item = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(failures.steady_at()), if failures.times > 0 => {
                    failures = StreamFailures::new();
                    health.set_degraded(PART, None);
                    continue;
                }
                item = stream.next() => item,
            };
            match item {
                Some(Ok((cursor, event))) => {
                    if let FeedEvent::Changed { change, .. } = &event {
                        record_lag(clock.now() - change.at);
                    }
                    feed.publish(&cursor, event);
                    continue;
                }
                Some(Err(error)) => {
                    warn!(%error, "the log of changes failed; opening it again");
                }
                None => warn!("the log of changes ended; opening it again"),
            }
            failures.record(feed.cursor());
            if failures.times >= MAX_FAILURES {
                let reason = "the log of changes keeps failing: changes may show late";
                health.set_degraded(PART, Some(reason.to_owned()));
            }
            let opened = stop.run_until_cancelled(reopen(&feed, &failures)).await;
            let Some(opened) = opened else { return };
            failures.opened(&feed.cursor());
            stream = opened;
        }
    }
}

/// Publishes how long it took from a decision until this process heard of its change.
fn record_lag(lag: TimeDelta) {
    // The clock of the node that decided may be a little ahead.
    let milliseconds = lag.as_seconds_f64().max(0.0) * 1_000.0;
    metrics::histogram!("jatah_feed_lag_ms").record(milliseconds);
}

/// How often the log has failed since it was last steady. That an event came is no sign that it
/// works: after a failure, the same event may come again and again.
struct StreamFailures {
    times: u32,
    /// The place of the log at which it failed last, and how often at this place.
    place: Option<Cursor>,
    times_at_place: u32,
    opened_at: Instant,
}

impl StreamFailures {
    fn new() -> Self {
        Self { times: 0, place: None, times_at_place: 0, opened_at: Instant::now() }
    }

    fn record(&mut self, place: Cursor) {
        self.times += 1;
        let is_same = self.place.as_ref() == Some(&place);
        self.times_at_place = if is_same { self.times_at_place + 1 } else { 1 };
        self.place = Some(place);
    }

    /// Notes that the log was opened at a place.
    fn opened(&mut self, place: &Cursor) {
        self.opened_at = Instant::now();
        if self.place.as_ref() != Some(place) {
            self.times_at_place = 0;
        }
    }

    /// When the failures are forgotten, if none comes before.
    fn steady_at(&self) -> Instant {
        self.opened_at + STEADY_AFTER
    }

    /// Whether this place of the log must be skipped: the next event cannot be read however often
    /// it is tried, such as a change that a newer version wrote, or the log ended there because the
    /// database was dropped.
    fn is_stuck(&self) -> bool {
        self.times_at_place >= MAX_FAILURES
    }

    fn wait(&self) -> Duration {
        if self.times <= 1 { Duration::ZERO } else { BACKOFF.after(self.times) }
    }
}

/// Opens the log where it left off. If that place is gone, or the log keeps failing there, opens it
/// from now on and makes every listener reload.
async fn reopen(
    feed: &Feed,
    failures: &StreamFailures,
) -> BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>> {
    let mut wait = failures.wait();
    let mut retries = BACKOFF.start();
    let mut is_cut = failures.is_stuck();
    loop {
        tokio::time::sleep(wait).await;
        wait = wait.max(retries.next_wait());
        let cursor = (!is_cut).then(|| feed.cursor());
        match feed.0.store.changes(cursor.as_ref()).await {
            Ok(changes) => {
                if is_cut {
                    warn!("a part of the log was skipped; every listener reloads");
                    feed.cut(changes.start);
                }
                info!("the log of changes was opened again");
                return changes.stream;
            }
            Err(StoreError::NotFound) => is_cut = true,
            Err(error) => warn!(%error, "the log of changes cannot be opened"),
        }
    }
}

fn messages(
    live: broadcast::Receiver<FeedMessage>,
) -> impl futures_util::Stream<Item = FeedMessage> {
    stream::unfold(live, |mut live| async {
        match live.recv().await {
            Ok(message) => Some((message, live)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some((FeedMessage::Lagged, live)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    })
}

#[cfg(test)]
mod tests;
