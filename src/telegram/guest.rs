//! The conversation with guests: their commands, the text that they type, and how they see and
//! cancel their bookings. The buttons that lead to a booking are in `steps`, and shared positions
//! in [`location`].

mod free_text;
pub(super) mod location;
mod steps;
mod waiting;

use std::sync::Arc;

use url::Url;

use super::buttons::guest_button;
use super::callback::{CallbackData, GuestCallback, NameSource, StayDraft};
use super::living_messages::LivingMessages;
use super::location_keyboard::LocationKeyboard;
use super::state::BotState;
use super::status::StatusMessages;
use super::transport::call::{Button, ButtonAction, Call, Keyboard, MessageContent, VenueContent};
use super::transport::{Priority, SendQueue};
use super::user::BotUser;
use super::{BotParts, StaffList, refusal_html};
use crate::auth::LinkKey;
use crate::domain::{
    Booking, Command, Contact, Field, GuestName, InputError, ReceiptNo, Refusal, TelegramId,
    TrackedBooking, ids,
};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, Filter, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// Maximum number of pending bookings that are read for one guest.
const MAX_RUNNING: usize = 100;

/// The conversation with guests.
pub(super) struct GuestConversation {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    status: Arc<StatusMessages>,
    living: Arc<LivingMessages>,
    keyboard: LocationKeyboard,
    state: BotState,
    queue: SendQueue,
    links: LinkKey,
    staff: StaffList,
    public_url: Option<Url>,
    thinning: location::PositionThinning,
}

