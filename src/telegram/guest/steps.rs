//! The way to a booking: each step is the same message with other buttons, and the buttons carry
//! the state.

use chrono::{Days, NaiveDate};

use super::super::Lobby;
use super::super::api::{Button, Keyboard, Shown};
use super::super::callback::{GuestTap, Named, Tap, Wish};
use super::{Asker, ask_cancel};
use crate::desk::{BookRequest, DeskError};
use crate::domain::{Contact, Guest, Refusal, RoomCode, RoomType, TelegramId};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Dates shown at once.
const DATES: u32 = 7;
/// Numbers of nights shown at once.
const NIGHTS: u32 = 7;

impl Lobby {
    /// A guest tapped a button of a message.
    pub(in crate::telegram) async fn guest_tap(
        &self,
        asker: &Asker,
        message: i32,
        tap: GuestTap,
    ) -> Result<(), DeskError> {
        if !matches!(tap, GuestTap::TypeName(_)) {
            self.stop_typing(asker).await?;
        }
        match tap {
            GuestTap::Start => self.booking(asker, "").await,
            GuestTap::Mine => self.statuses(asker).await,
            GuestTap::Share(_) => {
                let label = words::guest_label(asker.language, GuestLabel::SendOnce).to_owned();
                let shown = Shown::text(words::how_to_share(asker.language));
                let keyboard = Keyboard::AskPosition(label);
                self.say(asker.chat, Shown { keyboard, ..shown }).await;
                Ok(())
            }
            GuestTap::AskCancel(receipt_no) => {
                match self.own(asker, receipt_no).await? {
                    Some(held) if held.booking.is_pending() => {
                        self.show(asker.chat, message, ask_cancel(&held.booking)).await;
                    }
                    Some(held) => self.show_in(message, &held).await?,
                    None => self.show(asker.chat, message, Self::stale(asker)).await,
                }
                Ok(())
            }
            GuestTap::Cancel(receipt_no) => self.cancel(asker, message, receipt_no).await,
            GuestTap::Keep(receipt_no) => {
                match self.own(asker, receipt_no).await? {
                    Some(held) => self.show_in(message, &held).await?,
                    None => self.show(asker.chat, message, Self::stale(asker)).await,
                }
                Ok(())
            }
            GuestTap::Rooms
            | GuestTap::Dates(..)
            | GuestTap::Nights(..)
            | GuestTap::Name(_)
            | GuestTap::TypeName(_)
            | GuestTap::Summary(..)
            | GuestTap::Book(..) => self.step(asker, message, tap).await,
        }
    }

    /// One step on the way to a booking. A message that shows a booking already goes on doing so,
    /// whatever was tapped on it before that was seen.
    async fn step(&self, asker: &Asker, message: i32, tap: GuestTap) -> Result<(), DeskError> {
        if let Some(receipt_no) = self.shown_in(asker.id, message).await? {
            let held = self.desk.held(receipt_no).await?;
            return Ok(self.show_in(message, &held).await?);
        }
        let shown = match tap {
            GuestTap::Dates(room, from) => self.dates(asker, &room, from).await?,
            GuestTap::Nights(room, day, from) => self.nights(asker, &room, day, from).await?,
            GuestTap::Name(wish) => self.after_nights(asker, wish).await?,
            GuestTap::TypeName(wish) => {
                let back = asker.button(GuestLabel::Back, GuestTap::Name(wish.clone()));
                self.await_typing(asker, &Tap::Guest(GuestTap::TypeName(wish))).await?;
                Shown::text(words::type_name(asker.language)).with(vec![back])
            }
            GuestTap::Summary(wish, named) => self.summary(asker, wish, named).await?,
            GuestTap::Book(wish, named) => match self.book(asker, message, wish, named).await? {
                Some(shown) => shown,
                None => return Ok(()),
            },
            GuestTap::Rooms
            | GuestTap::Start
            | GuestTap::Mine
            | GuestTap::Share(_)
            | GuestTap::AskCancel(_)
            | GuestTap::Cancel(_)
            | GuestTap::Keep(_) => self.rooms(asker).await?,
        };
        self.show(asker.chat, message, shown).await;
        Ok(())
    }

