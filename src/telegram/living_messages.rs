//! The living message of a booking: one message in the front office's chat that is edited whenever
//! the booking changes. An edit makes no sound, so what the front office must notice is also sent as
//! a reply to it. `notification_merger` decides when that is; a booking whose messages were merged
//! has no living message until it needs such a reply.
//!
//! The ids of the messages are stored, so that a restart and other nodes edit the same one. A node
//! sends a new one only with a stored claim, so that a booking whose changes were committed by
//! different nodes has one message. This module does not send a change again after a failure; the
//! notifier does.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::BotParts;
use super::buttons::living_buttons;
use super::delivery_errors::front_office_error;
use super::front_office::FrontOfficeChat;
use super::state::{BotState, LivingMessage};
use super::transport::call::{Call, CallError, MessageContent, PassedPicture};
use super::transport::{Permit, Priority, SendQueue};
use crate::domain::{Actor, Change, Event, FailureCode, Language, Moment, ReceiptNo};
use crate::notifier::DeliveryError;
use crate::service::BookingService;
use crate::store::{BookingReader, StoreError};
use crate::text::telegram as words;

/// Edits that wait for their turn at the same time. More would delay the messages that make a sound.
const MAX_EDITING: usize = 3;
/// How many living messages are looked up at the same time.
const MAX_READING: usize = 8;
/// How long a question or a history that was opened in a living message is left there while the
/// booking is pending.
const READING_TIME: TimeDelta = TimeDelta::minutes(2);
/// A reply that cannot begin this long after the message was edited is left to the next attempt.
const REPLY_WITHIN: Duration = Duration::from_secs(5);

/// How the front office is told of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// By a new message.
    Message,
    /// By an edit, and a reply that makes a sound.
    Reply,
    /// By an edit alone.
    Edit,
}

impl Telling {
    pub(super) fn of(change: &Change) -> Self {
        match &change.event {
            Event::Booked | Event::OfferTaken => Self::Message,
            Event::Reminded { .. }
            | Event::PaymentAsked
            | Event::Arrived
            | Event::QrisFailed { .. }
            | Event::Reopened { .. }
            | Event::Expired { .. } => Self::Reply,
            Event::Cancelled { .. } if change.actor == Actor::Guest => Self::Reply,
            Event::Cancelled { .. }
            | Event::ExtendedByClock { .. }
            | Event::ExtendedByStaff { .. }
            | Event::QrisRequested
            | Event::QrisSent
            | Event::Paid
            | Event::Revived
            | Event::Amended { .. }
            | Event::Offered
            | Event::Other => Self::Edit,
        }
    }
}

/// The living messages of all bookings.
pub(super) struct LivingMessages {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    state: BotState,
    queue: SendQueue,
    front_office: Arc<FrontOfficeChat>,
    language: Language,
    editing: Semaphore,
}

