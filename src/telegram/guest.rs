//! Guests: what they type, and how they see and cancel their bookings. The way to a booking is
//! `steps`.

mod steps;

use super::Lobby;
use super::api::{Button, Press, Shown};
use super::callback::{GuestTap, Tap, Wish};
use crate::desk::DeskError;
use crate::domain::{
    Booking, Command, Contact, Field, GuestName, Held, InputError, Language, ReceiptNo, Refusal,
    TelegramId, ids,
};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Who writes to the bot.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    /// The chat they write in.
    pub chat: i64,
    /// Their id, which is also that of the private chat with them.
    pub id: i64,
    /// Their name, as far as it can be a guest's.
    pub name: Option<GuestName>,
    /// The language of their Telegram.
    pub language: Language,
}

/// A row with one of a guest's buttons.
pub(super) fn button(language: Language, label: GuestLabel, tap: GuestTap) -> Vec<Button> {
    vec![Button::tap(words::guest_label(language, label), Tap::Guest(tap))]
}

impl Asker {
    fn button(&self, label: GuestLabel, tap: GuestTap) -> Vec<Button> {
        button(self.language, label, tap)
    }
}

/// A guest's name out of what people call themselves on Telegram.
pub(super) fn usable_name(full_name: &str) -> Option<GuestName> {
    let mut name: String = full_name.chars().take(ids::MAX_NAME_CHARS).collect();
    name.retain(|c| GuestName::parse(&format!("a{c}a")).is_ok());
    GuestName::parse(&name).ok()
}

impl Lobby {
    /// `/start`, alone or with the key of what was chosen on the web form.
    pub(super) async fn start(&self, asker: &Asker, key: &str) -> Result<(), DeskError> {
        self.stop_typing(asker).await?;
        if !key.is_empty() {
            if let Some(choice) = self.desk.handoff(key).await? {
                let wish =
                    Wish { room: choice.room, check_in: choice.check_in, nights: choice.nights };
                let shown = match choice.name {
                    Some(name) => {
                        let named = self.keep_name(&name).await?;
                        self.summary(asker, wish, named).await?
                    }
                    None => Self::names(asker, wish),
                };
                self.say(asker.chat, shown).await;
                return Ok(());
            }
            self.say(asker.chat, Shown::text(words::choice_is_gone(asker.language))).await;
        }
        let policy = self.desk.policy();
        let html = words::greeting(asker.language, &policy.hotel, policy.hold.duration);
        self.say(asker.chat, Shown::text(html).with(self.ways(asker))).await;
        Ok(())
    }

    /// How one can book.
    pub(super) fn ways(&self, asker: &Asker) -> Vec<Vec<Button>> {
        let mut ways = vec![asker.button(GuestLabel::BookHere, GuestTap::Start)];
        if let Some(url) = &self.settings.public_url {
            let label = words::guest_label(asker.language, GuestLabel::BookOnWeb).to_owned();
            ways.push(vec![Button { label, press: Press::Page(url.clone()) }]);
        }
        ways
    }

