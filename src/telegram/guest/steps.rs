//! The buttons for guests, above all the steps to a booking. Each step edits the same message. The
//! choices so far are in the data of its buttons; they are not stored.

use chrono::{Days, NaiveDate};

use super::{GuestConversation, ask_cancel};
use crate::domain::{Command, Contact, Guest, Refusal, RoomCode, RoomType, Rupiah, TelegramId};
use crate::service::{BookRequest, ServiceError};
use crate::telegram::callback::{CallbackData, GuestCallback, NameSource, StayDraft};
use crate::telegram::transport::call::{Button, MessageContent};
use crate::telegram::user::BotUser;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Number of dates on one page.
const DATES: u32 = 7;
/// Number of choices for the nights on one page.
const NIGHTS: u32 = 7;

impl GuestConversation {
    /// Handles a tapped button for guests.
    pub(in crate::telegram) async fn handle_callback(
        &self,
        user: &BotUser,
        message: i32,
        callback: GuestCallback,
    ) -> Result<(), ServiceError> {
        if !matches!(callback, GuestCallback::TypeName(_)) {
            self.state.forget_awaited_text(user.chat).await?;
        }
        match callback {
            GuestCallback::Start => self.booking(user, "").await,
            GuestCallback::Mine => self.statuses(user).await,
            GuestCallback::Share(receipt_no) => {
                // A hold that is over needs no position, and would leave the keyboard behind.
                if let Some(tracked) = self.own_booking(user, receipt_no).await?
                    && (!tracked.booking.is_pending() || tracked.booking.arrived_at.is_some())
                {
                    self.status.show_anew(&tracked).await;
                    return Ok(());
                }
                let label = words::guest_label(user.language, GuestLabel::SendOnce).to_owned();
                let content = MessageContent::text(words::how_to_share(user.language));
                let content = self.keyboard.show_with(user.chat, label, content).await?;
                self.queue.reply(user.chat, content).await;
                Ok(())
            }
            GuestCallback::AskCancel(receipt_no) => {
                match self.own_booking(user, receipt_no).await? {
                    Some(tracked) if tracked.booking.is_pending() => {
                        self.queue.edit(user.chat, message, ask_cancel(&tracked.booking)).await;
                    }
                    Some(tracked) => self.status.show_in(message, &tracked).await?,
                    None => self.queue.edit(user.chat, message, Self::stale(user)).await,
                }
                Ok(())
            }
            GuestCallback::Cancel(receipt_no) => {
                self.apply_in(user, message, receipt_no, Command::CancelByGuest).await
            }
            GuestCallback::TakeOffer(receipt_no) => {
                self.apply_in(user, message, receipt_no, Command::TakeOffer).await
            }
            GuestCallback::Wait(room, check_in, nights) => {
                let content = self.wait(user, message, room, check_in, nights).await?;
                self.queue.edit(user.chat, message, content).await;
                Ok(())
            }
            GuestCallback::StopWaiting(place) => self.stop_waiting(user, message, &place).await,
            GuestCallback::Keep(receipt_no) => {
                match self.own_booking(user, receipt_no).await? {
                    Some(tracked) => self.status.show_in(message, &tracked).await?,
                    None => self.queue.edit(user.chat, message, Self::stale(user)).await,
                }
                Ok(())
            }
            GuestCallback::Rooms
            | GuestCallback::Dates(..)
            | GuestCallback::Nights(..)
            | GuestCallback::Name(_)
            | GuestCallback::TypeName(_)
            | GuestCallback::Summary(..)
            | GuestCallback::Book(..) => self.step(user, message, callback).await,
        }
    }