    /// The choice of room types. Where dates are chosen next, what is left is said there.
    pub(in crate::telegram) async fn rooms(&self, asker: &Asker) -> Result<Shown, DeskError> {
        let policy = self.desk.policy();
        let today = policy.hotel.day_of(self.desk.now());
        let is_ahead = policy.booking.advance_days > 0;
        let rooms = self.desk.availability(today, 1).await?;
        let row = |room: &RoomType, left: Option<u32>| {
            let code = room.code.clone();
            let tap =
                if is_ahead { GuestTap::Dates(code, 0) } else { GuestTap::Nights(code, today, 1) };
            vec![Button::tap(words::room_label(asker.language, room, left), Tap::Guest(tap))]
        };
        if is_ahead {
            let rows = rooms.iter().map(|left| row(&left.room, None)).collect();
            return Ok(Shown::text(words::choose_room(asker.language, &[])).with(rows));
        }
        let (free, sold_out): (Vec<_>, Vec<_>) = rooms.iter().partition(|left| left.available > 0);
        if free.is_empty() {
            let again = asker.button(GuestLabel::LookAgain, GuestTap::Rooms);
            return Ok(Shown::text(words::nothing_left(asker.language)).with(vec![again]));
        }
        let sold_out: Vec<_> = sold_out.iter().map(|left| &left.room).collect();
        let html = words::choose_room(asker.language, &sold_out);
        let rows = free.iter().map(|left| row(&left.room, Some(left.available))).collect();
        Ok(Shown::text(html).with(rows))
    }

