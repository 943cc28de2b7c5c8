//! Notices on their way to guests and to the front office. A guest's goes for itself; those to the
//! front office are merged when many come at once.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::BotParts;
use super::callback::GuestCallback;
use super::front_office::FrontOfficeChat;
use super::guest::button;
use super::merging::{NotificationMerger, PendingChange, PendingNotification, WAITING};
use super::status::StatusMessages;
use super::transport::api::{Button, CallError, MessageContent, PhotoContent};
use super::transport::{Call, ChatLocks, PERMIT_TIMEOUT, Priority, SendQueue};
use crate::domain::{Booking, Change, Contact, Event, ReceiptNo, Recipient};
use crate::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};
use crate::qris::Qris;
use crate::service::{BookingService, ServiceError};
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Brings notices by the bot.
pub(super) struct TelegramDelivery {
    service: Arc<BookingService>,
    status: Arc<StatusMessages>,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office_chat: Arc<FrontOfficeChat>,
    qris: Option<Qris>,
    front_office: mpsc::Sender<PendingNotification>,
}

impl TelegramDelivery {
    /// The delivery method, and the work of merging what goes to the front office.
    pub(super) fn with_merger(
        parts: &BotParts,
        status: Arc<StatusMessages>,
        qris: Option<Qris>,
    ) -> (Arc<dyn DeliveryMethod>, NotificationMerger) {
        let (front_office, waiting) = mpsc::channel(WAITING);
        let delivery = Self {
            service: Arc::clone(&parts.service),
            status,
            queue: parts.queue.clone(),
            locks: Arc::clone(&parts.locks),
            front_office_chat: Arc::clone(&parts.front_office),
            qris,
            front_office,
        };
        (Arc::new(delivery), NotificationMerger::new(parts, waiting))
    }

    async fn to_guest(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        let booking = &request.change.booking;
        let Contact::Telegram(id) = &booking.guest.contact else {
            return Err(DeliveryError::Permanent("this guest is not on Telegram".to_owned()));
        };
        let by = Instant::now() + PERMIT_TIMEOUT;
        let is_first = request.change.event == Event::Booked;
        if is_first || !booking.is_pending() {
            self.show_status(id.0, booking.receipt_no, is_first, by).await?;
        }
        if is_first && !request.with_qris {
            return Ok(());
        }
        let hotel = &self.service.policy().hotel;
        let notification = words::guest_notification(&request.change, hotel);
        let call = match self.code(request)? {
            Some(code) => {
                let html = notification.unwrap_or_else(|| words::pay_by_code(booking, hotel));
                Call::Picture(PhotoContent { html, ..code })
            }
            None => match notification {
                Some(html) => Call::Send(MessageContent::text(html).with(ways_on(&request.change))),
                None => return Ok(()),
            },
        };
        let queued = self.queue.queue(id.0, Priority::Interactive, call).await;
        queued.outcome_by(by).await.map(drop).map_err(|error| failure(&error))
    }

    /// The payment code that comes with a letter, if one does.
    fn code(&self, request: &DeliveryRequest) -> Result<Option<PhotoContent>, DeliveryError> {
        let Some(qris) = self.qris.as_ref().filter(|_| request.with_qris) else {
            return Ok(None);
        };
        let unusable = |error: &dyn std::fmt::Display| DeliveryError::Permanent(error.to_string());
        let code = qris.of(&request.change.booking).map_err(|error| unusable(&error))?;
        let picture = code.picture().map_err(|error| unusable(&error))?;
        let html = String::new();
        Ok(Some(PhotoContent { bytes: picture.bytes.into(), file_name: picture.file_name, html }))
    }

    /// Makes sure that the guest's message shows the booking as it is: at its beginning, where the
    /// guest reads the receipt number, and at its end, after which nobody renews it. A first
    /// message that is not there (it was deleted, or we stopped in between) is sent.
    async fn show_status(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        is_first: bool,
        by: Instant,
    ) -> Result<(), DeliveryError> {
        let (queued, shown) = {
            // Whoever handles an update of this chat is done first, and what is read here is not
            // overtaken by what was read before.
            let lock = self.locks.of(id);
            let Ok(_in_turn) = timeout_at(by, lock.lock()).await else {
                return Err(DeliveryError::NotYet);
            };
            let tracked = self.service.booking(receipt_no).await.map_err(store_away)?;
            let shown = self.status.content(&tracked);
            let queued = match self.status.message_of(id, receipt_no).await.map_err(store_away)? {
                Some(message) => {
                    let call = Call::Edit(message, shown.clone());
                    Some(self.queue.queue(id, Priority::Interactive, call).await)
                }
                None => None,
            };
            (queued, shown)
        };
        let outcome = match queued {
            Some(queued) => queued.outcome_by(by).await,
            None => Err(CallError::NoMessage),
        };
        match outcome {
            Err(CallError::NoMessage) if is_first => {
                self.first_message(id, receipt_no, shown, by).await
            }
            Ok(_) | Err(CallError::NoMessage | CallError::Refused(_)) => Ok(()),
            Err(error) => Err(failure(&error)),
        }
    }