impl LivingMessages {
    pub(super) fn new(parts: &BotParts) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            bookings: Arc::clone(&parts.bookings),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            front_office: Arc::clone(&parts.front_office),
            language: parts.settings.language,
            editing: Semaphore::new(MAX_EDITING),
        }
    }

    /// Whether this message is the living message of this booking.
    pub(super) async fn is_living(
        &self,
        chat: i64,
        message: i32,
        receipt_no: ReceiptNo,
    ) -> Result<bool, StoreError> {
        let known = self.state.living_message(receipt_no).await?;
        Ok(known.is_some_and(|known| (known.chat, known.message) == (chat, message)))
    }

    /// What the living message of a booking shows now; `None` if there is no such booking.
    pub(super) async fn content(
        &self,
        receipt_no: ReceiptNo,
    ) -> Result<Option<MessageContent>, StoreError> {
        let history = self.bookings.history(receipt_no).await?;
        Ok(history.last().map(|change| self.content_after(change)))
    }

    fn content_after(&self, change: &Change) -> MessageContent {
        let hotel = &self.service.policy().hotel;
        let html = words::staff_notification(self.language, change, hotel);
        MessageContent::text(html).with(living_buttons(self.language, &change.booking))
    }

    /// Records that a tapped button changed what a living message shows: the booking again, or (with
    /// `is_details`) a question or the history.
    pub(super) async fn note_tap(
        &self,
        (chat, message): (i64, i32),
        receipt_no: ReceiptNo,
        content: &MessageContent,
        is_details: bool,
    ) -> Result<(), StoreError> {
        let details_since = is_details.then(|| self.service.now());
        let shown = digest(content);
        let living = LivingMessage { chat, message, shown, details_since };
        self.state.put_living_message(receipt_no, living).await
    }

    /// The living message of a booking in the current chat.
    async fn known(&self, chat: i64, receipt_no: ReceiptNo) -> Option<LivingMessage> {
        let found = self.state.living_message(receipt_no).await;
        let found = found.inspect_err(|error| warn!(%receipt_no, %error, "a message is not known"));
        found.ok().flatten().filter(|known| known.chat == chat)
    }

    async fn put(&self, chat: i64, receipt_no: ReceiptNo, message: i32, shown: u64) {
        let living = LivingMessage { chat, message, shown, details_since: None };
        if let Err(error) = self.state.put_living_message(receipt_no, living).await {
            warn!(%receipt_no, %error, "the message of a booking was not stored");
        }
    }

    /// Edits the living message of a booking, if it has one, so that it shows the current state.
    /// A message that was deleted, or cannot be edited any more, is replaced by a new one.
    pub(super) async fn renew(
        &self,
        receipt_no: ReceiptNo,
        by: Instant,
    ) -> Result<(), DeliveryError> {
        let Ok(Ok(_turn)) = timeout_at(by, self.editing.acquire()).await else {
            return Err(DeliveryError::NotYet);
        };
        let Some(chat) = self.front_office.chat() else { return Ok(()) };
        let Some((known, content)) = self.outdated(chat, receipt_no).await.map_err(store_failed)?
        else {
            return Ok(());
        };
        let shown = digest(&content);
        let edit = Call::Edit(known.message, content.clone());
        let queued = self.queue.queue(chat, Priority::Notification, edit).await;
        let outcome = match queued.outcome_by(by).await {
            Ok(message) => {
                self.put(chat, receipt_no, message, shown).await;
                Ok(())
            }
            Err(error) if is_gone(&error) => {
                let content = self.silent(content);
                let send = async {
                    let call = Call::Send(content);
                    let queued = self.queue.queue(chat, Priority::Notification, call).await;
                    queued.outcome_by(by).await
                };
                self.send_new((chat, receipt_no), Some(known.message), shown, send).await.map(drop)
            }
            // An edit may be made twice.
            Err(CallError::Unknown) => Err(CallError::Unreachable),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                // Another node may have shown a newer state, before or while this one was sent.
                self.renew_later(chat, vec![receipt_no]).await;
                Ok(())
            }
            Err(CallError::Moved(to)) => {
                // The messages of the old group cannot be edited, and the new one has none.
                self.front_office.record_move(chat, to).await;
                Ok(())
            }
            Err(error) => Err(front_office_error(&error)),
        }
    }

    /// Sends a new living message of a booking, unless another node does so, or has done so since
    /// this one saw that there is none, or that the one with the id `gone` is.
    async fn send_new(
        &self,
        (chat, receipt_no): (i64, ReceiptNo),
        gone: Option<i32>,
        shown: u64,
        send: impl Future<Output = Result<i32, CallError>>,
    ) -> Result<i32, CallError> {
        match self.state.claim_living_message(receipt_no).await {
            Ok(true) => {}
            Ok(false) => return Err(CallError::Busy),
            // A second message is better than none.
            Err(error) => warn!(%receipt_no, %error, "the message of a booking was not claimed"),
        }
        let known = self.known(chat, receipt_no).await.map(|known| known.message);
        let sent = if known == gone { send.await } else { Err(CallError::Busy) };
        if let Ok(message) = sent {
            self.put(chat, receipt_no, message, shown).await;
        }
        if let Err(error) = self.state.release_living_message(receipt_no).await {
            warn!(%receipt_no, %error, "the claim of a message was not given back");
        }
        sent
    }

    /// The living message of a booking and its new content, if they differ and nobody may be reading
    /// something else there.
    async fn outdated(
        &self,
        chat: i64,
        receipt_no: ReceiptNo,
    ) -> Result<Option<(LivingMessage, MessageContent)>, StoreError> {
        let Some(known) = self.state.living_message(receipt_no).await? else { return Ok(None) };
        let history = self.bookings.history(receipt_no).await?;
        let Some(last) = history.last().filter(|_| known.chat == chat) else { return Ok(None) };
        let content = self.content_after(last);
        let is_read = last.booking.is_pending() && known.is_read(self.service.now());
        let is_outdated = !is_read && known.shown != digest(&content);
        Ok(is_outdated.then_some((known, content)))
    }

    /// Queues an edit for each of these bookings that has a living message. Nothing waits for them.
    pub(super) async fn renew_later(&self, chat: i64, receipt_nos: Vec<ReceiptNo>) {
        let renew = async |receipt_no: ReceiptNo| match self.outdated(chat, receipt_no).await {
            Ok(Some((known, content))) => {
                self.put(chat, receipt_no, known.message, digest(&content)).await;
                let edit = Call::Edit(known.message, content);
                self.queue.post(chat, Priority::Background, edit).await;
            }
            Ok(None) => {}
            Err(error) => warn!(%receipt_no, %error, "the message of a booking was not renewed"),
        };
        futures_util::stream::iter(receipt_nos).for_each_concurrent(MAX_READING, renew).await;
    }

    /// Tells the front office of a change by the living message, and by a reply to it if `reply` has
    /// one. The permit is used for the first call.
    ///
    /// # Errors
    /// [`CallError`] of the call that failed; calls before it were made and are not made again.
    pub(super) async fn tell(
        &self,
        permit: Option<Permit>,
        chat: i64,
        change: &Change,
        reply: Option<String>,
    ) -> Result<(), CallError> {
        let receipt_no = change.booking.receipt_no;
        let mut turn = Turn { queue: &self.queue, permit, chat, by: Instant::now() + REPLY_WITHIN };
        let known = self.known(chat, receipt_no).await;
        // A first message is about its own change. A later one shows the current state.
        let content = match self.content(receipt_no).await {
            Ok(Some(current)) if known.is_some() || reply.is_some() => current,
            Ok(_) | Err(_) => self.content_after(change),
        };
        let shown = digest(&content);
        let mut message = None;
        if let Some(known) = known {
            let edit = Call::Edit(known.message, content.clone());
            message = if known.shown == shown {
                Some(known.message)
            } else {
                match turn.call(edit).await {
                    Ok(message) => Some(message),
                    Err(error) if is_gone(&error) => None,
                    Err(CallError::Unknown) => return Err(CallError::Unreachable),
                    Err(error) => return Err(error),
                }
            };
            if let Some(message) = message {
                self.put(chat, receipt_no, message, shown).await;
            }
        }
        let message = if let Some(message) = message {
            message
        } else {
            let content = MessageContent { topic: self.front_office.topic, ..content };
            let is_silent = reply.is_some();
            let send = turn.call(Call::Send(MessageContent { is_silent, ..content }));
            let gone = known.map(|known| known.message);
            self.send_new((chat, receipt_no), gone, shown, send).await?
        };
        if let Some(html) = reply {
            let (topic, reply_to) = (self.front_office.topic, Some(message));
            let content = MessageContent { topic, reply_to, ..MessageContent::text(html) };
            turn.call(Call::Send(content)).await?;
        }
        // The booking may have changed while nobody knew which message to edit, and another node may
        // have shown a newer state.
        self.renew_later(chat, vec![receipt_no]).await;
        Ok(())
    }

    /// Sends a note about a booking as a reply to its living message. Nothing waits for it.
    pub(super) async fn note(&self, receipt_no: ReceiptNo, html: impl FnOnce(Language) -> String) {
        let Some(chat) = self.front_office.chat() else { return };
        let reply_to = self.known(chat, receipt_no).await.map(|known| known.message);
        let content = MessageContent::text(html(self.language));
        let content = MessageContent { topic: self.front_office.topic, reply_to, ..content };
        self.queue.post(chat, Priority::Notification, Call::Send(content)).await;
    }

    /// Hands a picture that a guest sent to the front office, as a reply like [`Self::note`].
    pub(super) async fn pass_picture(
        &self,
        receipt_no: ReceiptNo,
        file_id: &str,
        caption: impl FnOnce(Language) -> String,
    ) {
        let Some(chat) = self.front_office.chat() else { return };
        let reply_to = self.known(chat, receipt_no).await.map(|known| known.message);
        let (html, topic) = (caption(self.language), self.front_office.topic);
        let picture = PassedPicture { file_id: file_id.to_owned(), html, topic, reply_to };
        self.queue.post(chat, Priority::Notification, Call::PassPicture(picture)).await;
    }

    fn silent(&self, content: MessageContent) -> MessageContent {
        MessageContent { topic: self.front_office.topic, is_silent: true, ..content }
    }
}

