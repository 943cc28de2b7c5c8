//! Delivers every notification to its recipient: at least once, and rarely twice.
//!
//! A notification is stored with its change, sent, then marked. The process that committed it has
//! the first right to send it (a lease); if that process dies, others take over when the lease
//! ends. Each notification is one task ([`delivery`]). What it says and how it travels is a
//! [`DeliveryMethod`]'s business; who is owed what is the domain's.

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
use crate::store::{FeedEvent, Lease, NodeId, NotificationId, NotificationStore, StoreError};

mod delivery;
mod method;

use delivery::{Delivery, DeliveryContext};
pub use method::{DeliveryError, DeliveryMethod, DeliveryMethods, DeliveryRequest};

/// One attempt may take so long: less than a lease, so that nobody takes over in the middle.
pub const ATTEMPT: Duration = Duration::from_secs(26);
/// How long a stopping process goes on delivering what is on its way.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Waits between attempts, and between reads of what is owed.
const RETRY: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(5));
/// How long a stopping process listens for what was committed last: the log may be some
/// milliseconds behind.
const LAST_FEED_WAIT: Duration = Duration::from_millis(200);

/// Delivers the notifications of one process.
pub struct Notifier {
    context: Arc<DeliveryContext>,
    feed: Feed,
    deliveries: JoinSet<NotificationId>,
    /// For each delivery, the token that says that its notification was settled.
    settled: HashMap<NotificationId, CancellationToken>,
}

impl Notifier {
    /// A notifier with no delivery yet. With `is_alone`, no other process delivers for this store,
    /// so what an earlier one left is ours at once.
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
        let context = DeliveryContext::new(store, service, node, is_alone, methods, health);
        let (deliveries, settled) = (JoinSet::new(), HashMap::new());
        Self { context: Arc::new(context), feed, deliveries, settled }
    }

    /// Delivers until told to stop, then what is on its way, for [`DRAIN`] at most. What is left
    /// is owed at the next start.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut feed = self.feed.listen();
        if stop.run_until_cancelled(self.load_owed()).await.is_none() {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                message = feed.next() => match message {
                    Some(FeedMessage::Item(item)) => self.follow(item.event),
                    Some(FeedMessage::Lagged) => {
                        warn!("the feed lost something; reading again what is owed");
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
        if tokio::time::timeout(DRAIN, self.drain(feed)).await.is_err() {
            let left = self.deliveries.len();
            warn!(left, "stopped before every notification was out");
        }
    }

    /// Sends what was committed before the stop; what waits for a retry or for another process
    /// stays owed.
    async fn drain(&mut self, mut feed: BoxStream<'static, FeedMessage>) {
        self.context.stop.cancel();
        while let Ok(Some(FeedMessage::Item(item))) =
            tokio::time::timeout(LAST_FEED_WAIT, feed.next()).await
        {
            self.follow(item.event);
        }
        while let Some(ended) = self.deliveries.join_next().await {
            self.remove(ended);
        }
    }

    async fn load_owed(&mut self) {
        let mut retries = RETRY.start();
        while let Err(error) = self.read_owed().await {
            warn!(%error, "what is owed could not be read; trying again");
            retries.wait().await;
        }
    }

    async fn read_owed(&mut self) -> Result<(), StoreError> {
        let store = Arc::clone(&self.context.store);
        let mut owed = store.owed().await?;
        let mut count = 0_usize;
        while let Some(item) = owed.next().await {
            let item = item?;
            self.deliver(&item.change, item.to, item.lease);
            count += 1;
        }
        if count > 0 {
            info!(count, "notifications are still owed");
        }
        Ok(())
    }

    fn follow(&mut self, event: FeedEvent) {
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
            FeedEvent::PositionMoved(_) => {}
        }
    }

    /// Starts the delivery of a notification, unless it is under way.
    fn deliver(&mut self, change: &Arc<Change>, to: Recipient, lease: Lease) {
        // A newer version has the words for it, and delivers it.
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
        let delivery = Delivery::new(Arc::clone(&self.context), request, lease, settled);
        self.deliveries.spawn(delivery.run());
    }

    fn remove(&mut self, ended: Result<NotificationId, JoinError>) {
        match ended {
            Ok(id) => {
                self.settled.remove(&id);
            }
            Err(failure) => error!(%failure, "a delivery crashed"),
        }
    }
}
