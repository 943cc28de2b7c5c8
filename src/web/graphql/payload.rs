//! The output types that contain a booking: pages, changes, and what a mutation returns.

use async_graphql::SimpleObject;

use crate::domain::{self, WishedRoom};
use crate::service::BookingService;

use super::booking::Booking;
use super::enums::{Action, Channel};
use super::scalar::{DateTime, Rupiah};
use super::types::RoomType;

/// One page of bookings.
#[derive(SimpleObject)]
pub struct BookingConnection {
    /// The bookings, newest first.
    pub nodes: Vec<Booking>,
    /// Whether there is another page, and how to request it.
    pub page_info: PageInfo,
    /// The number of bookings that match the filter, on all pages. Counting stops at 10,000.
    pub total_count: u64,
    /// The position of the feed before the page was read. A client that passes it as `after` to
    /// `bookingChanged` receives every later change.
    pub feed_cursor: String,
}

/// The end of a page.
#[derive(SimpleObject, Debug)]
pub struct PageInfo {
    /// Whether there are bookings after this page.
    pub has_next_page: bool,
    /// The value of `after` for the next page. Null if this page is empty.
    pub end_cursor: Option<String>,
}

/// One change of a booking, or another event about it.
#[derive(SimpleObject)]
pub struct BookingChange {
    /// The position of the feed right after this event.
    pub cursor: String,
    /// When it happened.
    pub at: DateTime,
    /// What happened.
    pub action: Action,
    /// The state of the booking after the change.
    pub booking: Booking,
}

/// A guest's place in the waiting list.
#[derive(SimpleObject)]
pub struct WaitingTicket {
    /// The secret by which the guest asks about the place. Whoever has it can take the guest off the
    /// list, and gets the offer.
    pub ticket: String,
    /// 1 for the guest who gets the next room that fits; 0 once a room was offered.
    pub position: u32,
    /// When the next hold of a room that would do ends. The room is free then, unless the guest comes
    /// or is on the way. Null if there is none.
    pub next_release: Option<DateTime>,
    /// The offer. Null while the guest waits. Its `booking.offer` is true until it is taken.
    pub offer: Option<CreateBookingPayload>,
}

/// A guest in the waiting list, as the front office sees them.
#[derive(SimpleObject)]
pub struct WaitingGuest {
    /// The guest's name. It is untrusted text: escape it in markup.
    pub guest_name: String,
    /// The channel by which the guest is told of an offer.
    pub channel: Channel,
    /// The room type that the guest waits for. Null if any type will do.
    pub room_type: Option<RoomType>,
    /// The most that a night may cost, if any type will do. Null if any price will do.
    pub max_price: Option<Rupiah>,
    /// The number of nights.
    pub nights: u32,
    /// Since when the guest waits.
    pub since: DateTime,
    /// Until when the offer can be taken. Null while the guest waits.
    pub offer_until: Option<DateTime>,
    /// The receipt number of the offer. Null while the guest waits.
    pub receipt_no: Option<String>,
}

/// The result of `createBooking`.
#[derive(SimpleObject)]
pub struct CreateBookingPayload {
    /// The booking.
    pub booking: Booking,
    /// The secret access token of the booking. Whoever has it can see and cancel the booking.
    pub access_token: String,
    /// The address of the guest's page. The access token follows the `#`, a part that browsers do
    /// not send to the server.
    pub status_url: String,
}

impl WaitingGuest {
    /// A guest, with the booking that offers a room.
    pub fn of(
        waiting: &domain::WaitingGuest,
        offer: Option<&domain::Booking>,
        service: &BookingService,
    ) -> Self {
        let (room_type, max_price) = match &waiting.wish.room {
            WishedRoom::OfType(code) => (service.policy().room(code).map(RoomType::from), None),
            WishedRoom::Any { at_most } => (None, at_most.map(Rupiah)),
        };
        Self {
            guest_name: waiting.guest.name.as_str().to_owned(),
            channel: waiting.guest.contact.channel().into(),
            room_type,
            max_price,
            nights: waiting.wish.nights,
            since: DateTime(waiting.since),
            offer_until: offer.map(|booking| DateTime(booking.hold.until)),
            receipt_no: offer.map(|booking| booking.receipt_no.to_string()),
        }
    }
}
