//! Notices on their way to guests and to the front office. Those to the front office are merged
//! when many come at once; a guest's goes for itself.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::api::{Button, CallError, Sheet, Shown};
use super::callback::GuestTap;
use super::guest::button;
use super::staff_tap::deeds;
use super::{Call, Lobby, Reader};
use crate::courier::{Deliver, Failure, Letter};
use crate::desk::DeskError;
use crate::domain::{Booking, Change, Contact, Event, ReceiptNo, Recipient};
use crate::qris::Qris;
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// So many notices at once still go one by one.
const ONE_BY_ONE: usize = 3;
/// Notices in one message at most.
const MERGED: usize = 2_000;
/// UTF-16 units that a merged message may have; Telegram takes 4,096.
const MAX_UNITS: usize = 3_800;
/// Notices that may wait to be merged.
const WAITING: usize = 4_096;

/// A message to the front office that may be merged with others.
struct Waiting {
    change: Arc<Change>,
    kind: Kind,
}

/// What a message to the front office says of a change.
enum Kind {
    /// That it happened; somebody waits until it is sent.
    Happened(oneshot::Sender<Result<(), Failure>>),
    /// That the guest was not told of it, and why. Nobody waits.
    GivenUp(String),
}

impl Waiting {
    /// Whoever waited for it has given up.
    fn is_dropped(&self) -> bool {
        match &self.kind {
            Kind::Happened(waiter) => waiter.is_closed(),
            Kind::GivenUp(_) => false,
        }
    }

