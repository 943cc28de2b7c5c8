//! Delivers notifications to guests and to the front office. A guest gets one message for each
//! notification. Notifications to the front office go through [`NotificationMerger`], which merges
//! them if many are waiting; what needs no sound is only an edit
//! ([`LivingMessages`]).
//!
//! Each delivery is one attempt. The notifier decides whether and when to try again.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::BotParts;
use super::buttons::guest_button;
use super::callback::GuestCallback;
use super::delivery_errors::delivery_error;
use super::front_office::FrontOfficeChat;
use super::living_messages::{LivingMessages, Telling};
use super::location_keyboard::LocationKeyboard;
use super::notification_merger::{
    CHANNEL_CAPACITY, NotificationMerger, PendingChange, PendingNotification,
};
use super::status::StatusMessages;
use super::transport::call::{Button, Call, CallError, MessageContent, PhotoContent};
use super::transport::{ChatLocks, PERMIT_TIMEOUT, Priority, SendQueue};
use crate::domain::{
    Booking, Change, Contact, Event, FailureCode, FailureReason, ReceiptNo, Recipient,
};
use crate::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};
use crate::qris::Qris;
use crate::service::{BookingService, ServiceError};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// The delivery method that sends notifications by Telegram.
pub(super) struct TelegramDelivery {
    service: Arc<BookingService>,
    status: Arc<StatusMessages>,
    living: Arc<LivingMessages>,
    keyboard: LocationKeyboard,
    queue: SendQueue,
    locks: Arc<ChatLocks>,
    front_office_chat: Arc<FrontOfficeChat>,
    qris: Option<Qris>,
    to_merger: mpsc::Sender<PendingNotification>,
}

impl TelegramDelivery {
    /// Creates the delivery method, and the worker that merges notifications to the front office.
    pub(super) fn with_merger(
        parts: &BotParts,
        status: Arc<StatusMessages>,
        living: &Arc<LivingMessages>,
        qris: Option<Qris>,
    ) -> (Arc<dyn DeliveryMethod>, NotificationMerger) {
        let (to_merger, waiting) = mpsc::channel(CHANNEL_CAPACITY);
        let delivery = Self {
            service: Arc::clone(&parts.service),
            status,
            living: Arc::clone(living),
            keyboard: LocationKeyboard::new(&parts.state),
            queue: parts.queue.clone(),
            locks: Arc::clone(&parts.locks),
            front_office_chat: Arc::clone(&parts.front_office),
            qris,
            to_merger,
        };
        (Arc::new(delivery), NotificationMerger::new(parts, Arc::clone(living), waiting))
    }

