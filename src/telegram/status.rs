//! The status message: one message that shows a guest the current state of a booking. It is edited
//! in place while the hold runs.
//!
//! An edit does not alert the guest. What the guest must notice is sent by `notifications`, which
//! also makes sure that the first and the last state are shown.

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
use super::buttons::guest_button;
use super::callback::GuestCallback;
use super::sent_messages::{MessageSubject, SentMessageSender};
use super::state::{BotState, StatusMessage};
use super::transport::call::{Call, MessageContent};
use super::transport::{AfterSend, ChatLocks, Priority, SendQueue};
use crate::domain::{Booking, Contact, Moment, Policy, ReceiptNo, Revision, TrackedBooking};
use crate::feed::{Feed, FeedMessage};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, FeedEvent, Filter, NodeId, PageKey, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// The remaining minutes at which the message is renewed during the last hour. Before that it is
/// renewed every 30 minutes, with more than two hours left every hour, and with more than a day
/// left every day.
const STEPS: [i64; 8] = [60, 45, 30, 15, 10, 5, 2, 1];
/// Minimum time between two renewals because of the guest's position.
const MOVE_EVERY: Duration = Duration::from_mins(1);
/// Maximum time that an entry stays in the delay queue, which panics beyond 2^36 ms.
const MAX_WAIT: Duration = Duration::from_hours(24);
/// Number of bookings that are read from the store at once.
const PAGE_SIZE: usize = 200;
/// Pause before the pending bookings are read again after a failure.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);

/// The private chat of a booking's guest; `None` if the guest is not on Telegram.
pub(super) fn chat_of(booking: &Booking) -> Option<i64> {
    match &booking.guest.contact {
        Contact::Telegram(id) => Some(id.0),
        Contact::Web(_) | Contact::Desk | Contact::Other => None,
    }
}

/// The status message of a booking at a moment.
fn content(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> MessageContent {
    let booking = &tracked.booking;
    let html = words::status(tracked, now, policy);
    let (language, receipt_no) = (booking.guest.language, booking.receipt_no);
    let buttons = match (booking.is_pending(), booking.arrived_at, booking.takes_room()) {
        (true, None, _) => vec![
            guest_button(language, GuestLabel::Share, GuestCallback::Share(receipt_no)),
            guest_button(language, GuestLabel::Cancel, GuestCallback::AskCancel(receipt_no)),
        ],
        (true, Some(_), _) | (false, _, true) => Vec::new(),
        (false, _, false) => {
            vec![guest_button(language, GuestLabel::BookAgain, GuestCallback::Start)]
        }
    };
    MessageContent::text(html).with(buttons)
}

/// When the remaining time that is shown changes next; `None` if it does not change any more.
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

/// A pending booking of a guest on Telegram.
struct Entry {
    /// The guest's chat.
    chat: i64,
    revision: Revision,
    /// When the hold ends; `None` once the guest has arrived, because no remaining time is shown.
    until: Option<Moment>,
    /// When the message was last renewed.
    shown_at: Instant,
    /// When it is renewed next, and the key in the delay queue.
    next: Option<(Instant, delay_queue::Key)>,
}

/// The worker that renews the status messages. Each booking is renewed by the node that changed it
/// last.
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
        let mut feed = self.feed.listen();
        // When the pending bookings are read; `None` once they have been.
        let mut load_at = Some(Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(load_at.unwrap_or_else(Instant::now)),
                    if load_at.is_some() => {
                    load_at = match self.load().await {
                        Ok(()) => None,
                        Err(error) => {
                            warn!(%error, "the pending bookings could not be read; trying again");
                            Some(Instant::now() + RELOAD_PAUSE)
                        }
                    };
                }
                item = feed.next() => match item {
                    Some(FeedMessage::Item(item)) => self.handle_event(item.event).await,
                    Some(FeedMessage::Lagged) => {
                        // Bookings that ended meanwhile are not among those that are read.
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

    /// Reads all pending bookings.
    async fn load(&mut self) -> Result<(), StoreError> {
        let filter = Filter { status: Some(vec![StatusKind::Pending]), ..Filter::default() };
        let mut after = None;
        loop {
            let page = self.bookings.page(&filter, PAGE_SIZE, after).await?;
            let last = page.bookings.last().map(|tracked| PageKey {
                booked_at: tracked.booking.booked_at,
                receipt_no: tracked.booking.receipt_no,
            });
            for tracked in &page.bookings {
                self.plan(&tracked.booking);
            }
            match last {
                Some(key) if page.has_next => after = Some(key),
                _ => return Ok(()),
            }
        }
    }

    async fn handle_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changed { change, lease } => {
                let booking = &change.booking;
                if lease.node != self.node {
                    // The other node renews the message from now on.
                    return self.forget(booking.receipt_no);
                }
                self.plan(booking);
                // The code that books shows the first state, and `notifications` the last one.
                if booking.revision > Revision::FIRST && booking.is_pending() {
                    self.renew(booking.receipt_no).await;
                }
            }
            FeedEvent::PositionMoved(receipt_no) => self.moved(receipt_no),
            FeedEvent::NotificationSettled(_)
            | FeedEvent::WaitingListMoved
            | FeedEvent::SessionEnded => {}
        }
    }

    /// Plans the renewals of a booking, unless a newer revision is known.
    fn plan(&mut self, booking: &Booking) {
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

    /// Plans no more renewals of a booking.
    fn forget(&mut self, receipt_no: ReceiptNo) {
        if let Some(Entry { next: Some((_, key)), .. }) = self.running.remove(&receipt_no) {
            self.steps.try_remove(&key);
        }
    }

    /// Plans the next renewal of a booking: when its remaining time changes next.
    fn arm(&mut self, receipt_no: ReceiptNo) {
        let now = self.messages.service.now();
        let Some(entry) = self.running.get_mut(&receipt_no) else { return };
        entry.next = entry.until.and_then(|until| next_step(until, now)).map(|step| {
            let wait = (step - now).to_std().unwrap_or_default().min(MAX_WAIT);
            (Instant::now() + wait, self.steps.insert(receipt_no, wait))
        });
    }

    /// Plans a renewal because the guest's position changed, unless one is planned earlier.
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
            warn!(%receipt_no, %error, "the status message of a booking was not renewed");
        }
    }
}

