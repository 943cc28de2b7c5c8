//! What this process still has to deliver, by channel, as it publishes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::method::DeliveryChannel;
use super::{DeliveryMethods, DeliveryRequest};
use crate::domain::Moment;
use crate::store::NotificationId;

/// The notifications without an outcome.
#[derive(Default)]
pub(super) struct OwedNotifications {
    /// Where each is in `by_channel`.
    places: HashMap<NotificationId, (DeliveryChannel, Moment)>,
    /// The moments of the changes that owe them, the oldest first.
    by_channel: BTreeMap<DeliveryChannel, BTreeSet<(Moment, NotificationId)>>,
}

impl OwedNotifications {
    pub(super) fn add(&mut self, request: &DeliveryRequest) {
        let Some(channel) = DeliveryMethods::channel(request) else { return };
        let (id, at) = (request.id(), request.change.at);
        self.places.insert(id, (channel, at));
        self.by_channel.entry(channel).or_default().insert((at, id));
        self.publish(channel);
    }

    pub(super) fn remove(&mut self, id: NotificationId) {
        let Some((channel, at)) = self.places.remove(&id) else { return };
        self.by_channel.entry(channel).or_default().remove(&(at, id));
        self.publish(channel);
    }

    fn publish(&self, channel: DeliveryChannel) {
        let owed = self.by_channel.get(&channel);
        let count = owed.map_or(0, BTreeSet::len);
        let oldest = owed.and_then(BTreeSet::first).map_or(0, |(at, _)| at.timestamp());
        let name = channel.name();
        #[expect(clippy::cast_precision_loss, reason = "counts and seconds since 1970 are exact")]
        {
            metrics::gauge!("jatah_notices_owed", "channel" => name).set(count as f64);
            metrics::gauge!("jatah_notices_oldest_timestamp_seconds", "channel" => name)
                .set(oldest as f64);
        }
    }
}
