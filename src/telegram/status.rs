//! The one message that shows a guest how the booking is, edited in place while the hold runs.
//! What must be heard, the first and the last state among it, is the notices' business.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::time::{DelayQueue, delay_queue};
use tracing::warn;

use super::BotParts;
use super::callback::GuestCallback;
use super::guest::button;
use super::remember::{Remember, RememberSender};
use super::state::{BotState, StatusMessage};
use super::transport::api::MessageContent;
use super::transport::{AfterSend, Call, ChatLocks, Priority, SendQueue};
use crate::domain::{Booking, Contact, Moment, Policy, ReceiptNo, Revision, TrackedBooking};
use crate::feed::{Feed, FeedMessage};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, FeedEvent, Filter, NodeId, PageKey, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Minutes left at which the message is renewed; above, every half hour, above two hours every
/// hour, above a day every day.
const STEPS: [i64; 8] = [60, 45, 30, 15, 10, 5, 2, 1];
/// A guest who moves is shown so at most once in so long.
const MOVE_EVERY: Duration = Duration::from_mins(1);
/// An entry waits at most so long at a time (the queue panics beyond 2^36 ms).
const MAX_WAIT: Duration = Duration::from_hours(24);
/// Bookings read at once at the start.
const PAGE: usize = 200;
/// Pause before running holds are read again after a failure.
const RELOAD: Duration = Duration::from_secs(1);

/// The chat that reads of a booking on Telegram.
pub(super) fn chat_of(booking: &Booking) -> Option<i64> {
    match &booking.guest.contact {
        Contact::Telegram(id) => Some(id.0),
        Contact::Web(_) | Contact::Other => None,
    }
}

