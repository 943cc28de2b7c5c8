//! The front office's commands for guests at the desk and for the night's figures: walk-ins, who owes
//! an amount, and the summary of a day.

use chrono::NaiveDate;

use super::StaffConversation;
use crate::domain::{
    Contact, Field, Guest, GuestName, InputError, Language, Refusal, RoomType, Rupiah,
    TrackedBooking, ids,
};
use crate::service::{BookRequest, ServiceError};
use crate::telegram::callback::{CallbackData, NameSource, StaffCallback, WalkInCallback};
use crate::telegram::refusal_html;
use crate::telegram::transport::call::{Button, MessageContent};
use crate::telegram::user::BotUser;
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// The most bookings in the list of who owes an amount.
const MAX_LISTED: usize = 20;

impl StaffConversation {
    /// `/tamu TYPE NIGHTS NAME`: shows what would be booked, with a button for each way to pay.
    pub(super) async fn walk_in(&self, user: &BotUser, typed: &str) -> Result<(), ServiceError> {
        let content = match self.read_walk_in(user.language, typed).await? {
            Ok((room, nights, name)) => self.walk_in_question(user, &room, nights, &name).await?,
            Err(html) => MessageContent::text(html),
        };
        self.queue.reply(user.place(), content).await;
        Ok(())
    }

    /// What was typed after `/tamu`, or the reply that says how to type it.
    async fn read_walk_in(
        &self,
        language: Language,
        typed: &str,
    ) -> Result<Result<(RoomType, u32, GuestName), String>, ServiceError> {
        let policy = self.service.policy();
        let mut parts = typed.splitn(3, char::is_whitespace).map(str::trim);
        let (code, nights, name) = (parts.next(), parts.next(), parts.next());
        let is_it = |room: &&RoomType| {
            code.is_some_and(|code| room.code.as_str().eq_ignore_ascii_case(code))
        };
        let room = policy.rooms.iter().find(is_it);
        let nights = nights.and_then(|nights| nights.parse::<u32>().ok());
        let (Some(room), Some(nights), Some(name)) = (room, nights, name) else {
            let today = policy.hotel.day_of(self.service.now());
            let left = self.service.availability(today, 1).await?;
            let left: Vec<_> =
                left.iter().map(|left| (left.room.code.as_str(), left.available)).collect();
            return Ok(Err(words::walk_in_usage(language, &left)));
        };
        match GuestName::parse(name) {
            Ok(name) => Ok(Ok((room.clone(), nights, name))),
            Err(error) => {
                let error = InputError::of_id(error, ids::MAX_NAME_CHARS);
                let refusal = Refusal::InvalidInput { field: Field::GuestName, error };
                Ok(Err(refusal_html(language, &refusal, &policy.hotel)))
            }
        }
    }

    async fn walk_in_question(
        &self,
        user: &BotUser,
        room: &RoomType,
        nights: u32,
        name: &GuestName,
    ) -> Result<MessageContent, ServiceError> {
        let policy = self.service.policy();
        let today = policy.hotel.day_of(self.service.now());
        let stay = match policy.stay(&room.code, today, nights, self.service.now()) {
            Ok(stay) => stay,
            Err(refusal) => {
                let html = refusal_html(user.language, &refusal, &policy.hotel);
                return Ok(MessageContent::text(html));
            }
        };
        let NameSource::Stored(name_key) = self.state.put_name(name).await? else {
            return Ok(MessageContent::text(words::stale(user.language)));
        };
        let html = words::walk_in_question(user.language, name.as_str(), &stay);
        let button = |label, is_paid| {
            let (room, name_key) = (room.code.clone(), name_key.clone());
            let callback = WalkInCallback { room, nights, name_key, is_paid };
            let label = words::staff_label(user.language, label);
            Button::callback(label, CallbackData::WalkIn(callback))
        };
        let row = vec![button(StaffLabel::Unpaid, false), button(StaffLabel::PaidToday, true)];
        Ok(MessageContent::text(html).with(vec![row]))
    }

    /// Books for a walk-in, and shows the card of the booking in place of the question. The message
    /// is the request, so a second tap books nothing. Returns the line to show to the user, if any.
    pub(in crate::telegram) async fn book_walk_in(
        &self,
        user: &BotUser,
        message: i32,
        callback: WalkInCallback,
    ) -> Result<Option<String>, ServiceError> {
        let language = user.language;
        let Some(member) = self.staff.member(user.id) else {
            return Ok(Some(words::not_for_you(language).to_owned()));
        };
        let WalkInCallback { room, nights, name_key, is_paid } = callback;
        let Some(name) = self.state.name(&name_key).await? else {
            return Ok(Some(words::stale(language).to_owned()));
        };
        let policy = self.service.policy();
        let request = BookRequest {
            request_id: self.links.secret_of(&format!("desk:{}:{message}", user.chat)),
            guest: Guest { name, contact: Contact::Desk, language },
            room,
            check_in: policy.hotel.day_of(self.service.now()),
            nights,
            expected_price: None,
            position: None,
            origin: None,
        };
        let booked = self.service.book_at_desk(request, is_paid, member.name.clone()).await?;
        let card = StaffCallback::Card(booked.booking.receipt_no);
        let content = self.staff_view(language, card).await?;
        self.queue.edit(user.chat, message, content).await;
        Ok(None)
    }

    /// `/cek_pembayaran AMOUNT`: who owes exactly this, guests at the desk first.
    pub(super) async fn who_owes(&self, user: &BotUser, price: Rupiah) -> Result<(), ServiceError> {
        let mut owing = self.dashboards.pending().await?;
        owing.retain(|tracked| tracked.booking.stay.price == price);
        // A guest at the desk first; then who arrived or ends first.
        owing.sort_by_key(|tracked: &TrackedBooking| {
            let booking = &tracked.booking;
            (booking.arrived_at.is_none(), booking.arrived_at.unwrap_or(booking.hold.until))
        });
        let (now, policy) = (self.service.now(), self.service.policy());
        let shown = owing.iter().take(MAX_LISTED);
        let lines: Vec<String> =
            shown.clone().map(|tracked| words::line(user.language, tracked, now, policy)).collect();
        let row = |tracked: &TrackedBooking| {
            let booking = &tracked.booking;
            let name = words::short(booking.guest.name.as_str(), 24);
            let callback = CallbackData::Staff(StaffCallback::Card(booking.receipt_no));
            vec![Button::callback(format!("{} · {name}", booking.receipt_no), callback)]
        };
        let html = words::who_owes(user.language, price, &lines, owing.len());
        let content = MessageContent::text(html).with(shown.map(row).collect());
        self.queue.reply(user.place(), content).await;
        Ok(())
    }

    /// `/laporan [DATE]`: the summary of a hotel day, today's without a date.
    pub(super) async fn report(&self, user: &BotUser, typed: &str) -> Result<(), ServiceError> {
        let today = self.service.policy().hotel.day_of(self.service.now());
        let day = match typed {
            "" => Some(today),
            typed => NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok(),
        };
        let html = match day {
            Some(day) => {
                let report = self.service.day_report(day).await?;
                words::day_report(user.language, &report.summary, report.undelivered)
            }
            None => words::report_usage(user.language, today),
        };
        self.queue.reply(user.place(), MessageContent::text(html)).await;
        Ok(())
    }
}
