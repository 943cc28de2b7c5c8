//! Notices on their way to guests and to the front office. A guest's goes for itself; those to the
//! front office are merged when many come at once.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::api::{Button, CallError, Sheet, Shown};
use super::callback::GuestTap;
use super::guest::button;
use super::merging::{Happened, Merging, WAITING, Waiting};
use super::outbox::TURN;
use super::{Call, Lobby, Reader};
use crate::courier::{Deliver, Failure, Letter};
use crate::desk::DeskError;
use crate::domain::{Booking, Change, Contact, Event, ReceiptNo, Recipient};
use crate::qris::Qris;
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Brings notices by the bot.
pub(super) struct Messenger {
    lobby: Arc<Lobby>,
    qris: Option<Qris>,
    front_office: mpsc::Sender<Waiting>,
}

impl Messenger {
    pub(super) fn with_merging(
        lobby: Arc<Lobby>,
        qris: Option<Qris>,
    ) -> (Arc<dyn Deliver>, Merging) {
        let (front_office, waiting) = mpsc::channel(WAITING);
        let merging = Merging::new(Arc::clone(&lobby), waiting);
        (Arc::new(Self { lobby, qris, front_office }), merging)
    }

    async fn to_guest(&self, letter: &Letter) -> Result<(), Failure> {
        let booking = &letter.change.booking;
        let Contact::Telegram(id) = &booking.guest.contact else {
            return Err(Failure::Permanent("this guest is not on Telegram".to_owned()));
        };
        let by = Instant::now() + TURN;
        let is_first = letter.change.event == Event::Booked;
        if is_first || !booking.is_pending() {
            self.show_status(id.0, booking.receipt_no, is_first, by).await?;
        }
        if is_first && !letter.with_qris {
            return Ok(());
        }
        let hotel = &self.lobby.desk.policy().hotel;
        let notice = words::guest_notice(&letter.change, hotel);
        let call = match self.code(letter)? {
            Some(code) => {
                let html = notice.unwrap_or_else(|| words::pay_by_code(booking, hotel));
                Call::Picture(Sheet { html, ..code })
            }
            None => match notice {
                Some(html) => Call::Send(Shown::text(html).with(ways_on(&letter.change))),
                None => return Ok(()),
            },
        };
        let queued = self.lobby.outbox.queue(id.0, Reader::Waiting, call).await;
        queued.outcome_by(by).await.map(drop).map_err(|error| failure(&error))
    }

    /// The payment code that comes with a letter, if one does.
    fn code(&self, letter: &Letter) -> Result<Option<Sheet>, Failure> {
        let Some(qris) = self.qris.as_ref().filter(|_| letter.with_qris) else {
            return Ok(None);
        };
        let unusable = |error: &dyn std::fmt::Display| Failure::Permanent(error.to_string());
        let code = qris.of(&letter.change.booking).map_err(|error| unusable(&error))?;
        let picture = code.picture().map_err(|error| unusable(&error))?;
        let html = String::new();
        Ok(Some(Sheet { bytes: picture.bytes.into(), file_name: picture.file_name, html }))
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
    ) -> Result<(), Failure> {
        let lobby = &self.lobby;
        let (queued, shown) = {
            // Whoever handles an update of this chat is done first, and what is read here is not
            // overtaken by what was read before.
            let lock = lobby.locks.of(id);
            let Ok(_in_turn) = timeout_at(by, lock.lock()).await else {
                return Err(Failure::NotYet);
            };
            let held = lobby.desk.held(receipt_no).await.map_err(store_away)?;
            let shown = super::status::shown(lobby, &held);
            let queued = match lobby.message_of(id, receipt_no).await.map_err(store_away)? {
                Some(message) => {
                    let call = Call::Edit(message, shown.clone());
                    Some(lobby.outbox.queue(id, Reader::Waiting, call).await)
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
        shown: Shown,
        by: Instant,
    ) -> Result<(), Failure> {
        let lobby = &self.lobby;
        let queued = lobby.outbox.queue(id, Reader::Waiting, Call::Send(shown)).await;
        let message = queued.outcome_by(by).await.map_err(|error| failure(&error))?;
        let lock = lobby.locks.of(id);
        let _in_turn = lock.lock().await;
        lobby.remember(id, receipt_no, message).await.map_err(store_away)
    }

    async fn to_front_office(&self, letter: &Letter) -> Result<(), Failure> {
        if self.lobby.front_office.chat().is_none() {
            return Err(Failure::Permanent("telegram.fo_chat_id is not set".to_owned()));
        }
        let by = Instant::now() + TURN;
        let (happened, claim) = Happened::new(Arc::clone(&letter.change));
        let there = self.front_office.send(Waiting::Happened(happened));
        match timeout_at(by, there).await {
            Ok(Ok(())) => claim.outcome(by).await,
            // Stopping, or thousands are before it.
            Ok(Err(_)) | Err(_) => Err(Failure::NotYet),
        }
    }
}

#[async_trait]
impl Deliver for Messenger {
    async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        match letter.to {
            Recipient::Guest => self.to_guest(letter).await,
            Recipient::FrontOffice => self.to_front_office(letter).await,
        }
    }

    async fn tell_given_up(&self, letter: &Letter, reason: &str) {
        if self.lobby.front_office.chat().is_none() {
            return;
        }
        let (change, reason) = (Arc::clone(&letter.change), reason.to_owned());
        // The other end is gone only when the process stops.
        let _ = self.front_office.send(Waiting::GivenUp { change, reason }).await;
    }
}

/// What a guest can do about a notice.
fn ways_on(change: &Change) -> Vec<Vec<Button>> {
    let Booking { receipt_no, guest, arrived_at, .. } = &change.booking;
    let row = |label, tap| button(guest.language, label, tap);
    match &change.event {
        Event::Reminded { .. } | Event::ExtendedByClock { .. } | Event::ExtendedByStaff { .. }
            if arrived_at.is_none() =>
        {
            vec![
                row(GuestLabel::Share, GuestTap::Share(*receipt_no)),
                row(GuestLabel::Cancel, GuestTap::AskCancel(*receipt_no)),
            ]
        }
        Event::Cancelled { .. } | Event::Expired { .. } => {
            vec![row(GuestLabel::BookAgain, GuestTap::Start)]
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
        | Event::Paid => Vec::new(),
    }
}

/// What a notice needs to know could not be read.
fn store_away(_: impl Into<DeskError>) -> Failure {
    Failure::Transient { reason: text::STORE_AWAY.to_owned(), retry_after: None }
}

/// What a failed call means for a notice. Reasons are shown to the front office.
pub(super) fn failure(error: &CallError) -> Failure {
    let transient = |reason: String, retry_after| Failure::Transient { reason, retry_after };
    match error {
        CallError::Busy => Failure::NotYet,
        CallError::Wait(wait) => transient(error.words(), Some(*wait)),
        CallError::Unreachable | CallError::WrongToken | CallError::TakenByAnother => {
            transient(error.words(), None)
        }
        CallError::Unknown => Failure::Unknown("Telegram did not answer".to_owned()),
        CallError::NoMessage => Failure::Permanent(text::NO_CHAT.to_owned()),
        CallError::Gone(_) | CallError::Moved(_) | CallError::Refused(_) => {
            Failure::Permanent(error.words())
        }
    }
}