/// The message of a booking as it is at a moment.
fn content(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> MessageContent {
    let booking = &tracked.booking;
    let html = words::status(tracked, now, policy);
    let (language, receipt_no) = (booking.guest.language, booking.receipt_no);
    let buttons = match (booking.is_pending(), booking.arrived_at, booking.takes_room()) {
        (true, None, _) => vec![
            button(language, GuestLabel::Share, GuestCallback::Share(receipt_no)),
            button(language, GuestLabel::Cancel, GuestCallback::AskCancel(receipt_no)),
        ],
        (true, Some(_), _) | (false, _, true) => Vec::new(),
        (false, _, false) => vec![button(language, GuestLabel::BookAgain, GuestCallback::Start)],
    };
    MessageContent::text(html).with(buttons)
}

/// When the message shows another remaining time than now.
pub(super) fn next_step(until: Moment, now: Moment) -> Option<Moment> {
    let left = (until - now).num_minutes();
    let every = match left {
        ..=120 => 30,
        121..=1_440 => 60,
        1_441.. => 1_440,
    };
    let even = left / every * every;
    let at = |minutes: i64| until - TimeDelta::minutes(minutes);
    let evens = [even, even - every].into_iter().filter(|minutes| *minutes > 60);
    evens.chain(STEPS).map(at).filter(|at| *at > now).min()
}

/// A running hold of a guest on Telegram.
struct Entry {
    /// The chat that reads of it.
    chat: i64,
    revision: Revision,
    /// When another remaining time is to be shown; nothing of a guest at the desk.
    until: Option<Moment>,
    shown_at: Instant,
    /// When it is shown again, and its place in the queue.
    next: Option<(Instant, delay_queue::Key)>,
}

/// Keeps the messages up to date: of each booking the node that changed it last.
pub(super) struct StatusUpdater {
    messages: Arc<StatusMessages>,
    bookings: Arc<dyn BookingReader>,
    feed: Feed,
    node: NodeId,
    running: HashMap<ReceiptNo, Entry>,
    steps: DelayQueue<ReceiptNo>,
}

impl StatusUpdater {
    pub(super) fn new(
        messages: Arc<StatusMessages>,
        bookings: Arc<dyn BookingReader>,
        feed: Feed,
        node: NodeId,
    ) -> Self {
        let (running, steps) = (HashMap::new(), DelayQueue::new());
        Self { messages, bookings, feed, node, running, steps }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.feed.listen();
        // When the running holds are read; `None` once they are known.
        let mut load_at = Some(Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(load_at.unwrap_or_else(Instant::now)),
                    if load_at.is_some() => {
                    load_at = match self.load().await {
                        Ok(()) => None,
                        Err(error) => {
                            warn!(%error, "running holds could not be read; trying again");
                            Some(Instant::now() + RELOAD)
                        }
                    };
                }
                item = heard.next() => match item {
                    Some(FeedMessage::Item(item)) => self.hear(item.event).await,
                    Some(FeedMessage::Lagged) => {
                        // Whatever ended meanwhile is in no list of running holds.
                        self.running.clear();
                        self.steps.clear();
                        load_at = Some(Instant::now());
                    }
                    None => return,
                },
                Some(step) = self.steps.next(), if !self.steps.is_empty() => {
                    self.step(step.into_inner()).await;
                }
            }
        }
    }

    async fn load(&mut self) -> Result<(), StoreError> {
        let filter = Filter { status: Some(vec![StatusKind::Pending]), ..Filter::default() };
        let mut after = None;
        loop {
            let page = self.bookings.page(&filter, PAGE, after).await?;
            let last = page.bookings.last().map(|tracked| PageKey {
                booked_at: tracked.booking.booked_at,
                receipt_no: tracked.booking.receipt_no,
            });
            for tracked in &page.bookings {
                self.follow(&tracked.booking);
            }
            match last {
                Some(key) if page.has_next => after = Some(key),
                _ => return Ok(()),
            }
        }
    }

    async fn hear(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changed { change, lease } => {
                let booking = &change.booking;
                if lease.node != self.node {
                    // Its new node shows it from now on.
                    return self.forget(booking.receipt_no);
                }
                self.follow(booking);
                // The first state is shown by whoever made the booking, the last by the notice.
                if booking.revision > Revision::FIRST && booking.is_pending() {
                    self.renew(booking.receipt_no).await;
                }
            }
            FeedEvent::PositionMoved(receipt_no) => self.moved(receipt_no),
            FeedEvent::NotificationSettled(_) => {}
        }
    }

    fn follow(&mut self, booking: &Booking) {
        let (receipt_no, revision) = (booking.receipt_no, booking.revision);
        if self.running.get(&receipt_no).is_some_and(|known| known.revision > revision) {
            return;
        }
        self.forget(receipt_no);
        if let Some(chat) = chat_of(booking).filter(|_| booking.is_pending()) {
            let until = booking.arrived_at.is_none().then_some(booking.hold.until);
            let entry = Entry { chat, revision, until, shown_at: Instant::now(), next: None };
            self.running.insert(receipt_no, entry);
            self.arm(receipt_no);
        }
    }

    fn forget(&mut self, receipt_no: ReceiptNo) {
        if let Some(Entry { next: Some((_, key)), .. }) = self.running.remove(&receipt_no) {
            self.steps.try_remove(&key);
        }
    }

    /// Sets when a booking is shown again: at its next step.
    fn arm(&mut self, receipt_no: ReceiptNo) {
        let now = self.messages.service.now();
        let Some(entry) = self.running.get_mut(&receipt_no) else { return };
        entry.next = entry.until.and_then(|until| next_step(until, now)).map(|step| {
            let wait = (step - now).to_std().unwrap_or_default().min(MAX_WAIT);
            (Instant::now() + wait, self.steps.insert(receipt_no, wait))
        });
    }

    /// A guest moved: soon shown, if no step comes before.
    fn moved(&mut self, receipt_no: ReceiptNo) {
        let Some(entry) = self.running.get_mut(&receipt_no) else { return };
        let at = (entry.shown_at + MOVE_EVERY).max(Instant::now());
        match &mut entry.next {
            Some((next, _)) if *next <= at => {}
            Some((next, key)) => {
                *next = at;
                self.steps.reset_at(key, at);
            }
            None => entry.next = Some((at, self.steps.insert_at(receipt_no, at))),
        }
    }

    async fn step(&mut self, receipt_no: ReceiptNo) {
        if let Some(entry) = self.running.get_mut(&receipt_no) {
            entry.next = None;
            self.renew(receipt_no).await;
            self.arm(receipt_no);
        }
    }

    async fn renew(&mut self, receipt_no: ReceiptNo) {
        let Some(entry) = self.running.get_mut(&receipt_no) else { return };
        entry.shown_at = Instant::now();
        if let Err(error) = self.messages.renew(entry.chat, receipt_no).await {
            warn!(%receipt_no, %error, "a booking was not shown as it is");
        }
    }
}

/// The messages that show guests their bookings: one a booking, the newest of them.
pub(super) struct StatusMessages {
    service: Arc<BookingService>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    remember: RememberSender,
}