impl LivingMessage {
    /// Whether somebody may be reading a question or the history in this message.
    fn is_read(&self, now: Moment) -> bool {
        self.details_since.is_some_and(|since| now < since + READING_TIME)
    }
}

/// Makes the calls of one notification: the first by a permit, if there is one, and the others if
/// they can begin in time.
struct Turn<'a> {
    queue: &'a SendQueue,
    permit: Option<Permit>,
    chat: i64,
    by: Instant,
}

impl Turn<'_> {
    async fn call(&mut self, call: Call) -> Result<i32, CallError> {
        if let Some(permit) = self.permit.take() {
            return permit.send(call).await;
        }
        let queued = self.queue.queue(self.chat, Priority::Notification, call).await;
        queued.outcome_by(self.by).await
    }
}

/// Whether a message must be replaced by a new one.
fn is_gone(error: &CallError) -> bool {
    matches!(error, CallError::NoMessage | CallError::Refused(_))
}

/// A number that tells two contents apart.
fn digest(content: &MessageContent) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.html.hash(&mut hasher);
    for button in content.buttons.iter().flatten() {
        button.hash(&mut hasher);
    }
    hasher.finish()
}

fn store_failed(_: StoreError) -> DeliveryError {
    DeliveryError::Transient { reason: FailureCode::StoreUnavailable.into(), retry_after: None }
}