    /// The choice of the date: a page of days, those that are sold out left out.
    async fn dates(&self, asker: &Asker, room: &RoomCode, from: u32) -> Result<Shown, DeskError> {
        let policy = self.desk.policy();
        let Some(room_type) = policy.room(room) else { return Ok(Self::stale(asker)) };
        let today = policy.hotel.day_of(self.desk.now());
        let last = policy.booking.advance_days;
        let to = last.min(from.saturating_add(DATES - 1));
        let Some(first) = today.checked_add_days(Days::new(from.into())).filter(|_| from <= last)
        else {
            return Ok(Self::stale(asker));
        };
        let left = self.desk.left_each_night(room_type, first, to - from + 1).await?;
        let (free, sold_out): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, left)| *left > 0);
        let row = |(day, _): &(NaiveDate, u32)| {
            let label = words::date_label(asker.language, *day, today);
            vec![Button::tap(label, Tap::Guest(GuestTap::Nights(room.clone(), *day, 1)))]
        };
        let mut rows: Vec<_> = free.iter().map(row).collect();
        if to < last {
            rows.push(asker.button(GuestLabel::More, GuestTap::Dates(room.clone(), to + 1)));
        }
        let back = match from.checked_sub(DATES) {
            Some(before) => GuestTap::Dates(room.clone(), before),
            None => GuestTap::Rooms,
        };
        rows.push(asker.button(GuestLabel::Back, back));
        let sold_out: Vec<NaiveDate> = sold_out.into_iter().map(|(day, _)| day).collect();
        let html = words::choose_date(asker.language, &room_type.name, &sold_out);
        Ok(Shown::text(html).with(rows))
    }

    /// The choice of the nights: as many as are free in a row.
    async fn nights(
        &self,
        asker: &Asker,
        room: &RoomCode,
        day: NaiveDate,
        from: u32,
    ) -> Result<Shown, DeskError> {
        let policy = self.desk.policy();
        let today = policy.hotel.day_of(self.desk.now());
        let Some(room_type) = policy.room(room).filter(|_| day >= today) else {
            return Ok(Self::stale(asker));
        };
        let last = policy.booking.max_nights.min(from.saturating_add(NIGHTS - 1));
        let left = self.desk.left_each_night(room_type, day, last).await?;
        let full_from = left.iter().find(|(_, left)| *left == 0).map(|(night, _)| *night);
        let free = left.iter().take_while(|(_, left)| *left > 0).count();
        let to = last.min(u32::try_from(free).unwrap_or(u32::MAX));
        let row = |nights: u32| {
            let price = room_type.price.for_nights(nights)?;
            let label = words::nights_label(asker.language, nights, price);
            let wish = Wish { room: room.clone(), check_in: day, nights };
            Some(vec![Button::tap(label, Tap::Guest(GuestTap::Name(wish)))])
        };
        let mut rows: Vec<_> = (from..=to).filter_map(row).collect();
        if full_from.is_none() && last < policy.booking.max_nights {
            let tap = GuestTap::Nights(room.clone(), day, last + 1);
            rows.push(asker.button(GuestLabel::More, tap));
        }
        let back = match from.checked_sub(NIGHTS) {
            Some(before) if before > 0 => GuestTap::Nights(room.clone(), day, before),
            _ if policy.booking.advance_days > 0 => GuestTap::Dates(room.clone(), 0),
            _ => GuestTap::Rooms,
        };
        rows.push(asker.button(GuestLabel::Back, back));
        let html = words::choose_nights(asker.language, &room_type.name, day, full_from);
        Ok(Shown::text(html).with(rows))
    }

    /// The name that came with `/booking`, else the choice of it.
    async fn after_nights(&self, asker: &Asker, wish: Wish) -> Result<Shown, DeskError> {
        match self.brought_name(asker).await? {
            Some(name) => {
                let named = self.keep_name(&name).await?;
                self.summary(asker, wish, named).await
            }
            None => Ok(Self::names(asker, wish)),
        }
    }

    /// The choice of the name: the one on Telegram by one tap, or another to be typed.
    pub(in crate::telegram) fn names(asker: &Asker, wish: Wish) -> Shown {
        let own = asker.name.as_ref().map(|name| {
            let label = words::short(name.as_str(), 40);
            let tap = GuestTap::Summary(wish.clone(), Named::AsOnTelegram);
            vec![Button::tap(label, Tap::Guest(tap))]
        });
        let back = GuestTap::Nights(wish.room.clone(), wish.check_in, 1);
        let back = asker.button(GuestLabel::Back, back);
        let other = asker.button(GuestLabel::OtherName, GuestTap::TypeName(wish));
        let rows = own.into_iter().chain([other, back]).collect();
        Shown::text(words::choose_name(asker.language)).with(rows)
    }

    /// What will be booked, before it is.
    pub(in crate::telegram) async fn summary(
        &self,
        asker: &Asker,
        wish: Wish,
        named: Named,
    ) -> Result<Shown, DeskError> {
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
        let html =
            words::summary(asker.language, name.as_str(), &stay, (now, until), &policy.hotel);
        let rows = vec![
            asker.button(GuestLabel::Book, GuestTap::Book(wish, named)),
            asker.button(GuestLabel::StartOver, GuestTap::Rooms),
        ];
        Ok(Shown::text(html).with(rows))
    }

    /// A refusal, with what can be done about it.
    fn start_over(&self, asker: &Asker, refusal: &Refusal) -> Shown {
        let mut rows = vec![asker.button(GuestLabel::StartOver, GuestTap::Rooms)];
        if matches!(refusal, Refusal::TooManyHolds { .. }) {
            rows.insert(0, asker.button(GuestLabel::MyBookings, GuestTap::Mine));
        }
        Shown::text(self.refused(asker, refusal)).with(rows)
    }

    /// Books, once for each summary: the request is named by chat and message. Answers what the
    /// message shows if nothing was booked; else it shows the booking already.
    async fn book(
        &self,
        asker: &Asker,
        message: i32,
        wish: Wish,
        named: Named,
    ) -> Result<Option<Shown>, DeskError> {
        let Some(name) = self.name_of(asker, &named).await? else {
            return Ok(Some(Self::stale(asker)));
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
                self.show_in(message, &booked.held).await?;
                self.bring_name(asker, None).await?;
                Ok(None)
            }
            Err(DeskError::Refused(refusal)) => Ok(Some(self.start_over(asker, &refusal))),
            Err(DeskError::Store(error)) => Err(error.into()),
        }
    }
}