impl GuestConversation {
    pub(super) fn new(
        parts: &BotParts,
        links: LinkKey,
        status: Arc<StatusMessages>,
        living: Arc<LivingMessages>,
    ) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            bookings: Arc::clone(&parts.bookings),
            status,
            living,
            keyboard: LocationKeyboard::new(&parts.state),
            state: parts.state.clone(),
            queue: parts.queue.clone(),
            links,
            staff: parts.settings.staff.clone(),
            public_url: parts.settings.public_url.clone(),
            thinning: location::PositionThinning::default(),
        }
    }

    /// The pending bookings of a guest, oldest first.
    async fn running_of(&self, id: i64) -> Result<Vec<TrackedBooking>, StoreError> {
        let filter = Filter {
            status: Some(vec![StatusKind::Pending]),
            contact: Some(Contact::Telegram(TelegramId(id))),
            ..Filter::default()
        };
        let mut running = self.bookings.page(&filter, MAX_RUNNING, None).await?.bookings;
        running.reverse();
        Ok(running)
    }

    /// The name that the data of a button refers to; `None` if there is none or it has expired.
    async fn name_of(
        &self,
        user: &BotUser,
        source: &NameSource,
    ) -> Result<Option<GuestName>, StoreError> {
        match source {
            NameSource::Telegram => Ok(user.name.clone()),
            NameSource::Stored(key) => self.state.name(key).await,
        }
    }

    fn refusal_html(&self, user: &BotUser, refusal: &Refusal) -> String {
        refusal_html(user.language, refusal, &self.service.policy().hotel)
    }

    /// `/start`, alone or with the key of a choice that was made on the web form.
    pub(super) async fn start(&self, user: &BotUser, key: &str) -> Result<(), ServiceError> {
        self.leave_flow(user).await?;
        if !key.is_empty() {
            if let Some(choice) = self.service.handoff(key).await? {
                let draft = StayDraft {
                    room: choice.room,
                    check_in: choice.check_in,
                    nights: choice.nights,
                };
                let content = match choice.name {
                    Some(name) => {
                        let name_source = self.state.put_name(&name).await?;
                        self.summary(user, draft, name_source).await?
                    }
                    None => Self::names(user, draft),
                };
                self.queue.reply(user.chat, content).await;
                return Ok(());
            }
            self.queue
                .reply(user.chat, MessageContent::text(words::choice_is_gone(user.language)))
                .await;
        }
        let policy = self.service.policy();
        let html = words::greeting(user.language, &policy.hotel, policy.hold.duration);
        self.queue.reply(user.chat, MessageContent::text(html).with(self.ways_to_book(user))).await;
        Ok(())
    }

    /// Ends what the guest was asked for before: a name to type, or a position to send.
    async fn leave_flow(&self, user: &BotUser) -> Result<(), StoreError> {
        self.state.forget_awaited_text(user.chat).await?;
        if self.keyboard.take(user.chat).await {
            let line = MessageContent::text(words::keyboard_closed(user.language));
            let content = MessageContent { keyboard: Keyboard::Removed, ..line };
            self.queue.reply(user.chat, content).await;
        }
        Ok(())
    }

    async fn no_booking(&self, user: &BotUser) -> Result<(), ServiceError> {
        let content = MessageContent::text(words::no_booking(user.language));
        self.queue.reply(user.chat, content.with(self.ways_to_book(user))).await;
        Ok(())
    }

    /// The buttons for the ways to book.
    fn ways_to_book(&self, user: &BotUser) -> Vec<Vec<Button>> {
        let mut rows = vec![user.button(GuestLabel::BookHere, GuestCallback::Start)];
        let button = |label, action| {
            vec![Button { label: words::guest_label(user.language, label).to_owned(), action }]
        };
        if let Some(url) = &self.public_url {
            let link = ButtonAction::Url(url.clone());
            if url.scheme() == "https" && user.chat == user.id {
                rows.push(button(GuestLabel::BookOnWeb, ButtonAction::WebApp(url.clone())));
                // Where the Mini App does not open (an old client, a blocked web view), the link does.
                rows.push(button(GuestLabel::FormInBrowser, link));
            } else {
                rows.push(button(GuestLabel::BookOnWeb, link));
            }
        }
        rows
    }

    /// `/booking`, with or without a name.
    pub(super) async fn booking(&self, user: &BotUser, name: &str) -> Result<(), ServiceError> {
        self.leave_flow(user).await?;
        let name = match name {
            "" => None,
            name => match GuestName::parse(name) {
                Ok(name) => Some(name),
                Err(error) => return self.wrong_name(user, error).await,
            },
        };
        self.state.put_given_name(user.chat, name.as_ref()).await?;
        let content = match self.likeliest(user).await? {
            Some(summary) => summary,
            None => self.rooms(user).await?,
        };
        self.queue.reply(user.chat, content).await;
        Ok(())
    }

    /// Replies with the list of commands, for example to an unknown command.
    pub(super) async fn help(&self, user: &BotUser) {
        let role = self.staff.member(user.id).map(|member| member.role);
        let content =
            MessageContent::text(words::help(user.language, role)).with(self.ways_to_book(user));
        self.queue.reply(user.chat, content).await;
    }

    /// `/status`: sends a new status message for each pending booking.
    pub(super) async fn statuses(&self, user: &BotUser) -> Result<(), ServiceError> {
        let running = self.running_of(user.id).await?;
        let contact = Contact::Telegram(TelegramId(user.id));
        let places = self.service.waiting_places_of(&contact).await?;
        if running.is_empty() && places.is_empty() {
            let content = MessageContent::text(words::no_booking(user.language))
                .with(self.ways_to_book(user));
            self.queue.reply(user.chat, content).await;
        }
        for tracked in running {
            self.status.show_anew(&tracked).await;
        }
        for place in &places {
            self.queue.reply(user.chat, self.waiting(user, place)).await;
        }
        Ok(())
    }

    /// `/alamat`: shows the hotel on a map, and how to reach it.
    pub(super) async fn address(&self, user: &BotUser) -> Result<(), ServiceError> {
        self.send_venue(user).await;
        let hotel = &self.service.policy().hotel;
        let content = MessageContent::text(words::address(user.language, hotel));
        self.queue.reply(user.chat, content).await;
        Ok(())
    }

    /// Sends the hotel's place, which apps for navigation open.
    async fn send_venue(&self, user: &BotUser) {
        let hotel = &self.service.policy().hotel;
        let venue = VenueContent {
            position: hotel.position,
            title: hotel.name.clone(),
            address: words::venue_address(user.language, hotel),
        };
        self.queue.post(user.chat, Priority::Interactive, Call::Venue(venue)).await;
    }

    /// `/batal`: asks which booking to cancel if there are several, then for confirmation.
    pub(super) async fn cancelling(&self, user: &BotUser) -> Result<(), ServiceError> {
        let running = self.running_of(user.id).await?;
        let content = match running.as_slice() {
            [] => {
                MessageContent::text(words::no_booking(user.language)).with(self.ways_to_book(user))
            }
            [tracked] => ask_cancel(&tracked.booking),
            several => {
                let row = |tracked: &TrackedBooking| {
                    let Booking { receipt_no, stay, .. } = &tracked.booking;
                    let room = words::short(&stay.room.name, 30);
                    let callback = GuestCallback::AskCancel(*receipt_no);
                    vec![Button::callback(
                        format!("{receipt_no} · {room}"),
                        CallbackData::Guest(callback),
                    )]
                };
                let rows = several.iter().map(row).collect();
                MessageContent::text(words::which_to_cancel(user.language)).with(rows)
            }
        };
        self.queue.reply(user.chat, content).await;
        Ok(())
    }

    /// Handles text that is not a command: it is a name, if the bot waits for one.
    pub(super) async fn typed(&self, user: &BotUser, typed: &str) -> Result<(), ServiceError> {
        let Some(CallbackData::Guest(GuestCallback::TypeName(draft))) =
            self.state.awaited_text(user.chat).await?
        else {
            return self.answer_text(user, typed).await;
        };
        match GuestName::parse(typed) {
            Ok(name) => {
                self.state.forget_awaited_text(user.chat).await?;
                let name_source = self.state.put_name(&name).await?;
                let content = self.summary(user, draft, name_source).await?;
                self.queue.reply(user.chat, content).await;
                Ok(())
            }
            Err(error) => self.wrong_name(user, error).await,
        }
    }

    async fn wrong_name(
        &self,
        user: &BotUser,
        error: ids::ParseIdError,
    ) -> Result<(), ServiceError> {
        let error = InputError::of_id(error, ids::MAX_NAME_CHARS);
        let refusal = Refusal::InvalidInput { field: Field::GuestName, error };
        let content = MessageContent::text(self.refusal_html(user, &refusal));
        self.queue.reply(user.chat, content).await;
        Ok(())
    }

    /// Carries out a guest's command on their booking, and shows its state in the message whose button
    /// was tapped.
    async fn apply_in(
        &self,
        user: &BotUser,
        message: i32,
        receipt_no: ReceiptNo,
        command: Command,
    ) -> Result<(), ServiceError> {
        if self.own_booking(user, receipt_no).await?.is_none() {
            self.queue.edit(user.chat, message, Self::stale(user)).await;
            return Ok(());
        }
        let tracked = match self.service.apply(receipt_no, command).await {
            Ok(tracked) => tracked,
            // The message shows the state that is the reason for the refusal.
            Err(ServiceError::Refused(_)) => self.service.booking(receipt_no).await?,
            Err(error) => return Err(error),
        };
        self.status.show_in(message, &tracked).await?;
        Ok(())
    }

    /// The booking with this receipt number, if it is this guest's.
    async fn own_booking(
        &self,
        user: &BotUser,
        receipt_no: ReceiptNo,
    ) -> Result<Option<TrackedBooking>, ServiceError> {
        let is_own = |tracked: &TrackedBooking| {
            tracked.booking.guest.contact == Contact::Telegram(TelegramId(user.id))
        };
        match self.service.booking(receipt_no).await {
            Ok(tracked) => Ok(Some(tracked).filter(is_own)),
            Err(ServiceError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The message after a tap on a button that is no longer valid.
    pub(super) fn stale(user: &BotUser) -> MessageContent {
        let again = user.button(GuestLabel::StartOver, GuestCallback::Rooms);
        MessageContent::text(words::stale(user.language)).with(vec![again])
    }
}

/// The question whether to cancel a booking.
fn ask_cancel(booking: &Booking) -> MessageContent {
    let language = booking.guest.language;
    MessageContent::text(words::really_cancel(booking)).with(vec![
        guest_button(language, GuestLabel::ReallyCancel, GuestCallback::Cancel(booking.receipt_no)),
        guest_button(language, GuestLabel::Keep, GuestCallback::Keep(booking.receipt_no)),
    ])
}