    /// `/booking`, with or without the name.
    pub(super) async fn booking(&self, asker: &Asker, name: &str) -> Result<(), DeskError> {
        self.stop_typing(asker).await?;
        let name = match name {
            "" => None,
            name => match GuestName::parse(name) {
                Ok(name) => Some(name),
                Err(error) => return self.wrong_name(asker, error).await,
            },
        };
        self.bring_name(asker, name.as_ref()).await?;
        let shown = self.rooms(asker).await?;
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// The answer to what was not understood.
    pub(super) async fn help(&self, asker: &Asker) {
        let role = self.member(asker.id).map(|member| member.role);
        let shown = Shown::text(words::help(asker.language, role)).with(self.ways(asker));
        self.say(asker.chat, shown).await;
    }

    /// `/status`: the running bookings, each in a message of its own that is kept up to date.
    pub(super) async fn statuses(&self, asker: &Asker) -> Result<(), DeskError> {
        let running = self.running_of(asker.id).await?;
        if running.is_empty() {
            let shown = Shown::text(words::no_booking(asker.language)).with(self.ways(asker));
            self.say(asker.chat, shown).await;
        }
        for held in running {
            self.show_anew(&held).await;
        }
        Ok(())
    }

    /// `/batal`: asks which booking, if there are several, and whether.
    pub(super) async fn cancelling(&self, asker: &Asker) -> Result<(), DeskError> {
        let running = self.running_of(asker.id).await?;
        let shown = match running.as_slice() {
            [] => Shown::text(words::no_booking(asker.language)).with(self.ways(asker)),
            [held] => ask_cancel(&held.booking),
            several => {
                let row = |held: &Held| {
                    let Booking { receipt_no, stay, .. } = &held.booking;
                    let room = words::short(&stay.room.name, 30);
                    let tap = GuestTap::AskCancel(*receipt_no);
                    vec![Button::tap(format!("{receipt_no} · {room}"), Tap::Guest(tap))]
                };
                let rows = several.iter().map(row).collect();
                Shown::text(words::which_to_cancel(asker.language)).with(rows)
            }
        };
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// Text that is no command: a name, if the bot waits for one.
    pub(super) async fn typed(&self, asker: &Asker, typed: &str) -> Result<(), DeskError> {
        let Some(Tap::Guest(GuestTap::TypeName(wish))) = self.awaited(asker).await? else {
            self.help(asker).await;
            return Ok(());
        };
        match GuestName::parse(typed) {
            Ok(name) => {
                self.stop_typing(asker).await?;
                let named = self.keep_name(&name).await?;
                let shown = self.summary(asker, wish, named).await?;
                self.say(asker.chat, shown).await;
                Ok(())
            }
            Err(error) => self.wrong_name(asker, error).await,
        }
    }

    async fn wrong_name(&self, asker: &Asker, error: ids::ParseIdError) -> Result<(), DeskError> {
        let error = InputError::of_id(error, ids::MAX_NAME_CHARS);
        let refusal = Refusal::InvalidInput { field: Field::GuestName, error };
        let shown = Shown::text(self.refused(asker, &refusal));
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// Cancels, and shows in the tapped message what came of it.
    async fn cancel(
        &self,
        asker: &Asker,
        message: i32,
        receipt_no: ReceiptNo,
    ) -> Result<(), DeskError> {
        if self.own(asker, receipt_no).await?.is_none() {
            self.show(asker.chat, message, Self::stale(asker)).await;
            return Ok(());
        }
        let held = match self.desk.act(receipt_no, Command::CancelByGuest).await {
            Ok(held) => held,
            // It is as the refusal says, and the message shows that.
            Err(DeskError::Refused(_)) => self.desk.held(receipt_no).await?,
            Err(error) => return Err(error),
        };
        self.show_in(message, &held).await?;
        Ok(())
    }

    /// A booking, if it is this guest's.
    async fn own(&self, asker: &Asker, receipt_no: ReceiptNo) -> Result<Option<Held>, DeskError> {
        let is_own =
            |held: &Held| held.booking.guest.contact == Contact::Telegram(TelegramId(asker.id));
        match self.desk.held(receipt_no).await {
            Ok(held) => Ok(Some(held).filter(is_own)),
            Err(DeskError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a button shows that is no longer valid.
    pub(super) fn stale(asker: &Asker) -> Shown {
        let again = asker.button(GuestLabel::StartOver, GuestTap::Rooms);
        Shown::text(words::stale(asker.language)).with(vec![again])
    }
}

fn ask_cancel(booking: &Booking) -> Shown {
    let language = booking.guest.language;
    Shown::text(words::really_cancel(booking)).with(vec![
        button(language, GuestLabel::ReallyCancel, GuestTap::Cancel(booking.receipt_no)),
        button(language, GuestLabel::Keep, GuestTap::Keep(booking.receipt_no)),
    ])
}