    async fn first_message(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        shown: MessageContent,
        by: Instant,
    ) -> Result<(), DeliveryError> {
        let queued = self.queue.queue(id, Priority::Interactive, Call::Send(shown)).await;
        let message = queued.outcome_by(by).await.map_err(|error| failure(&error))?;
        let lock = self.locks.of(id);
        let _in_turn = lock.lock().await;
        self.status.note(id, receipt_no, message).await.map_err(store_away)
    }

    async fn to_front_office(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        if self.front_office_chat.chat().is_none() {
            return Err(DeliveryError::Permanent("telegram.fo_chat_id is not set".to_owned()));
        }
        let by = Instant::now() + PERMIT_TIMEOUT;
        let (happened, claim) = PendingChange::new(Arc::clone(&request.change));
        let there = self.front_office.send(PendingNotification::Change(happened));
        match timeout_at(by, there).await {
            Ok(Ok(())) => claim.outcome(by).await,
            // Stopping, or thousands are before it.
            Ok(Err(_)) | Err(_) => Err(DeliveryError::NotYet),
        }
    }
}

#[async_trait]
impl DeliveryMethod for TelegramDelivery {
    async fn deliver(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        match request.to {
            Recipient::Guest => self.to_guest(request).await,
            Recipient::FrontOffice => self.to_front_office(request).await,
        }
    }

    async fn tell_given_up(&self, request: &DeliveryRequest, reason: &str) {
        if self.front_office_chat.chat().is_none() {
            return;
        }
        let (change, reason) = (Arc::clone(&request.change), reason.to_owned());
        // The other end is gone only when the process stops.
        let _ = self.front_office.send(PendingNotification::GivenUp { change, reason }).await;
    }
}

/// What a guest can do about a notice.
fn ways_on(change: &Change) -> Vec<Vec<Button>> {
    let Booking { receipt_no, guest, arrived_at, .. } = &change.booking;
    let row = |label, callback| button(guest.language, label, callback);
    match &change.event {
        Event::Reminded { .. } | Event::ExtendedByClock { .. } | Event::ExtendedByStaff { .. }
            if arrived_at.is_none() =>
        {
            vec![
                row(GuestLabel::Share, GuestCallback::Share(*receipt_no)),
                row(GuestLabel::Cancel, GuestCallback::AskCancel(*receipt_no)),
            ]
        }
        Event::Cancelled { .. } | Event::Expired { .. } => {
            vec![row(GuestLabel::BookAgain, GuestCallback::Start)]
        }
        Event::Booked
        | Event::Reminded { .. }
        | Event::PaymentAsked
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. }
        | Event::Arrived
        | Event::QrisRequested
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Paid
        | Event::Other => Vec::new(),
    }
}

/// What a notice needs to know could not be read.
fn store_away(_: impl Into<ServiceError>) -> DeliveryError {
    DeliveryError::Transient { reason: text::STORE_AWAY.to_owned(), retry_after: None }
}

/// What a failed call means for a notice. Reasons are shown to the front office.
pub(super) fn failure(error: &CallError) -> DeliveryError {
    let transient = |reason: String, retry_after| DeliveryError::Transient { reason, retry_after };
    match error {
        CallError::Busy => DeliveryError::NotYet,
        CallError::Wait(wait) => transient(error.words(), Some(*wait)),
        CallError::Unreachable | CallError::WrongToken | CallError::TakenByAnother => {
            transient(error.words(), None)
        }
        CallError::Unknown => DeliveryError::Unknown("Telegram did not answer".to_owned()),
        CallError::NoMessage => DeliveryError::Permanent(text::NO_CHAT.to_owned()),
        CallError::Gone(_) | CallError::Moved(_) | CallError::Refused(_) => {
            DeliveryError::Permanent(error.words())
        }
    }
}
