//! The waiting list in a guest's chat: joining it when everything is sold out, and leaving it.
//! An offer is a notification, and is taken like any other step of a booking.

use chrono::NaiveDate;

use super::GuestConversation;
use crate::domain::{Contact, Guest, RoomCode, TelegramId, Wish, WishedRoom};
use crate::service::{ServiceError, WaitingPlace, WaitingRequest};
use crate::telegram::callback::GuestCallback;
use crate::telegram::transport::call::MessageContent;
use crate::telegram::user::BotUser;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// How many characters of a ticket's hash a button has: enough to tell a guest's own places apart.
const PLACE_CHARS: usize = 16;

impl GuestConversation {
    /// Puts the guest into the waiting list under their name. The id of the request is made of the chat
    /// and the message, so a second tap joins no second time.
    pub(super) async fn wait(
        &self,
        user: &BotUser,
        message: i32,
        room: Option<RoomCode>,
        check_in: NaiveDate,
        nights: u32,
    ) -> Result<MessageContent, ServiceError> {
        let given = self.state.given_name(user.chat).await?;
        let Some(name) = given.or_else(|| user.name.clone()) else {
            return Ok(MessageContent::text(words::name_for_waiting(user.language)));
        };
        let room = room.map_or(WishedRoom::Any { at_most: None }, WishedRoom::OfType);
        let contact = Contact::Telegram(TelegramId(user.id));
        let request = WaitingRequest {
            request_id: self.links.secret_of(&format!("waiting:{}:{message}", user.chat)),
            guest: Guest { name, contact, language: user.language },
            wish: Wish { room, check_in, nights },
            origin: None,
        };
        match self.service.join_waiting_list(request).await {
            Ok((_, place)) => Ok(self.waiting(user, &place)),
            Err(ServiceError::Refused(refusal)) => Ok(self.start_over(user, &refusal, None)),
            Err(error) => Err(error),
        }
    }

    /// What the guest reads while they wait, with the button to leave.
    pub(super) fn waiting(&self, user: &BotUser, place: &WaitingPlace) -> MessageContent {
        let place_id = place_id(place);
        let stop = user.button(GuestLabel::StopWaiting, GuestCallback::StopWaiting(place_id));
        let policy = self.service.policy();
        let window = policy.booking.offer_window;
        let html = words::waiting(
            user.language,
            &place.guest.wish,
            (place.position, place.next_release),
            window,
            policy,
        );
        MessageContent::text(html).with(vec![stop])
    }

    /// Takes the guest off the waiting list.
    pub(super) async fn stop_waiting(
        &self,
        user: &BotUser,
        message: i32,
        place: &str,
    ) -> Result<(), ServiceError> {
        let contact = Contact::Telegram(TelegramId(user.id));
        let places = self.service.waiting_places_of(&contact).await?;
        if let Some(own) = places.iter().find(|own| place_id(own) == place) {
            self.service.end_waiting(own.guest.ticket).await?;
        }
        let again = user.button(GuestLabel::BookAgain, GuestCallback::Rooms);
        let content = MessageContent::text(words::waits_no_longer(user.language));
        self.queue.edit(user.chat, message, content.with(vec![again])).await;
        Ok(())
    }
}

/// What the button of a place has of its ticket.
fn place_id(place: &WaitingPlace) -> String {
    hex::encode(place.guest.ticket.0).chars().take(PLACE_CHARS).collect()
}
