//! The health of the channels by which notifications are delivered. The channels to people are
//! reported as one part of the process, with the reasons of all that fail; the hotel's own system is
//! another part.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::method::DeliveryChannel;
use crate::lifecycle::Health;

/// The name of the channels to people in the list of degraded parts.
const PEOPLE: &str = "courier";
/// The name of the hotel's own system in that list.
const HOTEL_SYSTEM: &str = "webhook";

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
    /// Whether the recipient wants no further message, so that the reason stays.
    is_closed: bool,
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
                failing.clear();
            }
        });
    }

    /// An attempt failed for this reason.
    pub(super) fn failed(&self, channel: DeliveryChannel, reason: String) {
        self.update(channel, |failing| failing.reason = Some(reason));
    }

    /// The recipient wants no further message by this channel. It is degraded until the process ends.
    pub(super) fn closed(&self, channel: DeliveryChannel, reason: String) {
        self.update(channel, |failing| {
            failing.reason = Some(reason);
            failing.is_closed = true;
        });
    }

    /// An attempt succeeded.
    pub(super) fn succeeded(&self, channel: DeliveryChannel) {
        self.update(channel, FailingChannel::clear);
    }

    fn update(&self, channel: DeliveryChannel, change: impl FnOnce(&mut FailingChannel)) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let one = failing.entry(channel).or_default();
        let before = one.reason.clone();
        change(one);
        if one.reason != before {
            let is_people = |channel: DeliveryChannel| channel != DeliveryChannel::HotelSystem;
            let same_part =
                failing.iter().filter(|(other, _)| is_people(**other) == is_people(channel));
            let mut reasons: Vec<&str> =
                same_part.filter_map(|(_, one)| one.reason.as_deref()).collect();
            reasons.dedup();
            let reasons = (!reasons.is_empty()).then(|| reasons.join("; "));
            if is_people(channel) {
                self.health.set_degraded(PEOPLE, reasons);
            } else {
                self.health.set_degraded(HOTEL_SYSTEM, reasons);
            }
        }
    }
}

impl FailingChannel {
    fn clear(&mut self) {
        if !self.is_closed {
            self.reason = None;
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
        assert_eq!(health.degraded()["courier"], "553; muted");
        channels.succeeded(Email);
        assert_eq!(health.degraded()["courier"], "muted");
        channels.ended_retrying(Email);
        assert_eq!(health.degraded()["courier"], "muted");
        channels.ended_retrying(FrontOffice);
        assert!(health.degraded().is_empty());
    }

    #[test]
    fn the_hotels_own_system_is_another_part_and_stays_degraded_once_it_wants_no_calls() {
        use DeliveryChannel::{Email, HotelSystem};

        let health = Health::default();
        let channels = ChannelHealth::new(health.clone());
        channels.began_retrying(Email);
        channels.failed(Email, "553".to_owned());
        channels.began_retrying(HotelSystem);
        channels.failed(HotelSystem, "500".to_owned());
        assert_eq!(health.degraded()["courier"], "553");
        assert_eq!(health.degraded()["webhook"], "500");
        channels.closed(HotelSystem, "410".to_owned());
        channels.ended_retrying(HotelSystem);
        channels.succeeded(HotelSystem);
        channels.ended_retrying(Email);
        assert_eq!(
            health.degraded().into_iter().collect::<Vec<_>>(),
            [("webhook", "410".to_owned())]
        );
    }
}