impl StatusMessages {
    pub(super) fn new(parts: &BotParts, remember: RememberSender) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            locks: Arc::clone(&parts.locks),
            remember,
        }
    }

    /// What the message of a booking says just now.
    pub(super) fn content(&self, tracked: &TrackedBooking) -> MessageContent {
        content(tracked, self.service.now(), self.service.policy())
    }

    /// Sends a fresh status message, which is the one that is kept up to date from now on.
    pub(super) async fn show_anew(&self, tracked: &TrackedBooking) {
        let Some(id) = chat_of(&tracked.booking) else { return };
        let after_send = self.after_send(tracked.booking.receipt_no);
        let call = Call::Send(self.content(tracked));
        self.queue.post_then(id, Priority::Interactive, call, after_send).await;
    }

    /// Shows a booking in a message that was just tapped: the one that is kept up to date from now
    /// on. If it is gone meanwhile, the next notice or renewal sends another.
    pub(super) async fn show_in(
        &self,
        message: i32,
        tracked: &TrackedBooking,
    ) -> Result<(), StoreError> {
        let Some(id) = chat_of(&tracked.booking) else { return Ok(()) };
        self.note(id, tracked.booking.receipt_no, message).await?;
        self.queue.edit(id, message, self.content(tracked)).await;
        Ok(())
    }

    /// Notes which message shows a booking. An older one says from now on that there is a newer.
    /// For who has the chat's turn.
    pub(super) async fn note(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        message: i32,
    ) -> Result<(), StoreError> {
        let mut known = self.state.status_messages(id).await?;
        let before = known.iter().find(|one| one.receipt_no == receipt_no).map(|one| one.message);
        if before == Some(message) {
            return Ok(());
        }
        known.retain(|one| one.receipt_no != receipt_no);
        known.push(StatusMessage { receipt_no, message });
        self.state.put_status_messages(id, &known).await?;
        if let Some(before) = before
            && let Ok(tracked) = self.service.booking(receipt_no).await
        {
            let shown = MessageContent::text(words::moved_on(&tracked.booking));
            self.queue.post(id, Priority::Background, Call::Edit(before, shown)).await;
        }
        Ok(())
    }

    /// The message that shows a booking.
    pub(super) async fn message_of(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
    ) -> Result<Option<i32>, StoreError> {
        let known = self.state.status_messages(id).await?;
        Ok(known.iter().find(|one| one.receipt_no == receipt_no).map(|one| one.message))
    }

    /// The booking that a message shows.
    pub(super) async fn shown_in(
        &self,
        id: i64,
        message: i32,
    ) -> Result<Option<ReceiptNo>, StoreError> {
        let known = self.state.status_messages(id).await?;
        Ok(known.iter().find(|one| one.message == message).map(|one| one.receipt_no))
    }

    /// Shows a running booking in its message as it is just now. What ended is left to the notice
    /// that says so: it reads and queues under the same lock, and later.
    async fn renew(&self, id: i64, receipt_no: ReceiptNo) -> Result<(), ServiceError> {
        let lock = self.locks.of(id);
        let _in_turn = lock.lock().await;
        let tracked = self.service.booking(receipt_no).await?;
        if let Some(message) = self.message_of(id, receipt_no).await?
            && tracked.booking.is_pending()
        {
            let call = Call::Edit(message, self.content(&tracked));
            let after_send = self.after_send(receipt_no);
            self.queue.post_then(id, Priority::Background, call, after_send).await;
        }
        Ok(())
    }

    /// Whatever becomes of a message, it is written down which booking it shows.
    fn after_send(&self, receipt_no: ReceiptNo) -> AfterSend {
        self.remember.after_send(Remember::Status(receipt_no))
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

    #[test]
    fn a_hold_of_days_is_shown_by_days_then_hours() {
        let until = chrono::DateTime::from_timestamp_secs(1_767_520_800).unwrap();
        let mut now = until - TimeDelta::hours(60);
        let mut left = Vec::new();
        while let Some(at) = next_step(until, now) {
            left.push((until - at).num_minutes());
            now = at;
        }
        let days_and_hours: Vec<i64> = left.iter().copied().filter(|left| *left >= 120).collect();
        let hours: Vec<i64> = (2..=23).rev().map(|hour| hour * 60).collect();
        assert_eq!(days_and_hours, [[2_880, 1_440].as_slice(), &hours].concat());
    }
}
