//! The health of the channels by which notifications are delivered. It is reported as one part of the
//! process, with the reasons of all channels that fail.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::method::DeliveryChannel;
use crate::lifecycle::Health;

/// The name of this part in the list of degraded parts.
const PART: &str = "courier";

/// The health of all channels.
pub(super) struct ChannelHealth {
    health: Health,
    failing: Mutex<BTreeMap<DeliveryChannel, FailingChannel>>,
}

/// A channel with deliveries that failed.
#[derive(Default)]
struct FailingChannel {
    /// The number of unfinished deliveries that failed at least once.
    retrying: usize,
    /// Why the last attempt failed; `None` if a later one succeeded.
    reason: Option<String>,
}

impl ChannelHealth {
    pub(super) fn new(health: Health) -> Self {
        Self { health, failing: Mutex::default() }
    }

    /// A delivery failed for the first time.
    pub(super) fn began_retrying(&self, channel: DeliveryChannel) {
        self.update(channel, |failing| failing.retrying += 1);
    }

    /// A delivery that had failed is over. The channel is no longer degraded if no other one is
    /// retried: notifications that were given up are shown with their bookings.
    pub(super) fn ended_retrying(&self, channel: DeliveryChannel) {
        self.update(channel, |failing| {
            failing.retrying = failing.retrying.saturating_sub(1);
            if failing.retrying == 0 {
                failing.reason = None;
            }
        });
    }

    /// An attempt failed for this reason.
    pub(super) fn failed(&self, channel: DeliveryChannel, reason: String) {
        self.update(channel, |failing| failing.reason = Some(reason));
    }

    /// An attempt succeeded.
    pub(super) fn succeeded(&self, channel: DeliveryChannel) {
        self.update(channel, |failing| failing.reason = None);
    }

    fn update(&self, channel: DeliveryChannel, change: impl FnOnce(&mut FailingChannel)) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let one = failing.entry(channel).or_default();
        let before = one.reason.clone();
        change(one);
        if one.reason != before {
            let mut reasons: Vec<&str> =
                failing.values().filter_map(|one| one.reason.as_deref()).collect();
            reasons.dedup();
            let reasons = (!reasons.is_empty()).then(|| reasons.join("; "));
            self.health.set_degraded(PART, reasons);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_works_does_not_hide_one_that_fails() {
        use DeliveryChannel::{Email, FrontOffice};

        let health = Health::default();
        let channels = ChannelHealth::new(health.clone());
        channels.began_retrying(FrontOffice);
        channels.failed(FrontOffice, "muted".to_owned());
        channels.began_retrying(Email);
        channels.failed(Email, "553".to_owned());
        assert_eq!(health.degraded()[PART], "553; muted");
        channels.succeeded(Email);
        assert_eq!(health.degraded()[PART], "muted");
        channels.ended_retrying(Email);
        assert_eq!(health.degraded()[PART], "muted");
        channels.ended_retrying(FrontOffice);
        assert!(health.degraded().is_empty());
    }
}