/// The status messages: for each booking, the newest message that shows it.
pub(super) struct StatusMessages {
    service: Arc<BookingService>,
    state: BotState,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    remember: SentMessageSender,
}

impl StatusMessages {
    pub(super) fn new(parts: &BotParts, remember: SentMessageSender) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            locks: Arc::clone(&parts.locks),
            remember,
        }
    }

    /// The current status message of a booking.
    pub(super) fn content(&self, tracked: &TrackedBooking) -> MessageContent {
        content(tracked, self.service.now(), self.service.policy())
    }

    /// Sends a new message, which becomes the status message of the booking.
    pub(super) async fn show_anew(&self, tracked: &TrackedBooking) {
        let Some(id) = chat_of(&tracked.booking) else { return };
        let after_send = self.after_send(tracked.booking.receipt_no);
        let call = Call::Send(self.content(tracked));
        self.queue.post_then(id, Priority::Interactive, call, after_send).await;
    }

    /// Shows a booking in an existing message, which becomes the status message of the booking. The
    /// caller must hold the lock of the chat. If the message has been deleted, the next renewal or
    /// the notification of the new booking sends another one.
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

    /// Remembers which message shows a booking. The previous one is replaced by a note that there
    /// is a newer one. The caller must hold the lock of the chat.
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
            let content = MessageContent::text(words::moved_on(&tracked.booking));
            self.queue.post(id, Priority::Background, Call::Edit(before, content)).await;
        }
        Ok(())
    }

    /// The status message of a booking; `None` if there is none.
    pub(super) async fn message_of(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
    ) -> Result<Option<i32>, StoreError> {
        let known = self.state.status_messages(id).await?;
        Ok(known.iter().find(|one| one.receipt_no == receipt_no).map(|one| one.message))
    }

    /// The booking that a message shows; `None` if it is not a status message.
    pub(super) async fn shown_in(
        &self,
        id: i64,
        message: i32,
    ) -> Result<Option<ReceiptNo>, StoreError> {
        let known = self.state.status_messages(id).await?;
        Ok(known.iter().find(|one| one.message == message).map(|one| one.receipt_no))
    }

    /// Renews the status message of a pending booking. A booking that has ended is left to its
    /// notification, which edits the message later under the same lock.
    async fn renew(&self, id: i64, receipt_no: ReceiptNo) -> Result<(), ServiceError> {
        let lock = self.locks.of(id);
        let _guard = lock.lock().await;
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

    /// What the send queue does after sending: a new message is remembered, and a deleted one is
    /// replaced.
    fn after_send(&self, receipt_no: ReceiptNo) -> AfterSend {
        self.remember.after_send(MessageSubject::Status(receipt_no))
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
