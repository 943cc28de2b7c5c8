//! Notices on their way to guests and to the front office. A guest's goes for itself; those to the
//! front office are merged when many come at once.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::api::{CallError, Sheet};
use super::merging::{Happened, Merging, WAITING, Waiting};
use super::outbox::TURN;
use super::{Call, Lobby, Reader, Shown};
use crate::courier::{Deliver, Failure, Letter};
use crate::domain::{Contact, Event, Recipient};
use crate::qris::Qris;
use crate::text::telegram as words;

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
        if letter.change.event == Event::Booked {
            self.first_message(id.0, letter, by).await?;
            if !letter.with_qris {
                return Ok(());
            }
        }
        let hotel = &self.lobby.desk.policy().hotel;
        let notice = words::guest_notice(&letter.change, hotel);
        let call = match self.code(letter)? {
            Some(code) => {
                let html = notice.unwrap_or_else(|| words::pay_by_code(booking));
                Call::Picture(Sheet { html, ..code })
            }
            None => match notice {
                Some(html) => Call::Send(Shown::text(html)),
                None => return Ok(()),
            },
        };
        let sent = self.lobby.outbox.send_by(by, id.0, Reader::Waiting, call).await;
        sent.map(drop).map_err(|error| failure(&error))
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

    /// A guest who booked in the chat sees the booking in the very message. Only where that got
    /// lost (we stopped in between), they get a new one.
    async fn first_message(&self, id: i64, letter: &Letter, by: Instant) -> Result<(), Failure> {
        // The handler that made the booking is done first.
        let lock = self.lobby.locks.of(id);
        let Ok(_in_turn) = timeout_at(by, lock.lock()).await else { return Err(Failure::NotYet) };
        let receipt_no = letter.change.booking.receipt_no;
        let store =
            |_| Failure::Transient { reason: "the store is away".into(), retry_after: None };
        if self.lobby.message_of(id, receipt_no).await.map_err(store)?.is_some() {
            return Ok(());
        }
        let held = self.lobby.desk.held(receipt_no).await;
        let booking = held.map_or_else(|_| letter.change.booking.clone(), |held| held.booking);
        let call = Call::Send(super::status::shown(&self.lobby, &booking));
        let sent = self.lobby.outbox.send_by(by, id, Reader::Waiting, call).await;
        let message = sent.map_err(|error| failure(&error))?;
        self.lobby.remember(id, receipt_no, message).await.map_err(store)
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
        CallError::Gone(_) | CallError::Moved(_) | CallError::Refused(_) => {
            Failure::Permanent(error.words())
        }
    }
}