    /// One step to a booking. If the message already shows a booking, it continues to show it: the
    /// guest tapped a button before the message was edited.
    async fn step(
        &self,
        user: &BotUser,
        message: i32,
        callback: GuestCallback,
    ) -> Result<(), ServiceError> {
        if let Some(receipt_no) = self.status.shown_in(user.id, message).await? {
            let tracked = self.service.booking(receipt_no).await?;
            return Ok(self.status.show_in(message, &tracked).await?);
        }
        let content = match callback {
            GuestCallback::Dates(room, from) => self.dates(user, &room, from).await?,
            GuestCallback::Nights(room, day, from) => self.nights(user, &room, day, from).await?,
            GuestCallback::Name(draft) => self.after_nights(user, draft).await?,
            GuestCallback::TypeName(draft) => {
                let back = user.button(GuestLabel::Back, GuestCallback::Name(draft.clone()));
                self.state
                    .await_text(user.chat, &CallbackData::Guest(GuestCallback::TypeName(draft)))
                    .await?;
                MessageContent::text(words::type_name(user.language)).with(vec![back])
            }
            GuestCallback::Summary(draft, name_source) => {
                self.summary(user, draft, name_source).await?
            }
            GuestCallback::Book(draft, name_source, price) => {
                match self.book(user, message, draft, (name_source, price)).await? {
                    Some(content) => content,
                    None => return Ok(()),
                }
            }
            GuestCallback::Rooms
            | GuestCallback::Start
            | GuestCallback::Mine
            | GuestCallback::Share(_)
            | GuestCallback::AskCancel(_)
            | GuestCallback::Cancel(_)
            | GuestCallback::TakeOffer(_)
            | GuestCallback::Wait(..)
            | GuestCallback::StopWaiting(_)
            | GuestCallback::Keep(_) => self.rooms(user).await?,
        };
        self.queue.edit(user.chat, message, content).await;
        Ok(())
    }

    /// The choice of the room type, with the number of free rooms unless a date is chosen next.
    pub(in crate::telegram) async fn rooms(
        &self,
        user: &BotUser,
    ) -> Result<MessageContent, ServiceError> {
        let policy = self.service.policy();
        let today = policy.hotel.day_of(self.service.now());
        let is_ahead = policy.booking.advance_days > 0;
        let rooms = self.service.availability(today, 1).await?;
        let row = |room: &RoomType, left: Option<u32>| {
            let code = room.code.clone();
            let callback = if is_ahead {
                GuestCallback::Dates(code, 0)
            } else {
                GuestCallback::Nights(code, today, 1)
            };
            vec![Button::callback(
                words::room_label(user.language, room, left),
                CallbackData::Guest(callback),
            )]
        };
        if is_ahead {
            let rows = rooms.iter().map(|left| row(&left.room, None)).collect();
            return Ok(MessageContent::text(words::choose_room(user.language, &[])).with(rows));
        }
        let (free, sold_out): (Vec<_>, Vec<_>) = rooms.iter().partition(|left| left.available > 0);
        if free.is_empty() {
            let rows = vec![
                user.button(GuestLabel::Wait, GuestCallback::Wait(None, today, 1)),
                user.button(GuestLabel::LookAgain, GuestCallback::Rooms),
            ];
            return Ok(MessageContent::text(words::nothing_left(user.language)).with(rows));
        }
        let sold_out: Vec<_> = sold_out.iter().map(|left| &left.room).collect();
        let html = words::choose_room(user.language, &sold_out);
        let wait = |room: &&RoomType| {
            let callback = GuestCallback::Wait(Some(room.code.clone()), today, 1);
            let label = words::wait_label(user.language, room);
            vec![Button::callback(label, CallbackData::Guest(callback))]
        };
        let free = free.iter().map(|left| row(&left.room, Some(left.available)));
        let rows = free.chain(sold_out.iter().map(wait)).collect();
        Ok(MessageContent::text(html).with(rows))
    }