    async fn to_guest(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        let booking = &request.change.booking;
        let Contact::Telegram(id) = &booking.guest.contact else {
            return Err(DeliveryError::Permanent(FailureCode::NotOnTelegram.into()));
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
        let is_over = !booking.is_pending() || booking.arrived_at.is_some();
        let call = match self.code(request)? {
            Some(code) => {
                let html = notification.unwrap_or_else(|| words::pay_by_code(booking, hotel));
                // A guest at the desk needs to send no position any more.
                let removes_keyboard = is_over && self.keyboard.take(id.0).await;
                Call::Picture(PhotoContent { html, removes_keyboard, ..code })
            }
            None => match notification {
                Some(html) => {
                    let content = MessageContent::text(html).with(guest_buttons(&request.change));
                    Call::Send(if is_over {
                        self.keyboard.remove_with(id.0, content).await
                    } else {
                        content
                    })
                }
                None => return Ok(()),
            },
        };
        let queued = self.queue.queue(id.0, Priority::Interactive, call).await;
        queued.outcome_by(by).await.map(drop).map_err(|error| delivery_error(&error))
    }

    /// The picture of the payment code; `None` if the notification has none.
    fn code(&self, request: &DeliveryRequest) -> Result<Option<PhotoContent>, DeliveryError> {
        let Some(qris) = self.qris.as_ref().filter(|_| request.with_qris) else {
            return Ok(None);
        };
        let unusable = |error: &dyn std::fmt::Display| {
            let code = FailureCode::QrisCode;
            DeliveryError::Permanent(FailureReason::with_detail(code, error.to_string()))
        };
        let code = qris.of(&request.change.booking).map_err(|error| unusable(&error))?;
        let picture = code.picture().map_err(|error| unusable(&error))?;
        let (bytes, file_name) = (picture.bytes.into(), picture.file_name);
        let (html, removes_keyboard) = (String::new(), false);
        Ok(Some(PhotoContent { bytes, file_name, html, removes_keyboard }))
    }

    /// Makes sure that the guest's status message shows the current state of the booking. This is
    /// done for the first state, because the guest reads the receipt number there, and for the last
    /// state, because the message is not renewed afterwards. If the first message does not exist
    /// (the guest deleted it, or the process stopped before it was sent), a new one is sent.
    async fn show_status(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        is_first: bool,
        by: Instant,
    ) -> Result<(), DeliveryError> {
        let (queued, content) = {
            // The lock waits for the handler of an update of this chat, and prevents an older state
            // from being queued after the state that is read here.
            let lock = self.locks.of(id);
            let Ok(_guard) = timeout_at(by, lock.lock()).await else {
                return Err(DeliveryError::NotYet);
            };
            let tracked = self.service.booking(receipt_no).await.map_err(store_unavailable)?;
            let content = self.status.content(&tracked);
            let queued =
                match self.status.message_of(id, receipt_no).await.map_err(store_unavailable)? {
                    Some(message) => {
                        let call = Call::Edit(message, content.clone());
                        Some(self.queue.queue(id, Priority::Interactive, call).await)
                    }
                    None => None,
                };
            (queued, content)
        };
        let outcome = match queued {
            Some(queued) => queued.outcome_by(by).await,
            None => Err(CallError::NoMessage),
        };
        match outcome {
            Err(CallError::NoMessage) if is_first => {
                self.first_message(id, receipt_no, content, by).await
            }
            Ok(_) | Err(CallError::NoMessage | CallError::Refused(_)) => Ok(()),
            Err(error) => Err(delivery_error(&error)),
        }
    }

    /// Sends a new status message, and remembers it.
    async fn first_message(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        content: MessageContent,
        by: Instant,
    ) -> Result<(), DeliveryError> {
        let queued = self.queue.queue(id, Priority::Interactive, Call::Send(content)).await;
        let message = queued.outcome_by(by).await.map_err(|error| delivery_error(&error))?;
        let lock = self.locks.of(id);
        let _guard = lock.lock().await;
        self.status.note(id, receipt_no, message).await.map_err(store_unavailable)
    }

    async fn to_front_office(&self, request: &DeliveryRequest) -> Result<(), DeliveryError> {
        if self.front_office_chat.chat().is_none() {
            return Err(DeliveryError::Permanent(FailureCode::NoFrontOfficeChat.into()));
        }
        let by = Instant::now() + PERMIT_TIMEOUT;
        if Telling::of(&request.change) == Telling::Edit {
            return self.living.renew(request.change.booking.receipt_no, by).await;
        }
        let (pending, claim) = PendingChange::new(Arc::clone(&request.change));
        let accepted = self.to_merger.send(PendingNotification::Change(pending));
        match timeout_at(by, accepted).await {
            Ok(Ok(())) => claim.outcome(by).await,
            // The process stops, or thousands of notifications are waiting.
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
            Recipient::HotelSystem => Err(DeliveryError::Permanent(FailureCode::NotSetUp.into())),
        }
    }

    async fn notify_given_up(&self, request: &DeliveryRequest, reason: &FailureReason) {
        if self.front_office_chat.chat().is_none() {
            return;
        }
        let (change, reason) = (Arc::clone(&request.change), reason.clone());
        // The merger is gone only when the process stops.
        let _ = self.to_merger.send(PendingNotification::GivenUp { change, reason }).await;
    }
}

/// The buttons below the notification of a change to a guest.
fn guest_buttons(change: &Change) -> Vec<Vec<Button>> {
    let Booking { receipt_no, guest, arrived_at, .. } = &change.booking;
    let row = |label, callback| guest_button(guest.language, label, callback);
    match &change.event {
        Event::Reminded { .. }
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. }
        | Event::Revived
        | Event::OfferTaken
        | Event::Amended { .. }
            if arrived_at.is_none() =>
        {
            vec![
                row(GuestLabel::Share, GuestCallback::Share(*receipt_no)),
                row(GuestLabel::Cancel, GuestCallback::AskCancel(*receipt_no)),
            ]
        }
        Event::Offered => vec![
            row(GuestLabel::TakeOffer, GuestCallback::TakeOffer(*receipt_no)),
            row(GuestLabel::RefuseOffer, GuestCallback::Cancel(*receipt_no)),
        ],
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
        | Event::Revived
        | Event::OfferTaken
        | Event::Amended { .. }
        | Event::Reopened { .. }
        | Event::Other => Vec::new(),
    }
}

/// The delivery error for a failed read from the store.
fn store_unavailable(_: impl Into<ServiceError>) -> DeliveryError {
    DeliveryError::Transient { reason: FailureCode::StoreUnavailable.into(), retry_after: None }
}
