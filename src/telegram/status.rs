//! The one message that shows a guest how the booking is, edited in place all its life.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tokio_util::time::{DelayQueue, delay_queue};
use tracing::warn;

use super::api::{Button, Shown};
use super::callback::{GuestTap, Tap};
use super::{Call, Lobby, Reader};
use crate::desk::{Filter, StatusKind, StoreError};
use crate::domain::{Booking, Contact, Moment, ReceiptNo};
use crate::feed::{Fed, Feed, Heard};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Minutes left at which the message is renewed; above, every half hour.
const STEPS: [i64; 8] = [60, 45, 30, 15, 10, 5, 2, 1];
/// An entry waits at most so long at a time (the queue panics beyond 2^36 ms).
const MAX_WAIT: Duration = Duration::from_hours(24);
/// Bookings read at once at the start.
const PAGE: usize = 200;

/// The message of a booking as it is now.
pub(super) fn shown(lobby: &Lobby, booking: &Booking) -> Shown {
    let language = booking.guest.language;
    let now = lobby.desk.now();
    let html = words::status(booking, now, &lobby.desk.policy().hotel);
    let button = |label: GuestLabel, tap: GuestTap| {
        vec![Button::tap(words::guest_label(language, label), Tap::Guest(tap))]
    };
    let receipt_no = booking.receipt_no;
    let buttons = match (booking.is_pending(), booking.arrived_at, booking.takes_room()) {
        (true, None, _) => vec![
            button(GuestLabel::Share, GuestTap::Share(receipt_no)),
            button(GuestLabel::Cancel, GuestTap::AskCancel(receipt_no)),
        ],
        (true, Some(_), _) | (false, _, true) => Vec::new(),
        (false, _, false) => vec![button(GuestLabel::BookHere, GuestTap::Start)],
    };
    Shown::text(html).with(buttons)
}

/// When the message shows another remaining time than now.
fn next_step(until: Moment, now: Moment) -> Option<Moment> {
    let half_hours = (until - now).num_minutes() / 30 * 30;
    let at = |minutes: i64| until - TimeDelta::minutes(minutes);
    let halves = [half_hours, half_hours - 30].into_iter().filter(|minutes| *minutes > 60);
    halves.chain(STEPS).map(at).filter(|at| *at > now).min()
}

/// A running hold of a guest on Telegram.
struct Entry {
    booking: Booking,
    key: Option<delay_queue::Key>,
}

/// Keeps the messages up to date.
pub(super) struct Follower {
    lobby: Arc<Lobby>,
    feed: Feed,
    running: HashMap<ReceiptNo, Entry>,
    steps: DelayQueue<ReceiptNo>,
}

impl Follower {
    pub(super) fn new(lobby: Arc<Lobby>, feed: Feed) -> Self {
        Self { lobby, feed, running: HashMap::new(), steps: DelayQueue::new() }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        let mut is_loaded = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = load_pause(is_loaded) => is_loaded = self.load().await,
                item = heard.next() => match item {
                    Some(Heard::Told(told)) => if let Fed::Changed { change, .. } = told.fed {
                        self.follow(&change.booking, true).await;
                    },
                    Some(Heard::Lost) => is_loaded = false,
                    None => return,
                },
                Some(step) = self.steps.next(), if !self.steps.is_empty() => {
                    self.step(step.into_inner()).await;
                }
            }
        }
    }

    async fn load(&mut self) -> bool {
        match self.load_pending().await {
            Ok(()) => true,
            Err(error) => {
                warn!(%error, "running holds could not be read; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                false
            }
        }
    }

    async fn load_pending(&mut self) -> Result<(), StoreError> {
        let filter = Filter { status: Some(vec![StatusKind::Pending]), ..Filter::default() };
        let mut after = None;
        loop {
            let page = self.lobby.desk.page(&filter, PAGE, after).await?;
            let last = page.bookings.last().map(|held| crate::desk::PageKey {
                booked_at: held.booking.booked_at,
                receipt_no: held.booking.receipt_no,
            });
            for held in &page.bookings {
                self.follow(&held.booking, false).await;
            }
            match last {
                Some(key) if page.has_next => after = Some(key),
                _ => return Ok(()),
            }
        }
    }

    async fn follow(&mut self, booking: &Booking, is_news: bool) {
        let receipt_no = booking.receipt_no;
        if !matches!(booking.guest.contact, Contact::Telegram(_)) {
            return;
        }
        let known = self.running.remove(&receipt_no);
        if let Some(Entry { key: Some(key), .. }) = &known {
            self.steps.try_remove(key);
        }
        if let Some(known) = known.filter(|known| known.booking.revision > booking.revision) {
            return self.arm(known.booking);
        }
        // The first state is shown by whoever made the booking.
        if is_news && booking.revision > crate::domain::Revision::FIRST {
            self.show(booking).await;
        }
        if booking.is_pending() {
            self.arm(booking.clone());
        }
    }

    fn arm(&mut self, booking: Booking) {
        let now = self.lobby.desk.now();
        let step = next_step(booking.hold.until, now).filter(|_| booking.arrived_at.is_none());
        let receipt_no = booking.receipt_no;
        let key = step.map(|at| {
            let wait = (at - now).to_std().unwrap_or_default().min(MAX_WAIT);
            self.steps.insert(receipt_no, wait)
        });
        self.running.insert(receipt_no, Entry { booking, key });
    }

    async fn step(&mut self, receipt_no: ReceiptNo) {
        if let Some(entry) = self.running.remove(&receipt_no) {
            self.show(&entry.booking).await;
            self.arm(entry.booking);
        }
    }

    async fn show(&self, booking: &Booking) {
        let Contact::Telegram(id) = &booking.guest.contact else { return };
        match self.lobby.message_of(id.0, booking.receipt_no).await {
            Ok(Some(message)) => {
                let call = Call::Edit(message, shown(&self.lobby, booking));
                self.lobby.outbox.post(id.0, Reader::Later, call).await;
            }
            Ok(None) => {}
            Err(error) => warn!(receipt_no = %booking.receipt_no, %error, "not shown"),
        }
    }
}

async fn load_pause(is_loaded: bool) {
    if is_loaded {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hours_are_shown_in_nine_steps() {
        let until = chrono::DateTime::from_timestamp_secs(1_767_520_800).unwrap();
        let mut now = until - TimeDelta::minutes(120) + TimeDelta::milliseconds(3);
        let mut left = Vec::new();
        while let Some(at) = next_step(until, now) {
            left.push((until - at).num_minutes());
            now = at;
        }
        assert_eq!(left, [90, 60, 45, 30, 15, 10, 5, 2, 1]);
    }
}
