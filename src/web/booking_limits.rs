//! How much a stranger may book and hand over through the web in an hour, and the alarm when somebody
//! tries more. Every booking sends e-mails, so this bounds them too.
//!
//! The counts are those of this process. How much may be held at a time is decided by the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::limits::Network;
use crate::domain::Email;
use crate::lifecycle::Health;
use crate::rate_limit::HourlyLimiter;
use crate::text;

/// Bookings of one guest from one network in an hour, for each hold that a guest may have at a time.
const BOOKINGS_PER_HOLD: u32 = 5;
/// The same from all networks together.
const BOOKINGS_OF_MAILBOX_PER_HOLD: u32 = 10;
/// Bookings from one network in an hour, for each hold that the network may have at a time.
const BOOKINGS_OF_NETWORK_PER_HOLD: u32 = 4;
/// Choices handed over to Telegram from one network in an hour. Carriers share addresses.
const MAX_HANDOFFS: u32 = 300;
/// How long the front office is shown that a limit was reached.
const ALARM_LASTS: Duration = Duration::from_hours(1);
/// The name of the alarm in the list of degraded parts.
const PART: &str = "limits";

/// The limits of an hour.
pub struct BookingLimits {
    guests: HourlyLimiter<(String, Network)>,
    mailboxes: HourlyLimiter<String>,
    networks: HourlyLimiter<Network>,
    handoffs: HourlyLimiter<Network>,
    /// Rung when somebody reaches a limit that honest guests do not reach.
    pub alarm: LimitAlarm,
}

/// A booking that was counted. It is given back unless it was made.
pub struct CountedBooking<'a> {
    limits: &'a BookingLimits,
    mailbox: String,
    network: Network,
    is_made: bool,
}

impl BookingLimits {
    /// Limits in proportion to what one guest and one network may hold at a time.
    pub fn new(holds_per_guest: u32, holds_per_network: u32, alarm: LimitAlarm) -> Self {
        let in_an_hour = |holds: u32, per_hold| holds.saturating_mul(per_hold);
        let of_mailbox = in_an_hour(holds_per_guest, BOOKINGS_OF_MAILBOX_PER_HOLD);
        let of_network = in_an_hour(holds_per_network, BOOKINGS_OF_NETWORK_PER_HOLD);
        Self {
            guests: HourlyLimiter::new(in_an_hour(holds_per_guest, BOOKINGS_PER_HOLD)),
            mailboxes: HourlyLimiter::new(of_mailbox),
            networks: HourlyLimiter::new(of_network),
            handoffs: HourlyLimiter::new(MAX_HANDOFFS),
            alarm,
        }
    }

    /// Counts a booking. `None` if there were too many in this hour.
    pub fn count_booking(&self, email: &Email, network: Network) -> Option<CountedBooking<'_>> {
        let mailbox = email.mailbox();
        if !self.guests.take((mailbox.clone(), network)) {
            return None;
        }
        if !self.mailboxes.take(mailbox.clone()) {
            self.guests.give_back(&(mailbox, network));
            return None;
        }
        if !self.networks.take(network) {
            self.mailboxes.give_back(&mailbox);
            self.guests.give_back(&(mailbox, network));
            return None;
        }
        Some(CountedBooking { limits: self, mailbox, network, is_made: false })
    }

    /// Counts a choice that is handed over to Telegram. Returns whether it is allowed.
    pub fn count_handoff(&self, network: Network) -> bool {
        self.handoffs.take(network)
    }
}

impl CountedBooking<'_> {
    /// The booking was made, so it stays counted.
    pub fn keep(mut self) {
        self.is_made = true;
    }
}

impl Drop for CountedBooking<'_> {
    fn drop(&mut self) {
        if !self.is_made {
            self.limits.networks.give_back(&self.network);
            self.limits.mailboxes.give_back(&self.mailbox);
            self.limits.guests.give_back(&(std::mem::take(&mut self.mailbox), self.network));
        }
    }
}

/// Shows the front office for an hour that a limit was reached. Clones share it.
#[derive(Clone, Default)]
pub struct LimitAlarm(Arc<Notify>);

impl LimitAlarm {
    /// A limit was reached.
    pub fn ring(&self) {
        metrics::counter!("jatah_limits_reached_total").increment(1);
        self.0.notify_one();
    }

    /// Reports the alarm until `stop` is cancelled.
    pub async fn run(self, health: Health, stop: CancellationToken) {
        let report = async {
            loop {
                self.0.notified().await;
                health.set_degraded(PART, Some(text::limit_reached()));
                while tokio::time::timeout(ALARM_LASTS, self.0.notified()).await.is_ok() {}
                health.set_degraded(PART, None);
            }
        };
        stop.run_until_cancelled(report).await;
    }
}