    /// One page of the choice of the check-in date, without days that are sold out.
    async fn dates(
        &self,
        user: &BotUser,
        room: &RoomCode,
        from: u32,
    ) -> Result<MessageContent, ServiceError> {
        let policy = self.service.policy();
        let Some(room_type) = policy.room(room) else { return Ok(Self::stale(user)) };
        let today = policy.hotel.day_of(self.service.now());
        let last = policy.booking.advance_days;
        let to = last.min(from.saturating_add(DATES - 1));
        let Some(first) = today.checked_add_days(Days::new(from.into())).filter(|_| from <= last)
        else {
            return Ok(Self::stale(user));
        };
        let left = self.service.left_each_night(room_type, first, to - from + 1).await?;
        let (free, sold_out): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, left)| *left > 0);
        let row = |(day, _): &(NaiveDate, u32)| {
            let label = words::date_label(user.language, *day, today);
            vec![Button::callback(
                label,
                CallbackData::Guest(GuestCallback::Nights(room.clone(), *day, 1)),
            )]
        };
        let mut rows: Vec<_> = free.iter().map(row).collect();
        if to < last {
            rows.push(user.button(GuestLabel::More, GuestCallback::Dates(room.clone(), to + 1)));
        }
        let back = match from.checked_sub(DATES) {
            Some(before) => GuestCallback::Dates(room.clone(), before),
            None => GuestCallback::Rooms,
        };
        rows.push(user.button(GuestLabel::Back, back));
        let sold_out: Vec<NaiveDate> = sold_out.into_iter().map(|(day, _)| day).collect();
        let html = words::choose_date(user.language, &room_type.name, &sold_out);
        Ok(MessageContent::text(html).with(rows))
    }

    /// One page of the choice of the number of nights, as far as a room is free on each of them.
    async fn nights(
        &self,
        user: &BotUser,
        room: &RoomCode,
        day: NaiveDate,
        from: u32,
    ) -> Result<MessageContent, ServiceError> {
        let policy = self.service.policy();
        let today = policy.hotel.day_of(self.service.now());
        let Some(room_type) = policy.room(room).filter(|_| day >= today) else {
            return Ok(Self::stale(user));
        };
        let last = policy.booking.max_nights.min(from.saturating_add(NIGHTS - 1));
        let left = self.service.left_each_night(room_type, day, last).await?;
        let full_from = left.iter().find(|(_, left)| *left == 0).map(|(night, _)| *night);
        let free = left.iter().take_while(|(_, left)| *left > 0).count();
        let to = last.min(u32::try_from(free).unwrap_or(u32::MAX));
        let row = |nights: u32| {
            let price = room_type.price.for_nights(nights)?;
            let label = words::nights_label(user.language, nights, price);
            let draft = StayDraft { room: room.clone(), check_in: day, nights };
            Some(vec![Button::callback(label, CallbackData::Guest(GuestCallback::Name(draft)))])
        };
        let mut rows: Vec<_> = (from..=to).filter_map(row).collect();
        if full_from.is_none() && last < policy.booking.max_nights {
            let callback = GuestCallback::Nights(room.clone(), day, last + 1);
            rows.push(user.button(GuestLabel::More, callback));
        }
        let back = match from.checked_sub(NIGHTS) {
            Some(before) if before > 0 => GuestCallback::Nights(room.clone(), day, before),
            _ if policy.booking.advance_days > 0 => GuestCallback::Dates(room.clone(), 0),
            _ => GuestCallback::Rooms,
        };
        rows.push(user.button(GuestLabel::Back, back));
        let html = words::choose_nights(user.language, &room_type.name, day, full_from);
        Ok(MessageContent::text(html).with(rows))
    }

    /// The summary if a name was given with `/booking`, otherwise the choice of the name.
    async fn after_nights(
        &self,
        user: &BotUser,
        draft: StayDraft,
    ) -> Result<MessageContent, ServiceError> {
        match self.state.given_name(user.chat).await? {
            Some(name) => {
                let name_source = self.state.put_name(&name).await?;
                self.summary(user, draft, name_source).await
            }
            None => Ok(Self::names(user, draft)),
        }
    }

    /// The choice of the name: the name on Telegram, or another name that the guest types.
    pub(in crate::telegram) fn names(user: &BotUser, draft: StayDraft) -> MessageContent {
        let own = user.name.as_ref().map(|name| {
            let label = words::short(name.as_str(), 40);
            let callback = GuestCallback::Summary(draft.clone(), NameSource::Telegram);
            vec![Button::callback(label, CallbackData::Guest(callback))]
        });
        let back = GuestCallback::Nights(draft.room.clone(), draft.check_in, 1);
        let back = user.button(GuestLabel::Back, back);
        let other = user.button(GuestLabel::OtherName, GuestCallback::TypeName(draft));
        let rows = own.into_iter().chain([other, back]).collect();
        MessageContent::text(words::choose_name(user.language)).with(rows)
    }

    /// The summary of what will be booked.
    pub(in crate::telegram) async fn summary(
        &self,
        user: &BotUser,
        draft: StayDraft,
        name_source: NameSource,
    ) -> Result<MessageContent, ServiceError> {
        let policy = self.service.policy();
        let now = self.service.now();
        let Some(name) = self.name_of(user, &name_source).await? else {
            return Ok(Self::stale(user));
        };
        let stay = match policy.stay(&draft.room, draft.check_in, draft.nights, now) {
            Ok(stay) => stay,
            Err(refusal) => return Ok(self.start_over(user, &refusal, None)),
        };
        let until = policy.hold_end(stay.check_in, now);
        let html = words::summary(user.language, name.as_str(), &stay, (now, until), &policy.hotel);
        let nights = GuestCallback::Nights(draft.room.clone(), draft.check_in, 1);
        let changes = [
            user.button(GuestLabel::ChangeRoom, GuestCallback::Rooms),
            user.button(GuestLabel::ChangeNights, nights),
            user.button(GuestLabel::ChangeName, GuestCallback::TypeName(draft.clone())),
        ]
        .concat();
        let rows = vec![
            user.button(
                GuestLabel::Book,
                GuestCallback::Book(draft, name_source, Some(stay.price)),
            ),
            changes,
        ];
        Ok(MessageContent::text(html).with(rows))
    }

    /// The summary of the likeliest stay: the cheapest type with a room tonight, one night, the name
    /// that was given or that of the Telegram account. `None` without a room or a name.
    pub(super) async fn likeliest(
        &self,
        user: &BotUser,
    ) -> Result<Option<MessageContent>, ServiceError> {
        let check_in = self.service.policy().hotel.day_of(self.service.now());
        let rooms = self.service.availability(check_in, 1).await?;
        let free = rooms.iter().filter(|left| left.available > 0);
        let Some(cheapest) = free.min_by_key(|left| left.room.price.0) else { return Ok(None) };
        let name_source = match self.state.given_name(user.chat).await? {
            Some(name) => self.state.put_name(&name).await?,
            None if user.name.is_some() => NameSource::Telegram,
            None => return Ok(None),
        };
        let draft = StayDraft { room: cheapest.room.code.clone(), check_in, nights: 1 };
        self.summary(user, draft, name_source).await.map(Some)
    }

    /// A refusal, with buttons for what the guest can do next. A guest who finds the draft of a stay
    /// sold out may wait for it.
    pub(super) fn start_over(
        &self,
        user: &BotUser,
        refusal: &Refusal,
        draft: Option<&StayDraft>,
    ) -> MessageContent {
        let mut rows = vec![user.button(GuestLabel::StartOver, GuestCallback::Rooms)];
        if matches!(refusal, Refusal::TooManyHolds { .. }) {
            rows.insert(0, user.button(GuestLabel::MyBookings, GuestCallback::Mine));
        }
        if let (Refusal::SoldOut { .. }, Some(StayDraft { room, check_in, nights })) =
            (refusal, draft)
        {
            let wait = GuestCallback::Wait(Some(room.clone()), *check_in, *nights);
            rows.insert(0, user.button(GuestLabel::Wait, wait));
        }
        MessageContent::text(self.refusal_html(user, refusal)).with(rows)
    }

    /// Books. The id of the request is made of the chat and the message, so a second tap on the
    /// same message books nothing more. Returns the new content of the message if nothing was
    /// booked, and `None` if it already shows the booking.
    async fn book(
        &self,
        user: &BotUser,
        message: i32,
        draft: StayDraft,
        (name_source, expected_price): (NameSource, Option<Rupiah>),
    ) -> Result<Option<MessageContent>, ServiceError> {
        let Some(name) = self.name_of(user, &name_source).await? else {
            return Ok(Some(Self::stale(user)));
        };
        let contact = Contact::Telegram(TelegramId(user.id));
        let request = BookRequest {
            request_id: self.links.secret_of(&format!("telegram:{}:{message}", user.chat)),
            guest: Guest { name, contact, language: user.language },
            room: draft.room.clone(),
            check_in: draft.check_in,
            nights: draft.nights,
            expected_price,
            position: None,
            origin: None,
        };
        match self.service.book(request).await {
            Ok(booked) => {
                self.status.show_in(message, &booked.tracked).await?;
                self.send_venue(user).await;
                self.state.put_given_name(user.chat, None).await?;
                Ok(None)
            }
            Err(ServiceError::Refused(refusal @ Refusal::PriceChanged { .. })) => {
                let mut summary = self.summary(user, draft, name_source).await?;
                summary.html = format!("{}\n\n{}", self.refusal_html(user, &refusal), summary.html);
                Ok(Some(summary))
            }
            Err(ServiceError::Refused(refusal)) => {
                Ok(Some(self.start_over(user, &refusal, Some(&draft))))
            }
            Err(ServiceError::Store(error)) => Err(error.into()),
        }
    }
}