    fn item(&self) -> words::Merged<'_> {
        match &self.kind {
            Kind::Happened(_) => words::Merged::Happened(&self.change),
            Kind::GivenUp(_) => words::Merged::GivenUp(&self.change),
        }
    }
}

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
        let merging = Merging { lobby: Arc::clone(&lobby), waiting };
        (Arc::new(Self { lobby, qris, front_office }), merging)
    }

    async fn to_guest(&self, letter: &Letter) -> Result<(), Failure> {
        let booking = &letter.change.booking;
        let Contact::Telegram(id) = &booking.guest.contact else {
            return Err(Failure::Permanent("this guest is not on Telegram".to_owned()));
        };
        let is_first = letter.change.event == Event::Booked;
        if is_first || !booking.is_pending() {
            self.show_status(id.0, booking.receipt_no, is_first).await?;
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
        let sent = self.lobby.outbox.send(id.0, Reader::Waiting, call).await;
        sent.map(drop).map_err(failure)
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
    ) -> Result<(), Failure> {
        let lobby = &self.lobby;
        let store = |_: DeskError| Failure::Transient {
            reason: text::STORE_AWAY.to_owned(),
            retry_after: None,
        };
        let queued = {
            // Whoever handles an update of this chat is done first, and what is read here is not
            // overtaken by what was read before.
            let lock = lobby.locks.of(id);
            let _in_turn = lock.lock().await;
            let held = lobby.desk.held(receipt_no).await.map_err(store)?;
            let shown = super::status::shown(lobby, &held);
            match lobby.message_of(id, receipt_no).await.map_err(|error| store(error.into()))? {
                Some(message) => {
                    let call = Call::Edit(message, shown);
                    Some(lobby.outbox.queue(id, Reader::Waiting, call).await)
                }
                None => None,
            }
        };
        let outcome = match queued {
            Some(queued) => queued.outcome().await,
            None => Err(CallError::NoMessage),
        };
        match outcome {
            Err(CallError::NoMessage) if is_first => self.first_message(id, receipt_no).await,
            Ok(_) | Err(CallError::NoMessage | CallError::Refused(_)) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    async fn first_message(&self, id: i64, receipt_no: ReceiptNo) -> Result<(), Failure> {
        let lobby = &self.lobby;
        let store = |_: DeskError| Failure::Transient {
            reason: text::STORE_AWAY.to_owned(),
            retry_after: None,
        };
        let held = lobby.desk.held(receipt_no).await.map_err(store)?;
        let call = Call::Send(super::status::shown(lobby, &held));
        let message = lobby.outbox.send(id, Reader::Waiting, call).await.map_err(failure)?;
        let lock = lobby.locks.of(id);
        let _in_turn = lock.lock().await;
        lobby.remember(id, receipt_no, message).await.map_err(|error| store(error.into()))
    }

    async fn to_front_office(&self, letter: &Letter) -> Result<(), Failure> {
        let (waiter, sent) = oneshot::channel();
        let gone = || Failure::Transient { reason: "stopping".into(), retry_after: None };
        let change = Arc::clone(&letter.change);
        let waiting = Waiting { change, kind: Kind::Happened(waiter) };
        self.front_office.send(waiting).await.map_err(|_| gone())?;
        sent.await.unwrap_or_else(|_| Err(gone()))
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
        if self.lobby.settings.fo_chat.is_none() {
            return;
        }
        let (change, kind) = (Arc::clone(&letter.change), Kind::GivenUp(reason.to_owned()));
        // The other end is gone only when the process stops.
        let _ = self.front_office.send(Waiting { change, kind }).await;
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

/// What a failed call means for a notice. Reasons are shown to the front office.
fn failure(error: CallError) -> Failure {
    let transient =
        |reason: &str, retry_after| Failure::Transient { reason: reason.to_owned(), retry_after };
    match error {
        CallError::Wait(wait) => transient("Telegram asks for patience", Some(wait)),
        CallError::Unreachable => transient("Telegram cannot be reached", None),
        CallError::WrongToken => transient("Telegram does not accept the token", None),
        CallError::TakenByAnother => transient("the bot is taken by another process", None),
        CallError::Unknown => Failure::Unknown("Telegram did not answer".to_owned()),
        CallError::NoMessage => Failure::Permanent(text::NO_CHAT.to_owned()),
        CallError::Gone(reason) => Failure::Permanent(reason.to_owned()),
        CallError::Refused(words) => Failure::Permanent(words),
    }
}

/// The work of sending notices to the front office.
pub(super) struct Merging {
    lobby: Arc<Lobby>,
    waiting: mpsc::Receiver<Waiting>,
}

impl Merging {
    /// Sends until told to stop, and then what is there.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                first = self.waiting.recv() => first,
                () = stop.cancelled() => return self.drain().await,
            };
            let Some(first) = first else { return stop.cancelled().await };
            self.send_with(first).await;
        }
    }

    async fn drain(&mut self) {
        while let Ok(first) = self.waiting.try_recv() {
            self.send_with(first).await;
        }
    }

    /// Sends one and whatever came with it. While a message waits for its turn, more gather.
    async fn send_with(&mut self, first: Waiting) {
        let mut together = vec![first];
        while together.len() < MERGED
            && let Ok(next) = self.waiting.try_recv()
        {
            together.push(next);
        }
        together.retain(|one| !one.is_dropped());
        if together.len() <= ONE_BY_ONE {
            for one in together {
                let shown = self.one(&one);
                self.send(vec![one], shown).await;
            }
            return;
        }
        while !together.is_empty() {
            let (shown, fits) = self.fitting(&together);
            let rest = together.split_off(fits);
            self.send(together, shown).await;
            together = rest;
        }
    }

    fn one(&self, one: &Waiting) -> Shown {
        let (language, change) = (self.lobby.settings.language, &one.change);
        let hotel = &self.lobby.desk.policy().hotel;
        let html = match &one.kind {
            Kind::Happened(_) => words::staff_notice(language, change, hotel),
            Kind::GivenUp(reason) => words::given_up(language, change, reason, hotel),
        };
        Shown::text(html).with(deeds(language, &change.booking))
    }

    /// As many as one message takes.
    fn fitting(&self, together: &[Waiting]) -> (Shown, usize) {
        let language = self.lobby.settings.language;
        let mut count = together.len();
        loop {
            let part = together.get(..count).unwrap_or(together);
            let items: Vec<_> = part.iter().map(Waiting::item).collect();
            let html = words::merged_notice(language, &items);
            if html.encode_utf16().count() <= MAX_UNITS || count <= 1 {
                return (Shown::text(html), count.max(1));
            }
            count /= 2;
        }
    }

    async fn send(&self, waiting: Vec<Waiting>, shown: Shown) {
        let outcome = match self.lobby.settings.fo_chat {
            Some(chat) => {
                let call = Call::Send(shown);
                let sent = self.lobby.outbox.send(chat, Reader::Notified, call).await;
                sent.map(drop).map_err(failure)
            }
            None => Err(Failure::Permanent("telegram.fo_chat_id is not set".to_owned())),
        };
        for one in waiting {
            match one.kind {
                Kind::Happened(waiter) => {
                    let _ = waiter.send(outcome.clone());
                }
                Kind::GivenUp(_) => {}
            }
        }
    }
}
