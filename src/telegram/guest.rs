//! Guests: how they book, see and cancel their bookings. Each step of the way to a booking is the
//! same message with other buttons, and the buttons carry the state.

use chrono::{Days, NaiveDate, TimeDelta};

use super::api::{Button, Keyboard, Press, Shown};
use super::callback::{GuestTap, NAME_KEY_CHARS, Named, Tap, Wish};
use super::{Lobby, status};
use crate::auth::fresh_secret;
use crate::desk::{BookRequest, DeskError, StoreError};
use crate::domain::{
    Booking, Command, Contact, Field, Guest, GuestName, Held, InputError, Language, ReceiptNo,
    Refusal, RoomCode, TelegramId, ids,
};
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Dates shown at once.
const DATES: u32 = 7;
/// Numbers of nights shown at once.
const NIGHTS: u32 = 7;
/// How long a typed name is kept for its summary.
const NAME_LIFE: TimeDelta = TimeDelta::hours(24);
/// How long the bot waits for a name to be typed.
const TYPING: TimeDelta = TimeDelta::hours(1);
/// How long it is known which messages show which bookings.
const MESSAGES_LIFE: TimeDelta = TimeDelta::days(60);
/// Bookings of a guest that are remembered.
const REMEMBERED: usize = 20;

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

impl Asker {
    fn label(&self, label: GuestLabel, tap: GuestTap) -> Vec<Button> {
        vec![Button::tap(words::guest_label(self.language, label), Tap::Guest(tap))]
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
        if !key.is_empty()
            && let Some(choice) = self.desk.handoff(key).await?
        {
            let wish = Wish { room: choice.room, check_in: choice.check_in, nights: choice.nights };
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
        let policy = self.desk.policy();
        let html = words::greeting(asker.language, &policy.hotel, policy.hold.duration);
        self.say(asker.chat, Shown::text(html).with(self.ways(asker))).await;
        Ok(())
    }

    fn ways(&self, asker: &Asker) -> Vec<Vec<Button>> {
        let mut ways = vec![asker.label(GuestLabel::BookHere, GuestTap::Start)];
        if let Some(url) = &self.settings.public_url {
            let label = words::guest_label(asker.language, GuestLabel::BookOnWeb).to_owned();
            ways.push(vec![Button { label, press: Press::Page(url.clone()) }]);
        }
        ways
    }

    /// `/booking`, with or without the name.
    pub(super) async fn booking(&self, asker: &Asker, name: &str) -> Result<(), DeskError> {
        self.stop_typing(asker).await?;
        if !name.is_empty() {
            match GuestName::parse(name) {
                Ok(name) => self.await_name(asker, &format!("|{}", name.as_str())).await?,
                Err(error) => return self.wrong_name(asker, error).await,
            }
        }
        let shown = self.rooms(asker).await?;
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// The answer to what was not understood.
    pub(super) async fn help(&self, asker: &Asker) {
        let shown = Shown::text(words::help(asker.language)).with(self.ways(asker));
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
            self.show_anew(asker.id, &held.booking).await?;
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
                    let tap = GuestTap::AskCancel(held.booking.receipt_no);
                    vec![Button::tap(held.booking.receipt_no.to_string(), Tap::Guest(tap))]
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
        let waits_for = self.desk.memo(&typing_memo(asker)).await?.unwrap_or_default();
        let Some(Tap::Guest(GuestTap::TypeName(wish))) = Tap::read(&waits_for) else {
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
        let shown = Shown::text(self.refused(asker.language, &refusal));
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// A guest tapped a button of a message.
    pub(super) async fn guest_tap(
        &self,
        asker: &Asker,
        message: i32,
        tap: GuestTap,
    ) -> Result<Option<String>, DeskError> {
        let shown = match tap {
            GuestTap::Start => {
                self.booking(asker, "").await?;
                return Ok(None);
            }
            GuestTap::Rooms => self.rooms(asker).await?,
            GuestTap::Dates(room, from) => self.dates(asker, &room, from),
            GuestTap::Nights(room, day, from) => self.nights(asker, &room, day, from),
            GuestTap::Name(wish) => self.after_nights(asker, wish).await?,
            GuestTap::TypeName(wish) => {
                let tap = Tap::Guest(GuestTap::TypeName(wish));
                self.await_name(asker, &tap.data()).await?;
                Shown::text(words::type_name(asker.language))
            }
            GuestTap::Summary(wish, named) => self.summary(asker, wish, named).await?,
            GuestTap::Book(wish, named) => self.book(asker, message, wish, named).await?,
            GuestTap::Share(_) => {
                let label = words::guest_label(asker.language, GuestLabel::SendOnce).to_owned();
                let shown = Shown::text(words::how_to_share(asker.language));
                let keyboard = Keyboard::AskPosition(label);
                self.say(asker.chat, Shown { keyboard, ..shown }).await;
                return Ok(None);
            }
            GuestTap::AskCancel(receipt_no) => match self.own(asker, receipt_no).await? {
                Some(held) if held.booking.is_pending() => ask_cancel(&held.booking),
                Some(held) => status::shown(self, &held.booking),
                None => Self::stale(asker),
            },
            GuestTap::Cancel(receipt_no) => self.cancel(asker, receipt_no).await?,
            GuestTap::Keep(receipt_no) => match self.own(asker, receipt_no).await? {
                Some(held) => status::shown(self, &held.booking),
                None => Self::stale(asker),
            },
        };
        self.show(asker.chat, message, shown).await;
        Ok(None)
    }

    /// What a button shows that is no longer valid.
    pub(super) fn stale(asker: &Asker) -> Shown {
        let again = asker.label(GuestLabel::StartOver, GuestTap::Rooms);
        Shown::text(words::stale(asker.language)).with(vec![again])
    }

    fn refused(&self, language: Language, refusal: &Refusal) -> String {
        words::escape(&text::refusal(language, refusal, &self.desk.policy().hotel))
    }

    async fn rooms(&self, asker: &Asker) -> Result<Shown, DeskError> {
        let policy = self.desk.policy();
        let today = policy.hotel.day_of(self.desk.now());
        let is_ahead = policy.booking.advance_days > 0;
        let rooms = self.desk.availability(today, 1).await?;
        let row = |left: &crate::desk::Availability| {
            let code = left.room.code.clone();
            let label = words::room_label(asker.language, &left.room, left.available);
            let tap =
                if is_ahead { GuestTap::Dates(code, 0) } else { GuestTap::Nights(code, today, 1) };
            vec![Button::tap(label, Tap::Guest(tap))]
        };
        // What is sold out tonight may be free on another date.
        let (shown, sold_out): (Vec<_>, Vec<_>) =
            rooms.iter().partition(|left| left.available > 0 || is_ahead);
        if shown.is_empty() {
            return Ok(Shown::text(words::nothing_left(asker.language)));
        }
        let sold_out: Vec<_> = sold_out.iter().map(|left| &left.room).collect();
        let html = words::choose_room(asker.language, &sold_out);
        Ok(Shown::text(html).with(shown.into_iter().map(row).collect()))
    }

    fn dates(&self, asker: &Asker, room: &RoomCode, from: u32) -> Shown {
        let policy = self.desk.policy();
        let Some(room_type) = policy.room(room) else { return Self::stale(asker) };
        let today = policy.hotel.day_of(self.desk.now());
        let last = policy.booking.advance_days;
        let to = last.min(from.saturating_add(DATES - 1));
        let row = |ahead: u32| {
            let day = today.checked_add_days(Days::new(ahead.into()))?;
            let label = words::date_label(asker.language, day, today);
            let tap = GuestTap::Nights(room.clone(), day, 1);
            Some(vec![Button::tap(label, Tap::Guest(tap))])
        };
        let mut rows: Vec<_> = (from..=to).filter_map(row).collect();
        if to < last {
            rows.push(asker.label(GuestLabel::More, GuestTap::Dates(room.clone(), to + 1)));
        }
        Shown::text(words::choose_date(asker.language, &room_type.name)).with(rows)
    }

    fn nights(&self, asker: &Asker, room: &RoomCode, day: NaiveDate, from: u32) -> Shown {
        let policy = self.desk.policy();
        let Some(room_type) = policy.room(room) else { return Self::stale(asker) };
        let most = policy.booking.max_nights;
        let to = most.min(from.saturating_add(NIGHTS - 1));
        let row = |nights: u32| {
            let price = room_type.price.for_nights(nights)?;
            let label = words::nights_label(asker.language, nights, price);
            let wish = Wish { room: room.clone(), check_in: day, nights };
            Some(vec![Button::tap(label, Tap::Guest(GuestTap::Name(wish)))])
        };
        let mut rows: Vec<_> = (from..=to).filter_map(row).collect();
        if to < most {
            let tap = GuestTap::Nights(room.clone(), day, to + 1);
            rows.push(asker.label(GuestLabel::More, tap));
        }
        Shown::text(words::choose_nights(asker.language, &room_type.name, day)).with(rows)
    }

    /// The name that came with `/booking`, else the choice of it.
    async fn after_nights(&self, asker: &Asker, wish: Wish) -> Result<Shown, DeskError> {
        let brought = self.desk.memo(&typing_memo(asker)).await?.unwrap_or_default();
        let brought = brought.strip_prefix('|').and_then(|name| GuestName::parse(name).ok());
        let Some(name) = brought else { return Ok(Self::names(asker, wish)) };
        self.stop_typing(asker).await?;
        let named = self.keep_name(&name).await?;
        self.summary(asker, wish, named).await
    }

    fn names(asker: &Asker, wish: Wish) -> Shown {
        let own = asker.name.as_ref().map(|name| {
            let label = words::short(name.as_str(), 40);
            let tap = GuestTap::Summary(wish.clone(), Named::AsOnTelegram);
            vec![Button::tap(label, Tap::Guest(tap))]
        });
        let other = asker.label(GuestLabel::OtherName, GuestTap::TypeName(wish));
        let rows = own.into_iter().chain([other]).collect();
        Shown::text(words::choose_name(asker.language)).with(rows)
    }

    async fn summary(&self, asker: &Asker, wish: Wish, named: Named) -> Result<Shown, DeskError> {
        let policy = self.desk.policy();
        let now = self.desk.now();
        let Some(name) = self.name_of(asker, &named).await? else {
            return Ok(Self::stale(asker));
        };
        let stay = match policy.stay(&wish.room, wish.check_in, wish.nights, now) {
            Ok(stay) => stay,
            Err(refusal) => return Ok(self.start_over(asker, &refusal)),
        };
        let until = policy.hold_end(stay.check_in, now);
        let html = words::summary(asker.language, name.as_str(), &stay, until, &policy.hotel);
        let rows = vec![
            asker.label(GuestLabel::Book, GuestTap::Book(wish, named)),
            asker.label(GuestLabel::StartOver, GuestTap::Rooms),
        ];
        Ok(Shown::text(html).with(rows))
    }

    fn start_over(&self, asker: &Asker, refusal: &Refusal) -> Shown {
        let again = asker.label(GuestLabel::StartOver, GuestTap::Rooms);
        Shown::text(self.refused(asker.language, refusal)).with(vec![again])
    }

    /// Books, once for each summary: the request is named by chat and message.
    async fn book(
        &self,
        asker: &Asker,
        message: i32,
        wish: Wish,
        named: Named,
    ) -> Result<Shown, DeskError> {
        let Some(name) = self.name_of(asker, &named).await? else {
            return Ok(Self::stale(asker));
        };
        let contact = Contact::Telegram(TelegramId(asker.id));
        let request = BookRequest {
            request_id: self.desk.secret_of(&format!("telegram:{}:{message}", asker.chat)),
            guest: Guest { name, contact, language: asker.language },
            room: wish.room,
            check_in: wish.check_in,
            nights: wish.nights,
            position: None,
            address_limit: None,
        };
        match self.desk.book(request).await {
            Ok(booked) => {
                let booking = booked.held.booking;
                self.remember(asker.id, booking.receipt_no, message).await?;
                Ok(status::shown(self, &booking))
            }
            Err(DeskError::Refused(refusal)) => Ok(self.start_over(asker, &refusal)),
            Err(DeskError::Store(error)) => Err(error.into()),
        }
    }

    async fn cancel(&self, asker: &Asker, receipt_no: ReceiptNo) -> Result<Shown, DeskError> {
        let Some(held) = self.own(asker, receipt_no).await? else {
            return Ok(Self::stale(asker));
        };
        match self.desk.act(receipt_no, Command::CancelByGuest).await {
            Ok(held) => Ok(status::shown(self, &held.booking)),
            // It is as the refusal says, and the message shows that.
            Err(DeskError::Refused(_)) => {
                let now =
                    self.desk.held(receipt_no).await.map_or(held.booking, |held| held.booking);
                Ok(status::shown(self, &now))
            }
            Err(error) => Err(error),
        }
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

    async fn name_of(&self, asker: &Asker, named: &Named) -> Result<Option<GuestName>, StoreError> {
        match named {
            Named::AsOnTelegram => Ok(asker.name.clone()),
            Named::Kept(key) => {
                let kept = self.desk.memo(&name_memo(key)).await?;
                Ok(kept.and_then(|name| GuestName::parse(&name).ok()))
            }
        }
    }

    async fn keep_name(&self, name: &GuestName) -> Result<Named, StoreError> {
        let key: String = fresh_secret().chars().take(NAME_KEY_CHARS).collect();
        self.desk.keep_memo(&name_memo(&key), name.as_str().to_owned(), NAME_LIFE).await?;
        Ok(Named::Kept(key))
    }

    async fn await_name(&self, asker: &Asker, what: &str) -> Result<(), StoreError> {
        self.desk.keep_memo(&typing_memo(asker), what.to_owned(), TYPING).await
    }

    async fn stop_typing(&self, asker: &Asker) -> Result<(), StoreError> {
        if self.desk.memo(&typing_memo(asker)).await?.is_some_and(|memo| !memo.is_empty()) {
            self.await_name(asker, "").await?;
        }
        Ok(())
    }

    // ── which messages show which bookings ──────────────────────────────────────────────────

    /// Sends a fresh status message, which is the one that is kept up to date from now on.
    pub(super) async fn show_anew(&self, id: i64, booking: &Booking) -> Result<(), DeskError> {
        use super::{Call, Reader};
        let call = Call::Send(status::shown(self, booking));
        // Waits for its turn at Telegram, but never for long: what fails is asked for again.
        if let Ok(message) = self.outbox.send(id, Reader::Waiting, call).await {
            self.remember(id, booking.receipt_no, message).await?;
        }
        Ok(())
    }

    /// Notes which message shows a booking.
    pub(super) async fn remember(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
        message: i32,
    ) -> Result<(), StoreError> {
        let mut known = self.messages(id).await?;
        known.retain(|(no, _)| *no != receipt_no);
        known.push((receipt_no, message));
        let surplus = known.len().saturating_sub(REMEMBERED);
        let lines = known.iter().skip(surplus).map(|(no, message)| format!("{no} {message}"));
        let text = lines.collect::<Vec<_>>().join("\n");
        self.desk.keep_memo(&messages_memo(id), text, MESSAGES_LIFE).await
    }

    async fn messages(&self, id: i64) -> Result<Vec<(ReceiptNo, i32)>, StoreError> {
        let known = self.desk.memo(&messages_memo(id)).await?.unwrap_or_default();
        let read = |line: &str| {
            let (receipt_no, message) = line.split_once(' ')?;
            Some((ReceiptNo::parse(receipt_no).ok()?, message.parse().ok()?))
        };
        Ok(known.lines().filter_map(read).collect())
    }

    /// The message that shows a booking.
    pub(super) async fn message_of(
        &self,
        id: i64,
        receipt_no: ReceiptNo,
    ) -> Result<Option<i32>, StoreError> {
        let known = self.messages(id).await?;
        Ok(known.into_iter().find(|(no, _)| *no == receipt_no).map(|(_, message)| message))
    }

    /// The bookings of a guest that are remembered, with their messages, oldest first.
    pub(super) async fn bookings_of(&self, id: i64) -> Result<Vec<(Held, i32)>, StoreError> {
        let known = self.messages(id).await?;
        let receipt_nos: Vec<ReceiptNo> = known.iter().map(|(no, _)| *no).collect();
        if receipt_nos.is_empty() {
            return Ok(Vec::new());
        }
        let held = self.desk.held_many(&receipt_nos).await?;
        let with = |(no, message): &(ReceiptNo, i32)| {
            let held = held.iter().find(|held| held.booking.receipt_no == *no)?;
            Some((held.clone(), *message))
        };
        Ok(known.iter().filter_map(with).collect())
    }

    async fn running_of(&self, id: i64) -> Result<Vec<Held>, StoreError> {
        let all = self.bookings_of(id).await?;
        Ok(all.into_iter().map(|(held, _)| held).filter(|held| held.booking.is_pending()).collect())
    }
}

fn ask_cancel(booking: &Booking) -> Shown {
    let language = booking.guest.language;
    let button = |label: GuestLabel, tap: GuestTap| {
        vec![Button::tap(words::guest_label(language, label), Tap::Guest(tap))]
    };
    Shown::text(words::really_cancel(booking)).with(vec![
        button(GuestLabel::ReallyCancel, GuestTap::Cancel(booking.receipt_no)),
        button(GuestLabel::Keep, GuestTap::Keep(booking.receipt_no)),
    ])
}

fn typing_memo(asker: &Asker) -> String {
    format!("telegram.typing:{}", asker.chat)
}

fn name_memo(key: &str) -> String {
    format!("telegram.name:{key}")
}

fn messages_memo(id: i64) -> String {
    format!("telegram.messages:{id}")
}
