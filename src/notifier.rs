//! Delivers every notification to its recipient at least once, and rarely twice.
//!
//! A notification is stored with its change, then sent, then marked as sent. The process that
//! committed it has a lease, the right to send it. If that process dies, another process takes over
//! when the lease ends. Each notification has one task (`delivery`).
//!
//! This module does not decide who receives which notification; the domain does. It also does not
//! compose or send messages; a [`DeliveryMethod`] does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::backoff::Backoff;
use crate::domain::{Change, Event, Recipient};
use crate::feed::{Feed, FeedMessage};
use crate::lifecycle::Health;
use crate::service::BookingService;
use crate::store::{FeedEvent, Lease, NodeId, NotificationId, NotificationQueue, StoreError};

mod channel_health;
mod delivery;
mod method;
mod owed;

use delivery::{Delivery, DeliveryContext};
pub use method::{DeliveryError, DeliveryMethod, DeliveryMethods, DeliveryRequest};
use owed::OwedNotifications;

/// The longest duration of one attempt. It is shorter than a lease, so that no other process takes
/// over during an attempt.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(26);
/// How long a stopping process continues the deliveries that have started.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The waits between attempts to deliver, and between attempts to read the undelivered
/// notifications.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(5));
/// The waits between attempts to call the hotel's own system. All changes of three days may wait for
/// it, so the longest is longer.
const HOTEL_SYSTEM_BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(15));
/// How long a stopping process waits for the last changes of the feed. The feed may be some
/// milliseconds behind the commits.
const LAST_FEED_WAIT: Duration = Duration::from_millis(200);

/// Delivers the notifications of one process.
pub struct Notifier {
    context: Arc<DeliveryContext>,
    feed: Feed,
    deliveries: JoinSet<NotificationId>,
    /// For each delivery, the token that is cancelled when its notification is settled.
    settled: HashMap<NotificationId, CancellationToken>,
    owed: OwedNotifications,
}

impl Notifier {
    /// A notifier without deliveries. With `is_alone`, no other process delivers for this store, so
    /// the notifications of an earlier process are sent without waiting for its leases to end.
    #[must_use]
    pub fn new(
        queue: NotificationQueue,
        feed: Feed,
        service: Arc<BookingService>,
        node: NodeId,
        is_alone: bool,
        methods: DeliveryMethods,
        health: Health,
    ) -> Self {
        let context = DeliveryContext::new(queue, service, node, is_alone, methods, health);
        let (deliveries, settled) = (JoinSet::new(), HashMap::new());
        let owed = OwedNotifications::default();
        Self { context: Arc::new(context), feed, deliveries, settled, owed }
    }

    /// Delivers until `stop` is cancelled. Then continues the started deliveries for at most
    /// [`DRAIN_TIMEOUT`]. Notifications that are still undelivered are sent after the next start.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut feed = self.feed.listen();
        if stop.run_until_cancelled(self.load_owed()).await.is_none() {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                message = feed.next() => match message {
                    Some(FeedMessage::Item(item)) => self.handle_event(item.event),
                    Some(FeedMessage::Lagged) => {
                        warn!("the feed lost items; reading the undelivered notifications again");
                        feed = self.feed.listen();
                        if stop.run_until_cancelled(self.load_owed()).await.is_none() {
                            break;
                        }
                    }
                    None => break,
                },
                Some(ended) = self.deliveries.join_next() => self.remove(ended),
            }
        }
        if tokio::time::timeout(DRAIN_TIMEOUT, self.drain(feed)).await.is_err() {
            let left = self.deliveries.len();
            warn!(left, "stopped before all notifications were delivered");
        }
    }

    /// Sends the notifications that were committed before the stop. Deliveries that wait for a
    /// retry or for another process's lease end without being settled.
    async fn drain(&mut self, mut feed: BoxStream<'static, FeedMessage>) {
        self.context.stop.cancel();
        while let Ok(Some(FeedMessage::Item(item))) =
            tokio::time::timeout(LAST_FEED_WAIT, feed.next()).await
        {
            self.handle_event(item.event);
        }
        while let Some(ended) = self.deliveries.join_next().await {
            self.remove(ended);
        }
    }

    async fn load_owed(&mut self) {
        let mut retries = BACKOFF.start();
        while let Err(error) = self.read_owed().await {
            warn!(%error, "the undelivered notifications could not be read; trying again");
            retries.wait().await;
        }
    }

    async fn read_owed(&mut self) -> Result<(), StoreError> {
        let queue = self.context.queue.clone();
        let mut owed = queue.owed().await?;
        let mut count = 0_usize;
        while let Some(item) = owed.next().await {
            let item = item?;
            self.deliver(&item.change, item.to, item.lease);
            count += 1;
        }
        if count > 0 {
            info!(count, "found undelivered notifications");
        }
        Ok(())
    }

    fn handle_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changed { change, lease } => {
                for notification in &change.notifications {
                    self.deliver(&change, notification.to, lease.clone());
                }
            }
            FeedEvent::NotificationSettled(settled) => {
                if let Some(delivery) = self.settled.get(&settled.notification) {
                    delivery.cancel();
                }
            }
            FeedEvent::PositionMoved(_) | FeedEvent::WaitingListMoved | FeedEvent::SessionEnded => {
            }
        }
    }

    /// Starts the delivery of a notification, unless it has already started.
    fn deliver(&mut self, change: &Arc<Change>, to: Recipient, lease: Lease) {
        // Only a newer version of the service can compose this notification. It delivers it.
        if change.booking.is_read_only || change.event == Event::Other {
            return;
        }
        let Some(request) = DeliveryRequest::new(change, to) else {
            return;
        };
        let id = request.id();
        if self.settled.contains_key(&id) {
            return;
        }
        let settled = CancellationToken::new();
        self.settled.insert(id, settled.clone());
        self.owed.add(&request);
        let delivery = Delivery::new(Arc::clone(&self.context), request, lease, settled);
        self.deliveries.spawn(delivery.run());
    }

    fn remove(&mut self, ended: Result<NotificationId, JoinError>) {
        match ended {
            Ok(id) => {
                self.settled.remove(&id);
                self.owed.remove(id);
            }
            Err(failure) => error!(%failure, "a delivery crashed"),
        }
    }
}
